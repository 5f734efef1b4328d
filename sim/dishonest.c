/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/dishonest.h"

#include <stdlib.h>

#include "sim/inside.h"
#include "sim/memory.h"

struct kb_sim_dishonest {
    struct kb_world *world;
};

struct kb_sim_dishonest *kb_sim_dishonest_new(struct kb_world *world)
{
    struct kb_sim_dishonest *dishonest = kb_sim_allocate(1, sizeof(*dishonest));

    dishonest->world = world;
    return dishonest;
}

void kb_sim_dishonest_free(struct kb_sim_dishonest *dishonest)
{
    free(dishonest);
}

struct kb_sim_letter *kb_sim_dishonest_sends(struct kb_sim_dishonest *dishonest,
                                             struct kb_sim_letter *letter)
{
    (void)dishonest;
    return letter;
}

struct kb_sim_letter *kb_sim_dishonest_gets(struct kb_sim_dishonest *dishonest,
                                            struct kb_sim_letter *letter)
{
    (void)dishonest;
    return letter;
}
