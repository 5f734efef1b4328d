/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a personalization as they may not be: cut, flipped, encoded otherwise, or with fields
 * of a later day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "tests/wire/session_bytes.h"
#include "tests/wire/session_examples.h"

enum { KNOWN = 14 };

static enum kb_err read_hex(const char *hex)
{
    struct kb_session_message message;
    uint8_t bytes[MOST], *copy;
    size_t len = from_hex(hex, bytes);
    enum kb_err err;

    copy = exact_copy(bytes, len);
    err = kb_session_read(kb_span(copy, len), &message);
    free(copy);
    return err;
}

/* A changed message is refused, or means what its bytes say. */
static void assert_refused_or_same(struct kb_span bytes)
{
    uint8_t *copy = exact_copy(bytes.data, bytes.len), expected[MOST], out[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    struct kb_session_message message;

    if (kb_session_read(kb_span(copy, bytes.len), &message) == KB_OK) {
        size_t len = without_unknown(bytes, 2, KNOWN, expected);

        kb_session_write(&wr, &message);
        assert_false(wr.is_bad);
        assert_int_equal(wr.len, len);
        assert_memory_equal(out, expected, len);
    } else {
        assert_int_equal(message.kind, 0);
        assert_null(message.agree.data);
    }
    free(copy);
}

static void every_message_is_refused_when_cut_at_any_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < SESSION_EXAMPLES; i++) {
        uint8_t bytes[MOST];
        size_t whole = from_hex(session_examples[i].hex, bytes);

        for (size_t len = 0; len <= whole + 1; len++) {
            uint8_t *copy = exact_copy(bytes, len);
            struct kb_session_message message;

            assert_int_equal(kb_session_read(kb_span(copy, len), &message),
                             len == whole ? KB_OK : KB_ERR_MALFORMED);
            free(copy);
        }
    }
}

static void every_message_with_any_bit_flipped_is_refused_or_means_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < SESSION_EXAMPLES; i++) {
        uint8_t bytes[MOST];
        size_t len = from_hex(session_examples[i].hex, bytes);

        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_refused_or_same(kb_span(bytes, len));
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void every_message_with_any_byte_changed_is_refused_or_means_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < SESSION_EXAMPLES; i++) {
        uint8_t bytes[MOST];
        size_t len = from_hex(session_examples[i].hex, bytes);

        for (size_t at = 0; at < len; at++) {
            uint8_t kept = bytes[at];

            for (unsigned value = 0; value < 256; value++) {
                bytes[at] = (uint8_t)value;
                assert_refused_or_same(kb_span(bytes, len));
            }
            bytes[at] = kept;
        }
    }
}

/* RFC 8949 clause 4.2.1. */
static void only_the_deterministic_encoding_is_taken(void **state)
{
    static const struct {
        const char *hex, *why;
    } cases[] = {
        {"05 02 A0 00", "something behind the map"},
        {"18 05 02 A0", "a kind in more bytes than it needs"},
        {"05 18 02 A0", "a session in more bytes than it needs"},
        {"05 1B 0000000100000000 A0", "a session above 32 bits"},
        {"05 21 A0", "a negative session"},
        {"05 02 BF FF", "a map of unknown length"},
        {"05 02 B8 00", "a map with a longer head"},
        {"05 02 80", "an array"},
        {"06 02 A1 18 08 01", "a key in more bytes than it needs"},
        {"06 02 A1 08 18 01", "a value in more bytes than it needs"},
        {"06 02 A2 08 01 07 41 AA", "keys that do not ascend"},
        {"06 02 A2 08 01 08 01", "a key twice"},
        {"06 02 A2 08 01 08 02", "a key with two values"},
        {"05 02 A1 07 5F 41 AA FF", "a string in pieces"},
        {"05 02 A1 07 58 01 AA", "a string with a longer head"},
        {"05 02 A1 07 5B FFFFFFFFFFFFFFFF AA", "a string as long as the world"},
        {"05 02 BB FFFFFFFFFFFFFFFF", "a map as large as the world"},
        {"00 02 A0", "no kind"},
        {"07 02 A0", "a kind of a later day"},
    };

    (void)state;
    assert_int_equal(read_hex("05 02 A0"), KB_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(read_hex(cases[i].hex), KB_ERR_MALFORMED);
}

static void fields_of_a_later_day_are_passed_over(void **state)
{
    static const struct {
        const char *hex;
        enum kb_err err;
    } cases[] = {
        {"06 02 A2 00 61 41 08 01", KB_OK},
        {"06 02 A2 08 01 0F 82 01 A1 00 F6", KB_OK},
        {"06 02 A3 08 01 18 18 41 00 19 0100 D8 20 F5", KB_OK},
        {"06 02 A2 08 01 20 05", KB_OK},
        {"06 02 A2 08 01 61 41 05", KB_OK},
        {"06 02 A2 08 01 0F 18 01", KB_ERR_MALFORMED},       /* they too are deterministic */
        {"06 02 A2 08 01 0F FA 3F800000", KB_ERR_MALFORMED}, /* and know no floats */
        {"06 02 A2 08 01 0F 818181818181818181 01",
         KB_ERR_MALFORMED}, /* and do not nest for ever */
        {"06 02 A2 0F 01 08 01", KB_ERR_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(read_hex(cases[i].hex), cases[i].err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_refused_when_cut_at_any_length),
        cmocka_unit_test(every_message_with_any_bit_flipped_is_refused_or_means_what_it_says),
        cmocka_unit_test(every_message_with_any_byte_changed_is_refused_or_means_what_it_says),
        cmocka_unit_test(only_the_deterministic_encoding_is_taken),
        cmocka_unit_test(fields_of_a_later_day_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
