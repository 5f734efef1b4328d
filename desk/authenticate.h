/* SPDX-License-Identifier: Apache-2.0 */
/* Proof that a card holds a subscriber's keys: a fresh challenge through AUTHENTICATE, in the 3G
 * and the GSM context (3GPP TS 31.102 clause 7.1), the way a network would ask. */
#ifndef KB_DESK_AUTHENTICATE_H
#define KB_DESK_AUTHENTICATE_H

#include "crypto/aka.h"
#include "reader/reader.h"

enum { KB_SUBSCRIBER_KEY = 16 };

/* All zero but the keys: Milenage as cards have it when nobody says otherwise. */
struct kb_subscriber_keys {
    struct kb_aka_profile profile; /* res_len 0: the usual one */
    uint8_t ind_bits;              /* counts with a profile of its own */
    uint8_t ki_len, opc_len;       /* 0: KB_SUBSCRIBER_KEY */
    uint8_t ki[KB_AKA_KEY_MAX];
    uint8_t opc[KB_AKA_KEY_MAX];
    struct kb_span pin1; /* 4-8 digits; empty when it is not known */
};

/* Authenticates a powered card. First a stale SQN, to learn the card's from AUTS, then the next one
 * with the highest IND, which leaves the counters of a network's own INDs alone (TS 33.102 annex
 * C.3.2). *seq: the highest SEQ the card has now accepted. KB_ERR_INTEGRITY: the
 * card has other keys; KB_ERR_CARD: it refuses. */
enum kb_err kb_authenticate(struct kb_reader *reader, const struct kb_crypto *crypto,
                            const struct kb_subscriber_keys *keys, uint64_t *seq,
                            struct kb_report *why);

#endif
