/* SPDX-License-Identifier: Apache-2.0 */
/* One card as its maker leaves it, a phone around it, and the provider at the other end: one for
 * the whole process. */
#ifndef KB_TESTS_CPA_WORLD_H
#define KB_TESTS_CPA_WORLD_H

#include "card/cpa/plan.h"
#include "tests/cpa/phone.h"

struct world {
    struct rig rig;
    struct kb_crypto crypto;
    struct provider provider;
    struct phone phone;
    struct kb_cpa_plan plan;
    uint8_t made[RIG_SECTOR * RIG_SECTORS]; /* the card's memory when it was new */
    uint8_t temporary_files[512];           /* what its files held then */
};

extern struct world world;

/* A plan that starts by itself, asks nobody, keeps the temporary pair; a provider on this curve. */
void world_begin(enum kb_curve curve);
/* The same with a USIM that has no file but this one. */
void world_begin_bare(enum kb_curve curve, const char *file);
/* The same with a memory of fewer sectors. */
void world_begin_small(enum kb_curve curve, uint32_t sectors);

/* Makes the card by the plan and the provider as they are now; switches the phone on. */
void world_make(void);

/* The card as it was made, powered, and the phone on; the provider keeps what it knows. */
void world_renew(void);

/* The service tells the card to begin. */
void world_start(void);

/* Puts the plan in as it is now. */
void world_plan(void);

/* Puts an object into the card's memory. */
void world_put(uint16_t object, const void *bytes, size_t len);

enum kb_cpa_state world_state(void);
bool world_has(uint16_t object);

/* The body of a file below the USIM. Returns its size. */
size_t world_file(uint16_t fid, uint8_t bytes[64]);
void assert_file(uint16_t fid, const char *hex);

/* The card holds the operator's pair, as the operator does, and nothing of the way there. */
void assert_personalized(void);

/* The card holds the temporary pair and its files, and nothing of the operator's. */
void assert_temporary(void);

/* No object of the card holds this. */
void assert_nowhere(const uint8_t *secret, size_t len);

#endif
