#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every group and verb has help, in text and JSON; errors of usage are clear and end with code 2.
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"

# The verbs as "group name", one a line.
verbs() {
    "$KEYBORN" help --json | python3 -c '
import json, sys
for verb in json.load(sys.stdin)["verbs"]:
    print(verb["group"], verb["name"])'
}

equal "version" "keyborn $("$KEYBORN" --version --json | sed 's/.*"version":"\([^"]*\)".*/\1/')" \
    "$("$KEYBORN" --version)"
has "help" "$("$KEYBORN" --help)" "^  card apdu "
equal "help and --help" "$("$KEYBORN" --help)" "$("$KEYBORN" help)"
equal "help and --help of a group" "$("$KEYBORN" card --help)" "$("$KEYBORN" help card)"

count=0
while read -r -a words; do
    count=$((count + 1))
    text=$("$KEYBORN" "${words[@]}" --help) || fail "no help for ${words[*]}"
    equal "help of ${words[*]}" "$text" "$("$KEYBORN" help "${words[@]}")"
    has "help of ${words[*]}" "$text" "^Usage: keyborn ${words[*]}"
    has "help of ${words[*]}" "$text" "^  --json "
    for code in 0 1 2 3 4 5 6; do
        has "exit codes of ${words[*]}" "$text" "^  $code  [a-z]"
    done
    said=$("$KEYBORN" "${words[@]}" --xylophone 2>&1)
    equal "exit code of ${words[*]} --xylophone" 2 $?
    has "error of ${words[*]}" "$said" "^keyborn: unknown option --xylophone"
done < <(verbs)
[ $count -ge 7 ] || fail "only $count verbs in the table"

said=$("$KEYBORN" crad 2>&1)
equal "exit code of an unknown verb" 2 $?
equal "an unknown verb" "keyborn: unknown verb crad; did you mean card?" "$said"
said=$("$KEYBORN" crad --json 2>/dev/null)
equal "an unknown verb, as JSON" \
    '{"error":"usage","text":"unknown verb crad; did you mean card?"}' "$said"
"$KEYBORN" 2>/dev/null
equal "exit code without any word" 2 $?
"$KEYBORN" help xylophone 2>/dev/null
equal "exit code of help for nothing" 2 $?
if [ -w /dev/full ]; then
    "$KEYBORN" help >/dev/full 2>"$work/said"
    equal "exit code when the disk is full" 5 $?
fi
