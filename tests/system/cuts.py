#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command that the card has is in the table of power cuts of docs/coverage.md, with a test.

    cuts.py ROOT           every command that is missing there, or there too much, on its own line; exit code 1 then
    cuts.py --self-test    a table with one of each kind of mistake, each to be found
"""
import pathlib
import re
import sys

PAGE = 'docs/coverage.md'
PAIRS = ('card/dispatch.c', 'card/gp/gp.c')  # rows {CLA, INS, ..., handler}
GSM = 'card/gsm/gsm.c'                        # rows {INS, ..., handler}, all of class A0
PLAN = 'card/perso/perso.c'                   # [action] = handler: header and class are the plan's

HANDLER = r'(kb_\w+)\}'
ROW = re.compile(r'^\| ([^|]+) \| ([^|]+) \| `(kb_\w+)` \| (.+) \|$', re.MULTILINE)
TEST = re.compile(r'`([a-z]\w+)`')


def number(text, source):
    """0xA4, or the name of an enumerator of the same file."""
    if not text.startswith('0x'):
        text = re.search(rf'\b{text} = (0x[0-9A-F]+)', source).group(1)
    return f'{int(text, 16):02X}'


def commands(root):
    """(header, handler) of each row of the tables."""
    for name in PAIRS:
        source = (root / name).read_text()
        for cla, ins, handler in re.findall(r'\{(0x\w\w), (\w+),[^{}]*?\b' + HANDLER, source):
            yield f'{number(cla, source)} {number(ins, source)}', handler
    for ins, handler in re.findall(r'\{0x(\w\w),[^{}]*?\b' + HANDLER, (root / GSM).read_text()):
        yield f'A0 {ins}', handler
    for handler in re.findall(r'\[KB_ACTION_\w+\] = (kb_\w+)', (root / PLAN).read_text()):
        yield 'plan', handler


def promised(page):
    """(header, handler), and the tests of each handler."""
    rows, tests = set(), {}
    for _, headers, handler, cut in ROW.findall(page):
        tests[handler] = TEST.findall(cut)
        rows.update((header.strip(), handler) for header in headers.split(','))
    return rows, tests


def check(there, page, known):
    """Lines that say what is wrong."""
    rows, tests = promised(page)
    for header, handler in sorted(there - rows):
        yield f'{PAGE}: {header}, {handler}, has no row'
    for header, handler in sorted(rows - there):
        yield f'{PAGE}: the card has no {header}, {handler}'
    for handler, names in sorted(tests.items()):
        if not names:
            yield f'{PAGE}: no test cuts {handler}'
        yield from (f'{PAGE}: {handler}: there is no test {name}' for name in names if name not in known)


def known_tests(root):
    sources = '\n'.join(path.read_text() for path in sorted(root.glob('tests/**/*.c')))
    return set(re.findall(r'cmocka_unit_test\w*\(\s*(\w+)', sources))


def self_test():
    page = ('| A | 00 B0, A0 B0 | `kb_a` | `a_test` |\n| B | 80 10 | `kb_b` | nothing |\n'
            '| C | 80 12 | `kb_c` | `another_test` |\n')
    there = {('00 B0', 'kb_a'), ('80 10', 'kb_b'), ('80 12', 'kb_c'), ('80 F2', 'kb_d')}
    found = list(check(there, page, {'a_test'}))
    wanted = ['80 F2, kb_d, has no row', 'no A0 B0, kb_a', 'no test cuts kb_b', 'kb_c: there is no test another_test']
    sys.exit(0 if len(found) == 4 and all(any(words in line for line in found) for words in wanted) else f'found {found}')


if sys.argv[1:] == ['--self-test']:
    self_test()
if len(sys.argv) != 2:
    sys.exit(__doc__)
top = pathlib.Path(sys.argv[1])
card = set(commands(top))
if len(card) < 60:
    sys.exit(f'only {len(card)} commands were found in the tables')
sys.exit('\n'.join(check(card, (top / PAGE).read_text(), known_tests(top))) or 0)
