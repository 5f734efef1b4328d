/* SPDX-License-Identifier: Apache-2.0 */
/* Offers of suites and groups (RFC 9528 clauses 5.2.1, 5.2.3 and 6.3). */
#include "agree/offer.h"

#include "wire/cbor.h"

void kb_offer_put(struct kb_writer *wr, const struct kb_offer *offer)
{
    if (offer->count != 1)
        kb_cbor_put_head(wr, KB_CBOR_ARRAY, offer->count);
    for (size_t i = 0; i < offer->count; i++)
        kb_cbor_put_int(wr, offer->values[i]);
}

bool kb_offer_read(struct kb_cursor *rd, struct kb_offer *offer)
{
    uint64_t count = 1;

    if (!kb_cbor_is_int(rd)) {
        count = kb_cbor_head(rd, KB_CBOR_ARRAY);
        if (count < 2 || count > KB_OFFER_MAX)
            rd->is_bad = true;
    }
    offer->count = 0;
    while (offer->count < count && !rd->is_bad) {
        int64_t value = kb_cbor_int(rd);

        if (value < INT16_MIN || value > INT16_MAX)
            rd->is_bad = true;
        offer->values[offer->count++] = (int16_t)value;
    }
    return !rd->is_bad;
}

static bool contains(const struct kb_offer *offer, int16_t value)
{
    for (size_t i = 0; i < offer->count; i++) {
        if (offer->values[i] == value)
            return true;
    }
    return false;
}

bool kb_offer_make(const int16_t *preferences, size_t count, kb_offer_supports *supports,
                   const void *party, const struct kb_offer *limits, struct kb_offer *offer)
{
    offer->count = 0;
    for (size_t i = 0; i < count && i < KB_OFFER_MAX; i++) {
        offer->values[offer->count++] = preferences[i];
        if (supports(party, preferences[i]) && (!limits || contains(limits, preferences[i])))
            return true;
    }
    offer->count = 0;
    return false;
}

void kb_offer_all(const int16_t *preferences, size_t count, kb_offer_supports *supports,
                  const void *party, struct kb_offer *offer)
{
    offer->count = 0;
    for (size_t i = 0; i < count && offer->count < KB_OFFER_MAX; i++) {
        if (supports(party, preferences[i]))
            offer->values[offer->count++] = preferences[i];
    }
}

bool kb_offer_is_acceptable(const struct kb_offer *offer, kb_offer_supports *supports,
                            const void *party)
{
    for (size_t i = 0; i + 1 < offer->count; i++) {
        if (supports(party, offer->values[i]))
            return false;
    }
    return offer->count && supports(party, kb_offer_selected(offer));
}

int16_t kb_offer_selected(const struct kb_offer *offer)
{
    return offer->values[offer->count - 1];
}
