#!/bin/bash
# install_packages.sh FILE...: installs the Debian packages that the files name and that are missing; says nothing
# when there are none. A line is a package, or a command and the package that brings it.
set -euo pipefail

fail() { echo "$1" >&2; exit 1; }

# Whether the thing that the package is wanted for is there already.
has_command() {
  case $1 in
    ensurepip) python3 -c 'import ensurepip' 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

command -v dpkg-query >/dev/null || fail "this is not a Debian system: install what cmake/packages.txt names by hand"
# Names of all installed packages, each between line ends.
installed=$'\n'$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')$'\n'
missing=()
while read -r first second; do
  case $first in '' | '#'*) continue ;; esac
  if [ -n "$second" ]; then
    has_command "$first" || missing+=("$second")
  else
    [[ $installed == *$'\n'"$first"$'\n'* ]] || missing+=("$first")
  fi
done < <(cat "$@")
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "packages are missing and can only be installed as root or with sudo: ${missing[*]}"
  as_root=(sudo)
fi
echo "installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"; } \
  >"$log" 2>&1; then
  tail -n 5 "$log" >&2
  fail "these packages could not be installed: ${missing[*]}"
fi
