/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithm image of a plan (card/perso/image.h). */
#include <string.h>

#include "plan/build.h"
#include "wire/crc32.h"

/* Names in the order in which the rows speak of them: the plan's, then each field's followed by
 * those of its items. */
static void put_name(struct kb_writer *wr, const char *name)
{
    kb_wr_u8(wr, (uint8_t)strlen(name));
    kb_wr_copy(wr, name, strlen(name));
}

static void put_names(const struct kb_plan *plan, struct kb_writer *wr)
{
    put_name(wr, plan->name);
    for (size_t f = 0; f < plan->field_count; f++) {
        put_name(wr, plan->fields[f].name);
        for (size_t i = 0; i < plan->fields[f].item_count; i++)
            put_name(wr, plan->fields[f].items[i].name);
    }
}

static size_t name_size(const char *name)
{
    return 1 + strlen(name);
}

static size_t item_names_size(const struct kb_plan_field *field)
{
    size_t size = 0;

    for (size_t i = 0; i < field->item_count; i++)
        size += name_size(field->items[i].name);
    return size;
}

struct counts {
    size_t commands, items, writes, names;
};

static struct counts count(const struct kb_plan *plan)
{
    struct counts counts = {.names = name_size(plan->name)};

    for (size_t f = 0; f < plan->field_count; f++) {
        const struct kb_plan_field *field = &plan->fields[f];

        counts.commands += field->command_count;
        counts.items += field->item_count;
        counts.names += name_size(field->name) + item_names_size(field);
        for (size_t i = 0; i < field->item_count; i++)
            counts.writes += field->items[i].write_count;
    }
    return counts;
}

static void put_header(const struct kb_plan *plan, const struct counts *counts,
                       struct kb_writer *wr)
{
    size_t total = KB_IMAGE_HEADER + plan->transition_count * KB_IMAGE_TRANSITION +
                   plan->field_count * KB_IMAGE_FIELD + counts->commands * KB_IMAGE_COMMAND +
                   counts->items * KB_IMAGE_ITEM + counts->writes * KB_IMAGE_WRITE + counts->names +
                   KB_IMAGE_CRC + KB_P256_SIGNATURE;

    kb_wr_copy(wr, KB_IMAGE_MAGIC, 4);
    kb_wr_u16(wr, KB_IMAGE_VERSION);
    kb_wr_u16(wr, (uint16_t)total);
    kb_wr_u8(wr, plan->state_count);
    kb_wr_u8(wr, (uint8_t)plan->transition_count);
    kb_wr_u8(wr, (uint8_t)plan->field_count);
    kb_wr_u8(wr, (uint8_t)counts->commands);
    kb_wr_u8(wr, (uint8_t)counts->items);
    kb_wr_u8(wr, (uint8_t)counts->writes);
    kb_wr_u16(wr, (uint16_t)counts->names);
    kb_wr_u16(wr, 0); /* the plan's name is the first */
    kb_wr_u16(wr, 0);
}

static void put_transitions(const struct kb_plan *plan, struct kb_writer *wr)
{
    for (size_t i = 0; i < plan->transition_count; i++) {
        kb_wr_u8(wr, plan->transitions[i].from);
        kb_wr_u8(wr, plan->transitions[i].event);
        kb_wr_u8(wr, plan->transitions[i].to);
    }
}

static void put_fields(const struct kb_plan *plan, struct kb_writer *wr)
{
    size_t name = name_size(plan->name);
    size_t item = 0;
    size_t command = 0;

    for (size_t f = 0; f < plan->field_count; f++) {
        const struct kb_plan_field *field = &plan->fields[f];

        kb_wr_u8(wr, field->number);
        kb_wr_u8(wr, field->tries);
        kb_wr_u8(wr, (uint8_t)item);
        kb_wr_u8(wr, (uint8_t)field->item_count);
        kb_wr_u8(wr, (uint8_t)command);
        kb_wr_u8(wr, (uint8_t)field->command_count);
        kb_wr_u16(wr, (uint16_t)name);
        kb_wr_u16(wr, 0);
        item += field->item_count;
        command += field->command_count;
        name += name_size(field->name) + item_names_size(field);
    }
}

static void put_command(const struct kb_plan_command *command, struct kb_writer *wr)
{
    kb_wr_u8(wr, command->cla);
    kb_wr_u8(wr, command->ins);
    kb_wr_u8(wr, command->p1);
    kb_wr_u8(wr, command->p1_mask);
    kb_wr_u8(wr, command->p2);
    kb_wr_u8(wr, command->p2_mask);
    kb_wr_u8(wr, command->action);
    kb_wr_u8(wr, command->argument);
}

static void put_item(const struct kb_plan_item *item, size_t first_write, size_t name,
                     struct kb_writer *wr)
{
    kb_wr_u16(wr, item->tag);
    kb_wr_u8(wr, item->is_mandatory ? KB_ITEM_MANDATORY : 0);
    kb_wr_u8(wr, item->format);
    kb_wr_u16(wr, item->min);
    kb_wr_u16(wr, item->max);
    kb_wr_u8(wr, item->check);
    kb_wr_u8(wr, (uint8_t)first_write);
    kb_wr_u8(wr, item->write_count);
    kb_wr_u16(wr, (uint16_t)name);
    kb_wr_u8(wr, 0);
}

static void put_items(const struct kb_plan *plan, struct kb_writer *wr)
{
    size_t name = name_size(plan->name);
    size_t write = 0;

    for (size_t f = 0; f < plan->field_count; f++) {
        const struct kb_plan_field *field = &plan->fields[f];

        name += name_size(field->name);
        for (size_t i = 0; i < field->item_count; i++) {
            put_item(&field->items[i], write, name, wr);
            name += name_size(field->items[i].name);
            write += field->items[i].write_count;
        }
    }
}

static void put_write(const struct kb_plan_write *write, struct kb_writer *wr)
{
    bool is_file = write->target == KB_TARGET_FILE;

    kb_wr_u8(wr, write->encoder);
    kb_wr_u8(wr, write->target);
    kb_wr_u8(wr, is_file ? write->path.depth : 0);
    kb_wr_u16(wr, is_file ? write->path.fid[0] : write->object);
    for (size_t i = 1; i < KB_FILE_DEPTH; i++)
        kb_wr_u16(wr, is_file && i < write->path.depth ? write->path.fid[i] : 0);
    kb_wr_u8(wr, write->record);
    kb_wr_u16(wr, write->offset);
    kb_wr_u16(wr, write->length);
    kb_wr_u8(wr, write->argument);
    kb_wr_u8(wr, 0);
}

static void put_rows(const struct kb_plan *plan, struct kb_writer *wr)
{
    for (size_t f = 0; f < plan->field_count; f++) {
        for (size_t c = 0; c < plan->fields[f].command_count; c++)
            put_command(&plan->fields[f].commands[c], wr);
    }
    put_items(plan, wr);
    for (size_t f = 0; f < plan->field_count; f++) {
        const struct kb_plan_field *field = &plan->fields[f];

        for (size_t i = 0; i < field->item_count; i++) {
            for (size_t w = 0; w < field->items[i].write_count; w++)
                put_write(&field->items[i].writes[w], wr);
        }
    }
}

enum kb_err kb_plan_image_body(const struct kb_plan *plan, struct kb_writer *image)
{
    struct counts counts = count(plan);
    size_t start = image->len;

    put_header(plan, &counts, image);
    put_transitions(plan, image);
    put_fields(plan, image);
    put_rows(plan, image);
    put_names(plan, image);
    kb_wr_u32(image, kb_crc32(0, image->data + start, image->len - start));
    return image->is_bad || image->len - start + KB_P256_SIGNATURE > KB_IMAGE_MAX ? KB_ERR_TOO_LONG
                                                                                  : KB_OK;
}

static enum kb_err digest_of(const struct kb_crypto *crypto, struct kb_span body,
                             uint8_t digest[KB_SHA256_SIZE])
{
    struct kb_sha256 sha;
    enum kb_err err = crypto->sha256_start(&sha);
    enum kb_err update_err = err ? err : crypto->sha256_update(&sha, body.data, body.len);

    err = crypto->sha256_finish(&sha, digest);
    return update_err ? update_err : err;
}

enum kb_err kb_plan_image(const struct kb_plan *plan, const struct kb_crypto *crypto,
                          const uint8_t maker_key[KB_P256_PRIVATE], struct kb_writer *image,
                          struct kb_report *why)
{
    size_t start = image->len;
    uint8_t digest[KB_SHA256_SIZE], signature[KB_P256_SIGNATURE];
    enum kb_err err = kb_plan_image_body(plan, image);

    if (!err)
        err = digest_of(crypto, kb_span(image->data + start, image->len - start), digest);
    if (!err)
        err = crypto->p256_sign(maker_key, digest, signature);
    if (!err) {
        kb_wr_copy(image, signature, sizeof signature);
        err = image->is_bad ? KB_ERR_TOO_LONG : KB_OK;
    }
    if (err)
        return kb_report(why, err, "%s: the image cannot be made: %s", plan->path,
                         kb_err_text(err));
    return KB_OK;
}
