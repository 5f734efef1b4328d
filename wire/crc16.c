/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-16, a bit a step: what it protects is a packet a minute. */
#include "wire/crc16.h"

enum { REFLECTED = 0x8408 }; /* 0x1021 from the other end */

uint16_t kb_crc16(uint16_t crc, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    unsigned value = (uint16_t)~crc;

    for (size_t i = 0; i < len; i++) {
        value ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            value = value >> 1 ^ (REFLECTED & (0u - (value & 1)));
    }
    return (uint16_t)~value;
}
