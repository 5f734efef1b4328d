#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# keyborn card: blank, apdu, show, serve without a reader. What the card answers is in TS 102 221
# clause 10.2 and TS 102 222 clause 6.3.
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"
cd "$work" || exit 1

echo "# blank"
"$KEYBORN" card blank a.card >/dev/null || fail "no blank card"
said=$("$KEYBORN" card blank a.card 2>&1)
equal "exit code when the card exists" 3 $?
has "a card that exists" "$said" "a.card: is there already"
"$KEYBORN" card blank odd.card --sectors 3 2>/dev/null
equal "exit code of an odd memory" 2 $?
[ ! -e odd.card ] || fail "a card of an odd memory"

echo "# apdu: an MF, and in it EF.ICCID of 4 bytes"
said=$(
    "$KEYBORN" card apdu a.card <<'APDUS'
# comment

00E000000D620B8202782183023F008A0105
00 e0 00 00 11 620F 8202 4121 8302 2FE2 8002 0004 8A01 05   # in pieces, in lower case
00:D6:00:00:04:01:02:03:04
00B0000000
00B0000001
APDUS
)
equal "exit code" 0 $?
equal "answers" "9000
9000
9000
01020304 9000
01 9000" "$said"

echo "# apdu: reset forgets the current file, the memory stays"
said=$(printf '00B0000000\nreset\r\n00A4000C022FE2\r\n00B0000000\nreset\n00B0000000' |
    "$KEYBORN" card apdu a.card)
equal "after reset" "6986
9000
01020304 9000
6986" "$said"

echo "# apdu: a bad line is named and passed over"
said=$(printf '00A4000C022FE2\n00G0\n0\nreset now\n00B0000000\n' |
    "$KEYBORN" card apdu a.card 2>errors)
equal "exit code with bad lines" 3 $?
equal "answers beside bad lines" "9000
01020304 9000" "$said"
equal "bad lines" "keyborn: line 2: neither a command in hexadecimal nor the word reset
keyborn: line 3: neither a command in hexadecimal nor the word reset
keyborn: line 4: neither a command in hexadecimal nor the word reset" "$(cat errors)"
equal "a line of zeros and binary" 3 "$(
    head -c 100 /dev/zero | "$KEYBORN" card apdu a.card >/dev/null 2>&1
    echo $?
)"
said=$(head -c 140000 /dev/zero | tr '\0' 0 | "$KEYBORN" card apdu a.card 2>&1)
equal "exit code of an endless line" 3 $?
equal "an endless line" "keyborn: line 1: longer than any command" "$said"

echo "# apdu: as JSON, a line each"
said=$(printf '\n00A4000C022FE2\nxx\n00B0000000\n' | "$KEYBORN" card apdu a.card --json)
equal "exit code" 3 $?
equal "objects" '{"line":2,"data":"","sw":"9000"}
{"error":"malformed","text":"line 3: neither a command in hexadecimal nor the word reset"}
{"line":4,"data":"01020304","sw":"9000"}' "$said"

echo "# apdu: each answer comes before the next command is asked for"
coproc "$KEYBORN" card apdu a.card
echo 00A4000C022FE2 >&"${COPROC[1]}"
read -r -t 20 answer <&"${COPROC[0]}" || fail "no answer while the input is open"
equal "the answer" 9000 "$answer"
said=$("$KEYBORN" card show a.card 2>&1)
equal "exit code of a card in use" 4 $?
equal "a card in use" "keyborn: a.card: another program is using this card" "$said"
input=${COPROC[1]}
exec {input}>&-
wait

echo "# show: what is in the card, and not a byte of it changed"
before=$(sha256sum a.card)
said=$("$KEYBORN" card show a.card) || fail "show"
has "life cycle" "$said" "^life cycle: +ADMINISTRATIVE$"
has "files" "$said" "^files: +2$"
has "serial" "$said" "^serial: +none$"
has_not "content of files" "$said" "01020304"
equal "show as JSON" "ADMINISTRATIVE 2 False" "$("$KEYBORN" card show a.card --json | python3 -c '
import json, sys
card = json.load(sys.stdin)
print(card["life_cycle"], card["files"], card["algorithm"])')"
equal "the card after show" "$before" "$(sha256sum a.card)"
[ "$(stat -c %a a.card)" = 600 ] || fail "others may read the card"

echo "# what is no card"
head -c 1000 a.card >short.card
said=$("$KEYBORN" card show short.card 2>&1)
equal "exit code of a card cut short" 3 $?
has "a card cut short" "$said" "^keyborn: short.card: cut short: 1000 bytes"
for verb in "apdu" "show" "serve --vpcd localhost:1 --timeout 0"; do
    read -r -a words <<<"$verb"
    said=$("$KEYBORN" card "${words[@]}" nothing.card </dev/null 2>&1)
    equal "exit code of $verb without a card" 3 $?
    equal "$verb without a card" "keyborn: nothing.card: No such file or directory" "$said"
done
{ head -c 64 a.card && head -c 262144 /dev/zero; } >hollow.card
"$KEYBORN" card apdu hollow.card </dev/null 2>/dev/null
equal "exit code of a card without memory" 3 $?

echo "# serve: no reader"
said=$("$KEYBORN" card serve a.card --vpcd localhost:1 --timeout 0 2>&1)
equal "exit code without a reader" 4 $?
has "no reader" "$said" "no virtual reader at localhost:1"
"$KEYBORN" card serve a.card --vpcd nowhere 2>/dev/null
equal "exit code of a wrong address" 2 $?
