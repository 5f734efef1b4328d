# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Times batches of cards. Sourced, with $work set.

: "${work:?}"
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../tests/system/cards.sh"

# rate WHAT CARDS COMMAND...: runs it and prints a row with cards a second.
rate() {
    local what=$1 cards=$2 start end
    shift 2
    start=$(date +%s%N)
    if ! "$@" >"$work/said" 2>&1; then
        cat "$work/said" >&2
        return 1
    fi
    end=$(date +%s%N)
    awk -v what="$what" -v cards="$cards" -v ns=$((end - start)) \
        'BEGIN { printf "%s\t%.10g\tcards/s\t0\tmore\n", what, cards * 1e9 / ns }'
}
