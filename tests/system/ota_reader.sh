#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A script of remote file management goes to a card in a PC/SC reader, whose files opensc-tool then finds changed, and which
# still answers as it did. Runs itself again under tools/pcsc-private.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"

if [ "${1-}" != --inside ]; then
    need opensc-tool opensc
    code=0
    "$source_root/tools/pcsc-private" "$0" --inside || code=$?
    [ $code -ne 77 ] || skip "no private PC/SC service here"
    exit $code
fi
cd "$work"

mkdir -p "$KEYBORN_HOME"
{
    "$KEYBORN" ca init --dir maker --name Maker --kind maker
    "$KEYBORN" ca init --dir operators --name Operators
    "$KEYBORN" factory make --plan "$repository/examples/plans/uicc.yaml" --count 1 --dir cards --maker-ca maker \
        --operators-root operators
} >log 2>&1 || fail "no card: $(cat log)"
awk -F , '{ sub(/\r$/, "") }
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
    NR == 2 { printf "{\"number\": 3, \"kic\": \"%s\", \"kid\": \"%s\"}\n", $at["remote_kic"], $at["remote_kid"] }' \
    cards/bootstrap.csv >keys.json

"$KEYBORN" card serve cards/*.card --vpcd 127.0.0.1:35963 >served 2>&1 &
server=$!
is_in() {
    opensc-tool -l | grep -q '^0 *Yes'
}
until_true "the card in the reader" is_in

# ota OPTIONS...: a script from standard input
ota() {
    "$KEYBORN" ota send --reader "Virtual PCD 00 00" --keys keys.json --tar B00001 "$@"
}

# of_file FID LENGTH: its first bytes, as opensc-tool reads them
of_file() {
    opensc-tool -r 0 -s "00:A4:00:0C:02:${1:0:2}:${1:2:2}" -s "00:B0:00:00:$2" 2>/dev/null | tail -n 1 | cut -d ' ' -f 1-$((16#$2)) | tr -d ' '
}

before=$(of_file 2F05 04)
equal "EF.PL, as the plan has it" 656EFFFF "$before"
for spi in 1619 1639; do
    said=$(printf 'select 2F05\nupdate-binary 0 6465%s\nread-binary 0 4\n' $spi | ota --spi $spi) ||
        fail "a script under SPI $spi: exit code $?: $said"
    has "the answer under SPI $spi" "$said" "^line 3: 6465$spi 9000$"
    equal "EF.PL after the script under SPI $spi" "6465$spi" "$(of_file 2F05 04)"
done
code=0
said=$(printf 'select 2FE2\nupdate-binary 0 00\n' | ota) || code=$?
equal "exit code of an update that no code allows" 1 $code
has "an update that no code allows" "$said" '^line 2: 6982$'
iccid=$(basename cards/*.card .card)
# shellcheck disable=SC2001 # pairs of digits change places
equal "EF.ICCID" "$(sed 's/\(.\)\(.\)/\2\1/g' <<<"${iccid}F")" "$(of_file 2FE2 0A)"

kill $server
wait $server || fail "the server ended badly: $(cat served)"
# What came over the air is in the card's file.
said=$(printf 'select 2F05\nread-binary 0 4\n' | "$KEYBORN" ota send --card cards/*.card --keys keys.json --tar B00001) ||
    fail "the card in its file: exit code $?"
has "the card in its file" "$said" '^line 2: 64651639 9000$'
