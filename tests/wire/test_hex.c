/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal text. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "wire/hex.h"

static enum kb_err decode(const char *text, uint8_t *out, size_t cap, size_t *len)
{
    size_t text_len = strlen(text);
    uint8_t *copy = exact_copy(text, text_len);
    enum kb_err err = kb_hex_decode(kb_span(copy, text_len), out, cap, len);

    free(copy);
    return err;
}

/* RFC 4648 clause 10. */
static void the_vectors_of_rfc_4648_encode_and_decode(void **state)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "66"},
                                           {"fo", "666F"},
                                           {"foo", "666F6F"},
                                           {"foob", "666F6F62"},
                                           {"fooba", "666F6F6261"},
                                           {"foobar", "666F6F626172"}};

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        size_t plain_len = strlen(pairs[i][0]), len;
        uint8_t bytes[6];
        char text[13];

        kb_hex_encode(kb_span(pairs[i][0], plain_len), text);
        assert_string_equal(text, pairs[i][1]);
        assert_int_equal(decode(pairs[i][1], bytes, sizeof(bytes), &len), KB_OK);
        assert_int_equal(len, plain_len);
        assert_memory_equal(bytes, pairs[i][0], len);
    }
}

static void either_case_and_separators_between_bytes_are_read(void **state)
{
    static const uint8_t expected[] = {0x0A, 0xB9, 0xFF, 0x90};
    uint8_t bytes[4];
    size_t len;

    (void)state;
    assert_int_equal(decode(" 0a:B9\tfF  90 ", bytes, sizeof(bytes), &len), KB_OK);
    assert_int_equal(len, sizeof(expected));
    assert_memory_equal(bytes, expected, sizeof(expected));
}

static void half_a_byte_is_malformed(void **state)
{
    static const char *const texts[] = {"1", "123", "1 2", "12 3", "1:", "12 3 "};
    uint8_t bytes[4];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(decode(texts[i], bytes, sizeof(bytes), &len), KB_ERR_MALFORMED);
}

static void exactly_the_digits_of_the_c_library_are_digits(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const uint8_t high[2] = {(uint8_t)c, '0'}, low[2] = {'0', (uint8_t)c};
        uint8_t byte;
        size_t len;
        enum kb_err err = kb_hex_decode(kb_span(high, 2), &byte, 1, &len);

        assert_int_equal(kb_hex_decode(kb_span(low, 2), &byte, 1, &len) == KB_OK,
                         isxdigit((int)c) != 0);
        /* A separator in front leaves half a byte, which is refused all the same. */
        assert_int_equal(err == KB_OK, isxdigit((int)c) != 0);
    }
}

static void every_byte_comes_back(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        const uint8_t in = (uint8_t)value;
        uint8_t out;
        char text[3];
        size_t len;

        kb_hex_encode(kb_span(&in, 1), text);
        assert_int_equal(strtoul(text, NULL, 16), value);
        assert_int_equal(decode(text, &out, 1, &len), KB_OK);
        assert_int_equal(out, value);
    }
}

static void more_bytes_than_fit_are_refused(void **state)
{
    uint8_t bytes[2] = {0, 0xEE};
    size_t len;

    (void)state;
    assert_int_equal(decode("0102", bytes, 1, &len), KB_ERR_TOO_LONG);
    assert_int_equal(bytes[1], 0xEE);
    assert_int_equal(decode("01", NULL, 0, &len), KB_ERR_TOO_LONG);
    assert_int_equal(decode("", NULL, 0, &len), KB_OK);
    assert_int_equal(len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_encode_and_decode),
        cmocka_unit_test(either_case_and_separators_between_bytes_are_read),
        cmocka_unit_test(half_a_byte_is_malformed),
        cmocka_unit_test(exactly_the_digits_of_the_c_library_are_digits),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(more_bytes_than_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
