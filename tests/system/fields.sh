#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Another plan, without recompiling, gives another card: three application fields in one, each filled
# and locked by a bureau of its own with its own commands, read back under its application's AID. What
# one bureau locked no longer changes; what another has not filled stays open.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"

count=3
cards=$work/cards
mkdir -p "$KEYBORN_HOME"
keyborn() {
    "$KEYBORN" "$@" </dev/null >"$work/said" 2>&1 || fail "keyborn $1 $2: exit code $?: $(tail -n 3 "$work/said")"
}
plan=$source_root/examples/plans/three-fields.yaml
keyborn plan build "$plan" --image "$work/image" --entity "$work/entity.yaml"
keyborn factory make --plan "$plan" --count $count --dir "$cards"
cmp -s "$work/entity.yaml" "$cards/entity.yaml" || fail "plan build and the factory give different views"
equal "an image's magic" KBPI "$(head -c 4 "$work/image")"

# ask CARD APDU...: the last answer.
ask() {
    local card=$1
    shift
    printf '%s\n' "$@" | "$KEYBORN" card apdu "$card" | tail -n 1
}
# batch FIELD: the first cards of its example.
batch() {
    head -n $((count + 1)) "$source_root/examples/batches/$1.csv" | tr -d '\r' >"$work/$1.csv"
}
# fill FIELD OPTION...
fill() {
    local field=$1
    shift
    keyborn bureau run --field "$field" --entity "$cards/entity.yaml" --handover "$cards/handover.csv" \
        --batch "$work/$field.csv" --dir "$cards" --journal "$work/$field.journal" "$@"
    has "$field" "$(cat "$work/said")" "^$count of $count cards are done"
}

batch telecom
batch payment
batch identity
# This plan has fewer items for telecom than the USIM's.
cut -d , -f 1-2 "$work/telecom.csv" >"$work/less" && mv "$work/less" "$work/telecom.csv"

fill payment
some=("$cards"/*.card)
show=$("$KEYBORN" card show "${some[0]}")
has "payment is locked" "$show" ', payment: LOCKED'
has "telecom is open" "$show" ', telecom: IDLE'
fill identity
fill telecom --generate-keys

{
    read -r header
    equal "columns of payment" iccid,cardholder,application,issuer,card_key "$header"
    while IFS=, read -r iccid cardholder application issuer _; do
        card=$cards/$iccid.card
        for record in "01 0C $cardholder" "02 0C $application" "01 14 $issuer"; do
            read -r number sfi value <<<"$record"
            has "$iccid: a record of payment, by the application's AID" \
                "$(ask "$card" 00A4040C07A0000000031010 "00B2${number}${sfi}00")" "^${value}(FF)* 9000\$"
        done
    done
} <"$work/payment.csv"
{
    read -r header
    equal "columns of identity" iccid,com,dg1,dg2 "$header"
    while IFS=, read -r iccid com dg1 dg2; do
        card=$cards/$iccid.card
        has "$iccid: index" "$(ask "$card" 00A4040C07A0000002471001 00B09E0000)" "^${com}(FF)* 9000\$"
        has "$iccid: machine readable zone" "$(ask "$card" 00A4040C07A0000002471001 00B0810000)" "^$dg1 9000\$"
        seen=$(ask "$card" 00A4040C07A0000002471001 00B08200000400)
        [ "${seen:0:${#dg2}}" = "$dg2" ] || fail "$iccid: face: $seen"
    done
} <"$work/identity.csv"

# Locked: a bureau that comes again changes nothing.
sed '2,$s/,60/,61/' "$work/identity.csv" >"$work/again.csv"
before=$(ask "${some[0]}" 00A4040C07A0000002471001 00B0810000)
! "$KEYBORN" bureau run --field identity --entity "$cards/entity.yaml" --handover "$cards/handover.csv" \
    --batch "$work/again.csv" --dir "$cards" --journal "$work/again.journal" </dev/null >"$work/said" 2>&1 ||
    fail "a locked field was filled again"
equal "data after a second bureau" "$before" "$(ask "${some[0]}" 00A4040C07A0000002471001 00B0810000)"
