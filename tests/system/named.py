#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a page names is there: tests by the names of their functions, files and links by their paths.

    named.py ROOT PAGE...       every name that leads nowhere on its own line; exit code 1 when there is one
    named.py --self-test        makes a page with one of each kind and expects each to be found
"""
import pathlib
import re
import sys
import tempfile

ROOMS = 'agree bench card cli crypto desk device docs examples fuzz net plan reader service sim tests tools wire'.split()
QUOTED = re.compile(r'`([^`\s]+)`')
SENTENCE = re.compile(r'(?!kb_)[a-z][a-z0-9]*(_[a-z0-9]+){3,}')  # a test says a sentence
LINK = re.compile(r'\]\(([^)#:\s]+)\)')


def functions(root):
    sources = sorted(root.glob('tests/**/*.c'))
    return set(re.findall(r'\b[a-z][a-z0-9_]+', '\n'.join(source.read_text() for source in sources)))


def lost(root, page, tests):
    """Names of this page that lead nowhere."""
    text = (root / page).read_text()
    for name in QUOTED.findall(text):
        is_path = name.split('/')[0] in ROOMS and '/' in name
        if is_path and not (root / name).exists():
            yield f'{page}: there is no {name}'
        elif SENTENCE.fullmatch(name) and name not in tests:
            yield f'{page}: there is no test {name}'
        elif name.endswith('.sh') and not is_path and not (root / 'tests/system' / name).exists():
            yield f'{page}: there is no tests/system/{name}'
    for target in LINK.findall(text):
        if not (root / page).parent.joinpath(target).exists():
            yield f'{page}: there is no page {target}'


def check(root, pages):
    tests = functions(root)
    return [line for page in pages for line in lost(root, page, tests)]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ('docs', 'tests/system', 'wire'):
            (root / name).mkdir(parents=True)
        (root / 'tests/test_it.c').write_text('static void a_thing_that_is_there(void **state)')
        (root / 'docs/page.md').write_text(
            '`a_thing_that_is_there` `a_thing_that_is_lost` `wire/lost.c` `lost.sh` `kb_a_function_of_ours` [x](lost.md) [y](page.md)')
        found = check(root, ['docs/page.md'])
    wanted = ['a_thing_that_is_lost', 'wire/lost.c', 'lost.sh', 'lost.md']
    sys.exit(0 if len(found) == 4 and all(any(name in line for line in found) for name in wanted) else f'found {found}')


if sys.argv[1:] == ['--self-test']:
    self_test()
if len(sys.argv) < 3:
    sys.exit(__doc__)
lines = check(pathlib.Path(sys.argv[1]), sys.argv[2:])
sys.exit('\n'.join(lines) or 0)
