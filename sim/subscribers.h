/* SPDX-License-Identifier: Apache-2.0 */
/* The register of one operator, as a HLR with an authentication centre: subscribers by IMSI, and
 * vectors of Milenage with sequence numbers (3GPP TS 33.102 clause 6.3 and annex C). */
#ifndef KB_SIM_SUBSCRIBERS_H
#define KB_SIM_SUBSCRIBERS_H

#include "sim/random.h"

struct kb_sim_subscriber {
    uint64_t imsi;    /* 0: the place is free */
    uint64_t sqn;     /* the last one that was used: SEQ || IND, 48 bits */
    uint64_t card;    /* that was seen with it, or KB_SIM_NOBODY */
    uint64_t request; /* the newest that was about it: what is older comes too late */
    uint8_t k[16], opc[16];
    bool is_gone; /* removed; the place is not free, for those behind it */
};

struct kb_sim_subscribers {
    const struct kb_crypto *crypto;
    struct kb_chance chance;
    struct kb_sim_subscriber *table;
    size_t room, taken; /* places that are not free */
    bool forgets;       /* to see whether it is noticed: keys come out changed */
};

struct kb_sim_vector {
    uint8_t rand[16], autn[16], xres[8], ck[16], ik[16];
};

/* Digits as a number with a 1 in front, so that zeros count; 0: no digits, or more than 15. */
uint64_t kb_sim_imsi(struct kb_span digits);

void kb_sim_subscribers_init(struct kb_sim_subscribers *subscribers, const struct kb_crypto *crypto,
                             uint64_t seed, uint64_t number);
void kb_sim_subscribers_end(struct kb_sim_subscribers *subscribers);

/* NULL: there is none. The pointer holds until the next one is put in. */
struct kb_sim_subscriber *kb_sim_subscribers_find(const struct kb_sim_subscribers *subscribers,
                                                  uint64_t imsi);
/* New keys start new sequence numbers; the same keys again change nothing. */
struct kb_sim_subscriber *kb_sim_subscribers_put(struct kb_sim_subscribers *subscribers,
                                                 uint64_t imsi, const uint8_t k[16],
                                                 const uint8_t opc[16]);
void kb_sim_subscribers_remove(struct kb_sim_subscribers *subscribers, uint64_t imsi);
/* A newer request about this IMSI came before. */
bool kb_sim_subscribers_is_old(const struct kb_sim_subscribers *subscribers, uint64_t imsi,
                               uint64_t request);

enum kb_err kb_sim_subscribers_vector(struct kb_sim_subscribers *subscribers,
                                      struct kb_sim_subscriber *subscriber,
                                      struct kb_sim_vector *out);
/* Goes on from what the card has accepted (AUTS, clause 6.3.5). KB_ERR_INTEGRITY: no such card. */
enum kb_err kb_sim_subscribers_resynchronise(struct kb_sim_subscribers *subscribers,
                                             struct kb_sim_subscriber *subscriber,
                                             const uint8_t rand[16], const uint8_t auts[14]);

#endif
