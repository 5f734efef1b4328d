/* SPDX-License-Identifier: Apache-2.0 */
/* Text on cards: UTF-8, the GSM default alphabet, UCS2. */

#include "card/perso/text.h"

enum { UCS2_CODING = 0x80, UCS2_LAST = 0xFFFF, ESCAPE = 0xFFFF };

/* TS 23.038 clause 6.2.1, the basic character set: which Unicode character each code stands for.
 * 1B escapes to the extension table, which is not used here. */
static const uint16_t default_alphabet[128] = {
    '@',    0x00A3, '$',    0x00A5, 0x00E8, 0x00E9, 0x00F9, 0x00EC, /* 00 */
    0x00F2, 0x00C7, '\n',   0x00D8, 0x00F8, '\r',   0x00C5, 0x00E5, /* 08 */
    0x0394, '_',    0x03A6, 0x0393, 0x039B, 0x03A9, 0x03A0, 0x03A8, /* 10 */
    0x03A3, 0x0398, 0x039E, ESCAPE, 0x00C6, 0x00E6, 0x00DF, 0x00C9, /* 18 */
    ' ',    '!',    '"',    '#',    0x00A4, '%',    '&',    '\'',   /* 20 */
    '(',    ')',    '*',    '+',    ',',    '-',    '.',    '/',    /* 28 */
    '0',    '1',    '2',    '3',    '4',    '5',    '6',    '7',    /* 30 */
    '8',    '9',    ':',    ';',    '<',    '=',    '>',    '?',    /* 38 */
    0x00A1, 'A',    'B',    'C',    'D',    'E',    'F',    'G',    /* 40 */
    'H',    'I',    'J',    'K',    'L',    'M',    'N',    'O',    /* 48 */
    'P',    'Q',    'R',    'S',    'T',    'U',    'V',    'W',    /* 50 */
    'X',    'Y',    'Z',    0x00C4, 0x00D6, 0x00D1, 0x00DC, 0x00A7, /* 58 */
    0x00BF, 'a',    'b',    'c',    'd',    'e',    'f',    'g',    /* 60 */
    'h',    'i',    'j',    'k',    'l',    'm',    'n',    'o',    /* 68 */
    'p',    'q',    'r',    's',    't',    'u',    'v',    'w',    /* 70 */
    'x',    'y',    'z',    0x00E4, 0x00F6, 0x00F1, 0x00FC, 0x00E0, /* 78 */
};

/* The forms of RFC 3629 clause 3: how the first byte is marked, and the smallest character that
 * may use the form. */
static const struct {
    uint8_t mask;
    uint8_t mark;
    uint8_t more;
    uint32_t first;
} utf8_forms[] = {
    {0x80, 0x00, 0, 0x0000},
    {0xE0, 0xC0, 1, 0x0080},
    {0xF0, 0xE0, 2, 0x0800},
    {0xF8, 0xF0, 3, 0x10000},
};

static bool is_character(uint32_t character)
{
    return character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF);
}

static uint32_t read_form(struct kb_cursor *rd, size_t form, uint8_t lead)
{
    uint32_t character = lead & (uint8_t)~utf8_forms[form].mask;

    for (unsigned i = 0; i < utf8_forms[form].more; i++) {
        uint8_t byte = kb_rd_u8(rd);

        if ((byte & 0xC0) != 0x80)
            rd->is_bad = true;
        character = character << 6 | (byte & 0x3F);
    }
    if (character < utf8_forms[form].first || !is_character(character))
        rd->is_bad = true;
    return character;
}

/* Reads one character. false at the end, and on malformed input, which marks the cursor bad. */
static bool next_character(struct kb_cursor *rd, uint32_t *character)
{
    uint8_t lead;

    if (kb_rd_left(rd) == 0)
        return false;
    lead = kb_rd_u8(rd);
    for (size_t i = 0; i < sizeof utf8_forms / sizeof *utf8_forms; i++) {
        if ((lead & utf8_forms[i].mask) == utf8_forms[i].mark) {
            *character = read_form(rd, i, lead);
            return !rd->is_bad;
        }
    }
    rd->is_bad = true;
    return false;
}

bool kb_text_is_utf8(struct kb_span text)
{
    struct kb_cursor rd = kb_rd(text);
    uint32_t character;

    while (next_character(&rd, &character))
        continue;
    return !rd.is_bad;
}

/* The code of a character in the default alphabet, or -1. */
static int default_code(uint32_t character)
{
    for (size_t i = 0; i < sizeof default_alphabet / sizeof *default_alphabet; i++) {
        if (default_alphabet[i] == character && character != ESCAPE)
            return (int)i;
    }
    return -1;
}

static bool is_default_alphabet(struct kb_span text)
{
    struct kb_cursor rd = kb_rd(text);
    uint32_t character;

    while (next_character(&rd, &character)) {
        if (default_code(character) < 0)
            return false;
    }
    return true;
}

static bool is_ucs2(struct kb_span text)
{
    struct kb_cursor rd = kb_rd(text);
    uint32_t character;

    while (next_character(&rd, &character)) {
        if (character > UCS2_LAST)
            return false;
    }
    return true;
}

static void put_default(struct kb_writer *wr, uint32_t character)
{
    kb_wr_u8(wr, (uint8_t)default_code(character));
}

static void put_ucs2(struct kb_writer *wr, uint32_t character)
{
    kb_wr_u16(wr, (uint16_t)character);
}

enum kb_err kb_text_encode(struct kb_span text, uint8_t *out, size_t size)
{
    bool is_default = is_default_alphabet(text);
    void (*put)(struct kb_writer *, uint32_t) = is_default ? put_default : put_ucs2;
    struct kb_cursor rd = kb_rd(text);
    struct kb_writer wr = kb_wr(out, size);
    uint32_t character;

    if (!kb_text_is_utf8(text))
        return KB_ERR_MALFORMED;
    if (!is_default && !is_ucs2(text))
        return KB_ERR_RANGE;
    if (!is_default)
        kb_wr_u8(&wr, UCS2_CODING);
    while (next_character(&rd, &character))
        put(&wr, character);
    if (wr.is_bad)
        return KB_ERR_TOO_LONG;
    kb_wr_fill(&wr, 0xFF, size - wr.len);
    return KB_OK;
}
