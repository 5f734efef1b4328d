#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cards through the real PC/SC service: put in one after the other, used, pulled out in mid-session,
# a service that dies. Arguments: the keyborn command and the client of pcsc_client.c.
set -u

here=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")")
if [ "${1-}" != --inside ]; then
    # shellcheck source=tests/system/lib.sh
    . "$here/../system/lib.sh"
    "$here/../../tools/pcsc-private" "$(readlink -f "$0")" --inside \
        "$(readlink -f "$1")" "$(readlink -f "$2")" "$work"
    code=$?
    [ $code -ne 77 ] || skip "no private PC/SC service can be had here"
    exit $code
fi
keyborn=$2
client=$3
cd "$4" || exit 1

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# expect WHAT PATTERN TEXT
expect() {
    grep -qE -- "$2" <<<"$3" || fail "$1: no '$2' in: $3"
}

# serve PORT CARD...; 35963 is reader 00 00, 35964 is reader 00 01
serve() {
    local port=$1
    shift
    "$keyborn" card serve "$@" --vpcd localhost:"$port" >>serve.log 2>&1 &
    server=$!
}

echo "# the service without a card"
said=$("$client" "No Such Reader" 1) && fail "a reader that does not exist was opened"
expect "unknown reader" "No Such Reader: no PC/SC reader has this name; there is \"Virtual PCD" "$said"
said=$("$client" "Virtual" 1) && fail "an ambiguous name was taken"
expect "ambiguous name" "2 PC/SC readers have this in their name" "$said"

echo "# several cards, one after the other"
for card in a b c; do
    "$keyborn" card blank $card.card >/dev/null || fail "no blank card"
done
serve 35963 a.card b.card c.card
said=$("$client" "Virtual PCD 00 00" 3) || fail "three cards: $said"
[ "$(grep -c '^6A82$' <<<"$said")" -eq 6 ] || fail "three cards, two sessions each: $said"
wait "$server" || fail "the server ended badly: $(cat serve.log)"
[ "$(grep -c 'taken out' serve.log)" -eq 3 ] || fail "$(cat serve.log)"

echo "# a card changed before the service looks"
serve 35963 a.card
said=$("$client" "00 00" hold <<<"") || fail "the first card: $said"
kill "$server"
wait "$server" || fail "SIGTERM is no clean end"
serve 35963 b.card
said=$("$client" "00 00" hold <<<"") || fail "the second card: $said"

rest=$server # b.card stays in reader 00 00

echo "# a second card for the same slot"
"$keyborn" card serve c.card --vpcd localhost:35963 >second.log 2>&1 &
second=$!
until grep -q . second.log; do
    kill -0 $second 2>/dev/null || fail "the second card did not wait"
    sleep 0.05
done
expect "second card" "c.card: waits: .* another card may be in it" "$(cat second.log)"
kill $second
wait $second || fail "SIGTERM is no clean end of waiting: $(cat second.log)"
grep -q "put in" second.log && fail "a card that waits is not in: $(cat second.log)"

# hold READER LOG: a client in the background that has used the card and waits for a line on 3.
hold() {
    rm -f say
    mkfifo say
    "$client" "$1" hold <say >"$2" &
    holder=$!
    exec 3>say
    while ! grep -q held "$2"; do
        kill -0 $holder 2>/dev/null || fail "$(cat "$2")"
        sleep 0.05
    done
}

echo "# a card pulled out in mid-session"
serve 35964 c.card
hold "00 01" pulled.log
kill "$server"
wait "$server"
echo >&3
wait $holder && fail "a command reached a card that is gone"
expect "pulled card" "error -17: Virtual PCD 00 01: the card (stopped answering|was pulled out)" \
    "$(cat pulled.log)"

echo "# a service that dies"
hold "00 00" dead.log
kill -9 "$(tr -d '\0' </run/pcscd/pcscd.pid)"
wait "$rest" || fail "the server ended badly: $(cat serve.log)"
echo >&3
wait $holder && fail "a command went through a dead service"
expect "dead service" "error -16: Virtual PCD 00 00: the PC/SC service" "$(cat dead.log)"
expect "dead service, seen by the card" "b.card: the reader went away" "$(cat serve.log)"
exit 0
