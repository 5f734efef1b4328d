/* SPDX-License-Identifier: Apache-2.0 */
/* Proof that a card holds a subscriber's keys: a fresh challenge through AUTHENTICATE, in the 3G
 * and the GSM context (3GPP TS 31.102 clause 7.1), the way a network would ask. */
#ifndef KB_DESK_AUTHENTICATE_H
#define KB_DESK_AUTHENTICATE_H

#include "crypto/crypto.h"
#include "reader/reader.h"

enum { KB_SUBSCRIBER_KEY = 16, KB_SQN_IND_DESK = 31 };

struct kb_subscriber_keys {
    uint8_t ki[KB_SUBSCRIBER_KEY];
    uint8_t opc[KB_SUBSCRIBER_KEY];
    struct kb_span pin1; /* 4-8 digits; empty when it is not known */
};

/* Authenticates a powered card with Milenage. First a stale SQN, to learn the card's from AUTS,
 * then the next one with IND 31, which leaves the counters of a network's own INDs alone
 * (TS 33.102 annex C.3.2). *seq: the highest SEQ the card has now accepted. KB_ERR_INTEGRITY: the
 * card has other keys; KB_ERR_CARD: it refuses. */
enum kb_err kb_authenticate(struct kb_reader *reader, const struct kb_crypto *crypto,
                            const struct kb_subscriber_keys *keys, uint64_t *seq,
                            struct kb_report *why);

#endif
