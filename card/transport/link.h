/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line of the card: what a terminal hears and may say after a reset. The answer to reset, a
 * protocol and parameters selection if the terminal wants one, then T=0 or T=1. No I/O: bytes go in
 * and out one at a time; the serial port below takes care of parity, guard and waiting times.
 *
 *     kb_link_power_up(&link, &card, &port);
 *     for (;;) {
 *         while (kb_link_send(&link, &byte))
 *             put it on the line;
 *         set the line to kb_link_speed(&link);
 *         kb_link_receive(&link, a byte from the line);
 *     }
 */
#ifndef KB_CARD_TRANSPORT_LINK_H
#define KB_CARD_TRANSPORT_LINK_H

#include "card/transport/pps.h"
#include "card/transport/t0.h"
#include "card/transport/t1.h"

struct kb_link_answer {
    uint8_t bytes[KB_ATR_MAX];
    uint8_t len;
    uint8_t sent;
};

struct kb_link {
    struct kb_card *card;
    struct kb_card_port port; /* the card's, with the transport in use */
    uint8_t stage;            /* private */
    uint8_t speed;
    uint8_t protocol;   /* in use or offered first */
    uint8_t offered;    /* TA1 */
    bool is_specific;   /* TA2: nothing is negotiated */
    uint8_t waiting;    /* see struct kb_t1; may be set at any time before a protocol is chosen */
    uint16_t protocols; /* as in struct kb_atr */
    union {
        struct kb_link_answer answer;
        struct kb_pps pps;
        struct kb_t0 t0;
        struct kb_t1 t1;
    } in;
};

/* Power-up of the card and of its line. port must outlive neither; what it points to must. Errors
 * of kb_card_power_up; KB_ERR_MALFORMED, KB_ERR_INTEGRITY: the ATR of the card is no ATR;
 * KB_ERR_USAGE: it offers neither T=0 nor T=1 first. */
enum kb_err kb_link_power_up(struct kb_link *link, struct kb_card *card,
                             const struct kb_card_port *port);

/* Warm reset. */
enum kb_err kb_link_reset(struct kb_link *link);

/* The next byte to the terminal; false: the card waits for one. */
bool kb_link_send(struct kb_link *link, uint8_t *byte);

/* A byte from the terminal; not heard while the card has something to send. */
void kb_link_receive(struct kb_link *link, uint8_t byte);

/* Nothing came for the character waiting time of T=1. */
void kb_link_silence(struct kb_link *link);

/* F and D in use, as TA1 codes them. */
static inline uint8_t kb_link_speed(const struct kb_link *link)
{
    return link->speed;
}

#endif
