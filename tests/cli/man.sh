#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every verb has a man page, man finds nothing wrong with it, and the build installs all of them.
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"

in_table=$("$KEYBORN" help --json | python3 -c '
import json, sys
print("keyborn")
for verb in json.load(sys.stdin)["verbs"]:
    print("-".join(filter(None, ["keyborn", verb["group"], verb["name"]])))' | sort)
equal "pages that are installed" "$in_table" "$(tr ' ' '\n' <<<"$KEYBORN_PAGES" | sort)"

need man man-db
for page in $in_table; do
    name=${page#keyborn}
    read -r -a words <<<"${name//-/ }"
    "$KEYBORN" man "${words[@]}" >"$work/$page.1" || fail "no page for $page"
    said=$(MANWIDTH=80 MANROFFSEQ='' man --warnings -E UTF-8 -l "$work/$page.1" 2>&1 >"$work/text")
    equal "what man says of $page" "" "$said"
    text=$(cat "$work/text")
    has "name of $page" "$text" "$page - [A-Za-z]"
    for section in NAME SYNOPSIS DESCRIPTION OPTIONS "EXIT STATUS"; do
        has "$page" "$text" "^$section"
    done
    lexgrog "$work/$page.1" >/dev/null || fail "apropos cannot read $page"
done
"$KEYBORN" man card 2>/dev/null
equal "exit code for the page of a group" 2 $?
