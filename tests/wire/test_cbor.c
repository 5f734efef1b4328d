/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR against the examples of RFC 8949 appendix A, and the deterministic encoding of its clause
 * 4.2.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "wire/cbor.h"

struct sample {
    const char *why;
    uint8_t bytes[24];
    size_t len;
};

/* Appendix A; the greatest are those of int64_t. */
static const struct {
    int64_t value;
    uint8_t bytes[9];
    size_t len;
} integers[] = {
    {0, {0x00}, 1},
    {1, {0x01}, 1},
    {10, {0x0A}, 1},
    {23, {0x17}, 1},
    {24, {0x18, 0x18}, 2},
    {25, {0x18, 0x19}, 2},
    {100, {0x18, 0x64}, 2},
    {1000, {0x19, 0x03, 0xE8}, 3},
    {1000000, {0x1A, 0x00, 0x0F, 0x42, 0x40}, 5},
    {1000000000000, {0x1B, 0x00, 0x00, 0x00, 0xE8, 0xD4, 0xA5, 0x10, 0x00}, 9},
    {-1, {0x20}, 1},
    {-10, {0x29}, 1},
    {-100, {0x38, 0x63}, 2},
    {-1000, {0x39, 0x03, 0xE7}, 3},
    {255, {0x18, 0xFF}, 2},
    {256, {0x19, 0x01, 0x00}, 3},
    {65535, {0x19, 0xFF, 0xFF}, 3},
    {65536, {0x1A, 0x00, 0x01, 0x00, 0x00}, 5},
    {4294967295, {0x1A, 0xFF, 0xFF, 0xFF, 0xFF}, 5},
    {4294967296, {0x1B, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00}, 9},
    {INT64_MAX, {0x1B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, 9},
    {INT64_MIN, {0x3B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, 9},
};

static void integers_are_those_of_rfc_8949_appendix_a(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
        struct kb_cursor rd = kb_rd(kb_span(integers[i].bytes, integers[i].len));
        uint8_t buffer[KB_CBOR_HEAD_MAX];
        struct kb_writer wr = kb_wr(buffer, sizeof(buffer));

        kb_cbor_put_int(&wr, integers[i].value);
        assert_int_equal(wr.len, integers[i].len);
        assert_memory_equal(buffer, integers[i].bytes, wr.len);
        assert_true(kb_cbor_is_int(&rd));
        assert_true(kb_cbor_int(&rd) == integers[i].value);
        assert_true(kb_rd_is_done(&rd));
    }
}

static void strings_are_those_of_rfc_8949_appendix_a(void **state)
{
    static const uint8_t bytes[] = {0x44, 0x01, 0x02, 0x03, 0x04, 0x64, 'I', 'E', 'T', 'F', 0x40};
    uint8_t buffer[sizeof(bytes)];
    struct kb_writer wr = kb_wr(buffer, sizeof(buffer));
    struct kb_cursor rd = kb_rd(kb_span(bytes, sizeof(bytes)));
    struct kb_span span;

    (void)state;
    kb_cbor_put_bstr(&wr, kb_span(bytes + 1, 4));
    kb_cbor_put_tstr(&wr, kb_span("IETF", 4));
    kb_cbor_put_bstr(&wr, kb_span(NULL, 0));
    assert_false(wr.is_bad);
    assert_memory_equal(buffer, bytes, sizeof(bytes));
    span = kb_cbor_bstr(&rd);
    assert_ptr_equal(span.data, bytes + 1);
    assert_int_equal(span.len, 4);
    assert_int_equal(kb_cbor_peek(&rd), KB_CBOR_TSTR);
    span = kb_cbor_tstr(&rd);
    assert_ptr_equal(span.data, bytes + 6);
    assert_int_equal(span.len, 4);
    assert_int_equal(kb_cbor_bstr(&rd).len, 0);
    assert_true(kb_rd_is_done(&rd));
}

/* Appendix A, and the claims of RFC 8392 appendix A.2 in part. */
static void whole_items_are_read_with_all_they_hold(void **state)
{
    static const struct sample samples[] = {
        {"[]", {0x80}, 1},
        {"[1, [2, 3], [4, 5]]", {0x83, 0x01, 0x82, 0x02, 0x03, 0x82, 0x04, 0x05}, 8},
        {"{}", {0xA0}, 1},
        {"{1: 2, 3: 4}", {0xA2, 0x01, 0x02, 0x03, 0x04}, 5},
        {"{\"a\": 1, \"b\": [2, 3]}", {0xA2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x02, 0x03}, 9},
        {"1(1363896240)", {0xC1, 0x1A, 0x51, 0x4B, 0x67, 0xB0}, 6},
        {"false", {0xF4}, 1},
        {"true", {0xF5}, 1},
        {"null", {0xF6}, 1},
        {"simple(16)", {0xF0}, 1},
        {"18446744073709551615", {0x1B, 255, 255, 255, 255, 255, 255, 255, 255}, 9},
        {"depth 8", {0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x00}, 8},
        {"{1: 0, -1: 0, -2: 0}", {0xA3, 0x01, 0x00, 0x20, 0x00, 0x21, 0x00}, 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint8_t *data = exact_copy(samples[i].bytes, samples[i].len);
        struct kb_cursor rd = kb_rd(kb_span(data, samples[i].len));
        struct kb_span item = kb_cbor_item(&rd);

        if (item.len != samples[i].len || !kb_rd_is_done(&rd))
            fail_msg("not read: %s", samples[i].why);
        free(data);
    }
}

static void what_is_not_deterministic_is_refused(void **state)
{
    static const struct sample samples[] = {
        {"23 in one byte more", {0x18, 0x17}, 2},
        {"255 in two bytes", {0x19, 0x00, 0xFF}, 3},
        {"65535 in four bytes", {0x1A, 0x00, 0x00, 0xFF, 0xFF}, 5},
        {"2^32 - 1 in eight bytes", {0x1B, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}, 9},
        {"-24 in two bytes", {0x38, 0x17}, 2},
        {"length of a string too long", {0x58, 0x01, 0xAA}, 3},
        {"indefinite bytes", {0x5F, 0x41, 0x00, 0xFF}, 4},
        {"indefinite text", {0x7F, 0x61, 0x61, 0xFF}, 4},
        {"indefinite array", {0x9F, 0xFF}, 2},
        {"indefinite map", {0xBF, 0xFF}, 2},
        {"break", {0xFF}, 1},
        {"reserved 28", {0x1C}, 1},
        {"reserved 30", {0x5E}, 1},
        {"half float", {0xF9, 0x00, 0x00}, 3},
        {"float", {0xFA, 0x00, 0x00, 0x00, 0x00}, 5},
        {"simple in two bytes", {0xF8, 0xFF}, 2},
        {"keys out of order", {0xA2, 0x02, 0x00, 0x01, 0x00}, 5},
        {"key twice", {0xA2, 0x01, 0x00, 0x01, 0x00}, 5},
        {"key twice, inside", {0x81, 0xA2, 0x01, 0x00, 0x01, 0x00}, 6},
        {"depth 9", {0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x00}, 9},
        {"bytes cut", {0x42, 0x00}, 2},
        {"text cut", {0x62, 0x61}, 2},
        {"array cut", {0x82, 0x00}, 2},
        {"map without its value", {0xA1, 0x00}, 2},
        {"tag of nothing", {0xC1}, 1},
        {"2^64 - 1 bytes", {0x5B, 255, 255, 255, 255, 255, 255, 255, 255, 0}, 10},
        {"2^64 - 1 items", {0x9B, 255, 255, 255, 255, 255, 255, 255, 255, 0}, 10},
        {"2^64 - 1 pairs", {0xBB, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0}, 11},
        {"nothing", {0}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint8_t *data = exact_copy(samples[i].bytes, samples[i].len);
        struct kb_cursor rd = kb_rd(kb_span(data, samples[i].len));

        if (kb_cbor_item(&rd).len || !rd.is_bad)
            fail_msg("read without complaint: %s", samples[i].why);
        free(data);
    }
}

static void another_kind_of_item_marks_the_cursor_bad(void **state)
{
    static const uint8_t items[] = {0x00, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0, 0xF5};

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned asked = 0; asked < 8; asked++) {
            struct kb_cursor rd = kb_rd(kb_span(items + i, 1));

            assert_true(kb_cbor_head(&rd, (enum kb_cbor_major)asked) ==
                        (i == 7 && !rd.is_bad) * 21);
            assert_int_equal(rd.is_bad, i != asked);
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        struct kb_cursor number = kb_rd(kb_span(items + i, 1));
        struct kb_cursor bytes = number, text = number;

        assert_int_equal(kb_cbor_is_int(&number), i < 2);
        kb_cbor_int(&number);
        kb_cbor_bstr(&bytes);
        kb_cbor_tstr(&text);
        assert_int_equal(number.is_bad, i > 1);
        assert_int_equal(bytes.is_bad, i != 2);
        assert_int_equal(text.is_bad, i != 3);
    }
}

static void integers_beyond_64_bits_with_sign_are_refused(void **state)
{
    static const uint8_t items[][9] = {{0x1B, 0x80, 0, 0, 0, 0, 0, 0, 0},
                                       {0x3B, 0x80, 0, 0, 0, 0, 0, 0, 0}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kb_cursor rd = kb_rd(kb_span(items[i], 9));

        assert_true(kb_cbor_int(&rd) == 0);
        assert_true(rd.is_bad);
    }
}

static void what_does_not_fit_marks_the_writer_bad(void **state)
{
    uint8_t buffer[16];

    (void)state;
    for (size_t cap = 0; cap < 9; cap++) {
        struct kb_writer number = kb_wr(buffer, cap), bytes = kb_wr(buffer, cap);

        kb_cbor_put_int(&number, INT64_MAX);
        assert_true(number.is_bad);
        kb_cbor_put_bstr(&bytes, kb_span("12345678", 8));
        assert_true(bytes.is_bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_those_of_rfc_8949_appendix_a),
        cmocka_unit_test(strings_are_those_of_rfc_8949_appendix_a),
        cmocka_unit_test(whole_items_are_read_with_all_they_hold),
        cmocka_unit_test(what_is_not_deterministic_is_refused),
        cmocka_unit_test(another_kind_of_item_marks_the_cursor_bad),
        cmocka_unit_test(integers_beyond_64_bits_with_sign_are_refused),
        cmocka_unit_test(what_does_not_fit_marks_the_writer_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
