/* SPDX-License-Identifier: Apache-2.0 */
/* Proof that a card holds a subscriber's keys: a fresh challenge through AUTHENTICATE, in the 3G
 * and the GSM context (3GPP TS 31.102 clause 7.1), the way a network would ask. */
#ifndef KB_DESK_AUTHENTICATE_H
#define KB_DESK_AUTHENTICATE_H

#include "desk/subscriber.h"
#include "reader/reader.h"

/* Authenticates a powered card. With keys for GSM alone: in the GSM context, or in class A0 (TS
 * 51.011) where there is none, and *seq is 0. Else first a stale SQN, to learn the card's from
 * AUTS, then the next one with the highest IND, which leaves the counters of a network's own INDs
 * alone (TS 33.102 annex C.3.2). *seq: the highest SEQ the card has now accepted. KB_ERR_INTEGRITY:
 * the card has other keys; KB_ERR_CARD: it refuses. */
enum kb_err kb_authenticate(struct kb_reader *reader, const struct kb_crypto *crypto,
                            const struct kb_subscriber_keys *keys, uint64_t *seq,
                            struct kb_report *why);

#endif
