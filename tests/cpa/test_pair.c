/* SPDX-License-Identifier: Apache-2.0 */
/* The pair: swapped in, kept or forgotten, taken back; and what happens when messages are lost, in
 * either bearer. */
#include "tests/cpa/world.h"

static int begin(void **state)
{
    (void)state;
    world_begin(KB_CURVE_P256);
    return 0;
}

static void run(void)
{
    phone_run_on(&world.phone);
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

/* What came over the air is Milenage's, whatever the maker planned for the operator; how sequence
 * numbers are taken stays as planned. */
static void the_new_pair_is_milenages(void **state)
{
    static const uint8_t planned[21] = {1, 3, 16, 32, 32, 16, 2, 3, 0x03, 0, 0,
                                        0, 1, 0,  0,  0,  0,  0, 0, 0,    9},
                         then[21] = {0, 0, 8, 16, 16, 8, 1, 3, 0x03, 0, 0,
                                     0, 1, 0, 0,  0,  0, 0, 0, 0,    9};
    static const uint8_t bootstrapped[83] = {1};
    uint8_t now[21];

    (void)state;
    world_put(KB_OBJ_AKA + 1, planned, sizeof(planned));
    world_put(KB_OBJ_GBA, bootstrapped, sizeof(bootstrapped));
    world_make();
    run();
    assert_personalized();
    assert_int_equal(kb_nvm_read(&world.rig.card.nvm, KB_OBJ_AKA + 1, 0, now, 21), KB_OK);
    assert_memory_equal(now, then, sizeof(now));
    assert_false(world_has(KB_OBJ_GBA));
}

/* --- A card that got its operator's pair another way: from a bureau, say --- */

static const uint8_t bureaus[16] = {0x42, 0x55, 0x52, 0x45, 0x41, 0x55};

static void put_bureaus_pair(void)
{
    world_put(KB_OBJ_KI + 1, bureaus, sizeof(bureaus));
    world_put(KB_OBJ_OPC + 1, bureaus, sizeof(bureaus));
}

static void assert_bureaus_pair(void)
{
    uint8_t key[16];

    assert_int_equal(kb_nvm_read(&world.rig.card.nvm, KB_OBJ_KI + 1, 0, key, 16), KB_OK);
    assert_memory_equal(key, bureaus, 16);
    assert_file(0x6F07, "089910070000000010");
}

static void a_card_with_an_operators_pair_begins_nothing(void **state)
{
    (void)state;
    world.plan.starts = KB_CPA_BY_ITSELF | KB_CPA_BY_MENU | KB_CPA_BY_AIR;
    world.phone.expiries_max = 5;
    put_bureaus_pair();
    world_make();
    world.phone.must_attach = false;
    phone_tell_service(&world.phone, KB_CAT_NORMAL_SERVICE);
    phone_menu(&world.phone);
    world_start();
    run();
    assert_int_equal(world_state(), KB_CPA_NONE);
    assert_int_equal(world.provider.requests, 0);
    assert_string_equal(world.phone.menu, "");
    assert_bureaus_pair();
}

/* Whenever it comes, an attempt that is under way leaves it alone, and the operator hears so. */
static void a_pair_that_came_another_way_is_not_replaced(void **state)
{
    static const uint8_t before[] = {0, KB_SESSION_COMMAND, KB_SESSION_IDENTITY};

    (void)state;
    for (size_t i = 0; i < sizeof(before); i++) {
        world_begin(KB_CURVE_P256);
        world.plan.starts = KB_CPA_BY_AIR;
        world_make();
        run();
        world.phone.holds = before[i];
        if (before[i])
            world_start();
        run();
        put_bureaus_pair();
        world.phone.holds = 0;
        if (!before[i])
            world_start();
        run();
        assert_int_equal(world_state(), KB_CPA_IDLE);
        assert_int_equal(world.provider.requests, before[i] ? 1 : 0);
        assert_int_equal(world.provider.dropped_seals, before[i] ? 1 : 0);
        assert_bureaus_pair();
        if (before[i])
            assert_nowhere(world.provider.secrets.k, 16);
    }
}

/* --- Files --- */

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
    world_start();
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
    world_start();
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
    world_start();
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
    world_start();
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
    world_start();
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
    world_start();
    run();
    assert_int_equal(world.phone.refused_attaches, 3);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_int_equal(world.provider.dropped_seals, 1);
    assert_temporary();
    /* 30 s, 60 s, 120 s. */
    assert_int_equal(world.phone.longest, 120);
}

/* A timer value is a time of day (ETSI TS 102 223 clause 8.38): 23:59:59 is the longest of all. */
static void the_card_waits_for_no_longer_than_a_timer_can_say(void **state)
{
    (void)state;
    world.provider.refuses = KB_REASON_BUSY;
    world.phone.expiries_max = 3;
    world.plan.wait_s = 50000;
    world_make();
    run();
    assert_int_equal(world.phone.longest, 86399);
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
    world_start();
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

/* After the resends of the plan each report is a packet of its own: the service gives one answer so
 * many times only. The time between two grows to a day. */
static void success_is_reported_until_it_was_heard(void **state)
{
    (void)state;
    world.provider.silent_at = KB_SESSION_CONFIRM;
    world.phone.expiries_max = 20;
    world_make();
    run();
    assert_int_equal(world_state(), KB_CPA_REPORTING);
    assert_int_equal(world.provider.confirms, 21);
    assert_int_equal(world.provider.taken, 3 + (20 - world.plan.resends));
    assert_in_range(world.phone.longest, 86399, 86400);
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
    world_start();
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

/* ETSI TS 102 223 clause 6.4.27: what the terminal grants counts, down to the head of a frame. */
static void no_piece_is_larger_than_the_buffer_that_was_granted(void **state)
{
    static const uint16_t sizes[] = {12, 13, 64, 199};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        world_begin(KB_CURVE_P256);
        world.plan.bearer = KB_CPA_PACKET;
        world.plan.apn = kb_span("kbas.mnc", 8);
        world.plan.address = kb_span("\x0A\x00\x00\x01", 4);
        world.plan.port = 7000;
        world.provider.bearer = KB_PACKET_CHANNEL;
        world.phone.buffer = sizes[i];
        world_make();
        run();
        assert_personalized();
        assert_int_equal(world.phone.commands[KB_CAT_OPEN_CHANNEL], 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_temporary_pair_is_kept_or_deleted_as_planned, begin),
        cmocka_unit_test_setup(the_new_pair_is_milenages, begin),
        cmocka_unit_test_setup(a_card_with_an_operators_pair_begins_nothing, begin),
        cmocka_unit_test_setup(a_pair_that_came_another_way_is_not_replaced, begin),
        cmocka_unit_test_setup(files_that_a_card_has_not_are_passed_over, begin),
        cmocka_unit_test_setup(a_card_without_an_identity_file_stays_as_it_was, begin),
        cmocka_unit_test_setup(the_user_may_say_no, begin),
        cmocka_unit_test_setup(a_refused_pair_is_taken_back_after_as_many_attaches_as_planned,
                               begin),
        cmocka_unit_test_setup(a_terminal_that_tells_no_rejections_is_judged_by_time, begin),
        cmocka_unit_test_setup(the_card_waits_for_no_longer_than_a_timer_can_say, begin),
        cmocka_unit_test_setup(a_machine_that_failed_tries_anew_later_each_time, begin),
        cmocka_unit_test_setup(what_is_lost_is_sent_again_and_then_given_up, begin),
        cmocka_unit_test_setup(an_answer_that_was_lost_is_given_again, begin),
        cmocka_unit_test_setup(success_is_reported_until_it_was_heard, begin),
        cmocka_unit_test_setup(what_never_came_to_an_identity_is_taken_back_with_a_seal, begin),
        cmocka_unit_test_setup(the_same_through_a_channel, begin),
        cmocka_unit_test_setup(a_long_packet_goes_through_a_channel_in_pieces, begin),
        cmocka_unit_test(no_piece_is_larger_than_the_buffer_that_was_granted),
    };

    return cmocka_run_group_tests_name("cpa pair", tests, NULL, NULL);
}
