/* SPDX-License-Identifier: Apache-2.0 */
/* What a field remembers for ever: tries left, locked, blocked, and which of its items are there.
 * The objects go by the field's number. */

#include "card/perso/session.h"

static uint16_t condition_object(const struct kb_image_field *field)
{
    return (uint16_t)(KB_OBJ_PERSO_TRIES + field->number % KB_FIELDS);
}

static uint16_t present_object(const struct kb_image_field *field)
{
    return (uint16_t)(KB_OBJ_PERSO_PRESENT + field->number % KB_FIELDS);
}

enum kb_err kb_condition_read(struct kb_card *card, const struct kb_image_field *field,
                              struct kb_condition *out)
{
    uint8_t stored[2];
    enum kb_err err;

    *out = (struct kb_condition){field->tries, KB_CONDITION_OPEN};
    if (!kb_nvm_has(&card->nvm, condition_object(field)))
        return KB_OK;
    err = kb_nvm_read(&card->nvm, condition_object(field), 0, stored, sizeof stored);
    if (err)
        return err;
    if (stored[0] < out->tries)
        out->tries = stored[0];
    out->kind = stored[1];
    if (out->kind != KB_CONDITION_OPEN && out->kind != KB_CONDITION_LOCKED)
        out->kind = KB_CONDITION_BLOCKED;
    if (out->kind == KB_CONDITION_OPEN && out->tries == 0)
        out->kind = KB_CONDITION_BLOCKED;
    return KB_OK;
}

enum kb_err kb_condition_write(struct kb_card *card, const struct kb_image_field *field,
                               const struct kb_condition *condition)
{
    const uint8_t stored[2] = {condition->tries, condition->kind};

    return kb_nvm_put(&card->nvm, condition_object(field), stored, sizeof stored);
}

enum kb_sw kb_condition_check(struct kb_request *request, struct kb_condition *out)
{
    if (kb_condition_read(request->card, &request->field, out))
        return KB_SW_MEMORY_PROBLEM;
    if (out->kind == KB_CONDITION_BLOCKED)
        return KB_SW_BLOCKED;
    return out->kind == KB_CONDITION_OPEN ? KB_SW_OK : KB_SW_CONDITIONS_NOT_SATISFIED;
}

enum kb_err kb_present_read(struct kb_card *card, const struct kb_image_field *field,
                            struct kb_present *out)
{
    *out = (struct kb_present){{0}};
    if (!kb_nvm_has(&card->nvm, present_object(field)))
        return KB_OK;
    return kb_nvm_read(&card->nvm, present_object(field), 0, out->bits, sizeof out->bits);
}

enum kb_err kb_present_write(struct kb_card *card, const struct kb_image_field *field,
                             const struct kb_present *present)
{
    return kb_nvm_put(&card->nvm, present_object(field), present->bits, sizeof present->bits);
}
