/* SPDX-License-Identifier: Apache-2.0 */
/* Where an item goes and how it is coded there. The card's loader proves the same (card/perso);
 * here the maker hears of it with the line. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "card/perso/encode.h"
#include "card/perso/profile.h"
#include "plan/build.h"

struct raw {
    const yaml_node_t *file, *pin, *unblock, *scp03;
    unsigned encoder;
    unsigned part;
    uint32_t record, offset, length, secret, ki, opc, aka, display;
    bool is_serial;
};

enum { SERIAL_MAX = 20, SMSP_SIZE = 28 };

#define ABSENT UINT32_MAX

static const struct kb_key keys[] = {
    {"encoder", KB_KEY_WORD, false, offsetof(struct raw, encoder), 0, 0, kb_words_encoder},
    {"file", KB_KEY_SCALAR, false, offsetof(struct raw, file), 0, 0, NULL},
    {"record", KB_KEY_NUMBER, false, offsetof(struct raw, record), 1, 254, NULL},
    {"offset", KB_KEY_NUMBER, false, offsetof(struct raw, offset), 0, 32766, NULL},
    {"length", KB_KEY_NUMBER, false, offsetof(struct raw, length), 1, KB_ITEM_MAX, NULL},
    {"display", KB_KEY_NUMBER, false, offsetof(struct raw, display), 0, 3, NULL},
    {"secret", KB_KEY_NUMBER, false, offsetof(struct raw, secret), 0, KB_SECRETS_OF_PLANS - 1,
     NULL},
    {"pin", KB_KEY_SCALAR, false, offsetof(struct raw, pin), 0, 0, NULL},
    {"unblock", KB_KEY_SCALAR, false, offsetof(struct raw, unblock), 0, 0, NULL},
    {"ki", KB_KEY_NUMBER, false, offsetof(struct raw, ki), 0, KB_SUBSCRIPTIONS - 1, NULL},
    {"opc", KB_KEY_NUMBER, false, offsetof(struct raw, opc), 0, KB_SUBSCRIPTIONS - 1, NULL},
    {"aka", KB_KEY_NUMBER, false, offsetof(struct raw, aka), 0, KB_SUBSCRIPTIONS - 1, NULL},
    {"part", KB_KEY_WORD, false, offsetof(struct raw, part), 0, 0, kb_words_aka},
    {"scp03", KB_KEY_SCALAR, false, offsetof(struct raw, scp03), 0, 0, NULL},
    {"serial", KB_KEY_FLAG, false, offsetof(struct raw, is_serial), 0, 0, NULL},
    {0},
};

/* --- The value must suit the encoder --- */

/* Formats and lengths of values that an encoder takes; per_byte: digits in a byte it fills. */
static const struct encoder {
    uint8_t formats; /* bit n: enum kb_item_format n */
    uint16_t min, max;
    uint8_t per_byte;
} encoders[KB_ENCODERS] = {
    [KB_ENCODE_RAW] = {0xFF, 0, KB_ITEM_MAX, 1},
    [KB_ENCODE_BCD] = {1u << KB_FORMAT_DIGITS, 0, KB_ITEM_MAX, 2},
    [KB_ENCODE_IMSI] = {1u << KB_FORMAT_DIGITS, 6, 15, 0},
    [KB_ENCODE_ICCID] = {1u << KB_FORMAT_DIGITS, 18, 20, 0},
    [KB_ENCODE_ACC] = {1u << KB_FORMAT_DIGITS, 6, 15, 0},
    [KB_ENCODE_PLMN] = {1u << KB_FORMAT_PLMNS, 0, KB_ITEM_MAX, 0},
    [KB_ENCODE_PLMN_ACT] = {1u << KB_FORMAT_PLMNS, 0, KB_ITEM_MAX, 0},
    [KB_ENCODE_SPN] = {1u << KB_FORMAT_TEXT, 0, 64, 0},
    [KB_ENCODE_SMSP] = {1u << KB_FORMAT_DIAL, 1, 21, 0},
    [KB_ENCODE_PIN] = {1u << KB_FORMAT_DIGITS, 4, 8, 0},
    [KB_ENCODE_MNC_LENGTH] = {1u << KB_FORMAT_DIGITS, 1, 1, 0},
    [KB_ENCODE_AKA] = {1u << KB_FORMAT_DIGITS | 1u << KB_FORMAT_TEXT, 1, 15, 0},
};

static enum kb_err check_format(struct kb_plan_build *build, const yaml_node_t *node,
                                const struct kb_plan_item *item, const struct raw *raw)
{
    if (!(encoders[raw->encoder].formats & 1u << item->format))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                            "encoder %s does not take format %s; change one of them",
                            kb_words_encoder[raw->encoder], kb_words_format[item->format]);
    if (raw->display != ABSENT && raw->encoder != KB_ENCODE_SPN)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "'display' goes with encoder spn; remove it");
    return KB_OK;
}

static enum kb_err check_length(struct kb_plan_build *build, const yaml_node_t *node,
                                const struct kb_plan_item *item, const struct kb_plan_write *write)
{
    const struct encoder *encoder = &encoders[write->encoder];
    const char *name = kb_words_encoder[write->encoder];
    size_t fits = encoder->max;

    if (!kb_encoder_fills((enum kb_encoder)write->encoder, write->length))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "encoder %s cannot fill %u bytes; it fills %zu%s", name, write->length,
                            kb_encoder_size((enum kb_encoder)write->encoder),
                            kb_encoder_size((enum kb_encoder)write->encoder)
                                ? ""
                                : ", that is whole entries of its list");
    if (write->encoder != KB_ENCODE_RAW && write->length > KB_ENCODED_MAX)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_TOO_LONG,
                            "encoder %s fills at most %d bytes; give a shorter 'length'", name,
                            KB_ENCODED_MAX);
    if (encoder->per_byte && (size_t)write->length * encoder->per_byte < fits)
        fits = (size_t)write->length * encoder->per_byte;
    if (item->min < encoder->min || item->max > fits)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "the item has %u to %u characters; encoder %s takes %u to %zu here",
                            item->min, item->max, name, encoder->min, fits);
    return KB_OK;
}

/* --- Files --- */

/* Bytes that the write may fill, from the start of the body or record. */
static enum kb_err room_in(struct kb_plan_build *build, const yaml_node_t *node,
                           const struct kb_plan_file *file, const struct raw *raw, size_t *room)
{
    *room = file->kind == KB_FILE_TRANSPARENT ? file->size : file->record_size;
    if (file->is_link)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                            "%s is another name for %s; write there", file->name,
                            kb_plan_path_text(&file->link).text);
    if (file->kind != KB_FILE_TRANSPARENT && file->kind != KB_FILE_LINEAR_FIXED)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                            "%s is no place for an item; use a transparent or linear-fixed file",
                            file->name);
    for (size_t i = 0; i < build->arr_count; i++) {
        if (file == &build->plan->files[build->arrs[i].file])
            return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                                "no item may change the access rules of an EF.ARR");
    }
    if (file->kind == KB_FILE_TRANSPARENT && raw->record)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "%s has no records; remove 'record'", file->name);
    if (file->kind == KB_FILE_LINEAR_FIXED && (!raw->record || raw->record > file->record_count))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "record is %u; %s has records 1 to %u", raw->record, file->name,
                            file->record_count);
    return KB_OK;
}

/* Offset and length as given, or: the encoder's own size, and for SMSP the end of the record, else
 * all that is left. */
static void place(const struct raw *raw, size_t room, struct kb_plan_write *write)
{
    size_t size = kb_encoder_size((enum kb_encoder)write->encoder);
    size_t offset = 0;

    if (write->encoder == KB_ENCODE_SMSP && room > SMSP_SIZE)
        offset = room - SMSP_SIZE;
    if (raw->offset != ABSENT)
        offset = raw->offset;
    if (!size)
        size = offset < room ? room - offset : 1;
    write->offset = (uint16_t)offset;
    write->length = (uint16_t)(raw->length ? raw->length : size);
}

static enum kb_err to_file(struct kb_plan_build *build, const yaml_node_t *node,
                           const struct raw *raw, struct kb_plan_write *write)
{
    const struct kb_plan_file *file;
    size_t room = 0;
    enum kb_err err = kb_plan_read_path(build, raw->file, "file", &write->path);

    if (err)
        return err;
    file = kb_plan_file_at(build->plan, &write->path);
    if (!file)
        return kb_yaml_fail(&build->yaml, raw->file, KB_ERR_ABSENT,
                            "file %s is not in this plan; add it under 'files'",
                            kb_plan_path_text(&write->path).text);
    err = room_in(build, node, file, raw, &room);
    if (err)
        return err;
    write->record = (uint8_t)raw->record;
    place(raw, room, write);
    if ((size_t)write->offset + write->length > room)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "bytes %u to %u do not lie in %s, which has %zu%s; correct offset or "
                            "length",
                            write->offset, write->offset + write->length - 1u, file->name, room,
                            file->record_size ? " in a record" : "");
    return KB_OK;
}

/* --- Objects --- */

static enum kb_err to_pin(struct kb_plan_build *build, const struct raw *raw,
                          const struct kb_plan_item *item, struct kb_plan_write *write)
{
    const yaml_node_t *node = raw->pin ? raw->pin : raw->unblock;
    uint8_t index = 0;
    enum kb_err err = kb_plan_pin_named(build, node, raw->pin ? "pin" : "unblock", &index);

    write->target = KB_TARGET_PIN;
    write->object = index;
    write->argument = raw->unblock ? 1 : 0;
    write->length = KB_PIN_SIZE;
    if (!err && write->encoder != KB_ENCODE_PIN)
        err = kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                           "a PIN is digits padded to 8 bytes; use encoder pin");
    if (!err && raw->unblock && (item->min != KB_PIN_SIZE || item->max != KB_PIN_SIZE))
        err = kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                           "an unblock code has 8 digits (TS 102 221 clause 9.5); use 'length: 8'");
    return err;
}

static bool is_key_length(size_t len)
{
    return len == KB_KI_SHORT || len == KB_KI_LONG;
}

static enum kb_err to_key(struct kb_plan_build *build, const yaml_node_t *node,
                          const struct kb_plan_item *item, struct kb_plan_write *write)
{
    write->length = item->max;
    if (write->encoder != KB_ENCODE_RAW || item->format != KB_FORMAT_BYTES ||
        !is_key_length(item->min) || !is_key_length(item->max))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                            "a subscriber key is 16 or 32 bytes as they are; use format bytes, "
                            "length 16 or 32 (or min 16 and max 32), encoder raw");
    return KB_OK;
}

/* A part of a subscription's authentication: the encoder follows from the target. */
static enum kb_err to_aka(struct kb_plan_build *build, const yaml_node_t *node,
                          const struct raw *raw, struct kb_plan_write *write)
{
    if (raw->part == UINT_MAX)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_ABSENT,
                            "which part of the authentication? Add 'part', such as algorithm");
    write->target = KB_TARGET_AKA;
    write->object = (uint16_t)raw->aka;
    write->argument = (uint8_t)raw->part;
    write->length = (uint16_t)kb_profile_part_size(write->argument);
    return KB_OK;
}

static enum kb_err to_secret(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct kb_plan_item *item, struct kb_plan_write *write)
{
    write->length = item->max;
    if (write->encoder == KB_ENCODE_RAW)
        return KB_OK;
    return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                        "secrets and the serial are kept as they are sent; use encoder raw");
}

/* The set's slot and the length of its keys are looked up when the security domain is known. */
static enum kb_err to_scp03(struct kb_plan_build *build, const yaml_node_t *node,
                            const struct kb_plan_item *item, struct kb_plan_write *write)
{
    uint8_t version = 0;
    size_t len;
    enum kb_err err = kb_schema_hex(&build->yaml, node, "scp03", 1, 1, &version, &len);

    write->target = KB_TARGET_SCP03;
    write->object = version;
    write->length = item->max;
    if (!err && (write->encoder != KB_ENCODE_RAW || item->format != KB_FORMAT_BYTES ||
                 item->min != item->max))
        err = kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                           "a key set is its three keys as they are, one behind the other; use "
                           "format bytes, one length, encoder raw");
    return err;
}

static enum kb_err to_serial(struct kb_plan_build *build, const yaml_node_t *node,
                             const struct kb_plan_item *item, struct kb_plan_write *write)
{
    if (item->format != KB_FORMAT_DIGITS || item->max > SERIAL_MAX)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_RANGE,
                            "the card's identifier has at most %d digits; use format digits and a "
                            "smaller max",
                            SERIAL_MAX);
    write->target = KB_TARGET_SERIAL;
    return to_secret(build, node, item, write);
}

/* --- One write, and all of an item --- */

static enum kb_err read_target(struct kb_plan_build *build, const yaml_node_t *node,
                               const struct raw *raw, const struct kb_plan_item *item,
                               struct kb_plan_write *write)
{
    int targets = !!raw->file + !!raw->pin + !!raw->unblock + (raw->secret != ABSENT) +
                  (raw->ki != ABSENT) + (raw->opc != ABSENT) + (raw->aka != ABSENT) + !!raw->scp03 +
                  raw->is_serial;

    if (targets != 1)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "a write has one target, this one has %d; name one of file, secret, "
                            "pin, unblock, ki, opc, aka, scp03 or serial",
                            targets);
    if (!raw->file && (raw->record || raw->offset != ABSENT || raw->length))
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "record, offset and length go with a file; remove them");
    if (raw->file)
        return to_file(build, node, raw, write);
    if (raw->pin || raw->unblock)
        return to_pin(build, raw, item, write);
    if (raw->aka != ABSENT)
        return to_aka(build, node, raw, write);
    if (raw->scp03)
        return to_scp03(build, raw->scp03, item, write);
    if (raw->is_serial)
        return to_serial(build, node, item, write);
    if (raw->secret != ABSENT) {
        write->target = KB_TARGET_SECRET;
        write->object = (uint16_t)raw->secret;
        return to_secret(build, node, item, write);
    }
    write->target = raw->ki != ABSENT ? KB_TARGET_KI : KB_TARGET_OPC;
    write->object = (uint16_t)(raw->ki != ABSENT ? raw->ki : raw->opc);
    return to_key(build, node, item, write);
}

static enum kb_err read_write(struct kb_plan_build *build, const yaml_node_t *node,
                              const struct kb_plan_item *item, struct kb_plan_write *write)
{
    struct raw raw = {.encoder = KB_ENCODE_RAW,
                      .offset = ABSENT,
                      .secret = ABSENT,
                      .ki = ABSENT,
                      .opc = ABSENT,
                      .aka = ABSENT,
                      .part = UINT_MAX,
                      .display = ABSENT};
    enum kb_err err = kb_schema_read(&build->yaml, node, keys, &raw);

    if (err)
        return err;
    if ((raw.part != UINT_MAX || raw.encoder == KB_ENCODE_AKA) && raw.aka == ABSENT)
        return kb_yaml_fail(&build->yaml, node, KB_ERR_MALFORMED,
                            "'part' and encoder aka go with 'aka'; remove them or add that");
    if (raw.aka != ABSENT)
        raw.encoder = KB_ENCODE_AKA;
    write->encoder = (uint8_t)raw.encoder;
    if (raw.display != ABSENT)
        write->argument = (uint8_t)raw.display;
    err = check_format(build, node, item, &raw);
    if (!err)
        err = read_target(build, node, &raw, item, write);
    return err ? err : check_length(build, node, item, write);
}

static bool is_same_path(const struct kb_path *a, const struct kb_path *b)
{
    return a->depth == b->depth && !memcmp(a->fid, b->fid, a->depth * sizeof *a->fid);
}

static bool do_meet(const struct kb_plan_write *a, const struct kb_plan_write *b)
{
    if (a->target != b->target)
        return false;
    if (a->target == KB_TARGET_AKA && a->argument != b->argument)
        return false;
    if (a->target != KB_TARGET_FILE)
        return a->object == b->object;
    return is_same_path(&a->path, &b->path) && a->record == b->record &&
           a->offset < b->offset + b->length && b->offset < a->offset + a->length;
}

/* PIN and unblock code are one object, but two items may set them. */
static bool are_both_codes(const struct kb_plan_write *a, const struct kb_plan_write *b)
{
    return a->target == KB_TARGET_PIN && a->argument != b->argument;
}

static const struct kb_plan_item *find_meeting(const struct kb_plan_field *field,
                                               const struct kb_plan_write *write, bool is_own)
{
    for (size_t i = 0; i < field->item_count; i++) {
        for (size_t k = 0; k < field->items[i].write_count; k++) {
            const struct kb_plan_write *other = &field->items[i].writes[k];

            if (other != write && do_meet(other, write) &&
                !(is_own && are_both_codes(other, write)))
                return &field->items[i];
        }
    }
    return NULL;
}

/* Two items in one place would undo each other; two fields in one place would let one change what
 * the other has locked. */
static enum kb_err check_alone(struct kb_plan_build *build, const yaml_node_t *node,
                               const struct kb_plan_field *field, const struct kb_plan_write *write)
{
    for (const struct kb_plan_field *other = build->plan->fields; other <= field; other++) {
        const struct kb_plan_item *item = find_meeting(other, write, other == field);

        if (item)
            return kb_yaml_fail(&build->yaml, node, KB_ERR_RULE,
                                "item '%s' of field '%s' (line %d) writes there as well; a place "
                                "belongs to one item of one field",
                                item->name, other->name, item->line);
    }
    return KB_OK;
}

enum kb_err kb_plan_read_writes(struct kb_plan_build *build, const struct kb_plan_field *field,
                                struct kb_plan_item *item, const yaml_node_t *writes)
{
    size_t count = kb_yaml_count(writes);
    enum kb_err err = KB_OK;

    build->writes_used += count;
    if (build->writes_used > KB_PLAN_ROWS)
        return kb_yaml_fail(&build->yaml, writes, KB_ERR_TOO_LONG,
                            "more than %d writes in one plan; use fewer", KB_PLAN_ROWS);
    item->writes = calloc(count, sizeof *item->writes);
    if (!item->writes)
        return kb_yaml_fail(&build->yaml, writes, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    for (size_t i = 0; !err && i < count; i++) {
        const yaml_node_t *element = kb_yaml_element(&build->yaml, writes, i);
        struct kb_plan_write *write = &item->writes[item->write_count++];
        size_t mark = kb_yaml_enter(&build->yaml, "write %zu", i + 1);

        err = read_write(build, element, item, write);
        if (!err)
            err = check_alone(build, element, field, write);
        kb_yaml_leave(&build->yaml, mark);
    }
    return err;
}
