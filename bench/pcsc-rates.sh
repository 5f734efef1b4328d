#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Through a PC/SC service and its virtual readers: APDUs a second, and cards a second at the desk with
# one reader and with two, as rows for tools/bench. Runs under tools/pcsc-private.
#
#   bench/pcsc-rates.sh DIRECTORY CARDS      DIRECTORY/card: a SIM (bench/desk-rates.sh makes it)
set -eu
work=$1
. "$(dirname "$(readlink -f "$0")")/batch.sh"

# serve PORT FILE...: in the background.
serve() {
    "$KEYBORN" card serve --vpcd "127.0.0.1:$1" "${@:2}" >>"$work/served" 2>&1 &
}

serve 35963 "$work/card"
server=$!
"$KEYBORN_BENCH" pcsc "Virtual PCD 00 00"
kill $server
wait $server || true

# A reader polls for the next card (pcscd: 0.4 s for out, 0.4 s for in); one that is in needs no wait.
make_cards "$work/in" 1 >"$work/said" 2>&1
make_batch "$work/in"
serve 35963 "$work"/in/*.card
server=$!
until opensc-tool -l 2>/dev/null | grep -q '^0 *Yes'; do
    kill -0 $server
done
rate "bureau run, one card that is in the reader, start to end" 1 \
    personalize "$work/in" --reader "Virtual PCD 00 00"
kill $server
wait $server || true

make_cards "$work/one" "$2" >"$work/said" 2>&1
make_batch "$work/one"
serve 35963 "$work"/one/*.card
rate "bureau run, one virtual reader, cards changed" "$2" \
    personalize "$work/one" --reader "Virtual PCD 00 00"
wait

make_cards "$work/two" "$2" >"$work/said" 2>&1
make_batch "$work/two"
files=("$work"/two/*.card)
serve 35963 "${files[@]:0:$2 / 2}"
serve 35964 "${files[@]:$2 / 2}"
rate "bureau run, two virtual readers, cards changed" "$2" \
    personalize "$work/two" --reader "Virtual PCD 00 00" --reader "Virtual PCD 00 01"
wait
