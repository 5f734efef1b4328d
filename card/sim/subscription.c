/* SPDX-License-Identifier: Apache-2.0 */
/* The subscription in use, and the application that is current. */
#include <string.h>

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/tree.h"
#include "card/sim/inside.h"
#include "crypto/secret.h"

enum { PIN1 = 0x01 };

/* TS 101 220 annex E; the services of TS 31.102 clause 4.2.8 and TS 31.103 clause 4.2.7. */
static const struct kb_sim_application applications[] = {
    {{0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02}, 0x6F38, 0x6FD6, 0x6FDA, 68, true}, /* USIM */
    {{0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x04}, 0x6F07, 0x6FD5, 0x6FD7, 2, false}, /* ISIM */
};

enum { APPLICATIONS = sizeof(applications) / sizeof(applications[0]) };

/* --- The subscription in use --- */

/* True for a subscription that can answer something: K with what its algorithm adds to it, or with
 * an algorithm for GSM that adds nothing. */
static bool is_complete(struct kb_card *card, uint8_t subscription)
{
    struct kb_sim_options options;

    if (!kb_nvm_has(&card->nvm, (uint16_t)(KB_OBJ_KI + subscription)))
        return false;
    if (kb_nvm_has(&card->nvm, (uint16_t)(KB_OBJ_OPC + subscription)))
        return true;
    return !kb_sim_options_read(card, subscription, &options) &&
           (options.profile.algorithm == KB_AKA_XOR || options.profile.gsm != KB_GSM_CONVERTED);
}

/* What stays the same from one authentication to the next is read once. */
static enum kb_err prepare(struct kb_card *card)
{
    enum kb_err err;

    if (card->sim.is_loaded)
        return KB_OK;
    card->sim.subscription = is_complete(card, 1);
    err = kb_sim_sequence_load(card);
    card->sim.is_loaded = !err;
    return err;
}

void kb_sim_reset(struct kb_card *card)
{
    card->sim.is_loaded = false;
    card->sim.services = 0;
}

/* Reads a key whose length is that of its object; an absent one is empty. */
static enum kb_err load_key(struct kb_card *card, uint16_t object, uint8_t *key, size_t cap,
                            struct kb_span *out)
{
    size_t size = kb_nvm_size(&card->nvm, object);

    *out = kb_span(key, size);
    if (!size)
        return KB_OK;
    return size > cap ? KB_ERR_TOO_LONG : kb_nvm_read(&card->nvm, object, 0, key, size);
}

enum kb_err kb_sim_load(struct kb_card *card, struct kb_sim_material *m)
{
    enum kb_err err = prepare(card);
    uint8_t subscription = card->sim.subscription;

    if (!err)
        err = kb_sim_options_read(card, subscription, &m->options);
    if (!err)
        err = load_key(card, (uint16_t)(KB_OBJ_KI + subscription), m->k, sizeof(m->k), &m->keys.k);
    if (!err)
        err = load_key(card, (uint16_t)(KB_OBJ_OPC + subscription), m->top, sizeof(m->top),
                       &m->keys.top);
    return err || m->keys.k.len ? err : KB_ERR_ABSENT;
}

enum kb_sw kb_sim_sw(enum kb_err err)
{
    switch (err) {
    case KB_OK:
        return KB_SW_OK;
    case KB_ERR_ABSENT:
    case KB_ERR_RANGE: /* options that do not go together */
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    case KB_ERR_TOO_LONG:
    case KB_ERR_NVM_FULL:
        return KB_SW_AUTHENTICATION_NO_MEMORY;
    case KB_ERR_CRYPTO:
    case KB_ERR_RANDOM:
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    default:
        return KB_SW_MEMORY_PROBLEM;
    }
}

/* --- The application that is current --- */

static const struct kb_sim_application *application_of(struct kb_card *card)
{
    struct kb_file above;
    uint8_t aid[KB_AID_MAX];
    size_t len;

    if (card->adf.kind != KB_FILE_ADF || !kb_tree_application_of(card, &card->df, &above) ||
        above.object != card->adf.object)
        return NULL;
    len = kb_tree_aid(card, &card->adf, aid);
    for (size_t i = 0; i < APPLICATIONS; i++)
        if (len >= sizeof(applications[i].aid) &&
            !memcmp(aid, applications[i].aid, sizeof(applications[i].aid)))
            return &applications[i];
    return NULL;
}

const struct kb_sim_application *kb_sim_current(struct kb_card *card, enum kb_sw *sw)
{
    const struct kb_sim_application *application = application_of(card);

    *sw = KB_SW_CONDITIONS_NOT_SATISFIED;
    if (application && kb_pin_find(card, PIN1) >= 0 && !kb_access_has_pin(card, PIN1)) {
        *sw = KB_SW_SECURITY_NOT_SATISFIED;
        return NULL;
    }
    return application;
}

enum kb_err kb_sim_file(struct kb_card *card, uint16_t df, uint16_t fid, struct kb_file *file)
{
    enum kb_err err = kb_tree_load(card, card->adf.object, file);

    if (!err && df)
        err = kb_tree_open(card, file, df, file);
    return err ? err : kb_tree_open(card, file, fid, file);
}

bool kb_sim_has_service(struct kb_card *card, const struct kb_sim_application *application,
                        unsigned service, bool *has_table)
{
    uint16_t *known = &card->sim.services;
    struct kb_file table;
    enum kb_err err = *known ? kb_tree_load(card, *known, &table) : KB_ERR_ABSENT;
    uint8_t byte;

    /* The number may be that of another file, or of another application's table by now. */
    if (err || table.fid != application->services || table.parent != card->adf.object)
        err = kb_sim_file(card, 0, application->services, &table);
    *known = err ? 0 : table.object;
    if (has_table)
        *has_table = !err;
    if (err || kb_files_read(card, &table, (service - 1) / 8, &byte, 1))
        return false;
    return byte & 1u << (service - 1) % 8;
}
