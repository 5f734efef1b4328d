/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of KB_OBJ_AKA as people write them: words and decimal numbers. */
#ifndef KB_CARD_PERSO_PROFILE_H
#define KB_CARD_PERSO_PROFILE_H

#include "card/objects.h"
#include "wire/cursor.h"

enum {
    KB_PROFILE_SIZE = 21,   /* bytes of the object (card/objects.h) */
    KB_PROFILE_PART_MAX = 7 /* of a part as kb_profile_encode writes it */
};

/* docs/plan.md names them in this order. */
enum kb_profile_part {
    KB_PROFILE_ALGORITHM,  /* milenage, tuak, xor */
    KB_PROFILE_GSM,        /* from-3g, comp128v1, comp128v2, comp128v3, xor */
    KB_PROFILE_RES,        /* bytes: 4 to 16 */
    KB_PROFILE_CK,         /* 16 or 32 */
    KB_PROFILE_IK,         /* 16 or 32 */
    KB_PROFILE_MAC,        /* 8, 16 or 32 */
    KB_PROFILE_ITERATIONS, /* of Keccak, 1 to 255 */
    KB_PROFILE_IND_BITS,   /* 0 to 5 */
    KB_PROFILE_DELTA,      /* none, or 1 to 2^48 - 1 */
    KB_PROFILE_AGE_LIMIT,  /* none, or 1 to 2^48 - 1 */
    KB_PROFILE_PARTS
};

/* What a subscription without the object is taken to have. */
extern const uint8_t kb_profile_usual[KB_PROFILE_SIZE];

/* Bytes that kb_profile_encode writes for a part, 0 for no part. */
size_t kb_profile_part_size(uint8_t part);

/* KB_ERR_MALFORMED: no word or number of the part; KB_ERR_RANGE: a number it cannot be;
 * KB_ERR_USAGE: size is not the part's. */
enum kb_err kb_profile_encode(uint8_t part, struct kb_span text, uint8_t *out, size_t size);

/* Puts what kb_profile_encode wrote to its place in the object. */
void kb_profile_place(uint8_t part, const uint8_t *encoded, uint8_t object[KB_PROFILE_SIZE]);

#endif
