/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody on all links of a simulated world, who does at some of the messages what a list says.
 *
 *     list = { link (1), what (1), number of the message on that link (2), a (2), b (1), c (1) }
 *
 * Whatever is not in the list goes on as it is, so a world with a short list comes to rest.
 */
#ifndef KB_FUZZ_MEDDLER_H
#define KB_FUZZ_MEDDLER_H

#include "sim/world.h"

enum meddling {
    MEDDLE_DROP,
    MEDDLE_DOUBLE,  /* a: milliseconds later */
    MEDDLE_DELAY,   /* a: in units of 50 ms, behind what comes then */
    MEDDLE_REPLAY,  /* and one of b messages ago in this direction; a: milliseconds later */
    MEDDLE_INSTEAD, /* one of b messages ago goes in its place */
    MEDDLE_OTHER,   /* the last one of another card goes in its place */
    MEDDLE_CUT,     /* to a bytes */
    MEDDLE_FLIP,    /* bit a */
    MEDDLE_INSERT,  /* byte b at a */
    MEDDLE_FIELD,   /* between servers: field b of the message becomes a, or what it was c ago */
    MEDDLE_POWER,   /* card b loses power at its operation a from now */
    MEDDLE_KILL,    /* server b dies at its operation a from now */
    MEDDLINGS
};

enum { MEDDLE_SIZE = 8, MEDDLE_MAX = 12, MEDDLE_KEPT = 24, MEDDLE_BYTES = 1400 };

struct meddler {
    struct kb_world *world;
    struct {
        uint8_t link, what, b, c;
        uint16_t number, a;
    } list[MEDDLE_MAX];
    size_t count;
    uint16_t seen[KB_LINKS];
    bool has_lied; /* to a server in another's name: it may end in nothing */
    struct meddler_kept {
        uint8_t link;
        bool is_up;
        uint64_t card;
        size_t len;
        uint8_t bytes[MEDDLE_BYTES];
    } kept[MEDDLE_KEPT]; /* a ring: the newest at next - 1 */
    size_t next;
    uint8_t room[MEDDLE_BYTES + 1], extra[MEDDLE_BYTES];
};

void meddler_read(struct meddler *meddler, struct kb_span list);
bool meddler_kills(const struct meddler *meddler);

/* Of kb_world_meddle; ctx is the meddler. */
void meddler_meddle(void *ctx, const struct kb_sim_crossing *crossing, struct kb_sim_fate *fate);

#endif
