#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Datagrams hostapd never sends, to keyborn eap serve: each gets FAILURE or nothing, and a good
question after all of them gets its vector.

    eap_noise.py SOCKET IMSI
"""
import os
import random
import socket
import sys
import tempfile

server, imsi = sys.argv[1:]
FAILURE = [
    'AKA-REQ-AUTH 001010000099999',
    'AKA-REQ-AUTH 0010100000000000001',
    f'AKA-REQ-AUTH {imsi} more',
    f'SIM-REQ-AUTH {imsi}',
    f'SIM-REQ-AUTH {imsi} 0',
    f'SIM-REQ-AUTH {imsi} -1',
    f'SIM-REQ-AUTH {imsi} 3 3',
    f'SIM-REQ-AUTH {imsi} 4294967297',
]
NOTHING = [
    '', ' ', '\0', 'AKA-REQ-AUTH', 'AKA-REQ-AUTH ', 'AKA-REQ-AUTH  ' + imsi, 'aka-req-auth ' + imsi,
    'AKA-REQ-AUTH ' + imsi + '\n', 'AKA-REQ-AUTH ' + imsi + '\0', 'AKA-REQ-AUTH ' + '1' * 20,
    'AKA-REQ-AUTH %s%n', 'HELP ' + imsi, 'AKA-REQ-AUTH ' + '1' * 5000,
    f'AKA-AUTS {imsi}', f'AKA-AUTS {imsi} 00 00', f'AKA-AUTS {imsi} ' + 28 * '0' + ' ' + 32 * '0',
    f'AKA-AUTS {imsi} ' + 28 * 'x' + ' ' + 32 * '0', 'AKA-AUTS 001010000099999 ' + 28 * '0' + ' ' + 32 * '0',
]

with tempfile.TemporaryDirectory() as folder:
    own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    own.bind(os.path.join(folder, 'own'))
    own.settimeout(10)

    def ask(data):
        own.sendto(data, server)

    def expect(text):
        seen = own.recv(2000).decode()
        if not seen.startswith(text):
            sys.exit(f'expected {text!r}, got {seen!r}')

    for question in FAILURE:
        ask(question.encode())
        kind, subscriber = question.split(' ')[:2]
        expect(f'{kind.replace("REQ", "RESP")} {subscriber} FAILURE')
    for question in NOTHING:
        ask(question.encode())
    noise = random.Random(1)
    for _ in range(200):
        ask(noise.randbytes(noise.randrange(1500)))
    # Somebody without a name cannot be answered, and one who does not listen stops nobody.
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(f'SIM-REQ-AUTH {imsi} 3'.encode(), server)
    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    deaf.bind(os.path.join(folder, 'deaf'))
    for _ in range(300):
        deaf.sendto(f'SIM-REQ-AUTH {imsi} 3'.encode(), server)
    # What answers nothing answers nothing before this either: the next datagram is the answer.
    ask(f'SIM-REQ-AUTH {imsi} 3'.encode())
    expect(f'SIM-RESP-AUTH {imsi} ')
