/* SPDX-License-Identifier: Apache-2.0 */
/* PUT OBJECT and SET STATUS (docs/apdu.md clauses 2.2 and 2.4). */

#include "card/maker.h"

#include "card/card.h"
#include "card/files/commands.h"

enum { P1_CARD = 0x80 };

/* The objects a maker fills, and how long they are; LOAD ALGORITHM and the card itself write the
 * others. */
static const struct {
    uint16_t first, count;
    uint8_t min, max;
} writable[] = {
    {KB_OBJ_SERIAL, 1, 1, 20},
    {KB_OBJ_MAKER_KEY, 1, KB_P256_PUBLIC, KB_P256_PUBLIC},
    {KB_OBJ_ATR, 1, 2, KB_ATR_MAX},
    {KB_OBJ_PERSO_TRIES, KB_FIELDS, 2, 2},
    {KB_OBJ_PERSO_CODE, KB_FIELDS, 16, 16},
    {KB_OBJ_PIN, KB_PINS, KB_PIN_OBJECT, KB_PIN_OBJECT},
    {KB_OBJ_PIN_TRIES, KB_PINS, KB_PIN_TRIES_OBJECT, KB_PIN_TRIES_OBJECT},
    {KB_OBJ_KI, KB_SUBSCRIPTIONS, 16, 16},
    {KB_OBJ_OPC, KB_SUBSCRIPTIONS, 16, 16},
    {KB_OBJ_SECRET, KB_SECRETS, 1, 255},
};

static enum kb_sw check_object(const struct kb_card *card, uint16_t object, size_t len)
{
    for (size_t i = 0; i < sizeof(writable) / sizeof(writable[0]); i++) {
        if (object < writable[i].first || object >= writable[i].first + writable[i].count)
            continue;
        if (len < writable[i].min || len > writable[i].max)
            return KB_SW_INCORRECT_DATA;
        if (object == KB_OBJ_MAKER_KEY && kb_nvm_has(&card->nvm, object))
            return KB_SW_CONDITIONS_NOT_SATISFIED;
        return KB_SW_OK;
    }
    return KB_SW_REFERENCED_DATA_NOT_FOUND;
}

enum kb_sw kb_maker_put_object(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    uint16_t object = kb_apdu_p1p2(cmd);
    enum kb_err err;
    enum kb_sw sw;

    (void)out;
    if (card->life_cycle != KB_LIFE_ADMINISTRATIVE)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    sw = check_object(card, object, cmd->data.len);
    if (sw != KB_SW_OK)
        return sw;
    err = kb_nvm_put(&card->nvm, object, cmd->data.data, cmd->data.len);
    if (err)
        return kb_files_sw(err);
    kb_sim_reset(card);
    return kb_pin_reset(card) ? KB_SW_MEMORY_PROBLEM : KB_SW_OK;
}

enum kb_sw kb_maker_set_status(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    const uint8_t secured = KB_LIFE_SECURED;
    enum kb_err err;

    (void)out;
    if (cmd->p1 != P1_CARD || cmd->p2 != KB_LIFE_SECURED)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (card->life_cycle != KB_LIFE_ADMINISTRATIVE || !card->perso.image_size)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    err = kb_nvm_put(&card->nvm, KB_OBJ_LIFE_CYCLE, &secured, 1);
    if (!err)
        card->life_cycle = secured;
    return kb_files_sw(err);
}
