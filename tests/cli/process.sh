#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The process keeps secrets in: it cannot be dumped, leaves no core, and opens its files to nobody
# else; a pipe that closes early is an error it tells by its exit code.
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"
cd "$work" || exit 1

"$KEYBORN" card blank a.card >/dev/null || fail "no blank card"
coproc "$KEYBORN" card apdu a.card
pid=$COPROC_PID
echo 00A40004023F00 >&"${COPROC[1]}"
read -r -t 20 _ <&"${COPROC[0]}" || fail "no answer"
has "limit of core files" "$(cat "/proc/$pid/limits")" "^Max core file size +0 +0 "
# What root may not either: a process that is not dumpable belongs to root in /proc.
if [ "$(id -u)" -ne 0 ]; then
    equal "owner of the process's memory" 0 "$(stat -c %u "/proc/$pid/mem")"
fi
kill -ABRT "$pid"
wait "$pid" 2>/dev/null
[ -z "$(find . -name 'core*')" ] || fail "a core file"

yes 00A40004023F00 | head -n 100000 | {
    "$KEYBORN" card apdu a.card
    echo $? >"$work/code"
} | head -n 1 >/dev/null
equal "exit code when the pipe closes early" 5 "$(cat "$work/code")"

"$KEYBORN" doctor --json >doctor.json
code=$?
equal "doctor's exit code and its word" "$code" "$(python3 -c '
import json
found = json.load(open("doctor.json"))
for finding in found["findings"]:
    assert finding["ok"] or finding["mend"], finding
needed = [f["ok"] for f in found["findings"] if f["needed"]]
assert found["ok"] == all(needed)
print(0 if found["ok"] else 1)')"
