/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds without faults: everybody is personalized, in as few messages as the documents say, and
 * equal seeds give equal runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/runs.h"

static void every_card_is_personalized_on_every_way(void **state)
{
    struct kb_world_config config = runs_config(1);

    (void)state;
    for (int transport = KB_WORLD_SMS; transport <= KB_WORLD_PACKET; transport++)
        for (int agreement = KB_SESSION_EDHOC; agreement <= KB_SESSION_DH; agreement++)
            for (int front = KB_WORLD_MACHINE; front < KB_WORLD_FRONTS; front++) {
                config.transport = (enum kb_world_transport)transport;
                config.agreement = (enum kb_session_agreement)agreement;
                config.front = (enum kb_world_front)front;
                assert_int_equal(runs_well(&config).personalized, config.cards);
            }
}

static void every_suite_and_every_group_serves(void **state)
{
    static const int16_t groups[] = {23, 29, 256, 257};
    struct kb_world_config config = runs_config(2);

    (void)state;
    config.cards = 3;
    for (config.suite = 0; config.suite <= 3; config.suite++)
        assert_int_equal(runs_well(&config).personalized, config.cards);
    config.agreement = KB_SESSION_DH;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        config.suite = groups[i];
        assert_int_equal(runs_well(&config).personalized, config.cards);
    }
}

static void cards_with_old_keys_are_personalized_as_well_whatever_happens(void **state)
{
    struct kb_world_config config = runs_config(21);

    (void)state;
    config.has_old_keys = true;
    for (int transport = KB_WORLD_SMS; transport <= KB_WORLD_PACKET; transport++) {
        config.transport = (enum kb_world_transport)transport;
        assert_int_equal(runs_well(&config).personalized, config.cards);
    }
    config.loss = config.duplicate = config.reorder = 0.1;
    config.cut = 0.5;
    config.kill = 0.003;
    runs_well_everywhere(&config);
}

static void edhoc_takes_seven_short_messages_and_dh_six(void **state)
{
    struct kb_world_config config = runs_config(3);
    struct kb_world_result result;

    (void)state;
    result = runs_well(&config);
    assert_int_equal(result.links[KB_LINK_SMS].messages, 7 * config.cards);
    config.agreement = KB_SESSION_DH;
    result = runs_well(&config);
    assert_int_equal(result.links[KB_LINK_SMS].messages, 6 * config.cards);
}

static void equal_seeds_give_equal_runs(void **state)
{
    struct kb_world_config config = runs_config(4);
    struct kb_world_result first, again, other;

    (void)state;
    config.loss = config.duplicate = config.reorder = 0.1;
    config.cut = 0.5;
    config.kill = 0.003;
    config.no = config.refuse = 0.1;
    first = runs_well(&config);
    again = runs_well(&config);
    config.seed++;
    other = runs_well(&config);
    assert_memory_equal(first.digest, again.digest, sizeof(first.digest));
    assert_int_equal(first.events, again.events);
    assert_memory_not_equal(first.digest, other.digest, sizeof(first.digest));
}

/* What one card draws does not depend on how many others there are. */
static void a_card_alone_has_the_way_it_has_among_others(void **state)
{
    struct kb_world_config config = runs_config(5);
    struct kb_report why = {KB_OK, ""};
    struct kb_world *world;
    uint32_t alone;

    (void)state;
    config.cards = 1;
    alone = (uint32_t)runs_well(&config).median_ms;
    config.cards = 10;
    assert_int_equal(kb_world_open(&config, &world, &why), KB_OK);
    while (kb_world_step(world))
        ;
    /* Servers put steps of several cards into one commit: a few milliseconds. */
    assert_true(kb_world_record(world, 0)->latency_ms >= alone - 50);
    assert_true(kb_world_record(world, 0)->latency_ms <= alone + 50);
    kb_world_close(world);
}

static void users_who_say_no_and_strangers_get_their_reasons(void **state)
{
    struct kb_world_config config = runs_config(6);
    struct kb_world_result result;

    (void)state;
    config.no = config.stranger = 0.3;
    result = runs_well(&config);
    assert_true(result.reasons[KB_REASON_USER] > 0);
    assert_true(result.reasons[KB_REASON_NO_CONTRACT] > 0);
    assert_int_equal(result.personalized + result.reasons[KB_REASON_USER] +
                         result.reasons[KB_REASON_NO_CONTRACT],
                     config.cards);
}

static void an_empty_pool_is_a_reason(void **state)
{
    struct kb_world_config config = runs_config(7);
    struct kb_world_result result;

    (void)state;
    config.pool = 3;
    result = runs_well(&config);
    assert_int_equal(result.personalized, 6);
    assert_int_equal(result.reasons[KB_REASON_NO_IDENTITY], config.cards - 6);
}

static void what_makes_no_sense_is_refused_with_words(void **state)
{
    struct kb_world_config config = runs_config(8);
    struct kb_report why = {KB_OK, ""};
    struct kb_world *world;

    (void)state;
    config.loss = 1.5;
    assert_int_equal(kb_world_open(&config, &world, &why), KB_ERR_USAGE);
    assert_null(world);
    assert_true(strlen(why.text) > 0);
    config.loss = 0;
    config.cards = 0;
    assert_int_equal(kb_world_open(&config, &world, &why), KB_ERR_USAGE);
    config.cards = 1;
    config.operators = 1000;
    assert_int_equal(kb_world_open(&config, &world, &why), KB_ERR_USAGE);
}

static void a_card_without_a_list_asks_the_service_for_one(void **state)
{
    struct kb_world_config config = runs_config(5);

    (void)state;
    config.front = KB_WORLD_LIST;
    for (config.operators = 1; config.operators < 3; config.operators++)
        assert_int_equal(runs_well(&config).messages, 7 + 2);
}

/* A card's list has eight places. */
static void an_operator_that_is_on_no_list_is_reached_by_its_code(void **state)
{
    struct kb_world_config config = runs_config(5);
    struct kb_world_result result;

    (void)state;
    config.operators = 12;
    config.stranger = 1;
    result = runs_well(&config);
    assert_int_equal(result.reasons[KB_REASON_NO_CONTRACT], config.cards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_card_is_personalized_on_every_way),
        cmocka_unit_test(every_suite_and_every_group_serves),
        cmocka_unit_test(cards_with_old_keys_are_personalized_as_well_whatever_happens),
        cmocka_unit_test(edhoc_takes_seven_short_messages_and_dh_six),
        cmocka_unit_test(equal_seeds_give_equal_runs),
        cmocka_unit_test(a_card_alone_has_the_way_it_has_among_others),
        cmocka_unit_test(users_who_say_no_and_strangers_get_their_reasons),
        cmocka_unit_test(a_card_without_a_list_asks_the_service_for_one),
        cmocka_unit_test(an_operator_that_is_on_no_list_is_reached_by_its_code),
        cmocka_unit_test(an_empty_pool_is_a_reason),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_words),
    };

    return cmocka_run_group_tests_name("sim world", tests, NULL, NULL);
}
