#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The complete UICC with algorithms that its maker alone chose: TUAK with keys of 256 bits, COMP128v3
# without 3G, XOR. The bureau draws keys of the right lengths and proves every card, exports go to the
# register as far as it knows the algorithm, osmo-auc-gen (where it does) and the register's vectors
# agree with the cards.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"
need osmo-auc-gen libosmocore-utils
need python3 python3

count=3
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
keyborn() {
    "$KEYBORN" "$@" </dev/null >"$work/said" 2>&1 || fail "keyborn $1 $2: exit code $?: $(cat "$work/said")"
}

# plan NAME AUTHENTICATION EDIT...: uicc.yaml whose items choose nothing of the authentication, with
# edits of sed. Over the air it would be Milenage: it has no such section.
plan() {
    local name=$1 authentication=$2 edits=() edit
    shift 2
    for edit in "$@"; do
        edits+=(-e "$edit")
    done
    sed -e "s/{subscription: 1, .*}/{subscription: 1, $authentication}/" -e '/aka: 1, part: /d' -e '/^air:/,$d' "${edits[@]}" \
        "$source_root/examples/plans/uicc.yaml" >"$work/$name.yaml"
}
long_operator_variant='/name: opc$/,/max:/s/min: 16/min: 32/'
no_operator_variant='/- name: opc$/,/write:/d'
short_key='/name: ki$/,/max:/s/max: 32/max: 16/'

# finish NAME: cards of the plan, personalized with keys of the bureau, and proven; $card and $key: the first one's.
finish() {
    local folder=$work/$1
    keyborn factory make --plan "$work/$1.yaml" --count $count --dir "$folder"
    awk -F , 'NR == 1 { print "iccid,imsi" }
        NR > 1 && $2 == "telecom" { printf "%s,00101%010d\n", $1, ++n }' "$folder/handover.csv" >"$folder/batch.csv"
    keyborn bureau run --entity "$folder/entity.yaml" --handover "$folder/handover.csv" --batch "$folder/batch.csv" \
        --dir "$folder" --journal "$folder/journal" --generate-keys
    has "$1: every card is done" "$(cat "$work/said")" "^$count of $count cards are done"
    keyborn bureau verify --journal "$folder/journal" --dir "$folder"
    has "$1: every card is proven" "$(cat "$work/said")" "^$count of $count"
    has_not "$1: the entity learns no place" "$(cat "$folder/entity.yaml")" '7FF0|6F07|subscription'
    keyborn bureau export --journal "$folder/journal" --format osmohlr --clear-keys --out "$folder/register"
    key=$(sed -n 's/.*imsi-001010000000001\.aud[23]g [a-z0-9-]*,\([0-9A-F]*\).*/\1/p' "$folder/register")
    card=$folder/$(sed -n 's/,001010000000001$//p' "$folder/batch.csv").card
}
refused() {
    ! "$KEYBORN" bureau export --journal "$work/$1/journal" --format "$2" --clear-keys >"$work/said" 2>&1 </dev/null ||
        fail "$1 went to $2"
    has "$1 to $2" "$(cat "$work/said")" "$3"
}

# ask APDU...: the last answer of the card, with the USIM selected first.
ask() {
    printf '%s\n' 00A4040C07A0000000871002 "$@" | "$KEYBORN" card apdu "$card" | tail -n 1
}
# value NAME LINES
value() {
    awk -v name="$1" '$1 == name { print $NF }' <<<"$2"
}
auc() {
    osmo-auc-gen "$@" -k "$key" 2>/dev/null | awk -F ':[ \t]*' 'NF == 2 && $1 !~ /IMS/ { print $1, toupper($2) }'
}
rand=$(head -c 16 /dev/urandom | od -An -t x1 | tr -d ' \n' | tr a-f A-F)

# serve NAME: a register with what was exported; vectors QUESTION: its answer.
serve() {
    "$KEYBORN" eap serve --socket "$work/$1.sock" --store "$work/$1.store" --register "$work/$1/register" >"$work/$1.log" 2>&1 &
    server=$!
    until_true "the register" test -S "$work/$1.sock"
}
stop() {
    kill "$server"
    wait "$server" || fail "the register ended badly"
    server=
}
vectors() {
    python3 "$source_root/tests/system/eap_ask.py" "$@"
}

# --- TUAK, keys of 256 bits: the register computes a vector, the card takes it ---
plan tuak 'algorithm: tuak, ind_bits: 4' "$long_operator_variant"
finish tuak
equal "digits of a key of TUAK" 64 ${#key}
refused tuak open5gs 'Open5GS knows Milenage with RES of 8 bytes only'
refused tuak srsran 'srsRAN knows Milenage and XOR only'
serve tuak
read -r _ _ rand_3g autn ik ck res <<<"$(vectors "$work/tuak.sock" 'AKA-REQ-AUTH 001010000000001')"
equal "TUAK answers" "DB08${res}10${ck}10$ik" "$(ask "0088008122 10 $rand_3g 10 $autn 00" | cut -c 1-88)"
stop

# Milenage has no such keys: told with the line, before any card is made.
plan wrong 'algorithm: milenage'
! "$KEYBORN" plan check "$work/wrong.yaml" >"$work/said" 2>&1 || fail "a key of 32 bytes for Milenage"
has "what would be right" "$(cat "$work/said")" "wrong.yaml:[0-9]+: item 'ki': .* whose key has 16 bytes; use 'length: 16'"

# --- COMP128v3 and no 3G: the GSM context, class A0, triplets ---
plan comp128 'gsm: comp128v3' "$no_operator_variant" "$short_key"
finish comp128
vector=$(auc -2 -a comp128v3 -r "$rand")
equal "COMP128v3 answers" "04$(value SRES "$vector")08$(value Kc "$vector") 9000" "$(ask "0088008011 10 $rand 00")"
equal "COMP128v3 answers in class A0" "$(value SRES "$vector")$(value Kc "$vector") 9000" \
    "$(printf '%s\n' A0A40000023F00 A0A40000027F20 "A088000010 $rand" A0C000000C | "$KEYBORN" card apdu "$card" | tail -n 1)"
refused comp128 pysim 'a table of pySim means Milenage'
serve comp128
triplet=$(vectors "$work/comp128.sock" 'SIM-REQ-AUTH 001010000000001 1' | awk '{ print $3 }')
vector=$(auc -2 -a comp128v3 -r "${triplet##*:}")
equal "the register's triplet" "$(value Kc "$vector"):$(value SRES "$vector"):${triplet##*:}" "$triplet"
equal "no vectors for it" 'AKA-RESP-AUTH 001010000000001 FAILURE' "$(vectors "$work/comp128.sock" 'AKA-REQ-AUTH 001010000000001')"
stop

# Without service 38 there is no GSM context: the proof goes by class A0.
plan class-a0 'gsm: comp128v1' "$no_operator_variant" "$short_key" 's/36, 37, 38, 39/36, 37, 39/'
finish class-a0
equal "no GSM context" 9864 "$(ask "0088008011 10 $rand 00")"

# --- XOR, one number after the other ---
plan xor 'algorithm: xor, res: 16, ind_bits: 0' "$no_operator_variant" "$short_key"
finish xor
vector=$(auc -3 -a xor -f 8000 -l 0 -r "$rand" -s 4096)
equal "XOR answers" "DB10$(value RES "$vector")10$(value CK "$vector")10$(value IK "$vector")08$(value Kc "$vector") 9000" \
    "$(ask "0088008122 10 $rand 10 $(value AUTN "$vector") 00")"
serve xor
triplet=$(vectors "$work/xor.sock" 'SIM-REQ-AUTH 001010000000001 1' | awk '{ print $3 }')
vector=$(auc -3 -a xor -f 8000 -r "${triplet##*:}" -s 8192)
equal "the register's triplet of XOR" "$(value Kc "$vector"):$(value SRES "$vector"):${triplet##*:}" "$triplet"
stop
