/* SPDX-License-Identifier: Apache-2.0 */
/* Digits on cards: swapped BCD, IMSI, ICCID, access class. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/bcd.h"

static struct kb_span digits_of(const char *text)
{
    return kb_span(text, strlen(text));
}

static void only_ascii_digits_are_digits(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const uint8_t byte = (uint8_t)c;

        assert_int_equal(kb_is_digits(kb_span(&byte, 1)), c >= '0' && c <= '9');
    }
    assert_true(kb_is_digits(kb_span(NULL, 0)));
    assert_false(kb_is_digits(digits_of("12 34")));
}

static void the_low_nibble_comes_first_and_f_fills(void **state)
{
    static const struct {
        const char *digits;
        uint8_t bcd[4];
    } cases[] = {{"", {0xFF, 0xFF, 0xFF, 0xFF}},         {"1", {0xF1, 0xFF, 0xFF, 0xFF}},
                 {"12", {0x21, 0xFF, 0xFF, 0xFF}},       {"1234567", {0x21, 0x43, 0x65, 0xF7}},
                 {"12345678", {0x21, 0x43, 0x65, 0x87}}, {"00000009", {0x00, 0x00, 0x00, 0x90}}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bcd[4];
        char digits[8];
        size_t len;

        assert_int_equal(kb_bcd_encode(digits_of(cases[i].digits), bcd, sizeof(bcd)), KB_OK);
        assert_memory_equal(bcd, cases[i].bcd, sizeof(bcd));
        assert_int_equal(kb_bcd_decode(kb_span(bcd, sizeof(bcd)), digits, sizeof(digits), &len),
                         KB_OK);
        assert_int_equal(len, strlen(cases[i].digits));
        assert_memory_equal(digits, cases[i].digits, len);
    }
}

static void what_is_not_bcd_is_refused(void **state)
{
    static const uint8_t malformed[][2] = {{0x0A, 0xFF}, {0xA0, 0xFF}, {0x21, 0xFE}, {0x21, 0xEF},
                                           {0x1F, 0xFF}, {0xF1, 0xF2}, {0xFF, 0x1F}, {0xFF, 0xFD}};
    uint8_t bcd[2];
    char digits[4];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
        assert_int_equal(kb_bcd_decode(kb_span(malformed[i], 2), digits, sizeof(digits), &len),
                         KB_ERR_MALFORMED);
    assert_int_equal(kb_bcd_decode(kb_span("\x21\x43", 2), digits, 3, &len), KB_ERR_TOO_LONG);
    assert_int_equal(kb_bcd_encode(digits_of("12345"), bcd, sizeof(bcd)), KB_ERR_TOO_LONG);
    assert_int_equal(kb_bcd_encode(digits_of("12x"), bcd, sizeof(bcd)), KB_ERR_MALFORMED);
}

/* TS 31.102 clause 4.2.2: the length, then the identity of TS 24.008 clause 10.5.1.4: first digit,
 * parity and type 001 in one byte. */
static void an_imsi_is_coded_as_in_ef_imsi(void **state)
{
    static const struct {
        const char *digits;
        uint8_t ef[9];
    } cases[] = {
        {"001010123456789", {0x08, 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98}},
        {"901700000000001", {0x08, 0x99, 0x10, 0x07, 0x00, 0x00, 0x00, 0x00, 0x10}},
        {"26201123456789", {0x08, 0x21, 0x26, 0x10, 0x21, 0x43, 0x65, 0x87, 0xF9}},
        {"2620112345678", {0x07, 0x29, 0x26, 0x10, 0x21, 0x43, 0x65, 0x87, 0xFF}},
        {"001011", {0x04, 0x01, 0x10, 0x10, 0xF1, 0xFF, 0xFF, 0xFF, 0xFF}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t ef[9];
        char digits[KB_IMSI_MAX];
        size_t len;

        assert_int_equal(kb_imsi_encode(digits_of(cases[i].digits), ef), KB_OK);
        assert_memory_equal(ef, cases[i].ef, sizeof(ef));
        assert_int_equal(kb_imsi_decode(cases[i].ef, digits, &len), KB_OK);
        assert_int_equal(len, strlen(cases[i].digits));
        assert_memory_equal(digits, cases[i].digits, len);
    }
}

static void an_imsi_has_6_to_15_digits(void **state)
{
    uint8_t ef[9];

    (void)state;
    assert_int_equal(kb_imsi_encode(digits_of(""), ef), KB_ERR_RANGE);
    assert_int_equal(kb_imsi_encode(digits_of("00101"), ef), KB_ERR_RANGE);
    assert_int_equal(kb_imsi_encode(digits_of("0010101234567890"), ef), KB_ERR_RANGE);
    assert_int_equal(kb_imsi_encode(digits_of("00101012345678x"), ef), KB_ERR_MALFORMED);
}

static void an_ef_imsi_that_contradicts_itself_is_refused(void **state)
{
    static const uint8_t efs[][9] = {
        {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, /* never written */
        {0x00, 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98}, /* no bytes */
        {0x09, 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98}, /* too many bytes */
        {0x08, 0x0A, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98}, /* type IMEI */
        {0x08, 0x01, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98}, /* even, but 15 digits */
        {0x08, 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0xF8}, /* odd, but 14 digits */
        {0x08, 0xA9, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98}, /* first digit A */
        {0x08, 0x09, 0x10, 0x1B, 0x10, 0x32, 0x54, 0x76, 0x98}, /* a digit B */
        {0x08, 0x09, 0x10, 0xF0, 0x10, 0x32, 0x54, 0x76, 0x98}, /* a hole */
        {0x08, 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0xFF}, /* shorter than its length */
        {0x03, 0x09, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, /* 5 digits */
    };
    char digits[KB_IMSI_MAX];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof(efs) / sizeof(efs[0]); i++)
        assert_int_equal(kb_imsi_decode(efs[i], digits, &len), KB_ERR_MALFORMED);
}

/* Numbers that others publish as examples of the algorithm: card networks' test numbers. */
static void the_luhn_digit_is_that_of_published_numbers(void **state)
{
    static const char *const numbers[] = {"79927398713",
                                          "17893729974",
                                          "4111111111111111",
                                          "378282246310005",
                                          "6011111111111117",
                                          "5555555555554444",
                                          "00"};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        size_t len = strlen(numbers[i]);

        assert_int_equal(kb_luhn_digit(kb_span(numbers[i], len - 1)), numbers[i][len - 1]);
    }
}

/* ICCIDs of cards that were sold. */
static void an_iccid_ends_with_its_check_digit(void **state)
{
    static const char good[] = "8988219000000117833";

    (void)state;
    assert_int_equal(kb_iccid_check(digits_of(good)), KB_OK);
    assert_int_equal(kb_iccid_check(digits_of("8988211320300000028")), KB_OK);
    for (char last = '0'; last <= '9'; last++) {
        char number[sizeof(good)];

        memcpy(number, good, sizeof(good));
        number[18] = last;
        assert_int_equal(kb_iccid_check(digits_of(number)),
                         last == '3' ? KB_OK : KB_ERR_CHECK_DIGIT);
    }
}

static void any_single_wrong_digit_is_noticed(void **state)
{
    static const char good[] = "8988219000000117833";

    (void)state;
    for (size_t at = 0; at < sizeof(good) - 1; at++) {
        for (char digit = '0'; digit <= '9'; digit++) {
            char number[sizeof(good)];

            memcpy(number, good, sizeof(good));
            number[at] = digit;
            assert_int_equal(kb_iccid_check(digits_of(number)),
                             digit == good[at] ? KB_OK : KB_ERR_CHECK_DIGIT);
        }
    }
}

static void an_iccid_has_18_to_20_digits(void **state)
{
    (void)state;
    assert_int_equal(kb_iccid_check(digits_of("89882110000000000")), KB_ERR_RANGE);
    assert_int_equal(kb_iccid_check(digits_of("898821100000000000000")), KB_ERR_RANGE);
    assert_int_equal(kb_iccid_check(digits_of("")), KB_ERR_RANGE);
    assert_int_equal(kb_iccid_check(digits_of("898821900000011783A")), KB_ERR_MALFORMED);
    assert_int_equal(kb_iccid_check(digits_of("898821100000000002")), KB_OK);
    assert_int_equal(kb_iccid_check(digits_of("89860123456789012348")), KB_OK);
}

/* TS 31.102 clause 4.2.15: byte 1 holds classes 15 to 8, byte 2 classes 7 to 0. */
static void the_access_class_is_the_last_digit_of_the_imsi(void **state)
{
    static const uint8_t expected[10][2] = {{0x00, 0x01}, {0x00, 0x02}, {0x00, 0x04}, {0x00, 0x08},
                                            {0x00, 0x10}, {0x00, 0x20}, {0x00, 0x40}, {0x00, 0x80},
                                            {0x01, 0x00}, {0x02, 0x00}};
    char imsi[] = "001010123456780";
    uint8_t acc[2];

    (void)state;
    for (unsigned digit = 0; digit < 10; digit++) {
        imsi[14] = (char)('0' + digit);
        assert_int_equal(kb_acc_from_imsi(digits_of(imsi), acc), KB_OK);
        assert_memory_equal(acc, expected[digit], sizeof(acc));
    }
    assert_int_equal(kb_acc_from_imsi(digits_of(""), acc), KB_ERR_RANGE);
    assert_int_equal(kb_acc_from_imsi(digits_of("00101012345678F"), acc), KB_ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ascii_digits_are_digits),
        cmocka_unit_test(the_low_nibble_comes_first_and_f_fills),
        cmocka_unit_test(what_is_not_bcd_is_refused),
        cmocka_unit_test(an_imsi_is_coded_as_in_ef_imsi),
        cmocka_unit_test(an_imsi_has_6_to_15_digits),
        cmocka_unit_test(an_ef_imsi_that_contradicts_itself_is_refused),
        cmocka_unit_test(the_luhn_digit_is_that_of_published_numbers),
        cmocka_unit_test(an_iccid_ends_with_its_check_digit),
        cmocka_unit_test(any_single_wrong_digit_is_noticed),
        cmocka_unit_test(an_iccid_has_18_to_20_digits),
        cmocka_unit_test(the_access_class_is_the_last_digit_of_the_imsi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
