/* SPDX-License-Identifier: Apache-2.0 */
/* Each fault alone, on every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/sim/runs.h"

static void messages_may_be_lost(void **state)
{
    struct kb_world_config config = runs_config(11);

    (void)state;
    config.loss = 0.25;
    runs_well_everywhere(&config);
}

static void messages_may_come_twice(void **state)
{
    struct kb_world_config config = runs_config(12);

    (void)state;
    config.duplicate = 0.5;
    runs_well_everywhere(&config);
}

static void messages_may_overtake_each_other(void **state)
{
    struct kb_world_config config = runs_config(13);

    (void)state;
    config.reorder = 0.5;
    runs_well_everywhere(&config);
}

static void cards_may_lose_power_while_they_write(void **state)
{
    struct kb_world_config config = runs_config(14);

    (void)state;
    config.cut = 0.8;
    runs_well_everywhere(&config);
    assert_true(runs_well(&config).cuts > config.cards / 2);
}

static void servers_may_die_between_any_two_operations(void **state)
{
    struct kb_world_config config = runs_config(15);

    (void)state;
    config.kill = 0.01;
    runs_well_everywhere(&config);
    assert_true(runs_well(&config).kills > 10);
}

static void networks_may_refuse_new_identities_for_a_while(void **state)
{
    struct kb_world_config config = runs_config(16);

    (void)state;
    config.refuse = 0.5;
    runs_well_everywhere(&config);
    assert_true(runs_well(&config).personalized > config.cards / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_may_be_lost),
        cmocka_unit_test(messages_may_come_twice),
        cmocka_unit_test(messages_may_overtake_each_other),
        cmocka_unit_test(cards_may_lose_power_while_they_write),
        cmocka_unit_test(servers_may_die_between_any_two_operations),
        cmocka_unit_test(networks_may_refuse_new_identities_for_a_while),
    };

    return cmocka_run_group_tests_name("sim faults", tests, NULL, NULL);
}
