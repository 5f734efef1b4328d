/* SPDX-License-Identifier: Apache-2.0 */
/* Command APDUs (ISO/IEC 7816-3 clause 12.1, tables 12 and 13). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "wire/apdu.h"

enum { LONG = 7 + 65535 + 2 };

/* 00 A4 08 04, then body, then a data field of fill_len counting bytes, then le. */
struct command {
    const char *name;
    uint8_t body[3];
    size_t body_len;
    size_t fill_len;
    uint8_t le[2];
    size_t le_len;
    /* what it means */
    bool has_le;
    uint32_t ne;
    bool is_extended;
};

static const struct command commands[] = {
    {"1", {0}, 0, 0, {0}, 0, false, 0, false},
    {"2S", {0x09}, 1, 0, {0}, 0, true, 9, false},
    {"2S greatest", {0xFF}, 1, 0, {0}, 0, true, 255, false},
    {"2S 256", {0x00}, 1, 0, {0}, 0, true, 256, false},
    {"3S least", {0x01}, 1, 1, {0}, 0, false, 0, false},
    {"3S greatest", {0xFF}, 1, 255, {0}, 0, false, 0, false},
    {"4S", {0x02}, 1, 2, {0x10}, 1, true, 16, false},
    {"4S 256", {0xFF}, 1, 255, {0x00}, 1, true, 256, false},
    {"2E least", {0x00, 0x00, 0x01}, 3, 0, {0}, 0, true, 1, true},
    {"2E", {0x00, 0x01, 0x01}, 3, 0, {0}, 0, true, 257, true},
    {"2E 65536", {0x00, 0x00, 0x00}, 3, 0, {0}, 0, true, 65536, true},
    {"3E least", {0x00, 0x00, 0x01}, 3, 1, {0}, 0, false, 0, true},
    {"3E", {0x00, 0x01, 0x00}, 3, 256, {0}, 0, false, 0, true},
    {"3E greatest", {0x00, 0xFF, 0xFF}, 3, 65535, {0}, 0, false, 0, true},
    {"4E least", {0x00, 0x00, 0x01}, 3, 1, {0x00, 0x01}, 2, true, 1, true},
    {"4E 65536", {0x00, 0x01, 0x00}, 3, 256, {0x00, 0x00}, 2, true, 65536, true},
    {"4E greatest", {0x00, 0xFF, 0xFF}, 3, 65535, {0xFF, 0xFF}, 2, true, 65535, true},
};

static size_t build(const struct command *command, uint8_t *out)
{
    struct kb_writer wr = kb_wr(out, LONG);

    kb_wr_copy(&wr, "\x00\xA4\x08\x04", 4);
    kb_wr_copy(&wr, command->body, command->body_len);
    for (size_t i = 0; i < command->fill_len; i++)
        kb_wr_u8(&wr, (uint8_t)(i + 1));
    kb_wr_copy(&wr, command->le, command->le_len);
    assert_false(wr.is_bad);
    return wr.len;
}

static enum kb_err parse(const uint8_t *data, size_t len, struct kb_apdu *out)
{
    uint8_t *copy = exact_copy(data, len);
    enum kb_err err = kb_apdu_parse(kb_span(copy, len), out);

    if (!err && out->data.len)
        assert_memory_equal(out->data.data, data + (out->data.data - copy), out->data.len);
    free(copy);
    return err;
}

static void every_case_is_told_by_its_lengths(void **state)
{
    static uint8_t bytes[LONG];

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        size_t len = build(&commands[i], bytes);
        struct kb_apdu apdu;

        if (parse(bytes, len, &apdu))
            fail_msg("refused: case %s", commands[i].name);
        assert_int_equal(apdu.cla, 0x00);
        assert_int_equal(apdu.ins, 0xA4);
        assert_int_equal(kb_apdu_p1p2(&apdu), 0x0804);
        assert_int_equal(apdu.data.len, commands[i].fill_len);
        assert_int_equal(apdu.has_le, commands[i].has_le);
        assert_int_equal(apdu.ne, commands[i].ne);
        assert_int_equal(apdu.is_extended, commands[i].is_extended);
    }
}

/* The lengths at which a beginning of the command is a command itself, of a lower case. */
static bool is_whole(const struct command *command, size_t len)
{
    size_t with_data = 4 + command->body_len + command->fill_len;

    if (len == 4 || len == 5)
        return true; /* cases 1 and 2S */
    if (command->body_len == 3 && len == 7)
        return true; /* case 2E */
    return len == with_data || len == with_data + command->le_len;
}

static void every_truncation_is_refused_or_is_a_lower_case(void **state)
{
    static uint8_t bytes[LONG];

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        size_t whole = build(&commands[i], bytes);

        for (size_t len = 0; len<whole; len += len> 600 && len + 20 < whole ? 997 : 1) {
            struct kb_apdu apdu;
            enum kb_err err = parse(bytes, len, &apdu);

            if ((err == KB_OK) != (len >= 4 && is_whole(&commands[i], len)))
                fail_msg("case %s cut to %zu bytes: %d", commands[i].name, len, err);
        }
    }
}

static void a_byte_too_many_is_refused_or_is_le(void **state)
{
    static uint8_t bytes[LONG + 1];

    (void)state;
    for (size_t i = 4; i < sizeof(commands) / sizeof(commands[0]); i++) {
        size_t len = build(&commands[i], bytes);
        struct kb_apdu apdu;
        bool is_case_3s = commands[i].body_len == 1 && !commands[i].has_le;

        bytes[len] = 0x00;
        if (commands[i].fill_len)
            assert_int_equal(parse(bytes, len + 1, &apdu), is_case_3s ? KB_OK : KB_ERR_MALFORMED);
    }
}

static void an_extended_lc_of_zero_does_not_exist(void **state)
{
    static const uint8_t with_le[] = {0x00, 0xA4, 0x08, 0x04, 0x00, 0x00, 0x00, 0x01, 0x00};
    struct kb_apdu apdu;

    (void)state;
    assert_int_equal(parse(with_le, 8, &apdu), KB_ERR_MALFORMED);
    assert_int_equal(parse(with_le, 9, &apdu), KB_ERR_MALFORMED);
}

static void what_is_there_of_the_header_is_told(void **state)
{
    static const uint8_t header[] = {0x80, 0xF2, 0x01, 0x02};
    struct kb_apdu apdu;

    (void)state;
    assert_int_equal(parse(header, 0, &apdu), KB_ERR_MALFORMED);
    assert_int_equal(apdu.cla, 0);
    assert_int_equal(parse(header, 1, &apdu), KB_ERR_MALFORMED);
    assert_int_equal(apdu.cla, 0x80);
    assert_int_equal(apdu.ins, 0);
    assert_int_equal(parse(header, 3, &apdu), KB_ERR_MALFORMED);
    assert_int_equal(apdu.ins, 0xF2);
    assert_int_equal(apdu.p1, 0x01);
}

static void writing_gives_the_shortest_coding(void **state)
{
    static uint8_t expected[LONG], written[LONG];

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct kb_writer wr = kb_wr(written, sizeof(written));
        size_t len = build(&commands[i], expected);
        struct kb_apdu apdu;

        assert_int_equal(kb_apdu_parse(kb_span(expected, len), &apdu), KB_OK);
        kb_apdu_write(&wr, &apdu);
        assert_false(wr.is_bad);
        if (strstr(commands[i].name, "E least")) {
            assert_int_equal(wr.len, len - (commands[i].le_len ? 3 : 2));
            continue;
        }
        assert_int_equal(wr.len, len);
        assert_memory_equal(written, expected, len);
    }
}

static void one_long_length_makes_both_long(void **state)
{
    static const uint8_t expected[] = {0x00, 0xCA, 0x00, 0x00, 0x00, 0x00, 0x01, 0x5C, 0x00, 0x00};
    const struct kb_apdu apdu = {
        .ins = 0xCA, .data = kb_span("\x5C", 1), .has_le = true, .ne = 65536};
    uint8_t written[10];
    struct kb_writer wr = kb_wr(written, sizeof(written));

    (void)state;
    kb_apdu_write(&wr, &apdu);
    assert_false(wr.is_bad);
    assert_int_equal(wr.len, sizeof(expected));
    assert_memory_equal(written, expected, sizeof(expected));
}

static void what_no_apdu_can_hold_marks_the_writer_bad(void **state)
{
    static uint8_t data[65536], written[LONG + 10];
    struct kb_apdu apdu = {.data = kb_span(data, sizeof(data))};
    struct kb_writer wr = kb_wr(written, sizeof(written));

    (void)state;
    kb_apdu_write(&wr, &apdu);
    assert_true(wr.is_bad);
    apdu = (struct kb_apdu){.has_le = true, .ne = 65537};
    wr = kb_wr(written, sizeof(written));
    kb_apdu_write(&wr, &apdu);
    assert_true(wr.is_bad);
    apdu = (struct kb_apdu){.data = kb_span(data, 10)};
    wr = kb_wr(written, 14);
    kb_apdu_write(&wr, &apdu);
    assert_true(wr.is_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_told_by_its_lengths),
        cmocka_unit_test(every_truncation_is_refused_or_is_a_lower_case),
        cmocka_unit_test(a_byte_too_many_is_refused_or_is_le),
        cmocka_unit_test(an_extended_lc_of_zero_does_not_exist),
        cmocka_unit_test(what_is_there_of_the_header_is_told),
        cmocka_unit_test(writing_gives_the_shortest_coding),
        cmocka_unit_test(one_long_length_makes_both_long),
        cmocka_unit_test(what_no_apdu_can_hold_marks_the_writer_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
