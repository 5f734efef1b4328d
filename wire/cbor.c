/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR items in their deterministic encoding (RFC 8949 clauses 3 and 4.2.1). */
#include "wire/cbor.h"

#include <string.h>

enum { INLINE_MAX = 23, ONE_BYTE = 24, EIGHT_BYTES = 27 }; /* additional information, clause 3 */

void kb_cbor_put_head(struct kb_writer *wr, enum kb_cbor_major major, uint64_t argument)
{
    static const uint64_t limits[] = {UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX};
    unsigned form = 0;

    if (argument <= INLINE_MAX) {
        kb_wr_u8(wr, (uint8_t)((unsigned)major << 5 | (unsigned)argument));
        return;
    }
    while (argument > limits[form])
        form++;
    kb_wr_u8(wr, (uint8_t)((unsigned)major << 5 | (ONE_BYTE + form)));
    for (unsigned left = 1u << form; left-- > 0;)
        kb_wr_u8(wr, (uint8_t)(argument >> 8 * left));
}

void kb_cbor_put_int(struct kb_writer *wr, int64_t value)
{
    if (value >= 0)
        kb_cbor_put_head(wr, KB_CBOR_UINT, (uint64_t)value);
    else
        kb_cbor_put_head(wr, KB_CBOR_NINT, ~(uint64_t)value); /* -1 - value */
}

void kb_cbor_put_bstr(struct kb_writer *wr, struct kb_span bytes)
{
    kb_cbor_put_head(wr, KB_CBOR_BSTR, bytes.len);
    kb_wr_copy(wr, bytes.data, bytes.len);
}

void kb_cbor_put_tstr(struct kb_writer *wr, struct kb_span text)
{
    kb_cbor_put_head(wr, KB_CBOR_TSTR, text.len);
    kb_wr_copy(wr, text.data, text.len);
}

/* The argument behind an initial byte. */
static uint64_t read_argument(struct kb_cursor *rd, unsigned information)
{
    static const uint64_t least[] = {ONE_BYTE, UINT8_MAX + 1, UINT16_MAX + 1,
                                     (uint64_t)UINT32_MAX + 1};
    uint64_t argument = 0;
    unsigned form = information - ONE_BYTE;

    if (information <= INLINE_MAX)
        return information;
    if (information > EIGHT_BYTES) { /* reserved, or indefinite */
        rd->is_bad = true;
        return 0;
    }
    for (unsigned left = 1u << form; left > 0; left--)
        argument = argument << 8 | kb_rd_u8(rd);
    if (argument < least[form])
        rd->is_bad = true;
    return rd->is_bad ? 0 : argument;
}

static uint64_t read_head(struct kb_cursor *rd, enum kb_cbor_major *major)
{
    unsigned initial = kb_rd_u8(rd);
    unsigned information = initial & 0x1F;

    *major = (enum kb_cbor_major)(initial >> 5);
    /* Of major type 7 a longer form is a float, or a simple value that nobody has assigned. */
    if (*major == KB_CBOR_SIMPLE && information > INLINE_MAX)
        rd->is_bad = true;
    return rd->is_bad ? 0 : read_argument(rd, information);
}

uint64_t kb_cbor_head(struct kb_cursor *rd, enum kb_cbor_major major)
{
    enum kb_cbor_major found;
    uint64_t argument = read_head(rd, &found);

    if (found != major)
        rd->is_bad = true;
    return rd->is_bad ? 0 : argument;
}

int64_t kb_cbor_int(struct kb_cursor *rd)
{
    enum kb_cbor_major major;
    uint64_t argument = read_head(rd, &major);

    if (argument > INT64_MAX || (major != KB_CBOR_UINT && major != KB_CBOR_NINT))
        rd->is_bad = true;
    if (rd->is_bad)
        return 0;
    return major == KB_CBOR_UINT ? (int64_t)argument : -1 - (int64_t)argument;
}

static struct kb_span read_string(struct kb_cursor *rd, enum kb_cbor_major major)
{
    uint64_t len = kb_cbor_head(rd, major);

    if (len > kb_rd_left(rd))
        rd->is_bad = true;
    return kb_rd_span(rd, (size_t)len);
}

struct kb_span kb_cbor_bstr(struct kb_cursor *rd)
{
    return read_string(rd, KB_CBOR_BSTR);
}

struct kb_span kb_cbor_tstr(struct kb_cursor *rd)
{
    return read_string(rd, KB_CBOR_TSTR);
}

enum kb_cbor_major kb_cbor_peek(const struct kb_cursor *rd)
{
    return (enum kb_cbor_major)(kb_rd_peek(rd) >> 5);
}

bool kb_cbor_is_int(const struct kb_cursor *rd)
{
    return kb_rd_left(rd) && kb_cbor_peek(rd) <= KB_CBOR_NINT;
}

/* True when the bytes of a come before those of b, clause 4.2.1. */
static bool is_before(struct kb_span a, struct kb_span b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;

    return order < 0 || (order == 0 && a.len < b.len);
}

static struct kb_span read_item(struct kb_cursor *rd, unsigned depth);

static void read_items(struct kb_cursor *rd, uint64_t count, unsigned depth)
{
    while (count-- > 0 && !rd->is_bad)
        read_item(rd, depth);
}

static void read_pairs(struct kb_cursor *rd, uint64_t count, unsigned depth)
{
    struct kb_span last = {rd->data, 0};

    while (count-- > 0 && !rd->is_bad) {
        struct kb_span key = read_item(rd, depth);

        if (!is_before(last, key))
            rd->is_bad = true;
        last = key;
        read_item(rd, depth);
    }
}

/* Recursive, as items nest, and bounded. */
static struct kb_span read_item(struct kb_cursor *rd, unsigned depth)
{
    size_t start = rd->at;
    enum kb_cbor_major major;
    uint64_t argument = read_head(rd, &major);

    if (depth == 0)
        rd->is_bad = true;
    else if (major == KB_CBOR_ARRAY)
        read_items(rd, argument, depth - 1);
    else if (major == KB_CBOR_MAP)
        read_pairs(rd, argument, depth - 1);
    else if (major == KB_CBOR_TAG)
        read_items(rd, 1, depth - 1);
    else if (major == KB_CBOR_BSTR || major == KB_CBOR_TSTR)
        kb_rd_span(rd, argument <= kb_rd_left(rd) ? (size_t)argument : SIZE_MAX);
    if (rd->is_bad)
        return kb_span(rd->data, 0);
    return kb_span(rd->data + start, rd->at - start);
}

struct kb_span kb_cbor_item(struct kb_cursor *rd)
{
    return read_item(rd, KB_CBOR_DEPTH_MAX);
}
