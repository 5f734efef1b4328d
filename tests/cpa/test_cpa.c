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
    world_start();
    run();
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_AGREEMENT);
    assert_temporary();
}

/* --- Packets --- */

static void a_card_with_old_keys_becomes_a_subscriber_under_triple_des(void **state)
{
    (void)state;
    world.plan.has_old_keys = true;
    provider_use_old_keys(&world.provider, true);
    world_make();
    run();
    assert_personalized();
    assert_int_equal(world.provider.confirms, 1);
}

static void old_keys_serve_through_a_channel_too(void **state)
{
    static const uint8_t address[] = {192, 0, 2, 1};

    (void)state;
    world.plan.has_old_keys = true;
    provider_use_old_keys(&world.provider, true);
    world.plan.bearer = KB_CPA_PACKET;
    world.plan.address = kb_span(address, sizeof(address));
    world.plan.port = 7000;
    world.provider.bearer = KB_PACKET_CHANNEL;
    world_make();
    run();
    assert_personalized();
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

/* Whoever speaks for the service and has no admin code could lead a user to another operator. */
static void a_list_that_nobody_asked_for_is_not_shown(void **state)
{
    const struct kb_session_operator other = {kb_span("262-99", 6), kb_span("Test Net", 8)};
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_session_message choose = {
        .kind = KB_SESSION_COMMAND, .session = 1, .command = KB_COMMAND_CHOOSE};

    (void)state;
    world.plan.starts = KB_CPA_BY_MENU;
    world.plan.operator= kb_span("001-01", 6);
    world.plan.asks_user = true;
    kb_session_operators_write(&wr, &other, 1);
    choose.operators = kb_wr_span(&wr);
    world_make();
    run();
    world.phone.holds = KB_SESSION_COMMAND;
    phone_menu(&world.phone);
    run();
    world.phone.holds = 0;
    provider_write(&world.provider, &choose);
    world.phone.loses_up = true;
    world.phone.expiries_max = 0;
    run();
    assert_int_equal(world_state(), KB_CPA_REQUESTED);
    assert_int_equal(world.phone.item_count, 0);
    assert_int_equal(world.provider.session, 1);
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
    world_start();
    run();
    assert_personalized();
}

static void a_plan_without_that_start_ignores_it(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_MENU;
    world_make();
    run();
    world_start();
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
    world_start();
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
    world_start();
    run();
    assert_personalized();
    for (size_t i = 0; i < 256; i++)
        assert_int_equal(world.phone.commands[i], 0);
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
        cmocka_unit_test_setup(a_card_with_old_keys_becomes_a_subscriber_under_triple_des, begin),
        cmocka_unit_test_setup(old_keys_serve_through_a_channel_too, begin),
        cmocka_unit_test_setup(the_menu_offers_the_cards_own_operators, begin),
        cmocka_unit_test_setup(a_typed_code_of_the_list_names_its_operator, begin),
        cmocka_unit_test_setup(a_code_that_the_card_does_not_know_goes_to_the_service, begin),
        cmocka_unit_test_setup(a_card_without_a_list_asks_the_service, begin),
        cmocka_unit_test_setup(a_list_that_nobody_asked_for_is_not_shown, begin),
        cmocka_unit_test_setup(who_chooses_nothing_said_no, begin),
        cmocka_unit_test_setup(a_card_starts_when_told_over_the_air, begin),
        cmocka_unit_test_setup(a_plan_without_that_start_ignores_it, begin),
        cmocka_unit_test_setup(a_machine_asks_for_the_operator_of_its_plan, begin),
        cmocka_unit_test_setup(a_service_that_sends_another_operator_is_refused, begin),
        cmocka_unit_test_setup(a_card_that_is_not_secured_offers_nothing, begin),
        cmocka_unit_test_setup(after_success_nothing_is_offered, begin),
    };

    return cmocka_run_group_tests_name("cpa", tests, NULL, NULL);
}
