/* SPDX-License-Identifier: Apache-2.0 */
/* What came out of a run. */
#include <stdlib.h>
#include <string.h>

#include "desk/progress.h"
#include "sim/dishonest.h"
#include "sim/inside.h"
#include "sim/memory.h"
#include "sim/script.h"

static int compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void count_latencies(const struct kb_world *world, struct kb_world_result *result)
{
    uint32_t *all = kb_sim_allocate(world->config.cards, sizeof(*all));
    size_t count = 0;

    for (uint64_t i = 0; i < world->config.cards; i++)
        if (world->records[i].outcome == KB_OUTCOME_PERSONALIZED)
            all[count++] = world->records[i].latency_ms;
    qsort(all, count, sizeof(*all), compare);
    if (count) {
        result->median_ms = all[count / 2];
        result->slow_ms = all[count * 95 / 100];
    }
    free(all);
}

static void count_cards(const struct kb_world *world, struct kb_world_result *result)
{
    for (uint64_t i = 0; i < world->config.cards; i++) {
        const struct kb_world_record *record = &world->records[i];

        result->open += record->outcome == KB_OUTCOME_OPEN;
        result->refused += record->outcome == KB_OUTCOME_REFUSED;
        if (record->outcome == KB_OUTCOME_REFUSED)
            result->reasons[record->reason]++;
        if (record->outcome != KB_OUTCOME_PERSONALIZED)
            continue;
        result->personalized++;
        result->messages += record->messages;
        result->bytes += record->bytes;
    }
    if (result->personalized) {
        result->messages /= (double)result->personalized;
        result->bytes /= (double)result->personalized;
    }
}

static void count_work(const struct kb_world *world, struct kb_world_result *result)
{
    result->as = world->hosts[0].work;
    for (unsigned i = 1; i < world->operator_count; i++) {
        const struct kb_sim_work *work = &world->hosts[i].work;

        for (size_t k = 0; k < KB_WORK_KINDS; k++)
            result->ps.operations[k] += work->operations[k];
        result->ps.public_key_ns += work->public_key_ns;
        result->ps.all_ns += work->all_ns;
    }
}

void kb_world_result(struct kb_world *world, struct kb_world_result *result)
{
    *result = (struct kb_world_result){.mismatched = world->mismatched,
                                       .events = world->clock.happened,
                                       .cuts = world->cuts,
                                       .kills = world->kills,
                                       .simulated_ms = world->clock.now,
                                       .wall_s = kb_clock() - world->started,
                                       .broken = world->broken,
                                       .broken_event = world->broken_event,
                                       .broken_card = world->broken_card};

    memcpy(result->broken_text, world->broken_text, sizeof(result->broken_text));
    memcpy(result->links, world->links.count, sizeof(result->links));
    if (world->dishonest) {
        result->lies = kb_sim_dishonest_lies(world->dishonest);
        result->known = kb_sim_dishonest_known(world->dishonest);
    }
    count_cards(world, result);
    count_latencies(world, result);
    count_work(world, result);
    kb_sim_scripts_count(world, result);
    kb_sim_links_finish(&world->links, result->digest);
    world->is_digested = true;
}

enum kb_err kb_world_run(const struct kb_world_config *config, struct kb_world_result *result,
                         struct kb_report *why)
{
    struct kb_world *world;
    enum kb_err err = kb_world_open(config, &world, why);

    if (err)
        return err;
    while (kb_world_step(world))
        ;
    kb_world_result(world, result);
    kb_world_close(world);
    return KB_OK;
}
