/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal does around an APDU (ISO/IEC 7816-4 clauses 5.3.3 and 5.3.4, TS 102 221
 * clause 7.3.1.1), against a reader that knows its lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "reader/exchange.h"
#include "wire/hex.h"

/* What the terminal must send next, and what it gets. NULL, NULL: the end. */
struct line {
    const char *command;
    const char *response;
};

struct scripted {
    struct kb_reader reader;
    const struct line *next;
};

static size_t from_hex(const char *text, uint8_t *out, size_t cap)
{
    size_t len = 0;

    assert_int_equal(kb_hex_decode(kb_span(text, strlen(text)), out, cap, &len), KB_OK);
    return len;
}

static enum kb_err scripted_transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp,
                                     size_t *len, struct kb_report *why)
{
    struct scripted *scripted = (struct scripted *)reader;
    char sent[2 * KB_APDU_SHORT_MAX + 1];

    assert_true(cmd.len <= KB_APDU_SHORT_MAX);
    kb_hex_encode(cmd, sent);
    assert_non_null(scripted->next->command);
    assert_string_equal(sent, scripted->next->command);
    if (!scripted->next->response)
        return kb_report(why, KB_ERR_NO_CARD, "the card was pulled out");
    *len = from_hex(scripted->next->response, rsp, KB_RESPONSE_MAX);
    scripted->next++;
    return KB_OK;
}

static const struct kb_reader_ops scripted_ops = {.transmit = scripted_transmit};

static enum kb_err play(const struct line *lines, const struct kb_apdu *cmd,
                        struct kb_answer *answer)
{
    struct scripted scripted = {.reader = {&scripted_ops, "scripted"}, .next = lines};
    struct kb_report why = {KB_OK, ""};
    enum kb_err err = kb_exchange(&scripted.reader, cmd, answer, &why);

    if (err)
        assert_string_not_equal(why.text, "");
    else
        assert_null(scripted.next->command);
    return err;
}

static struct kb_answer answer;

static const struct kb_apdu read_binary = {
    .cla = 0x00, .ins = 0xB0, .has_le = true, .ne = 256}; /* TS 102 221 clause 11.1.3 */

static void an_answer_comes_as_it_is(void **state)
{
    const struct line lines[] = {{"00B0000000", "11229000"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &read_binary, &answer), KB_OK);
    assert_int_equal(answer.sw, 0x9000);
    assert_int_equal(answer.len, 2);
    assert_memory_equal(answer.data, "\x11\x22", 2);
}

static void after_6cxx_the_command_is_sent_again_with_that_length(void **state)
{
    const struct line lines[] = {{"00B0000000", "6C02"}, {"00B0000002", "11229000"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &read_binary, &answer), KB_OK);
    assert_int_equal(answer.sw, 0x9000);
    assert_int_equal(answer.len, 2);
}

static void after_6c00_the_command_is_sent_again_for_256_bytes(void **state)
{
    const struct kb_apdu four = {.ins = 0xB0, .has_le = true, .ne = 4};
    const struct line lines[] = {{"00B0000004", "6C00"}, {"00B0000000", "9000"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &four, &answer), KB_OK);
    assert_int_equal(answer.sw, 0x9000);
}

static void a_card_that_always_says_6cxx_is_asked_twice_and_no_more(void **state)
{
    const struct line lines[] = {{"00B0000000", "6C02"}, {"00B0000002", "6C03"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &read_binary, &answer), KB_OK);
    assert_int_equal(answer.sw, 0x6C03);
}

static void bytes_behind_61xx_are_fetched_until_none_remain(void **state)
{
    const struct kb_apdu select = {
        .ins = 0xA4, .p2 = 0x04, .data = kb_span("\x3F\x00", 2), .has_le = true, .ne = 256};
    const struct line lines[] = {{"00A40004023F0000", "6103"},
                                 {"00C0000003", "0102036102"},
                                 {"00C0000002", "04059000"},
                                 {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &select, &answer), KB_OK);
    assert_int_equal(answer.sw, 0x9000);
    assert_int_equal(answer.len, 5);
    assert_memory_equal(answer.data, "\x01\x02\x03\x04\x05", 5);
}

static void get_response_goes_over_the_channel_of_its_command(void **state)
{
    static const struct {
        uint8_t cla;
        const char *command, *get_response;
    } cases[] = {{0x00, "00F2000000", "00C0000001"}, {0x80, "80F2000000", "00C0000001"},
                 {0x82, "82F2000000", "02C0000001"}, {0x03, "03F2000000", "03C0000001"},
                 {0xC5, "C5F2000000", "45C0000001"}, {0x4A, "4AF2000000", "4AC0000001"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct kb_apdu cmd = {.cla = cases[i].cla, .ins = 0xF2, .has_le = true, .ne = 256};
        const struct line lines[] = {
            {cases[i].command, "6101"}, {cases[i].get_response, "AA9000"}, {NULL, NULL}};

        assert_int_equal(play(lines, &cmd, &answer), KB_OK);
        assert_int_equal(answer.len, 1);
    }
}

static void get_response_too_may_be_sent_again_with_the_right_length(void **state)
{
    const struct line lines[] = {
        {"00B0000000", "6105"}, {"00C0000005", "6C01"}, {"00C0000001", "AA9000"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &read_binary, &answer), KB_OK);
    assert_int_equal(answer.sw, 0x9000);
    assert_int_equal(answer.len, 1);
}

static void a_card_that_promises_data_for_ever_is_given_up(void **state)
{
    const struct line lines[] = {{"00B0000000", "6105"}, {"00C0000005", "6105"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &read_binary, &answer), KB_ERR_MALFORMED);
}

static enum kb_err endless_transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp,
                                    size_t *len, struct kb_report *why)
{
    (void)reader, (void)cmd, (void)why;
    memset(rsp, 0x5A, 256);
    rsp[256] = 0x61;
    rsp[257] = 0x00;
    *len = 258;
    return KB_OK;
}

static void an_answer_without_end_is_cut_off(void **state)
{
    static const struct kb_reader_ops ops = {.transmit = endless_transmit};
    struct kb_reader reader = {&ops, "endless"};
    struct kb_report why;

    (void)state;
    assert_int_equal(kb_exchange(&reader, &read_binary, &answer, &why), KB_ERR_TOO_LONG);
}

static void an_answer_without_status_word_is_the_readers_fault(void **state)
{
    const struct line lines[] = {{"00B0000000", "90"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &read_binary, &answer), KB_ERR_READER);
}

static void a_card_pulled_out_ends_the_exchange(void **state)
{
    const struct line lines[] = {{"00B0000000", NULL}, {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &read_binary, &answer), KB_ERR_NO_CARD);
}

static void a_refusal_is_an_answer_and_no_error(void **state)
{
    const struct line lines[] = {{"00B0000000", "6982"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(play(lines, &read_binary, &answer), KB_OK);
    assert_int_equal(answer.sw, 0x6982);
    assert_int_equal(answer.len, 0);
}

/* Text of a link: header, its Lc in hexadecimal, len bytes 5A, and what follows. */
static const char *link_text(char *out, const char *header, size_t len, const char *tail)
{
    size_t at = (size_t)sprintf(out, "%s%02zX", header, len);

    for (size_t i = 0; i < len; i++)
        at += (size_t)sprintf(out + at, "5A");
    strcpy(out + at, tail);
    return out;
}

static char links[3][2 * KB_APDU_SHORT_MAX + 1];
static uint8_t long_data[600];

static void long_data_goes_as_a_chain_of_255_bytes_with_le_in_the_last(void **state)
{
    const struct kb_apdu put = {
        .cla = 0x80, .ins = 0x48, .data = kb_span(long_data, 600), .has_le = true, .ne = 256};
    const struct line lines[] = {{link_text(links[0], "90480000", 255, ""), "9000"},
                                 {link_text(links[1], "90480000", 255, ""), "9000"},
                                 {link_text(links[2], "80480000", 90, "00"), "AB9000"},
                                 {NULL, NULL}};

    (void)state;
    memset(long_data, 0x5A, sizeof(long_data));
    assert_int_equal(play(lines, &put, &answer), KB_OK);
    assert_int_equal(answer.len, 1);
}

static void data_of_255_bytes_needs_no_chain(void **state)
{
    const struct kb_apdu put = {.cla = 0x80, .ins = 0x48, .data = kb_span(long_data, 255)};
    const struct line lines[] = {{link_text(links[0], "80480000", 255, ""), "9000"}, {NULL, NULL}};

    (void)state;
    memset(long_data, 0x5A, sizeof(long_data));
    assert_int_equal(play(lines, &put, &answer), KB_OK);
}

static void a_chain_ends_at_the_first_refusal(void **state)
{
    const struct kb_apdu put = {.cla = 0x80, .ins = 0x48, .data = kb_span(long_data, 600)};
    const struct line lines[] = {{link_text(links[0], "90480000", 255, ""), "9000"},
                                 {link_text(links[1], "90480000", 255, ""), "6884"},
                                 {NULL, NULL}};

    (void)state;
    memset(long_data, 0x5A, sizeof(long_data));
    assert_int_equal(play(lines, &put, &answer), KB_OK);
    assert_int_equal(answer.sw, 0x6884);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_as_it_is),
        cmocka_unit_test(after_6cxx_the_command_is_sent_again_with_that_length),
        cmocka_unit_test(after_6c00_the_command_is_sent_again_for_256_bytes),
        cmocka_unit_test(a_card_that_always_says_6cxx_is_asked_twice_and_no_more),
        cmocka_unit_test(bytes_behind_61xx_are_fetched_until_none_remain),
        cmocka_unit_test(get_response_goes_over_the_channel_of_its_command),
        cmocka_unit_test(get_response_too_may_be_sent_again_with_the_right_length),
        cmocka_unit_test(a_card_that_promises_data_for_ever_is_given_up),
        cmocka_unit_test(an_answer_without_end_is_cut_off),
        cmocka_unit_test(an_answer_without_status_word_is_the_readers_fault),
        cmocka_unit_test(a_card_pulled_out_ends_the_exchange),
        cmocka_unit_test(a_refusal_is_an_answer_and_no_error),
        cmocka_unit_test(long_data_goes_as_a_chain_of_255_bytes_with_le_in_the_last),
        cmocka_unit_test(data_of_255_bytes_needs_no_chain),
        cmocka_unit_test(a_chain_ends_at_the_first_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
