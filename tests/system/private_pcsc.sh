#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/pcsc-private gives a command a PC/SC service of its own, hands back its exit code, and leaves
# nothing behind; two runs do not see each other.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

private=$source_root/tools/pcsc-private
need opensc-tool opensc
"$private" true || { [ $? -eq 77 ] && skip "no private namespaces here"; fail "no private PC/SC service"; }

has "both slots" "$("$private" opensc-tool -l)" 'Virtual PCD 00 01'

# Inside, vpcd is where it is outside: a script that needs one of its own may ask for it again.
has "both slots, asked for twice" "$("$private" "$private" opensc-tool -l)" 'Virtual PCD 00 01'

code=0
"$private" sh -c 'exit 9' || code=$?
equal "exit code" 9 "$code"

# Side by side: each run holds the same port, and waits for the other before it ends.
mkfifo "$work/a" "$work/b"
"$private" sh -c "echo ready >$work/a; cat $work/b" >/dev/null &
other=$!
"$private" sh -c "cat $work/a; opensc-tool -l >/dev/null && echo ready >$work/b" >/dev/null
wait $other

# What the command leaves running ends with it.
name=keyborn-left-over-$$
"$private" bash -c "(exec -a $name sleep 600) & true"
left_over() {
    ! grep -qs "^$name" /proc/[0-9]*/cmdline
}
until_true "the end of what was left running" left_over
