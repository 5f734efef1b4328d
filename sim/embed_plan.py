#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a file as a C array: the plan that `keyborn sim` uses when it is given none."""
import sys

source, target = sys.argv[1:]
data = open(source, 'rb').read()
rows = [', '.join(f'0x{byte:02X}' for byte in data[i:i + 16]) for i in range(0, len(data), 16)]
with open(target, 'w') as out:
    out.write('#include <stddef.h>\n\nextern const char kb_sim_plan_text[];\nextern const size_t kb_sim_plan_len;\n\n')
    out.write('const char kb_sim_plan_text[] = {\n    ' + ',\n    '.join(rows) + '};\n')
    out.write(f'const size_t kb_sim_plan_len = {len(data)};\n')
