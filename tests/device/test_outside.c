/* SPDX-License-Identifier: Apache-2.0 */
/* What happens around a card, and how it hears of it (ETSI TS 102 223 clause 7, 3GPP TS 31.111
 * clause 7). */
#include "tests/device/fake.h"

#include <stdio.h>
#include <stdlib.h>

static struct fake_card card;
static struct fake_world world;

#define ALL_EVENTS   "D01081030105008202818299050312090A04"
#define WAITING_TEXT "D00E8103012180820281028D03044142"
#define MENU                                                                                       \
    "D03B810301250082028182850C546F6F6C6B6974204D656E758F07014974656D20318F07024974656D2032"       \
    "8F07034974656D20338F07044974656D2034"

static int begin(void **state)
{
    (void)state;
    fake_card_init(&card);
    fake_world_init(&world);
    fake_terminal(&world, &card);
    fake_clear(&world, &card);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(world.terminal);
    return 0;
}

static void want(const char *command)
{
    fake_card_wants(&card, command);
    kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
}

static void tell(enum kb_cat_service service, uint8_t cause)
{
    struct kb_terminal_attached result = world.attached;

    result.service = service;
    result.cause = cause;
    kb_terminal_attached(world.terminal, &result);
}

/* --- Menu --- */

static void a_choice_of_the_menu_is_told_to_the_card(void **state)
{
    struct kb_terminal_menu menu;

    (void)state;
    want(MENU);
    assert_true(kb_terminal_menu(world.terminal, &menu));
    assert_int_equal(menu.count, 4);
    fake_clear(&world, &card);
    kb_terminal_choose(world.terminal, 2);
    assert_string_equal(card.said,
                        "ENVELOPE D30782020181900102\n"); /* TS 31.124 clause 27.22.4.8 */
    kb_terminal_choose(world.terminal, 9);
    assert_string_equal(card.said, "ENVELOPE D30782020181900102\n");
}

static void a_menu_does_not_outlive_its_card_session(void **state)
{
    struct kb_terminal_menu menu;

    (void)state;
    want(MENU);
    kb_terminal_off(world.terminal);
    assert_true(fake_has(world.log, "menu none"));
    assert_false(kb_terminal_menu(world.terminal, &menu));
}

/* --- Location status and rejection --- */

static void a_card_without_an_event_list_hears_of_no_event(void **state)
{
    (void)state;
    tell(KB_CAT_LIMITED_SERVICE, 2);
    assert_string_equal(card.said, "");
}

static void location_status_is_told_with_the_place(void **state)
{
    (void)state;
    want("D00C810301050082028182990103");
    fake_clear(&world, &card);
    tell(KB_CAT_NO_SERVICE, 0);
    assert_string_equal(card.said, "ENVELOPE D60A9901038202828"
                                   "19B0102\n");
    fake_clear(&world, &card);
    tell(KB_CAT_NORMAL_SERVICE, 0);
    assert_string_equal(card.said, "ENVELOPE D6139901038202828"
                                   "19B0100930700F11000010001\n");
    fake_clear(&world, &card);
    tell(KB_CAT_NORMAL_SERVICE, 0);
    assert_string_equal(card.said, "");
}

/* 3GPP TS 31.111 clause 6.4.15: without service there is nothing to give; with limited service the
 * result says so, and the place comes along. */
static void a_card_that_asks_where_it_is_hears_what_the_service_is_worth(void **state)
{
    (void)state;
    tell(KB_CAT_LIMITED_SERVICE, 2);
    want("D009810301260082028182");
    assert_string_equal(card.said, "RESPONSE 810301260082028281830106930700F11000010001\n");
    fake_clear(&world, &card);
    tell(KB_CAT_NO_SERVICE, 0);
    want("D009810301260082028182");
    assert_string_equal(card.said, "RESPONSE 81030126008202828183022004\n");
}

static void each_refused_attach_is_told_and_tried_again_later_and_later(void **state)
{
    static const uint32_t after[] = {15, 30, 60, 120, 240, 480, 720, 720};

    (void)state;
    want("D00C810301050082028182990112");
    fake_clear(&world, &card);
    world.attached = (struct kb_terminal_attached){.service = KB_CAT_LIMITED_SERVICE, .cause = 2};
    kb_terminal_attached(world.terminal, &world.attached);
    for (size_t i = 0; i < 8; i++) {
        assert_string_equal(card.said, "ENVELOPE D619990112820283819307000000000000003F"
                                       "0100740102750102\n");
        assert_int_equal(world.timers[KB_TERMINAL_RETRY], after[i]);
        fake_clear(&world, &card);
        kb_terminal_expired(world.terminal, KB_TERMINAL_RETRY);
        assert_string_equal(world.log, "attach 001010123456789\n");
    }
    world.attached.service = KB_CAT_NORMAL_SERVICE;
    kb_terminal_expired(world.terminal, KB_TERMINAL_RETRY);
    assert_int_equal(world.timers[KB_TERMINAL_RETRY], 0);
    tell(KB_CAT_NO_SERVICE, 0);
    assert_int_equal(world.timers[KB_TERMINAL_RETRY], 15);
}

static void a_new_subscriber_is_not_made_to_wait_for_the_old_one(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        tell(KB_CAT_LIMITED_SERVICE, 2);
    assert_int_equal(world.timers[KB_TERMINAL_RETRY], 240);
    card.imsi = "080910101032547608";
    world.attaches = false;
    want("D009810301010082028182");
    assert_int_equal(world.timers[KB_TERMINAL_RETRY], 0);
    tell(KB_CAT_LIMITED_SERVICE, 2);
    assert_int_equal(world.timers[KB_TERMINAL_RETRY], 15);
}

static void the_radio_sides_policy_of_retries_counts(void **state)
{
    (void)state;
    world.port.retry_first = 100;
    world.port.retry_last = 150;
    tell(KB_CAT_NO_SERVICE, 0);
    assert_int_equal(world.timers[KB_TERMINAL_RETRY], 100);
    tell(KB_CAT_NO_SERVICE, 0);
    assert_int_equal(world.timers[KB_TERMINAL_RETRY], 150);
}

/* --- One thing at a time --- */

static void what_happens_during_a_command_is_told_afterwards_in_order(void **state)
{
    struct kb_terminal_reply read = {0};

    (void)state;
    want(ALL_EVENTS);
    want(MENU);
    want("D011810301270082028182A40103A503000010");
    want(WAITING_TEXT);
    fake_clear(&world, &card);
    tell(KB_CAT_LIMITED_SERVICE, 2);
    kb_terminal_choose(world.terminal, 1);
    kb_terminal_choose(world.terminal, 4);
    kb_terminal_expired(world.terminal, 3);
    assert_string_equal(card.said, "");
    kb_terminal_answer(world.terminal, &read);
    assert_string_equal(card.said, "RESPONSE 810301218082028281830100\n"
                                   "ENVELOPE D6199901128202838193"
                                   "0700F110000100013F0100740102750102\n"
                                   "ENVELOPE D60A9901038202828"
                                   "19B0101\n"
                                   "ENVELOPE D30782020181900104\n"
                                   "ENVELOPE D70C82028281A40103A503000010\n");
}

static void of_more_than_can_be_kept_the_newest_stay(void **state)
{
    struct kb_terminal_reply read = {0};
    size_t count = 0;

    (void)state;
    want(ALL_EVENTS);
    want(WAITING_TEXT);
    fake_clear(&world, &card);
    kb_terminal_expired(world.terminal, 1);
    for (uint8_t i = 1; i <= 100; i++)
        tell(KB_CAT_LIMITED_SERVICE, i);
    kb_terminal_answer(world.terminal, &read);
    for (const char *at = card.said; (at = strstr(at, "ENVELOPE")); at++)
        count++;
    assert_int_equal(count, KB_TERMINAL_EVENTS);
    assert_true(fake_has(card.said, "750164\n")); /* cause 100 */
    assert_false(fake_has(card.said, "750154\n"));
}

/* 3GPP TS 31.111 clause 7.5: after 93 00 an event is told again. */
static void what_a_busy_card_did_not_hear_it_hears_later(void **state)
{
    (void)state;
    want(ALL_EVENTS);
    want("D009810301040082028182"); /* POLLING OFF */
    fake_clear(&world, &card);
    card.envelope_answer = "9300";
    tell(KB_CAT_LIMITED_SERVICE, 2);
    assert_string_equal(card.said, "ENVELOPE D6199901128202838193"
                                   "0700F110000100013F0100740102750102\n");
    assert_int_equal(world.timers[KB_TERMINAL_POLL], 30);
    card.envelope_answer = NULL;
    fake_clear(&world, &card);
    kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
    assert_string_equal(card.said, "ENVELOPE D6199901128202838193"
                                   "0700F110000100013F0100740102750102\n"
                                   "ENVELOPE D60A9901038202828"
                                   "19B0101\n");
}

static void a_choice_of_the_menu_is_not_repeated_to_a_busy_card(void **state)
{
    (void)state;
    want(MENU);
    fake_clear(&world, &card);
    card.envelope_answer = "9300";
    kb_terminal_choose(world.terminal, 2);
    kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
    assert_string_equal(card.said, "ENVELOPE D30782020181900102\n");
}

static void a_status_poll_finds_a_card_that_is_gone_during_a_question(void **state)
{
    struct kb_terminal_reply read = {0};

    (void)state;
    want(WAITING_TEXT);
    card.is_gone = true;
    kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
    assert_false(kb_terminal_is_on(world.terminal));
    assert_false(kb_terminal_is_asking(world.terminal));
    kb_terminal_answer(world.terminal, &read);
    assert_string_equal(card.said, "");
}

/* The card sets, stops or replaces what it was about to hear of, before it has heard of it. */
static void news_that_is_over_is_not_told(void **state)
{
    struct kb_terminal_reply read = {0};

    (void)state;
    want("D011810301270082028182A40101A503000001");
    want("D011810301270082028182A40102A503000001");
    want(MENU);
    want(WAITING_TEXT);
    kb_terminal_expired(world.terminal, 1);
    kb_terminal_expired(world.terminal, 2);
    kb_terminal_choose(world.terminal, 1);
    fake_card_wants(&card, "D011810301270082028182A40101A503000010");
    fake_card_wants(&card, "D00C810301270182028182A40102");
    fake_card_wants(&card, MENU);
    fake_clear(&world, &card);
    kb_terminal_answer(world.terminal, &read);
    assert_false(fake_has(card.said, "ENVELOPE"));
    assert_int_equal(world.timers[1], 1);
}

/* --- Timers and polls --- */

static void a_timer_that_expires_is_told_with_what_it_was_set_to(void **state)
{
    (void)state;
    want("D011810301270082028182A40101A503000001"); /* TS 31.124 27.22.6 1.1: 10 seconds */
    assert_int_equal(world.timers[1], 10);
    fake_clear(&world, &card);
    kb_terminal_expired(world.terminal, 1);
    assert_string_equal(card.said, "ENVELOPE D70C82028281A40101A503000001\n");
    kb_terminal_expired(world.terminal, 1);
    assert_string_equal(card.said, "ENVELOPE D70C82028281A40101A503000001\n");
}

static void a_timer_tells_what_is_left_and_stops(void **state)
{
    (void)state;
    want("D011810301270082028182A40101A503005000"); /* 5 minutes */
    assert_int_equal(world.timers[1], 300);
    world.now += 90;
    fake_clear(&world, &card);
    want("D00C810301270282028182A40101");
    assert_string_equal(card.said, "RESPONSE 810301270282028281830100A40101A503003003\n");
    want("D00C810301270182028182A40101");
    assert_int_equal(world.timers[1], 0);
    fake_clear(&world, &card);
    kb_terminal_expired(world.terminal, 1);
    assert_string_equal(card.said, "");
}

static void eight_timers_run_beside_each_other(void **state)
{
    static const char *const start[8] = {
        "D011810301270082028182A40101A503000001", "D011810301270082028182A40102A503000002",
        "D011810301270082028182A40103A503000003", "D011810301270082028182A40104A503000004",
        "D011810301270082028182A40105A503000005", "D011810301270082028182A40106A503000010",
        "D011810301270082028182A40107A503000020", "D011810301270082028182A40108A503000030"};
    static const uint32_t seconds[8] = {10, 20, 30, 40, 50, 1, 2, 3};

    (void)state;
    for (size_t i = 0; i < 8; i++)
        want(start[i]);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(world.timers[i + 1], seconds[i]);
    kb_terminal_off(world.terminal);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(world.timers[i + 1], 0);
}

static void polls_come_as_the_card_wants_them(void **state)
{
    (void)state;
    assert_int_equal(world.timers[KB_TERMINAL_POLL], 30);
    want("D00D810301030082028182840200"
         "02"); /* 2 minutes */
    assert_int_equal(world.timers[KB_TERMINAL_POLL], 120);
    want("D00D8103010300820281828402"
         "0205"); /* 5 tenths */
    assert_int_equal(world.timers[KB_TERMINAL_POLL], 1);
    assert_true(fake_has(card.said, "84020101\n"));
    world.timers[KB_TERMINAL_POLL] = 77;
    kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
    assert_int_equal(world.timers[KB_TERMINAL_POLL], 1);
    want("D009810301040082028182");
    assert_int_equal(world.timers[KB_TERMINAL_POLL], 0);
}

/* --- Short messages for the device --- */

#define DELIVER(pid, dcs) "040C91214365870921" pid dcs "2211111111110003616263"

static bool deliver(const char *tpdu, char *report)
{
    uint8_t bytes[KB_SMS_MAX], room[KB_SMS_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));
    size_t len;
    bool is_taken;

    fake_bytes(tpdu, bytes, sizeof(bytes), &len);
    is_taken = kb_terminal_deliver(world.terminal, kb_span(bytes, len), &wr);
    assert_false(wr.is_bad);
    for (size_t i = 0; i < wr.len; i++)
        snprintf(report + 2 * i, 3, "%02X", room[i]);
    report[2 * wr.len] = 0;
    return is_taken;
}

static void a_message_for_the_card_goes_to_the_card(void **state)
{
    char report[2 * KB_SMS_MAX + 1];

    (void)state;
    assert_true(deliver(DELIVER("7F", "F6"), report));
    assert_string_equal(card.said, "ENVELOPE D11C820283818B16040C9121436587092"
                                   "17FF6"
                                   "2211111111110003616263\n");
    assert_string_equal(report, "0000"); /* SMS-DELIVER-REPORT of RP-ACK, nothing in it */
    assert_string_equal(world.log, "");
}

static void the_cards_answer_goes_into_the_report(void **state)
{
    char report[2 * KB_SMS_MAX + 1];

    (void)state;
    card.envelope_answer = "027100010203"
                           "9000";
    assert_true(deliver(DELIVER("7F", "F6"), report));
    assert_string_equal(report, "00077FF606027100010203");
    card.envelope_answer = "01026200";
    assert_false(deliver(DELIVER("7F", "F6"), report));
    assert_string_equal(report, "00D5077FF6020102");
}

static void a_card_that_is_busy_or_refuses_leaves_the_message_to_the_network(void **state)
{
    char report[2 * KB_SMS_MAX + 1];

    (void)state;
    card.envelope_answer = "9300";
    assert_false(deliver(DELIVER("7F", "F6"), report));
    assert_string_equal(report, "00D400");
    card.envelope_answer = "6F00";
    assert_false(deliver(DELIVER("7F", "F6"), report));
    assert_string_equal(report, "00D500");
}

static void other_messages_are_for_the_user(void **state)
{
    static const char *const codings[] = {DELIVER("00", "F6"), DELIVER("7F", "F5"),
                                          DELIVER("7F", "04"), DELIVER("7F", "C2")};
    char report[2 * KB_SMS_MAX + 1];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_true(deliver(codings[i], report));
    assert_true(fake_has(world.log, "message 040C9121436587092100F6"));
    assert_string_equal(card.said, "");
    world.port.message = NULL;
    assert_false(deliver(codings[0], report));
    assert_string_equal(report, "00D000");
}

static void a_message_is_taken_during_a_question_too(void **state)
{
    char report[2 * KB_SMS_MAX + 1];

    (void)state;
    want(WAITING_TEXT);
    fake_clear(&world, &card);
    assert_true(deliver(DELIVER("7F", "F6"), report));
    assert_true(fake_has(card.said, "ENVELOPE D1"));
    assert_true(kb_terminal_is_asking(world.terminal));
}

static void a_card_that_is_away_or_wants_no_downloads_takes_no_message(void **state)
{
    char report[2 * KB_SMS_MAX + 1];

    (void)state;
    card.is_gone = true;
    assert_false(deliver(DELIVER("7F", "F6"), report));
    assert_string_equal(report, "");
    card.is_gone = false;
    card.has_no_download = true;
    assert_int_equal(kb_terminal_on(world.terminal, NULL), KB_OK);
    assert_false(deliver(DELIVER("7F", "F6"), report));
    assert_string_equal(report, "00D000");
}

static void what_is_no_message_is_refused(void **state)
{
    char report[2 * KB_SMS_MAX + 1];

    (void)state;
    assert_false(deliver("04", report));
    assert_string_equal(report, "00FF00");
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH(a_choice_of_the_menu_is_told_to_the_card),
        WITH(a_menu_does_not_outlive_its_card_session),
        WITH(a_card_without_an_event_list_hears_of_no_event),
        WITH(location_status_is_told_with_the_place),
        WITH(a_card_that_asks_where_it_is_hears_what_the_service_is_worth),
        WITH(each_refused_attach_is_told_and_tried_again_later_and_later),
        WITH(a_new_subscriber_is_not_made_to_wait_for_the_old_one),
        WITH(the_radio_sides_policy_of_retries_counts),
        WITH(what_happens_during_a_command_is_told_afterwards_in_order),
        WITH(of_more_than_can_be_kept_the_newest_stay),
        WITH(what_a_busy_card_did_not_hear_it_hears_later),
        WITH(a_choice_of_the_menu_is_not_repeated_to_a_busy_card),
        WITH(a_status_poll_finds_a_card_that_is_gone_during_a_question),
        WITH(news_that_is_over_is_not_told),
        WITH(a_timer_that_expires_is_told_with_what_it_was_set_to),
        WITH(a_timer_tells_what_is_left_and_stops),
        WITH(eight_timers_run_beside_each_other),
        WITH(polls_come_as_the_card_wants_them),
        WITH(a_message_for_the_card_goes_to_the_card),
        WITH(the_cards_answer_goes_into_the_report),
        WITH(a_card_that_is_busy_or_refuses_leaves_the_message_to_the_network),
        WITH(other_messages_are_for_the_user),
        WITH(a_message_is_taken_during_a_question_too),
        WITH(a_card_that_is_away_or_wants_no_downloads_takes_no_message),
        WITH(what_is_no_message_is_refused),
    };

    return cmocka_run_group_tests_name("device/outside", tests, NULL, NULL);
}
