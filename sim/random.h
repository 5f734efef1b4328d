/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance from a seed: xoshiro256** (Blackman and Vigna, 2018), seeded by SplitMix64. Each party has
 * a stream of its own for each purpose, so what one card draws never depends on another card. For
 * simulation only: nothing here is secret.
 */
#ifndef KB_SIM_RANDOM_H
#define KB_SIM_RANDOM_H

#include "agree/party.h"

enum kb_chance_purpose {
    KB_CHANCE_MAKER = 1, /* what the maker draws for a card */
    KB_CHANCE_CARD = 2,  /* the card's own generator */
    KB_CHANCE_USER = 3,
    KB_CHANCE_NETWORK = 4, /* what becomes of a card's messages */
    KB_CHANCE_POWER = 5,   /* when a card loses power */
    KB_CHANCE_SERVER = 6,  /* a server's own generator */
    KB_CHANCE_KILL = 7,    /* when a server dies */
    KB_CHANCE_MAIL = 8,    /* what becomes of mail between servers */
    KB_CHANCE_REGISTER = 9,
    KB_CHANCE_WORLD = 10,
    KB_CHANCE_ATTACKER = 11,
    KB_CHANCE_SCRIPT = 12 /* when the AS queues scripts for a card */
};

struct kb_chance {
    uint64_t state[4];
};

void kb_chance_init(struct kb_chance *chance, uint64_t seed, enum kb_chance_purpose purpose,
                    uint64_t number);
uint64_t kb_chance_u64(struct kb_chance *chance);
/* 0 .. limit - 1; limit is not 0. */
uint64_t kb_chance_below(struct kb_chance *chance, uint64_t limit);
/* low .. high, both included. */
int64_t kb_chance_between(struct kb_chance *chance, int64_t low, int64_t high);
/* True in this share of draws. A share of 0 draws nothing. */
bool kb_chance_is(struct kb_chance *chance, double share);

/* In the shape of struct kb_random and of the card's port; ctx is a struct kb_chance. */
enum kb_err kb_chance_fill(void *ctx, void *out, size_t len);

#endif
