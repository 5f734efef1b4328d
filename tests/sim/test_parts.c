/* SPDX-License-Identifier: Apache-2.0 */
/* Time and chance of a simulated world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/clock.h"
#include "sim/random.h"

enum { EVENTS = 5000 };

struct seen {
    struct kb_sim_clock clock;
    int64_t last_at;
    uint32_t last_what;
    size_t count;
};

static void see(void *ctx, const struct kb_sim_event *event)
{
    struct seen *seen = ctx;

    assert_true(seen->clock.now == event->at);
    assert_true(event->at > seen->last_at ||
                (event->at == seen->last_at && event->what > seen->last_what));
    seen->last_at = event->at;
    seen->last_what = event->what;
    seen->count++;
}

static void events_come_in_time_and_ties_in_the_order_of_planning(void **state)
{
    struct seen seen = {.last_at = -1};
    struct kb_chance chance;

    (void)state;
    kb_chance_init(&chance, 1, KB_CHANCE_WORLD, 0);
    for (uint32_t i = 0; i < EVENTS; i++)
        kb_sim_plan(&seen.clock, (int64_t)kb_chance_below(&chance, 300),
                    (struct kb_sim_event){.run = see, .ctx = &seen, .what = i});
    while (kb_sim_step(&seen.clock))
        ;
    assert_int_equal(seen.count, EVENTS);
    kb_sim_clock_end(&seen.clock);
}

static void count_down(void *ctx, const struct kb_sim_event *event)
{
    struct seen *seen = ctx;

    seen->count++;
    if (event->what)
        kb_sim_plan(&seen->clock, 10,
                    (struct kb_sim_event){.run = count_down, .ctx = ctx, .what = event->what - 1});
}

static void an_event_may_plan_others(void **state)
{
    struct seen seen = {0};

    (void)state;
    kb_sim_plan(&seen.clock, 5, (struct kb_sim_event){.run = count_down, .ctx = &seen, .what = 9});
    while (kb_sim_step(&seen.clock))
        ;
    assert_int_equal(seen.count, 10);
    assert_int_equal(seen.clock.now, 95);
    kb_sim_clock_end(&seen.clock);
}

static void what_never_happens_is_freed(void **state)
{
    struct kb_sim_clock clock = {0};

    (void)state;
    kb_sim_plan(
        &clock, 5,
        (struct kb_sim_event){.run = see, .letter = kb_sim_letter_new(0, kb_span("abc", 3))});
    kb_sim_clock_end(&clock);
    assert_false(kb_sim_step(&clock));
}

/* xoshiro256** from the state 1, 2, 3, 4: the first numbers of the authors' own program. */
static void numbers_are_those_of_the_published_generator(void **state)
{
    struct kb_chance chance = {{1, 2, 3, 4}};

    (void)state;
    assert_true(kb_chance_u64(&chance) == UINT64_C(11520));
    assert_true(kb_chance_u64(&chance) == UINT64_C(0));
    assert_true(kb_chance_u64(&chance) == UINT64_C(1509978240));
    assert_true(kb_chance_u64(&chance) == UINT64_C(1215971899390074240));
}

static void streams_of_parties_and_purposes_differ(void **state)
{
    static const struct {
        uint64_t seed, number;
        enum kb_chance_purpose purpose;
    } streams[] = {{1, 0, KB_CHANCE_CARD},
                   {2, 0, KB_CHANCE_CARD},
                   {1, 1, KB_CHANCE_CARD},
                   {1, 0, KB_CHANCE_USER}};
    uint64_t first[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct kb_chance chance;

        kb_chance_init(&chance, streams[i].seed, streams[i].purpose, streams[i].number);
        first[i] = kb_chance_u64(&chance);
        for (size_t k = 0; k < i; k++)
            assert_true(first[i] != first[k]);
    }
}

static void a_share_is_met_and_limits_are_kept(void **state)
{
    struct kb_chance chance;
    unsigned hits = 0;

    (void)state;
    kb_chance_init(&chance, 7, KB_CHANCE_NETWORK, 3);
    for (unsigned i = 0; i < 100000; i++) {
        int64_t value = kb_chance_between(&chance, -3, 3);

        assert_true(value >= -3 && value <= 3);
        hits += kb_chance_is(&chance, 0.1);
        assert_false(kb_chance_is(&chance, 0));
        assert_true(kb_chance_is(&chance, 1));
    }
    assert_in_range(hits, 9500, 10500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_time_and_ties_in_the_order_of_planning),
        cmocka_unit_test(an_event_may_plan_others),
        cmocka_unit_test(what_never_happens_is_freed),
        cmocka_unit_test(numbers_are_those_of_the_published_generator),
        cmocka_unit_test(streams_of_parties_and_purposes_differ),
        cmocka_unit_test(a_share_is_met_and_limits_are_kept),
    };

    return cmocka_run_group_tests_name("sim parts", tests, NULL, NULL);
}
