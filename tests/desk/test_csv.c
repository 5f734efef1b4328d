/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as RFC 4180 describes them, and the refusals of what it does not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "desk/csv.h"
#include "rig.h"

static int set_up(void **state)
{
    (void)state;
    rig_enter();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

static struct kb_csv *open_text(const char *text)
{
    struct kb_report why = {0};
    struct kb_csv *csv;

    rig_write("t.csv", text);
    if (kb_csv_open("t.csv", &csv, &why))
        fail_msg("%s", why.text);
    return csv;
}

static void expect_row(struct kb_csv *csv, const char *first, const char *second)
{
    struct kb_report why = {0};
    bool is_row = false;

    if (kb_csv_next(csv, &is_row, &why))
        fail_msg("%s", why.text);
    assert_true(is_row);
    assert_string_equal(kb_csv_text(csv, 0), first);
    assert_string_equal(kb_csv_text(csv, 1), second);
}

static void expect_end(struct kb_csv *csv)
{
    struct kb_report why = {0};
    bool is_row = true;

    assert_int_equal(kb_csv_next(csv, &is_row, &why), KB_OK);
    assert_false(is_row);
    kb_csv_close(csv);
}

/* The refusal of a table, when it is opened or at its first rows. */
static void expect_refusal(const char *text, size_t len, enum kb_err err, const char *words)
{
    struct kb_report why = {0};
    struct kb_csv *csv;
    bool is_row = true;
    enum kb_err got;

    rig_write_bytes("t.csv", text, len);
    got = kb_csv_open("t.csv", &csv, &why);
    while (!got && is_row)
        got = kb_csv_next(csv, &is_row, &why);
    kb_csv_close(csv);
    assert_int_equal(got, err);
    assert_string_equal(why.text, words);
}

#define REFUSED(text, err, words) expect_refusal((text), sizeof(text) - 1, (err), (words))

/* RFC 4180 clause 2, rules 1-4. */
static void test_rows_end_with_crlf_or_lf_and_the_last_one_with_neither(void **state)
{
    static const char *const texts[] = {"a,b\r\n1,2\r\n3,4\r\n", "a,b\n1,2\n3,4\n",
                                        "a,b\r\n1,2\r\n3,4", "a,b\n1,2\n3,4", "a,b\r1"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct kb_csv *csv = open_text(texts[i]);

        expect_row(csv, "1", "2");
        expect_row(csv, "3", "4");
        expect_end(csv);
    }
    REFUSED("a,b\r1", KB_ERR_MALFORMED, "t.csv:1: a carriage return without a line feed");
}

/* Rules 5-7. */
static void test_quotes_hold_commas_line_ends_and_doubled_quotes(void **state)
{
    struct kb_csv *csv = open_text("a,b\n\"1,1\",\"say \"\"two\"\"\"\n\"3\r\n3\",\"\"\n");

    (void)state;
    expect_row(csv, "1,1", "say \"two\"");
    assert_int_equal(kb_csv_place(csv).line, 2);
    expect_row(csv, "3\r\n3", "");
    assert_int_equal(kb_csv_place(csv).line, 3);
    expect_end(csv);
}

static void test_a_byte_order_mark_is_no_part_of_the_first_name(void **state)
{
    struct kb_csv *csv = open_text("\xEF\xBB\xBF"
                                   "a,b\n1,2\n");

    (void)state;
    assert_string_equal(kb_csv_name(csv, 0), "a");
    expect_row(csv, "1", "2");
    expect_end(csv);
}

static void test_empty_lines_are_skipped_and_counted(void **state)
{
    struct kb_csv *csv = open_text("\na,b\n\n\n1,2\n\n");

    (void)state;
    expect_row(csv, "1", "2");
    assert_int_equal(kb_csv_place(csv).line, 5);
    expect_end(csv);
}

static void test_a_refusal_names_file_and_line(void **state)
{
    (void)state;
    REFUSED("", KB_ERR_MALFORMED, "t.csv:1: the table is empty; its first line names columns");
    REFUSED("a,b\n1\n", KB_ERR_MALFORMED, "t.csv:2: 1 values, but there are 2 columns");
    REFUSED("a,b\n1,2,3\n", KB_ERR_MALFORMED, "t.csv:2: 3 values, but there are 2 columns");
    REFUSED("a,b\n1,2\n\"3,4\n5,6\n", KB_ERR_MALFORMED, "t.csv:3: a quoted value is not closed");
    REFUSED("a,b\n\"1\"2,3\n", KB_ERR_MALFORMED, "t.csv:2: something follows a closing quote");
    REFUSED(
        "a,b\n1\"2\",3\n", KB_ERR_MALFORMED,
        "t.csv:2: a quote inside a value; put the whole value in quotes and double those in it");
    REFUSED("a,b\n1,\0002\n", KB_ERR_MALFORMED, "t.csv:2: a zero byte; this is not a text file");
    REFUSED("a,a\n", KB_ERR_MALFORMED, "t.csv:1: two columns have the same name");
    REFUSED("a,\n", KB_ERR_MALFORMED, "t.csv:1: a column has no name");
    REFUSED("a;b\n1;2\n", KB_ERR_MALFORMED, "t.csv:1: values are to be separated by commas");
}

static void test_a_row_of_any_length_is_read_or_refused(void **state)
{
    char *text = malloc(KB_CSV_ROW_MAX + 16);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', KB_CSV_ROW_MAX + 16);
    memcpy(text, "a\n", 2);
    text[2 + KB_CSV_ROW_MAX - 1] = '\n';
    expect_refusal(text, 2 + KB_CSV_ROW_MAX, KB_OK, "");
    text[2 + KB_CSV_ROW_MAX - 1] = 'x';
    expect_refusal(text, KB_CSV_ROW_MAX + 16, KB_ERR_TOO_LONG,
                   "t.csv:2: the row is longer than 65536 bytes");
    free(text);
}

static void test_a_table_that_is_not_there_is_absent(void **state)
{
    struct kb_report why = {0};
    struct kb_csv *csv;

    (void)state;
    assert_int_equal(kb_csv_open("none.csv", &csv, &why), KB_ERR_ABSENT);
    assert_null(csv);
    assert_string_equal(why.text, "none.csv: No such file or directory");
}

static void test_a_row_is_found_again_by_its_place(void **state)
{
    struct kb_csv *csv = open_text("a,b\n1,2\n\"3\n\",4\n5,6\n");
    struct kb_report why = {0};
    struct kb_csv_place second, third;

    (void)state;
    expect_row(csv, "1", "2");
    expect_row(csv, "3\n", "4");
    second = kb_csv_place(csv);
    expect_row(csv, "5", "6");
    third = kb_csv_place(csv);
    assert_int_equal(kb_csv_seek(csv, second, &why), KB_OK);
    expect_row(csv, "3\n", "4");
    assert_int_equal(kb_csv_place(csv).line, 3);
    assert_int_equal(kb_csv_seek(csv, third, &why), KB_OK);
    expect_row(csv, "5", "6");
    assert_int_equal(kb_csv_place(csv).line, 5);
    expect_end(csv);
}

/* Far apart, so that blocks of the file are read anew. */
static void test_rows_far_apart_are_found_again(void **state)
{
    struct kb_csv_place places[200];
    char *text = calloc(1, 2000 * 200);
    struct kb_report why = {0};
    struct kb_csv *csv;
    size_t at = 4;

    (void)state;
    assert_non_null(text);
    memcpy(text, "a,b\n", 4);
    for (int i = 0; i < 200; i++)
        at += (size_t)sprintf(text + at, "%d,%01500d\n", i, 0);
    csv = open_text(text);
    for (int i = 0; i < 200; i++) {
        bool is_row;

        assert_int_equal(kb_csv_next(csv, &is_row, &why), KB_OK);
        places[i] = kb_csv_place(csv);
    }
    for (int i = 0; i < 200; i++) {
        int which = i * 77 % 200;
        bool is_row;

        assert_int_equal(kb_csv_seek(csv, places[which], &why), KB_OK);
        assert_int_equal(kb_csv_next(csv, &is_row, &why), KB_OK);
        assert_int_equal(atoi(kb_csv_text(csv, 0)), which);
    }
    kb_csv_close(csv);
    free(text);
}

/* Rule 5-7 the other way. */
static void test_what_is_written_is_read_back(void **state)
{
    FILE *file = fopen("t.csv", "w");
    struct kb_report why = {0};
    struct kb_csv *csv;

    (void)state;
    assert_non_null(file);
    fputs("a,b\n", file);
    kb_csv_put(file, "plain", true);
    kb_csv_put(file, "a \"quote\", and\na line", false);
    fputc('\n', file);
    fclose(file);
    assert_int_equal(kb_csv_open("t.csv", &csv, &why), KB_OK);
    expect_row(csv, "plain", "a \"quote\", and\na line");
    expect_end(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_end_with_crlf_or_lf_and_the_last_one_with_neither),
        cmocka_unit_test(test_quotes_hold_commas_line_ends_and_doubled_quotes),
        cmocka_unit_test(test_a_byte_order_mark_is_no_part_of_the_first_name),
        cmocka_unit_test(test_empty_lines_are_skipped_and_counted),
        cmocka_unit_test(test_a_refusal_names_file_and_line),
        cmocka_unit_test(test_a_row_of_any_length_is_read_or_refused),
        cmocka_unit_test(test_a_table_that_is_not_there_is_absent),
        cmocka_unit_test(test_a_row_is_found_again_by_its_place),
        cmocka_unit_test(test_rows_far_apart_are_found_again),
        cmocka_unit_test(test_what_is_written_is_read_back),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
