/* SPDX-License-Identifier: Apache-2.0 */
/* Progress is a plain line now and then where nobody looks at a terminal. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "desk/progress.h"

static unsigned count_lines(const char *text)
{
    unsigned count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Runs through a batch and returns what was written. */
static char *run(uint64_t total, uint64_t failed)
{
    struct kb_progress progress;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    kb_progress_start(&progress, out, "cards", total);
    for (uint64_t i = 0; i < total; i++)
        kb_progress_step(&progress, i < failed);
    kb_progress_end(&progress);
    fclose(out);
    return text;
}

static void test_a_line_for_each_tenth_ends_with_all(void **state)
{
    char *text = run(1000, 3);

    (void)state;
    assert_int_equal(count_lines(text), 10);
    assert_null(strchr(text, '\033'));
    assert_ptr_equal(strstr(text, "100/1000 cards, "), text);
    assert_non_null(strstr(text, "\n1000/1000 cards, "));
    assert_non_null(strstr(text, "0:00:00 left, 3 failed\n"));
    free(text);
}

static void test_a_small_batch_has_no_more_lines_than_cards(void **state)
{
    char *text = run(3, 0);

    (void)state;
    assert_int_equal(count_lines(text), 3);
    free(text);
}

static void test_without_a_stream_nothing_is_written(void **state)
{
    struct kb_progress progress;

    (void)state;
    kb_progress_start(&progress, NULL, "cards", 1);
    kb_progress_step(&progress, false);
    kb_progress_hide(&progress);
    kb_progress_end(&progress);
    assert_int_equal(progress.done, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_for_each_tenth_ends_with_all),
        cmocka_unit_test(test_a_small_batch_has_no_more_lines_than_cards),
        cmocka_unit_test(test_without_a_stream_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
