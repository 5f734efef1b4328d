#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The whole way of a batch by the command alone: cards made, filled, locked, verified, exported; keys,
# identities and sequence numbers of every export are those of the cards, as osmo-auc-gen and the cards
# themselves agree.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"
need osmo-auc-gen libosmocore-utils

count=20
cards=$work/cards
journal=$cards/journal
keyborn() {
    "$KEYBORN" "$@" </dev/null >"$work/said" 2>&1 || fail "keyborn $1 $2: exit code $?: $(cat "$work/said")"
}
run() {
    "$KEYBORN" bureau run --entity "$cards/entity.yaml" --handover "$cards/handover.csv" \
        --batch "$source_root/examples/batches/telecom.csv" --dir "$cards" --journal "$journal" \
        --generate-keys </dev/null
}

make_cards "$cards" $count >"$work/said" 2>&1 || fail "factory make: $(cat "$work/said")"
equal "cards made" $count "$(find "$cards" -name '*.card' | wc -l)"

run >"$work/said" 2>&1 || fail "bureau run: $(cat "$work/said")"
has "every card is done" "$(cat "$work/said")" "^$count of $count cards are done"
run >"$work/said" 2>&1 || fail "a second run: $(cat "$work/said")"
has "a second run has nothing to do" "$(cat "$work/said")" "$count in earlier runs"

for card in "$cards"/*.card; do
    has "$card" "$("$KEYBORN" card show "$card")" '^field 1, telecom: LOCKED'
done

keyborn bureau verify --journal "$journal" --dir "$cards"
has "all are proven" "$(cat "$work/said")" "^$count of $count"

for format in osmohlr open5gs srsran pysim; do
    keyborn bureau export --journal "$journal" --format $format --clear-keys --out "$work/$format"
done

# srsRAN: Name,Auth,IMSI,Key,OP_Type,OP/OPc,AMF,SQN,QCI,IP_alloc. A vector of osmo-auc-gen with that
# key and sequence number is one the card takes, with the same RES.
seen=0
while IFS=, read -r name auth imsi key op_type opc amf sqn _; do
    case $name in '' | '#'* | Name) continue ;; esac
    equal "algorithm of $imsi" mil "$auth"
    equal "kind of operator key of $imsi" opc "$op_type"
    iccid=$(awk -F , -v imsi="$imsi" '$2 == imsi { print $1 }' "$source_root/examples/batches/telecom.csv")
    [ -n "$iccid" ] || fail "srsran: $imsi is not of the batch"
    seen=$((seen + 1))
    rand=$(printf '%032X' $((1000003 * seen)))
    vector=$(osmo-auc-gen -3 -a milenage -k "$key" -o "$opc" -f "$amf" -r "$rand" -s $((0x$sqn)) 2>/dev/null)
    autn=$(awk '/^AUTN/ { print toupper($2) }' <<<"$vector")
    res=$(awk '/^RES/ { print toupper($2) }' <<<"$vector")
    answer=$(printf '%s\n' 00A4040C07A0000000871002 "0088008122 10 $rand 10 $autn 00" |
        "$KEYBORN" card apdu "$cards/$iccid.card" | tail -n 1)
    has "the card of $imsi takes a vector from the export" "${answer:0:20}" "^DB08$res"

    # The same keys in the other formats.
    grep -qi "milenage,$key,opc,$opc" "$work/osmohlr" || fail "osmohlr: another key for $imsi"
    grep -i "\"imsi\": *\"$imsi\"" "$work/open5gs" | tr -d ' "' | grep -qi "k:$key" || fail "open5gs: another key for $imsi"
    grep "^\"\{0,1\}$iccid" "$work/pysim" | grep -i "$key" | grep -qi "$opc" || fail "pysim: another key for $imsi"
done <"$work/srsran"
equal "subscribers in srsran" $count "$seen"

# Sealed, no key is there; opened at its destination it is the clear one, but for the numbers.
head -c 32 /dev/urandom | od -An -t x1 | tr -d ' \n' >"$work/transport.key"
chmod 600 "$work/transport.key"
keyborn bureau export --journal "$journal" --format srsran --transport-key "$work/transport.key" --out "$work/sealed"
keyborn bureau open "$work/sealed" --transport-key "$work/transport.key" --out "$work/opened"
keys() {
    awk -F , '$2 == "mil" { print $3, $4, $6 }' "$1"
}
equal "opened keys" "$(keys "$work/srsran")" "$(keys "$work/opened")"
while read -r _ key opc; do
    ! grep -qi "$key\|$opc" "$work/sealed" || fail "a key in clear in a sealed export"
done < <(keys "$work/srsran")

# Without names: the journal is called after the batch, the only one of the folder is meant, and an export goes to standard output.
mkdir "$work/elsewhere"
cd "$work/elsewhere"
make_cards again 2 >/dev/null
head -n 3 "$source_root/examples/batches/telecom.csv" >some.csv
keyborn bureau run --entity again/entity.yaml --handover again/handover.csv --batch some.csv --dir again --generate-keys
[ -f some.journal ] || fail "no journal is named after the batch"
lines=$("$KEYBORN" bureau export --format srsran --clear-keys | grep -c ',mil,')
equal "lines on standard output" 2 "$lines"
cp some.journal other.journal
! "$KEYBORN" bureau export --format srsran --clear-keys >/dev/null 2>said || fail "one of two journals was taken"
has "two journals" "$(cat said)" "choose one with --journal"
! "$KEYBORN" bureau export --format srsran --clear-keys --journal some.journal --json >said || fail "JSON and an export on one output"
has "JSON without a file" "$(cat said)" "name its file by --out"
