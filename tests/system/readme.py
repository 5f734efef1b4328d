#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every example in the README does what the README says.

Blocks marked `console` are run in order, in one directory of their own that holds a copy of the
examples: a line that starts with `$ ` is a command (a trailing backslash goes on in the next line),
the lines up to the next one are what it prints, `...` stands for anything. Blocks marked `sh` may
only name the scripts and make targets that other tests run; that they exist is checked here.

    readme.py KEYBORN README
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

# A block is held to this many seconds: it must end, not be fast.
BOUND = 300


def blocks(text):
    """(language, first line's number, lines) of each fenced block."""
    language = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith('```'):
            if language is None:
                language, start, lines = line[3:], number + 1, []
            else:
                yield language, start, lines
                language = None
        elif language is not None:
            lines.append(line)


def examples(lines):
    """(command, expected output) of a console block."""
    command, expected, is_open = None, [], False
    for line in lines:
        if is_open:
            command, is_open = command + '\n' + line, line.endswith('\\')
        elif line.startswith('$ '):
            if command is not None:
                yield command, expected
            command, expected, is_open = line[2:], [], line.endswith('\\')
        else:
            expected.append(line)
    if command is not None:
        yield command, expected


def matches(expected, seen):
    pattern = '\n'.join(re.escape(line).replace(re.escape('...'), '.*') for line in expected)
    # A line of dots alone stands for any number of lines.
    pattern = re.sub(r'(?m)^\.\*$', r'(?s:.*)', pattern)
    return re.fullmatch(pattern, seen.rstrip('\n')) is not None


def run_console(lines, folder, environment):
    for command, expected in examples(lines):
        done = subprocess.run(['bash', '-c', command], cwd=folder, env=environment, timeout=BOUND, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0 or not matches(expected, done.stdout):
            yield f'$ {command}\nexit code {done.returncode}; printed:\n{done.stdout}expected:\n' + '\n'.join(expected)


def check_sh(lines, root):
    for line in lines:
        words = line.split('#')[0].split()
        if not words or words[0] in ('git', 'cd'):
            continue
        if words[0] == 'make':
            if subprocess.run(['make', '-n', '-C', root, *words[1:]], capture_output=True, check=False).returncode:
                yield f'{line}: no such target'
        elif not os.access(os.path.join(root, words[0]), os.X_OK):
            yield f'{line}: no such script'


def main():
    keyborn, readme = map(os.path.abspath, sys.argv[1:3])
    root = os.path.dirname(readme)
    with open(readme, encoding='utf-8') as file:
        text = file.read()
    wrong, count = [], 0
    with tempfile.TemporaryDirectory(prefix='keyborn-readme.') as folder:
        shutil.copytree(os.path.join(root, 'examples'), os.path.join(folder, 'examples'))
        environment = dict(os.environ, HOME=folder, LC_ALL='C.UTF-8',
                           PATH=os.path.dirname(keyborn) + ':' + os.environ['PATH'])
        environment.pop('KEYBORN_HOME', None)
        for language, start, lines in blocks(text):
            if language == 'console':
                found = list(run_console(lines, folder, environment))
                count += len(list(examples(lines)))
            elif language == 'sh':
                found = list(check_sh(lines, root))
            else:
                continue
            wrong += [f'{readme}:{start}: {what}' for what in found]
    print(*wrong, sep='\n')
    print(f'{count} examples run, {len(wrong)} wrong')
    return 1 if wrong or not count else 0


sys.exit(main())
