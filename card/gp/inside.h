/* SPDX-License-Identifier: Apache-2.0 */
/* What the issuer security domain is made of. Private to card/gp. */
#ifndef KB_CARD_GP_INSIDE_H
#define KB_CARD_GP_INSIDE_H

#include "card/card.h"

enum {
    KB_GP_SLOT_FIELD = 8, /* the slot of the enabled field's keys */
    KB_GP_SLOT_NONE = 9,
    KB_GP_FIRST_FIELD = 0x38, /* + number of a field: key version of its keys */
    KB_GP_TRIES = 64,         /* wrong cryptograms in a row that block a key set */
    KB_GP_KIND_AES = 0x88,    /* table 11-16 */
    KB_GP_CPLC_PREPERSONALIZER = 26,
    KB_GP_CPLC_PERSONALIZER = 34,
    KB_GP_CPLC_PART = 8 /* of either: who (2), date (2), equipment (4) */
};

/* The AID of the domain, 8 bytes. */
extern const uint8_t kb_gp_aid[8];

/* What the domain remembers, KB_OBJ_GP: the card's life cycle (0: none was set), then for every
 * slot sequence counter and wrong cryptograms since the last right one. */
struct kb_gp_memory {
    uint8_t life_cycle;
    struct {
        uint8_t counter[KB_SCP03_COUNTER];
        uint8_t wrong;
    } slots[KB_GP_SETS + 1];
};

enum kb_err kb_gp_memory_read(struct kb_card *card, struct kb_gp_memory *out);
enum kb_err kb_gp_memory_write(struct kb_card *card, const struct kb_gp_memory *memory);

/* Static keys. Wiped by whoever read them. */
struct kb_gp_set {
    uint8_t version;
    uint8_t key_len;
    uint8_t keys[KB_GP_KEYS][KB_SCP03_KEY_MAX]; /* ENC, MAC, DEK */
};

/* KB_ERR_ABSENT: no key set there. */
enum kb_err kb_gp_set_read(struct kb_card *card, uint8_t slot, struct kb_gp_set *out);

/* Version and key length alone. */
enum kb_err kb_gp_set_describe(struct kb_card *card, uint8_t slot, uint8_t *version,
                               uint8_t *key_len);

/* The slot of a version, 00: of the first one; KB_GP_SLOT_NONE: there is none. */
uint8_t kb_gp_set_find(struct kb_card *card, uint8_t version);

/* Commands of the domain, each while it is the current application. Those that change something,
 * and GET STATUS, come secured. */
enum kb_sw kb_gp_initialize_update(struct kb_card *card, const struct kb_apdu *cmd,
                                   struct kb_writer *out);
enum kb_sw kb_gp_authenticate(struct kb_card *card, const struct kb_apdu *cmd,
                              struct kb_writer *out);
enum kb_sw kb_gp_get_data(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gp_get_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gp_set_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gp_put_key(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gp_store_data(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);

#endif
