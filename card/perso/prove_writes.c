/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of writes (docs/loader.md 6): each place exists, takes what is written there, and belongs
 * to one item of one field, so that a locked field stays as it is whatever another one does. */

#include "card/perso/prove.h"

#include "card/card.h"
#include "card/files/tree.h"
#include "card/perso/profile.h"
#include "card/perso/encode.h"

enum {
    SERIAL_MAX = 20,
    SPN_DISPLAY_MAX = 3 /* TS 31.102 clause 4.2.12: two bits */
};

typedef enum kb_err (*target_rule)(struct kb_card *card, const struct kb_image_item *item,
                                   const struct kb_image_write *row);

static bool is_pathless(const struct kb_image_write *row)
{
    unsigned any = row->path.depth | row->record | row->offset;

    for (size_t i = 0; i < KB_FILE_DEPTH; i++)
        any |= row->path.fid[i];
    return any == 0;
}

static bool is_path_sound(const struct kb_path *path)
{
    if (path->depth > KB_FILE_DEPTH)
        return false;
    for (uint8_t i = 0; i < KB_FILE_DEPTH; i++) {
        if (i < path->depth && (path->fid[i] == 0 || path->fid[i] == KB_FID_CURRENT_ADF))
            return false;
        if (i >= path->depth && path->fid[i] != 0)
            return false;
    }
    return true;
}

/* Bytes at the write's record, 0 when there is no such place. A cyclic file has no fixed records.
 */
static size_t room_in(const struct kb_file *file, uint8_t record)
{
    if (file->kind == KB_FILE_TRANSPARENT)
        return record == 0 ? file->size : 0;
    if (file->kind == KB_FILE_LINEAR_FIXED && record > 0 && record <= file->record_count)
        return file->record_size;
    return 0;
}

enum kb_err kb_prove_place(struct kb_card *card, const struct kb_image_write *row,
                           struct kb_file *file)
{
    struct kb_file itself;
    enum kb_err err = kb_files_open(card, &row->path, file);

    if (!err)
        err = kb_tree_load(card, file->object, &itself);
    if (err)
        return err;
    /* By its other names a file would be a second place, and its own. */
    if (itself.fid != file->fid || itself.parent != file->parent)
        return KB_ERR_RULE;
    return (size_t)row->offset + row->length <= room_in(file, row->record) ? KB_OK : KB_ERR_RANGE;
}

static enum kb_err prove_file(struct kb_card *card, const struct kb_image_item *item,
                              const struct kb_image_write *row)
{
    struct kb_file file;

    (void)item;
    return is_path_sound(&row->path) ? kb_prove_place(card, row, &file) : KB_ERR_MALFORMED;
}

static enum kb_err prove_secret(struct kb_card *card, const struct kb_image_item *item,
                                const struct kb_image_write *row)
{
    (void)card;
    (void)item;
    return row->object < KB_SECRETS_OF_PLANS && row->length <= KB_ITEM_MAX ? KB_OK : KB_ERR_RANGE;
}

static enum kb_err prove_pin(struct kb_card *card, const struct kb_image_item *item,
                             const struct kb_image_write *row)
{
    (void)item;
    if (row->object >= KB_PINS || row->length != KB_PIN_SIZE || row->argument > 1)
        return KB_ERR_RANGE;
    if (row->encoder != KB_ENCODE_PIN && row->encoder != KB_ENCODE_RAW)
        return KB_ERR_RULE;
    return kb_nvm_size(&card->nvm, (uint16_t)(KB_OBJ_PIN + row->object)) == KB_PIN_OBJECT
               ? KB_OK
               : KB_ERR_ABSENT;
}

static bool is_key_length(size_t len)
{
    return len == KB_KI_SHORT || len == KB_KI_LONG;
}

/* A subscriber key has all of its bytes from the value: none is padding. An item may leave open
 * which of the two lengths it has; the value has to be one of them. */
static enum kb_err prove_key(struct kb_card *card, const struct kb_image_item *item,
                             const struct kb_image_write *row)
{
    (void)card;
    if (row->object >= KB_SUBSCRIPTIONS || row->length != item->max)
        return KB_ERR_RANGE;
    if (row->encoder != KB_ENCODE_RAW)
        return KB_ERR_RULE;
    return is_key_length(item->min) && is_key_length(item->max) ? KB_OK : KB_ERR_RANGE;
}

static enum kb_err prove_serial(struct kb_card *card, const struct kb_image_item *item,
                                const struct kb_image_write *row)
{
    (void)card;
    (void)item;
    if (row->encoder != KB_ENCODE_RAW)
        return KB_ERR_RULE;
    return row->object == 0 && row->length <= SERIAL_MAX ? KB_OK : KB_ERR_RANGE;
}

static enum kb_err prove_aka(struct kb_card *card, const struct kb_image_item *item,
                             const struct kb_image_write *row)
{
    (void)card;
    (void)item;
    if (row->encoder != KB_ENCODE_AKA)
        return KB_ERR_RULE;
    return row->object < KB_SUBSCRIPTIONS && row->length == kb_profile_part_size(row->argument)
               ? KB_OK
               : KB_ERR_RANGE;
}

enum kb_err kb_prove_key_set(struct kb_card *card, const struct kb_image_write *row)
{
    uint16_t object = (uint16_t)(KB_OBJ_GP_KEYS + row->object);

    return row->object < KB_GP_SETS &&
                   kb_nvm_size(&card->nvm, object) == (size_t)KB_KEY_SET_HEADER + row->length
               ? KB_OK
               : KB_ERR_RULE;
}

/* The maker's set is there, and each byte of its keys comes from the value. */
static enum kb_err prove_scp03(struct kb_card *card, const struct kb_image_item *item,
                               const struct kb_image_write *row)
{
    if (row->encoder != KB_ENCODE_RAW || item->min != row->length || item->max != row->length)
        return KB_ERR_RULE;
    return kb_prove_key_set(card, row);
}

static const target_rule target_rules[KB_WRITE_TARGETS] = {
    [KB_TARGET_FILE] = prove_file, [KB_TARGET_SECRET] = prove_secret,
    [KB_TARGET_PIN] = prove_pin,   [KB_TARGET_KI] = prove_key,
    [KB_TARGET_OPC] = prove_key,   [KB_TARGET_SERIAL] = prove_serial,
    [KB_TARGET_AKA] = prove_aka,   [KB_TARGET_SCP03] = prove_scp03,
};

static bool is_argument_sound(const struct kb_image_write *row)
{
    if (row->encoder == KB_ENCODE_SPN)
        return row->argument <= SPN_DISPLAY_MAX;
    return row->target == KB_TARGET_PIN || row->target == KB_TARGET_AKA || row->argument == 0;
}

static enum kb_err prove_write(struct kb_card *card, const struct kb_image_item *item,
                               const struct kb_image_write *row)
{

    if (row->encoder >= KB_ENCODERS || row->target >= KB_WRITE_TARGETS)
        return KB_ERR_RANGE;
    if (row->encoder == KB_ENCODE_AKA && row->target != KB_TARGET_AKA)
        return KB_ERR_RULE;
    if (row->reserved != 0 || (row->target != KB_TARGET_FILE && !is_pathless(row)))
        return KB_ERR_MALFORMED;
    if (!kb_encoder_fills((enum kb_encoder)row->encoder, row->length))
        return KB_ERR_RANGE;
    if (row->encoder != KB_ENCODE_RAW && row->length > KB_ENCODED_MAX)
        return KB_ERR_TOO_LONG;
    if (!is_argument_sound(row))
        return KB_ERR_RANGE;
    return target_rules[row->target](card, item, row);
}

enum kb_err kb_prove_writes(struct kb_card *card, const struct kb_image *image)
{
    for (uint8_t i = 0; i < image->items; i++) {
        struct kb_image_item item;
        enum kb_err err = kb_image_item(image, i, &item);

        for (uint8_t w = 0; w < item.writes && !err; w++) {
            struct kb_image_write row;

            err = kb_image_write(image, (uint8_t)(item.first_write + w), &row);
            if (!err)
                err = prove_write(card, &item, &row);
        }
        if (err)
            return err;
    }
    return KB_OK;
}

static bool is_same_path(const struct kb_path *a, const struct kb_path *b)
{
    unsigned difference = a->depth ^ b->depth;

    for (size_t i = 0; i < KB_FILE_DEPTH; i++)
        difference |= (unsigned)a->fid[i] ^ b->fid[i];
    return difference == 0;
}

static bool do_places_meet(const struct kb_image_write *a, const struct kb_image_write *b)
{
    if (a->target != b->target)
        return false;
    if (a->target == KB_TARGET_AKA && a->argument != b->argument)
        return false;
    if (a->target != KB_TARGET_FILE)
        return a->object == b->object;
    return is_same_path(&a->path, &b->path) && a->record == b->record &&
           a->offset < (unsigned)b->offset + b->length &&
           b->offset < (unsigned)a->offset + a->length;
}

/* PIN and unblock code are one object, but two values. */
static bool are_both_codes(const struct kb_image_write *a, const struct kb_image_write *b)
{
    return a->target == KB_TARGET_PIN && a->argument != b->argument;
}

/* No later write meets the one with this index; field_end is where the writes of its field end. */
static enum kb_err prove_place(const struct kb_image *image, unsigned index, unsigned field_end)
{
    struct kb_image_write row, other;
    enum kb_err err = kb_image_write(image, (uint8_t)index, &row);

    for (unsigned i = index + 1; i < image->writes && !err; i++) {
        err = kb_image_write(image, (uint8_t)i, &other);
        if (err || !do_places_meet(&row, &other))
            continue;
        if (i >= field_end || !are_both_codes(&row, &other))
            return KB_ERR_RULE;
    }
    return err;
}

/* Writes are grouped by item and items by field, so a field's writes are a range. */
static enum kb_err end_of_writes(const struct kb_image *image, const struct kb_image_field *field,
                                 unsigned *end)
{
    struct kb_image_item last;
    enum kb_err err;

    if (field->items == 0)
        return KB_OK;
    err = kb_image_item(image, (uint8_t)(field->first_item + field->items - 1), &last);
    if (!err)
        *end = (unsigned)last.first_write + last.writes;
    return err;
}

enum kb_err kb_prove_places(struct kb_card *card, const struct kb_image *image)
{
    unsigned at = 0, end = 0;

    (void)card;
    for (uint8_t f = 0; f < image->fields; f++) {
        struct kb_image_field field;
        enum kb_err err = kb_image_field(image, f, &field);

        if (!err)
            err = end_of_writes(image, &field, &end);
        for (; at < end && !err; at++)
            err = prove_place(image, at, end);
        if (err)
            return err;
    }
    return KB_OK;
}
