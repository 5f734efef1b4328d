/* SPDX-License-Identifier: Apache-2.0 */
/* A card on the test's table: memory in RAM behind a device that can cut the power, and a seeded
 * generator. */
#ifndef KB_TESTS_CARD_RIG_H
#define KB_TESTS_CARD_RIG_H

#include "card/card.h"
#include "card/nvm/flash_fault.h"
#include "card/nvm/flash_ram.h"

enum { RIG_SECTOR = 2048, RIG_SECTORS = 32 };

struct rig {
    uint8_t memory[RIG_SECTOR * RIG_SECTORS];
    struct kb_flash_ram ram;
    struct kb_nvm_device below, device;
    struct kb_flash_fault fault;
    struct kb_card_port port;
    struct kb_card card;
    uint64_t random;
    uint8_t response[KB_RESPONSE_MAX];
    size_t response_len;
};

/* A blank card, powered. */
void rig_blank(struct rig *rig);

/* The same with a memory of fewer sectors, an even number: it has to tidy up more often. */
void rig_blank_small(struct rig *rig, uint32_t sectors);

/* Power off and on; false when the card does not come up. */
bool rig_power(struct rig *rig);

/* Writes hex without blanks, and the length byte in front of what stands in brackets: "00A40004
 * (2F00)" gives "00A40004022F00". to needs no more room than from. */
void rig_expand(const char *from, char *to);

/* Sends one APDU given in hex, brackets expanded; the answer is in response. Returns SW. */
uint16_t rig_send(struct rig *rig, const char *hex);
uint16_t rig_send_bytes(struct rig *rig, struct kb_span command);

/* Makes the card SECURED without an algorithm: for tests of what does not need one. */
void rig_secure(struct rig *rig);

#endif
