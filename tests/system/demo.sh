#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./demo (but for installing and building, which ./check did) ends well: twenty cards personalized,
# locked and proven through the virtual reader, exports in every format, nothing left running.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

cd "$source_root"
code=0
tools/pcsc-private tools/demo-inside "$work/demo" >"$work/said" 2>&1 || code=$?
[ $code -ne 77 ] || skip "no private PC/SC service here"
[ $code -eq 0 ] || fail "the demo ended with $code: $(tail -n 5 "$work/said")"

said=$(cat "$work/said")
equal "cards in the table" 20 "$(grep -c "LOCKED   done" "$work/said")"
has "all cards are personalized" "$said" '^20 of 20 cards are done'
equal "cards that are locked" 20 "$(for card in "$work"/demo/cards/*.card; do
    "$KEYBORN" card show "$card"
done | grep -c '^field 1, telecom: LOCKED')"
for format in osmohlr open5gs srsran pysim; do
    [ -s "$work/demo/export/$format.clear" ] || fail "no export for $format"
    has "the demo names its export" "$said" "export/$format.clear"
done
has "the card over the air has the key of its register" "$said" 'not there'
[ -s "$work/demo/over-the-air.svg" ] || fail "no drawing of the personalization over the air"
