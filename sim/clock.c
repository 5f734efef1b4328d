/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap; the root is the next event. */
#include "sim/clock.h"

#include <stdlib.h>

#include "sim/memory.h"

static bool is_before(const struct kb_sim_event *a, const struct kb_sim_event *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void kb_sim_plan(struct kb_sim_clock *clock, int64_t in_ms, struct kb_sim_event event)
{
    size_t at = clock->count;

    if (clock->count == clock->room)
        clock->heap = kb_sim_grow(clock->heap, &clock->room, sizeof(*clock->heap));
    event.at = clock->now + (in_ms > 0 ? in_ms : 0);
    event.order = clock->planned++;
    clock->count++;
    for (; at && is_before(&event, &clock->heap[(at - 1) / 2]); at = (at - 1) / 2)
        clock->heap[at] = clock->heap[(at - 1) / 2];
    clock->heap[at] = event;
}

static struct kb_sim_event take_first(struct kb_sim_clock *clock)
{
    struct kb_sim_event first = clock->heap[0], last = clock->heap[--clock->count];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < clock->count) {
        if (child + 1 < clock->count && is_before(&clock->heap[child + 1], &clock->heap[child]))
            child++;
        if (!is_before(&clock->heap[child], &last))
            break;
        clock->heap[at] = clock->heap[child];
        at = child;
    }
    clock->heap[at] = last;
    return first;
}

bool kb_sim_step(struct kb_sim_clock *clock)
{
    struct kb_sim_event event;

    if (!clock->count)
        return false;
    event = take_first(clock);
    clock->now = event.at;
    clock->happened++;
    event.run(event.ctx, &event);
    kb_sim_letter_drop(event.letter);
    return true;
}

void kb_sim_clock_end(struct kb_sim_clock *clock)
{
    for (size_t i = 0; i < clock->count; i++)
        kb_sim_letter_drop(clock->heap[i].letter);
    free(clock->heap);
    *clock = (struct kb_sim_clock){0};
}
