/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to reset: what a card says of itself and of the ways to talk with it (ISO/IEC 7816-3
 * clause 8, TS 102 221 clause 6.3). */
#ifndef KB_CARD_TRANSPORT_ATR_H
#define KB_CARD_TRANSPORT_ATR_H

#include "wire/cursor.h"
#include "wire/err.h"

enum {
    KB_ATR_DIRECT = 0x3B,      /* TS */
    KB_ATR_INVERSE = 0x3F,     /* TS */
    KB_ATR_SPEED = 0x11,       /* TA1 when absent: F 372, D 1 */
    KB_ATR_IFSC = 32,          /* first TA for T=1 when absent */
    KB_ATR_WAITING = 0x4D,     /* first TB for T=1 when absent: BWI 4, CWI 13 */
    KB_ATR_GLOBAL = 1u << 15,  /* of protocols: T=15, the global interface bytes */
    KB_ATR_HISTORICAL_MAX = 15 /* bytes */
};

struct kb_atr {
    uint8_t ts;
    uint8_t speed;      /* TA1: greatest F and D the card can do */
    uint16_t protocols; /* bit n: T=n is offered; KB_ATR_GLOBAL */
    uint8_t first;      /* the protocol offered first, used when nothing is negotiated */
    bool is_specific;   /* TA2 is there: nothing is negotiated */
    uint8_t mode;       /* TA2 */
    uint8_t ifsc;       /* T=1: bytes that the card takes in a block */
    uint8_t waiting;    /* T=1: BWI and CWI */
    bool has_crc;       /* T=1: EDC is a CRC */
    uint8_t clock;      /* T=15: clock stop indicator and supply voltage classes */
    struct kb_span historical;
};

/* KB_ERR_MALFORMED: no answer to reset, or more or fewer bytes than it says; KB_ERR_INTEGRITY: TCK
 * is wrong. historical points into the input. */
enum kb_err kb_atr_read(struct kb_span input, struct kb_atr *out);

/* Writes an answer that offers T=0, T=1 or both, with TCK where it belongs. More historical bytes
 * than there can be mark the writer bad. */
void kb_atr_write(struct kb_writer *wr, const struct kb_atr *atr);

#endif
