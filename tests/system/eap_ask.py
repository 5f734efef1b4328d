#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks keyborn eap serve one question in the words of hostapd, and prints its answer.

    eap_ask.py SOCKET QUESTION
"""
import os
import socket
import sys
import tempfile

server, question = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    own.bind(os.path.join(folder, 'own'))
    own.settimeout(10)
    own.sendto(question.encode(), server)
    print(own.recv(4096).decode())
