/* SPDX-License-Identifier: Apache-2.0 */
/* Splitting long contents over short messages and joining them again. */
#include "wire/sms_parts.h"

#include <string.h>

enum {
    NARROW = 5, /* bytes of an element of concatenation, with its tag and length */
    WIDE = 6,
    ANNOUNCING = 2, /* bytes of an element that announces a packet */
    SENDER = 2 + KB_SMS_SENDER_SIZE
};

static void read_concatenation(struct kb_span value, bool is_wide, struct kb_sms_header *out)
{
    struct kb_cursor rd = kb_rd(value);
    uint16_t reference = is_wide ? kb_rd_u16(&rd) : kb_rd_u8(&rd);
    uint8_t total = kb_rd_u8(&rd), number = kb_rd_u8(&rd);

    if (!kb_rd_is_done(&rd) || number == 0 || number > total)
        return;
    out->is_part = true;
    out->is_wide = is_wide;
    out->reference = reference;
    out->total = total;
    out->number = number;
}

static void read_sender(struct kb_span value, struct kb_sms_header *out)
{
    if (value.len != KB_SMS_SENDER_SIZE)
        return;
    out->has_sender = true;
    memcpy(out->sender, value.data, KB_SMS_SENDER_SIZE);
}

enum kb_err kb_sms_header_parse(struct kb_span user_data, struct kb_sms_header *out,
                                struct kb_span *rest)
{
    struct kb_cursor rd = kb_rd(user_data);
    struct kb_cursor elements = kb_rd(kb_rd_span(&rd, kb_rd_u8(&rd)));

    memset(out, 0, sizeof(*out));
    *rest = kb_rd_span(&rd, kb_rd_left(&rd));
    while (!rd.is_bad && kb_rd_left(&elements)) {
        uint8_t element = kb_rd_u8(&elements);
        struct kb_span value = kb_rd_span(&elements, kb_rd_u8(&elements));

        if (elements.is_bad)
            return KB_ERR_MALFORMED;
        if (element == KB_SMS_CONCATENATED || element == KB_SMS_CONCATENATED_WIDE)
            read_concatenation(value, element == KB_SMS_CONCATENATED_WIDE, out);
        else if (element == KB_SMS_COMMAND_PACKET || element == KB_SMS_RESPONSE_PACKET)
            out->packet = element;
        else if (element == KB_SMS_SENDER)
            read_sender(value, out);
    }
    return rd.is_bad ? KB_ERR_MALFORMED : KB_OK;
}

/* Bytes of contents in a message: the only one, the first of several, or one behind it. */
static size_t room_for(const struct kb_sms_split *split, bool is_only, bool is_first)
{
    size_t header = 0;

    if (is_first && split->packet)
        header += ANNOUNCING;
    if (is_first && split->sender)
        header += SENDER;
    if (!is_only)
        header += split->is_wide ? WIDE : NARROW;
    return KB_SMS_USER_DATA - header - (header ? 1 : 0);
}

static bool fits_one(const struct kb_sms_split *split)
{
    return split->contents.len <= room_for(split, true, true);
}

unsigned kb_sms_split_count(const struct kb_sms_split *split)
{
    size_t first = room_for(split, false, true), next = room_for(split, false, false), count;

    if (fits_one(split))
        return 1;
    if (split->contents.len > first + 254 * next)
        return 0;
    count = 1 + (split->contents.len - first + next - 1) / next;
    return (unsigned)count;
}

static void write_header(const struct kb_sms_split *split, unsigned number, unsigned total,
                         struct kb_writer *wr)
{
    uint8_t element[KB_SMS_USER_DATA];
    struct kb_writer header = kb_wr(element, sizeof(element));

    if (total > 1) {
        kb_wr_u8(&header, split->is_wide ? KB_SMS_CONCATENATED_WIDE : KB_SMS_CONCATENATED);
        kb_wr_u8(&header, split->is_wide ? WIDE - 2 : NARROW - 2);
        if (split->is_wide)
            kb_wr_u8(&header, (uint8_t)(split->reference >> 8));
        kb_wr_u8(&header, (uint8_t)split->reference);
        kb_wr_u8(&header, (uint8_t)total);
        kb_wr_u8(&header, (uint8_t)number);
    }
    if (number == 1 && split->packet) {
        kb_wr_u8(&header, split->packet);
        kb_wr_u8(&header, 0);
    }
    if (number == 1 && split->sender) {
        kb_wr_u8(&header, KB_SMS_SENDER);
        kb_wr_u8(&header, KB_SMS_SENDER_SIZE);
        kb_wr_copy(&header, split->sender, KB_SMS_SENDER_SIZE);
    }
    if (!header.len)
        return;
    kb_wr_u8(wr, (uint8_t)header.len);
    kb_wr_copy(wr, header.data, header.len);
}

void kb_sms_split_write(const struct kb_sms_split *split, unsigned number, struct kb_writer *wr)
{
    unsigned total = kb_sms_split_count(split);
    size_t first = room_for(split, false, true), next = room_for(split, false, false);
    struct kb_cursor rd = kb_rd(split->contents);
    size_t take = number == 1 ? first : next;

    if (number == 0 || number > total) {
        wr->is_bad = true;
        return;
    }
    if (number > 1)
        kb_rd_span(&rd, first + (number - 2) * next);
    if (number == total)
        take = kb_rd_left(&rd);
    write_header(split, number, total, wr);
    kb_wr_copy(wr, kb_rd_span(&rd, take).data, take);
}

void kb_sms_join_forget(struct kb_sms_join *place)
{
    uint8_t *room = place->room;
    size_t cap = place->cap;

    memset(place, 0, sizeof(*place));
    place->room = room;
    place->cap = cap;
    if (cap)
        memset(room, 0, cap);
}

static bool is_of(const struct kb_sms_join *place, const struct kb_sms_address *address,
                  const struct kb_sms_header *header)
{
    return place->is_used && !place->is_whole && place->header.is_wide == header->is_wide &&
           place->header.reference == header->reference && place->header.total == header->total &&
           kb_sms_address_is_same(&place->address, address);
}

/* The place of these contents, or a free one, or the one that waited longest. */
static struct kb_sms_join *find_place(struct kb_sms_join *places, size_t count,
                                      const struct kb_sms_address *address,
                                      const struct kb_sms_header *header)
{
    struct kb_sms_join *best = NULL;
    uint32_t latest = 0;

    for (size_t i = 0; i < count; i++) {
        if (header->is_part && is_of(&places[i], address, header))
            return &places[i];
        if (!best || (best->is_used && (!places[i].is_used || places[i].age < best->age)))
            best = &places[i];
        if (places[i].is_used && places[i].age > latest)
            latest = places[i].age;
    }
    if (!best)
        return NULL;
    kb_sms_join_forget(best);
    best->is_used = true;
    best->age = latest + 1;
    best->address = *address;
    best->header = *header;
    return best;
}

/* Puts a part behind those before it and moves those after it. */
static enum kb_err insert(struct kb_sms_join *place, unsigned index, struct kb_span part)
{
    size_t before = 0, after = 0;

    for (unsigned i = 0; i < KB_SMS_PARTS_MAX; i++) {
        if (i < index)
            before += place->lengths[i];
        else
            after += place->lengths[i];
    }
    if (part.len > UINT8_MAX || before + after > place->cap ||
        part.len > place->cap - before - after)
        return KB_ERR_TOO_LONG;
    if (after)
        memmove(place->room + before + part.len, place->room + before, after);
    if (part.len)
        memcpy(place->room + before, part.data, part.len);
    place->lengths[index] = (uint8_t)part.len;
    place->there |= UINT32_C(1) << index;
    place->contents = kb_span(place->room, before + part.len + after);
    return KB_OK;
}

static bool is_complete(const struct kb_sms_join *place)
{
    return place->there == UINT32_MAX >> (32 - place->header.total);
}

enum kb_err kb_sms_join(struct kb_sms_join *places, size_t count,
                        const struct kb_sms_address *address, bool has_header,
                        struct kb_span user_data, struct kb_sms_join **whole)
{
    struct kb_sms_header header = {0};
    struct kb_span part = user_data;
    struct kb_sms_join *place;
    enum kb_err err = KB_OK;

    *whole = NULL;
    if (has_header)
        err = kb_sms_header_parse(user_data, &header, &part);
    if (err)
        return err;
    if (!header.is_part)
        header.total = header.number = 1;
    if (header.total > KB_SMS_PARTS_MAX)
        return KB_ERR_TOO_LONG;
    place = find_place(places, count, address, &header);
    if (!place)
        return KB_ERR_TOO_LONG;
    if (place->there >> (header.number - 1) & 1)
        return KB_OK;
    if (header.packet)
        place->header.packet = header.packet;
    if (header.has_sender) {
        place->header.has_sender = true;
        memcpy(place->header.sender, header.sender, sizeof(header.sender));
    }
    err = insert(place, header.number - 1u, part);
    if (err) {
        kb_sms_join_forget(place);
        return err;
    }
    place->is_whole = is_complete(place);
    if (place->is_whole)
        *whole = place;
    return KB_OK;
}
