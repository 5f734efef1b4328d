/* SPDX-License-Identifier: Apache-2.0 */
/* The table of data objects (ETSI TS 102 223 clause 8, tags in clause 9.3; 3GPP TS 31.111 clauses
 * 8 and 9.3), and reading and writing by it. */
#include "wire/cat_objects.h"

enum kind {
    BYTES,       /* struct kb_span */
    BYTE,        /* one byte */
    SMALL,       /* one byte, 1 .. 8 */
    PAIR,        /* two bytes as they are */
    NUMBER,      /* two bytes, a uint16_t */
    TEXT,        /* coding scheme and text; nothing at all for no text */
    DURATION,    /* unit, and how many of it */
    SECONDS,     /* hours, minutes, seconds in swapped digits */
    TRANSPORT,   /* protocol and port */
    NOTHING,     /* that it is there says all */
    COMPREHENDED /* known, and of no use here */
};

struct row {
    uint8_t tag; /* with the comprehension bit that we write */
    uint8_t which;
    uint8_t kind; /* enum kind */
    uint16_t offset;
};

#define ROW(tag, which, kind, member)                                                              \
    {                                                                                              \
        tag, which, kind, offsetof(struct kb_cat_objects, member)                                  \
    }

/* In the order in which commands, responses and envelopes have them. The comprehension bit is that
 * of the sequences in 3GPP TS 31.124. */
static const struct row rows[] = {
    /*   tag   object                  kind                     clause of TS 102 223 */
    ROW(0x99, KB_CAT_EVENTS, BYTES, events),                    /* 8.25 */
    ROW(0x92, KB_CAT_FILES, BYTES, files),                      /* 8.18 */
    ROW(0x85, KB_CAT_ALPHA, BYTES, alpha),                      /* 8.2 */
    ROW(0x86, KB_CAT_ADDRESS, BYTES, address),                  /* 8.1 */
    ROW(0x8B, KB_CAT_TPDU, BYTES, tpdu),                        /* 8.13 */
    ROW(0x8D, KB_CAT_TEXT, TEXT, text),                         /* 8.15 */
    ROW(0x91, KB_CAT_RESPONSE_LENGTH, PAIR, response_min),      /* 8.11 */
    ROW(0x17, KB_CAT_DEFAULT_TEXT, TEXT, default_text),         /* 8.23 */
    ROW(0x90, KB_CAT_ITEM, BYTE, item),                         /* 8.10 */
    ROW(0x15, KB_CAT_HELP, NOTHING, has),                       /* 8.21 */
    ROW(0x84, KB_CAT_DURATION, DURATION, duration_unit),        /* 8.8 */
    ROW(0x9B, KB_CAT_LOCATION_STATUS, BYTE, location_status),   /* 8.27 */
    ROW(0x93, KB_CAT_LOCATION, BYTES, location),                /* 8.19 */
    ROW(0x94, KB_CAT_IMEI, BYTES, imei),                        /* 8.20 */
    ROW(0xA6, KB_CAT_DATE_TIME, BYTES, date_time),              /* 8.39 */
    ROW(0xA4, KB_CAT_TIMER, SMALL, timer),                      /* 8.37 */
    ROW(0xA5, KB_CAT_TIMER_SECONDS, SECONDS, timer_seconds),    /* 8.38 */
    ROW(0xB8, KB_CAT_CHANNEL_STATUS, PAIR, channel_status),     /* 8.56 */
    ROW(0x35, KB_CAT_BEARER, BYTES, bearer),                    /* 8.52 */
    ROW(0x39, KB_CAT_BUFFER_SIZE, NUMBER, buffer_size),         /* 8.55 */
    ROW(0x47, KB_CAT_NETWORK_NAME, BYTES, network_name),        /* 8.70 */
    ROW(0x3C, KB_CAT_TRANSPORT, TRANSPORT, transport_protocol), /* 8.59 */
    ROW(0x3E, KB_CAT_OTHER_ADDRESS, BYTES, other_address),      /* 8.58 */
    ROW(0xB6, KB_CAT_CHANNEL_DATA, BYTES, channel_data),        /* 8.53 */
    ROW(0xB7, KB_CAT_CHANNEL_LENGTH, BYTE, channel_length),     /* 8.54 */
    ROW(0x3F, KB_CAT_TECHNOLOGY, BYTES, technology),            /* 8.61 */
    ROW(0x74, KB_CAT_UPDATE_TYPE, BYTE, update_type),           /* TS 31.111 8.92 */
    ROW(0x75, KB_CAT_REJECTION_CAUSE, BYTE, rejection_cause),   /* TS 31.111 8.99 */
    ROW(0x2F, KB_CAT_OBJECTS, COMPREHENDED, has),               /* 8.60 AID */
    ROW(0x73, KB_CAT_OBJECTS, COMPREHENDED, has),               /* routing area */
    ROW(0x7D, KB_CAT_OBJECTS, COMPREHENDED, has),               /* tracking area */
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), SECONDS_MAX = 100 * 3600 };

#define IS_BEHIND(member, next)                                                                    \
    _Static_assert(offsetof(struct kb_cat_objects, next) ==                                        \
                       offsetof(struct kb_cat_objects, member) + 1,                                \
                   "a PAIR and a DURATION lie beside each other")
IS_BEHIND(duration_unit, duration);
IS_BEHIND(response_min, response_max);

/* --- One data object --- */

enum { LONG_TAG = 0x7F, LENGTH_ONE = 0x81, LENGTH_TWO = 0x82 };

static size_t read_length(struct kb_cursor *rd)
{
    uint8_t first = kb_rd_u8(rd);

    if (first < 0x80)
        return first;
    if (first == LENGTH_ONE)
        return kb_rd_u8(rd);
    if (first == LENGTH_TWO)
        return kb_rd_u16(rd);
    rd->is_bad = true;
    return 0;
}

bool kb_cat_tlv_next(struct kb_cursor *rd, struct kb_cat_tlv *tlv)
{
    uint16_t tag, comprehension = KB_CAT_COMPREHENSION;
    size_t start = rd->at;

    if (!kb_rd_left(rd))
        return false;
    tag = kb_rd_u8(rd);
    if (tag == LONG_TAG) {
        tag = kb_rd_u16(rd);
        comprehension = 0x8000;
    } else if (tag == 0x00 || tag == 0x80 || tag == 0xFF) {
        rd->is_bad = true; /* TS 101 220 clause 7.1.1.1: never a tag */
    }
    tlv->wants_comprehension = tag & comprehension;
    tlv->tag = (uint16_t)(tag & ~comprehension);
    tlv->value = kb_rd_span(rd, read_length(rd));
    tlv->whole = kb_span(rd->data + start, rd->at - start);
    return !rd->is_bad;
}

void kb_cat_put_length(struct kb_writer *wr, size_t len)
{
    if (len > UINT8_MAX) {
        wr->is_bad = true; /* KB_CAT_MAX leaves no room for it */
        return;
    }
    if (len >= 0x80)
        kb_wr_u8(wr, LENGTH_ONE);
    kb_wr_u8(wr, (uint8_t)len);
}

/* --- Its value --- */

static uint8_t swapped(uint32_t number)
{
    return (uint8_t)(number % 10 << 4 | number / 10);
}

/* UINT32_MAX when these are no two digits. */
static uint32_t unswapped(uint8_t digits)
{
    if (digits >> 4 > 9 || (digits & 0x0F) > 9)
        return UINT32_MAX;
    return (uint32_t)((digits & 0x0F) * 10 + (digits >> 4));
}

static void put_seconds(struct kb_writer *wr, uint32_t seconds)
{
    if (seconds >= SECONDS_MAX)
        wr->is_bad = true;
    kb_wr_u8(wr, swapped(seconds / 3600 % 100));
    kb_wr_u8(wr, swapped(seconds / 60 % 60));
    kb_wr_u8(wr, swapped(seconds % 60));
}

static bool take_seconds(struct kb_cursor *rd, uint32_t *seconds)
{
    uint32_t hours = unswapped(kb_rd_u8(rd)), minutes = unswapped(kb_rd_u8(rd));
    uint32_t rest = unswapped(kb_rd_u8(rd));

    if (hours > 99 || minutes > 59 || rest > 59)
        return false;
    *seconds = (hours * 60 + minutes) * 60 + rest;
    return true;
}

static void put_text(struct kb_writer *wr, const struct kb_cat_text *text)
{
    if (!text->bytes.len)
        return;
    kb_wr_u8(wr, text->dcs);
    kb_wr_copy(wr, text->bytes.data, text->bytes.len);
}

static void take_text(struct kb_cursor *rd, struct kb_cat_text *text)
{
    if (!kb_rd_left(rd))
        return;
    text->dcs = kb_rd_u8(rd);
    text->bytes = kb_rd_span(rd, kb_rd_left(rd));
}

static size_t value_len(enum kind kind, const void *member)
{
    static const uint8_t lengths[] = {
        [BYTE] = 1,     [SMALL] = 1,   [PAIR] = 2,      [NUMBER] = 2,
        [DURATION] = 2, [SECONDS] = 3, [TRANSPORT] = 3, [NOTHING] = 0,
    };
    const struct kb_cat_text *text = member;
    const struct kb_span *span = member;

    if (kind == BYTES)
        return span->len;
    if (kind == TEXT)
        return text->bytes.len ? 1 + text->bytes.len : 0;
    return lengths[kind];
}

static void put_value(struct kb_writer *wr, enum kind kind, const struct kb_cat_objects *objects,
                      const void *member)
{
    const struct kb_span *span = member;
    const uint8_t *bytes = member;

    switch (kind) {
    case BYTES:
        kb_wr_copy(wr, span->data, span->len);
        break;
    case BYTE:
    case SMALL:
        kb_wr_u8(wr, bytes[0]);
        break;
    case PAIR:
    case DURATION:
        kb_wr_copy(wr, bytes, 2);
        break;
    case NUMBER:
        kb_wr_u16(wr, *(const uint16_t *)member);
        break;
    case TEXT:
        put_text(wr, member);
        break;
    case SECONDS:
        put_seconds(wr, *(const uint32_t *)member);
        break;
    case TRANSPORT:
        kb_wr_u8(wr, objects->transport_protocol);
        kb_wr_u16(wr, objects->transport_port);
        break;
    case NOTHING:
    case COMPREHENDED:
        break;
    }
}

/* false: a value that cannot be. */
static bool take_value(struct kb_cursor *rd, enum kind kind, struct kb_cat_objects *objects,
                       void *member)
{
    uint8_t *bytes = member;

    switch (kind) {
    case BYTES:
        *(struct kb_span *)member = kb_rd_span(rd, kb_rd_left(rd));
        return true;
    case BYTE:
    case SMALL:
        bytes[0] = kb_rd_u8(rd);
        return kind == BYTE || (bytes[0] >= 1 && bytes[0] <= 8);
    case PAIR:
        kb_rd_copy(rd, bytes, 2);
        return true;
    case DURATION: /* clause 8.8: units 0 .. 2, and no interval is 0 */
        kb_rd_copy(rd, bytes, 2);
        return bytes[0] <= 2 && bytes[1];
    case NUMBER:
        *(uint16_t *)member = kb_rd_u16(rd);
        return true;
    case TEXT:
        take_text(rd, member);
        return true;
    case SECONDS:
        return take_seconds(rd, member);
    case TRANSPORT:
        objects->transport_protocol = kb_rd_u8(rd);
        objects->transport_port = kb_rd_u16(rd);
        return true;
    case NOTHING:
    case COMPREHENDED:
        return true;
    }
    return false;
}

/* --- All of them --- */

static void put_items(struct kb_writer *wr, const struct kb_cat_objects *objects)
{
    kb_wr_copy(wr, objects->items.data, objects->items.len);
}

void kb_cat_objects_write(struct kb_writer *wr, const struct kb_cat_objects *objects, uint32_t mask)
{
    const uint8_t *base = (const uint8_t *)objects;

    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        const void *member = base + row->offset;

        if (row->which == KB_CAT_ITEM && mask & UINT32_C(1) << KB_CAT_ITEM)
            put_items(wr, objects); /* clauses 6.6.7 and 6.6.8: items, then which is marked */
        if (!(mask & objects->has & UINT32_C(1) << row->which))
            continue;
        kb_wr_u8(wr, row->tag);
        kb_cat_put_length(wr, value_len((enum kind)row->kind, member));
        put_value(wr, (enum kind)row->kind, objects, member);
    }
}

enum kb_err kb_cat_objects_take(struct kb_cat_objects *objects, const struct kb_cat_tlv *tlv)
{
    struct kb_cursor rd = kb_rd(tlv->value);
    size_t i = 0;

    while (i < ROWS && (rows[i].tag & ~KB_CAT_COMPREHENSION) != tlv->tag)
        i++;
    if (i == ROWS)
        return tlv->wants_comprehension ? KB_ERR_VERSION : KB_OK;
    if (rows[i].kind == COMPREHENDED || kb_cat_has(objects, rows[i].which))
        return KB_OK;
    if (!take_value(&rd, (enum kind)rows[i].kind, objects, (uint8_t *)objects + rows[i].offset) ||
        !kb_rd_is_done(&rd))
        return KB_ERR_MALFORMED;
    kb_cat_add(objects, (enum kb_cat_object)rows[i].which);
    return KB_OK;
}
