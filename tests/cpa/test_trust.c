/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the card believes: a service with the admin code, an operator under its root, within its
 * time, and not taken back. */
#include "tests/cpa/world.h"

static void begin_on(enum kb_curve curve)
{
    world_begin(curve);
    world.plan.starts = KB_CPA_BY_AIR;
}

static int begin(void **state)
{
    (void)state;
    begin_on(KB_CURVE_P256);
    return 0;
}

static void run(void)
{
    phone_run_on(&world.phone);
}

static void make_and_start(void)
{
    world_make();
    run();
    world_start();
    run();
}

/* --- The admin code --- */

static void three_wrong_codes_block_the_card_for_ever(void **state)
{
    (void)state;
    world.provider.admin_code = "27182818";
    make_and_start();
    assert_int_equal(world.provider.heard.reason, KB_REASON_ADMIN_CODE);
    world_start();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_ADMIN_CODE);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    world_start();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_BLOCKED);
    assert_int_equal(world_state(), KB_CPA_BLOCKED);
    assert_int_equal(world.provider.requests, 3);
    world.provider.admin_code = "31415926";
    world_start();
    run();
    phone_on(&world.phone);
    world_start();
    run();
    assert_int_equal(world_state(), KB_CPA_BLOCKED);
    assert_int_equal(world.provider.requests, 3);
    assert_temporary();
}

static void the_right_code_gives_the_tries_back(void **state)
{
    (void)state;
    world.provider.admin_code = "3141592";
    make_and_start();
    world.provider.admin_code = "314159260";
    world_start();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_ADMIN_CODE);
    world.provider.admin_code = "31415926";
    world.provider.silent_at = KB_SESSION_AGREE;
    world_start();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_NO_ANSWER);
    world.provider.silent_at = 0;
    world.provider.admin_code = "31415927";
    for (int i = 0; i < 2; i++) {
        world_start();
        run();
        assert_int_equal(world_state(), KB_CPA_IDLE);
    }
    world.provider.admin_code = "31415926";
    world_start();
    run();
    assert_personalized();
}

/* --- Operators that nobody vouches for --- */

static void assert_not_believed(void)
{
    make_and_start();
    assert_int_equal(world.provider.agrees, 0);
    assert_int_equal(world.provider.heard.kind, KB_SESSION_REFUSE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_CREDENTIAL);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_temporary();
    assert_false(world_has(KB_OBJ_CPA_AGREEMENT));
}

static void an_operator_under_another_root_is_refused(void **state)
{
    struct root other = world.provider.operators;

    (void)state;
    memcpy(other.private_key, world.provider.maker.private_key, sizeof(other.private_key));
    provider_issue(&world.provider, &other, "001-01", 0, 0);
    assert_not_believed();
    begin_on(KB_CURVE_X25519);
    provider_issue(&world.provider, &world.provider.maker, "001-01", 0, 0);
    assert_not_believed();
}

static void an_operator_whose_time_is_over_is_refused(void **state)
{
    (void)state;
    provider_issue(&world.provider, &world.provider.operators, "001-01", 0, PROVIDER_NOW - 1);
    assert_not_believed();
}

static void an_operator_whose_time_has_not_come_is_refused(void **state)
{
    (void)state;
    provider_issue(&world.provider, &world.provider.operators, "001-01", PROVIDER_NOW + 1, 0);
    assert_not_believed();
}

/* The card's clock does not go back, whatever it is told. */
static void a_time_that_was_told_cannot_be_taken_back(void **state)
{
    (void)state;
    world.provider.silent_at = KB_SESSION_AGREE;
    make_and_start();
    assert_true(world.provider.agrees > 0);
    provider_issue(&world.provider, &world.provider.operators, "001-01", 0, PROVIDER_NOW - 1);
    provider_ready(&world.provider);
    world.provider.time = PROVIDER_NOW - 1000;
    world.provider.agrees = 0;
    world_start();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_CREDENTIAL);
    assert_int_equal(world.provider.agrees, 0);
}

static void an_operator_with_another_name_is_refused(void **state)
{
    (void)state;
    provider_issue(&world.provider, &world.provider.operators, "001-011", 0, 0);
    assert_not_believed();
    begin_on(KB_CURVE_P256);
    provider_issue(&world.provider, &world.provider.operators, "001-0", 0, 0);
    assert_not_believed();
    begin_on(KB_CURVE_P256);
    provider_issue(&world.provider, &world.provider.operators, "262-01", 0, 0);
    assert_not_believed();
}

static void a_revoked_operator_is_refused(void **state)
{
    uint8_t list[400];
    size_t len;

    (void)state;
    /* As the maker put it in. */
    len = provider_revoke(&world.provider.operators, 7, &world.provider.own, list, sizeof(list));
    world_put(KB_OBJ_REVOKED, list, len);
    assert_not_believed();
    assert_int_equal(world.provider.requests, 1);

    /* As it came with the COMMAND, and stays. */
    begin_on(KB_CURVE_P256);
    len = provider_revoke(&world.provider.operators, 8, &world.provider.own, list, sizeof(list));
    world.provider.revoked = kb_span(list, len);
    assert_not_believed();
    world.provider.revoked = kb_span(NULL, 0);
    world_start();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_CREDENTIAL);
}

static void the_card_tells_which_list_it_has(void **state)
{
    uint8_t list[400];
    size_t len =
        provider_revoke(&world.provider.operators, 7, &world.provider.card, list, sizeof(list));

    (void)state;
    world_put(KB_OBJ_REVOKED, list, len);
    world.phone.holds = KB_SESSION_COMMAND;
    make_and_start();
    assert_int_equal(world.provider.heard.revoked_seen, 7);
    world.phone.holds = 0;
    run();
    assert_personalized();
}

/* An older list, one of another root, one that is none: as if it had not come. */
static void a_list_that_is_not_newer_or_not_signed_is_not_taken(void **state)
{
    uint8_t had[400], list[400];
    size_t len =
        provider_revoke(&world.provider.operators, 7, &world.provider.card, had, sizeof(had));

    (void)state;
    for (int i = 0; i < 3; i++) {
        size_t came;

        begin_on(KB_CURVE_P256);
        world_put(KB_OBJ_REVOKED, had, len);
        came = provider_revoke(i == 1 ? &world.provider.maker : &world.provider.operators,
                               i == 0 ? 6 : 9, &world.provider.own, list, sizeof(list));
        if (i == 2)
            list[came / 2] ^= 1;
        world.provider.revoked = kb_span(list, came);
        make_and_start();
        assert_personalized();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(three_wrong_codes_block_the_card_for_ever, begin),
        cmocka_unit_test_setup(the_right_code_gives_the_tries_back, begin),
        cmocka_unit_test_setup(an_operator_under_another_root_is_refused, begin),
        cmocka_unit_test_setup(an_operator_whose_time_is_over_is_refused, begin),
        cmocka_unit_test_setup(an_operator_whose_time_has_not_come_is_refused, begin),
        cmocka_unit_test_setup(a_time_that_was_told_cannot_be_taken_back, begin),
        cmocka_unit_test_setup(an_operator_with_another_name_is_refused, begin),
        cmocka_unit_test_setup(a_revoked_operator_is_refused, begin),
        cmocka_unit_test_setup(the_card_tells_which_list_it_has, begin),
        cmocka_unit_test_setup(a_list_that_is_not_newer_or_not_signed_is_not_taken, begin),
    };

    return cmocka_run_group_tests_name("cpa trust", tests, NULL, NULL);
}
