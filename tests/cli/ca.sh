#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# keyborn ca: init, issue, list, revoke; what they write, and what they refuse.
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"
cd "$work" || exit 1

# field NAME: of a JSON object on standard input
field() {
    python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

# refused WHAT CODE PATTERN ARGUMENT...
refused() {
    local what=$1 code=$2 pattern=$3 said
    shift 3
    said=$("$KEYBORN" ca "$@" 2>&1)
    equal "exit code of $what" "$code" $?
    has "$what" "$said" "$pattern"
}

echo "# init"
refused "a folder without a root" 3 "there is no root" list --dir ops
refused "a kind of root nobody knows" 2 "neither maker nor operators" init --dir ops --name A --kind b
"$KEYBORN" ca init --dir ops --name Operators >said || fail "no root"
refused "a second root" 3 "there is a root already" init --dir ops --name Operators
equal "mode of the key" 600 "$(stat -c %a ops/root.key)"
equal "length of the public key" 129 "$(stat -c %s ops/root.pub)"
has_not "what init says" "$(cat said)" "$(cat ops/root.key)"

echo "# issue: the key of RFC 5903 clause 8.1"
x=DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180
issue=(issue --dir ops --subject 001-01)
said=$("$KEYBORN" ca "${issue[@]}" --public $x --suite 2 --not-after 2099-12-31 --out 1.cwt --json) ||
    fail "no credential"
equal "kid" 01 "$(field kid <<<"$said")"
equal "midnight after the last day" "$(date -u -d 2100-01-01 +%s)" "$(field expires <<<"$said")"
equal "the file" "$(field token <<<"$said")" "$(od -An -v -tx1 1.cwt | tr -d ' \n' | tr a-f A-F)"
has "the key" "$(field token <<<"$said")" "$x"
said=$("$KEYBORN" ca issue --dir ops --subject 001-02 --generate b.key --curve x25519) ||
    fail "no pair"
has "a printed credential" "$said" "^8443A10126A0"
has "a credential without dates given" "$said" "^kid 02: 001-02"
equal "mode of a private key" 600 "$(stat -c %a b.key)"
has_not "what issue says" "$said" "$(cat b.key)"

echo "# issue: what makes no sense"
refused "no curve" 2 "either --suite or --curve" "${issue[@]}" --public $x
refused "two curves" 2 "either --suite or --curve" "${issue[@]}" --public $x --suite 2 --curve p256
refused "no key" 2 "either --public or --generate" "${issue[@]}" --suite 2
refused "half a key" 2 "64 hexadecimal digits" "${issue[@]}" --public ${x:2} --suite 2
refused "no such suite" 2 "from 0 to 3" "${issue[@]}" --public $x --suite 4
refused "no such day" 2 "is no day" "${issue[@]}" --public $x --suite 2 --not-after 2030-02-30
refused "two ends" 2 "either --days" "${issue[@]}" --public $x --suite 2 --not-after 2030-02-01 --days 3
refused "a day that is over" 3 "expired already" "${issue[@]}" --public $x --suite 2 --not-after 2001-01-01
refused "no point of P-256" 3 "no key on P-256" "${issue[@]}" --public "$(printf 'F%.0s' {1..64})" --suite 2
refused "a key of somebody else" 3 "has a credential for 001-01" issue --dir ops --subject 001-09 \
    --public $x --suite 2

echo "# revoke and list"
refused "no kid" 2 "is no kid" revoke --dir ops --kid xy --reason lost
refused "a kid nobody has" 3 "no credential with the kid 77" revoke --dir ops --kid 77 --reason lost
before=$(sha256sum <ops/revoked.cwt)
said=$("$KEYBORN" ca revoke --dir ops --kid 02 --reason "key lost" --json) || fail "revoke"
equal "revoked" '{"revoked":1,"revocation_list":1}' "$said"
[ "$before" != "$(sha256sum <ops/revoked.cwt)" ] || fail "the list is as it was"
has "list" "$("$KEYBORN" ca list --dir ops)" "^02 +001-02 +x25519 .* revoked +key lost$"
equal "list as JSON" "01 valid 02 revoked" "$("$KEYBORN" ca list --dir ops --json | python3 -c '
import json, sys
print(*(c["kid"] + " " + c["state"]
        for c in json.load(sys.stdin)["credentials"]))')"
