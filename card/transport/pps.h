/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol and parameters selection: the terminal asks for a protocol and a speed among those of
 * the answer to reset (ISO/IEC 7816-3 clause 9, TS 102 221 clause 6.4). */
#ifndef KB_CARD_TRANSPORT_PPS_H
#define KB_CARD_TRANSPORT_PPS_H

#include "card/transport/atr.h"

enum {
    KB_PPS_INITIAL = 0xFF, /* PPSS, with which no command and no block begins */
    KB_PPS_MAX = 6
};

enum kb_pps_result {
    KB_PPS_MORE,   /* the request goes on */
    KB_PPS_AGREED, /* bytes is the response; protocol and speed count behind it */
    KB_PPS_REFUSED /* the card says nothing (clause 9.2) */
};

struct kb_pps {
    uint16_t protocols; /* as the ATR offers them */
    uint8_t offered;    /* TA1 */
    uint8_t bytes[KB_PPS_MAX];
    uint8_t len;
    uint8_t sent; /* for the caller, who sends bytes */
    uint8_t protocol;
    uint8_t speed; /* as TA1 codes it */
};

void kb_pps_begin(struct kb_pps *pps, uint16_t protocols, uint8_t offered);

/* One byte of a request, from PPSS on. */
enum kb_pps_result kb_pps_receive(struct kb_pps *pps, uint8_t byte);

#endif
