#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# keyborn device on a card made for the air: by pipes, by a script, by nobody, and on a real
# terminal (tmux).
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"
cd "$work" || exit 1
export KEYBORN_HOME=$work

"$KEYBORN" ca init --dir maker-root --name Maker --kind maker >/dev/null || fail "no maker's root"
"$KEYBORN" ca init --dir operators-root --name Operators >/dev/null || fail "no operators' root"
"$KEYBORN" factory make --plan "$source_root/examples/plans/telecom.yaml" --count 3 --dir cards \
    --maker-ca maker-root --operators-root operators-root >/dev/null 2>&1 || fail "no card"
card=cards/8900101000000000019.card  # and one for each that begins something
other=cards/8900101000000000027.card
last=cards/8900101000000000035.card

echo "# text, by a pipe"
said=$(printf ':info\n1\n99\n:end\n:quit\n' | "$KEYBORN" device --card "$card")
equal "exit code" 0 $?
has "the radio side" "$said" '^\(radio: no network\)$'
has "the subscriber" "$said" '^\(card 8900101000000000019, IMSI 901700000000001, no service\)$'
has "the menu" "$said" '^  1  Choose an operator$'
has "the list behind it" "$said" '^  2  South Mobile$'
has "a number that is not there" "$said" '^\(there is no such answer\)$'
equal "the last line" "(off)" "$(tail -n 1 <<<"$said")"

echo "# text: the end of the input switches off, a last line without its end counts"
said=$(printf ':help' | "$KEYBORN" device --card "$card")
equal "exit code" 0 $?
has "help" "$said" ':back  :end'

echo "# script"
printf '%s\n' '# the user' 'expect Choose an operator' 'menu Choose an operator' \
    'expect South Mobile' 'select 2' 'wait 60' >user
"$KEYBORN" device --card "$other" --script user >/dev/null || fail "the script fits"
printf 'menu 1\nyes\n' >wrong
said=$("$KEYBORN" device --card "$card" --front script --script wrong 2>&1 >/dev/null)
equal "exit code of a script that does not fit" 3 $?
equal "its words" "keyborn: wrong:2: the card wants a selection: Your operator" "$said"
said=$("$KEYBORN" device --card "$card" --script none 2>&1 >/dev/null)
equal "exit code of a script that is not there" 3 $?

echo "# nobody, JSON, trace"
said=$("$KEYBORN" device --card "$card" --front automatic --for 1 --json --trace </dev/null)
equal "exit code" 0 $?
python3 - "$said" <<'CHECK' || fail "JSON: $said"
import json, sys
lines = [json.loads(line) for line in sys.argv[1].splitlines()]
assert {"menu": "Choose an operator", "items": ["Choose an operator"]} in lines
assert any(line.get("imsi") == "901700000000001" for line in lines)
assert any(line.get("command", "").startswith("8010") for line in lines)
assert lines[-1] == {"on": False, "iccid": "", "imsi": "", "service": "no service"}
CHECK

echo "# what cannot be"
for words in "--front juggler" "--front script" "--front text --script user" "--imei 123" \
    "--reader x --card $card" "--for 0"; do
    # shellcheck disable=SC2086
    "$KEYBORN" device --card "$card" $words </dev/null >/dev/null 2>&1
    equal "exit code of $words" 2 $?
done
"$KEYBORN" device --card none.card </dev/null >/dev/null 2>&1
equal "exit code of no card file" 3 $?
"$KEYBORN" card blank blank.card >/dev/null
said=$("$KEYBORN" device --card blank.card </dev/null 2>&1 >/dev/null)
equal "exit code of a card without a USIM" 1 $?
equal "its words" "keyborn: blank.card: the card has no USIM" "$said"

echo "# a terminal"
need tmux tmux
unset TMUX
tmux() { command tmux -S "$work/tmux" -f /dev/null "$@"; }
screen() { tmux capture-pane -p -t device 2>/dev/null; }
shows() { grep -qF -- "$1" <<<"$(screen)"; }
trap 'tmux kill-server 2>/dev/null; rm -rf "$work"' EXIT
tmux new-session -d -s device -x 80 -y 30 "TERM=dumb '$KEYBORN' device --card '$last'; echo code \$?; cat" ||
    skip "tmux does not start here"
until_true "the menu" shows "  1  Choose an operator"
tmux send-keys -t device 1 Enter
until_true "the list" shows "  3  Other: by code"
tmux send-keys -t device 3 Enter
until_true "the question" shows "? "
tmux send-keys -t device :end Enter :quit Enter
until_true "the end" shows "code 0"
