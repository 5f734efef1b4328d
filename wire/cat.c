/* SPDX-License-Identifier: Apache-2.0 */
/* Proactive commands, terminal responses and envelopes around their data objects (ETSI TS 102 223
 * clauses 6.6, 6.8 and 7). */
#include "wire/cat.h"

#include <string.h>

#include "wire/cat_objects.h"

enum {
    COMPREHENDED = KB_CAT_COMPREHENSION,
    ALL = (1 << KB_CAT_OBJECTS) - 1,
    EVENTS = 1 << KB_CAT_EVENTS,
    LENGTH_SHORT_MAX = 0x7F,
    LENGTH_LONG = 0x81,
    OUTER_LENGTH = 2 /* bytes set aside for the length of the outer object: 81 XX */
};

/* What a command, a response and an envelope have beside their objects. */
struct frame {
    struct kb_span details; /* number, type, qualifier */
    struct kb_span devices; /* source, destination */
    struct kb_span result;  /* general result, additional information */
};

/* --- Writing --- */

static void put_details(struct kb_writer *wr, uint8_t number, uint8_t type, uint8_t qualifier)
{
    kb_wr_u8(wr, KB_CAT_TAG_COMMAND_DETAILS | COMPREHENDED);
    kb_wr_u8(wr, 3);
    kb_wr_u8(wr, number);
    kb_wr_u8(wr, type);
    kb_wr_u8(wr, qualifier);
}

static void put_devices(struct kb_writer *wr, uint8_t source, uint8_t destination)
{
    kb_wr_u8(wr, KB_CAT_TAG_DEVICES | COMPREHENDED);
    kb_wr_u8(wr, 2);
    kb_wr_u8(wr, source);
    kb_wr_u8(wr, destination);
}

/* Room for tag and longest length; returns where the content begins. */
static size_t open_outer(struct kb_writer *wr, uint8_t tag)
{
    kb_wr_u8(wr, tag);
    kb_wr_fill(wr, 0, OUTER_LENGTH);
    return wr->len;
}

/* Puts the length before the content, and the content against it. */
static void close_outer(struct kb_writer *wr, size_t content)
{
    struct kb_writer length;
    size_t len, end;

    if (wr->is_bad)
        return;
    len = wr->len - content;
    if (len + 1 + OUTER_LENGTH > KB_CAT_MAX) {
        wr->is_bad = true;
        return;
    }
    length = kb_wr(wr->data + content - OUTER_LENGTH, OUTER_LENGTH);
    kb_cat_put_length(&length, len);
    end = content - OUTER_LENGTH + length.len;
    memmove(wr->data + end, wr->data + content, len);
    wr->len = end + len;
}

void kb_cat_command_write(struct kb_writer *wr, const struct kb_cat_command *command)
{
    size_t content = open_outer(wr, KB_CAT_PROACTIVE_TAG);

    put_details(wr, command->number, command->type, command->qualifier);
    put_devices(wr, KB_CAT_UICC, command->destination);
    kb_cat_objects_write(wr, &command->with, ALL);
    close_outer(wr, content);
}

void kb_cat_response_write(struct kb_writer *wr, const struct kb_cat_response *response)
{
    size_t start = wr->len;

    put_details(wr, response->number, response->type, response->qualifier);
    put_devices(wr, KB_CAT_TERMINAL, KB_CAT_UICC);
    kb_wr_u8(wr, KB_CAT_TAG_RESULT | COMPREHENDED);
    kb_cat_put_length(wr, 1 + response->additional.len);
    kb_wr_u8(wr, response->result);
    kb_wr_copy(wr, response->additional.data, response->additional.len);
    kb_cat_objects_write(wr, &response->with, ALL);
    if (wr->len - start > KB_CAT_MAX)
        wr->is_bad = true;
}

/* An event download names its event first (clause 7.5), the others begin with the devices. */
void kb_cat_envelope_write(struct kb_writer *wr, const struct kb_cat_envelope *envelope)
{
    size_t content = open_outer(wr, envelope->tag);

    kb_cat_objects_write(wr, &envelope->with, EVENTS);
    put_devices(wr, envelope->source, envelope->destination);
    kb_cat_objects_write(wr, &envelope->with, ALL & ~EVENTS);
    close_outer(wr, content);
}

/* --- Reading --- */

/* Items are a run from the first to the last. */
static void take_item(struct kb_cat_objects *objects, struct kb_span item)
{
    if (!objects->items.len)
        objects->items.data = item.data;
    objects->items.len = (size_t)(item.data - objects->items.data) + item.len;
}

static enum kb_err take(struct frame *frame, struct kb_cat_objects *objects,
                        const struct kb_cat_tlv *tlv)
{
    struct kb_span *places[] = {&frame->details, &frame->devices, &frame->result};

    if (tlv->tag >= KB_CAT_TAG_COMMAND_DETAILS && tlv->tag <= KB_CAT_TAG_RESULT) {
        struct kb_span *place = places[tlv->tag - KB_CAT_TAG_COMMAND_DETAILS];

        if (!place->len)
            *place = tlv->value;
        return KB_OK;
    }
    if (tlv->tag == KB_CAT_TAG_ITEM) {
        take_item(objects, tlv->whole);
        return KB_OK;
    }
    return kb_cat_objects_take(objects, tlv);
}

/* What is malformed is said before what is not understood: the whole list is read. */
static enum kb_err read_list(struct kb_span list, struct frame *frame,
                             struct kb_cat_objects *objects)
{
    struct kb_cursor rd = kb_rd(list);
    struct kb_cat_tlv tlv;
    enum kb_err first = KB_OK;

    while (kb_cat_tlv_next(&rd, &tlv)) {
        enum kb_err err = take(frame, objects, &tlv);

        if (err == KB_ERR_MALFORMED)
            return err;
        if (!first)
            first = err;
    }
    if (!kb_rd_is_done(&rd) || frame->devices.len != 2)
        return KB_ERR_MALFORMED;
    return first;
}

/* The outer object: tag, length, and nothing behind it. */
static enum kb_err open_list(struct kb_span bytes, uint8_t *tag, struct kb_span *list)
{
    struct kb_cursor rd = kb_rd(bytes);
    uint8_t len;

    *tag = kb_rd_u8(&rd);
    len = kb_rd_u8(&rd);
    if (len == LENGTH_LONG)
        len = kb_rd_u8(&rd);
    else if (len > LENGTH_SHORT_MAX) /* 82: longer than any command or envelope */
        return KB_ERR_MALFORMED;
    *list = kb_rd_span(&rd, len);
    return kb_rd_is_done(&rd) ? KB_OK : KB_ERR_MALFORMED;
}

enum kb_err kb_cat_command_read(struct kb_span bytes, struct kb_cat_command *command)
{
    struct frame frame = {0};
    struct kb_span list;
    uint8_t tag;
    enum kb_err err = open_list(bytes, &tag, &list);

    *command = (struct kb_cat_command){0};
    if (err || tag != KB_CAT_PROACTIVE_TAG)
        return KB_ERR_MALFORMED;
    err = read_list(list, &frame, &command->with);
    if (frame.details.len != 3 || err == KB_ERR_MALFORMED)
        return KB_ERR_MALFORMED;
    command->number = frame.details.data[0];
    command->type = frame.details.data[1];
    command->qualifier = frame.details.data[2];
    command->destination = frame.devices.data[1];
    return err;
}

enum kb_err kb_cat_response_read(struct kb_span bytes, struct kb_cat_response *response)
{
    struct frame frame = {0};
    enum kb_err err;

    *response = (struct kb_cat_response){0};
    err = read_list(bytes, &frame, &response->with);
    if (frame.details.len != 3 || !frame.result.len || err == KB_ERR_MALFORMED)
        return KB_ERR_MALFORMED;
    response->number = frame.details.data[0];
    response->type = frame.details.data[1];
    response->qualifier = frame.details.data[2];
    response->result = frame.result.data[0];
    response->additional = kb_span(frame.result.data + 1, frame.result.len - 1);
    return err;
}

enum kb_err kb_cat_envelope_read(struct kb_span bytes, struct kb_cat_envelope *envelope)
{
    struct frame frame = {0};
    struct kb_span list;
    enum kb_err err;

    *envelope = (struct kb_cat_envelope){0};
    err = open_list(bytes, &envelope->tag, &list);
    if (err)
        return err;
    err = read_list(list, &frame, &envelope->with);
    if (err == KB_ERR_MALFORMED)
        return err;
    envelope->source = frame.devices.data[0];
    envelope->destination = frame.devices.data[1];
    return err;
}

/* --- Items --- */

void kb_cat_put_item(struct kb_writer *wr, uint8_t id, struct kb_span text)
{
    kb_wr_u8(wr, KB_CAT_TAG_ITEM | COMPREHENDED);
    if (!id) {
        kb_wr_u8(wr, 0);
        return;
    }
    kb_cat_put_length(wr, 1 + text.len);
    kb_wr_u8(wr, id);
    kb_wr_copy(wr, text.data, text.len);
}

bool kb_cat_next_item(struct kb_cursor *rd, uint8_t *id, struct kb_span *text)
{
    struct kb_cat_tlv tlv;
    struct kb_cursor item;

    do {
        if (!kb_cat_tlv_next(rd, &tlv))
            return false;
    } while (tlv.tag != KB_CAT_TAG_ITEM);
    item = kb_rd(tlv.value);
    *id = kb_rd_u8(&item);
    *text = kb_rd_span(&item, kb_rd_left(&item));
    return true;
}
