#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# PC/SC clients nobody here wrote take the card in the virtual reader for a USIM: opensc-tool, scriptor
# and pcsc_scan see it, its answer to reset, its files. Runs itself again under tools/pcsc-private.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"

if [ "${1-}" != --inside ]; then
    need opensc-tool opensc
    need scriptor pcsc-tools
    code=0
    "$source_root/tools/pcsc-private" "$0" --inside || code=$?
    [ $code -ne 77 ] || skip "no private PC/SC service here"
    exit $code
fi

make_cards "$work/cards" 1 >"$work/log" 2>&1 || fail "factory make: $(cat "$work/log")"
card=("$work"/cards/*.card)
"$KEYBORN" card serve "${card[0]}" --vpcd 127.0.0.1:35963 >"$work/served" 2>&1 &
server=$!
is_in() {
    opensc-tool -l | grep -q '^0 *Yes'
}
until_true "the card in the reader" is_in

atr=$(opensc-tool -r 0 -a 2>/dev/null | tr -d ': \n' | tr a-f A-F)
has "opensc-tool -a: an answer to reset" "$atr" '^3[BF][0-9A-F]{4,62}$'

has "opensc-tool -s: the MF is there" "$(opensc-tool -r 0 -s 00:A4:00:04:02:3F:00)" \
    'SW1=0x(61|90)'
seen=$(opensc-tool -r 0 -s 00:A4:04:04:07:A0:00:00:00:87:10:02:00)
has "opensc-tool: the USIM by partial AID" "$seen" 'SW1=0x90, SW2=0x00'
has "opensc-tool: its FCP" "$seen" '^62'
has "opensc-tool: an unknown AID" "$(opensc-tool -r 0 -s 00:A4:04:04:07:A0:00:00:01:67:45:53:00)" \
    'SW1=0x6A, SW2=0x82'

iccid=$(basename "${card[0]}" .card)
# shellcheck disable=SC2001 # pairs of digits change places
swapped=$(sed 's/\(.\)\(.\)/\2\1 /g' <<<"${iccid}F" | cut -c 1-29)
said=$(printf '%s\n' '00 A4 00 0C 02 2F E2' '00 B0 00 00 0A' '00 A4 00 04 02 3F 00' 'FF FF FF FF' |
    scriptor -r "Virtual PCD 00 00" 2>/dev/null)
has "scriptor: EF.ICCID" "$said" "^< $swapped 90 00 : Normal processing"
has "scriptor: the FCP of the MF, by GET RESPONSE or at once" "$said" '^< (61|62) '
has "scriptor: a class no card has" "$said" '^< 6E 00 : '

has "pcsc_scan: the same answer to reset" "$(pcsc_scan -c | tr -d ' ')" "ATR:$atr"
has "pcsc_scan goes on watching" "$(pcsc_scan -n -t 2 2>/dev/null || true)" 'Card inserted'

kill $server
wait $server || fail "the server ended badly: $(cat "$work/served")"
gone() {
    opensc-tool -l | grep -q '^0 *No'
}
until_true "an empty reader once the server ended" gone
