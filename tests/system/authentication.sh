#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A personalized card and osmo-auc-gen, which nobody here wrote, agree on RES, CK, IK, Kc and SRES; a
# used sequence number is answered with an AUTS from which osmo-auc-gen finds the card's own; a wrong
# MAC is refused. So with Milenage, and with every other algorithm osmo-auc-gen knows: XOR, and for GSM
# COMP128 of all three versions. (3GPP TS 31.102 clause 7.1, TS 33.102 clause 6.3, TS 34.108 clause 8.1.2)
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"
need osmo-auc-gen libosmocore-utils

make_cards "$work/cards" 1 >"$work/log" 2>&1 || fail "factory make: $(cat "$work/log")"
personalize "$work/cards" --dir "$work/cards" >"$work/log" 2>&1 || fail "bureau run: $(cat "$work/log")"
card=("$work"/cards/*.card)

# auc OPTION...: osmo-auc-gen with the keys of the card; its lines as "NAME VALUE" in upper case.
auc() {
    osmo-auc-gen -3 -a milenage -k $ki_of_test_set_1 -o $opc_of_test_set_1 -f 8000 "$@" 2>/dev/null |
        awk -F ':[ \t]*' 'NF == 2 && $1 !~ /IMS/ { print $1, toupper($2) }'
}
# value NAME LINES
value() {
    awk -v name="$1" '$1 == name { print $NF }' <<<"$2"
}
# ask APDU...: the answers of the card, one a line, with the USIM selected first.
ask() {
    printf '%s\n' 00A4040C07A0000000871002 "$@" | "$KEYBORN" card apdu "${card[0]}" | sed 1d
}
authenticate_3g() {
    ask "0088008122 10 $1 10 $2 00"
}

# The desk proved the card with numbers of its own; these are far above them.
sequence=1048576
for n in $(seq 12); do
    rand=$(printf '%032X' $((n * 1234567891)) | rev)
    sequence=$((sequence + 32 * n + n % 5))
    vector=$(auc -r "$rand" -s $sequence)
    expected=DB08$(value RES "$vector")10$(value CK "$vector")10$(value IK "$vector")08$(value Kc "$vector")
    equal "3G answer $n" "$expected 9000" "$(authenticate_3g "$rand" "$(value AUTN "$vector")")"
    equal "GSM answer $n" "04$(value SRES "$vector")08$(value Kc "$vector") 9000" "$(ask "0088008011 10 $rand 00")"
done

# The last number again: DC 0E AUTS. osmo-auc-gen checks its MAC-S and tells SQN_MS.
answer=$(authenticate_3g "$rand" "$(value AUTN "$vector")")
has "a used number" "$answer" '^DC0E[0-9A-F]{28} 9000$'
auts=${answer:4:28}
fresh=$(auc -r "$rand" -A "$auts" -i 7)
[ -n "$(value AUTN "$fresh")" ] || fail "osmo-auc-gen refuses the card's AUTS"
equal "the next number after resynchronization is above the card's" 1 \
    $(($(value SQN "$fresh") >> 5 > sequence >> 5))
rand=$(awk '$1 == "RAND" { print $2 }' <<<"$fresh")
has "the card takes the resynchronized vector" "$(authenticate_3g "$rand" "$(value AUTN "$fresh")")" '^DB08.* 9000$'

# One bit of the MAC.
autn=$(value AUTN "$(auc -r "$rand" -s $((sequence + 4096)))")
last=$(printf '%X' $((0x${autn:31:1} ^ 1)))
equal "a wrong MAC" 9862 "$(authenticate_3g "$rand" "${autn:0:31}$last")"

# --- The other algorithms: a card each, by a plan that names its algorithms ---

# card_with NAME AUTHENTICATION: $card is one whose subscription authenticates so.
card_with() {
    local folder=$work/$1
    cat >"$work/$1.yaml" <<PLAN
format: keyborn-plan-1
name: $1
iccid: {prefix: "8900101", digits: 19, first: 1}
access:
  public: {read: always}
  directory: {create: never}
authentication:
  - {subscription: 1, $2}
files:
  - {path: 3F00, name: MF, type: mf, access: directory}
  - {path: 3F00/2FE2, name: EF.ICCID, type: transparent, size: 10, access: public}
  - {path: 3F00/7F20, name: DF.GSM, type: df, access: directory}
  - {path: 3F00/7FF0, name: ADF.USIM, type: adf, aid: A0000000871002FFFFFFFF8907090000, access: directory}
  - {path: 3F00/7FF0/6F38, name: EF.UST, type: transparent, size: 5, access: public, content: {services: [27, 38]}}
fields:
  - name: telecom
    items:
      - {name: key, tag: C1, format: bytes, length: 16, mandatory: yes, write: [{ki: 1}]}
PLAN
    "$KEYBORN" factory make --plan "$work/$1.yaml" --count 1 --dir "$folder" >"$work/log" 2>&1 </dev/null ||
        fail "$1: factory make: $(cat "$work/log")"
    card=("$folder"/*.card)
    printf 'iccid,key\n%s,%s\n' "$(basename "${card[0]}" .card)" $ki_of_test_set_1 >"$folder/batch.csv"
    personalize "$folder" --dir "$folder" >"$work/log" 2>&1 || fail "$1: bureau run: $(cat "$work/log")"
}
auc_2g() {
    osmo-auc-gen -2 -k $ki_of_test_set_1 "$@" 2>/dev/null |
        awk -F ':[ \t]*' 'NF == 2 && $1 !~ /IMS/ { print $1, toupper($2) }'
}

# XOR of osmo-auc-gen is the 3G one; its SRES and Kc are conversions.
for algorithm in comp128v1 comp128v2 comp128v3 xor; do
    gsm=$algorithm
    [ $algorithm != xor ] || gsm=from-3g
    card_with "gsm-$algorithm" "algorithm: xor, gsm: $gsm, res: 16"
    for n in $(seq 5); do
        rand=$(printf '%032X' $((n * 987654321)) | rev)
        vector=$(auc_2g -a $algorithm -r "$rand")
        equal "$algorithm answers" "04$(value SRES "$vector")08$(value Kc "$vector") 9000" \
            "$(ask "0088008011 10 $rand 00")"
        equal "$algorithm answers in class A0" "$(value SRES "$vector")$(value Kc "$vector") 9000" \
            "$(printf '%s\n' A0A40000023F00 A0A40000027F20 "A088000010 $rand" A0C000000C |
                "$KEYBORN" card apdu "${card[0]}" | tail -n 1)"
    done
done

auc() {
    osmo-auc-gen -3 -a xor -k $ki_of_test_set_1 -f 8000 "$@" 2>/dev/null |
        awk -F ':[ \t]*' 'NF == 2 && $1 !~ /IMS/ { print $1, toupper($2) }'
}
for n in $(seq 5); do
    rand=$(printf '%032X' $((n * 123456789)) | rev)
    vector=$(auc -r "$rand" -s $((4096 + 32 * n)))
    expected=DB10$(value RES "$vector")10$(value CK "$vector")10$(value IK "$vector")08$(value Kc "$vector")
    equal "XOR answers" "$expected 9000" "$(authenticate_3g "$rand" "$(value AUTN "$vector")")"
done
answer=$(authenticate_3g "$rand" "$(value AUTN "$vector")")
has "XOR: a used number" "$answer" '^DC0E[0-9A-F]{28} 9000$'
fresh=$(auc -r "$rand" -A "${answer:4:28}" -i 7)
equal "XOR: its AUTS tells the card's number" "$(value SQN "$vector")" "$(value SQN.MS "$fresh")"
