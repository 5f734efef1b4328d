/* SPDX-License-Identifier: Apache-2.0 */
#include "device/text.h"

#include <string.h>

enum { ESCAPE = 0x1B, REPLACEMENT = 0xFFFD, FILLER = 0xFF };

/* GSM 7 bit default alphabet, 3GPP TS 23.038 clause 6.2.1. */
static const uint16_t alphabet[128] = {
    /* 00 */ '@',    0x00A3, '$',    0x00A5, 0x00E8, 0x00E9, 0x00F9, 0x00EC,
    /* 08 */ 0x00F2, 0x00C7, '\n',   0x00D8, 0x00F8, '\r',   0x00C5, 0x00E5,
    /* 10 */ 0x0394, '_',    0x03A6, 0x0393, 0x039B, 0x03A9, 0x03A0, 0x03A8,
    /* 18 */ 0x03A3, 0x0398, 0x039E, ESCAPE, 0x00C6, 0x00E6, 0x00DF, 0x00C9,
    /* 20 */ ' ',    '!',    '"',    '#',    0x00A4, '%',    '&',    '\'',
    /* 28 */ '(',    ')',    '*',    '+',    ',',    '-',    '.',    '/',
    /* 30 */ '0',    '1',    '2',    '3',    '4',    '5',    '6',    '7',
    /* 38 */ '8',    '9',    ':',    ';',    '<',    '=',    '>',    '?',
    /* 40 */ 0x00A1, 'A',    'B',    'C',    'D',    'E',    'F',    'G',
    /* 48 */ 'H',    'I',    'J',    'K',    'L',    'M',    'N',    'O',
    /* 50 */ 'P',    'Q',    'R',    'S',    'T',    'U',    'V',    'W',
    /* 58 */ 'X',    'Y',    'Z',    0x00C4, 0x00D6, 0x00D1, 0x00DC, 0x00A7,
    /* 60 */ 0x00BF, 'a',    'b',    'c',    'd',    'e',    'f',    'g',
    /* 68 */ 'h',    'i',    'j',    'k',    'l',    'm',    'n',    'o',
    /* 70 */ 'p',    'q',    'r',    's',    't',    'u',    'v',    'w',
    /* 78 */ 'x',    'y',    'z',    0x00E4, 0x00F6, 0x00F1, 0x00FC, 0x00E0,
};

/* Behind the escape, clause 6.2.1.1. */
static const struct {
    uint8_t code;
    uint16_t character;
} extension[] = {
    {0x0A, '\f'}, {0x14, '^'}, {0x28, '{'}, {0x29, '}'}, {0x2F, '\\'},
    {0x3C, '['},  {0x3D, '~'}, {0x3E, ']'}, {0x40, '|'}, {0x65, 0x20AC},
};

enum { EXTENSIONS = sizeof(extension) / sizeof(extension[0]) };

/* --- UTF-8 --- */

struct text {
    char *out;
    size_t cap, len; /* cap without the zero at the end */
    bool is_full, is_escaped;
};

static struct text text_begin(char *out, size_t cap)
{
    out[0] = 0;
    return (struct text){.out = out, .cap = cap - 1};
}

static void put_character(struct text *text, uint32_t c)
{
    static const uint8_t first[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    text->is_full |= text->cap - text->len < n;
    if (text->is_full)
        return;
    for (size_t i = n; i-- > 1; c >>= 6)
        text->out[text->len + i] = (char)(0x80 | (c & 0x3F));
    text->out[text->len] = (char)(first[n] | c);
    text->len += n;
    text->out[text->len] = 0;
}

/* One character; false at the end or when it is none, which leaves *at where it was. */
static bool next_character(const char **at, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *in = (const uint8_t *)*at;
    size_t n = in[0] < 0x80       ? 1
               : in[0] >> 5 == 6  ? 2
               : in[0] >> 4 == 14 ? 3
               : in[0] >> 3 == 30 ? 4
                                  : 0;

    if (!in[0] || !n)
        return false;
    *c = n == 1 ? in[0] : in[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (in[i] >> 6 != 2)
            return false;
        *c = *c << 6 | (in[i] & 0x3F);
    }
    if (*c < least[n] || *c > 0x10FFFF || (*c >= 0xD800 && *c < 0xE000))
        return false;
    *at += n;
    return true;
}

size_t kb_terminal_text_count(const char *text)
{
    size_t count = 0;
    uint32_t c;

    while (next_character(&text, &c))
        count++;
    return *text ? SIZE_MAX : count;
}

/* --- GSM alphabet --- */

/* A control character of the card would be one of the screen: only line ends come through. */
static void put_septet(struct text *text, uint8_t septet)
{
    uint32_t c = septet < 128 ? alphabet[septet] : REPLACEMENT;

    if (text->is_escaped) {
        text->is_escaped = false;
        for (size_t i = 0; i < EXTENSIONS; i++)
            if (extension[i].code == septet)
                c = extension[i].character;
        put_character(text, c == ESCAPE || c == '\f' ? ' ' : c);
    } else if (septet == ESCAPE) {
        text->is_escaped = true;
    } else {
        put_character(text, c);
    }
}

static void decode_octets(struct kb_span in, struct text *text)
{
    for (size_t i = 0; i < in.len && in.data[i] != FILLER; i++)
        put_septet(text, in.data[i]);
}

/* Seven spare bits at the end would be one more character, "@": a CR stands there instead, and is
 * dropped with it (clause 6.1.2.3.1). */
static void decode_packed(struct kb_span in, struct text *text)
{
    size_t count = in.len * 8 / 7;

    for (size_t i = 0; i < count; i++) {
        size_t bit = i * 7, at = bit / 8;
        unsigned high = at + 1 < in.len ? in.data[at + 1] : 0, pair = high << 8 | in.data[at];
        uint8_t septet = pair >> bit % 8 & 0x7F;

        if (i + 1 == count && in.len % 7 == 0 && (septet == 0x0D || septet == 0x00))
            return;
        put_septet(text, septet);
    }
}

/* --- UCS2 --- */

static bool is_control(uint32_t c)
{
    return (c < 0x20 && c != '\n' && c != '\r') || (c >= 0x7F && c < 0xA0);
}

static void put_unit(struct text *text, uint32_t unit)
{
    bool is_character = !(unit >= 0xD800 && unit < 0xE000) && !is_control(unit);

    put_character(text, is_character ? unit : REPLACEMENT);
}

static void decode_ucs2(struct kb_span in, struct text *text)
{
    struct kb_cursor rd = kb_rd(in);

    while (kb_rd_left(&rd) >= 2) {
        uint32_t unit = kb_rd_u16(&rd);

        if (unit == 0xFFFF)
            return; /* filler */
        if (unit >= 0xD800 && unit < 0xDC00 && kb_rd_left(&rd) >= 2) {
            uint32_t low = kb_rd_u16(&rd);

            put_character(text, low >= 0xDC00 && low < 0xE000
                                    ? 0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00))
                                    : REPLACEMENT);
        } else {
            put_unit(text, unit);
        }
    }
}

void kb_terminal_text_decode(const struct kb_cat_text *text, char *out, size_t cap)
{
    struct text to = text_begin(out, cap);

    if ((text->dcs & 0x0C) == KB_CAT_DCS_UCS2)
        decode_ucs2(text->bytes, &to);
    else if ((text->dcs & 0x0C) == KB_CAT_DCS_8BIT)
        decode_octets(text->bytes, &to);
    else
        decode_packed(text->bytes, &to);
}

/* Annex A, codings 81 and 82: characters below 80 are GSM, others stand above a base. */
static void decode_half(struct kb_cursor *rd, struct text *text)
{
    bool is_wide = kb_rd_u8(rd) == 0x82;
    size_t count = kb_rd_u8(rd);
    uint32_t base = is_wide ? kb_rd_u16(rd) : (uint32_t)kb_rd_u8(rd) << 7;

    for (; count && kb_rd_left(rd); count--) {
        uint8_t c = kb_rd_u8(rd);

        if (c < 0x80)
            put_septet(text, c);
        else
            put_unit(text, (base + (c & 0x7F)) & 0xFFFF);
    }
}

void kb_terminal_text_decode_alpha(struct kb_span alpha, char *out, size_t cap)
{
    struct kb_cursor rd = kb_rd(alpha);
    struct text to = text_begin(out, cap);
    uint8_t first = kb_rd_peek(&rd);

    if (first == 0x80)
        decode_ucs2(kb_span(alpha.data + 1, alpha.len - 1), &to);
    else if (first == 0x81 || first == 0x82)
        decode_half(&rd, &to);
    else
        decode_octets(alpha, &to);
}

/* --- Back --- */

struct packer {
    struct kb_writer *wr;
    bool is_packed;
    unsigned bits, held;
};

static void put_code(struct packer *packer, uint8_t code)
{
    if (!packer->is_packed) {
        kb_wr_u8(packer->wr, code);
        return;
    }
    packer->held |= (unsigned)code << packer->bits;
    for (packer->bits += 7; packer->bits >= 8; packer->bits -= 8) {
        kb_wr_u8(packer->wr, (uint8_t)packer->held);
        packer->held >>= 8;
    }
}

static bool put_gsm(struct packer *packer, uint32_t c)
{
    for (uint8_t i = 0; i < 128; i++)
        if (alphabet[i] == c && i != ESCAPE) {
            put_code(packer, i);
            return true;
        }
    for (size_t i = 0; i < EXTENSIONS; i++)
        if (extension[i].character == c) {
            put_code(packer, ESCAPE);
            put_code(packer, extension[i].code);
            return true;
        }
    return false;
}

static void end_packing(struct packer *packer)
{
    if (!packer->is_packed || !packer->bits)
        return;
    if (packer->bits == 1)
        packer->held |= 0x0D << 1; /* a CR in seven spare bits */
    kb_wr_u8(packer->wr, (uint8_t)packer->held);
}

static bool put_ucs2(struct kb_writer *wr, uint32_t c)
{
    if (c > 0xFFFF)
        return false;
    kb_wr_u16(wr, (uint16_t)c);
    return true;
}

enum kb_err kb_terminal_text_encode(uint8_t dcs, const char *text, struct kb_writer *wr)
{
    struct packer packer = {.wr = wr, .is_packed = dcs == KB_CAT_DCS_GSM7_PACKED};
    bool fits = true;
    uint32_t c;

    while (fits && next_character(&text, &c))
        fits = dcs == KB_CAT_DCS_UCS2 ? put_ucs2(wr, c) : put_gsm(&packer, c);
    if (!fits)
        return KB_ERR_RANGE;
    end_packing(&packer);
    return *text ? KB_ERR_MALFORMED : KB_OK;
}
