/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PUT PERSO DATA in its three codings (docs/apdu.md 3): BER-TLV, data groupings, or one item with a
 * command of its own. Everything is read and checked before anything is written, and all of it is
 * written in one transaction.
 */

#include "card/cpa/cpa.h"
#include "card/perso/encode.h"
#include "card/perso/session.h"
#include "wire/tlv.h"

typedef bool (*next_object)(struct kb_cursor *rd, struct kb_tlv *out);

/* The items a command brings: from a list, or the one its row names. */
struct delivery {
    struct kb_request *request;
    next_object next; /* NULL: one item, the data is its value */
    struct kb_present brought;
};

/* What is done with each item. */
typedef enum kb_sw (*item_step)(struct delivery *delivery, uint8_t index,
                                const struct kb_image_item *item, struct kb_span value);

static enum kb_sw check_item(struct delivery *delivery, uint8_t index,
                             const struct kb_image_item *item, struct kb_span value)
{
    if (kb_present_has(&delivery->brought, index))
        return KB_SW_INCORRECT_DATA;
    kb_present_add(&delivery->brought, index);
    if (value.len < item->min || value.len > item->max)
        return KB_SW_INCORRECT_DATA;
    if (!kb_format_accepts((enum kb_item_format)item->format, value) ||
        !kb_check_accepts((enum kb_item_check)item->check, value))
        return KB_SW_INCORRECT_DATA;
    return kb_perso_sw(kb_store_check(delivery->request, item, value));
}

/* The value was checked: what fails now is the memory, or its place is not what it was when the
 * image was proven. */
static enum kb_sw write_item(struct delivery *delivery, uint8_t index,
                             const struct kb_image_item *item, struct kb_span value)
{
    enum kb_err err = kb_store_value(delivery->request, item, value);

    (void)index;
    if (err == KB_ERR_RULE)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    return err && err != KB_ERR_NVM_FULL ? KB_SW_MEMORY_PROBLEM : kb_perso_sw(err);
}

static enum kb_err read_item(const struct kb_request *request, uint8_t index,
                             struct kb_image_item *out)
{
    if (index >= request->field.items || index >= KB_FIELD_ITEMS)
        return KB_ERR_ABSENT;
    return kb_image_item(&request->image, (uint8_t)(request->field.first_item + index), out);
}

static enum kb_sw find_item(const struct kb_request *request, uint32_t tag, uint8_t *index,
                            struct kb_image_item *out)
{
    for (uint8_t i = 0; i < request->field.items && tag != 0; i++) {
        if (read_item(request, i, out))
            return KB_SW_MEMORY_PROBLEM;
        if (out->tag == tag) {
            *index = i;
            return KB_SW_OK;
        }
    }
    return KB_SW_REFERENCED_DATA_NOT_FOUND;
}

static enum kb_sw for_one(struct delivery *delivery, item_step step)
{
    uint8_t index = delivery->request->command.argument;
    struct kb_image_item item;

    if (read_item(delivery->request, index, &item))
        return KB_SW_MEMORY_PROBLEM;
    return step(delivery, index, &item, delivery->request->cmd->data);
}

static enum kb_sw for_each(struct delivery *delivery, item_step step)
{
    struct kb_cursor rd = kb_rd(delivery->request->cmd->data);
    enum kb_sw sw = KB_SW_OK;
    struct kb_tlv tlv;

    if (!delivery->next)
        return for_one(delivery, step);
    if (kb_rd_left(&rd) == 0)
        return KB_SW_WRONG_LENGTH;
    while (sw == KB_SW_OK && delivery->next(&rd, &tlv)) {
        struct kb_image_item item;
        uint8_t index;

        sw = find_item(delivery->request, tlv.tag, &index, &item);
        if (sw == KB_SW_OK)
            sw = step(delivery, index, &item, tlv.value);
    }
    return rd.is_bad ? KB_SW_INCORRECT_DATA : sw;
}

static enum kb_err note_present(struct delivery *delivery)
{
    struct kb_request *request = delivery->request;
    struct kb_present present, before;
    enum kb_err err = kb_present_read(request->card, &request->field, &before);
    uint8_t change = 0;

    for (size_t i = 0; i < sizeof present.bits; i++) {
        present.bits[i] = before.bits[i] | delivery->brought.bits[i];
        change |= present.bits[i] ^ before.bits[i];
    }
    if (err || !change)
        return err;
    return kb_present_write(request->card, &request->field, &present);
}

/* The authentication room keeps a copy of the key in use: it has to look again. */
static enum kb_sw write_all(struct delivery *delivery)
{
    struct kb_card *card = delivery->request->card;
    enum kb_sw sw = kb_perso_sw(kb_nvm_begin(&card->nvm));

    if (sw != KB_SW_OK)
        return sw;
    sw = for_each(delivery, write_item);
    if (sw == KB_SW_OK)
        sw = kb_perso_sw(note_present(delivery));
    if (sw == KB_SW_OK)
        sw = kb_perso_sw(kb_nvm_commit(&card->nvm));
    if (sw != KB_SW_OK)
        kb_nvm_rollback(&card->nvm);
    kb_sim_reset(card);
    return sw;
}

/* Whatever the table says: data is taken in PERSO, behind a right code, by an open field. */
enum { OPERATORS = 1 };

/* Whether one of the item's places is the operator's subscriber key. */
static bool is_key(const struct kb_request *request, const struct kb_image_item *item)
{
    for (uint8_t i = 0; i < item->writes; i++) {
        struct kb_image_write row;

        if (!kb_image_write(&request->image, (uint8_t)(item->first_write + i), &row) &&
            row.target == KB_TARGET_KI && row.object == OPERATORS)
            return true;
    }
    return false;
}

/* A pair that was made over the air is the operator's and the card's alone: a field that could
 * replace it, or the identity beside it, takes nothing any more. */
static bool is_overtaken(const struct kb_request *request)
{
    enum kb_cpa_state state = kb_cpa_state(request->card);
    const struct kb_image_field *field = &request->field;

    if (state != KB_CPA_TRIAL && state != KB_CPA_REPORTING && state != KB_CPA_DONE)
        return false;
    for (uint8_t i = 0; i < field->items; i++) {
        struct kb_image_item item;

        if (kb_image_item(&request->image, (uint8_t)(field->first_item + i), &item) ||
            is_key(request, &item))
            return true;
    }
    return false;
}

enum kb_sw kb_perso_put_allowed(struct kb_request *request, uint8_t *to)
{
    const struct kb_perso *perso = &request->card->perso;
    struct kb_condition condition;
    enum kb_sw sw = kb_condition_check(request, &condition);

    if (sw != KB_SW_OK)
        return sw;
    if (perso->state != KB_PERSO_PERSO || !perso->is_verified || is_overtaken(request))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (!kb_perso_is_protected(request->card))
        return KB_SW_SECURITY_NOT_SATISFIED;
    return kb_machine_next(request, KB_EVENT_PUT, to) ? KB_SW_CONDITIONS_NOT_SATISFIED : KB_SW_OK;
}

static enum kb_sw put(struct kb_request *request, next_object next)
{
    struct delivery delivery = {.request = request, .next = next};
    uint8_t to;
    enum kb_sw sw = kb_perso_put_allowed(request, &to);

    if (sw == KB_SW_OK)
        sw = for_each(&delivery, check_item);
    if (sw == KB_SW_OK)
        sw = write_all(&delivery);
    if (sw == KB_SW_OK)
        kb_machine_enter(request->card, to);
    return sw;
}

enum kb_sw kb_perso_put_tlv(struct kb_request *request, struct kb_writer *out)
{
    (void)out;
    return put(request, kb_tlv_next);
}

enum kb_sw kb_perso_put_dgi(struct kb_request *request, struct kb_writer *out)
{
    (void)out;
    return put(request, kb_dgi_next);
}

enum kb_sw kb_perso_put_item(struct kb_request *request, struct kb_writer *out)
{
    (void)out;
    return put(request, NULL);
}

static enum kb_err is_complete(struct kb_request *request, bool *complete)
{
    struct kb_present present;
    enum kb_err err = kb_present_read(request->card, &request->field, &present);

    *complete = true;
    for (uint8_t i = 0; i < request->field.items && !err; i++) {
        struct kb_image_item item;

        err = read_item(request, i, &item);
        if (!err && (item.flags & KB_ITEM_MANDATORY) && !kb_present_has(&present, i))
            *complete = false;
    }
    return err;
}

enum kb_sw kb_perso_lock(struct kb_request *request, struct kb_writer *out)
{
    const struct kb_perso *perso = &request->card->perso;
    struct kb_condition condition;
    bool complete;
    uint8_t to;
    enum kb_sw sw = kb_condition_check(request, &condition);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (perso->state != KB_PERSO_PERSO || !perso->is_verified ||
        kb_machine_next(request, KB_EVENT_LOCK, &to))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (!kb_perso_is_protected(request->card))
        return KB_SW_SECURITY_NOT_SATISFIED;
    if (request->cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (is_complete(request, &complete))
        return KB_SW_MEMORY_PROBLEM;
    if (!complete)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    condition.kind = KB_CONDITION_LOCKED;
    if (kb_condition_write(request->card, &request->field, &condition))
        return KB_SW_MEMORY_PROBLEM;
    request->card->perso.is_verified = false;
    kb_machine_enter(request->card, KB_PERSO_LOCKED);
    return KB_SW_OK;
}
