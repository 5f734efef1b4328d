/* SPDX-License-Identifier: Apache-2.0 */
/* A PS among cards, an AS and a register: the whole way, in each agreement, and every way back. */
#include "tests/service/ps_world.h"

enum { POOL = 3 };

static struct world world;

static void personalize(struct world_card *card)
{
    world_start(&world, card);
    world_run(&world);
}

static void every_suite_and_group_ends_in_the_same_keys_on_both_sides(void **state)
{
    static const int16_t groups[] = {256, 257, 258, 23, 29};

    (void)state;
    for (int16_t suite = 0; suite < 4; suite++) {
        world_open(&world, NULL, POOL);
        world_offer_suite(&world, suite);
        world_reopen(&world);
        assert_int_equal(kb_ps_add_identities(world.ps, kb_span(WORLD_FIRST, 15), POOL), KB_OK);
        personalize(&world.cards[0]);
        world_is_personalized(&world, &world.cards[0]);
        world_check(&world, POOL);
        world_close(&world);
    }
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        world_open(&world, NULL, POOL);
        world_offer_group(&world, groups[i]);
        world_reopen(&world);
        assert_int_equal(kb_ps_add_identities(world.ps, kb_span(WORLD_FIRST, 15), POOL), KB_OK);
        personalize(&world.cards[0]);
        world_is_personalized(&world, &world.cards[0]);
        world_close(&world);
    }
}

static void a_personalized_card_has_used_one_identity(void **state)
{
    (void)state;
    world_open(&world, NULL, POOL);
    personalize(&world.cards[0]);
    world_is_personalized(&world, &world.cards[0]);
    assert_string_equal(world.cards[0].imsi, WORLD_FIRST);
    assert_int_equal(world_count(&world, KB_PS_USED), 1);
    assert_int_equal(world_count(&world, KB_PS_FREE), POOL - 1);
    assert_int_equal(world.to_register, 1);
    world_close(&world);
}

static void cards_get_identities_of_their_own_until_there_are_none(void **state)
{
    (void)state;
    world_open(&world, NULL, POOL);
    for (size_t i = 0; i < WORLD_CARDS; i++)
        world_start(&world, &world.cards[i]);
    world_run(&world);
    for (size_t i = 0; i < POOL; i++)
        world_is_personalized(&world, &world.cards[i]);
    assert_false(world.cards[POOL].has_identity);
    assert_int_equal(world.cards[POOL].refused, KB_REASON_NO_IDENTITY);
    world_check(&world, POOL);
    assert_int_equal(kb_ps_add_identities(world.ps, kb_span("001010000000100", 15), 1), KB_OK);
    personalize(&world.cards[POOL]);
    world_is_personalized(&world, &world.cards[POOL]);
    world_close(&world);
}

static void a_card_that_was_personalized_is_refused(void **state)
{
    (void)state;
    world_open(&world, NULL, POOL);
    personalize(&world.cards[0]);
    personalize(&world.cards[0]);
    assert_int_equal(world.cards[0].refused, KB_REASON_FINISHED);
    assert_int_equal(world_count(&world, KB_PS_USED), 1);
    assert_int_equal(world.to_register, 1);
    world_close(&world);
}

static void a_new_attempt_has_the_same_identity_and_new_keys(void **state)
{
    struct world_card *card = &world.cards[0];
    uint8_t k[WORLD_KEY];

    (void)state;
    world_open(&world, NULL, POOL);
    card->mood = CARD_IS_SILENT;
    personalize(card);
    assert_true(card->has_identity);
    memcpy(k, card->k, sizeof(k));
    assert_int_equal(world_count(&world, KB_PS_RELEASED), 1);
    card->mood = CARD_CONFIRMS;
    personalize(card);
    world_is_personalized(&world, card);
    assert_string_equal(card->imsi, WORLD_FIRST);
    assert_memory_not_equal(k, card->k, sizeof(k));
    assert_int_equal(world.to_register, 2);
    assert_int_equal(world_count(&world, KB_PS_FREE), POOL - 1);
    world_close(&world);
}

static void an_identity_that_its_card_dropped_is_removed_and_free(void **state)
{
    struct world_card *card = &world.cards[0];

    (void)state;
    world_open(&world, NULL, 1);
    card->mood = CARD_DROPS;
    personalize(card);
    assert_int_equal(world_count(&world, KB_PS_FREE), 1);
    assert_false(world_subscriber(&world, WORLD_FIRST)->is_there);
    personalize(&world.cards[1]);
    world_is_personalized(&world, &world.cards[1]);
    assert_string_equal(world.cards[1].imsi, WORLD_FIRST);
    world_check(&world, 1);
    world_close(&world);
}

static void an_identity_that_is_returning_is_not_given_out(void **state)
{
    struct world_card *card = &world.cards[0];

    (void)state;
    world_open(&world, NULL, 1);
    card->mood = CARD_IS_SILENT;
    personalize(card);
    world.register_is_silent = true;
    world_say(&world, card, KB_SEALED_DROPPED, false);
    world_run(&world);
    assert_int_equal(world_count(&world, KB_PS_RETURNING), 1);
    personalize(&world.cards[1]);
    assert_int_equal(world.cards[1].refused, KB_REASON_NO_IDENTITY);
    world_close(&world);
}

static void a_failing_register_ends_the_attempt_and_nothing_leaves(void **state)
{
    struct world_card *card = &world.cards[0];

    (void)state;
    world_open(&world, NULL, POOL);
    world.register_fails = true;
    personalize(card);
    assert_false(card->has_identity);
    assert_int_equal(card->refused, KB_REASON_INTERNAL);
    assert_int_equal(world_count(&world, KB_PS_TAKEN), 1);
    world.register_fails = false;
    personalize(card);
    world_is_personalized(&world, card);
    assert_string_equal(card->imsi, WORLD_FIRST);
    world_close(&world);
}

static void a_silent_register_keeps_identity_within(void **state)
{
    struct world_card *card = &world.cards[0];

    (void)state;
    world_open(&world, NULL, POOL);
    world.register_is_silent = true;
    personalize(card);
    assert_true(card->is_agreed);
    assert_false(card->has_identity);
    assert_int_equal(card->refused, KB_REASON_NONE);
    world_check(&world, POOL);
    world_close(&world);
}

static void what_the_register_saw_is_used_without_a_word_of_the_card(void **state)
{
    struct world_card *card = &world.cards[0];

    (void)state;
    world_open(&world, NULL, POOL);
    card->mood = CARD_IS_SILENT;
    world.register_reports = true;
    personalize(card);
    assert_int_equal(world_count(&world, KB_PS_USED), 1);
    assert_int_equal(world.to_register, 1);
    world_close(&world);
}

/* The network had it authenticated, and the card never heard so. */
static void a_card_that_was_seen_and_fell_back_begins_anew_with_the_identity_it_had(void **state)
{
    struct world_card *card = &world.cards[0];
    char before[sizeof(card->imsi)];

    (void)state;
    world_open(&world, NULL, POOL);
    card->mood = CARD_DROPS;
    world.register_reports = true;
    personalize(card);
    assert_false(card->is_confirmed);
    assert_int_equal(world_count(&world, KB_PS_USED), 1); /* and never another card's */
    assert_int_equal(world.to_register, 1);
    memcpy(before, card->imsi, sizeof(before));
    card->mood = CARD_CONFIRMS;
    personalize(card);
    world_is_personalized(&world, card);
    assert_string_equal(card->imsi, before);
    assert_int_equal(world_count(&world, KB_PS_USED), 1);
    world_close(&world);
}

static void keys_of_an_earlier_attempt_that_were_seen_are_no_success_of_this_one(void **state)
{
    struct world_card *card = &world.cards[0];
    uint64_t earlier;

    (void)state;
    world_open(&world, NULL, POOL);
    card->mood = CARD_IS_SILENT;
    personalize(card);
    earlier = world_subscriber(&world, card->imsi)->request;
    personalize(card);
    world_report_seen(&world, card->imsi, earlier);
    world_run(&world);
    assert_false(card->is_confirmed);
    assert_int_equal(world_count(&world, KB_PS_USED), 1); /* and never another card's */
    world_say(&world, card, KB_SEALED_USED, false);
    world_run(&world);
    world_is_personalized(&world, card);
    world_close(&world);
}

static void a_suite_that_is_not_there_is_answered_with_those_that_are(void **state)
{
    static const int16_t both[] = {0, 2};
    struct world_card *card = &world.cards[0];

    (void)state;
    world_open(&world, NULL, POOL);
    card->rig.card.edhoc.suites = both;
    card->rig.card.edhoc.suite_count = 2;
    personalize(card);
    world_is_personalized(&world, card);
    assert_int_equal(card->offers, 1);
    assert_int_equal(kb_agree_suite(&card->agree), 2);
    world_close(&world);
}

static void dh_is_refused_where_there_are_no_groups(void **state)
{
    (void)state;
    world_open(&world, NULL, POOL);
    world_offer_group(&world, 23);
    world.config.group_count = 0;
    world_reopen(&world);
    personalize(&world.cards[0]);
    assert_int_equal(world.cards[0].refused, KB_REASON_AGREEMENT);
    world_close(&world);
}

static void only_so_many_agreements_are_open_for_one_server(void **state)
{
    (void)state;
    world_open(&world, NULL, WORLD_CARDS);
    world.config.open_max = 1;
    world_reopen(&world);
    assert_int_equal(kb_ps_add_identities(world.ps, kb_span(WORLD_FIRST, 15), WORLD_CARDS), KB_OK);
    world_start(&world, &world.cards[0]);
    world_deliver(&world);
    world_start(&world, &world.cards[1]);
    world_deliver(&world); /* while the first one's answer is not even on its way */
    world_run(&world);
    world_is_personalized(&world, &world.cards[0]);
    assert_int_equal(world.cards[1].refused, KB_REASON_BUSY);
    personalize(&world.cards[1]);
    world_is_personalized(&world, &world.cards[1]);
    world_close(&world);
}

static void an_agreement_that_nobody_went_on_with_makes_room_in_time(void **state)
{
    (void)state;
    world_open(&world, NULL, WORLD_CARDS);
    world.config.open_max = 1;
    world_reopen(&world);
    assert_int_equal(kb_ps_add_identities(world.ps, kb_span(WORLD_FIRST, 15), WORLD_CARDS), KB_OK);
    world_start(&world, &world.cards[0]);
    world_deliver(&world);
    world.now += 3601;
    world_start(&world, &world.cards[1]);
    world_run(&world); /* the first card goes on after all */
    world_is_personalized(&world, &world.cards[1]);
    assert_int_equal(world.cards[0].refused, KB_REASON_BUSY);
    personalize(&world.cards[0]);
    world_is_personalized(&world, &world.cards[0]);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suite_and_group_ends_in_the_same_keys_on_both_sides),
        cmocka_unit_test(a_personalized_card_has_used_one_identity),
        cmocka_unit_test(cards_get_identities_of_their_own_until_there_are_none),
        cmocka_unit_test(a_card_that_was_personalized_is_refused),
        cmocka_unit_test(a_new_attempt_has_the_same_identity_and_new_keys),
        cmocka_unit_test(an_identity_that_its_card_dropped_is_removed_and_free),
        cmocka_unit_test(an_identity_that_is_returning_is_not_given_out),
        cmocka_unit_test(a_failing_register_ends_the_attempt_and_nothing_leaves),
        cmocka_unit_test(a_silent_register_keeps_identity_within),
        cmocka_unit_test(what_the_register_saw_is_used_without_a_word_of_the_card),
        cmocka_unit_test(a_card_that_was_seen_and_fell_back_begins_anew_with_the_identity_it_had),
        cmocka_unit_test(keys_of_an_earlier_attempt_that_were_seen_are_no_success_of_this_one),
        cmocka_unit_test(a_suite_that_is_not_there_is_answered_with_those_that_are),
        cmocka_unit_test(dh_is_refused_where_there_are_no_groups),
        cmocka_unit_test(only_so_many_agreements_are_open_for_one_server),
        cmocka_unit_test(an_agreement_that_nobody_went_on_with_makes_room_in_time),
    };

    return cmocka_run_group_tests_name("ps", tests, NULL, NULL);
}
