/* SPDX-License-Identifier: Apache-2.0 */
/* What travels with messages of a personalization: lists of operators, identities, whose a packet
 * is, and reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "tests/wire/session_bytes.h"
#include "tests/wire/session_examples.h"

/* --- Lists of operators --- */

static void lists_have_one_to_eight_operators(void **state)
{
    struct kb_session_operator in[KB_SESSION_OPERATORS + 1], out[KB_SESSION_OPERATORS];
    static const char longest[] = "0123456789012345678901234567890123";

    (void)state;
    for (size_t count = 0; count <= KB_SESSION_OPERATORS + 1; count++) {
        uint8_t list[MOST * 4];
        struct kb_writer wr = kb_wr(list, sizeof(list));

        for (size_t i = 0; i < count; i++) {
            in[i].id_o = kb_span(longest, KB_ID_O_MAX - i);
            in[i].name = kb_span(longest, KB_OPERATOR_NAME_MAX - i);
        }
        kb_session_operators_write(&wr, in, count);
        assert_int_equal(wr.is_bad, count == 0 || count > KB_SESSION_OPERATORS);
        if (wr.is_bad)
            continue;
        assert_int_equal(list[0], 0x80 + 2 * count);
        assert_int_equal(kb_session_operators_read(kb_wr_span(&wr), out), count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(out[i].id_o.len, in[i].id_o.len);
            assert_int_equal(out[i].name.len, in[i].name.len);
        }
    }
    in[0] = (struct kb_session_operator){kb_span(longest, KB_ID_O_MAX + 1), kb_span(longest, 1)};
    in[1] = (struct kb_session_operator){kb_span(longest, 1),
                                         kb_span(longest, KB_OPERATOR_NAME_MAX + 1)};
    in[2] = (struct kb_session_operator){kb_span(longest, 1), kb_span(longest, 0)};
    for (size_t i = 0; i < 3; i++) {
        uint8_t list[MOST];
        struct kb_writer wr = kb_wr(list, sizeof(list));

        kb_session_operators_write(&wr, &in[i], 1);
        assert_true(wr.is_bad);
    }
}

static void a_list_of_nine_operators_is_malformed(void **state)
{
    struct kb_session_operator out[KB_SESSION_OPERATORS];
    uint8_t list[1 + 18 * 2] = {0x92};

    (void)state;
    for (size_t i = 1; i < sizeof(list); i += 2) {
        list[i] = 0x61;
        list[i + 1] = 'A';
    }
    assert_int_equal(kb_session_operators_read(kb_span(list, sizeof(list)), out), 0);
    list[0] = 0x90;
    assert_int_equal(kb_session_operators_read(kb_span(list, sizeof(list) - 4), out), 8);
    assert_int_equal(kb_session_operators_read(kb_span(list, sizeof(list) - 3), out), 0);
    assert_int_equal(kb_session_operators_read(kb_span(list, 0), out), 0);
}

/* --- Identities --- */

static void identities_have_the_bytes_of_rfc_8949(void **state)
{
    (void)state;
    for (size_t i = 0; i < IDENTITY_EXAMPLES; i++) {
        const struct kb_identity *want = &identity_examples[i].identity;
        uint8_t bytes[MOST], out[MOST];
        size_t len = from_hex(identity_examples[i].hex, bytes);
        struct kb_writer wr = kb_wr(out, sizeof(out));
        struct kb_identity got;

        kb_identity_write(&wr, want);
        assert_false(wr.is_bad);
        assert_int_equal(wr.len, len);
        assert_memory_equal(out, bytes, len);
        assert_int_equal(kb_identity_read(kb_span(bytes, len), &got), KB_OK);
        assert_int_equal(got.mnc_length, want->mnc_length);
        assert_int_equal(got.imsi.len, want->imsi.len);
        assert_memory_equal(got.imsi.data, want->imsi.data, want->imsi.len);
        assert_int_equal(got.name.len, want->name.len);
        assert_int_equal(got.centre.len, want->centre.len);
    }
}

static void damaged_identities_are_refused_or_mean_what_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < IDENTITY_EXAMPLES; i++) {
        uint8_t bytes[MOST], out[MOST], expected[MOST];
        size_t whole = from_hex(identity_examples[i].hex, bytes);
        struct kb_identity got;

        for (size_t len = 0; len < whole; len++) {
            uint8_t *copy = exact_copy(bytes, len);

            assert_int_equal(kb_identity_read(kb_span(copy, len), &got), KB_ERR_MALFORMED);
            free(copy);
        }
        for (size_t bit = 0; bit < 8 * whole; bit++) {
            struct kb_writer wr = kb_wr(out, sizeof(out));
            uint8_t *copy = exact_copy(bytes, whole);

            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (kb_identity_read(kb_span(copy, whole), &got) == KB_OK) {
                kb_identity_write(&wr, &got);
                assert_int_equal(wr.len, without_unknown(kb_span(copy, whole), 0, 4, expected));
                assert_memory_equal(out, expected, wr.len);
            }
            free(copy);
        }
    }
}

static void an_identity_has_14_or_15_digits_and_2_or_3_of_them_are_the_network_code(void **state)
{
    static const char digits[] = "0010101234567890";

    (void)state;
    for (size_t len = 0; len <= 16; len++) {
        for (uint8_t mnc_length = 0; mnc_length < 6; mnc_length++) {
            struct kb_identity identity = {.imsi = kb_span(digits, len), .mnc_length = mnc_length};
            uint8_t out[MOST];
            struct kb_writer wr = kb_wr(out, sizeof(out));
            bool is_good = (len == 14 || len == 15) && (mnc_length == 2 || mnc_length == 3);

            kb_identity_write(&wr, &identity);
            assert_int_equal(!wr.is_bad, is_good);
        }
    }
}

static void the_centre_of_an_identity_is_a_number_to_call(void **state)
{
    static const struct {
        const char *number;
        bool is_good;
    } cases[] = {{"", true},
                 {"1", true},
                 {"+1", true},
                 {"+", false},
                 {"++1", false},
                 {"1+", false},
                 {"*100#", false},
                 {"+12345678901234567890", true},
                 {"+123456789012345678901", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kb_identity identity = {.imsi = S("001010123456789"), .mnc_length = 2};
        uint8_t out[MOST];
        struct kb_writer wr = kb_wr(out, sizeof(out));

        identity.centre = kb_span(cases[i].number, strlen(cases[i].number));
        kb_identity_write(&wr, &identity);
        assert_int_equal(!wr.is_bad, cases[i].is_good);
    }
}

/* --- Names --- */

/* TS 102 221 clause 13.2: pairs of digits swapped, F where there is none. */
static void a_sender_is_what_ef_iccid_holds(void **state)
{
    static const struct {
        const char *id_sc;
        uint8_t sender[KB_SESSION_SENDER];
    } cases[] = {
        {"8949012345678901234", {0x98, 0x94, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0xF4}},
        {"89490123456789012342", {0x98, 0x94, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x24}},
        {"894901234567890123", {0x98, 0x94, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0xFF}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t sender[KB_SESSION_SENDER];
        char digits[KB_ID_SC_MAX];
        size_t len = strlen(cases[i].id_sc);

        kb_session_sender(kb_span(cases[i].id_sc, len), sender);
        assert_memory_equal(sender, cases[i].sender, sizeof(sender));
        assert_int_equal(kb_session_sender_digits(sender, digits), len);
        assert_memory_equal(digits, cases[i].id_sc, len);
    }
}

static void a_sender_without_digits_is_nobody(void **state)
{
    static const char *const wrong[] = {"", "89A9", "894901234567890123421"};
    uint8_t sender[KB_SESSION_SENDER] = {0x98, 0xFF, 0x10};
    char digits[KB_ID_SC_MAX];

    (void)state;
    assert_int_equal(kb_session_sender_digits(sender, digits), 0);
    sender[1] = 0x9A;
    assert_int_equal(kb_session_sender_digits(sender, digits), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        kb_session_sender(kb_span(wrong[i], strlen(wrong[i])), sender);
        assert_int_equal(kb_session_sender_digits(sender, digits), 0);
    }
}

static void every_reason_has_a_sentence_of_its_own(void **state)
{
    const char *nobody = kb_session_reason_text(KB_REASONS);

    (void)state;
    for (unsigned reason = 0; reason < KB_REASONS; reason++) {
        const char *text = kb_session_reason_text((enum kb_session_reason)reason);

        assert_true(strlen(text) > 0 && strlen(text) < 60);
        assert_string_not_equal(text, nobody);
        for (unsigned other = 0; other < reason; other++)
            assert_string_not_equal(text, kb_session_reason_text((enum kb_session_reason)other));
    }
    assert_string_equal(kb_session_reason_text((enum kb_session_reason)255), nobody);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_have_one_to_eight_operators),
        cmocka_unit_test(a_list_of_nine_operators_is_malformed),
        cmocka_unit_test(identities_have_the_bytes_of_rfc_8949),
        cmocka_unit_test(damaged_identities_are_refused_or_mean_what_they_say),
        cmocka_unit_test(an_identity_has_14_or_15_digits_and_2_or_3_of_them_are_the_network_code),
        cmocka_unit_test(the_centre_of_an_identity_is_a_number_to_call),
        cmocka_unit_test(a_sender_is_what_ef_iccid_holds),
        cmocka_unit_test(a_sender_without_digits_is_nobody),
        cmocka_unit_test(every_reason_has_a_sentence_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
