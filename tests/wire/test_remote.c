/* SPDX-License-Identifier: Apache-2.0 */
/* ETSI TS 102 226 clause 5. Scripts and answers in hex are those of its tables, and of pySim's and
 * other servers' tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/hex.h"
#include "wire/remote.h"

static uint8_t bytes[2048], written[2048], store[1200];

static struct kb_span hex(const char *text)
{
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(text, strlen(text)), bytes, sizeof(bytes), &len), KB_OK);
    return kb_span(bytes, len);
}

static void assert_hex(struct kb_span span, const char *text)
{
    struct kb_span want = hex(text);

    assert_int_equal(span.len, want.len);
    if (want.len)
        assert_memory_equal(span.data, want.data, want.len);
}

/* --- Scripts --- */

/* Clause 5.1.1: the P3 of READ BINARY, READ RECORD and GET RESPONSE is Le, of others Lc. */
static void a_compact_script_is_commands_in_a_row(void **state)
{
    struct kb_remote_script script;
    struct kb_remote_item item;

    (void)state;
    kb_remote_script_open(&script, hex("00A40004023F0000D60000030102030044000000"
                                       "00B0000200"));
    assert_int_equal(script.format, KB_REMOTE_COMPACT);
    assert_true(kb_remote_script_next(&script, &item));
    assert_true(item.is_apdu && item.tag == KB_REMOTE_COMMAND);
    assert_int_equal(item.apdu.ins, 0xA4);
    assert_int_equal(item.apdu.data.len, 2);
    assert_false(item.apdu.has_le);
    assert_true(kb_remote_script_next(&script, &item));
    assert_int_equal(item.apdu.ins, 0xD6);
    assert_int_equal(item.apdu.data.len, 3);
    assert_true(kb_remote_script_next(&script, &item));
    assert_int_equal(item.apdu.ins, 0x44);
    assert_int_equal(item.apdu.data.len, 0);
    assert_true(kb_remote_script_next(&script, &item));
    assert_int_equal(item.apdu.ins, 0xB0);
    assert_int_equal(item.value.len, 5);
    assert_true(item.apdu.has_le);
    assert_int_equal(item.apdu.ne, 256);
    assert_false(kb_remote_script_next(&script, &item));
    assert_int_equal(script.bad, KB_REMOTE_IS_WELL);
}

/* TS 102 221 clause 11.3.1: the first block is asked for with a tag, the others are not. */
static void retrieve_data_brings_a_tag_or_asks(void **state)
{
    struct kb_remote_script script;
    struct kb_remote_item item;

    (void)state;
    kb_remote_script_open(&script, hex("80CB008001A180CB000010"));
    assert_true(kb_remote_script_next(&script, &item));
    assert_int_equal(item.apdu.data.len, 1);
    assert_true(kb_remote_script_next(&script, &item));
    assert_int_equal(item.apdu.ne, 16);
    assert_false(kb_remote_script_next(&script, &item));
}

static void a_compact_script_that_is_cut_ends_early(void **state)
{
    static const char *const cut[] = {"00", "00A40004", "00A40004023F"};
    struct kb_remote_script script;
    struct kb_remote_item item;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        kb_remote_script_open(&script, hex(cut[i]));
        assert_false(kb_remote_script_next(&script, &item));
        assert_int_equal(script.bad, KB_REMOTE_WRONG_LENGTH);
    }
}

/* Clause 5.3. */
static void the_first_byte_tells_the_format(void **state)
{
    static const struct {
        const char *script;
        enum kb_remote_format format;
    } scripts[] = {{"AA07220580E2900000", KB_REMOTE_DEFINITE},
                   {"AE80220580E29000000000", KB_REMOTE_INDEFINITE}};
    struct kb_remote_script script;
    struct kb_remote_item item;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        kb_remote_script_open(&script, hex(scripts[i].script));
        assert_int_equal(script.format, scripts[i].format);
        assert_true(kb_remote_script_next(&script, &item));
        assert_int_equal(item.tag, KB_REMOTE_COMMAND);
        assert_true(item.is_apdu);
        assert_int_equal(item.apdu.ins, 0xE2);
        assert_false(kb_remote_script_next(&script, &item));
        assert_int_equal(script.bad, KB_REMOTE_IS_WELL);
    }
}

static void actions_and_chaining_are_items_of_their_own(void **state)
{
    static const enum kb_remote_tag tags[] = {KB_REMOTE_CHAINING, KB_REMOTE_IMMEDIATE_ACTION,
                                              KB_REMOTE_ERROR_ACTION, KB_REMOTE_COMMAND};
    struct kb_remote_script script;
    struct kb_remote_item item;

    (void)state;
    kb_remote_script_open(&script, hex("AA0F8301018101818200220500B0000000"));
    for (size_t i = 0; i < 4; i++) {
        assert_true(kb_remote_script_next(&script, &item));
        assert_int_equal(item.tag, tags[i]);
    }
    assert_int_equal(item.apdu.ne, 256);
    assert_false(kb_remote_script_next(&script, &item));
}

/* Clause 5.2.2: what a Bad format TLV says. */
static void a_bad_format_has_a_reason(void **state)
{
    static const struct {
        const char *script;
        enum kb_remote_bad bad;
    } wrong[] = {
        {"AA", KB_REMOTE_NO_LENGTH},
        {"AA0322", KB_REMOTE_WRONG_LENGTH},
        {"AA03220500", KB_REMOTE_WRONG_LENGTH},
        {"AA0122", KB_REMOTE_NO_LENGTH},
        {"AA02240000", KB_REMOTE_WRONG_LENGTH},
        {"AA022400", KB_REMOTE_UNKNOWN_TAG},
        {"AE00", KB_REMOTE_WRONG_LENGTH},
        {"AE80", KB_REMOTE_WRONG_LENGTH},
        {"AE8000", KB_REMOTE_UNKNOWN_TAG},
        {"AE80000000", KB_REMOTE_UNKNOWN_TAG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct kb_remote_script script;
        struct kb_remote_item item;

        kb_remote_script_open(&script, hex(wrong[i].script));
        while (kb_remote_script_next(&script, &item))
            ;
        assert_int_equal(script.bad, wrong[i].bad);
        assert_false(kb_remote_script_next(&script, &item));
    }
}

static void what_is_no_apdu_is_told_as_such(void **state)
{
    struct kb_remote_script script;
    struct kb_remote_item item;

    (void)state;
    kb_remote_script_open(&script, hex("AA0B220300A400220400A40000"));
    assert_true(kb_remote_script_next(&script, &item));
    assert_false(item.is_apdu);
    assert_int_equal(item.apdu.ins, 0);
    assert_true(kb_remote_script_next(&script, &item));
    assert_true(item.is_apdu);
}

static struct kb_span write_script(enum kb_remote_format format, const char *const *commands)
{
    struct kb_writer wr = kb_wr(written, sizeof(written));
    size_t mark = kb_remote_script_begin(&wr, format);

    for (; *commands; commands++) {
        struct kb_apdu apdu;

        assert_int_equal(kb_apdu_parse(hex(*commands), &apdu), KB_OK);
        kb_remote_script_put_command(&wr, format, &apdu);
    }
    kb_remote_script_end(&wr, format, mark);
    assert_false(wr.is_bad);
    return kb_wr_span(&wr);
}

static void commands_are_written_in_each_format(void **state)
{
    static const char *const store_data[] = {"80E2900000", NULL};
    static const char *const select[] = {"00A40004023F0000", NULL};
    static const char *const read[] = {"00A40004023F00", "00B0000005", NULL};

    (void)state;
    assert_hex(write_script(KB_REMOTE_DEFINITE, store_data), "AA07220580E2900000");
    assert_hex(write_script(KB_REMOTE_INDEFINITE, store_data), "AE80220580E29000000000");
    assert_hex(write_script(KB_REMOTE_COMPACT, read), "00A40004023F0000B0000005");
    /* Clause 5.1.1: the answer to a case 4 command is fetched. */
    assert_hex(write_script(KB_REMOTE_COMPACT, select), "00A40004023F0000C0000000");
    assert_hex(write_script(KB_REMOTE_DEFINITE, select), "AA0A220800A40004023F0000");
}

static void compact_scripts_have_no_long_commands_and_no_actions(void **state)
{
    struct kb_writer wr = kb_wr(written, sizeof(written));
    struct kb_apdu apdu = {.ins = 0xD6, .data = {store, 300}};

    (void)state;
    kb_remote_script_put_command(&wr, KB_REMOTE_COMPACT, &apdu);
    assert_true(wr.is_bad);
    wr = kb_wr(written, sizeof(written));
    kb_remote_script_put(&wr, KB_REMOTE_COMPACT, KB_REMOTE_CHAINING, KB_REMOTE_FIRST);
    assert_true(wr.is_bad);
    wr = kb_wr(written, sizeof(written));
    kb_remote_script_put(&wr, KB_REMOTE_DEFINITE, KB_REMOTE_CHAINING, KB_REMOTE_FIRST);
    assert_hex(kb_wr_span(&wr), "830101");
}

/* --- Answers --- */

static struct kb_writer out;

static bool add(struct kb_remote_answer *answer, const char *data, uint16_t sw, bool is_asked)
{
    struct kb_writer wr = kb_remote_answer_open(answer);
    struct kb_span span = hex(data);

    kb_wr_copy(&wr, span.data, span.len);
    answer->count++;
    return kb_remote_answer_close(answer, &wr, sw, is_asked);
}

static void begin(struct kb_remote_answer *answer, enum kb_remote_format format, size_t limit)
{
    out = kb_wr(store, sizeof(store));
    kb_remote_answer_begin(answer, format, &out, limit);
}

/* Clause 5.1.2: how many, SW and data of the last. */
static void a_compact_answer_is_that_to_the_last_command(void **state)
{
    struct kb_remote_answer answer;

    (void)state;
    begin(&answer, KB_REMOTE_COMPACT, 100);
    assert_true(add(&answer, "AABBCC", 0x9000, true));
    assert_true(add(&answer, "", 0x6132, true));
    kb_remote_answer_end(&answer);
    assert_hex(kb_wr_span(&out), "026132");
    begin(&answer, KB_REMOTE_COMPACT, 100);
    assert_true(add(&answer, "1122", 0x9000, true));
    kb_remote_answer_end(&answer);
    assert_hex(kb_wr_span(&out), "0190001122");
}

/* Clauses 5.2.1.1 and 5.2.2. */
static void a_definite_answer_leaves_out_what_nobody_asked_for(void **state)
{
    struct kb_remote_answer answer;

    (void)state;
    begin(&answer, KB_REMOTE_DEFINITE, 200);
    assert_true(add(&answer, "", 0x9000, false));
    assert_true(add(&answer, "0102", 0x9000, true));
    assert_true(add(&answer, "", 0x9000, false));
    assert_true(add(&answer, "", 0x6A82, false));
    kb_remote_answer_end(&answer);
    assert_hex(kb_wr_span(&out), "AB0D8001042304010290002302"
                                 "6A82");
}

static void an_indefinite_answer_has_every_result(void **state)
{
    struct kb_remote_answer answer;

    (void)state;
    begin(&answer, KB_REMOTE_INDEFINITE, 200);
    assert_true(add(&answer, "", 0x9000, false));
    assert_true(add(&answer, "0102", 0x9000, true));
    kb_remote_answer_put(&answer, KB_REMOTE_BAD_FORMAT, KB_REMOTE_UNKNOWN_TAG);
    kb_remote_answer_end(&answer);
    assert_hex(kb_wr_span(&out), "AF8023029000230401029000900101"
                                 "0000");
}

static void a_count_above_127_has_two_bytes(void **state)
{
    struct kb_remote_answer answer;

    (void)state;
    begin(&answer, KB_REMOTE_DEFINITE, 200);
    for (unsigned i = 0; i < 200; i++)
        assert_true(add(&answer, "", 0x9000, false));
    kb_remote_answer_end(&answer);
    assert_hex(kb_wr_span(&out), "AB08800200C823029000");
}

/* Clauses 5.1.1 and 5.2.1.1: the bytes that find no place are lost, SW is 62F1, and it ends. */
static void an_answer_that_is_too_long_is_cut_and_ends_the_script(void **state)
{
    for (enum kb_remote_format format = KB_REMOTE_COMPACT; format <= KB_REMOTE_INDEFINITE;
         format++) {
        struct kb_remote_answer answer;
        struct kb_remote_response response;
        struct kb_remote_result result;
        struct kb_writer wr;

        (void)state;
        begin(&answer, format, 100);
        wr = kb_remote_answer_open(&answer);
        kb_wr_fill(&wr, 0x5A, 300);
        answer.count++;
        assert_false(kb_remote_answer_close(&answer, &wr, 0x9000, true));
        kb_remote_answer_end(&answer);
        assert_true(out.len <= 100 && out.len > 70);
        assert_int_equal(kb_remote_response_open(&response, kb_wr_span(&out), format != 0), KB_OK);
        assert_true(kb_remote_response_next(&response, &result));
        assert_int_equal(result.sw, KB_REMOTE_SW_TRUNCATED);
        assert_int_equal(result.data.data[result.data.len - 1], 0x5A);
        assert_false(kb_remote_response_next(&response, &result));
    }
}

/* Clause 5.2.1.1: a full buffer ends the script too. */
static void an_answer_without_room_for_another_result_ends_the_script(void **state)
{
    struct kb_remote_answer answer;
    unsigned results = 0;

    (void)state;
    begin(&answer, KB_REMOTE_INDEFINITE, 100);
    do
        results++;
    while (add(&answer, "00112233445566778899", 0x9000, true));
    kb_remote_answer_end(&answer);
    assert_false(out.is_bad);
    assert_true(out.len <= 100);
    assert_true(results > 3 && results < 8);
}

/* --- Answers of others --- */

static void answers_of_real_cards_are_read(void **state)
{
    struct kb_remote_response response;
    struct kb_remote_result result;

    (void)state;
    assert_int_equal(kb_remote_response_open(&response, hex("016132"), false), KB_OK);
    assert_true(response.has_count);
    assert_int_equal(response.count, 1);
    assert_true(kb_remote_response_next(&response, &result));
    assert_int_equal(result.sw, 0x6132);
    assert_int_equal(result.data.len, 0);
    assert_false(kb_remote_response_next(&response, &result));
    assert_int_equal(kb_remote_response_open(&response,
                                             hex("AB0880010223039F90"
                                                 "00"),
                                             true),
                     KB_OK);
    assert_true(kb_remote_response_next(&response, &result));
    assert_int_equal(result.sw, 0x9000);
    assert_hex(result.data, "9F");
    assert_int_equal(kb_remote_response_open(&response, hex("AB06800101900103"), true), KB_OK);
    assert_true(kb_remote_response_next(&response, &result));
    assert_int_equal(result.tag, KB_REMOTE_BAD_FORMAT);
    assert_int_equal(result.reason, KB_REMOTE_NO_LENGTH);
}

static void answers_that_are_none_are_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "AB",
                                        "AB00",
                                        ("AB03800101"
                                         "00"),
                                        "AB0323FF",
                                        "AF800000FF",
                                        "AF80230290",
                                        "9000"};
    static const char *const later[] = {"AB0680010123019F",
                                        "AF80230190"
                                        "0000",
                                        "AB07800101900201"
                                        "01"};
    struct kb_remote_response response;
    struct kb_remote_result result;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(kb_remote_response_open(&response, hex(wrong[i]), true), KB_ERR_MALFORMED);
    assert_int_equal(kb_remote_response_open(&response, hex("0190"), false), KB_ERR_MALFORMED);
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        assert_int_equal(kb_remote_response_open(&response, hex(later[i]), true), KB_OK);
        assert_false(kb_remote_response_next(&response, &result));
        assert_true(response.rd.is_bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compact_script_is_commands_in_a_row),
        cmocka_unit_test(retrieve_data_brings_a_tag_or_asks),
        cmocka_unit_test(a_compact_script_that_is_cut_ends_early),
        cmocka_unit_test(the_first_byte_tells_the_format),
        cmocka_unit_test(actions_and_chaining_are_items_of_their_own),
        cmocka_unit_test(a_bad_format_has_a_reason),
        cmocka_unit_test(what_is_no_apdu_is_told_as_such),
        cmocka_unit_test(commands_are_written_in_each_format),
        cmocka_unit_test(compact_scripts_have_no_long_commands_and_no_actions),
        cmocka_unit_test(a_compact_answer_is_that_to_the_last_command),
        cmocka_unit_test(a_definite_answer_leaves_out_what_nobody_asked_for),
        cmocka_unit_test(an_indefinite_answer_has_every_result),
        cmocka_unit_test(a_count_above_127_has_two_bytes),
        cmocka_unit_test(an_answer_that_is_too_long_is_cut_and_ends_the_script),
        cmocka_unit_test(an_answer_without_room_for_another_result_ends_the_script),
        cmocka_unit_test(answers_of_real_cards_are_read),
        cmocka_unit_test(answers_that_are_none_are_refused),
    };

    return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}
