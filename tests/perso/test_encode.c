/* SPDX-License-Identifier: Apache-2.0 */
/* Values as they are sent, and the bytes the standards want on the card. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "card/perso/encode.h"
#include "wire/hex.h"

struct encoding {
    enum kb_encoder encoder;
    uint8_t argument;
    const char *value;
    const char *expected; /* hex */
};

static void check(const struct encoding *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t out[64], expected[64];
        size_t len;

        assert_int_equal(kb_hex_decode(kb_span(rows[i].expected, strlen(rows[i].expected)),
                                       expected, sizeof expected, &len),
                         KB_OK);
        memset(out, 0xA5, sizeof out);
        if (kb_encode(rows[i].encoder, rows[i].argument,
                      kb_span(rows[i].value, strlen(rows[i].value)), out, len))
            fail_msg("%s is refused", rows[i].value);
        assert_memory_equal(out, expected, len);
        assert_int_equal(out[len], 0xA5);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof *(rows))

struct refusal {
    enum kb_encoder encoder;
    const char *value;
    size_t size;
    enum kb_err err;
};

static void check_refused(const struct refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t out[64];
        struct kb_span value = kb_span(rows[i].value, strlen(rows[i].value));

        assert_int_equal(kb_encode(rows[i].encoder, 0, value, out, rows[i].size), rows[i].err);
    }
}

#define CHECK_REFUSED(rows) check_refused(rows, sizeof(rows) / sizeof *(rows))

static void identities_are_swapped_bcd_as_ts_31_102_says(void **state)
{
    static const struct encoding rows[] = {
        {KB_ENCODE_IMSI, 0, "262011234567890", "082926102143658709"},
        {KB_ENCODE_IMSI, 0, "001010", "04 01 10 10 F0 FFFFFFFF"},
        {KB_ENCODE_ICCID, 0, "8988211320300000028", "988812310203000020F8"},
        {KB_ENCODE_ICCID, 0, "89014103211118510720", "98101430121181157002"},
        {KB_ENCODE_ACC, 0, "262011234567890", "0001"},
        {KB_ENCODE_ACC, 0, "262011234567893", "0008"},
        {KB_ENCODE_ACC, 0, "262011234567899", "0200"},
        {KB_ENCODE_BCD, 0, "12345", "2143F5FFFF"},
        {KB_ENCODE_MNC_LENGTH, 0, "2", "02"},
        {KB_ENCODE_MNC_LENGTH, 0, "3", "03"},
    };
    static const struct refusal refused[] = {
        {KB_ENCODE_ICCID, "8988211320300000029", 10, KB_ERR_CHECK_DIGIT},
        {KB_ENCODE_ICCID, "89882113203", 10, KB_ERR_RANGE},
        {KB_ENCODE_IMSI, "26201123456789A", 9, KB_ERR_MALFORMED},
        {KB_ENCODE_IMSI, "2620112345678901", 9, KB_ERR_RANGE},
        {KB_ENCODE_ACC, "", 2, KB_ERR_RANGE},
        {KB_ENCODE_BCD, "12345", 2, KB_ERR_TOO_LONG},
        {KB_ENCODE_MNC_LENGTH, "4", 1, KB_ERR_RANGE},
        {KB_ENCODE_MNC_LENGTH, "22", 1, KB_ERR_MALFORMED},
        {KB_ENCODE_MNC_LENGTH, "", 1, KB_ERR_MALFORMED},
        {KB_ENCODE_IMSI, "262011234567890", 8, KB_ERR_USAGE},
    };

    (void)state;
    CHECK(rows);
    CHECK_REFUSED(refused);
}

/* TS 31.102 clause 4.2.5: "246 for the MCC and 81 for the MNC" is 42 F6 18; 310 and 410 as every
 * trace of that network shows them. */
static void networks_are_coded_as_ts_24_008_says(void **state)
{
    static const struct encoding rows[] = {
        {KB_ENCODE_PLMN, 0, "24681", "42F618"},
        {KB_ENCODE_PLMN, 0, "310410", "130014"},
        {KB_ENCODE_PLMN, 0, "24681;310410", "42F618 130014 FFFFFF"},
        {KB_ENCODE_PLMN, 0, "24681:4000;310410", "42F618 130014"},
        {KB_ENCODE_PLMN, 0, "", "FFFFFF FFFFFF"},
        {KB_ENCODE_PLMN_ACT, 0, "24681:4000", "42F618 4000 FFFFFF 0000"},
        {KB_ENCODE_PLMN_ACT, 0, "310410:c0aF;24681", "130014 C0AF 42F618 C880"},
    };
    static const struct refusal refused[] = {
        {KB_ENCODE_PLMN, "24681;310410", 3, KB_ERR_TOO_LONG},
        {KB_ENCODE_PLMN, "2468", 3, KB_ERR_MALFORMED},
        {KB_ENCODE_PLMN, "2468100", 3, KB_ERR_MALFORMED},
        {KB_ENCODE_PLMN, "24681;", 6, KB_ERR_MALFORMED},
        {KB_ENCODE_PLMN, ";24681", 6, KB_ERR_MALFORMED},
        {KB_ENCODE_PLMN, "24681,24681", 6, KB_ERR_MALFORMED},
        {KB_ENCODE_PLMN_ACT, "24681:40", 5, KB_ERR_MALFORMED},
        {KB_ENCODE_PLMN_ACT, "24681:40 0", 5, KB_ERR_MALFORMED},
        {KB_ENCODE_PLMN_ACT, "24681:40000", 5, KB_ERR_MALFORMED},
        {KB_ENCODE_PLMN_ACT, "24681:40G0", 5, KB_ERR_MALFORMED},
        {KB_ENCODE_PLMN, "24681", 4, KB_ERR_USAGE},
        {KB_ENCODE_PLMN_ACT, "24681", 3, KB_ERR_USAGE},
    };

    (void)state;
    CHECK(rows);
    CHECK_REFUSED(refused);
}

/* TS 31.102 clause 4.2.12: display condition, then the name; TS 102 221 annex A for UCS2. */
static void names_are_in_the_default_alphabet_or_ucs2(void **state)
{
    static const struct encoding rows[] = {
        {KB_ENCODE_SPN, 1, "Keyborn", "01 4B6579626F726E FFFFFFFFFFFFFFFFFF"},
        {KB_ENCODE_SPN, 0, "", "00 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"},
        {KB_ENCODE_SPN, 2, "@\xC3\xA9\xC3\x9F_$", "02 00051E1102 FFFFFFFFFFFFFFFFFFFFFF"},
        {KB_ENCODE_SPN, 0, "\xCE\x94\xCE\xA9\xC3\xA4\xC3\xA0\xC2\xA7\xC2\xBF",
         "00 10157B7F5F60 FFFFFFFFFFFFFFFFFFFF"},
        {KB_ENCODE_SPN, 3, "0123456789ABCDEF", "03 30313233343536373839414243444546"},
        {KB_ENCODE_SPN, 0, "\xD0\x9C\xD0\xA2\xD0\xA1", "00 80041C04220421 FFFFFFFFFFFFFFFFFF"},
        {KB_ENCODE_SPN, 0, "\xE2\x82\xAC\x61", "00 8020AC0061 FFFFFFFFFFFFFFFFFFFFFF"},
        {KB_ENCODE_SPN, 0, "a[b", "00 800061005B0062 FFFFFFFFFFFFFFFFFF"},
    };
    static const struct refusal refused[] = {
        {KB_ENCODE_SPN, "0123456789ABCDEFG", 17, KB_ERR_TOO_LONG},
        {KB_ENCODE_SPN, "\xD0\x9C\xD0\x9C\xD0\x9C\xD0\x9C\xD0\x9C\xD0\x9C\xD0\x9C\xD0\x9C", 17,
         KB_ERR_TOO_LONG},
        {KB_ENCODE_SPN, "\xF0\x9F\x98\x80", 17, KB_ERR_RANGE},
        {KB_ENCODE_SPN, "a\xFF", 17, KB_ERR_MALFORMED},
        {KB_ENCODE_SPN, "\xC3", 17, KB_ERR_MALFORMED},
    };

    (void)state;
    CHECK(rows);
    CHECK_REFUSED(refused);
}

/* TS 31.102 clause 4.2.27 with the address of TS 24.011 clause 8.2.5.1; +491710760000 is coded
 * 07 91 94 71 01 67 00 00 in every handset of its time. */
static void a_service_centre_is_the_only_parameter_of_smsp(void **state)
{
    static const struct encoding rows[] = {
        {KB_ENCODE_SMSP, 0, "+491710760000",
         "FD FFFFFFFFFFFFFFFFFFFFFFFF 0791947101670000FFFFFFFF FFFFFF"},
        {KB_ENCODE_SMSP, 0, "12345", "FD FFFFFFFFFFFFFFFFFFFFFFFF 04812143F5FFFFFFFFFFFFFF FFFFFF"},
        {KB_ENCODE_SMSP, 0, "+12345678901234567890",
         "FD FFFFFFFFFFFFFFFFFFFFFFFF 0B9121436587092143658709 FFFFFF"},
    };
    static const struct refusal refused[] = {
        {KB_ENCODE_SMSP, "+123456789012345678901", 28, KB_ERR_TOO_LONG},
        {KB_ENCODE_SMSP, "+", 28, KB_ERR_MALFORMED},
        {KB_ENCODE_SMSP, "", 28, KB_ERR_MALFORMED},
        {KB_ENCODE_SMSP, "49-171", 28, KB_ERR_MALFORMED},
    };

    (void)state;
    CHECK(rows);
    CHECK_REFUSED(refused);
}

static void a_pin_has_four_to_eight_digits_and_ff(void **state)
{
    static const struct encoding rows[] = {
        {KB_ENCODE_PIN, 0, "1234", "31323334FFFFFFFF"},
        {KB_ENCODE_PIN, 0, "12345678", "3132333435363738"},
        {KB_ENCODE_RAW, 0, "ab", "6162FFFF"},
        {KB_ENCODE_RAW, 0, "", "FF"},
    };
    static const struct refusal refused[] = {
        {KB_ENCODE_PIN, "123", 8, KB_ERR_RANGE},
        {KB_ENCODE_PIN, "123456789", 8, KB_ERR_TOO_LONG},
        {KB_ENCODE_PIN, "12E4", 8, KB_ERR_MALFORMED},
        {KB_ENCODE_RAW, "abc", 2, KB_ERR_TOO_LONG},
        {KB_ENCODERS, "abc", 3, KB_ERR_USAGE},
        {KB_ENCODE_RAW, "", 0, KB_ERR_USAGE},
    };

    (void)state;
    CHECK(rows);
    CHECK_REFUSED(refused);
}

/* The numbers of KB_OBJ_AKA (card/objects.h) from the words of docs/plan.md. */
static void authentication_is_said_in_words_and_numbers(void **state)
{
    static const struct encoding rows[] = {
        {KB_ENCODE_AKA, 0, "milenage", "00"},
        {KB_ENCODE_AKA, 0, "tuak", "01"},
        {KB_ENCODE_AKA, 0, "xor", "02"},
        {KB_ENCODE_AKA, 1, "from-3g", "00"},
        {KB_ENCODE_AKA, 1, "comp128v1", "01"},
        {KB_ENCODE_AKA, 1, "comp128v3", "03"},
        {KB_ENCODE_AKA, 1, "xor", "04"},
        {KB_ENCODE_AKA, 2, "4", "04"},
        {KB_ENCODE_AKA, 2, "16", "10"},
        {KB_ENCODE_AKA, 3, "32", "20"},
        {KB_ENCODE_AKA, 5, "8", "08"},
        {KB_ENCODE_AKA, 5, "16", "10"},
        {KB_ENCODE_AKA, 5, "32", "20"},
        {KB_ENCODE_AKA, 6, "255", "FF"},
        {KB_ENCODE_AKA, 7, "0", "00"},
        {KB_ENCODE_AKA, 7, "5", "05"},
        {KB_ENCODE_AKA, 8, "none", "00000000000000"},
        {KB_ENCODE_AKA, 8, "268435456", "01000010000000"},
        {KB_ENCODE_AKA, 9, "none", "00000000000000"},
        {KB_ENCODE_AKA, 9, "281474976710655", "02FFFFFFFFFFFF"},
    };
    static const struct refusal refused[] = {
        {KB_ENCODE_AKA, "", 1, KB_ERR_MALFORMED},
        {KB_ENCODE_AKA, "Milenage", 1, KB_ERR_MALFORMED},
        {KB_ENCODE_AKA, "milenag", 1, KB_ERR_MALFORMED},
        {KB_ENCODE_AKA, "milenage2", 1, KB_ERR_MALFORMED},
        {KB_ENCODE_AKA, "0", 1, KB_ERR_MALFORMED},
        {KB_ENCODE_AKA, "tuak", 2, KB_ERR_USAGE},
    };
    static const struct {
        uint8_t part;
        const char *text;
        size_t size;
        enum kb_err err;
    } numbers[] = {
        {2, "3", 1, KB_ERR_RANGE},
        {2, "17", 1, KB_ERR_RANGE},
        {2, "", 1, KB_ERR_MALFORMED},
        {3, "24", 1, KB_ERR_RANGE},
        {5, "9", 1, KB_ERR_RANGE},
        {6, "0", 1, KB_ERR_RANGE},
        {6, "256", 1, KB_ERR_RANGE},
        {7, "6", 1, KB_ERR_RANGE},
        {7, "-1", 1, KB_ERR_MALFORMED},
        {8, "0", 7, KB_ERR_RANGE},
        {8, "1", 1, KB_ERR_USAGE},
        {8, "281474976710656", 7, KB_ERR_RANGE},
        {9, "99999999999999999999999", 7, KB_ERR_RANGE},
        {9, "non", 7, KB_ERR_MALFORMED},
        {10, "1", 1, KB_ERR_USAGE},
    };

    (void)state;
    CHECK(rows);
    CHECK_REFUSED(refused);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct kb_span text = kb_span(numbers[i].text, strlen(numbers[i].text));
        uint8_t out[7];

        assert_int_equal(kb_encode(KB_ENCODE_AKA, numbers[i].part, text, out, numbers[i].size),
                         numbers[i].err);
    }
}

static void formats_tell_what_a_value_may_look_like(void **state)
{
    static const struct {
        enum kb_item_format format;
        const char *value;
        bool is_accepted;
    } rows[] = {
        {KB_FORMAT_BYTES, "\x01\xFF", true},
        {KB_FORMAT_DIGITS, "0123456789", true},
        {KB_FORMAT_DIGITS, "12 3", false},
        {KB_FORMAT_DIGITS, "+12", false},
        {KB_FORMAT_TEXT, "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", true},
        {KB_FORMAT_TEXT, "\x80", false},
        {KB_FORMAT_TEXT, "\xC0\xAF", false},         /* not the shortest form */
        {KB_FORMAT_TEXT, "\xE0\x80\xAF", false},     /* not the shortest form */
        {KB_FORMAT_TEXT, "\xED\xA0\x80", false},     /* a surrogate */
        {KB_FORMAT_TEXT, "\xF4\x90\x80\x80", false}, /* above 10FFFF */
        {KB_FORMAT_TEXT, "\xE2\x82", false},
        {KB_FORMAT_PLMNS, "", true},
        {KB_FORMAT_PLMNS, "24681;310410:FFFF", true},
        {KB_FORMAT_PLMNS, "24681;;24681", false},
        {KB_FORMAT_DIAL, "+49171", true},
        {KB_FORMAT_DIAL, "112", true},
        {KB_FORMAT_DIAL, "", false},
        {KB_FORMAT_DIAL, "+", false},
        {KB_FORMAT_DIAL, "++1", false},
        {KB_ITEM_FORMATS, "1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(
            kb_format_accepts(rows[i].format, kb_span(rows[i].value, strlen(rows[i].value))),
            rows[i].is_accepted);
}

static void checks_catch_a_wrong_digit_and_a_flat_key(void **state)
{
    static const uint8_t zeros[16], almost[16] = {[15] = 1};

    (void)state;
    /* ISO/IEC 7812-1 annex B's number and one digit off */
    assert_true(kb_check_accepts(KB_CHECK_LUHN, kb_span("79927398713", 11)));
    assert_false(kb_check_accepts(KB_CHECK_LUHN, kb_span("79927398710", 11)));
    assert_false(kb_check_accepts(KB_CHECK_LUHN, kb_span("0", 1)));
    assert_false(kb_check_accepts(KB_CHECK_LUHN, kb_span("7A", 2)));
    assert_false(kb_check_accepts(KB_CHECK_NOT_FLAT, kb_span(zeros, sizeof zeros)));
    assert_true(kb_check_accepts(KB_CHECK_NOT_FLAT, kb_span(almost, sizeof almost)));
    assert_false(kb_check_accepts(KB_CHECK_NOT_FLAT, kb_span("", 0)));
    assert_true(kb_check_accepts(KB_CHECK_NONE, kb_span(zeros, sizeof zeros)));
    assert_false(kb_check_accepts(KB_ITEM_CHECKS, kb_span(zeros, sizeof zeros)));
}

static void sizes_are_told_to_whoever_builds_an_image(void **state)
{
    (void)state;
    assert_int_equal(kb_encoder_size(KB_ENCODE_IMSI), 9);
    assert_int_equal(kb_encoder_size(KB_ENCODE_RAW), 0);
    assert_int_equal(kb_encoder_size(KB_ENCODERS), 0);
    assert_true(kb_encoder_fills(KB_ENCODE_PLMN, 12));
    assert_false(kb_encoder_fills(KB_ENCODE_PLMN, 13));
    assert_true(kb_encoder_fills(KB_ENCODE_SPN, 17));
    assert_false(kb_encoder_fills(KB_ENCODE_SPN, 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities_are_swapped_bcd_as_ts_31_102_says),
        cmocka_unit_test(networks_are_coded_as_ts_24_008_says),
        cmocka_unit_test(names_are_in_the_default_alphabet_or_ucs2),
        cmocka_unit_test(a_service_centre_is_the_only_parameter_of_smsp),
        cmocka_unit_test(a_pin_has_four_to_eight_digits_and_ff),
        cmocka_unit_test(authentication_is_said_in_words_and_numbers),
        cmocka_unit_test(formats_tell_what_a_value_may_look_like),
        cmocka_unit_test(checks_catch_a_wrong_digit_and_a_flat_key),
        cmocka_unit_test(sizes_are_told_to_whoever_builds_an_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
