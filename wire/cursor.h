/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing bytes with a sticky error: past the end a read gives zeros and a write goes
 * nowhere, both mark the cursor bad, and one check at the end tells. Malformed input can therefore
 * never touch memory out of bounds. All numbers are big-endian.
 */
#ifndef KB_WIRE_CURSOR_H
#define KB_WIRE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes owned by somebody else. */
struct kb_span {
    const uint8_t *data;
    size_t len;
};

/* A place in a span; everything before at has been read. */
struct kb_cursor {
    const uint8_t *data;
    size_t len;
    size_t at;
    bool is_bad;
};

/* A buffer being filled; data[0..len) has been written. */
struct kb_writer {
    uint8_t *data;
    size_t cap;
    size_t len;
    bool is_bad;
};

static inline struct kb_span kb_span(const void *data, size_t len)
{
    return (struct kb_span){(const uint8_t *)data, len};
}

static inline struct kb_cursor kb_rd(struct kb_span span)
{
    return (struct kb_cursor){span.data, span.len, 0, false};
}

static inline struct kb_writer kb_wr(void *data, size_t cap)
{
    return (struct kb_writer){(uint8_t *)data, cap, 0, false};
}

static inline size_t kb_rd_left(const struct kb_cursor *rd)
{
    return rd->is_bad ? 0 : rd->len - rd->at;
}

/* True when everything was read and nothing failed. */
static inline bool kb_rd_is_done(const struct kb_cursor *rd)
{
    return !rd->is_bad && rd->at == rd->len;
}

static inline struct kb_span kb_wr_span(const struct kb_writer *wr)
{
    return (struct kb_span){wr->data, wr->len};
}

/* The small functions are inline for speed and have one external copy in cursor.c, so that code
 * made for size calls that one. */

inline uint8_t kb_rd_u8(struct kb_cursor *rd)
{
    if (rd->is_bad || rd->at >= rd->len) {
        rd->is_bad = true;
        return 0;
    }
    return rd->data[rd->at++];
}

/* The next len bytes, pointing into the input; an empty span when there are fewer. */
inline struct kb_span kb_rd_span(struct kb_cursor *rd, size_t len)
{
    struct kb_span span = {rd->data, 0};

    if (rd->is_bad || len > rd->len - rd->at) {
        rd->is_bad = true;
        return span;
    }
    if (len == 0)
        return span;
    span.data += rd->at;
    span.len = len;
    rd->at += len;
    return span;
}

inline uint16_t kb_rd_u16(struct kb_cursor *rd)
{
    struct kb_span b = kb_rd_span(rd, 2);

    if (!b.len)
        return 0;
    return (uint16_t)(b.data[0] << 8 | b.data[1]);
}

inline uint32_t kb_rd_u32(struct kb_cursor *rd)
{
    struct kb_span b = kb_rd_span(rd, 4);

    if (!b.len)
        return 0;
    return (uint32_t)b.data[0] << 24 | (uint32_t)b.data[1] << 16 | (uint32_t)b.data[2] << 8 |
           b.data[3];
}

/* The next byte without reading it; 0 at the end, which does not mark the cursor bad. */
inline uint8_t kb_rd_peek(const struct kb_cursor *rd)
{
    return rd->is_bad || rd->at >= rd->len ? 0 : rd->data[rd->at];
}

/* Copies len bytes to out; all zeros when there are fewer. */
void kb_rd_copy(struct kb_cursor *rd, void *out, size_t len);

/* Room for len bytes to be filled by the caller, or NULL (and bad) when they do not fit. */
inline uint8_t *kb_wr_reserve(struct kb_writer *wr, size_t len)
{
    uint8_t *room;

    if (wr->is_bad || len > wr->cap - wr->len) {
        wr->is_bad = true;
        return NULL;
    }
    if (len == 0)
        return wr->data;
    room = wr->data + wr->len;
    wr->len += len;
    return room;
}

inline void kb_wr_u8(struct kb_writer *wr, uint8_t value)
{
    uint8_t *b = kb_wr_reserve(wr, 1);

    if (b)
        b[0] = value;
}

inline void kb_wr_u16(struct kb_writer *wr, uint16_t value)
{
    uint8_t *b = kb_wr_reserve(wr, 2);

    if (!b)
        return;
    b[0] = (uint8_t)(value >> 8);
    b[1] = (uint8_t)value;
}

void kb_wr_u32(struct kb_writer *wr, uint32_t value);
void kb_wr_copy(struct kb_writer *wr, const void *data, size_t len);
void kb_wr_fill(struct kb_writer *wr, uint8_t value, size_t len);

#endif
