/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol and parameters selection, the card's side (ISO/IEC 7816-3 clause 9). */
#include "card/transport/pps.h"

enum {
    PPS0 = 1,
    PPS1 = 2,
    HAS_PPS1 = 0x10,
    HAS_PPS2 = 0x20,
    HAS_PPS3 = 0x40,
    RESERVED = 0x80,
    PROTOCOL_MASK = 0x0F,
    D_MASK = 0x0F,
    F_MASK = 0xF0,
    D_MAX = 7 /* D 64: up to here D grows with its code */
};

void kb_pps_begin(struct kb_pps *pps, uint16_t protocols, uint8_t offered)
{
    *pps = (struct kb_pps){.protocols = protocols, .offered = offered, .speed = KB_ATR_SPEED};
}

/* PPSS, PPS0, those it announces, PCK. */
static uint8_t length_of(uint8_t pps0)
{
    return (uint8_t)(3 + !!(pps0 & HAS_PPS1) + !!(pps0 & HAS_PPS2) + !!(pps0 & HAS_PPS3));
}

static uint8_t checksum(const struct kb_pps *pps, uint8_t len)
{
    uint8_t sum = 0;

    for (uint8_t i = 0; i < len; i++)
        sum ^= pps->bytes[i];
    return sum;
}

/* F is the one offered or the default one, D between the default and the one offered. */
static bool is_in_range(const struct kb_pps *pps, uint8_t speed)
{
    uint8_t f = speed & F_MASK, d = speed & D_MASK, d_offered = pps->offered & D_MASK;

    if (speed == pps->offered)
        return true;
    return (f == (pps->offered & F_MASK) || f == (KB_ATR_SPEED & F_MASK)) && d && d <= d_offered &&
           d <= D_MAX;
}

/* The response repeats what is agreed: a speed out of range is left out and the default stays;
 * PPS2 and PPS3 ask for what the card has not. */
static enum kb_pps_result respond(struct kb_pps *pps)
{
    uint8_t pps0 = pps->bytes[PPS0];
    bool has_speed = pps0 & HAS_PPS1 && is_in_range(pps, pps->bytes[PPS1]);

    pps->protocol = pps0 & PROTOCOL_MASK;
    if (checksum(pps, pps->len) || pps0 & RESERVED || pps->protocol == PROTOCOL_MASK ||
        !(pps->protocols & 1u << pps->protocol)) {
        pps->len = 0;
        return KB_PPS_REFUSED;
    }
    pps->bytes[PPS0] = (uint8_t)(pps->protocol | (has_speed ? HAS_PPS1 : 0));
    if (has_speed)
        pps->speed = pps->bytes[PPS1];
    pps->len = has_speed ? 4 : 3;
    pps->bytes[pps->len - 1] = checksum(pps, (uint8_t)(pps->len - 1));
    return KB_PPS_AGREED;
}

enum kb_pps_result kb_pps_receive(struct kb_pps *pps, uint8_t byte)
{
    pps->bytes[pps->len++] = byte;
    if (pps->len <= PPS0 || pps->len < length_of(pps->bytes[PPS0]))
        return KB_PPS_MORE;
    return respond(pps);
}
