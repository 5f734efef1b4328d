#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# keyborn bureau run --secure scp03, with cards in a folder and with one in a PC/SC reader. Runs itself again under
# tools/pcsc-private.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"

if [ "${1:-}" != --inside ]; then
    code=0
    "$source_root/tools/pcsc-private" "$0" --inside || code=$?
    [ $code -ne 77 ] || skip "no private namespaces here"
    exit $code
fi

cards=$work/cards
make_cards "$cards" 3 >"$work/said" 2>&1 || fail "factory make: $(cat "$work/said")"

# What is wrong is said before a card is touched.
! personalize "$cards" --dir "$cards" --secure scp02 >"$work/said" 2>&1 || fail "--secure scp02 was taken"
has "another method" "$(cat "$work/said")" '--secure scp02: the method is scp03'
sed '/scp03: yes/d' "$cards/entity.yaml" >"$work/entity.yaml"
make_batch "$cards"
! "$KEYBORN" bureau run --entity "$work/entity.yaml" --handover "$cards/handover.csv" --batch "$cards/batch.csv" \
    --dir "$cards" --journal "$work/journal" --secure scp03 </dev/null >"$work/said" 2>&1 || fail "a field without secure channel was taken"
has "a field without" "$(cat "$work/said")" 'field telecom has no secure channel'

# One in a reader, the others in the folder.
all=("$cards"/*.card)
"$KEYBORN" card serve "${all[0]}" --vpcd 127.0.0.1:35963 >"$work/served" 2>&1 &
server=$!
until_true "the card in the reader" grep -q 'put in' "$work/served"
personalize "$cards" --reader "Virtual PCD 00 00" --secure scp03 --wait 1 >"$work/said" 2>&1 || true
kill $server
wait $server || fail "the server ended badly: $(cat "$work/served")"
has "one card through the reader" "$(cat "$work/said")" '1 of 3 cards are done'
personalize "$cards" --dir "$cards" --secure scp03 >"$work/said" 2>&1 || fail "bureau run: $(cat "$work/said")"
has "the others" "$(cat "$work/said")" '3 of 3 cards are done \(1 in earlier runs\)'

# They are cards like any other.
for card in "${all[@]}"; do
    has "locked" "$("$KEYBORN" card show "$card")" 'LOCKED'
done
"$KEYBORN" bureau verify --journal "$cards/journal" --dir "$cards" </dev/null >"$work/said" 2>&1 || fail "bureau verify: $(cat "$work/said")"
