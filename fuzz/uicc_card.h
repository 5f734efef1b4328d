/* SPDX-License-Identifier: Apache-2.0 */
/* A finished card of the plan of a complete UICC, with keys in it that fuzz targets know. */
#ifndef KB_FUZZ_UICC_CARD_H
#define KB_FUZZ_UICC_CARD_H

#include "card/card.h"
#include "card/nvm/flash_fault.h"
#include "card/nvm/flash_ram.h"
#include "desk/personalize.h"

enum { UICC_SECRETS = 64, UICC_SECRET = 16, UICC_GP_VERSION = 0x30 };

/* One for the process. */
struct uicc_card {
    uint64_t random;
    uint8_t *flash, *made; /* made: as the factory handed it over */
    size_t size;
    struct kb_flash_ram ram;
    struct kb_nvm_device below, device;
    struct kb_flash_fault fault;
    struct kb_card_port port;
    struct kb_card card;
    uint8_t secrets[UICC_SECRETS][UICC_SECRET]; /* what no answer may hold */
    size_t secret_count;
    uint8_t code[KB_PERSO_CODE]; /* of the telecom field */
};

/* ENC, MAC, DEK of the key set UICC_GP_VERSION of the security domain. */
extern const uint8_t uicc_gp_keys[3][16];

/* Makes it; ends the process when that fails. */
void uicc_card_make(struct uicc_card *uicc);

/* Power comes back: the card has to come up. */
void uicc_card_power(struct uicc_card *uicc);

/* As it was made, powered. */
void uicc_card_renew(struct uicc_card *uicc);

#endif
