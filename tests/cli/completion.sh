#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each shell reads the completion made for it; bash is also asked what it offers.
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"

for shell in bash zsh fish; do
    "$KEYBORN" completion $shell >"$work/$shell" || fail "no completion for $shell"
    [ -s "$work/$shell" ] || fail "an empty completion for $shell"
    command -v $shell >/dev/null || continue
    $shell -n "$work/$shell" || fail "$shell does not read it"
done
"$KEYBORN" completion tcsh 2>"$work/said"
equal "exit code for another shell" 2 $?
equal "completion as JSON" 0 "$("$KEYBORN" completion bash --json |
    python3 -c 'import json, sys; print(0 if "_keyborn" in json.load(sys.stdin)["text"] else 1)')"

# shellcheck source=/dev/null
. "$work/bash"

# offered WORD...: what is offered for the last of the words.
offered() {
    COMP_WORDS=(keyborn "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _keyborn
    echo "${COMPREPLY[*]}"
}

has "first word" "$(offered "")" "(^| )card( |$)"
equal "start of the first word" "card" "$(offered car)"
has "second word" "$(offered card "")" "apdu.*serve.*show"
equal "start of the second word" "show" "$(offered card sh)"
equal "start of an option" "--vpcd" "$(offered card serve --v)"
equal "value of an option" "" "$(offered card serve --vpcd "")"
touch "$work/some.card"
cd "$work" || exit 1
has "a file" "$(offered card show so)" "some.card"
