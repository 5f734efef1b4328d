#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A bureau run that is killed goes on when it is started again: every card ends locked with the very
# keys that the journal exports, though they are drawn at random, and no card is left out.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"

count=400
cards=$work/cards
make_cards "$cards" $count >"$work/said" 2>&1 || fail "factory make: $(tail -n 3 "$work/said")"
awk -F , 'NR == 1 { print "iccid,imsi" } NR > 1 { printf "%s,00101%010d\n", $1, NR }' "$cards/handover.csv" >"$cards/batch.csv"

options=(--entity "$cards/entity.yaml" --handover "$cards/handover.csv" --batch "$cards/batch.csv"
    --dir "$cards" --journal "$cards/journal" --jobs 1 --generate-keys)

# Killed as soon as it tells of so many cards, while it is at another one.
kills=0
for told in 40 40 80 160 240 280; do
    exec 3< <(exec "$KEYBORN" bureau run "${options[@]}" </dev/null 2>&1)
    pid=$!
    while read -r -u 3 line && [[ $line != "$told/$count cards"* ]]; do :; done
    kill -KILL $pid 2>/dev/null || true
    code=0
    wait $pid 2>/dev/null || code=$?
    exec 3<&-
    [ $code -ne 137 ] || kills=$((kills + 1))
done
[ $kills -ge 2 ] || fail "only $kills runs were killed before their end"

"$KEYBORN" bureau run "${options[@]}" </dev/null >"$work/said" 2>&1 || fail "the last run: $(tail -n 3 "$work/said")"
has "every card is done" "$(cat "$work/said")" "^$count of $count cards are done \([1-9]"
"$KEYBORN" bureau verify --journal "$cards/journal" --dir "$cards" </dev/null >"$work/said" 2>&1 ||
    fail "bureau verify: $(tail -n 3 "$work/said")"
has "every card holds the journal's keys" "$(cat "$work/said")" "^$count of $count"
