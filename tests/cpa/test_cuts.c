/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power is cut at every program and erase of a whole personalization, and at reads. Then the phone
 * is switched on again and everything goes on; in the end the card holds the pair that its operator
 * has, or, where the network refuses that, the one it came with.
 */
#include "tests/cpa/world.h"

enum { WAYS = 4, EVERY = 1, MANY = 3, SOME = 7, FEW = 29 };

static struct provider provider_before;
static struct phone phone_before;

static void start_over_the_air(void)
{
    if (world_state() == KB_CPA_IDLE)
        world_start();
}

static void renew(void)
{
    world.provider = provider_before;
    world.phone = phone_before;
    world_renew();
}

typedef void (*arming)(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed);

/* False when the way came to its end before the cut. */
static bool go(arming arm, uint64_t cut, uint64_t seed, void (*begin)(void))
{
    bool was_cut;

    renew();
    assert_true(phone_run(&world.phone));
    arm(&world.rig.fault, cut, seed);
    if (begin)
        begin();
    was_cut = !phone_run(&world.phone);
    if (!was_cut)
        return false;
    phone_run_on(&world.phone);
    /* What was to begin it may have been lost with the power. */
    if (begin && world_state() == KB_CPA_IDLE) {
        begin();
        phone_run_on(&world.phone);
    }
    return true;
}

/* reads: of how many reads one is cut short. */
static void cut_everywhere(unsigned reads, void (*begin)(void), void (*check)(void))
{
    uint64_t cut, operations = 0;

    world_make();
    provider_before = world.provider;
    phone_before = world.phone;
    /* Each cut torn in several ways. */
    for (cut = 1; go(kb_flash_fault_arm, 1 + cut / WAYS, cut, begin);
         cut++, operations = cut / WAYS)
        check();
    check();
    print_message("%llu cuts\n", (unsigned long long)cut - 1);
    assert_true(operations > 10);
    for (cut = 1; go(kb_flash_fault_arm_reads, cut, 0, begin); cut += reads)
        check();
    print_message("%llu reads\n", (unsigned long long)cut - 1);
}

static void is_personalized(void)
{
    assert_personalized();
    assert_string_equal(world.phone.imsi, "001010123456789");
}

static void edhoc_ends_with_the_operators_pair(void **state)
{
    (void)state;
    world_begin(KB_CURVE_P256);
    world.plan.starts = KB_CPA_BY_AIR;
    cut_everywhere(MANY, start_over_the_air, is_personalized);
}

static void a_card_that_asks_and_forgets_ends_so_too(void **state)
{
    (void)state;
    world_begin(KB_CURVE_X25519);
    world.plan.starts = KB_CPA_BY_AIR;
    world.plan.asks_user = true;
    world.plan.keeps_temporary = false;
    cut_everywhere(SOME, start_over_the_air, is_personalized);
    assert_false(world_has(KB_OBJ_KI));
}

static void dh_ends_with_the_operators_pair(void **state)
{
    (void)state;
    world_begin(KB_CURVE_P256);
    world.plan.starts = KB_CPA_BY_AIR;
    world.plan.agreement = world.provider.agreement = KB_SESSION_DH;
    world.plan.suites[0] = world.provider.suites[0] = 29;
    cut_everywhere(SOME, start_over_the_air, is_personalized);
}

static void a_memory_that_has_to_tidy_up_changes_nothing(void **state)
{
    (void)state;
    world_begin_small(KB_CURVE_P256, 10);
    world.plan.starts = KB_CPA_BY_AIR;
    cut_everywhere(SOME, start_over_the_air, is_personalized);
    assert_true(world.rig.ram.sectors_erased > 0);
}

static void has_fallen_back(void)
{
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_string_equal(world.phone.imsi, "901700000000001");
    assert_true(world.phone.service == KB_CAT_NORMAL_SERVICE);
    assert_temporary();
    assert_false(world_has(KB_OBJ_CPA_AGREEMENT));
    assert_false(world_has(KB_OBJ_CPA_PAIR));
    assert_false(world_has(KB_OBJ_CPA_OUT));
    assert_nowhere(world.provider.secrets.k, 16);
    assert_nowhere(world.provider.secrets.seal, 16);
}

/* The operator hears of it under the seal, every time: else it could not use the identity again. */
static void has_fallen_back_and_said_so(void)
{
    has_fallen_back();
    assert_true(world.provider.dropped_seals >= 1);
    assert_false(world.provider.has_released);
}

static void a_refused_pair_is_taken_back_whole(void **state)
{
    (void)state;
    world_begin(KB_CURVE_P256);
    world.plan.starts = KB_CPA_BY_AIR;
    world.phone.takes_new = false;
    cut_everywhere(FEW, start_over_the_air, has_fallen_back_and_said_so);
}

static void a_user_who_says_no_keeps_the_card_as_it_was(void **state)
{
    (void)state;
    world_begin(KB_CURVE_P256);
    world.plan.starts = KB_CPA_BY_AIR;
    world.plan.asks_user = true;
    world.phone.says_yes = false;
    cut_everywhere(EVERY, start_over_the_air, has_fallen_back_and_said_so);
}

/* --- A wrong admin code --- */

static uint8_t tries(void)
{
    uint8_t left = 0;

    if (!world_has(KB_OBJ_CPA_TRIES))
        return 3;
    assert_int_equal(kb_nvm_read(&world.rig.card.nvm, KB_OBJ_CPA_TRIES, 0, &left, 1), KB_OK);
    return left;
}

/* Wherever the power went, nobody compared without paying. */
static void has_paid(void)
{
    assert_true(world_state() == KB_CPA_IDLE || world_state() == KB_CPA_BLOCKED);
    assert_true(tries() <= 2);
    assert_temporary();
}

static void a_wrong_code_costs_a_try_wherever_the_power_goes(void **state)
{
    (void)state;
    world_begin(KB_CURVE_P256);
    world.plan.starts = KB_CPA_BY_AIR;
    world.provider.admin_code = "27182818";
    cut_everywhere(EVERY, start_over_the_air, has_paid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edhoc_ends_with_the_operators_pair),
        cmocka_unit_test(a_card_that_asks_and_forgets_ends_so_too),
        cmocka_unit_test(dh_ends_with_the_operators_pair),
        cmocka_unit_test(a_memory_that_has_to_tidy_up_changes_nothing),
        cmocka_unit_test(a_refused_pair_is_taken_back_whole),
        cmocka_unit_test(a_user_who_says_no_keeps_the_card_as_it_was),
        cmocka_unit_test(a_wrong_code_costs_a_try_wherever_the_power_goes),
    };

    return cmocka_run_group_tests_name("cpa cuts", tests, NULL, NULL);
}
