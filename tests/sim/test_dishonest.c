/* SPDX-License-Identifier: Apache-2.0 */
/* A dishonest application server: with edhoc it can deny and nothing else; with dh it sits in the
 * middle and has the subscribers' keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/sim/runs.h"

static struct kb_world_result lie(enum kb_session_agreement agreement,
                                  enum kb_world_transport transport, enum kb_world_dishonest what)
{
    struct kb_world_config config = runs_config(41);
    struct kb_world_result result;

    config.cards = 60; /* twice as many as there are fields to lie about */
    config.agreement = agreement;
    config.transport = transport;
    config.dishonest = what;
    result = runs_world(&config);
    if (result.broken)
        fail_msg("lie %d: %s: %s", what, kb_world_promise_text(result.broken), result.broken_text);
    return result;
}

static void with_edhoc_no_lie_gives_it_a_key(void **state)
{
    (void)state;
    for (int what = KB_DISHONEST_SHARES; what < KB_DISHONEST_COUNT; what++) {
        struct kb_world_result result =
            lie(KB_SESSION_EDHOC, what % 2 ? KB_WORLD_SMS : KB_WORLD_PACKET,
                (enum kb_world_dishonest)what);

        assert_true(result.lies > 50);
        assert_int_equal(result.known, 0);
        assert_int_equal(result.mismatched, 0);
    }
}

static void in_the_middle_of_edhoc_it_is_refused_for_its_credentials(void **state)
{
    struct kb_world_result result = lie(KB_SESSION_EDHOC, KB_WORLD_SMS, KB_DISHONEST_SHARES);

    (void)state;
    assert_int_equal(result.personalized, 0);
    assert_int_equal(result.reasons[KB_REASON_CREDENTIAL], 60);
}

/* What the documents warn of: it has the very key that the register has, and could be the
 * subscriber. The card has another one, and falls back. */
static void in_the_middle_of_dh_it_has_every_key(void **state)
{
    const struct kb_world_result result = lie(KB_SESSION_DH, KB_WORLD_SMS, KB_DISHONEST_SHARES);

    (void)state;
    assert_int_equal(result.known, 60);
    assert_int_equal(result.personalized, 0);
    assert_true(result.mismatched > 0);
}

/* Where it does not sit in the middle, the binding and the MACs hold. */
static void with_dh_all_other_lies_are_only_denial(void **state)
{
    (void)state;
    for (int what = KB_DISHONEST_REPLAY; what < KB_DISHONEST_COUNT; what++) {
        struct kb_world_result result =
            lie(KB_SESSION_DH, KB_WORLD_SMS, (enum kb_world_dishonest)what);

        assert_int_equal(result.known, 0);
        assert_int_equal(result.mismatched, 0);
    }
}

static void a_card_that_was_told_another_operator_does_not_become_its_subscriber(void **state)
{
    struct kb_world_result edhoc = lie(KB_SESSION_EDHOC, KB_WORLD_PACKET, KB_DISHONEST_OPERATOR);
    struct kb_world_result dh = lie(KB_SESSION_DH, KB_WORLD_PACKET, KB_DISHONEST_OPERATOR);

    (void)state;
    assert_int_equal(edhoc.personalized, 0);
    assert_int_equal(edhoc.reasons[KB_REASON_CREDENTIAL], 60);
    assert_int_equal(dh.personalized, 0);
    assert_int_equal(dh.reasons[KB_REASON_AGREEMENT], 60);
}

/* One lie costs an attempt, or leaves the card waiting for the word that it was heard. */
static void a_card_that_was_lied_to_once_succeeds_the_next_time(void **state)
{
    (void)state;
    assert_int_equal(lie(KB_SESSION_EDHOC, KB_WORLD_SMS, KB_DISHONEST_CREDENTIALS).personalized,
                     60);
    assert_int_equal(lie(KB_SESSION_EDHOC, KB_WORLD_SMS, KB_DISHONEST_REPLAY).personalized, 60);
    assert_int_equal(lie(KB_SESSION_EDHOC, KB_WORLD_SMS, KB_DISHONEST_REORDER).personalized, 60);
    assert_true(lie(KB_SESSION_EDHOC, KB_WORLD_SMS, KB_DISHONEST_FIELDS).personalized >= 50);
}

/* A killed server sends a part again: what the liar had opened before must not go out with it. */
static void a_liar_that_is_killed_shows_no_admin_code(void **state)
{
    struct kb_world_config config = runs_config(24);
    struct kb_world_result result;

    (void)state;
    config.cards = 30;
    config.kill = 0.1;
    config.dishonest = KB_DISHONEST_FIELDS;
    result = runs_world(&config);
    if (result.broken)
        fail_msg("%s: %s", kb_world_promise_text(result.broken), result.broken_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_edhoc_no_lie_gives_it_a_key),
        cmocka_unit_test(in_the_middle_of_edhoc_it_is_refused_for_its_credentials),
        cmocka_unit_test(in_the_middle_of_dh_it_has_every_key),
        cmocka_unit_test(with_dh_all_other_lies_are_only_denial),
        cmocka_unit_test(a_card_that_was_told_another_operator_does_not_become_its_subscriber),
        cmocka_unit_test(a_card_that_was_lied_to_once_succeeds_the_next_time),
        cmocka_unit_test(a_liar_that_is_killed_shows_no_admin_code),
    };

    return cmocka_run_group_tests_name("sim dishonest", tests, NULL, NULL);
}
