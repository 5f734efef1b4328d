/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of networks (TS 24.008 clause 10.5.1.13, TS 31.102 clauses 4.2.5 and 4.2.16). */

#include "card/perso/plmn.h"

#include "wire/hex.h"

enum { DIGITS_MAX = 6, NO_DIGIT = 0xF };

struct plmn {
    uint8_t digits[DIGITS_MAX]; /* MCC and MNC; a third digit of the MNC that is not there is F */
    uint16_t act;
};

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static void read_digits(struct kb_cursor *rd, struct plmn *out)
{
    size_t count = 0;

    while (count < DIGITS_MAX && is_digit(kb_rd_peek(rd)))
        out->digits[count++] = (uint8_t)(kb_rd_u8(rd) - '0');
    if (count < DIGITS_MAX - 1)
        rd->is_bad = true;
    if (count == DIGITS_MAX - 1)
        out->digits[DIGITS_MAX - 1] = NO_DIGIT;
}

static void read_act(struct kb_cursor *rd, struct plmn *out)
{
    struct kb_span text;
    uint8_t act[2];
    size_t len;

    out->act = KB_PLMN_ACT_DEFAULT;
    if (kb_rd_peek(rd) != ':')
        return;
    (void)kb_rd_u8(rd);
    text = kb_rd_span(rd, 4);
    /* Four characters that make two bytes are four digits: nothing was skipped. */
    if (kb_hex_decode(text, act, sizeof act, &len) || len != sizeof act)
        rd->is_bad = true;
    else
        out->act = (uint16_t)(act[0] << 8 | act[1]);
}

/* Reads one entry with the separator in front of it. false at the end, and on malformed input,
 * which marks the cursor bad. */
static bool next_plmn(struct kb_cursor *rd, struct plmn *out)
{
    if (kb_rd_left(rd) == 0)
        return false;
    if (rd->at > 0 && kb_rd_u8(rd) != ';')
        rd->is_bad = true;
    read_digits(rd, out);
    read_act(rd, out);
    return !rd->is_bad;
}

bool kb_plmn_is_list(struct kb_span value)
{
    struct kb_cursor rd = kb_rd(value);
    struct plmn plmn;

    while (next_plmn(&rd, &plmn))
        continue;
    return !rd.is_bad;
}

static void put_pair(struct kb_writer *wr, uint8_t high, uint8_t low)
{
    kb_wr_u8(wr, (uint8_t)(high << 4 | low));
}

static void put_plmn(struct kb_writer *wr, const struct plmn *plmn)
{
    const uint8_t *mcc = plmn->digits, *mnc = plmn->digits + 3;

    put_pair(wr, mcc[1], mcc[0]);
    put_pair(wr, mnc[2], mcc[2]);
    put_pair(wr, mnc[1], mnc[0]);
}

static void put_unused(struct kb_writer *wr, bool has_act)
{
    kb_wr_fill(wr, 0xFF, KB_PLMN_SIZE);
    if (has_act)
        kb_wr_u16(wr, 0);
}

enum kb_err kb_plmn_encode(struct kb_span value, bool has_act, uint8_t *out, size_t size)
{
    struct kb_cursor rd = kb_rd(value);
    struct kb_writer wr = kb_wr(out, size);
    struct plmn plmn;

    while (next_plmn(&rd, &plmn)) {
        put_plmn(&wr, &plmn);
        if (has_act)
            kb_wr_u16(&wr, plmn.act);
    }
    if (rd.is_bad)
        return KB_ERR_MALFORMED;
    if (wr.is_bad)
        return KB_ERR_TOO_LONG;
    while (wr.len < size && !wr.is_bad)
        put_unused(&wr, has_act);
    return KB_OK;
}
