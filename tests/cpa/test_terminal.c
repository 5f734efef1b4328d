/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals that cannot, or cannot now: whatever they refuse, the card asks a bounded number of
 * times, and goes on where it was once they can. */
#include "tests/cpa/world.h"

enum { COMMANDS_MAX = 150 };

static const uint8_t types[] = {
    KB_CAT_REFRESH,      KB_CAT_SET_UP_EVENT_LIST, KB_CAT_SEND_SHORT_MESSAGE,
    KB_CAT_DISPLAY_TEXT, KB_CAT_GET_INKEY,         KB_CAT_GET_INPUT,
    KB_CAT_SELECT_ITEM,  KB_CAT_SET_UP_MENU,       KB_CAT_PROVIDE_LOCAL_INFORMATION,
    KB_CAT_OPEN_CHANNEL, KB_CAT_CLOSE_CHANNEL,     KB_CAT_RECEIVE_DATA,
    KB_CAT_SEND_DATA,    KB_CAT_TIMER_MANAGEMENT,
};

static const uint8_t results[] = {KB_CAT_TERMINAL_BUSY,       KB_CAT_NETWORK_BUSY,
                                  KB_CAT_BEYOND_CAPABILITIES, KB_CAT_TYPE_NOT_UNDERSTOOD,
                                  KB_CAT_DATA_NOT_UNDERSTOOD, KB_CAT_BEARER_INDEPENDENT_ERROR};

static const struct kb_cpa_operator operator_ = {
    {(const uint8_t *)"001-01", 6}, {(const uint8_t *)"Test Net", 8}, {(const uint8_t *)"77", 2}};

static void make(enum kb_cpa_bearer bearer)
{
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    world_begin(KB_CURVE_X25519);
    world.plan.starts = KB_CPA_BY_MENU | KB_CPA_BY_CODE;
    world.plan.asks_user = true;
    if (bearer == KB_CPA_PACKET) {
        world.plan.bearer = KB_CPA_PACKET;
        world.plan.apn = kb_span("kbas.mnc", 8);
        world.plan.address = kb_span("\x0A\x00\x00\x01", 4);
        world.plan.port = 7000;
        world.provider.bearer = KB_PACKET_CHANNEL;
    }
    kb_cpa_operators_write(&wr, &operator_, 1);
    world_put(KB_OBJ_CPA_OPERATORS, bytes, wr.len);
    world_make();
    phone_run_on(&world.phone);
}

/* The user takes the entry and types the operator's code. */
static void go(void)
{
    world.phone.item = KB_SESSION_OPERATORS + 1;
    world.phone.code = "77";
    if (world_state() == KB_CPA_IDLE)
        phone_menu(&world.phone);
    phone_run_on(&world.phone);
}

static unsigned count_commands(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < 256; i++)
        count += world.phone.commands[i];
    return count;
}

/* With a terminal that refuses this so often; then it can, and is switched off and on. */
static void refuse(enum kb_cpa_bearer bearer, uint8_t type, uint8_t result, unsigned times)
{
    make(bearer);
    world.phone.result[type] = result;
    world.phone.times[type] = times;
    world.phone.expiries_max = 12;
    phone_on(&world.phone);
    phone_run_on(&world.phone);
    go();
    if (count_commands() > COMMANDS_MAX)
        fail_msg("%02X refused with %02X: %u commands", type, result, count_commands());
    world.phone.times[type] = 0;
    world.phone.expiries_max = 40;
    for (int i = 0; i < 2 && world_state() != KB_CPA_DONE; i++) {
        phone_on(&world.phone);
        phone_run_on(&world.phone);
        go();
    }
    if (world_state() != KB_CPA_DONE)
        fail_msg("%02X refused with %02X %u times: state %d", type, result, times, world_state());
    assert_personalized();
}

static void refuse_everything(enum kb_cpa_bearer bearer, unsigned times)
{
    for (size_t i = 0; i < sizeof(types); i++)
        for (size_t j = 0; j < sizeof(results); j++)
            refuse(bearer, types[i], results[j], times);
}

static void a_terminal_that_refuses_once_is_asked_again(void **state)
{
    (void)state;
    refuse_everything(KB_CPA_SMS, 1);
    refuse_everything(KB_CPA_PACKET, 1);
}

static void a_terminal_that_is_busy_for_a_while_does_no_harm(void **state)
{
    (void)state;
    refuse_everything(KB_CPA_SMS, 4);
    refuse_everything(KB_CPA_PACKET, 4);
}

static void a_terminal_that_never_can_is_not_asked_for_ever(void **state)
{
    (void)state;
    refuse_everything(KB_CPA_SMS, PHONE_AGAIN);
    refuse_everything(KB_CPA_PACKET, PHONE_AGAIN);
}

/* It reports success, without having done anything or telling what came of it. */
static void a_terminal_that_only_says_so_is_asked_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(types); i++) {
        refuse(KB_CPA_SMS, types[i], KB_CAT_OK, 1);
        refuse(KB_CPA_PACKET, types[i], KB_CAT_OK, 1);
    }
}

/* What a personalization by short message does not need at all. */
static void a_terminal_without_the_rest_still_does(void **state)
{
    static const uint8_t needless[] = {KB_CAT_SET_UP_EVENT_LIST, KB_CAT_PROVIDE_LOCAL_INFORMATION,
                                       KB_CAT_TIMER_MANAGEMENT, KB_CAT_DISPLAY_TEXT};

    (void)state;
    for (size_t i = 0; i < sizeof(needless); i++) {
        make(KB_CPA_SMS);
        world.phone.result[needless[i]] = KB_CAT_BEYOND_CAPABILITIES;
        world.phone.times[needless[i]] = PHONE_AGAIN;
        phone_on(&world.phone);
        phone_run_on(&world.phone);
        go();
        assert_personalized();
    }
}

/* No timer, no rejections told: limited service is all the card hears. */
static void without_timers_limited_service_counts(void **state)
{
    (void)state;
    make(KB_CPA_SMS);
    world.phone.result[KB_CAT_TIMER_MANAGEMENT] = KB_CAT_BEYOND_CAPABILITIES;
    world.phone.times[KB_CAT_TIMER_MANAGEMENT] = PHONE_AGAIN;
    world.phone.has_no_rejections = true;
    world.phone.takes_new = false;
    phone_on(&world.phone);
    phone_run_on(&world.phone);
    go();
    assert_int_equal(world.phone.refused_attaches, 3);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.dropped_seals, 1);
    assert_temporary();
}

/* Coverage is no refusal: the card waits where there is no network at all. */
static void where_there_is_no_network_nobody_refused(void **state)
{
    (void)state;
    make(KB_CPA_SMS);
    world.phone.is_nowhere = true;
    world.phone.expiries_max = 0;
    go();
    world.phone.expiries_max = 10;
    world.phone.takes_new = false;
    phone_run_on(&world.phone);
    assert_int_equal(world_state(), KB_CPA_TRIAL);
    world.phone.is_nowhere = false;
    world.phone.takes_new = true;
    phone_on(&world.phone);
    phone_run_on(&world.phone);
    assert_personalized();
}

/* The same of a terminal that tells no events, and says it only when it is asked. */
static void a_terminal_without_events_says_when_there_is_no_network(void **state)
{
    (void)state;
    make(KB_CPA_SMS);
    world.phone.result[KB_CAT_SET_UP_EVENT_LIST] = KB_CAT_BEYOND_CAPABILITIES;
    world.phone.times[KB_CAT_SET_UP_EVENT_LIST] = PHONE_AGAIN;
    world.phone.tells_nothing = true;
    world.phone.is_nowhere = true;
    world.phone.expiries_max = 20;
    go();
    assert_int_equal(world_state(), KB_CPA_TRIAL);
    assert_int_equal(world.provider.dropped_seals, 0);
}

/* What the terminal says of service before it has read the new identity says nothing of it. */
static void service_under_the_old_identity_is_no_success(void **state)
{
    (void)state;
    make(KB_CPA_SMS);
    world.phone.result[KB_CAT_REFRESH] = KB_CAT_TERMINAL_BUSY;
    world.phone.times[KB_CAT_REFRESH] = PHONE_AGAIN;
    world.phone.expiries_max = 0;
    go();
    assert_int_equal(world_state(), KB_CPA_TRIAL);
    phone_tell_service(&world.phone, KB_CAT_LIMITED_SERVICE);
    phone_tell_service(&world.phone, KB_CAT_NORMAL_SERVICE);
    phone_run_on(&world.phone);
    assert_int_equal(world_state(), KB_CPA_TRIAL);
    assert_int_equal(world.provider.confirms, 0);
    world.phone.times[KB_CAT_REFRESH] = 0;
    world.phone.expiries_max = 1;
    phone_run_on(&world.phone);
    assert_personalized();
}

/* A user who does not answer is asked again, later, and then said no. */
static void a_user_who_is_away_is_asked_again(void **state)
{
    (void)state;
    make(KB_CPA_SMS);
    world.phone.result[KB_CAT_GET_INKEY] = KB_CAT_NO_RESPONSE_FROM_USER;
    world.phone.times[KB_CAT_GET_INKEY] = 2;
    go();
    assert_personalized();
    assert_int_equal(world.phone.commands[KB_CAT_GET_INKEY], 3);

    make(KB_CPA_SMS);
    world.phone.result[KB_CAT_GET_INKEY] = KB_CAT_NO_RESPONSE_FROM_USER;
    world.phone.times[KB_CAT_GET_INKEY] = PHONE_AGAIN;
    go();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.phone.commands[KB_CAT_GET_INKEY], 4);
    assert_int_equal(world.provider.heard.reason, KB_REASON_USER);
    assert_int_equal(world.provider.dropped_seals, 1);
    assert_temporary();
}

/* The answer may overtake the terminal's word that the message left. */
static void an_answer_before_the_response_loses_no_time(void **state)
{
    (void)state;
    make(KB_CPA_SMS);
    world.phone.is_quick = true;
    world.phone.expiries_max = 0;
    go();
    assert_personalized();
    assert_int_equal(world.phone.short_messages_up + world.phone.short_messages_down, 7);

    make(KB_CPA_PACKET);
    world.phone.is_quick = true;
    world.phone.expiries_max = 0;
    go();
    assert_personalized();
}

/* What the user says to a question that is void by then says nothing. */
static void an_answer_to_what_is_over_is_none(void **state)
{
    static const uint8_t list[] = "\x82\x66"
                                  "001-01\x61T";

    (void)state;
    make(KB_CPA_SMS);
    world.phone.is_refused = true;
    world.phone.item = KB_SESSION_OPERATORS + 1;
    world.phone.expiries_max = 0;
    go();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_BUSY);
    assert_int_equal(world.provider.dropped_seals, 1);
    assert_int_equal(world.provider.refusals, 1);
    assert_temporary();

    make(KB_CPA_SMS);
    world.provider.choice = kb_span(list, sizeof(list) - 1);
    assert_int_equal(kb_nvm_delete(&world.rig.card.nvm, KB_OBJ_CPA_OPERATORS), KB_OK);
    world.plan.starts = KB_CPA_BY_MENU;
    world_plan();
    phone_on(&world.phone);
    phone_run_on(&world.phone);
    world.phone.is_refused = true;
    world.phone.item = 1;
    phone_menu(&world.phone);
    phone_run_on(&world.phone);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.requests, 1);
}

/* What could not leave goes when the terminal has service again, before the timer is over. */
static void what_could_not_leave_goes_with_the_next_service(void **state)
{
    (void)state;
    make(KB_CPA_SMS);
    world.phone.result[KB_CAT_SEND_SHORT_MESSAGE] = KB_CAT_NETWORK_BUSY;
    world.phone.times[KB_CAT_SEND_SHORT_MESSAGE] = 3; /* and is not asked a fourth time */
    world.phone.expiries_max = 0;
    go();
    assert_int_equal(world_state(), KB_CPA_REQUESTED);
    assert_int_equal(world.phone.short_messages_up, 0);
    phone_tell_service(&world.phone, KB_CAT_NORMAL_SERVICE);
    phone_run_on(&world.phone);
    assert_personalized();
}

/* Without timers, service is what the card waits for to send once more. */
static void without_timers_service_brings_the_next_try(void **state)
{
    (void)state;
    make(KB_CPA_SMS);
    world.phone.result[KB_CAT_TIMER_MANAGEMENT] = KB_CAT_BEYOND_CAPABILITIES;
    world.phone.times[KB_CAT_TIMER_MANAGEMENT] = PHONE_AGAIN;
    world.phone.loses_up = true;
    go();
    assert_int_equal(world_state(), KB_CPA_REQUESTED);
    world.phone.loses_up = false;
    phone_tell_service(&world.phone, KB_CAT_NORMAL_SERVICE);
    phone_run_on(&world.phone);
    assert_personalized();
}

/* Names beyond the default alphabet go in UCS2 (TS 102 221 annex A, TS 102 223 clause 8.15). */
static void a_name_in_another_script_is_shown(void **state)
{
    (void)state;
    make(KB_CPA_SMS);
    world.provider.gives.name = kb_span("\xD0\x9C\xD0\xA2\xC3\xBF", 6);
    go();
    assert_int_equal(world_state(), KB_CPA_DONE);
    assert_int_equal(world.phone.question_dcs, KB_CAT_DCS_UCS2);
    assert_int_equal(world.phone.question_len, 2 * (21 + 3 + 1));
    assert_memory_equal(world.phone.question_bytes + 2 * 21, "\x04\x1C\x04\x22\x00\xFF\x00?", 8);
}

/* A channel that breaks while the card waits is opened again by the timer. */
static void a_lost_channel_is_opened_again(void **state)
{
    (void)state;
    make(KB_CPA_PACKET);
    world.phone.loses_down = true;
    world.phone.expiries_max = 0;
    go();
    assert_true(world.phone.is_open);
    phone_lose_channel(&world.phone);
    world.phone.loses_down = false;
    world.phone.expiries_max = 5;
    phone_run_on(&world.phone);
    assert_personalized();
    assert_int_equal(world.phone.commands[KB_CAT_OPEN_CHANNEL], 3);
}

/* A channel may stay open and lead nowhere, or have lost some bytes of a frame for good. */
static void what_is_sent_again_goes_through_a_channel_of_its_own(void **state)
{
    (void)state;
    make(KB_CPA_PACKET);
    world.phone.loses_down = true;
    world.phone.expiries_max = 0;
    go();
    assert_true(world.phone.is_open);
    assert_int_equal(world.phone.commands[KB_CAT_OPEN_CHANNEL], 1);
    phone_expire(&world.phone);
    phone_run_on(&world.phone);
    assert_int_equal(world_state(), KB_CPA_REQUESTED);
    assert_int_equal(world.phone.commands[KB_CAT_CLOSE_CHANNEL], 1);
    assert_int_equal(world.phone.commands[KB_CAT_OPEN_CHANNEL], 2);
    world.phone.loses_down = false;
    world.phone.expiries_max = 5;
    phone_run_on(&world.phone);
    assert_personalized();
}

/* What is no frame, or a frame for another card, is not taken for one. */
static void rubbish_in_a_channel_closes_it(void **state)
{
    (void)state;
    make(KB_CPA_PACKET);
    world.phone.loses_down = true;
    world.phone.expiries_max = 0;
    go();
    phone_put_in_channel(&world.phone, kb_span("\xFF\xFF rubbish of some length", 25));
    phone_run_on(&world.phone);
    assert_false(world.phone.is_open);
    assert_int_equal(world_state(), KB_CPA_REQUESTED);
    world.phone.loses_down = false;
    world.phone.expiries_max = 5;
    phone_run_on(&world.phone);
    assert_personalized();
}

/* A frame for another card is passed over, the channel stays; what is more than fits is not taken
 * for a frame. */
static void a_frame_for_another_card_is_passed_over(void **state)
{
    static uint8_t bytes[KB_INBOX_ROOM + 400] = {0, KB_SESSION_SENDER + 4};

    (void)state;
    make(KB_CPA_PACKET);
    world.phone.loses_down = true;
    world.phone.expiries_max = 0;
    go();
    phone_put_in_channel(&world.phone, kb_span(bytes, 2 + KB_SESSION_SENDER + 4));
    phone_run_on(&world.phone);
    assert_true(world.phone.is_open);
    bytes[0] = (KB_INBOX_ROOM - 2) >> 8;
    bytes[1] = (KB_INBOX_ROOM - 2) & 0xFF;
    phone_put_in_channel(&world.phone, kb_span(bytes, sizeof(bytes)));
    phone_run_on(&world.phone);
    assert_false(world.phone.is_open);
    world.phone.loses_down = false;
    world.phone.expiries_max = 5;
    phone_run_on(&world.phone);
    assert_personalized();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_that_refuses_once_is_asked_again),
        cmocka_unit_test(a_terminal_that_is_busy_for_a_while_does_no_harm),
        cmocka_unit_test(a_terminal_that_never_can_is_not_asked_for_ever),
        cmocka_unit_test(a_terminal_that_only_says_so_is_asked_again),
        cmocka_unit_test(a_terminal_without_the_rest_still_does),
        cmocka_unit_test(without_timers_limited_service_counts),
        cmocka_unit_test(where_there_is_no_network_nobody_refused),
        cmocka_unit_test(a_terminal_without_events_says_when_there_is_no_network),
        cmocka_unit_test(service_under_the_old_identity_is_no_success),
        cmocka_unit_test(a_user_who_is_away_is_asked_again),
        cmocka_unit_test(an_answer_before_the_response_loses_no_time),
        cmocka_unit_test(an_answer_to_what_is_over_is_none),
        cmocka_unit_test(what_could_not_leave_goes_with_the_next_service),
        cmocka_unit_test(without_timers_service_brings_the_next_try),
        cmocka_unit_test(a_name_in_another_script_is_shown),
        cmocka_unit_test(a_lost_channel_is_opened_again),
        cmocka_unit_test(what_is_sent_again_goes_through_a_channel_of_its_own),
        cmocka_unit_test(rubbish_in_a_channel_closes_it),
        cmocka_unit_test(a_frame_for_another_card_is_passed_over),
    };

    return cmocka_run_group_tests_name("cpa terminals", tests, NULL, NULL);
}
