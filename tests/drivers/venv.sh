#!/bin/bash
# venv.sh DIRECTORY REQUIREMENTS: a Python environment with exactly these packages; nothing to do when it is there.
set -euo pipefail
directory=$1
requirements=$2
python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "python3 with venv is missing"; exit 77; }
cmp -s "$requirements" "$directory/requirements.txt" && exit 0
rm -rf "$directory"
mkdir -p "$(dirname "$directory")"
python3 -m venv "$directory"
"$directory/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
cp "$requirements" "$directory/requirements.txt"
