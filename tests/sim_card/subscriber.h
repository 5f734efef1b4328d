/* SPDX-License-Identifier: Apache-2.0 */
/* A card with a USIM and an ISIM, in the maker's hands, and a subscriber's keys on it. */
#ifndef KB_TESTS_SIM_CARD_SUBSCRIBER_H
#define KB_TESTS_SIM_CARD_SUBSCRIBER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/card/rig.h"
#include "wire/hex.h"

enum { GSM = 0x80, UMTS = 0x81, GBA = 0x84 };

/* KB_OBJ_AKA as a card without one behaves. */
struct options {
    uint8_t algorithm, gsm, res, ck, ik, mac, iterations, ind_bits, flags;
    uint64_t delta, age_limit;
};

extern const struct options usual_options;

/* MF, ADF of the USIM with EF.UST (all services up to 136) and EF.GBABP, EF.GBANL (3 records of 60
 * bytes); the ISIM likewise. The USIM is selected. */
void make_applications(struct rig *rig);

void select_usim(struct rig *rig);
void select_isim(struct rig *rig);

void put_object(struct rig *rig, uint16_t object, const uint8_t *data, size_t len);

/* Returns SW. */
uint16_t put_options(struct rig *rig, const struct options *options);

void draw(struct rig *rig, void *out, size_t len);

/* AUTHENTICATE with Le 00 and, each behind its length, as many values as have one; tag: 0 for none.
 * Returns SW. */
uint16_t authenticate(struct rig *rig, uint8_t p2, uint8_t tag, struct kb_span first,
                      struct kb_span second);

#endif
