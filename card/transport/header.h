/* SPDX-License-Identifier: Apache-2.0 */
/* What the header of a command tells before its data came: with T=0 the card has to know from it
 * which way they go (ISO/IEC 7816-3 clause 10.3.1). */
#ifndef KB_CARD_TRANSPORT_HEADER_H
#define KB_CARD_TRANSPORT_HEADER_H

#include "card/card.h"

enum { KB_HEADER_CLA, KB_HEADER_INS, KB_HEADER_P1, KB_HEADER_P2, KB_HEADER_P3, KB_HEADER };

enum kb_way {
    KB_WAY_UNKNOWN, /* no command of this card: refused without data */
    KB_WAY_IN,      /* P3 is Lc; 00: there are none */
    KB_WAY_OUT,     /* P3 is Le; 00: 256 */
    KB_WAY_OUT_ONCE /* the same for a command that must not run again for a better Le: an answer of
                       another length waits for GET RESPONSE */
};

enum kb_way kb_header_way(struct kb_card *card, const uint8_t header[KB_HEADER]);

/* True for a command that may take longer than a terminal waits: it gets more time beforehand. */
bool kb_header_is_slow(const uint8_t header[KB_HEADER]);

#endif
