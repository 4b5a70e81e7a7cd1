#!/bin/bash
# build.sh DIRECTORY TARGET... [-- CMAKE_OPTION...]: configures the directory if need be and builds the targets;
# prints little unless something fails.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
directory=$1
shift
targets=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do targets+=("$1"); shift; done
[ "${1:-}" = -- ] && shift

# Paths relative to the tree: a copy of it, as the planted bugs are built in, finds what the tree has compiled.
export CCACHE_BASEDIR=$root

mkdir -p "$directory"
if [ ! -f "$directory/build.ninja" ]; then
  cmake -G Ninja -S "$root" -B "$directory" "$@" >"$directory/configure.log" 2>&1 ||
    { tail -n 20 "$directory/configure.log" >&2; exit 1; }
fi
if ! ninja -C "$directory" "${targets[@]}" >"$directory/build.log" 2>&1; then
  grep -E -A 15 'error:|FAILED' "$directory/build.log" | head -n 60 >&2 || tail -n 30 "$directory/build.log" >&2
  exit 1
fi
