/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to reset, read and written (ISO/IEC 7816-3 clause 8.2). */
#include "card/transport/atr.h"

enum {
    HAS_TA = 0x10,
    HAS_TB = 0x20,
    HAS_TC = 0x40,
    HAS_TD = 0x80,
    PROTOCOL_MASK = 0x0F,
    T1 = 1,
    T15 = 15,
    USES_CRC = 0x01, /* first TC for T=1 */
    GROUPS_MAX = 8   /* of interface bytes: 32 characters hold no more */
};

/* The interface bytes TAi to TCi; what they speak of depends on i and on T in TD(i-1) (clause 8.3).
 */
static void read_group(struct kb_cursor *rd, uint8_t present, unsigned i, uint8_t protocol,
                       struct kb_atr *out)
{
    bool is_of_t1 = i > 2 && protocol == T1;
    uint8_t ta = present & HAS_TA ? kb_rd_u8(rd) : 0;
    uint8_t tb = present & HAS_TB ? kb_rd_u8(rd) : 0;
    uint8_t tc = present & HAS_TC ? kb_rd_u8(rd) : 0;

    if (i == 1 && present & HAS_TA)
        out->speed = ta;
    if (i == 2 && present & HAS_TA) {
        out->is_specific = true;
        out->mode = ta;
    }
    if (is_of_t1 && present & HAS_TA)
        out->ifsc = ta;
    if (is_of_t1 && present & HAS_TB)
        out->waiting = tb;
    if (is_of_t1 && present & HAS_TC)
        out->has_crc = tc & USES_CRC;
    if (i > 2 && protocol == T15 && present & HAS_TA)
        out->clock = ta;
}

static uint8_t exclusive_or(struct kb_span bytes)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < bytes.len; i++)
        sum ^= bytes.data[i];
    return sum;
}

enum kb_err kb_atr_read(struct kb_span input, struct kb_atr *out)
{
    struct kb_cursor rd = kb_rd(input);
    uint8_t present, historical, protocol = 0;

    *out = (struct kb_atr){
        .ts = kb_rd_u8(&rd), .speed = KB_ATR_SPEED, .ifsc = KB_ATR_IFSC, .waiting = KB_ATR_WAITING};
    present = kb_rd_u8(&rd);
    historical = present & PROTOCOL_MASK;
    for (unsigned i = 1; i <= GROUPS_MAX; i++) {
        read_group(&rd, present, i, protocol, out);
        if (!(present & HAS_TD))
            break;
        present = kb_rd_u8(&rd);
        protocol = present & PROTOCOL_MASK;
        if (!out->protocols)
            out->first = protocol;
        out->protocols |= (uint16_t)(1u << protocol);
    }
    if (!out->protocols)
        out->protocols = 1;
    out->historical = kb_rd_span(&rd, historical);
    if (out->protocols != 1)
        kb_rd_u8(&rd);
    if (!kb_rd_is_done(&rd) || (out->ts != KB_ATR_DIRECT && out->ts != KB_ATR_INVERSE))
        return KB_ERR_MALFORMED;
    if (out->protocols != 1 && exclusive_or(kb_span(input.data + 1, input.len - 1)))
        return KB_ERR_INTEGRITY;
    return KB_OK;
}

static void write_t1(struct kb_writer *wr, const struct kb_atr *atr, uint8_t td)
{
    uint8_t present =
        (uint8_t)((atr->ifsc != KB_ATR_IFSC ? HAS_TA : 0) |
                  (atr->waiting != KB_ATR_WAITING ? HAS_TB : 0) | (atr->has_crc ? HAS_TC : 0));

    kb_wr_u8(wr, (uint8_t)(td | present | T1));
    if (present & HAS_TA)
        kb_wr_u8(wr, atr->ifsc);
    if (present & HAS_TB)
        kb_wr_u8(wr, atr->waiting);
    if (present & HAS_TC)
        kb_wr_u8(wr, USES_CRC);
}

/* TD1 names the first protocol; the bytes of T=1 and of T=15 begin with TA3, behind another TD. */
static void write_protocols(struct kb_writer *wr, const struct kb_atr *atr)
{
    bool has_t1 = atr->protocols & 1u << T1, has_global = atr->protocols & KB_ATR_GLOBAL;

    kb_wr_u8(wr, (uint8_t)((has_t1 || has_global ? HAS_TD : 0) | (atr->is_specific ? HAS_TA : 0) |
                           atr->first));
    if (atr->is_specific)
        kb_wr_u8(wr, atr->mode);
    if (has_t1)
        write_t1(wr, atr, has_global ? HAS_TD : 0);
    if (!has_global)
        return;
    kb_wr_u8(wr, HAS_TA | T15);
    kb_wr_u8(wr, atr->clock);
}

void kb_atr_write(struct kb_writer *wr, const struct kb_atr *atr)
{
    size_t start = wr->len;
    bool has_td = atr->protocols > 1 || atr->is_specific, has_ta = atr->speed != KB_ATR_SPEED;

    if (atr->historical.len > KB_ATR_HISTORICAL_MAX) {
        wr->is_bad = true;
        return;
    }
    kb_wr_u8(wr, atr->ts);
    kb_wr_u8(wr, (uint8_t)((has_ta ? HAS_TA : 0) | (has_td ? HAS_TD : 0) | atr->historical.len));
    if (has_ta)
        kb_wr_u8(wr, atr->speed);
    if (has_td)
        write_protocols(wr, atr);
    kb_wr_copy(wr, atr->historical.data, atr->historical.len);
    if (atr->protocols > 1 && !wr->is_bad)
        kb_wr_u8(wr, exclusive_or(kb_span(wr->data + start + 1, wr->len - start - 1)));
}
