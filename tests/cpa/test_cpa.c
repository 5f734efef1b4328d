/* SPDX-License-Identifier: Apache-2.0 */
/* The card's way to its operator, from each start and by each agreement, as docs/protocol.md tells
 * it. */
#include "tests/cpa/world.h"

static int begin(void **state)
{
    (void)state;
    world_begin(KB_CURVE_P256);
    return 0;
}

static void use_curve(enum kb_curve curve)
{
    world_begin(curve);
}

static void run(void)
{
    phone_run_on(&world.phone);
}

static void start_over_the_air(void)
{
    const struct kb_session_message start = {.kind = KB_SESSION_COMMAND,
                                             .command = KB_COMMAND_START};

    provider_write(&world.provider, &start);
}

/* --- Agreements --- */

static void a_machine_becomes_a_subscriber_in_seven_short_messages(void **state)
{
    (void)state;
    world_make();
    run();
    assert_personalized();
    assert_int_equal(world.phone.short_messages_up, 3);
    assert_int_equal(world.phone.short_messages_down, 4);
    assert_int_equal(world.phone.resets, 1);
    assert_string_equal(world.phone.imsi, "001010123456789");
    assert_int_equal(world.provider.confirms, 1);
}

static void suite_0_is_as_good(void **state)
{
    (void)state;
    use_curve(KB_CURVE_X25519);
    world_make();
    run();
    assert_personalized();
    assert_int_equal(world.phone.short_messages_up + world.phone.short_messages_down, 7);
}

static void plain_diffie_hellman_on_x25519(void **state)
{
    (void)state;
    world.plan.agreement = world.provider.agreement = KB_SESSION_DH;
    world.plan.suites[0] = world.provider.suites[0] = 29;
    world_make();
    run();
    assert_personalized();
}

static void a_group_of_4096_bits_fits_too(void **state)
{
    (void)state;
    world.plan.agreement = world.provider.agreement = KB_SESSION_DH;
    world.plan.suites[0] = world.provider.suites[0] = 258;
    world_make();
    run();
    assert_personalized();
}

/* RFC 9528 clause 6.3: the card offers 3 first; the operator has 2 alone. */
static void another_suite_is_agreed_in_a_new_attempt(void **state)
{
    (void)state;
    world.plan.suites[0] = 3;
    world.plan.suites[1] = 2;
    world.plan.suite_count = 2;
    world_make();
    run();
    assert_personalized();
    assert_int_equal(world.provider.requests, 2);
    assert_int_equal(world.provider.session, 2);
}

static void no_suite_in_common_ends_with_a_reason(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_AIR;
    world.plan.suites[0] = 3;
    world_make();
    run();
    start_over_the_air();
    run();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_AGREEMENT);
    assert_temporary();
}

/* --- Starts --- */

static void the_menu_offers_the_cards_own_operators(void **state)
{
    const struct kb_cpa_operator operators[] = {
        {kb_span("262-01", 6), kb_span("First", 5), kb_span(NULL, 0)},
        {kb_span("001-01", 6), kb_span("Test Net", 8), kb_span("77", 2)},
    };
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    (void)state;
    world.plan.starts = KB_CPA_BY_MENU;
    world.plan.asks_user = true;
    kb_cpa_operators_write(&wr, operators, 2);
    world_put(KB_OBJ_CPA_OPERATORS, bytes, wr.len);
    world_make();
    run();
    assert_string_equal(world.phone.menu, "My operator");
    assert_int_equal(world.provider.requests, 0);
    world.phone.item = 2;
    phone_menu(&world.phone);
    run();
    assert_string_equal(world.phone.items[1], "First");
    assert_string_equal(world.phone.items[2], "Test Net");
    assert_int_equal(world.phone.item_count, 2);
    assert_string_equal(world.phone.question, "Become a customer of Test Net?");
    assert_personalized();
    assert_string_equal(world.phone.texts[0], "Your card is ready.");
    assert_string_equal(world.phone.menu, "");
}

static void a_typed_code_of_the_list_names_its_operator(void **state)
{
    const struct kb_cpa_operator operator_ = {kb_span("001-01", 6), kb_span("Test Net", 8),
                                              kb_span("77", 2)};
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    (void)state;
    world.plan.starts = KB_CPA_BY_CODE;
    kb_cpa_operators_write(&wr, &operator_, 1);
    world_put(KB_OBJ_CPA_OPERATORS, bytes, wr.len);
    world_make();
    run();
    world.phone.code = "77";
    phone_menu(&world.phone);
    run();
    assert_string_equal(world.phone.question, "Code of your operator");
    assert_personalized();
}

static void a_code_that_the_card_does_not_know_goes_to_the_service(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_CODE;
    world_make();
    run();
    world.phone.code = "4711";
    world.provider.silent_at = KB_SESSION_REQUEST;
    world.phone.expiries_max = 0;
    phone_menu(&world.phone);
    run();
    assert_int_equal(world.provider.heard.kind, KB_SESSION_REQUEST);
    assert_int_equal(world.provider.heard.id_o.len, 4);
    assert_memory_equal(world.provider.heard.id_o.data, "4711", 4);
    world.provider.silent_at = 0;
    world_renew();
    world.provider.session = 0;
    world.provider.taken = world.provider.sent = 0;
    run();
    phone_menu(&world.phone);
    run();
    assert_personalized();
}

/* A list of the service: chosen from in one attempt, asked for in the next. */
static void a_card_without_a_list_asks_the_service(void **state)
{
    const struct kb_session_operator operators[] = {
        {kb_span("262-01", 6), kb_span("First", 5)},
        {kb_span("001-01", 6), kb_span("T\xC3\xA9st", 5)}};
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    (void)state;
    world.plan.starts = KB_CPA_BY_MENU;
    kb_session_operators_write(&wr, operators, 2);
    world.provider.choice = kb_wr_span(&wr);
    world_make();
    run();
    world.phone.item = 2;
    phone_menu(&world.phone);
    run();
    /* e with an acute accent is 05 in the default alphabet of TS 23.038. */
    assert_string_equal(world.phone.items[2], "T\x05st");
    assert_personalized();
    assert_int_equal(world.provider.session, 2);
}

static void who_chooses_nothing_said_no(void **state)
{
    const struct kb_session_operator one = {kb_span("001-01", 6), kb_span("Test", 4)};
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    (void)state;
    world.plan.starts = KB_CPA_BY_MENU;
    kb_session_operators_write(&wr, &one, 1);
    world.provider.choice = kb_wr_span(&wr);
    world_make();
    run();
    world.phone.item = 0;
    phone_menu(&world.phone);
    run();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_USER);
    assert_string_equal(world.phone.texts[0], "Not done: you said no.");
    assert_string_equal(world.phone.menu, "My operator");
    assert_temporary();
}

static void a_card_starts_when_told_over_the_air(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_AIR;
    world_make();
    run();
    assert_int_equal(world.provider.requests, 0);
    start_over_the_air();
    run();
    assert_personalized();
}

static void a_plan_without_that_start_ignores_it(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_MENU;
    world_make();
    run();
    start_over_the_air();
    run();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.requests, 0);
}

static void a_machine_asks_for_the_operator_of_its_plan(void **state)
{
    (void)state;
    world.plan.operator= kb_span("001-01", 6);
    world_make();
    run();
    assert_personalized();
}

static void a_service_that_sends_another_operator_is_refused(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_AIR;
    world.plan.operator= kb_span("262-01", 6);
    world_make();
    run();
    start_over_the_air();
    run();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_NO_OPERATOR);
    assert_temporary();
}

static void a_card_that_is_not_secured_offers_nothing(void **state)
{
    const uint8_t administrative = KB_LIFE_ADMINISTRATIVE;

    (void)state;
    world_make();
    world_put(KB_OBJ_LIFE_CYCLE, &administrative, 1);
    phone_on(&world.phone);
    run();
    assert_int_equal(world_state(), KB_CPA_NONE);
    assert_int_equal(world.provider.requests, 0);
    for (size_t i = 0; i < 256; i++)
        assert_int_equal(world.phone.commands[i], 0);
}

static void after_success_nothing_is_offered(void **state)
{
    (void)state;
    world.plan.starts = 15;
    world_make();
    run();
    assert_personalized();
    memset(world.phone.commands, 0, sizeof(world.phone.commands));
    phone_on(&world.phone);
    run();
    start_over_the_air();
    run();
    assert_personalized();
    for (size_t i = 0; i < 256; i++)
        assert_int_equal(world.phone.commands[i], 0);
}

/* --- The pair --- */

static void the_temporary_pair_is_kept_or_deleted_as_planned(void **state)
{
    (void)state;
    world_make();
    run();
    assert_personalized();
    assert_true(world_has(KB_OBJ_KI) && world_has(KB_OBJ_OPC));
    assert_true(world_has(KB_OBJ_SECRET + KB_SECRET_IMSI_T));

    world_begin(KB_CURVE_P256);
    world.plan.keeps_temporary = false;
    world_make();
    run();
    assert_personalized();
    assert_false(world_has(KB_OBJ_KI) || world_has(KB_OBJ_OPC));
    assert_false(world_has(KB_OBJ_SECRET + KB_SECRET_IMSI_T));
    assert_nowhere(world.phone.temporary.k, 16);
    assert_nowhere(world.provider.secrets.seal, 16);
}

static void files_that_a_card_has_not_are_passed_over(void **state)
{
    (void)state;
    world_begin_bare(KB_CURVE_P256, "82(4121) 83(6F07) 8A(05) 8B(2F0601) 80(0009) 88() "
                                    "A5(C1(089910070000000010))");
    world_make();
    run();
    assert_int_equal(world_state(), KB_CPA_DONE);
    assert_file(0x6F07, "080910101032547698");
    assert_string_equal(world.phone.imsi, "001010123456789");
}

/* A file that is shorter than what belongs into it is as good as none. */
static void a_card_without_an_identity_file_stays_as_it_was(void **state)
{
    (void)state;
    world_begin_bare(KB_CURVE_P256, "82(4121) 83(6F78) 8A(05) 8B(2F0601) 80(0001) 88()");
    world.plan.starts = KB_CPA_BY_AIR;
    world.phone.has_no_identity = true;
    world_make();
    run();
    start_over_the_air();
    run();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_INTERNAL);
    assert_int_equal(world.provider.dropped_seals, 1);
    assert_temporary();
    assert_nowhere(world.provider.secrets.k, 16);
}

static void the_user_may_say_no(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_AIR;
    world.plan.asks_user = true;
    world_make();
    run();
    world.phone.says_yes = false;
    start_over_the_air();
    run();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_USER);
    assert_int_equal(world.provider.dropped_seals, 1);
    assert_int_equal(world.phone.resets, 0);
    assert_string_equal(world.phone.texts[0], "Not done: you said no.");
    assert_temporary();
    assert_nowhere(world.provider.secrets.k, 16);
    assert_nowhere(world.provider.secrets.seal, 16);
    world.phone.says_yes = true;
    start_over_the_air();
    run();
    assert_personalized();
}

static void a_refused_pair_is_taken_back_after_as_many_attaches_as_planned(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_AIR;
    world_make();
    run();
    world.phone.takes_new = false;
    start_over_the_air();
    run();
    assert_int_equal(world.phone.refused_attaches, 3);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_NOT_ATTACHED);
    assert_int_equal(world.provider.dropped_seals, 1);
    assert_string_equal(world.phone.imsi, "901700000000001");
    assert_temporary();
    assert_nowhere(world.provider.secrets.k, 16);
    assert_nowhere(world.provider.secrets.seal, 16);
    world.phone.takes_new = true;
    start_over_the_air();
    run();
    assert_personalized();
}

static void a_terminal_that_tells_no_rejections_is_judged_by_time(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_AIR;
    world_make();
    run();
    world.phone.takes_new = false;
    world.phone.has_no_rejections = true;
    start_over_the_air();
    run();
    assert_int_equal(world.phone.refused_attaches, 3);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.dropped_seals, 1);
    assert_temporary();
    /* 30 s, 60 s, 120 s. */
    assert_int_equal(world.phone.longest, 120);
}

static void a_machine_that_failed_tries_anew_later_each_time(void **state)
{
    (void)state;
    world.provider.refuses = KB_REASON_BUSY;
    world.phone.expiries_max = 4;
    world_make();
    run();
    assert_int_equal(world.provider.requests, 5);
    assert_int_equal(world.phone.longest, 30 << 5);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    world.provider.refuses = 0;
    world.phone.expiries_max = 5;
    run();
    assert_personalized();
}

/* --- Loss --- */

static void what_is_lost_is_sent_again_and_then_given_up(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_AIR;
    world_make();
    run();
    start_over_the_air();
    run();
    assert_personalized();

    world_begin(KB_CURVE_P256);
    world.phone.loses_up = true;
    world.phone.expiries_max = 4;
    world_make();
    run();
    assert_int_equal(world.phone.short_messages_up, 4);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_temporary();
    world.phone.loses_up = false;
    world.phone.expiries_max = 5;
    run();
    assert_personalized();
}

/* The same bytes, which the service knows by their counter; it repeats its answer. */
static void an_answer_that_was_lost_is_given_again(void **state)
{
    (void)state;
    world.phone.loses_down = true;
    world.phone.expiries_max = 1;
    world_make();
    run();
    assert_int_equal(world.provider.requests, 2);
    assert_int_equal(world.provider.taken, 1);
    world.phone.loses_down = false;
    world.phone.expiries_max = 2;
    run();
    assert_personalized();
    assert_int_equal(world.provider.session, 1);
}

static void success_is_reported_until_it_was_heard(void **state)
{
    (void)state;
    world.provider.silent_at = KB_SESSION_CONFIRM;
    world.phone.expiries_max = 20;
    world_make();
    run();
    assert_int_equal(world_state(), KB_CPA_REPORTING);
    assert_int_equal(world.provider.confirms, 21);
    assert_int_equal(world.phone.longest, 30 << 3);
    world.provider.silent_at = 0;
    world.provider.taken--;
    phone_on(&world.phone);
    run();
    assert_personalized();
}

static void what_never_came_to_an_identity_is_taken_back_with_a_seal(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_AIR;
    world.provider.silent_at = KB_SESSION_AGREE;
    world_make();
    run();
    start_over_the_air();
    run();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_NO_ANSWER);
    assert_temporary();
}

/* --- Packets instead of short messages --- */

static void the_same_through_a_channel(void **state)
{
    (void)state;
    world.plan.bearer = KB_CPA_PACKET;
    world.plan.apn = kb_span("kbas.mnc", 8);
    world.plan.address = kb_span("\x0A\x00\x00\x01", 4);
    world.plan.port = 7000;
    world.provider.bearer = KB_PACKET_CHANNEL;
    world_make();
    run();
    assert_personalized();
    assert_int_equal(world.phone.short_messages_up, 0);
    assert_false(world.phone.is_open);
    assert_int_equal(world.phone.commands[KB_CAT_OPEN_CHANNEL], 2);
    assert_int_equal(world.phone.commands[KB_CAT_CLOSE_CHANNEL], 1);
}

static void a_long_packet_goes_through_a_channel_in_pieces(void **state)
{
    (void)state;
    world.plan.agreement = world.provider.agreement = KB_SESSION_DH;
    world.plan.suites[0] = world.provider.suites[0] = 258;
    world.plan.bearer = KB_CPA_PACKET;
    world.plan.apn = kb_span("kbas.mnc", 8);
    world.plan.address = kb_span("\x0A\x00\x00\x01", 4);
    world.plan.port = 7000;
    world.provider.bearer = KB_PACKET_CHANNEL;
    world_make();
    run();
    assert_personalized();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_machine_becomes_a_subscriber_in_seven_short_messages, begin),
        cmocka_unit_test_setup(suite_0_is_as_good, begin),
        cmocka_unit_test_setup(plain_diffie_hellman_on_x25519, begin),
        cmocka_unit_test_setup(a_group_of_4096_bits_fits_too, begin),
        cmocka_unit_test_setup(another_suite_is_agreed_in_a_new_attempt, begin),
        cmocka_unit_test_setup(no_suite_in_common_ends_with_a_reason, begin),
        cmocka_unit_test_setup(the_menu_offers_the_cards_own_operators, begin),
        cmocka_unit_test_setup(a_typed_code_of_the_list_names_its_operator, begin),
        cmocka_unit_test_setup(a_code_that_the_card_does_not_know_goes_to_the_service, begin),
        cmocka_unit_test_setup(a_card_without_a_list_asks_the_service, begin),
        cmocka_unit_test_setup(who_chooses_nothing_said_no, begin),
        cmocka_unit_test_setup(a_card_starts_when_told_over_the_air, begin),
        cmocka_unit_test_setup(a_plan_without_that_start_ignores_it, begin),
        cmocka_unit_test_setup(a_machine_asks_for_the_operator_of_its_plan, begin),
        cmocka_unit_test_setup(a_service_that_sends_another_operator_is_refused, begin),
        cmocka_unit_test_setup(a_card_that_is_not_secured_offers_nothing, begin),
        cmocka_unit_test_setup(after_success_nothing_is_offered, begin),
        cmocka_unit_test_setup(the_temporary_pair_is_kept_or_deleted_as_planned, begin),
        cmocka_unit_test_setup(files_that_a_card_has_not_are_passed_over, begin),
        cmocka_unit_test_setup(a_card_without_an_identity_file_stays_as_it_was, begin),
        cmocka_unit_test_setup(the_user_may_say_no, begin),
        cmocka_unit_test_setup(a_refused_pair_is_taken_back_after_as_many_attaches_as_planned,
                               begin),
        cmocka_unit_test_setup(a_terminal_that_tells_no_rejections_is_judged_by_time, begin),
        cmocka_unit_test_setup(a_machine_that_failed_tries_anew_later_each_time, begin),
        cmocka_unit_test_setup(what_is_lost_is_sent_again_and_then_given_up, begin),
        cmocka_unit_test_setup(an_answer_that_was_lost_is_given_again, begin),
        cmocka_unit_test_setup(success_is_reported_until_it_was_heard, begin),
        cmocka_unit_test_setup(what_never_came_to_an_identity_is_taken_back_with_a_seal, begin),
        cmocka_unit_test_setup(the_same_through_a_channel, begin),
        cmocka_unit_test_setup(a_long_packet_goes_through_a_channel_in_pieces, begin),
    };

    return cmocka_run_group_tests_name("cpa", tests, NULL, NULL);
}
