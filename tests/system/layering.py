#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rooms keep their order (docs/architecture.md), what runs on the chip needs no host, and every
file names its licence.

    layering.py ROOT            every breach on its own line; exit code 1 when there is one
    layering.py --self-test     makes a tree with one breach of each kind and expects each to be found
"""
import os
import re
import sys
import tempfile

ORDER = 'wire crypto agree card plan reader desk device net service sim cli console'.split()
# Whoever may use less than all the rooms before it, and those outside of the order.
MAY_USE = {room: set(ORDER[:at]) for at, room in enumerate(ORDER)}
MAY_USE['card'] = {'wire', 'crypto', 'agree'}
MAY_USE['ports'] = {'wire', 'crypto', 'agree', 'card'}
BESIDE_THE_HOUSE = ['tests', 'fuzz', 'bench']
MAY_USE.update(dict.fromkeys(BESIDE_THE_HOUSE, set(ORDER) | {'tests'}))

# On the chip there is no heap, no stdio and no process.
ON_THE_CHIP = ('wire/', 'crypto/', 'agree/', 'card/')
HOST_ONLY = {'wire/report.h', 'wire/report.c', 'crypto/openssl.c', 'crypto/openssl_agree.c', 'crypto/openssl_cbc.c', 'crypto/openssl_fetched.c', 'crypto/openssl_sign.c', 'crypto/openssl_inside.h'}
CHIP_HEADERS = {'stdint.h', 'stddef.h', 'stdbool.h', 'string.h', 'limits.h', 'stdalign.h', 'assert.h'}
CHIP_LIBRARIES = re.compile(r'mbedtls/')

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)

NO_COMMENTS = re.compile(r'\.(csv|json|bin|card|png|svg|hex)$')
NO_LICENCE_LINE = re.compile(r'^(LICENSE|NOTICE)$|^fuzz/corpus/|/data/')


def files(root):
    for folder, below, names in os.walk(root):
        below[:] = sorted(d for d in below if d != '.git' and d != '__pycache__' and not d.startswith('build'))
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), root)


def check_include(path, mark, header):
    """What is wrong with one #include of one file, or None."""
    room = path.split('/')[0]
    on_chip = path.startswith(ON_THE_CHIP) and path not in HOST_ONLY
    if mark == '<':
        if on_chip and header not in CHIP_HEADERS and not CHIP_LIBRARIES.match(header):
            return f'<{header}> is not there on the chip'
        return None
    if room not in MAY_USE:
        return f'{room}/ is no room of the house'
    if room in BESIDE_THE_HOUSE and '/' not in header:
        return None # a neighbour in the same folder
    if '/' not in header or header.startswith('.'):
        return f'"{header}" is not named by its path from the root'
    used = header.split('/')[0]
    if used != room and used not in MAY_USE[room]:
        return f'"{header}": {room}/ may not use {used}/'
    if on_chip and header in HOST_ONLY:
        return f'"{header}" is not there on the chip'
    return None


def breaches(root):
    for path in files(root):
        with open(os.path.join(root, path), 'rb') as file:
            text = file.read().decode('utf-8', 'replace')
        if path.endswith(('.c', '.h')):
            for found in INCLUDE.finditer(text):
                what = check_include(path, *found.groups())
                if what:
                    yield f'{path}:{text.count(chr(10), 0, found.start(2)) + 1}: {what}'
        if not NO_COMMENTS.search(path) and not NO_LICENCE_LINE.search(path):
            if 'SPDX-License-Identifier: Apache-2.0' not in ''.join(text.splitlines(True)[:3]):
                yield f'{path}:1: no SPDX line'


SPDX = '/* SPDX-License-Identifier: Apache-2.0 */\n'
BAD_TREE = {
    'wire/a.c': (SPDX + '#include "card/card.h"\n', 'wire/ may not use card/'),
    'card/b.c': (SPDX + '#include "plan/plan.h"\n', 'card/ may not use plan/'),
    'plan/c.c': (SPDX + '#include "desk/desk.h"\n', 'plan/ may not use desk/'),
    'card/d.c': (SPDX + '#include <stdlib.h>\n', '<stdlib.h> is not there on the chip'),
    'crypto/e.c': (SPDX + '#  include <stdio.h>\n', '<stdio.h> is not there on the chip'),
    'card/f.c': (SPDX + '#include "wire/report.h"\n', '"wire/report.h" is not there on the chip'),
    'desk/g.c': (SPDX + '#include "../plan/plan.h"\n', 'is not named by its path from the root'),
    'attic/h.c': (SPDX + '#include "wire/cursor.h"\n', 'attic/ is no room'),
    'wire/i.c': ('int kb_i;\n', 'no SPDX line'),
    'tools/j': ('#!/bin/sh\n', 'no SPDX line'),
}
GOOD_TREE = {
    'cli/a.c': SPDX + '#include <stdio.h>\n#include "desk/desk.h"\n',
    'card/b.c': SPDX + '#include <string.h>\n#include "wire/cursor.h"\n',
    'crypto/c.c': SPDX + '#include <mbedtls/aes.h>\n',
    'wire/report.c': SPDX + '#include <stdio.h>\n',
    'tests/d.c': SPDX + '#include "card/card.h"\n',
    'LICENSE': 'text\n',
    'examples/e.csv': 'iccid\n',
}


def plant(root, tree):
    for path, text in tree.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
            file.write(text)


def self_test():
    bad = 0
    with tempfile.TemporaryDirectory() as root:
        plant(root, {path: text for path, (text, _) in BAD_TREE.items()})
        found = list(breaches(root))
        for path, (_, what) in BAD_TREE.items():
            if not any(line.startswith(path + ':') and what in line for line in found):
                bad = 1
                print(f'not found: {path}: {what}')
        if len(found) != len(BAD_TREE):
            bad = 1
            print(f'{len(BAD_TREE)} breaches planted, {len(found)} found:', *found, sep='\n  ')
    with tempfile.TemporaryDirectory() as root:
        plant(root, GOOD_TREE)
        for line in breaches(root):
            bad = 1
            print(f'wrongly found: {line}')
    return bad


def main():
    if sys.argv[1:] == ['--self-test']:
        return self_test()
    found = list(breaches(sys.argv[1]))
    print(*found, sep='\n')
    return 1 if found else 0


sys.exit(main())
