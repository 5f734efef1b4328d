#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A script of remote file management goes from keyborn ota to a card in a file, and its answer back: every format, both
# ways of the proof of receipt, long answers, and what is refused. Statuses: ETSI TS 102 225 clause 5.2.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$work" || exit 1

kic=000102030405060708090A0B0C0D0E0F
kid=F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF
printf '{"number": 3, "algorithm": "aes", "kic": "%s", "kid": "%s"}\n' $kic $kid >keys.json
printf '{"number": 3, "kic": "%s", "kid": "%s"}\n' $kid $kic >other.json

# A card with MF, EF.ICCID of 4 bytes, a file of 300 bytes, and a key set (docs/ota.md) under secrets 8 and 9.
"$KEYBORN" card blank a.card >/dev/null || fail "no blank card"
said=$("$KEYBORN" card apdu a.card <<APDUS
00E000000D620B8202782183023F008A0105
00E0000011620F8202412183022FE2800200048A0105
00D600000401020304
00E0000011620F82024121 83022F1080 02012C8A0105
8044004810$kic
8044004910$kid
804400C010 030016020809B000003F00B000017FF0
804400C4050000000000
APDUS
)
has_not "answers of the card" "$said" '6[0-9A-F]{3}'

# ota OPTIONS...: a script from standard input
ota() {
    "$KEYBORN" ota send --card a.card --keys keys.json "$@"
}

echo "# every format has the same answers"
for format in compact expanded indefinite; do
    said=$(printf 'select 3F00/2FE2 # EF.ICCID\n\nread-binary\n' | ota --format $format) || fail "$format: exit code $?"
    has "$format" "$said" '^line 3: 01020304 9000$'
    has "$format" "$said" '^1 message, counter [0-9]+: taken$'
done
said=$(printf '00A4080C022FE2\n00 B0 00 00 02\nread-binary 2 1\n' | ota --json) || fail "exit code of --json $?"
equal "what JSON says" "0102 03" "$(jq -r '[.results[].data] | join(" ")' <<<"$said")"
equal "status" 0 "$(jq .status <<<"$said")"

echo "# a long answer comes by short messages of the card, cut in a report"
{
    echo 'select 2F10'
    for at in 0 100 200; do
        printf 'update-binary %d %s\n' $at "$(printf "%0200d" 0 | tr 0 "$((at / 100 + 1))")"
    done
} >long.txt
said=$(ota --script long.txt) || fail "updates: exit code $?"
has "a script in several messages" "$said" '^[3-4] messages'
said=$(printf 'select 2F10\nread-binary\n' | ota --format compact --spi 1639) || fail "a long answer: exit code $?"
has "a long answer" "$said" "^line 2: 1{200}2{200}3{200} 9000$"
said=$(printf 'select 2F10\nread-binary\n' | ota --format compact)
equal "exit code of an answer that was cut" 1 $?
has "an answer that was cut" "$said" "^line 2: 1+ 62F1$"

echo "# refusals"
said=$(printf 'select 6F99\nread-binary\n' | ota)
equal "exit code of a command that failed" 1 $?
has "a command that failed" "$said" '^line 1: 6A82$'
has_not "commands behind it" "$said" 'line 2'
said=$(printf '0088008101FF\n' | ota)
has "AUTHENTICATE" "$said" '^line 1: 6D00$'
said=$(printf 'select 2FE2\n' | ota --spi 1219)
equal "exit code of a packet below the minimum" 1 $?
has "a packet below the minimum" "$said" "the security level is too low"
said=$(printf 'select 2FE2\n' | ota --tar B00002 2>&1)
equal "exit code of a TAR that is not there" 1 $?
has "a TAR that is not there" "$said" "no proof of receipt"
said=$(printf 'select 2FE2\n' | "$KEYBORN" ota send --card a.card --keys other.json 2>&1)
equal "exit code of other keys" 1 $?
has "other keys" "$said" "no proof of receipt"
rm keys.json.counter
said=$(printf 'select 2FE2\n' | ota)
equal "exit code of a counter that was there before" 1 $?
has "a counter that was there before" "$said" "the counter was there before"

echo "# what is wrong is told, and no PIN is repeated"
said=$(printf 'select 3F00\nverify-pin 01 12345678901\n' | ota 2>&1)
equal "exit code of a script with an error" 3 $?
has "a script with an error" "$said" "line 2: it is: verify-pin REFERENCE PIN"
has_not "the PIN" "$said" 1234
printf 'select 2FE2\n' | "$KEYBORN" ota send --keys keys.json 2>/dev/null
equal "exit code without a card" 2 $?
printf '{"number": 3}' >half.json
said=$(printf 'select 2FE2\n' | "$KEYBORN" ota send --card a.card --keys half.json 2>&1)
equal "exit code of half a key file" 3 $?
has "half a key file" "$said" "half.json: should be"
printf 'select 2FE2\n' | ota --format short 2>/dev/null
equal "exit code of a format that is none" 2 $?
printf '' | ota 2>/dev/null
equal "exit code of an empty script" 3 $?

echo "# a card of the factory, under the keys of its plan"
. "$source_root/tests/system/cards.sh"
mkdir -p "$KEYBORN_HOME"
"$KEYBORN" ca init --dir maker --name Maker --kind maker >/dev/null || fail "no root of the maker"
"$KEYBORN" ca init --dir operators --name Operators >/dev/null || fail "no root of the operators"
"$KEYBORN" factory make --plan "$repository/examples/plans/uicc.yaml" --count 1 --dir cards --maker-ca maker \
    --operators-root operators >/dev/null || fail "no card"
awk -F , '{ sub(/\r$/, "") }
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
    NR == 2 { printf "{\"number\": 3, \"kic\": \"%s\", \"kid\": \"%s\"}\n", $at["remote_kic"], $at["remote_kid"] }' \
    cards/bootstrap.csv >planned.json
said=$(printf 'select 6F07\nread-binary\nselect 3F00/2FE2\nread-binary\n' |
    "$KEYBORN" ota send --card cards/*.card --keys planned.json --tar B00011) || fail "a planned key set: exit code $?"
has "EF.IMSI, in the USIM of the TAR" "$said" '^line 2: 08[0-9]{2}10070000000010 9000$'
has "EF.ICCID" "$said" '^line 4: 98[0-9A-F]{18} 9000$'
