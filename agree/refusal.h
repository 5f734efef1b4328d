/* SPDX-License-Identifier: Apache-2.0 */
/* Error messages of EDHOC (RFC 9528 clause 6), which DH uses as well. They are not authenticated:
 * whoever is on the line can send one, and gains a refusal with it. */
#ifndef KB_AGREE_REFUSAL_H
#define KB_AGREE_REFUSAL_H

#include "agree/offer.h"
#include "wire/err.h"

/* ERR_CODE, clause 6. */
enum kb_refusal_code {
    KB_REFUSAL_UNSPECIFIED = 1,
    KB_REFUSAL_WRONG_SUITE = 2,
    KB_REFUSAL_UNKNOWN_CREDENTIAL = 3
};

struct kb_refusal {
    int64_t code;
    struct kb_offer supported; /* of KB_REFUSAL_WRONG_SUITE; otherwise empty */
};

/* True when a reply to an initiator begins like an error message: all others are byte strings. */
bool kb_refusal_is_one(struct kb_span message);

/* KB_ERR_MALFORMED: not ERR_CODE and ERR_INFO, or an ERR_INFO of the wrong kind. */
enum kb_err kb_refusal_read(struct kb_span message, struct kb_refusal *refusal);

/* What an error message from the peer means to a party that may start over with another suite.
 * KB_OK: the peer named those that it supports; KB_ERR_PEER: it is over. */
enum kb_err kb_refusal_take(struct kb_span message, bool may_retry, struct kb_offer *supported);

/* Replaces what was written from start on by the message for what went wrong: all causes but a
 * wrong suite (KB_ERR_VERSION, with what is supported) and an unknown credential (KB_ERR_ABSENT)
 * look the same. Nothing is written for KB_ERR_PEER, nor where there is no room. */
void kb_refusal_replace(struct kb_writer *wr, size_t start, enum kb_err why,
                        const struct kb_offer *supported);

#endif
