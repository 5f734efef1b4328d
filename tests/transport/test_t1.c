/* SPDX-License-Identifier: Apache-2.0 */
/* T=1 byte by byte (ISO/IEC 7816-3 clause 11; its annex A shows exchanges of these kinds). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/transport/line.h"
#include "wire/hex.h"

/* Commands without answer but status, and that answer. */
#define SELECT    "07 00A4000C022F00"
#define SELECT_01 "07 00A4000C022F01"
#define OK        "02 9000"

static struct line line;

static int start(void **state)
{
    (void)state;
    line_start(&line, 1);
    return 0;
}

/* --- Without errors --- */

static void test_i_blocks_are_numbered_by_turns_on_both_sides(void **state)
{
    (void)state;
    line_play(&line, ">> 0000" SELECT "\n<< 0000" OK "\n"
                     ">> 0040" SELECT "\n<< 0040" OK "\n"
                     ">> 0000 05 00B0000203\n<< 0000 05 020304 9000\n");
}

static void test_a_block_of_annex_a_as_bytes_with_its_lrc(void **state)
{
    (void)state;
    line_play(&line, "> 0000 07 00A4000C022F00 82\n< 0000 02 9000 92\n");
}

static void test_no_data_without_le(void **state)
{
    (void)state;
    line_play(&line, ">> 0000 07 00A40004022F00\n<< 0000" OK "\n"
                     ">> 0040 08 00A40004022F0002\n<< 0040 04 6211 6111\n");
}

static void test_s_ifs_sets_how_much_the_terminal_takes(void **state)
{
    (void)state;
    line_play(&line, ">> 00C1 01 02\n<< 00E1 01 02\n"
                     ">> 0000" SELECT "\n<< 0000" OK "\n"
                     ">> 0040 05 00B0000003\n<< 0060 02 0001\n"
                     ">> 0080 00\n<< 0020 02 0290\n"
                     ">> 00C1 01 FE\n<< 00E1 01 FE\n"
                     ">> 0090 00\n<< 0040 01 00\n");
}

static void test_a_chain_from_the_terminal_is_one_command(void **state)
{
    (void)state;
    line_play(&line, ">> 0020 03 00A400\n<< 0090 00\n"
                     ">> 0060 00\n<< 0080 00\n"
                     ">> 0020 02 0C02\n<< 0090 00\n"
                     ">> 0040 02 2F00\n<< 0000" OK "\n");
}

static void test_before_s_ifs_the_terminal_takes_32_bytes(void **state)
{
    (void)state;
    line_play(&line, ">> 0000" SELECT_01 "\n<< 0000" OK "\n"
                     ">> 0040 05 00B0000040\n"
                     "<< 0060 20 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\n"
                     ">> 0080 00\n"
                     "<< 0020 20 202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F\n"
                     ">> 0090 00\n<< 0040" OK "\n");
}

/* --- Errors (clause 11.6.3.2 rules 7.1 to 7.3) --- */

static void test_a_wrong_lrc_is_told_and_the_block_comes_again(void **state)
{
    (void)state;
    line_play(&line, "> 0000 07 00A4000C022F00 83\n<< 0081 00\n"
                     ">> 0000" SELECT "\n<< 0000" OK "\n"
                     "> 0040 05 00B0000001 FF\n<< 0091 00\n"
                     "> 0040 05 00B0000001 FE\n<< 0091 00\n"
                     ">> 0040 05 00B0000001\n<< 0040 03 00 9000\n");
}

/* The file exists once it was created: a command that ran twice would get 6A89. */
static void test_an_answer_that_got_lost_comes_again_and_the_command_does_not(void **state)
{
    (void)state;
    line_play(&line, ">> 0000 (00E00000 (62(82(4121) 83(2F02) 8A(05) 80(000A) 88(18))))\n"
                     "<< 0000" OK "\n"
                     ">> 0080 00\n<< 0000" OK "\n"
                     ">> 0080 00\n<< 0000" OK "\n"
                     ">> 0040 07 00A4000C022F02\n<< 0040" OK "\n");
}

static void test_a_lost_link_of_the_cards_chain_comes_again(void **state)
{
    (void)state;
    line_play(&line, ">> 00C1 01 02\n<< 00E1 01 02\n"
                     ">> 0000" SELECT "\n<< 0000" OK "\n"
                     ">> 0040 05 00B0000004\n<< 0060 02 0001\n"
                     ">> 0091 00\n<< 0060 02 0001\n"
                     ">> 0080 00\n<< 0020 02 0203\n"
                     ">> 0081 00\n<< 0020 02 0203\n"
                     ">> 0090 00\n<< 0040 02 9000\n"
                     ">> 0090 00\n<< 0040 02 9000\n");
}

static void test_a_lost_acknowledgement_in_the_terminals_chain_comes_again(void **state)
{
    (void)state;
    line_play(&line, ">> 0020 03 00A400\n<< 0090 00\n"
                     ">> 0081 00\n<< 0090 00\n"
                     ">> 0040 04 0C022F00\n<< 0000" OK "\n"
                     ">> 0020 03 00A400\n<< 0090 00\n"
                     ">> 0092 00\n<< 0090 00\n"
                     ">> 0040 04 0C022F00\n<< 0040" OK "\n");
}

static void test_both_directions_disturbed_in_a_row(void **state)
{
    (void)state;
    line_play(&line, ">> 0000" SELECT "\n<< 0000" OK "\n"
                     "> 0081 00 00\n<< 0091 00\n"
                     ">> 0081 00\n<< 0000" OK "\n"
                     ">> 0040 05 00B0000001\n<< 0040 03 00 9000\n");
}

static void test_a_block_that_stops_is_refused_after_the_waiting_time(void **state)
{
    (void)state;
    line_play(&line, "> 0000 07 00A4\n<\n-\n<< 0082 00\n-\n<\n"
                     "> 00\n-\n<< 0082 00\n"
                     ">> 0000" SELECT "\n<< 0000" OK "\n");
}

static void test_what_is_no_block_is_refused(void **state)
{
    char longest[2 * 300] = "> 0000FF";

    (void)state;
    line_play(&line, ">> 1200" SELECT "\n<< 0082 00\n" /* another node */
                     ">> 0040" SELECT "\n<< 0082 00\n" /* N(S) of the block after */
                     ">> 0001" SELECT "\n<< 0082 00\n" /* reserved bits of PCB */
                     ">> 0080 01 00\n<< 0082 00\n"     /* an R-block with data */
                     ">> 00A0 00\n<< 0082 00\n"        /* reserved bits */
                     ">> 0080 00\n<< 0082 00\n"        /* there is nothing to repeat */
                     ">> 00C1 00\n<< 0082 00\n"        /* S(IFS) without size */
                     ">> 00C1 01 00\n<< 0082 00\n"     /* and with one that is none */
                     ">> 00C1 01 FF\n<< 0082 00\n"
                     ">> 00C0 01 00\n<< 0082 00\n"
                     ">> 00C3 01 01\n<< 0082 00\n" /* time is the card's to ask for */
                     ">> 00E3 01 01\n<< 0082 00\n" /* a response to nothing */
                     ">> 00E0 00\n<< 0082 00\n"
                     ">> 00DF 00\n<< 0082 00\n");
    for (int i = 0; i < 255; i++)
        strcat(longest, "00");
    strcat(longest, "FF\n<< 0082 00\n");
    line_play(&line, longest);
    line_play(&line, ">> 0000" SELECT "\n<< 0000" OK "\n");
}

/* --- S(RESYNCH), S(ABORT), S(WTX) --- */

static void test_resynch_starts_the_numbers_and_sizes_anew(void **state)
{
    (void)state;
    line_play(&line, ">> 00C1 01 02\n<< 00E1 01 02\n"
                     ">> 0000" SELECT "\n<< 0000" OK "\n"
                     ">> 0060 03 00A400\n<< 0080 00\n"
                     ">> 00C0 00\n<< 00E0 00\n"
                     /* The current file stays: the card itself was not reset. */
                     ">> 0000 05 00B0000003\n<< 0000 05 000102 9000\n");
}

static void test_abort_ends_the_terminals_chain(void **state)
{
    (void)state;
    line_play(&line, ">> 0020 03 00A400\n<< 0090 00\n"
                     ">> 00C2 00\n<< 00E2 00\n"
                     ">> 0040" SELECT "\n<< 0000" OK "\n");
}

static void test_abort_ends_the_cards_chain(void **state)
{
    (void)state;
    line_play(&line, ">> 00C1 01 02\n<< 00E1 01 02\n"
                     ">> 0000" SELECT "\n<< 0000" OK "\n"
                     ">> 0040 05 00B0000004\n<< 0060 02 0001\n"
                     ">> 00C2 00\n<< 00E2 00\n"
                     ">> 0000" SELECT "\n<< 0000" OK "\n");
}

#define AUTHENTICATE "16 0088008110 00112233445566778899AABBCCDDEEFF 00"

static void start_slow(void)
{
    uint8_t byte;

    line.link.waiting = 5;
    assert_int_equal(kb_link_reset(&line.link), 0);
    while (kb_link_send(&line.link, &byte))
        ;
}

static void test_a_slow_command_asks_for_time(void **state)
{
    (void)state;
    start_slow();
    line_play(&line, ">> 0000" AUTHENTICATE "\n<< 00C3 01 05\n"
                     ">> 00E3 01 05\n<< 0000 02 6985\n"
                     ">> 0040" SELECT "\n<< 0040" OK "\n");
}

static void test_a_request_for_time_is_repeated_and_given_up(void **state)
{
    (void)state;
    start_slow();
    line_play(&line, ">> 0000" AUTHENTICATE "\n<< 00C3 01 05\n"
                     ">> 0080 00\n<< 00C3 01 05\n"
                     ">> 00E3 01 06\n<< 00C3 01 05\n"
                     ">> 0081 00\n<< 0000 02 6985\n");
    line_play(&line, ">> 0040" AUTHENTICATE "\n<< 00C3 01 05\n"
                     ">> 0000" SELECT "\n<< 00C3 01 05\n"
                     ">> 00E3 01 05\n<< 0040 02 6985\n");
}

static void test_resynch_and_abort_end_a_wait(void **state)
{
    (void)state;
    start_slow();
    line_play(&line, ">> 0000" AUTHENTICATE "\n<< 00C3 01 05\n"
                     ">> 00C2 00\n<< 00E2 00\n"
                     ">> 0040" AUTHENTICATE "\n<< 00C3 01 05\n"
                     ">> 00C0 00\n<< 00E0 00\n"
                     ">> 0000" SELECT "\n<< 0000" OK "\n");
}

/* --- Long commands --- */

/* Says a command in links of at most size bytes; the last answer is in line. Returns N(S) of the
 * block that would come next. */
static unsigned say_chained(struct kb_span command, size_t size, unsigned number)
{
    for (size_t at = 0; at < command.len; at += size, number ^= 1) {
        size_t part = command.len - at < size ? command.len - at : size;
        uint8_t block[260] = {0, (uint8_t)(number << 6 | (at + part < command.len ? 0x20 : 0)),
                              (uint8_t)part};

        memcpy(block + 3, command.data + at, part);
        for (size_t i = 0; i < 3 + part; i++)
            block[3 + part] ^= block[i];
        line_say(&line, kb_span(block, 4 + part));
        if (at + part < command.len) {
            assert_int_equal(line.out_len, 4);
            assert_int_equal(line.out[1], 0x80 | (number ^ 1) << 4);
        }
    }
    return number;
}

static void test_a_command_of_1000_bytes_travels_in_links_of_any_size(void **state)
{
    static const size_t sizes[] = {254, 100, 33, 1};
    uint8_t command[7 + 1000] = {0x00, 0xD6, 0x00, 0x00, 0x00, 1000 >> 8, 1000 & 0xFF};
    unsigned number = 0;

    (void)state;
    line_play(&line, ">> 0000" SELECT_01 "\n<< 0000" OK "\n>> 00C0 00\n<< 00E0 00\n");
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        memset(command + 7, 0x10 + (int)s, 1000);
        number = say_chained(kb_span(command, sizeof(command)), sizes[s], number);
        assert_memory_equal(line.out + 2, "\x02\x90\x00", 3);
        assert_int_equal(rig_send(&line.rig, "00B003E701"), 0x9000);
        assert_int_equal(line.rig.response[0], 0x10 + s);
    }
}

static void test_a_command_that_is_too_long_is_refused_whole(void **state)
{
    uint8_t command[7 + 60000] = {0x00, 0xD6, 0x00, 0x00, 0x00, 60000 >> 8, 60000 & 0xFF};
    unsigned number;

    (void)state;
    line_play(&line, ">> 0000" SELECT_01 "\n<< 0000" OK "\n>> 00C0 00\n<< 00E0 00\n");
    number = say_chained(kb_span(command, sizeof(command)), 254, 0);
    assert_memory_equal(line.out + 2, "\x02\x67\x00", 3);
    line_play(&line, number ? ">> 0040 05 00B0000102\n<< 0040 04 0102 9000"
                            : ">> 0000 05 00B0000102\n<< 0040 04 0102 9000");
}

static void test_an_answer_of_1000_bytes_comes_in_one_chain(void **state)
{
    size_t got = 0;

    (void)state;
    line_play(&line, ">> 00C1 01 FE\n<< 00E1 01 FE\n>> 0000" SELECT_01 "\n<< 0000" OK "\n"
                     ">> 0040 07 00B00000 0003E8\n");
    for (unsigned number = 1;; number ^= 1) {
        bool has_more = line.out[1] & 0x20;

        assert_int_equal(line.out[1] >> 6, number);
        assert_int_equal(line.out[2], has_more ? 254 : 1002 - got);
        for (size_t i = 0; i < line.out[2] && got + i < 1000; i++)
            assert_int_equal(line.out[3 + i], (got + i) & 0xFF);
        got += line.out[2];
        if (!has_more)
            break;
        line_play(&line, number ? ">> 0080 00" : ">> 0090 00");
    }
    assert_int_equal(got, 1002);
}

/* --- Every bit --- */

static void test_whatever_single_bit_is_wrong_the_command_runs_once_and_right(void **state)
{
    static const uint8_t block[] = {0, 0, 5, 0x00, 0xB0, 0x00, 0x04, 0x02, 0xB3};

    (void)state;
    line_play(&line, ">> 0000" SELECT "\n<< 0000" OK "\n");
    for (size_t bit = 0; bit < 8 * sizeof(block); bit++) {
        uint8_t wrong[sizeof(block)];

        memcpy(wrong, block, sizeof(block));
        wrong[bit / 8] ^= (uint8_t)(1u << bit % 8);
        line_play(&line, ">> 00C0 00\n<< 00E0 00\n");
        line_say(&line, kb_span(wrong, sizeof(wrong)));
        if (!line.out_len)
            line_play(&line, "-\n");
        assert_int_equal(line.out_len, 4);
        assert_int_equal(line.out[1] & 0xF0, 0x80);
        assert_int_not_equal(line.out[1] & 0x03, 0);
        line_say(&line, kb_span(block, sizeof(block)));
        line_play(&line, "<< 0000 04 0405 9000\n");
    }
}

static void test_nothing_of_a_command_is_left_behind(void **state)
{
    (void)state;
    line_play(&line, ">> 0000 0D 0020000108 3132333435363738\n<< 0000 02 6A88\n");
    assert_null(memmem(&line.link, sizeof(line.link), "12345678", 8));
    line_play(&line, ">> 0060 0B 0020000108 313233343536\n<< 0080 00\n>> 00C0 00\n<< 00E0 00\n");
    assert_null(memmem(&line.link, sizeof(line.link), "123456", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_i_blocks_are_numbered_by_turns_on_both_sides, start),
        cmocka_unit_test_setup(test_a_block_of_annex_a_as_bytes_with_its_lrc, start),
        cmocka_unit_test_setup(test_no_data_without_le, start),
        cmocka_unit_test_setup(test_s_ifs_sets_how_much_the_terminal_takes, start),
        cmocka_unit_test_setup(test_a_chain_from_the_terminal_is_one_command, start),
        cmocka_unit_test_setup(test_before_s_ifs_the_terminal_takes_32_bytes, start),
        cmocka_unit_test_setup(test_a_wrong_lrc_is_told_and_the_block_comes_again, start),
        cmocka_unit_test_setup(test_an_answer_that_got_lost_comes_again_and_the_command_does_not,
                               start),
        cmocka_unit_test_setup(test_a_lost_link_of_the_cards_chain_comes_again, start),
        cmocka_unit_test_setup(test_a_lost_acknowledgement_in_the_terminals_chain_comes_again,
                               start),
        cmocka_unit_test_setup(test_both_directions_disturbed_in_a_row, start),
        cmocka_unit_test_setup(test_a_block_that_stops_is_refused_after_the_waiting_time, start),
        cmocka_unit_test_setup(test_what_is_no_block_is_refused, start),
        cmocka_unit_test_setup(test_resynch_starts_the_numbers_and_sizes_anew, start),
        cmocka_unit_test_setup(test_abort_ends_the_terminals_chain, start),
        cmocka_unit_test_setup(test_abort_ends_the_cards_chain, start),
        cmocka_unit_test_setup(test_a_slow_command_asks_for_time, start),
        cmocka_unit_test_setup(test_a_request_for_time_is_repeated_and_given_up, start),
        cmocka_unit_test_setup(test_resynch_and_abort_end_a_wait, start),
        cmocka_unit_test_setup(test_a_command_of_1000_bytes_travels_in_links_of_any_size, start),
        cmocka_unit_test_setup(test_a_command_that_is_too_long_is_refused_whole, start),
        cmocka_unit_test_setup(test_an_answer_of_1000_bytes_comes_in_one_chain, start),
        cmocka_unit_test_setup(test_whatever_single_bit_is_wrong_the_command_runs_once_and_right,
                               start),
        cmocka_unit_test_setup(test_nothing_of_a_command_is_left_behind, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
