/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 of IEEE 802.3 (reflected 0x04C11DB7, initial and final all ones), in steps: start with 0,
 * feed the result back. */
#ifndef KB_WIRE_CRC32_H
#define KB_WIRE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t kb_crc32(uint32_t crc, const void *data, size_t len);

#endif
