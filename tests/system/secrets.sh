#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Known secrets are planted in a batch and searched, as bytes, as hexadecimal in both cases and as
# base64, in everything that a factory and a bureau run leave or say; places are searched in all that
# the bureau gets; and a run that dies leaves no core.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"

cards=$work/cards
said=$work/said
mkdir "$said"
ki=1D5A0F7E93C24B68A7E1D03C5F8246B9
opc=E8C31B5D70F64A92B3DC17E94A058F62
pin=73915048
puk=60284719

keyborn() {
    local name=$1
    shift
    "$KEYBORN" "$@" </dev/null >"$said/$name" 2>&1 || fail "$name: exit code $?: $(cat "$said/$name")"
}

make_cards "$cards" 3 >"$said/make" 2>&1 || fail "factory make: $(cat "$said/make")"
awk -F , -v values="$ki,$opc,$pin,$puk" 'NR == 1 { print "iccid,imsi,ki,opc,pin1,puk1" }
    NR > 1 { print $1 ",0010177777" NR "0001," values }' "$cards/handover.csv" >"$work/batch.csv"
keyborn run bureau run --entity "$cards/entity.yaml" --handover "$cards/handover.csv" \
    --batch "$work/batch.csv" --dir "$cards" --journal "$work/journal"
printf '%064d' 7 >"$work/transport.key"
chmod 600 "$work/transport.key"
for format in osmohlr open5gs srsran pysim; do
    keyborn export-$format bureau export --journal "$work/journal" --format $format \
        --transport-key "$work/transport.key" --out "$work/$format"
done
keyborn verify bureau verify --journal "$work/journal" --dir "$cards"
keyborn verify-json bureau verify --journal "$work/journal" --dir "$cards" --json
some=("$cards"/*.card)
keyborn show card show "${some[0]}"
keyborn show-json card show "${some[0]}" --json

# Refusals must not repeat what they refuse: a value that is wrong, a code that is wrong.
sed "s/,$puk\$/,${puk}123/" "$work/batch.csv" >"$work/wrong.csv"
! "$KEYBORN" bureau run --entity "$cards/entity.yaml" --handover "$cards/handover.csv" --batch "$work/wrong.csv" \
    --dir "$cards" --journal "$work/wrong.journal" </dev/null >"$said/wrong" 2>&1 || fail "a PUK of 11 digits was taken"

# What may hold secrets by its nature: the cards, the tables they came from, the keys' home, the roots' keys.
searched() {
    find "$work" -type f ! -name '*.card' ! -name handover.csv ! -name bootstrap.csv ! -name batch.csv \
        ! -name wrong.csv ! -name root.key ! -path "$work/home/*" ! -name transport.key
}

# must_not_be_in_files WHAT TEXT
must_not_be() {
    local found
    found=$(searched | tr '\n' '\0' | xargs -0 grep -liaF -- "$2" || true)
    [ -z "$found" ] || fail "$1 is in $found"
}
# as_pattern HEX: \xNN for every byte.
as_pattern() {
    # shellcheck disable=SC2001 # pairs of digits
    sed 's/../\\x&/g' <<<"$1"
}
bytes_must_not_be() {
    local pattern found
    pattern=$(as_pattern "$2")
    found=$(searched | tr '\n' '\0' | LC_ALL=C xargs -0 grep -laP -- "$pattern" || true)
    [ -z "$found" ] || fail "$1, as bytes, is in $found"
    must_not_be "$1, in base64," "$(printf '%b' "$pattern" | base64 | cut -c 1-20)"
}

planted=0
secret() {
    must_not_be "$1" "$2"
    [ "$3" = text ] || bytes_must_not_be "$1" "$2"
    planted=$((planted + 1))
}
secret "the subscriber key" $ki hex
secret "OPc" $opc hex
secret "the PIN" $pin text
secret "the unblock code" $puk text
while IFS=, read -r _ _ code; do
    [ "$code" = perso_code ] || secret "a personalization code" "${code%$'\r'}" hex
done <"$cards/handover.csv"
# Temporary keys and packet keys: every column of bootstrap.csv but identifiers and credentials, which are public.
while IFS=, read -r -a columns; do
    for value in "${columns[@]}"; do
        value=${value%$'\r'}
        [[ $value =~ ^[0-9A-Fa-f]{32}$ ]] && secret "a key of bootstrap.csv" "$value" hex
    done
done <"$cards/bootstrap.csv"
for root in maker operators; do
    secret "the key of a root" "$(head -c 64 "$cards.roots/$root/root.key")" hex
done
[ $planted -ge 21 ] || fail "only $planted secrets were searched for"

# That the search finds what is there.
echo "x${ki}x" | tr A-F a-f >"$work/bait"
! (must_not_be "the bait" $ki) 2>/dev/null || fail "the search does not find"
rm "$work/bait"
printf '%b' "x$(as_pattern $ki)x" >"$work/bait"
! (bytes_must_not_be "the bait" $ki) 2>/dev/null || fail "the search does not find bytes"
rm "$work/bait"

# Places: file identifiers of the plan, names of files, encoders. Comments and texts included.
plan=$source_root/examples/plans/telecom.yaml
identifiers=$(grep -oE '3F00(/[0-9A-F]{4})*' "$plan" | tr / '\n' | sort -u)
names=$(grep -oE 'name: (EF|DF|ADF|MF)[A-Za-z0-9.-]*' "$plan" | sed 's/name: //' | sort -u)
for place in $identifiers $names A0000000871002 encoder record offset 3F00; do
    ! grep -qiwF -- "$place" "$cards/entity.yaml" || fail "the entity view tells a place: $place"
    ! grep -qwF -- "$place" "$work/journal.audit.jsonl" "$said"/run "$said"/wrong || fail "the bureau is told a place: $place"
done

# A process that dies by a signal that dumps core, with a card's keys in its memory.
mkfifo "$work/questions"
(
    cd "$said"
    ulimit -c unlimited 2>/dev/null || true
    exec "$KEYBORN" card apdu "${some[0]}" <"$work/questions" >"$work/answers" 2>&1
) &
pid=$!
exec 3>"$work/questions"
echo 00A40004023F00 >&3
until_true "an answer" test -s "$work/answers"
kill -ABRT $pid
code=0
wait $pid 2>/dev/null || code=$?
equal "the signal ended it" 134 $code
equal "cores left" "" "$(find "$said" -name '*core*')"
