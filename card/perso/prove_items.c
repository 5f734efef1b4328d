/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of fields and items (docs/loader.md 2 and 5). */

#include "card/perso/prove.h"

bool kb_prove_name(const struct kb_image *image, uint16_t offset, uint8_t *len)
{
    uint8_t name[KB_NAME_MAX];

    if (kb_image_name(image, offset, name, len))
        return false;
    for (uint8_t i = 0; i < *len; i++) {
        if (name[i] < ' ' || name[i] > '~')
            return false;
    }
    return true;
}

/* Rows handed out so far: each field takes the next ones, so that every row has one owner. */
struct handed_out {
    unsigned items;
    unsigned commands;
    uint8_t numbers; /* of fields, a bit each */
};

static enum kb_err prove_field(const struct kb_image *image, const struct kb_image_field *row,
                               struct handed_out *so_far)
{
    uint8_t len;

    if (row->number >= KB_FIELDS || row->tries == 0 || row->tries > KB_TRIES_MAX)
        return KB_ERR_RANGE;
    if (row->items > KB_FIELD_ITEMS || row->reserved != 0)
        return KB_ERR_RANGE;
    if (so_far->numbers & 1 << row->number)
        return KB_ERR_RULE;
    if (row->first_item != so_far->items || row->first_command != so_far->commands)
        return KB_ERR_RULE;
    so_far->numbers |= (uint8_t)(1 << row->number);
    so_far->items += row->items;
    so_far->commands += row->commands;
    return kb_prove_name(image, row->name, &len) ? KB_OK : KB_ERR_MALFORMED;
}

enum kb_err kb_prove_fields(struct kb_card *card, const struct kb_image *image)
{
    struct handed_out so_far = {0};

    (void)card;
    for (uint8_t f = 0; f < image->fields; f++) {
        struct kb_image_field row;
        enum kb_err err = kb_image_field(image, f, &row);

        if (!err)
            err = prove_field(image, &row, &so_far);
        if (err)
            return err;
    }
    return so_far.items == image->items && so_far.commands == image->commands ? KB_OK : KB_ERR_RULE;
}

static enum kb_err prove_item(const struct kb_image_item *row, unsigned first_write)
{
    if (row->format >= KB_ITEM_FORMATS || row->check >= KB_ITEM_CHECKS)
        return KB_ERR_RANGE;
    if (row->min > row->max || row->max == 0 || row->max > KB_ITEM_MAX)
        return KB_ERR_RANGE;
    if ((row->flags & ~KB_ITEM_MANDATORY) || row->reserved != 0)
        return KB_ERR_MALFORMED;
    return row->first_write == first_write && row->writes > 0 ? KB_OK : KB_ERR_RULE;
}

/* The items of one field; their names have to fit together in the answer of GET PERSO STATE. */
static enum kb_err prove_items_of(const struct kb_image *image, const struct kb_image_field *field,
                                  unsigned *writes)
{
    unsigned names = 0;

    for (uint8_t i = 0; i < field->items; i++) {
        struct kb_image_item row;
        enum kb_err err = kb_image_item(image, (uint8_t)(field->first_item + i), &row);
        uint8_t len;

        if (!err)
            err = prove_item(&row, *writes);
        if (err)
            return err;
        if (!kb_prove_name(image, row.name, &len))
            return KB_ERR_MALFORMED;
        *writes += row.writes;
        names += len + 2u;
    }
    return names <= KB_NAMES_MAX ? KB_OK : KB_ERR_TOO_LONG;
}

enum kb_err kb_prove_items(struct kb_card *card, const struct kb_image *image)
{
    unsigned writes = 0;

    (void)card;
    for (uint8_t f = 0; f < image->fields; f++) {
        struct kb_image_field field;
        enum kb_err err = kb_image_field(image, f, &field);

        if (!err)
            err = prove_items_of(image, &field, &writes);
        if (err)
            return err;
    }
    return writes == image->writes ? KB_OK : KB_ERR_RULE;
}

static enum kb_err find_action(const struct kb_image *image, const struct kb_image_field *field,
                               enum kb_perso_action action, bool *is_there)
{
    *is_there = false;
    for (uint8_t c = 0; c < field->commands; c++) {
        struct kb_image_command row;
        enum kb_err err = kb_image_command(image, (uint8_t)(field->first_command + c), &row);

        if (err)
            return err;
        if (row.action == action)
            *is_there = true;
    }
    return KB_OK;
}

/* One byte, or two of which the second one ends the tag (ISO/IEC 7816-4 clause 5.2.2.1). Tag 0
 * names nothing: the item has a command of its own. */
static bool is_ber_tag(uint16_t tag)
{
    uint8_t first = tag > 0xFF ? (uint8_t)(tag >> 8) : (uint8_t)tag;
    bool has_second = (first & 0x1F) == 0x1F;

    if (tag == 0)
        return true;
    return has_second == (tag > 0xFF) && (!has_second || ((tag & 0x80) == 0 && (tag & 0xFF) != 0));
}

static enum kb_err prove_tag(const struct kb_image *image, const struct kb_image_field *field,
                             uint8_t item, bool is_ber)
{
    struct kb_image_item row, other;
    enum kb_err err = kb_image_item(image, (uint8_t)(field->first_item + item), &row);

    if (!err && is_ber && !is_ber_tag(row.tag))
        return KB_ERR_RULE;
    for (uint8_t i = (uint8_t)(item + 1); i < field->items && !err; i++) {
        err = kb_image_item(image, (uint8_t)(field->first_item + i), &other);
        if (!err && row.tag != 0 && row.tag == other.tag)
            return KB_ERR_RULE;
    }
    return err;
}

static enum kb_err prove_tags_of(const struct kb_image *image, const struct kb_image_field *field)
{
    bool is_ber, is_dgi;
    enum kb_err err = find_action(image, field, KB_ACTION_PUT_TLV, &is_ber);

    if (!err)
        err = find_action(image, field, KB_ACTION_PUT_DGI, &is_dgi);
    if (err || (!is_ber && !is_dgi))
        return err;
    for (uint8_t i = 0; i < field->items && !err; i++)
        err = prove_tag(image, field, i, is_ber);
    return err;
}

enum kb_err kb_prove_tags(struct kb_card *card, const struct kb_image *image)
{
    (void)card;
    for (uint8_t f = 0; f < image->fields; f++) {
        struct kb_image_field field;
        enum kb_err err = kb_image_field(image, f, &field);

        if (!err)
            err = prove_tags_of(image, &field);
        if (err)
            return err;
    }
    return KB_OK;
}
