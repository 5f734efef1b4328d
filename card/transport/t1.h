/* SPDX-License-Identifier: Apache-2.0 */
/*
 * T=1, the card's side, byte by byte (ISO/IEC 7816-3 clause 11, TS 102 221 clauses 7.2.3 and
 * 7.3.1.2): I-blocks with chaining both ways, R-blocks, S(RESYNCH, IFS, ABORT, WTX), LRC. A command
 * longer than KB_T1_COMMAND_MAX is taken to its end and gets 6700.
 */
#ifndef KB_CARD_TRANSPORT_T1_H
#define KB_CARD_TRANSPORT_T1_H

#include "card/card.h"

enum {
    KB_T1_IFSC = 254,    /* what the ATR has to say (TA3) */
    KB_T1_IFSD = 32,     /* until the terminal says otherwise */
    KB_T1_WTX_TRIES = 3, /* S(WTX request), then the card goes on without */
    KB_T1_COMMAND_MAX = 7 + KB_CARD_CHAIN_MAX + 2
};

struct kb_t1 {
    struct kb_card *card;
    /* Multiple of the block waiting time asked for before a slow command; 0: never. */
    uint8_t waiting;

    /* All below is private. The block that comes in: */
    uint16_t at; /* bytes of it that came */
    uint8_t prologue[3];
    uint8_t parameter; /* first byte of INF */
    uint8_t sum;       /* LRC over what came */

    /* The block that goes out: */
    bool is_sending;
    uint16_t sent;
    uint8_t pcb;
    uint8_t sum_out;
    struct kb_span inf;

    uint8_t ifsd;
    uint8_t next_out;      /* N(S) of the next I-block out */
    uint8_t next_in;       /* N(S) expected */
    uint8_t wtx_tries;     /* S(WTX request) that may still be sent; above 0 while one is due */
    bool is_ready;         /* the command is complete */
    bool is_too_long;      /* more came than command holds */
    bool is_collecting;    /* a chain comes in */
    uint16_t len;          /* bytes of command */
    uint16_t part;         /* bytes of answer in the I-block sent last */
    struct kb_span answer; /* from the I-block sent last on; lies in the card */
    uint8_t command[KB_T1_COMMAND_MAX];
};

void kb_t1_begin(struct kb_t1 *t1, struct kb_card *card);

/* A byte from the terminal. While the card has something to send none is heard. */
void kb_t1_receive(struct kb_t1 *t1, uint8_t byte);

/* The character waiting time passed since the last byte: what came of a block is all of it. */
void kb_t1_silence(struct kb_t1 *t1);

/* The next byte to the terminal; false: the card waits for one. A command that is complete runs
 * here. */
bool kb_t1_send(struct kb_t1 *t1, uint8_t *byte);

#endif
