#!/bin/bash
# gtest.sh PROGRAM [ARGUMENT...]: runs one GoogleTest program; prints its failures and "NAME: N passed, M failed".
set -uo pipefail
program=$1
shift
output=$(mktemp)
trap 'rm -f "$output"' EXIT
"$program" --gtest_brief=1 "$@" >"$output" 2>&1
code=$?
ran=$(sed -n 's/^\[==========\] \([0-9]*\) tests\{0,1\} from.* ran\..*/\1/p' "$output")
failed=$(sed -n 's/^ *\([0-9]*\) FAILED TESTS\{0,1\}$/\1/p' "$output")
failed=${failed:-0}
skipped=$(sed -n 's/^\[  SKIPPED \] \([0-9]*\) tests\{0,1\}.*/\1/p' "$output")
if [ $code -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1 ran=$((${ran:-0} + 1)); fi  # it crashed
[ $code -ne 0 ] && cat "$output"
echo "$(basename "$program"): $((${ran:-0} - failed - ${skipped:-0})) passed, $failed failed"
exit $code
