#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cards a second at the desk with the cards in this process, as rows for tools/bench. Leaves
# DIRECTORY/card, a personalized SIM with the keys of Milenage's test set 1 and PIN 1 1234, for the
# figures of one card.
#
#   bench/desk-rates.sh DIRECTORY CARDS
set -eu
work=$1
. "$(dirname "$(readlink -f "$0")")/batch.sh"

cards=$work/process
rate "factory make, cards in this process" "$2" make_cards "$cards" "$2"
make_batch "$cards"
rate "bureau run, cards in this process" "$2" personalize "$cards" --dir "$cards"
some=("$cards"/*.card)
cp "${some[0]}" "$work/card"
