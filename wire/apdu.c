/* SPDX-License-Identifier: Apache-2.0 */
/* Command APDUs, cases 1-4, short and extended (ISO/IEC 7816-3 clause 12.1). */
#include "wire/apdu.h"

enum { SHORT_NE_MAX = 256, EXTENDED_NE_MAX = 65536 };

/* Parts of the class byte. */
enum {
    CLA_GROUP = 0x80,
    CLA_FURTHER = 0x40, /* the further coding, in which */
    CLA_FURTHER_SECURED = 0x20,
    CLA_FURTHER_CHANNEL = 0x0F,
    CLA_RESERVED = 0x20, /* in the first coding */
    CLA_MORE = 0x10,
    CLA_CHANNEL = 0x03,
    CLA_INVALID = 0xFF,
    FIRST_CHANNELS = 4
};

/* What follows a short Lc or Le, which is p3 (clause 12.1.3, table 12: cases 2S, 3S and 4S). */
static void parse_short(struct kb_cursor *rd, uint8_t p3, struct kb_apdu *out)
{
    if (kb_rd_left(rd) == 0) {
        out->has_le = true;
        out->ne = p3 ? p3 : SHORT_NE_MAX;
        return;
    }
    out->data = kb_rd_span(rd, p3);
    if (kb_rd_left(rd)) {
        uint8_t le = kb_rd_u8(rd);

        out->has_le = true;
        out->ne = le ? le : SHORT_NE_MAX;
    }
}

/* What follows the byte 00 that announces lengths of two bytes (cases 2E, 3E and 4E). */
static void parse_extended(struct kb_cursor *rd, struct kb_apdu *out)
{
    uint16_t length = kb_rd_u16(rd);

    out->is_extended = true;
    if (kb_rd_left(rd)) {
        if (length == 0) {
            rd->is_bad = true; /* Lc = 0 does not exist */
            return;
        }
        out->data = kb_rd_span(rd, length);
        if (kb_rd_left(rd) == 0)
            return;
        length = kb_rd_u16(rd);
    }
    out->has_le = true;
    out->ne = length ? length : EXTENDED_NE_MAX;
}

enum kb_err kb_apdu_parse(struct kb_span input, struct kb_apdu *out)
{
    struct kb_cursor rd = kb_rd(input);

    *out = (struct kb_apdu){0};
    out->cla = kb_rd_u8(&rd);
    out->ins = kb_rd_u8(&rd);
    out->p1 = kb_rd_u8(&rd);
    out->p2 = kb_rd_u8(&rd);
    if (kb_rd_left(&rd)) {
        uint8_t p3 = kb_rd_u8(&rd);

        if (p3 == 0 && kb_rd_left(&rd))
            parse_extended(&rd, out);
        else
            parse_short(&rd, p3, out);
    }
    return kb_rd_is_done(&rd) ? KB_OK : KB_ERR_MALFORMED;
}

bool kb_apdu_read_class(struct kb_apdu *apdu)
{
    uint8_t cla = apdu->cla;

    if (cla == KB_CLA_GSM)
        return true;
    if (cla == CLA_INVALID || (cla & (CLA_FURTHER | CLA_RESERVED)) == CLA_RESERVED)
        return false;
    apdu->has_more = cla & CLA_MORE;
    if (cla & CLA_FURTHER) {
        apdu->channel = (uint8_t)(FIRST_CHANNELS + (cla & CLA_FURTHER_CHANNEL));
        apdu->cla = (uint8_t)((cla & CLA_GROUP) | (cla & CLA_FURTHER_SECURED ? KB_CLA_SECURED : 0));
    } else {
        apdu->channel = cla & CLA_CHANNEL;
        apdu->cla = (uint8_t)(cla & ~(CLA_CHANNEL | CLA_MORE));
    }
    return true;
}

static void write_extended(struct kb_writer *wr, const struct kb_apdu *apdu)
{
    kb_wr_u8(wr, 0);
    if (apdu->data.len) {
        kb_wr_u16(wr, (uint16_t)apdu->data.len);
        kb_wr_copy(wr, apdu->data.data, apdu->data.len);
    }
    if (apdu->has_le)
        kb_wr_u16(wr, (uint16_t)apdu->ne);
}

void kb_apdu_write(struct kb_writer *wr, const struct kb_apdu *apdu)
{
    if (apdu->data.len > 65535 || apdu->ne > EXTENDED_NE_MAX) {
        wr->is_bad = true;
        return;
    }
    kb_wr_u8(wr, apdu->cla);
    kb_wr_u8(wr, apdu->ins);
    kb_wr_u8(wr, apdu->p1);
    kb_wr_u8(wr, apdu->p2);
    if (apdu->data.len > 255 || (apdu->has_le && apdu->ne > SHORT_NE_MAX)) {
        write_extended(wr, apdu);
        return;
    }
    if (apdu->data.len) {
        kb_wr_u8(wr, (uint8_t)apdu->data.len);
        kb_wr_copy(wr, apdu->data.data, apdu->data.len);
    }
    if (apdu->has_le)
        kb_wr_u8(wr, (uint8_t)apdu->ne);
}
