# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Batches of cards for system tests and benchmarks. Sourced, after $KEYBORN and $work are set. A
# batch lies in one directory with the tables that belong to it; keys of maker and bureau in
# $work/home.

: "${KEYBORN:?}" "${work:?}"
repository=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
export KEYBORN_HOME=$work/home

# 3GPP TS 35.208 clause 4.3, test set 1.
ki_of_test_set_1=465B5CE8B199B49FAA5F0A2EE238A6BC
opc_of_test_set_1=CD63CB71954A9F4E48A5994E37A02BAF

# make_cards DIRECTORY COUNT: semi-finished SIMs, as the factory hands them over. The roots of maker
# and operators are in DIRECTORY.roots.
make_cards() {
    local roots=$1.roots
    mkdir -p "$KEYBORN_HOME" "$roots"
    [ -d "$roots/maker" ] || "$KEYBORN" ca init --dir "$roots/maker" --name Maker --kind maker </dev/null
    [ -d "$roots/operators" ] || "$KEYBORN" ca init --dir "$roots/operators" --name Operators </dev/null
    "$KEYBORN" factory make --plan "$repository/examples/plans/telecom.yaml" --count "$2" --dir "$1" \
        --maker-ca "$roots/maker" --operators-root "$roots/operators" </dev/null
}

# make_batch DIRECTORY: DIRECTORY/batch.csv for its cards: keys of test set 1, PIN 1234.
make_batch() {
    awk -F , -v ki=$ki_of_test_set_1 -v opc=$opc_of_test_set_1 '
        { sub(/\r$/, "") }
        NR == 1 {
            for (i = 1; i <= NF; i++) column[$i] = i
            print "iccid,imsi,ki,opc,pin1,puk1"
            next
        }
        { printf "%s,%s%010d,%s,%s,1234,12345678\n", $column["iccid"], "00101", NR, ki, opc }
    ' "$1/handover.csv" >"$1/batch.csv"
}

# personalize DIRECTORY WHERE...: WHERE is --dir DIRECTORY or --reader NAME, and more options.
personalize() {
    local directory=$1
    shift
    [ -f "$directory/batch.csv" ] || make_batch "$directory"
    "$KEYBORN" bureau run --entity "$directory/entity.yaml" --handover "$directory/handover.csv" \
        --batch "$directory/batch.csv" --journal "$directory/journal" "$@" </dev/null
}
