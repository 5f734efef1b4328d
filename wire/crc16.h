/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-16 of ISO/IEC 13239 as TS 102 225 clause 5.1.3.1 wants it (reflected 0x1021, initial and
 * final all ones), in steps: start with 0, feed the result back. */
#ifndef KB_WIRE_CRC16_H
#define KB_WIRE_CRC16_H

#include <stddef.h>
#include <stdint.h>

uint16_t kb_crc16(uint16_t crc, const void *data, size_t len);

#endif
