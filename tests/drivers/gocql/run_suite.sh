#!/bin/bash
# run_suite.sh NAME FOLDER WORD...: builds suite.go with the driver that FOLDER/go.mod names, and runs it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=$1
folder=$2
shift 2
home=$here/../../../build/drivers/$name
command -v go >/dev/null || { echo "go is missing"; exit 77; }
mkdir -p "$home"
cp "$folder/go.mod" "$folder/go.sum" "$home"
driver=$(grep -m 1 -o 'github\.com/[^ ]*gocql[^ ]*' "$folder/go.mod")
sed "s#\"github.com/gocql/gocql\"#gocql \"$driver\"#; s#^const suiteName = .*#const suiteName = \"$name\"#" "$here/suite.go" >"$home/main.go"
# The toolchain that is here, and no newer one from elsewhere.
(cd "$home" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -o suite .)
exec "$home/suite" "$@"
