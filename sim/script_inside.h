/* SPDX-License-Identifier: Apache-2.0 */
/* What script.c and script_card.c share, and nobody else sees. */
#ifndef KB_SIM_SCRIPT_INSIDE_H
#define KB_SIM_SCRIPT_INSIDE_H

#include "sim/inside.h"
#include "sim/script.h"

enum {
    KB_SIM_KEY_SET = 5,    /* number of the AS's keys in remote management */
    KB_SIM_MINIMUM = 0x16, /* security of scripts, as the first octet of the SPI */
    KB_SIM_LOG = 0x2F8F,   /* FID of the world's file */
    KB_SIM_LOG_RECORDS = 2 * KB_SIM_ORDERS + 2
};

/* A record of the world's file. */
enum { KB_SIM_MARK, KB_SIM_PHASE, KB_SIM_MARKED, KB_SIM_BEGUN = 0xB0, KB_SIM_ENDED = 0xE0 };

struct kb_sim_order {
    bool is_there;
    uint64_t card;
    uint8_t mark;            /* which of its card's, from 1 */
    bool is_begun, is_ended; /* as its card tells */
};

struct kb_sim_scripts {
    struct kb_script framed;     /* the last one that was written */
    struct kb_card card;         /* to look into the memory of cards */
    struct kb_sim_order *orders; /* by their number in the AS's store, from 1 */
    size_t room;
    uint64_t count, done, failed, open, cards;
};

/* NULL: it is dead. */
static inline struct kb_as *kb_sim_script_server(const struct kb_world *world)
{
    return world->hosts[0].server;
}

/* That its packet came twice is no answer to a script. */
static inline bool kb_sim_script_has_answer(const struct kb_as_script *script)
{
    return script->is_answered && script->status != KB_STATUS_CNTR_LOW;
}

#endif
