/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/sim/runs.h"

struct kb_world_config runs_config(uint64_t seed)
{
    return (struct kb_world_config){.cards = 24,
                                    .operators = 2,
                                    .seed = seed,
                                    .suite = -1,
                                    .transport = KB_WORLD_SMS,
                                    .agreement = KB_SESSION_EDHOC,
                                    .front = KB_WORLD_USER};
}

struct kb_world_result runs_world(const struct kb_world_config *config)
{
    struct kb_report why = {KB_OK, ""};
    struct kb_world_result result;

    if (kb_world_run(config, &result, &why))
        fail_msg("%s", why.text);
    return result;
}

struct kb_world_result runs_well(const struct kb_world_config *config)
{
    struct kb_world_result result = runs_world(config);

    if (result.broken)
        fail_msg("seed %llu, event %llu: %s: %s", (unsigned long long)config->seed,
                 (unsigned long long)result.broken_event, kb_world_promise_text(result.broken),
                 result.broken_text);
    assert_int_equal(result.open, 0);
    assert_int_equal(result.mismatched, 0);
    assert_int_equal(result.personalized + result.refused, config->cards);
    assert_int_equal(result.reasons[KB_REASON_NONE], 0);
    return result;
}

void runs_well_everywhere(const struct kb_world_config *config)
{
    struct kb_world_config each = *config;
    int turn = 0;

    for (int transport = KB_WORLD_SMS; transport <= KB_WORLD_PACKET; transport++)
        for (int agreement = KB_SESSION_EDHOC; agreement <= KB_SESSION_DH; agreement++)
            for (int i = 0; i < 2; i++) {
                each.transport = (enum kb_world_transport)transport;
                each.agreement = (enum kb_session_agreement)agreement;
                each.front = (enum kb_world_front)(turn++ % KB_WORLD_FRONTS);
                runs_well(&each);
            }
}
