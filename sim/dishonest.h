/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dishonest application server: an honest one with somebody on all its lines, who knows all that
 * it knows (packet keys, admin codes) and changes what comes from it and to it.
 */
#ifndef KB_SIM_DISHONEST_H
#define KB_SIM_DISHONEST_H

#include "desk/air_maker.h"
#include "sim/letter.h"

struct kb_world;
struct kb_sim_dishonest;

struct kb_sim_dishonest *kb_sim_dishonest_new(struct kb_world *world);
void kb_sim_dishonest_free(struct kb_sim_dishonest *dishonest);

/* What the maker tells the server about a card. */
void kb_sim_dishonest_learn(struct kb_sim_dishonest *dishonest, uint64_t number,
                            const struct kb_air_card *made);
/* How many lies it told, and of how many cards it knows the pair that the register has. */
uint64_t kb_sim_dishonest_lies(const struct kb_sim_dishonest *dishonest);
uint64_t kb_sim_dishonest_known(const struct kb_sim_dishonest *dishonest);

/* What the server sends, and what it gets. Takes over the letter; gives it, or another one, or
 * NULL: nothing goes on. */
struct kb_sim_letter *kb_sim_dishonest_sends(struct kb_sim_dishonest *dishonest,
                                             struct kb_sim_letter *letter);
struct kb_sim_letter *kb_sim_dishonest_gets(struct kb_sim_dishonest *dishonest,
                                            struct kb_sim_letter *letter);

#endif
