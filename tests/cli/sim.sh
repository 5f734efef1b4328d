#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# keyborn sim: what it tells of a run, and how it refuses what it cannot run.
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"
cd "$work" || exit 1
plans=$(dirname "${BASH_SOURCE[0]}")/../../examples/plans

# Words of a command line that is refused: its exit code, what the error says, the words.
refused() {
    local code=$1 words=$2
    shift 2
    "$KEYBORN" sim "$@" >said 2>&1
    equal "exit code of sim $*" "$code" $?
    has "sim $*" "$(cat said)" "$words"
}

echo "# told"
"$KEYBORN" sim --cards 3 --no 0.5 --seed 4 >said 2>/dev/null || fail "a plain run failed"
has "the end of all cards" "$(cat said)" "^mismatched      0$"
"$KEYBORN" sim --cards 3 --no 0.5 --seed 4 --json >result.json 2>errors || fail "no result as JSON"
equal "errors of a run told as JSON" "" "$(cat errors)"
python3 - said <<'END' || fail "the two results differ"
import json
result = json.load(open('result.json'))
said = dict(line.split(None, 1) for line in open('said'))
assert result['personalized'] + result['refused'] == result['cards'] == 3, result
assert sum(result['reasons'].values()) == result['refused'], result
assert int(said['personalized']) == result['personalized'], said
assert said['digest'].strip() == result['digest'], said
END

echo "# a plan of one's own"
"$KEYBORN" sim --cards 1 --plan "$plans/machine.yaml" >said 2>&1 || fail "a machine's plan failed"
refused 3 "three-fields.yaml: has no section 'air'" --plan "$plans/three-fields.yaml"
refused 3 "nothing.yaml: cannot be opened" --plan nothing.yaml

echo "# a script for every card"
printf 'select 3F00/7FF0/6F7B # EF.FPLMN\nupdate-binary 0 62F220\nread-binary 0 3\n' >script.txt
"$KEYBORN" sim --cards 3 --script script.txt >said 2>/dev/null || fail "a run with a script failed"
has "the scripts" "$(cat said)" "^scripts         3 done, 0 failed, 0 without an answer; on 3 cards$"
"$KEYBORN" sim --cards 3 --script script.txt --json >result.json || fail "no result of scripts as JSON"
equal "scripts as JSON" '{"cards":3,"done":3,"failed":0,"open":0,"queued":3}' "$(jq -Sc .scripts result.json)"
equal "a world without a script" null "$("$KEYBORN" sim --cards 1 --json | jq .scripts)"
printf 'select 3F00\nverify-pin 01 12345678901\n' >wrong.txt
refused 3 "line 2: it is: verify-pin REFERENCE PIN" --script wrong.txt
refused 3 "nothing.txt: No such file" --script nothing.txt
refused 2 "scripts are for worlds with an honest server" --script script.txt --dishonest replay

echo "# refused"
refused 2 "--cards: 0 is not a whole number from 1" --cards 0
refused 2 "--operators: 91 is not a whole number" --operators 91
refused 2 "--packets: des is none of aes, triple-des$" --packets des
refused 2 "--transport: pigeon is none of sms, packet$" --transport pigeon
refused 2 "--group: p384 is none of p256, x25519, ffdhe2048, ffdhe3072, ffdhe4096$" --group p384
refused 2 "--dishonest: all is none of shares, credentials, replay, reorder, operator, fields$" \
    --dishonest all
refused 2 "--suite is for edhoc, --group for dh" --agreement dh --suite 2
for share in 1.1 -0.1 nan few ''; do
    refused 2 "--loss: $share is no share from 0 to 1" --loss "$share"
done
refused 2 "loss is at most 0.9" --loss 1

echo "# ended early"
"$KEYBORN" sim --cards 1000000 --files >said 2>&1 &
sim=$!
until folder=$(readlink /proc/$sim/fd/* | sed -n 's#/[^/]*\.db$##p' | head -n 1) && [ -n "$folder" ]; do
    kill -0 $sim || fail "the run ended by itself"
    sleep 0.05
done
kill -TERM $sim
wait $sim
equal "exit code of a run that was ended" 143 $?
[ ! -e "$folder" ] || fail "$folder was left behind"
