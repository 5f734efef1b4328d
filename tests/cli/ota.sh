#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# keyborn ota queue, list and show on the store of an application server.
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"
cd "$work" || exit 1
"${MAKE_AS:?}" as.db as.key || fail "no store"
card=8988211000000000013

# ota VERB OPTIONS...
ota() {
    "$KEYBORN" ota "$1" --as as.db --as-key as.key "${@:2}"
}

echo "# queue"
said=$(printf 'select 2FE2\nread-binary\n' | ota queue $card) || fail "queue: exit code $?"
equal "what queue says" "script 1 waits to be sent" "$said"
said=$(printf '00A4000C022FE2\n' | ota queue $card --format compact --json) || fail "queue: exit code $?"
equal "what JSON says" '{"script":2}' "$said"

echo "# list and show"
said=$(ota list) || fail "list: exit code $?"
equal "the list" "1 $card counter 1: no answer yet
2 $card counter 2: no answer yet" "$said"
said=$(ota list --json | jq -r '.[1] | "\(.script) \(.key_set) \(.tar) \(.answered)"')
equal "the list in JSON" "2 5 B00000 false" "$said"
said=$(ota show 2) || fail "show: exit code $?"
has "a script" "$said" "^2 $card counter 2: no answer yet$"

echo "# refusals"
said=$(ota show 3 2>&1)
equal "exit code of a script that is not there" 3 $?
has "a script that is not there" "$said" "3: there is no such script"
ota show one 2>/dev/null
equal "exit code of no number" 2 $?
said=$(printf 'select 2FE2\n' | ota queue 123 2>&1)
equal "exit code of another card" 3 $?
has "another card" "$said" "123: no such card"
printf 'select 2FE2\n' | ota queue $card --spi 1619 2>/dev/null
equal "exit code of a proof in the deliver report" 2 $?
equal "scripts after refusals" 2 "$(ota list | wc -l)"
"$KEYBORN" ota list --as none.db --as-key as.key 2>/dev/null
equal "exit code without a store" 3 $?
[ ! -e none.db ] || fail "a store was made"

echo "# a store has one process"
python3 - "$KEYBORN" <<'END' || fail "a store that is in use"
import sqlite3, subprocess, sys
held = sqlite3.connect('as.db', isolation_level=None)
held.execute('PRAGMA locking_mode = EXCLUSIVE')
held.execute('BEGIN IMMEDIATE')
held.execute('ROLLBACK')
for verb in (['list'], ['queue', '8988211000000000013']):
    said = subprocess.run([sys.argv[1], 'ota', *verb, '--as', 'as.db', '--as-key', 'as.key'],
                          input='select 2FE2\n', capture_output=True, text=True)
    assert said.returncode == 3 and 'as.db: another process has it open' in said.stderr, said
END
equal "scripts after a refusal" 2 "$(ota list | wc -l)"

echo "# another key"
tr 0-9A-F 1-9A-F0 <as.key >other.key
said=$("$KEYBORN" ota list --as as.db --as-key other.key 2>&1)
equal "exit code of another key" 3 $?
has "another key" "$said" "another key"
