#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# keyborn demo: tells one personalization, draws it, and shows no key.
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"
cd "$work" || exit 1

echo "# told"
for transport in sms packet; do
    for agreement in edhoc dh; do
        "$KEYBORN" demo --transport $transport --agreement $agreement >$transport.$agreement ||
            fail "demo $transport $agreement failed"
        said=$(cat $transport.$agreement)
        has "$transport $agreement" "$said" "AS -> PS 1: AGREE"
        has "$transport $agreement" "$said" "register -> PS 1: DONE"
        has "$transport $agreement" "$said" "not there"
        has "$transport $agreement" "$said" "REFRESH"
        read -r card register < <(sed -n 's/.*by fingerprint: *\([0-9A-F]*\) in the card, \([0-9A-F]*\) in.*/\1 \2/p' $transport.$agreement)
        equal "length of a fingerprint" 8 "${#card}"
        equal "fingerprints of $transport $agreement" "$card" "$register"
    done
done
has "short messages" "$(cat sms.edhoc)" "SMS-SUBMIT"
has "pieces of a channel" "$(cat packet.edhoc)" "OPEN CHANNEL"
equal "short messages of a personalization" 7 \
    "$(grep -cE 'SMS-(SUBMIT|DELIVER):' sms.edhoc)"

echo "# repeated from its seed"
"$KEYBORN" demo --seed 5 >first
"$KEYBORN" demo --seed 5 >second
"$KEYBORN" demo --seed 6 >third
cmp first second || fail "equal seeds, different stories"
cmp -s first third && fail "different seeds, equal stories"

echo "# drawn"
"$KEYBORN" demo --json --svg drawing.svg >result.json || fail "no drawing"
python3 - <<'END' || fail "the drawing or the result is not well formed"
import json
import xml.etree.ElementTree as tree
result = json.load(open('result.json'))
assert result['card_fingerprint'] == result['register_fingerprint'] and not result['key_found'], result
assert result['imsi'] != result['imsi_t']
root = tree.parse('drawing.svg').getroot()
kinds = [element.get('class') for element in root.iter('{http://www.w3.org/2000/svg}line')]
assert kinds.count('arrow') > 30 and kinds.count('life') == 7, kinds
END

echo "# refused"
"$KEYBORN" demo --transport pigeon >said 2>&1
equal "exit code of an unknown transport" 2 $?
has "an unknown transport" "$(cat said)" "neither sms nor packet"
"$KEYBORN" demo --svg no/such/folder.svg >said 2>&1
equal "exit code of a drawing that cannot be written" 5 $?
has "a drawing that cannot be written" "$(cat said)" "no/such/folder.svg"
