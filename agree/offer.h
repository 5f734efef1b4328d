/* SPDX-License-Identifier: Apache-2.0 */
/* What an initiator offers and a responder takes: cipher suites of EDHOC (RFC 9528 clauses 5.2.1
 * and 6.3) and groups of DH, by the same rules. The initiator names all it likes better than the
 * selected one, which comes last; the responder takes the offer only when that is the first of them
 * that it supports too. So nobody in the middle can talk them into a weaker one. */
#ifndef KB_AGREE_OFFER_H
#define KB_AGREE_OFFER_H

#include "wire/cursor.h"

enum { KB_OFFER_MAX = 8 };

struct kb_offer {
    int16_t values[KB_OFFER_MAX];
    size_t count;
};

/* Whether a party can run this one. */
typedef bool kb_offer_supports(const void *party, int16_t value);

/* One value is an integer, several an array of at least two (suites, clause 5.2.1). */
void kb_offer_put(struct kb_writer *wr, const struct kb_offer *offer);

/* False, and the cursor bad: another shape, more than KB_OFFER_MAX, or a number beyond int16_t. */
bool kb_offer_read(struct kb_cursor *rd, struct kb_offer *offer);

/* The first of the preferences that the party supports and, when limits is not NULL, that stands
 * in limits, with all those before it. False: there is none. */
bool kb_offer_make(const int16_t *preferences, size_t count, kb_offer_supports *supports,
                   const void *party, const struct kb_offer *limits, struct kb_offer *offer);

/* All of the preferences that the party supports, for its refusal. */
void kb_offer_all(const int16_t *preferences, size_t count, kb_offer_supports *supports,
                  const void *party, struct kb_offer *offer);

/* True when the last one, and none before it, is supported (clause 5.2.3). */
bool kb_offer_is_acceptable(const struct kb_offer *offer, kb_offer_supports *supports,
                            const void *party);

/* The selected one; the offer is not empty. */
int16_t kb_offer_selected(const struct kb_offer *offer);

#endif
