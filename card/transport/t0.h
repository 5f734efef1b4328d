/* SPDX-License-Identifier: Apache-2.0 */
/*
 * T=0, the card's side, byte by byte (ISO/IEC 7816-3 clause 10, TS 102 221 clauses 7.2.2 and
 * 7.3.1.1): a header of five bytes in, procedure bytes and status out, data whichever way the
 * command says. Commands of case 4 end with 61XX, a wrong Le gets 6CXX: that is the card's part
 * when its port says KB_TRANSPORT_T0. Repeating a character of wrong parity is the line's business.
 */
#ifndef KB_CARD_TRANSPORT_T0_H
#define KB_CARD_TRANSPORT_T0_H

#include "card/card.h"

struct kb_t0 {
    struct kb_card *card;
    uint8_t stage; /* private */
    uint8_t way;   /* enum kb_way of the command */
    /* Asks for each byte of data, and announces each, by the complement of INS. */
    bool is_bytewise;
    bool has_asked;  /* the procedure byte before the next byte of data was sent */
    bool has_waited; /* the NULL before a slow command was sent */
    uint16_t len;    /* bytes of command that came */
    uint8_t status[2];
    struct kb_span answer; /* what is still to send before the status; lies in the card */
    uint8_t command[5 + 255];
};

void kb_t0_begin(struct kb_t0 *t0, struct kb_card *card);

/* A byte from the terminal. While the card has something to send none is heard. */
void kb_t0_receive(struct kb_t0 *t0, uint8_t byte);

/* The next byte to the terminal; false: the card waits for one. A command that is complete runs
 * here. */
bool kb_t0_send(struct kb_t0 *t0, uint8_t *byte);

#endif
