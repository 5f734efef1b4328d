/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to a protocol: ATR, PPS, first byte (ISO/IEC 7816-3 clauses 6.3 and 9, TS 102 221
 * clause 6.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transport/line.h"

static struct line line;

static int start(void **state)
{
    (void)state;
    line_start(&line, 0);
    return 0;
}

static void reset(void)
{
    uint8_t byte;

    assert_int_equal(kb_link_reset(&line.link), 0);
    while (kb_link_send(&line.link, &byte))
        ;
}

#define T0_WORKS "> 00A4000C02\n< A4\n> 2F00\n< 9000\n"
#define T1_WORKS ">> 0000 07 00A4000C022F00\n<< 0000 02 9000\n"

static void test_the_card_says_its_atr_and_waits(void **state)
{
    (void)state;
    /* TA1, TD1 (T=0), TD2 (T=1 with TA3), IFSC, TCK. */
    line_play(&line, "< 3B 90 96 80 11 FE 69\n" T0_WORKS);
    assert_int_equal(kb_link_speed(&line.link), 0x11);
    assert_int_equal(line.rig.card.port->transport, KB_TRANSPORT_T0);
}

static void test_t0_and_its_speed_are_agreed(void **state)
{
    (void)state;
    line_play(&line, "> FF 10 96 79\n< FF 10 96 79\n");
    assert_int_equal(kb_link_speed(&line.link), 0x96);
    line_play(&line, T0_WORKS);
}

static void test_t1_is_agreed(void **state)
{
    (void)state;
    line_play(&line, "> FF 11 95 7B\n< FF 11 95 7B\n");
    assert_int_equal(kb_link_speed(&line.link), 0x95);
    line_play(&line, T1_WORKS);
    assert_int_equal(line.rig.card.port->transport, KB_TRANSPORT_T1);
    reset();
    line_play(&line, "> FF 01 FE\n< FF 01 FE\n" T1_WORKS);
    assert_int_equal(kb_link_speed(&line.link), 0x11);
}

/* Clause 9.2: a response without PPS1 leaves F 372 and D 1. */
static void test_a_speed_the_card_did_not_offer_is_left_out(void **state)
{
    (void)state;
    line_play(&line, "> FF 10 97 78\n< FF 00 FF\n");
    assert_int_equal(kb_link_speed(&line.link), 0x11);
    line_play(&line, T0_WORKS);
    reset();
    line_play(&line, "> FF 10 A6 49\n< FF 00 FF\n");
    reset();
    line_play(&line, "> FF 10 90 7F\n< FF 00 FF\n");
}

static void test_pps2_and_pps3_are_left_out(void **state)
{
    (void)state;
    line_play(&line, "> FF 70 94 80 00 9B\n< FF 10 94 7B\n" T0_WORKS);
    assert_int_equal(kb_link_speed(&line.link), 0x94);
}

static void test_a_request_that_is_wrong_gets_no_answer_and_may_come_again(void **state)
{
    (void)state;
    line_play(&line, "> FF 10 96 78\n<\n" /* PCK */
                     "> FF 0E F1\n<\n"    /* T=14 */
                     "> FF 0F F0\n<\n"    /* T=15 is no protocol */
                     "> FF 90 96 F9\n<\n" /* reserved bit */
                     "> FF 10 96 79\n< FF 10 96 79\n" T0_WORKS);
}

static void test_a_protocol_once_begun_stays_until_a_reset(void **state)
{
    (void)state;
    line_play(&line, T0_WORKS "> FF 10 96 79 00\n< 6E00\n-\n<\n> 00A4\n-\n<\n> 000C00\n< 9000\n");
    reset();
    line_play(&line, "-\n<\n> FF 11 96 78\n< FF 11 96 78\n" T1_WORKS);
    reset();
    assert_int_equal(kb_link_speed(&line.link), 0x11);
    line_play(&line, T0_WORKS);
}

static void test_a_card_that_offers_t1_first_begins_with_it(void **state)
{
    (void)state;
    line_start(&line, 1);
    line_play(&line, T1_WORKS);
    reset();
    line_play(&line, "> FF 00 FF\n<\n> FF 11 96 78\n< FF 11 96 78\n" T1_WORKS);
}

/* TA2: clause 6.3.1. */
static void test_a_card_in_specific_mode_negotiates_nothing(void **state)
{
    struct kb_atr atr = {.ts = KB_ATR_DIRECT,
                         .speed = 0x94,
                         .protocols = 1,
                         .is_specific = true,
                         .mode = 0x00,
                         .ifsc = KB_ATR_IFSC,
                         .waiting = KB_ATR_WAITING};

    (void)state;
    line_set_atr(&line, &atr);
    reset();
    assert_int_equal(kb_link_speed(&line.link), 0x94);
    line_play(&line, T0_WORKS "> FF 10 96 79 00\n< 6E00\n");
}

static void test_a_card_whose_atr_is_none_has_no_line(void **state)
{
    uint8_t atr[] = {0x3B, 0x90, 0x96};
    struct kb_atr other = {.ts = KB_ATR_DIRECT,
                           .speed = 0x11,
                           .protocols = 1u << 14,
                           .first = 14,
                           .ifsc = KB_ATR_IFSC,
                           .waiting = KB_ATR_WAITING};

    (void)state;
    assert_int_equal(kb_nvm_put(&line.rig.card.nvm, KB_OBJ_ATR, atr, sizeof(atr)), 0);
    assert_int_equal(kb_link_reset(&line.link), KB_ERR_MALFORMED);
    line_set_atr(&line, &other);
    assert_int_equal(kb_link_power_up(&line.link, &line.rig.card, &line.rig.port), KB_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_card_says_its_atr_and_waits, start),
        cmocka_unit_test_setup(test_t0_and_its_speed_are_agreed, start),
        cmocka_unit_test_setup(test_t1_is_agreed, start),
        cmocka_unit_test_setup(test_a_speed_the_card_did_not_offer_is_left_out, start),
        cmocka_unit_test_setup(test_pps2_and_pps3_are_left_out, start),
        cmocka_unit_test_setup(test_a_request_that_is_wrong_gets_no_answer_and_may_come_again,
                               start),
        cmocka_unit_test_setup(test_a_protocol_once_begun_stays_until_a_reset, start),
        cmocka_unit_test_setup(test_a_card_that_offers_t1_first_begins_with_it, start),
        cmocka_unit_test_setup(test_a_card_in_specific_mode_negotiates_nothing, start),
        cmocka_unit_test_setup(test_a_card_whose_atr_is_none_has_no_line, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
