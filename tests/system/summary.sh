#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The closing line of ./check counts every test of every program, and a failure anywhere is an exit
# code.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

log() {
    printf '{"name": "%s", "result": "%s", "stdout": "%s"}\n' "$@"
}
last() {
    "$source_root/tools/summary" "$@" | tail -n 1
}

log units OK '[  PASSED  ] 12 test(s).\n' >"$work/good"
log script OK 'fine' >>"$work/good"
equal "two programs" "13 passed, 0 failed" "$(last "$work/good")"

log clients SKIP 'SKIP: no pcscd' >"$work/skipped"
equal "two logs" "13 passed, 0 failed, 1 skipped" "$(last "$work/good" "$work/skipped")"
has "the reason of a skip" "$("$source_root/tools/summary" "$work/good" "$work/skipped")" 'clients: SKIP: no pcscd'
"$source_root/tools/summary" "$work/good" "$work/skipped" >/dev/null || fail "a skip is no failure"

log units FAIL '[  PASSED  ] 3 test(s).\n[  FAILED  ] 2 test(s), listed below:' >"$work/bad"
log crash FAIL 'killed' >>"$work/bad"
log slow TIMEOUT '' >>"$work/bad"
equal "failures" "3 passed, 4 failed" "$(last "$work/bad")"
! "$source_root/tools/summary" "$work/bad" >/dev/null || fail "failures gave exit code 0"

: >"$work/nothing"
! "$source_root/tools/summary" "$work/nothing" >/dev/null || fail "no test at all gave exit code 0"
