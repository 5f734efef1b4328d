/* SPDX-License-Identifier: Apache-2.0 */
/* GET PERSO STATE (docs/apdu.md 3): states, tries and names of items, never a value or a place. */

#include "card/perso/session.h"
#include "wire/tlv.h"

enum {
    TAG_STATE = 0xE1,
    TAG_SERIAL = 0x5A,
    TAG_LIFE_CYCLE = 0x80,
    TAG_FIELD = 0xA1,
    TAG_NUMBER = 0x80,
    TAG_FIELD_STATE = 0x81,
    TAG_TRIES = 0x82,
    TAG_PRESENT = 0xA3,
    TAG_MISSING = 0xA4,
    TAG_NAME = 0x8C,
    TAG_MANDATORY_NAME = 0x8D,
    SERIAL_MAX = 20,
    ANSWER_ROOM = 4,    /* tag and length of E1 at their longest */
    FIELD_ROOM = 4 + 9, /* A1 with three bytes, at its longest */
    LISTS_ROOM = 2 * 4  /* tag and length of A3 and A4 */
};

/* A field on its way into the answer. */
struct entry {
    struct kb_request *request;
    struct kb_image_field field;
    struct kb_condition condition;
    struct kb_present present;
    uint8_t index;
};

static uint8_t state_of(const struct entry *entry)
{
    const struct kb_perso *perso = &entry->request->card->perso;

    if (entry->condition.kind == KB_CONDITION_LOCKED)
        return KB_PERSO_LOCKED;
    if (entry->condition.kind == KB_CONDITION_BLOCKED)
        return KB_PERSO_BLOCKED;
    return perso->state != KB_PERSO_IDLE && perso->field == entry->index ? perso->state
                                                                         : KB_PERSO_IDLE;
}

/* Which names a pass over the items writes. */
struct selection {
    bool is_present;
    bool is_mandatory;
    bool is_any; /* mandatory or not */
    uint8_t tag;
};

static enum kb_err put_names(const struct entry *entry, const struct selection *selection,
                             struct kb_writer *out)
{
    const struct kb_image *image = &entry->request->image;

    for (uint8_t i = 0; i < entry->field.items; i++) {
        uint8_t name[KB_NAME_MAX], len;
        struct kb_image_item item;
        bool is_mandatory;
        enum kb_err err = kb_image_item(image, (uint8_t)(entry->field.first_item + i), &item);

        if (err)
            return err;
        is_mandatory = item.flags & KB_ITEM_MANDATORY;
        if (kb_present_has(&entry->present, i) != selection->is_present)
            continue;
        if (!selection->is_any && is_mandatory != selection->is_mandatory)
            continue;
        err = kb_image_name(image, item.name, name, &len);
        if (err)
            return err;
        kb_tlv_put(out, selection->tag, kb_span(name, len));
    }
    return KB_OK;
}

static enum kb_err put_lists(const struct entry *entry, struct kb_writer *out)
{
    static const struct selection present = {true, false, true, TAG_NAME};
    static const struct selection mandatory = {false, true, false, TAG_MANDATORY_NAME};
    static const struct selection missing = {false, false, false, TAG_NAME};
    size_t mark = kb_tlv_open(out, TAG_PRESENT);
    enum kb_err err = put_names(entry, &present, out);

    kb_tlv_close(out, mark);
    mark = kb_tlv_open(out, TAG_MISSING);
    if (!err)
        err = put_names(entry, &mandatory, out);
    if (!err)
        err = put_names(entry, &missing, out);
    kb_tlv_close(out, mark);
    return err;
}

static enum kb_err measure_names(const struct entry *entry, size_t *size)
{
    const struct kb_image *image = &entry->request->image;
    enum kb_err err = KB_OK;

    *size = 0;
    for (uint8_t i = 0; i < entry->field.items && !err; i++) {
        uint8_t name[KB_NAME_MAX], len = 0;
        struct kb_image_item item;

        err = kb_image_item(image, (uint8_t)(entry->field.first_item + i), &item);
        if (!err)
            err = kb_image_name(image, item.name, name, &len);
        *size += len + 2u;
    }
    return err;
}

/* Names are listed for the enabled field; while none is, for each locked one as long as there is
 * room, the fields behind it counted. */
static enum kb_err has_lists(const struct entry *entry, const struct kb_writer *out,
                             bool *is_listed)
{
    const struct kb_perso *perso = &entry->request->card->perso;
    size_t behind = (size_t)(entry->request->image.fields - entry->index) * FIELD_ROOM;
    uint8_t state = state_of(entry);
    size_t size;
    enum kb_err err;

    *is_listed = state != KB_PERSO_IDLE && state != KB_PERSO_BLOCKED;
    if (perso->state != KB_PERSO_IDLE && perso->field != entry->index)
        *is_listed = false;
    if (!*is_listed)
        return KB_OK;
    err = measure_names(entry, &size);
    if (size + LISTS_ROOM + ANSWER_ROOM + behind > out->cap - out->len)
        *is_listed = false;
    return err;
}

static enum kb_err put_field(struct entry *entry, struct kb_writer *out)
{
    struct kb_card *card = entry->request->card;
    bool is_listed;
    size_t mark;
    enum kb_err err = kb_image_field(&entry->request->image, entry->index, &entry->field);

    if (!err)
        err = kb_condition_read(card, &entry->field, &entry->condition);
    if (!err)
        err = kb_present_read(card, &entry->field, &entry->present);
    if (!err)
        err = has_lists(entry, out, &is_listed);
    if (err)
        return err;
    mark = kb_tlv_open(out, TAG_FIELD);
    kb_tlv_put_u8(out, TAG_NUMBER, entry->field.number);
    kb_tlv_put_u8(out, TAG_FIELD_STATE, state_of(entry));
    kb_tlv_put_u8(out, TAG_TRIES, entry->condition.tries);
    if (is_listed)
        err = put_lists(entry, out);
    kb_tlv_close(out, mark);
    return err;
}

static enum kb_err put_serial(struct kb_card *card, struct kb_writer *out)
{
    uint8_t serial[SERIAL_MAX];
    uint16_t size = kb_nvm_size(&card->nvm, KB_OBJ_SERIAL);
    enum kb_err err = KB_OK;

    if (size > sizeof serial)
        return KB_ERR_NVM;
    if (size > 0)
        err = kb_nvm_read(&card->nvm, KB_OBJ_SERIAL, 0, serial, size);
    kb_tlv_put(out, TAG_SERIAL, kb_span(serial, size));
    return err;
}

enum kb_sw kb_perso_state_of_card(struct kb_request *request, struct kb_writer *out)
{
    size_t mark;
    enum kb_err err;

    if (request->cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    mark = kb_tlv_open(out, TAG_STATE);
    err = put_serial(request->card, out);
    kb_tlv_put_u8(out, TAG_LIFE_CYCLE, request->card->life_cycle);
    for (uint8_t i = 0; i < request->image.fields && !err; i++) {
        struct entry entry = {.request = request, .index = i};

        err = put_field(&entry, out);
    }
    kb_tlv_close(out, mark);
    return err ? KB_SW_MEMORY_PROBLEM : KB_SW_OK;
}
