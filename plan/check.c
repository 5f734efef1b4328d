/* SPDX-License-Identifier: Apache-2.0 */
/* What can only be told of the whole plan. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plan/build.h"
#include "wire/hex.h"

/* --- The entity view names no place --- */

static enum kb_err tells(const struct kb_plan_build *build, int line, const char *what,
                         const char *place)
{
    return kb_report(build->yaml.why, KB_ERR_RULE,
                     "%s:%d: %s tells a place, %s, which the entity must not learn; say it in "
                     "other words",
                     build->yaml.path, line, what, place);
}

/* The word stands in the text by itself, in either case. */
static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = text; (at = strcasestr(at, word)) != NULL; at++) {
        bool is_start = at == text || !isalnum((unsigned char)at[-1]);

        if (is_start && !isalnum((unsigned char)at[len]))
            return true;
    }
    return false;
}

static enum kb_err check_text(const struct kb_plan_build *build, int line, const char *what,
                              const char *text)
{
    static const char *const kinds[] = {"EF.", "DF.", "ADF."};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcasestr(text, kinds[i]))
            return tells(build, line, what, kinds[i]);
    }
    for (size_t i = 0; i < build->plan->file_count; i++) {
        const struct kb_plan_file *file = &build->plan->files[i];
        char fid[5], aid[2 * KB_AID_MAX + 1];

        snprintf(fid, sizeof fid, "%04X",
                 file->path.depth ? file->path.fid[file->path.depth - 1] : KB_FID_MF);
        kb_hex_encode(kb_span(file->aid, file->aid_len), aid);
        if (has_word(text, fid))
            return tells(build, line, what, fid);
        if (file->aid_len && strcasestr(text, aid))
            return tells(build, line, what, aid);
    }
    return KB_OK;
}

/* Two bytes by which the entity addresses an item are not the FID of a file it goes to, nor its SFI
 * and record, as data groupings of payment cards often are. */
static enum kb_err check_address(const struct kb_plan_build *build, const struct kb_plan_item *item,
                                 uint16_t address)
{
    for (size_t i = 0; i < item->write_count; i++) {
        const struct kb_plan_write *write = &item->writes[i];
        const struct kb_plan_file *file = kb_plan_file_at(build->plan, &write->path);

        if (write->target != KB_TARGET_FILE || !file)
            continue;
        if (address == write->path.fid[write->path.depth - 1])
            return tells(build, item->line, "the tag or command of this item", "a FID");
        if (file->sfi && address == (file->sfi << 8 | write->record))
            return tells(build, item->line, "the tag or command of this item", "an SFI and record");
    }
    return KB_OK;
}

static enum kb_err check_item(const struct kb_plan_build *build, const struct kb_plan_field *field,
                              size_t index)
{
    const struct kb_plan_item *item = &field->items[index];
    enum kb_err err = check_text(build, item->line, "the name of this item", item->name);

    if (!err)
        err = check_text(build, item->line, "'about' of this item", item->about);
    if (!err && item->tag)
        err = check_address(build, item, item->tag);
    for (size_t i = 0; !err && i < field->command_count; i++) {
        const struct kb_plan_command *command = &field->commands[i];

        if (command->action == KB_ACTION_PUT_ITEM && command->argument == index)
            err = check_address(build, item, (uint16_t)(command->p1 << 8 | command->p2));
    }
    return err;
}

enum kb_err kb_plan_check_view(struct kb_plan_build *build)
{
    enum kb_err err = check_text(build, 1, "the plan's name", build->plan->name);

    for (size_t f = 0; !err && f < build->plan->field_count; f++) {
        const struct kb_plan_field *field = &build->plan->fields[f];

        if (field->is_made)
            continue;
        err = check_text(build, field->items[0].line, "the field's name", field->name);
        for (size_t i = 0; !err && i < field->item_count; i++)
            err = check_item(build, field, i);
    }
    return err;
}

/* --- Everything fits --- */

static enum kb_err check_image(struct kb_plan_build *build)
{
    uint8_t *data = malloc(KB_IMAGE_MAX);
    struct kb_writer image = kb_wr(data, KB_IMAGE_MAX);
    enum kb_err err = data ? kb_plan_image_body(build->plan, &image) : KB_ERR_MEMORY;

    free(data);
    if (err == KB_ERR_TOO_LONG)
        return kb_yaml_fail(&build->yaml, NULL, err,
                            "the algorithm needs more than the %d bytes a card has for it; use "
                            "fewer items or shorter names",
                            KB_IMAGE_MAX);
    return err ? kb_yaml_fail(&build->yaml, NULL, err, "%s", kb_err_text(err)) : KB_OK;
}

/* Objects and bytes of the card's store (card/nvm/nvm.h: 12 bytes beside each object, whole units).
 */
struct need {
    size_t objects, bytes, unit;
};

static void add_object(struct need *need, size_t size)
{
    need->objects++;
    need->bytes += (size + 12 + need->unit - 1) / need->unit * need->unit;
}

/* A list of data objects, and their values in objects of their own: here one for each kilobyte. */
static void add_tlv_file(struct need *need, const struct kb_plan_file *file)
{
    size_t left = file->size;

    add_object(need, KB_FILE_HEADER + left / 16);
    for (; left > KB_NVM_OBJECT_MAX; left -= KB_NVM_OBJECT_MAX)
        add_object(need, KB_NVM_OBJECT_MAX);
    add_object(need, left);
}

static void add_file(struct need *need, const struct kb_plan_file *file)
{
    size_t left = file->size > KB_FILE_FIRST ? file->size - (size_t)KB_FILE_FIRST : 0;

    if (file->is_link)
        return;
    if (file->kind == KB_FILE_BER_TLV) {
        add_tlv_file(need, file);
        return;
    }
    add_object(need, KB_FILE_HEADER + file->size - left);
    for (; left > KB_FILE_CHUNK; left -= KB_FILE_CHUNK)
        add_object(need, KB_FILE_CHUNK);
    if (left)
        add_object(need, left);
}

/* Over the air: plan, operators, credential, root and list; the state of an attempt with its
 * agreement, packet and keys; packet keys, counters and the like together as one more. */
enum { AIR_OBJECTS = 12 };

/* Image, keys, PINs, sequence numbers of both subscriptions and what each field keeps. */
static size_t own_objects(const struct kb_plan *plan, size_t unit)
{
    struct need need = {.unit = unit};

    for (size_t i = 0; i < KB_IMAGE_PAGES / 4; i++)
        add_object(&need, KB_IMAGE_PAGE);
    for (size_t i = 0; i < KB_SUBSCRIPTIONS * (KB_SQN_SLOTS + 2); i++)
        add_object(&need, 16);
    for (size_t i = 0; i < plan->pin_count; i++)
        add_object(&need, KB_PIN_OBJECT + 2 * KB_PIN_TRIES_OBJECT);
    for (size_t i = 0; i < 3 * plan->field_count + 5; i++)
        add_object(&need, 16);
    for (size_t i = 0; plan->air.is_there && i < AIR_OBJECTS; i++)
        add_object(&need, KB_PLAN_AIR_MAX);
    return need.bytes;
}

enum kb_err kb_plan_check_size(struct kb_plan_build *build, const yaml_node_t *memory)
{
    const struct kb_plan *plan = build->plan;
    struct need need = {.unit = plan->program_size};
    size_t bank = (size_t)plan->sector_count / 2 * plan->sector_size;
    size_t room = bank - bank / 8;
    enum kb_err err = check_image(build);

    for (size_t i = 0; i < plan->file_count; i++)
        add_file(&need, &plan->files[i]);
    need.bytes += plan->file_count * 4 + own_objects(plan, need.unit);
    if (!err && need.objects > KB_NVM_OBJECTS - KB_OBJ_FILES)
        err = kb_yaml_fail(&build->yaml, NULL, KB_ERR_RANGE,
                           "files: they need %zu objects of the card's store, which has %d; use "
                           "fewer or smaller files",
                           need.objects, KB_NVM_OBJECTS - KB_OBJ_FILES);
    if (!err && need.bytes > room)
        err = kb_yaml_fail(&build->yaml, memory, KB_ERR_RANGE,
                           "memory: the plan needs about %zu bytes, half of the memory has %zu to "
                           "give; use more or larger sectors",
                           need.bytes, room);
    return err;
}
