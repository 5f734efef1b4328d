/* SPDX-License-Identifier: Apache-2.0 */
/* One command sent to the rig, and names for the SPIs that are used often. */
#ifndef KB_TESTS_OTA_SENDING_H
#define KB_TESTS_OTA_SENDING_H

#include "tests/ota/rig.h"

enum {
    SIZE = 200, /* of a packet in these tests */
    CC = 0x02,
    CIPHERED = 0x04,
    HIGHER = 0x10,
    NEXT = 0x18,
    FULL = CC | CIPHERED | HIGHER,
    POR = 0x01,
    POR_ON_ERROR = 0x02,
    POR_FULL = 0x19 /* always, CC, ciphered */
};

static const uint8_t apdu[] = {0x00, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00};

static inline struct kb_span apdu_span(void)
{
    return kb_span(apdu, sizeof(apdu));
}

/* Sends one command with this counter. */
static inline enum kb_ota_verdict send_counted(struct rig *rig, uint8_t spi1, uint8_t spi2,
                                               uint64_t cntr, struct kb_ota_command *out)
{
    struct kb_ota_command command = rig_command(rig, spi1, spi2, cntr, apdu_span());
    static uint8_t packet[SIZE];
    size_t len = rig_protect(rig, &command, packet, sizeof(packet));

    return kb_ota_open(&rig->receiver, KB_PACKET_SMS, packet, len, out);
}

#endif
