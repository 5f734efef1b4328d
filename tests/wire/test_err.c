/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences for errors, and reports on their way up. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/err.h"
#include "wire/report.h"

static void every_error_has_one_sentence_of_its_own(void **state)
{
    (void)state;
    for (int err = KB_ERR_PEER; err <= KB_OK; err++) {
        const char *text = kb_err_text((enum kb_err)err);

        assert_non_null(text);
        assert_true(strlen(text) > 5);
        assert_true(text[strlen(text) - 1] != '.');
        for (int other = KB_ERR_PEER; other < err; other++)
            assert_string_not_equal(text, kb_err_text((enum kb_err)other));
    }
}

static void a_number_that_is_no_error_has_a_sentence_too(void **state)
{
    static const int numbers[] = {1, 2, KB_ERR_PEER - 1, INT_MAX, INT_MIN};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        assert_string_equal(kb_err_text((enum kb_err)numbers[i]), "an unknown error");
}

static void a_report_says_where_what_and_what_would_be_right(void **state)
{
    struct kb_report why;

    (void)state;
    assert_int_equal(
        kb_report(&why, KB_ERR_CHECK_DIGIT, "check digit is %c, should be %c", '3', '5'),
        KB_ERR_CHECK_DIGIT);
    assert_int_equal(kb_report_in(&why, "%s", "iccid"), KB_ERR_CHECK_DIGIT);
    assert_int_equal(kb_report_in(&why, "%s:%d", "batch.csv", 17), KB_ERR_CHECK_DIGIT);
    assert_string_equal(why.text, "batch.csv:17: iccid: check digit is 3, should be 5");
    assert_int_equal(why.err, KB_ERR_CHECK_DIGIT);
}

static void a_report_nobody_wants_still_carries_its_error(void **state)
{
    (void)state;
    assert_int_equal(kb_report(NULL, KB_ERR_RANGE, "%d", 1), KB_ERR_RANGE);
    assert_true(kb_report_in(NULL, "%d", 1) != KB_OK);
}

static void a_long_report_is_cut_at_its_end(void **state)
{
    struct kb_report why;
    char words[2 * sizeof(why.text)];

    (void)state;
    memset(words, 'w', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    assert_int_equal(kb_report(&why, KB_ERR_IO, "%s", words), KB_ERR_IO);
    assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
    kb_report_in(&why, "file");
    assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
    assert_memory_equal(why.text, "file: www", 9);
    kb_report_in(&why, "%s", words);
    assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
    assert_int_equal(why.err, KB_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_one_sentence_of_its_own),
        cmocka_unit_test(a_number_that_is_no_error_has_a_sentence_too),
        cmocka_unit_test(a_report_says_where_what_and_what_would_be_right),
        cmocka_unit_test(a_report_nobody_wants_still_carries_its_error),
        cmocka_unit_test(a_long_report_is_cut_at_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
