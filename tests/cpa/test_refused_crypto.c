/* SPDX-License-Identifier: Apache-2.0 */
/* A library that refuses one call, at every call of a whole personalization: the card gives the
 * attempt up or asks again, and another attempt ends as if nothing had been. */
#include "tests/cpa/world.h"
#include "tests/crypto/refusing.h"

static struct provider provider_before;
static struct phone phone_before;
static struct kb_crypto below;

static void start_over_the_air(void)
{
    if (world_state() == KB_CPA_IDLE)
        world_start();
}

/* False when the way came to its end before the refusal. */
static bool go(uint64_t at)
{
    bool was_refused;

    world.provider = provider_before;
    world.phone = phone_before;
    world_renew();
    phone_run_on(&world.phone);
    refusing_arm(at);
    start_over_the_air();
    phone_run_on(&world.phone);
    was_refused = refusing_is_over();
    refusing_arm(0);
    for (int i = 0; i < 3 && world_state() != KB_CPA_DONE; i++) {
        phone_on(&world.phone);
        phone_run_on(&world.phone);
        start_over_the_air();
        phone_run_on(&world.phone);
    }
    return was_refused;
}

static void refuse_everywhere(void)
{
    uint64_t at;

    world.plan.starts = KB_CPA_BY_AIR;
    below = world.crypto;
    world.rig.port.crypto = refusing_over(&below);
    world_make();
    provider_before = world.provider;
    phone_before = world.phone;
    for (at = 1; go(at); at += at < 64 ? 1 : 5)
        assert_personalized();
    assert_personalized();
    print_message("%llu calls\n", (unsigned long long)at - 1);
    assert_true(at > 64);
}

static void edhoc_survives_a_refusal(void **state)
{
    (void)state;
    world_begin(KB_CURVE_P256);
    refuse_everywhere();
}

static void dh_survives_a_refusal(void **state)
{
    (void)state;
    world_begin(KB_CURVE_P256);
    world.plan.agreement = world.provider.agreement = KB_SESSION_DH;
    world.plan.suites[0] = world.provider.suites[0] = 29;
    refuse_everywhere();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edhoc_survives_a_refusal),
        cmocka_unit_test(dh_survives_a_refusal),
    };

    return cmocka_run_group_tests_name("cpa refused crypto", tests, NULL, NULL);
}
