/* SPDX-License-Identifier: Apache-2.0 */
/* From a card without power to an attached subscriber (3GPP TS 31.102 clause 5.1). */
#include "tests/device/fake.h"

#include <stdlib.h>

#include "wire/hex.h"

static struct fake_card card;
static struct fake_world world;

static int begin(void **state)
{
    (void)state;
    fake_card_init(&card);
    fake_world_init(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(world.terminal);
    world.terminal = NULL;
    return 0;
}

static void a_terminal_is_small(void **state)
{
    (void)state;
    assert_in_range(kb_terminal_size(), 1, 2048);
}

static void the_subscriber_of_the_card_is_attached(void **state)
{
    struct kb_terminal *terminal = fake_terminal(&world, &card);

    (void)state;
    assert_true(kb_terminal_is_on(terminal));
    assert_string_equal(kb_terminal_imsi(terminal), "001010123456789");
    assert_string_equal(kb_terminal_iccid(terminal), "89881021000000000130");
    assert_int_equal(kb_terminal_service(terminal), KB_CAT_NORMAL_SERVICE);
    assert_true(fake_has(world.log, "attach 001010123456789\n"));
}

/* Bits of TS 102 223 clause 5.2: those of what this terminal does not do are clear. */
static void the_profile_is_what_the_terminal_can(void **state)
{
    (void)state;
    fake_terminal(&world, &card);
    assert_true(fake_has(card.said, "PROFILE 3BE1EF63110C000F0000001F2200000003000000000000000"
                                    "2\n"));
}

/* 3GPP TS 31.102 clause 5.1.2: STATUS says so before the power goes, by the user or by REFRESH. A
 * card that is gone is not told. */
static void the_card_is_told_when_its_session_ends(void **state)
{
    struct kb_terminal *terminal = fake_terminal(&world, &card);

    (void)state;
    assert_int_equal(card.ended, 0);
    fake_card_wants(&card, "D009810301010482028182");
    kb_terminal_expired(terminal, KB_TERMINAL_POLL);
    assert_int_equal(card.power_ups, 2);
    assert_int_equal(card.ended, 1);
    kb_terminal_off(terminal);
    assert_int_equal(card.ended, 2);
    kb_terminal_off(terminal);
    assert_int_equal(kb_terminal_on(terminal, NULL), KB_OK);
    card.is_gone = true;
    kb_terminal_off(terminal);
    assert_int_equal(card.ended, 2);
}

static void without_a_usim_there_is_no_terminal(void **state)
{
    struct kb_report why = {0};

    (void)state;
    card.has_no_usim = true;
    world.terminal = kb_terminal_init(malloc(kb_terminal_size()), &card.reader, &world.port);
    assert_int_equal(kb_terminal_on(world.terminal, &why), KB_ERR_CARD);
    assert_string_equal(why.text, "fake: the card has no USIM");
    assert_false(kb_terminal_is_on(world.terminal));
}

static void an_empty_imsi_is_not_attached(void **state)
{
    (void)state;
    card.imsi = "FFFFFFFFFFFFFFFFFF";
    fake_terminal(&world, &card);
    assert_string_equal(kb_terminal_imsi(world.terminal), "");
    assert_false(fake_has(world.log, "attach"));
}

static void an_enabled_pin_is_asked_for_first(void **state)
{
    struct kb_terminal_reply right = {.text = "1234"}, wrong = {.text = "9999"};

    (void)state;
    card.pin = "1234";
    fake_terminal(&world, &card);
    assert_string_equal(world.log, "ask input PIN (3 tries left) 4-8 digits hidden\n");
    assert_string_equal(kb_terminal_imsi(world.terminal), "");
    kb_terminal_answer(world.terminal, &wrong);
    assert_true(fake_has(world.log, "ask input PIN (2 tries left)"));
    kb_terminal_answer(world.terminal, &right);
    assert_true(fake_has(world.log, "attach 001010123456789\n"));
}

static void without_the_pin_there_is_no_service(void **state)
{
    struct kb_terminal_reply none = {.result = KB_CAT_SESSION_TERMINATED_BY_USER};

    (void)state;
    card.pin = "1234";
    fake_terminal(&world, &card);
    kb_terminal_answer(world.terminal, &none);
    assert_true(kb_terminal_is_on(world.terminal));
    assert_int_equal(kb_terminal_service(world.terminal), KB_CAT_NO_SERVICE);
    assert_false(fake_has(world.log, "attach"));
    assert_true(fake_has(world.log, "show No service without the PIN"));
}

static void a_pin_of_the_wrong_shape_costs_no_try(void **state)
{
    struct kb_terminal_reply letters = {.text = "abcd"};

    (void)state;
    card.pin = "1234";
    fake_terminal(&world, &card);
    kb_terminal_answer(world.terminal, &letters);
    assert_int_equal(card.pin_tries, 3);
}

static void a_blocked_pin_is_not_asked_for(void **state)
{
    (void)state;
    card.pin = "1234";
    card.pin_tries = 0;
    fake_terminal(&world, &card);
    assert_string_equal(world.log, "show The PIN is blocked\n");
}

static void the_usim_that_the_card_names_is_selected(void **state)
{
    (void)state;
    fake_terminal(&world, &card);
    assert_string_equal(card.aid, "A0000000871002FFFFFFFF8907090000");
}

/* TS 102 221 clause 11.1.1.4.10: a bit for each key reference, in their order. */
static void the_bit_of_pin_1_says_whether_it_is_enabled(void **state)
{
    static const struct {
        const char *fcp;
        bool is_asked;
    } rows[] = {
        {"620BC609900180830101830181", true},    {"620BC609900140830181830101", true},
        {"620BC609900180830181830101", false},   {"620EC60C9001A095010883018183010A", false},
        {"620BC609900200008301018301FF", false}, {"6200", false},
        {"6208C606900180830181", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fake_card_init(&card);
        fake_world_init(&world);
        card.pin = "1234";
        card.fcp = rows[i].fcp;
        fake_terminal(&world, &card);
        assert_int_equal(fake_has(world.log, "ask input PIN"), rows[i].is_asked);
        free(world.terminal);
    }
    world.terminal = NULL;
}

/* --- Who watches --- */

static char traced[FAKE_LOG];

static void on_trace(void *ctx, struct kb_span command, struct kb_span answer)
{
    char hex[2 * KB_RESPONSE_MAX + 2 * KB_APDU_SHORT_MAX + 1];

    (void)ctx;
    kb_hex_encode(command, hex);
    strcat(traced, hex);
    strcat(traced, " ");
    kb_hex_encode(answer, hex);
    strcat(traced, hex);
    strcat(traced, "\n");
}

static void pins_and_keys_stay_out_of_the_trace(void **state)
{
    static const uint8_t rand[16] = {1}, autn[16] = {2};
    struct kb_terminal_reply right = {.text = "1234"};
    struct kb_terminal_vector vector;

    (void)state;
    traced[0] = 0;
    card.pin = "1234";
    card.authenticate_answer = "DB0811223344556677881000000000000000000000000000000001"
                               "1000000000000000000000000000000002"
                               "9000";
    world.port.trace = on_trace;
    fake_terminal(&world, &card);
    kb_terminal_answer(world.terminal, &right);
    assert_int_equal(kb_terminal_challenge(world.terminal, rand, autn, &vector), KB_OK);
    assert_true(fake_has(traced, "00A4000C023F00 9000\n"));
    assert_true(fake_has(traced, "00200001 9000\n"));
    assert_true(fake_has(traced, "00B0000000 0809101010325476989000\n"));
    assert_false(fake_has(traced, "31323334"));
    assert_true(fake_has(traced, "00000000 9000\n"));
    assert_false(fake_has(traced, "1122334455667788"));
}

/* --- Card pulled out --- */

/* At every command of a life with menu, question and short message the card is pulled out: the
 * terminal is off then, and starts over as if nothing had been. */
static void a_card_lost_at_any_command_leaves_a_clean_terminal(void **state)
{
    unsigned at = 0;
    bool was_gone;

    (void)state;
    do {
        fake_card_init(&card);
        fake_world_init(&world);
        world.answers = true;
        strcpy(world.reply.text, "+");
        fake_card_wants(&card, "D00D81030105008202818299020312");
        fake_card_wants(&card, "D01481030125008202818285034142438F0201318F020232");
        fake_card_wants(&card, "D0108103012204820281828D050441423F3F");
        fake_card_wants(&card, "D00C810301270082028182A40101A503000010");
        fake_card_wants(&card, "D0128103011300820281838B0701000991103254");
        fake_card_wants(&card, "D01C81030140018202818235010339020064"
                               "3C0302AD9C3E052101010101");
        fake_card_wants(&card, "D00C810301430182028121B60144");
        fake_card_wants(&card, "D009810301410082028121");
        fake_card_wants(&card, "D009810301010082028182");
        fake_card_wants(&card, "D009810301010482028182");
        card.fail_at = ++at;
        world.terminal = kb_terminal_init(malloc(kb_terminal_size()), &card.reader, &world.port);
        kb_terminal_on(world.terminal, NULL);
        if (kb_terminal_is_on(world.terminal))
            kb_terminal_expired(world.terminal, 1);
        if (kb_terminal_is_on(world.terminal))
            kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
        was_gone = card.is_gone;
        if (was_gone) {
            assert_false(kb_terminal_is_on(world.terminal));
            assert_string_equal(kb_terminal_imsi(world.terminal), "");
            assert_int_equal(kb_terminal_service(world.terminal), KB_CAT_NO_SERVICE);
            for (size_t i = 0; i < KB_TERMINAL_TIMERS; i++)
                assert_int_equal(world.timers[i], 0);
            card.fail_at = 0;
            card.is_gone = false;
            assert_int_equal(kb_terminal_on(world.terminal, NULL), KB_OK);
            assert_int_equal(kb_terminal_service(world.terminal), KB_CAT_NORMAL_SERVICE);
        }
        free(world.terminal);
        world.terminal = NULL;
    } while (was_gone);
    assert_in_range(at, 60, 120);
}

static void an_absent_card_is_told(void **state)
{
    (void)state;
    card.is_gone = true;
    world.terminal = kb_terminal_init(malloc(kb_terminal_size()), &card.reader, &world.port);
    assert_int_equal(kb_terminal_on(world.terminal, NULL), KB_ERR_NO_CARD);
}

/* --- AUTHENTICATE --- */

static void a_challenge_brings_res_ck_and_ik(void **state)
{
    static const uint8_t rand[16] = {1}, autn[16] = {2};
    struct kb_terminal_vector vector;

    (void)state;
    card.authenticate_answer = "DB0811223344556677881000000000000000000000000000000001"
                               "1000000000000000000000000000000002"
                               "9000";
    fake_terminal(&world, &card);
    assert_int_equal(kb_terminal_challenge(world.terminal, rand, autn, &vector), KB_OK);
    assert_false(vector.is_auts);
    assert_int_equal(vector.res_len, 8);
    assert_memory_equal(vector.res, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
    assert_int_equal(vector.ck[15], 1);
    assert_int_equal(vector.ik[15], 2);
}

static void a_challenge_in_gsm_context_brings_sres_and_kc(void **state)
{
    static const uint8_t rand[16] = {1};
    struct kb_terminal_vector vector;

    (void)state;
    card.authenticate_answer = "0411223344081122334455667788"
                               "9000";
    fake_terminal(&world, &card);
    assert_int_equal(kb_terminal_challenge(world.terminal, rand, NULL, &vector), KB_OK);
    assert_int_equal(vector.res_len, 4);
    assert_memory_equal(vector.ck, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
}

static void a_card_out_of_step_asks_to_synchronize(void **state)
{
    static const uint8_t rand[16] = {1}, autn[16] = {2};
    struct kb_terminal_vector vector;

    (void)state;
    card.authenticate_answer = "DC0E0102030405060708090A0B0C0D0E"
                               "9000";
    fake_terminal(&world, &card);
    assert_int_equal(kb_terminal_challenge(world.terminal, rand, autn, &vector), KB_OK);
    assert_true(vector.is_auts);
    assert_int_equal(vector.auts[13], 0x0E);
}

static void a_network_that_is_not_genuine_is_told_apart(void **state)
{
    static const uint8_t rand[16] = {1}, autn[16] = {2};
    struct kb_terminal_vector vector;

    (void)state;
    fake_terminal(&world, &card);
    card.authenticate_answer = "9862";
    assert_int_equal(kb_terminal_challenge(world.terminal, rand, autn, &vector), KB_ERR_INTEGRITY);
    card.authenticate_answer = "DB041122339000";
    assert_int_equal(kb_terminal_challenge(world.terminal, rand, autn, &vector), KB_ERR_CARD);
    assert_int_equal(vector.res_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_is_small),
        cmocka_unit_test_setup_teardown(the_subscriber_of_the_card_is_attached, begin, end),
        cmocka_unit_test_setup_teardown(the_profile_is_what_the_terminal_can, begin, end),
        cmocka_unit_test_setup_teardown(the_card_is_told_when_its_session_ends, begin, end),
        cmocka_unit_test_setup_teardown(without_a_usim_there_is_no_terminal, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_imsi_is_not_attached, begin, end),
        cmocka_unit_test_setup_teardown(an_enabled_pin_is_asked_for_first, begin, end),
        cmocka_unit_test_setup_teardown(without_the_pin_there_is_no_service, begin, end),
        cmocka_unit_test_setup_teardown(a_pin_of_the_wrong_shape_costs_no_try, begin, end),
        cmocka_unit_test_setup_teardown(a_blocked_pin_is_not_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(the_usim_that_the_card_names_is_selected, begin, end),
        cmocka_unit_test_setup_teardown(the_bit_of_pin_1_says_whether_it_is_enabled, begin, end),
        cmocka_unit_test_setup_teardown(pins_and_keys_stay_out_of_the_trace, begin, end),
        cmocka_unit_test_setup_teardown(a_card_lost_at_any_command_leaves_a_clean_terminal, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_absent_card_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_challenge_brings_res_ck_and_ik, begin, end),
        cmocka_unit_test_setup_teardown(a_challenge_in_gsm_context_brings_sres_and_kc, begin, end),
        cmocka_unit_test_setup_teardown(a_card_out_of_step_asks_to_synchronize, begin, end),
        cmocka_unit_test_setup_teardown(a_network_that_is_not_genuine_is_told_apart, begin, end),
    };

    return cmocka_run_group_tests_name("device/startup", tests, NULL, NULL);
}
