/* SPDX-License-Identifier: Apache-2.0 */
/* A card out of a file, its flash copied to memory so that no disk is measured. */
#ifndef KB_BENCH_RAM_CARD_H
#define KB_BENCH_RAM_CARD_H

#include "card/card.h"
#include "card/nvm/flash_ram.h"

struct kb_ram_card {
    uint8_t *flash;
    struct kb_flash_ram ram;
    struct kb_nvm_device device;
    struct kb_card_port port;
    struct kb_card card;
    struct kb_span response;
};

/* Loads and powers the card, with this crypto backend. Gives up with a reason when it cannot. */
void kb_ram_card_load(struct kb_ram_card *card, const char *path, const struct kb_crypto *crypto);
void kb_ram_card_free(struct kb_ram_card *card);

/* Sends one APDU; response is its answer with SW, until the next one. Returns SW. */
uint16_t kb_ram_card_send(struct kb_ram_card *card, const uint8_t *command, size_t len);

/* The same from hexadecimal text. */
uint16_t kb_ram_card_send_hex(struct kb_ram_card *card, const char *hex);

#endif
