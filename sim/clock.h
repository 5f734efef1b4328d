/* SPDX-License-Identifier: Apache-2.0 */
/* The one clock of a simulated world, and what is going to happen in it. Of two events at the same
 * time the one that was planned first comes first, so that a run can be repeated exactly. */
#ifndef KB_SIM_CLOCK_H
#define KB_SIM_CLOCK_H

#include "sim/letter.h"

struct kb_sim_event {
    int64_t at; /* milliseconds since the world began */
    uint64_t order;
    void (*run)(void *ctx, const struct kb_sim_event *event);
    void *ctx;
    uint64_t card;                /* whom it concerns, where that matters */
    uint32_t turn;                /* of whom it concerns: one of an earlier turn means nothing */
    uint32_t what;                /* for run */
    struct kb_sim_letter *letter; /* the event holds it */
};

struct kb_sim_clock {
    int64_t now; /* milliseconds */
    uint64_t planned, happened;
    struct kb_sim_event *heap;
    size_t count, room;
};

/* In so many milliseconds. event: run, ctx and what run needs; a letter is handed over. */
void kb_sim_plan(struct kb_sim_clock *clock, int64_t in_ms, struct kb_sim_event event);

/* Goes on to the next event and runs it. False: there is none. */
bool kb_sim_step(struct kb_sim_clock *clock);

void kb_sim_clock_end(struct kb_sim_clock *clock);

#endif
