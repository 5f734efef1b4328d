/* SPDX-License-Identifier: Apache-2.0 */
/* A subscriber's keys and algorithms, as the values of a card tell them. */
#ifndef KB_DESK_SUBSCRIBER_H
#define KB_DESK_SUBSCRIBER_H

#include "crypto/aka.h"
#include "desk/record.h"
#include "plan/entity.h"

enum { KB_SUBSCRIBER_KEY = 16 };

/* All zero but the keys: Milenage as cards have it when nobody says otherwise. */
struct kb_subscriber_keys {
    struct kb_aka_profile profile; /* res_len 0: the usual one, and keys of KB_SUBSCRIBER_KEY */
    uint8_t ind_bits;              /* these count with a profile of its own */
    uint8_t ki_len, opc_len;       /* opc_len 0: there is none */
    uint8_t ki[KB_AKA_KEY_MAX];
    uint8_t opc[KB_AKA_KEY_MAX];
    struct kb_span pin1; /* 4-8 digits; empty when it is not known */
};

/* Adds what the maker said of the field's subscription. Values with the same role that are there
 * already come first and count. KB_ERR_TOO_LONG. */
enum kb_err kb_subscriber_tell(const struct kb_entity_field *field, struct kb_record *record);

/* Profile and bits of IND that the values tell, the usual where they do not. KB_ERR_RANGE: words,
 * numbers or lengths that do not go together. */
enum kb_err kb_subscriber_profile(const struct kb_record *record, struct kb_subscriber_keys *keys);

/* All that the values tell; pin1 points into the record. KB_ERR_ABSENT: no keys that any of the
 * algorithms could use; KB_ERR_RANGE. Holds secrets. */
enum kb_err kb_subscriber_keys(const struct kb_record *record, struct kb_subscriber_keys *keys);

/* Whether the lengths of the keys are those of the algorithm: for 3G, for GSM. */
bool kb_subscriber_has_3g(const struct kb_subscriber_keys *keys);
bool kb_subscriber_has_gsm(const struct kb_subscriber_keys *keys);

/* Bytes that a new Ki, or OPc, should have. */
size_t kb_subscriber_key_size(const struct kb_subscriber_keys *keys, bool is_ki);

#endif
