/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing bytes with a sticky error. */
#include "wire/cursor.h"

#include <string.h>

extern inline uint8_t kb_rd_u8(struct kb_cursor *rd);
extern inline struct kb_span kb_rd_span(struct kb_cursor *rd, size_t len);
extern inline uint16_t kb_rd_u16(struct kb_cursor *rd);
extern inline uint32_t kb_rd_u32(struct kb_cursor *rd);
extern inline uint8_t kb_rd_peek(const struct kb_cursor *rd);
extern inline uint8_t *kb_wr_reserve(struct kb_writer *wr, size_t len);
extern inline void kb_wr_u8(struct kb_writer *wr, uint8_t value);
extern inline void kb_wr_u16(struct kb_writer *wr, uint16_t value);

void kb_rd_copy(struct kb_cursor *rd, void *out, size_t len)
{
    struct kb_span span;

    if (len == 0)
        return;
    span = kb_rd_span(rd, len);
    if (span.len)
        memcpy(out, span.data, span.len);
    else
        memset(out, 0, len);
}

void kb_wr_u32(struct kb_writer *wr, uint32_t value)
{
    uint8_t *b = kb_wr_reserve(wr, 4);

    if (!b)
        return;
    b[0] = (uint8_t)(value >> 24);
    b[1] = (uint8_t)(value >> 16);
    b[2] = (uint8_t)(value >> 8);
    b[3] = (uint8_t)value;
}

void kb_wr_copy(struct kb_writer *wr, const void *data, size_t len)
{
    uint8_t *room = kb_wr_reserve(wr, len);

    if (room && len)
        memcpy(room, data, len);
}

void kb_wr_fill(struct kb_writer *wr, uint8_t value, size_t len)
{
    uint8_t *room = kb_wr_reserve(wr, len);

    if (room && len)
        memset(room, value, len);
}
