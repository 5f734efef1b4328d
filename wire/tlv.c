/* SPDX-License-Identifier: Apache-2.0 */
/* BER-TLV and data groupings. */
#include "wire/tlv.h"

#include <string.h>

enum { DGI_LONG_LENGTH = 0xFF };

/* ISO/IEC 7816-4 clause 5.2.2.1: the low five bits all ones announce further bytes, bit 8 of those
 * another one. Payment cards use second bytes below 1F (DF01), which that clause calls invalid;
 * tags are compared as written, so they do no harm. */
static uint32_t read_tag(struct kb_cursor *rd)
{
    uint32_t tag = kb_rd_u8(rd);
    uint8_t byte;

    if (tag == 0)
        rd->is_bad = true;
    if ((tag & 0x1F) != 0x1F)
        return tag;
    byte = kb_rd_u8(rd);
    if (byte == 0x80)
        rd->is_bad = true;
    tag = tag << 8 | byte;
    if (!(byte & 0x80))
        return tag;
    byte = kb_rd_u8(rd);
    if (byte & 0x80)
        rd->is_bad = true;
    return tag << 8 | byte;
}

/* ISO/IEC 8825-1 clause 8.1.3, definite forms up to two length bytes. */
static size_t read_length(struct kb_cursor *rd)
{
    uint8_t first = kb_rd_u8(rd);

    if (first < 0x80)
        return first;
    if (first == 0x81)
        return kb_rd_u8(rd);
    if (first == 0x82)
        return kb_rd_u16(rd);
    rd->is_bad = true;
    return 0;
}

bool kb_tlv_next(struct kb_cursor *rd, struct kb_tlv *out)
{
    *out = (struct kb_tlv){0};
    if (kb_rd_left(rd) == 0)
        return false;
    out->tag = read_tag(rd);
    out->value = kb_rd_span(rd, read_length(rd));
    return !rd->is_bad;
}

bool kb_tlv_find(struct kb_span input, uint32_t tag, struct kb_span *value)
{
    struct kb_cursor rd = kb_rd(input);
    struct kb_tlv tlv;

    *value = (struct kb_span){0};
    while (kb_tlv_next(&rd, &tlv)) {
        if (tlv.tag == tag) {
            *value = tlv.value;
            return true;
        }
    }
    return false;
}

bool kb_dgi_next(struct kb_cursor *rd, struct kb_tlv *out)
{
    size_t length;

    *out = (struct kb_tlv){0};
    if (kb_rd_left(rd) == 0)
        return false;
    out->tag = kb_rd_u16(rd);
    length = kb_rd_u8(rd);
    if (length == DGI_LONG_LENGTH)
        length = kb_rd_u16(rd);
    out->value = kb_rd_span(rd, length);
    return !rd->is_bad;
}

static void put_tag(struct kb_writer *wr, uint32_t tag)
{
    if (tag > 0xFFFFFF)
        wr->is_bad = true;
    if (tag > 0xFFFF)
        kb_wr_u8(wr, (uint8_t)(tag >> 16));
    if (tag > 0xFF)
        kb_wr_u8(wr, (uint8_t)(tag >> 8));
    kb_wr_u8(wr, (uint8_t)tag);
}

/* How many bytes follow the first one of the length. */
static size_t extra_length_bytes(size_t length)
{
    return length < 0x80 ? 0 : length <= 0xFF ? 1 : 2;
}

static void put_length(struct kb_writer *wr, size_t length)
{
    size_t extra = extra_length_bytes(length);

    if (length > 0xFFFF)
        wr->is_bad = true;
    if (extra)
        kb_wr_u8(wr, (uint8_t)(0x80 | extra));
    if (extra == 2)
        kb_wr_u8(wr, (uint8_t)(length >> 8));
    kb_wr_u8(wr, (uint8_t)length);
}

void kb_tlv_put(struct kb_writer *wr, uint32_t tag, struct kb_span value)
{
    put_tag(wr, tag);
    put_length(wr, value.len);
    kb_wr_copy(wr, value.data, value.len);
}

void kb_tlv_put_u8(struct kb_writer *wr, uint32_t tag, uint8_t value)
{
    kb_tlv_put(wr, tag, kb_span(&value, 1));
}

void kb_tlv_put_u16(struct kb_writer *wr, uint32_t tag, uint16_t value)
{
    put_tag(wr, tag);
    put_length(wr, 2);
    kb_wr_u16(wr, value);
}

void kb_dgi_put(struct kb_writer *wr, uint16_t identifier, struct kb_span value)
{
    if (value.len > 0xFFFF)
        wr->is_bad = true;
    kb_wr_u16(wr, identifier);
    if (value.len >= DGI_LONG_LENGTH) {
        kb_wr_u8(wr, DGI_LONG_LENGTH);
        kb_wr_u16(wr, (uint16_t)value.len);
    } else {
        kb_wr_u8(wr, (uint8_t)value.len);
    }
    kb_wr_copy(wr, value.data, value.len);
}

size_t kb_tlv_open(struct kb_writer *wr, uint32_t tag)
{
    put_tag(wr, tag);
    put_length(wr, 0);
    return wr->len;
}

void kb_tlv_close(struct kb_writer *wr, size_t mark)
{
    struct kb_writer header;
    size_t length, extra;

    if (wr->is_bad)
        return;
    length = wr->len - mark;
    extra = extra_length_bytes(length);
    if (length > 0xFFFF || (extra && !kb_wr_reserve(wr, extra))) {
        wr->is_bad = true;
        return;
    }
    if (extra)
        memmove(wr->data + mark + extra, wr->data + mark, length);
    header = kb_wr(wr->data + mark - 1, 1 + extra);
    put_length(&header, length);
}
