/* SPDX-License-Identifier: Apache-2.0 */
/* T=0 byte by byte (ISO/IEC 7816-3 clause 10, TS 102 221 clause 7.3.1.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transport/line.h"

static struct line line;

#define FCP_2F00 "62(82(4121) 83(2F00) 8A(05) 80(000A) 88())"

static int start(void **state)
{
    (void)state;
    line_start(&line, 0);
    return 0;
}

/* TS 102 221 clause 7.3.1.1.1. */
static void test_case_1_is_answered_by_its_status(void **state)
{
    (void)state;
    line_play(&line, "> 00A4000C00\n< 9000\n");
}

/* Clause 7.3.1.1.2. */
static void test_case_2_gets_ins_then_data_then_status(void **state)
{
    (void)state;
    line_play(&line, "> 00A4000C02\n< A4\n> 2F00\n< 9000\n"
                     "> 00B000000A\n< B0 00010203040506070809 9000\n"
                     "> 00B0000503\n< B0 050607 9000\n");
}

static void test_a_wrong_le_gets_6c_and_the_right_one(void **state)
{
    (void)state;
    line_play(&line, "> 00A4000C02\n< A4\n> 2F00\n< 9000\n"
                     "> 00B0000000\n< 6C0A\n"
                     "> 00B000000B\n< 6C0A\n"
                     "> 00B000000A\n< B0 00010203040506070809 9000\n");
}

/* Clause 7.3.1.1.3. */
static void test_case_3_asks_for_its_data_by_ins(void **state)
{
    (void)state;
    line_play(&line, "> 00A4000C02\n< A4\n> 2F00\n< 9000\n"
                     "> 00D6000203\n< D6\n> AABBCC\n< 9000\n"
                     "> 00B0000006\n< B0 0001AABBCC05 9000\n");
}

/* Clause 7.3.1.1.4. */
static void test_case_4_ends_with_61_and_get_response_fetches(void **state)
{
    (void)state;
    line_play(&line, "> 00A4000402\n< A4\n> 2F00\n< 6113\n"
                     "> 00C0000013\n< C0" FCP_2F00 "9000\n");
}

static void test_get_response_with_another_length_gets_6c_and_loses_nothing(void **state)
{
    (void)state;
    line_play(&line, "> 00A4000402\n< A4\n> 2F00\n< 6113\n"
                     "> 00C0000000\n< 6C13\n"
                     "> 00C0000020\n< 6C13\n"
                     "> 00C0000002\n< C0 6211 6111\n"
                     "> 00C0000011\n< C0 82(4121) 83(2F00) 8A(05) 80(000A) 88() 9000\n");
}

static void test_le_zero_means_256(void **state)
{
    char answer[600] = "< B0";

    (void)state;
    for (unsigned i = 0; i < 256; i++)
        snprintf(answer + strlen(answer), 3, "%02X", i);
    strcat(answer, "9000");
    line_play(&line, "> 00A4000C02\n< A4\n> 2F01\n< 9000\n> 00B0000000");
    line_play(&line, answer);
}

static void test_lc_zero_of_a_command_with_data_asks_for_none(void **state)
{
    (void)state;
    /* SELECT without data: the MF, its answer behind 61XX. */
    line_play(&line, "> 00A4000400");
    assert_int_equal(line.out_len, 2);
    assert_int_equal(line.out[0], 0x61);
    line_play(&line, "> 00C0000001\n< C0 62 61..\n");
}

/* It may run once only: what it does counts from where it left the card. */
static void test_an_answer_of_a_command_that_changes_state_waits_when_le_is_wrong(void **state)
{
    (void)state;
    line_play(&line, "> 00A4030C00\n< 6A82\n"
                     "> 0070000001\n< 70 01 9000\n"
                     "> 0070000000\n< 6101\n> 00C0000001\n< C0 02 9000\n"
                     "> 0070000005\n< 6101\n> 00C0000001\n< C0 03 9000\n"
                     "> 0170000001\n< 70 04 9000\n");
}

static void test_an_instruction_that_is_not_there_is_refused_without_data(void **state)
{
    (void)state;
    line_play(&line, "> 00FF000004\n< 6D00\n> 8060000004\n< 6D00\n> 0093000004\n< 6D00\n"
                     "> FFA4000002\n< 6E00\n");
}

static void test_refusals_carry_no_data(void **state)
{
    (void)state;
    line_play(&line, "> 00B0000001\n< 6986\n> 00A4000402\n< A4\n> 2F09\n< 6A82\n");
}

/* ISO/IEC 7816-3 clause 10.3.3. */
static void test_the_complement_of_ins_lets_one_byte_follow(void **state)
{
    (void)state;
    line_play(&line, "> 00A4000C02\n< A4\n> 2F00\n< 9000\n");
    line.link.in.t0.is_bytewise = true;
    line_play(&line, "> 00D6000103\n< 29\n> AA\n< 29\n> BB\n< 29\n> CC\n< 9000\n"
                     "> 00B0000003\n< 4F 00 4F AA 4F BB 9000\n");
}

static void test_a_slow_command_is_preceded_by_null(void **state)
{
    (void)state;
    line_play(&line, "> 0088008110\n< 88\n> 00112233445566778899AABBCCDDEEFF\n< 60 6985\n");
}

static void test_a_terminal_that_speaks_out_of_turn_is_not_heard(void **state)
{
    uint8_t byte;

    (void)state;
    line_play(&line, "> 00A4000C02\n< A4\n> 2F00\n< 9000\n");
    for (size_t i = 0; i < 5; i++)
        kb_link_receive(&line.link, (uint8_t[]){0x00, 0xB0, 0x00, 0x00, 0x02}[i]);
    assert_true(kb_link_send(&line.link, &byte));
    assert_int_equal(byte, 0xB0);
    kb_link_receive(&line.link, 0xEE);
    line_play(&line, "> FF\n< 00019000\n");
    line_play(&line, "> 00B0000001\n< B0 00 9000\n");
}

static void test_nothing_of_a_command_is_left_behind(void **state)
{
    (void)state;
    line_play(&line, "> 0020000108\n< 20\n> 3132333435363738\n< 6A88\n");
    assert_null(memmem(&line.link, sizeof(line.link), "12345678", 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_case_1_is_answered_by_its_status, start),
        cmocka_unit_test_setup(test_case_2_gets_ins_then_data_then_status, start),
        cmocka_unit_test_setup(test_a_wrong_le_gets_6c_and_the_right_one, start),
        cmocka_unit_test_setup(test_case_3_asks_for_its_data_by_ins, start),
        cmocka_unit_test_setup(test_case_4_ends_with_61_and_get_response_fetches, start),
        cmocka_unit_test_setup(test_get_response_with_another_length_gets_6c_and_loses_nothing,
                               start),
        cmocka_unit_test_setup(test_le_zero_means_256, start),
        cmocka_unit_test_setup(test_lc_zero_of_a_command_with_data_asks_for_none, start),
        cmocka_unit_test_setup(
            test_an_answer_of_a_command_that_changes_state_waits_when_le_is_wrong, start),
        cmocka_unit_test_setup(test_an_instruction_that_is_not_there_is_refused_without_data,
                               start),
        cmocka_unit_test_setup(test_refusals_carry_no_data, start),
        cmocka_unit_test_setup(test_the_complement_of_ins_lets_one_byte_follow, start),
        cmocka_unit_test_setup(test_a_slow_command_is_preceded_by_null, start),
        cmocka_unit_test_setup(test_a_terminal_that_speaks_out_of_turn_is_not_heard, start),
        cmocka_unit_test_setup(test_nothing_of_a_command_is_left_behind, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
