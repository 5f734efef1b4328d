#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A card of ours logs in to Wi-Fi through programs nobody here wrote: eapol_test with the card in a
# PC/SC reader, hostapd as RADIUS and EAP server, and keyborn eap serve between hostapd and the keys
# the desk exported. EAP-AKA (RFC 4187), EAP-AKA' (RFC 9048) and EAP-SIM (RFC 4186) succeed; a
# sequence number behind the card's is resynchronized; other keys, an unknown subscriber or a missing
# PIN fail. Runs itself again under tools/pcsc-private.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$source_root/tests/system/cards.sh"

if [ "${1-}" != --inside ]; then
    need eapol_test eapoltest
    need hostapd hostapd
    code=0
    "$source_root/tools/pcsc-private" "$0" --inside || code=$?
    [ $code -ne 77 ] || skip "no private PC/SC service here"
    exit $code
fi
PATH=$PATH:/usr/sbin:/sbin

make_cards "$work/cards" 1 >"$work/log" 2>&1 || fail "factory make: $(cat "$work/log")"
personalize "$work/cards" --dir "$work/cards" >"$work/log" 2>&1 || fail "bureau run: $(cat "$work/log")"
card=("$work"/cards/*.card)
imsi=$(sed -n 2p "$work/cards/batch.csv" | cut -d , -f 2)

# The card asks for its PIN (VERIFY is off when it leaves the desk).
equal "the PIN is asked for" 9000 "$("$KEYBORN" card apdu "${card[0]}" <<'APDU' | tail -n 1
00A4040C07A0000000871002
002800010831323334FFFFFFFF
APDU
)"

# Keys leave the desk sealed.
printf '%064d\n' 7 >"$work/transport.key"
"$KEYBORN" bureau export --journal "$work/cards/journal" --format osmohlr \
    --transport-key "$work/transport.key" --out "$work/hlr.txt" >"$work/log" || fail "no export"

"$KEYBORN" card serve "${card[0]}" --vpcd 127.0.0.1:35963 >"$work/served" 2>&1 &
reader=$!
until_true "the card in the reader" grep -q 'put in' "$work/served"

# serve OPTION...: vectors, told in $work/answers.
serve() {
    "$KEYBORN" eap serve --socket "$work/vectors" --store "$work/store" "$@" >"$work/answers" 2>&1 &
    vectors=$!
    until_true "a socket for vectors" grep -q ': answers$' "$work/answers"
}
# The server ends by itself, in good order, and takes its socket away.
stop_serving() {
    kill "$vectors"
    wait "$vectors" || fail "keyborn eap serve ended badly: $(cat "$work/answers")"
    [ ! -e "$work/vectors" ] || fail "the socket is still there"
}
# told PATTERN COUNT: how often the server told of it.
told() {
    equal "answers like '$1'" "$2" "$(grep -c -- "$1" "$work/answers")"
}

cat >"$work/users" <<'USERS'
"0"* AKA
"1"* SIM
"6"* AKA'
USERS
echo '127.0.0.1/32 secret' >"$work/clients"
cat >"$work/hostapd.conf" <<CONF
driver=none
interface=lo
eap_server=1
eap_user_file=$work/users
eap_sim_db=unix:$work/vectors
radius_server_clients=$work/clients
radius_server_auth_port=18120
CONF

pin='pin="1234"'
# login METHOD [LINE [SECONDS]]: what eapol_test says last; LINE is added to its network.
login() {
    cat >"$work/peer.conf" <<CONF
network={
    key_mgmt=WPA-EAP
    eap=$1
    pcsc=""
    ${2-$pin}
}
CONF
    eapol_test -c "$work/peer.conf" -a 127.0.0.1 -p 18120 -s secret -t "${3-10}" >"$work/peer" 2>&1 || true
    tail -n 1 "$work/peer"
}

serve --register "$work/hlr.txt" --transport-key "$work/transport.key"
# hostapd binds /tmp/eap_sim_db_PID-N for itself, and small process numbers come again in every
# namespace: another run at the same time should not have the same one.
{ echo $((RANDOM)) >/proc/sys/kernel/ns_last_pid; } 2>/dev/null || true
hostapd -d "$work/hostapd.conf" >"$work/hostapd" 2>&1 &
hostapd=$!
until_true "hostapd on its port" grep -q ' 0100007F:46C8\| 00000000:46C8' /proc/net/udp

for method in AKA "AKA'" SIM; do
    equal "login by EAP-$method" SUCCESS "$(login "$method")"
    has "EAP-$method was what both sides spoke" "$(cat "$work/peer")" "EAP vendor 0 method .*\($method\) selected"
    has "both ends have the same keys" "$(cat "$work/peer")" '^MPPE keys OK: 1  mismatch: 0$'
done
told "^$imsi: vector$" 2
told "^$imsi: triplets$" 1


# Without its PIN the card keeps identity and keys to itself: nobody asks for a vector.
has_not "login without the PIN" "$(login AKA "" 2)" SUCCESS
told "^$imsi: vector$" 2

# A server that was killed goes on with the next number, whatever it left behind.
kill -9 "$vectors"
wait "$vectors" 2>/dev/null || true
serve
equal "login after a kill" SUCCESS "$(login AKA)"
told "^$imsi: vector$" 1
told "sequence number" 0
stop_serving

# A store that knows nothing of the numbers used: the card says its own, once.
rm "$work"/store*
serve --register "$work/hlr.txt" --transport-key "$work/transport.key"
equal "login with a number behind the card's" SUCCESS "$(login AKA)"
told "^$imsi: sequence number set to the card's$" 1
told "^$imsi: vector$" 2

# Whatever else comes to the socket gets FAILURE or nothing.
python3 "$source_root/tests/system/eap_noise.py" "$work/vectors" "$imsi" >"$work/noise" 2>&1 ||
    fail "noise: $(cat "$work/noise")"
equal "login after the noise" SUCCESS "$(login SIM)"
stop_serving

# Nothing of a key in what is told or kept.
for key in $ki_of_test_set_1 $opc_of_test_set_1; do
    ! grep -qi "$key" "$work/answers" "$work"/store* || fail "a key in clear"
done

# Other keys: the card sees a wrong MAC; a wrong RES of EAP-SIM is seen by hostapd.
"$KEYBORN" bureau export --journal "$work/cards/journal" --format osmohlr --clear-keys \
    --out "$work/clear.txt" >"$work/log"
sed "s/$opc_of_test_set_1/000102030405060708090A0B0C0D0E0F/" "$work/clear.txt" >"$work/wrong.txt"
serve --register "$work/wrong.txt"
equal "login by EAP-AKA with another OPc" FAILURE "$(login AKA)"
has "the card says why" "$(cat "$work/peer")" '^SCARD: scard_transmit: recv - hexdump\(len=2\): 98 62$'
equal "login by EAP-SIM with another OPc" FAILURE "$(login SIM)"
stop_serving

# A subscriber nobody knows.
rm "$work"/store*
sed "s/$imsi/001019999999999/" "$work/clear.txt" >"$work/others.txt"
serve --register "$work/others.txt"
equal "login of an unknown subscriber" FAILURE "$(login AKA)"
told "^$imsi: failure$" 1
stop_serving

kill "$hostapd" "$reader"
wait "$hostapd" "$reader" || fail "hostapd or the reader ended badly"
