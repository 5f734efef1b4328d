/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal text. Keys pass through here, so digits are converted by arithmetic instead of tables
 * or branches that depend on them. */
#include "wire/hex.h"

/* All ones when low <= c <= high, else 0; the arguments are far below 2^31. */
static unsigned mask_between(unsigned c, unsigned low, unsigned high)
{
    unsigned is_outside = (c - low) >> 31 | (high - c) >> 31;

    return is_outside - 1u;
}

/* The value of a hexadecimal digit, or a number above 15. */
static unsigned digit_value(uint8_t c)
{
    unsigned lower = c | 0x20u;
    unsigned number = mask_between(c, '0', '9');
    unsigned letter = mask_between(lower, 'a', 'f');

    return (number & (c - (unsigned)'0')) | (letter & (lower - 'a' + 10u)) |
           (~(number | letter) & 0x100u);
}

static char digit_char(unsigned value)
{
    unsigned is_letter = (9u - value) >> 31;

    return (char)('0' + value + is_letter * ((unsigned)'A' - '0' - 10u));
}

static bool is_separator(uint8_t c)
{
    return c == ' ' || c == '\t' || c == ':';
}

enum kb_err kb_hex_decode(struct kb_span text, uint8_t *out, size_t cap, size_t *len)
{
    struct kb_cursor rd = kb_rd(text);
    struct kb_writer wr = kb_wr(out, cap);

    *len = 0;
    while (kb_rd_left(&rd)) {
        unsigned high, low;
        uint8_t c = kb_rd_u8(&rd);

        if (is_separator(c))
            continue;
        high = digit_value(c);
        low = digit_value(kb_rd_u8(&rd));
        if ((high | low) > 15)
            return KB_ERR_MALFORMED;
        if (wr.len == cap)
            return KB_ERR_TOO_LONG;
        kb_wr_u8(&wr, (uint8_t)(high << 4 | low));
    }
    *len = wr.len;
    return KB_OK;
}

void kb_hex_encode(struct kb_span data, char *out)
{
    for (size_t i = 0; i < data.len; i++) {
        out[2 * i] = digit_char(data.data[i] >> 4);
        out[2 * i + 1] = digit_char(data.data[i] & 15u);
    }
    out[2 * data.len] = '\0';
}
