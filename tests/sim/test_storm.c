/* SPDX-License-Identifier: Apache-2.0 */
/* All faults at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/sim/runs.h"

enum { SEEDS = 5 };

static void promises_are_kept_when_everything_fails_at_once(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 100 + SEEDS; seed++) {
        struct kb_world_config config = runs_config(seed);

        config.loss = 0.2;
        config.duplicate = config.reorder = 0.3;
        config.cut = 0.7;
        config.kill = 0.008;
        config.refuse = 0.3;
        config.no = config.stranger = 0.1;
        runs_well_everywhere(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promises_are_kept_when_everything_fails_at_once),
    };

    return cmocka_run_group_tests_name("sim storm", tests, NULL, NULL);
}
