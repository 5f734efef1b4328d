/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a file holds, the compiler answers with a plan or a refusal that names it, soon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/plan/small_plan.h"

/* Refused or read, never neither. */
static void try_text(const void *text, size_t len)
{
    char path[64];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    enum kb_err err = load_plan(text, len, path, &plan, &why);

    assert_int_equal(err == KB_OK, plan != NULL);
    if (err) {
        assert_int_equal(why.err, err);
        assert_int_equal(strncmp(why.text, path, strlen(path)), 0);
    }
    kb_plan_free(plan);
}

static void refuse_text(const char *text, size_t len, enum kb_err wanted, const char *words)
{
    char path[64];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    enum kb_err err = load_plan(text, len, path, &plan, &why);

    assert_null(plan);
    if (err != wanted || !strstr(why.text, words))
        fail_msg("wanted %d %s\n  got %d %s", wanted, words, err, why.text);
}

static void a_plan_cut_at_every_length(void **state)
{
    (void)state;
    for (size_t len = 0; len <= strlen(small_plan); len++)
        try_text(small_plan, len);
}

static void a_plan_flipped_in_every_byte(void **state)
{
    static const unsigned char flips[] = {0x01, 0x10, 0x80, 0xFF, 0x20};
    size_t len = strlen(small_plan);
    char *copy = malloc(len);

    (void)state;
    assert_non_null(copy);
    for (size_t at = 0; at < len; at++) {
        memcpy(copy, small_plan, len);
        copy[at] = (char)(copy[at] ^ flips[at % sizeof flips]);
        try_text(copy, len);
    }
    free(copy);
}

/* Any character of YAML's own in any place. */
static void a_plan_with_one_character_of_yaml_put_in(void **state)
{
    static const char signs[] = "{}[]:,-#&*!|>'\"%?\n\t ";
    size_t len = strlen(small_plan);
    char *copy = malloc(len + 1);

    (void)state;
    assert_non_null(copy);
    for (size_t at = 0; at < len; at += 3) {
        memcpy(copy, small_plan, at);
        copy[at] = signs[at % (sizeof signs - 1)];
        memcpy(copy + at + 1, small_plan + at, len - at);
        try_text(copy, len + 1);
    }
    free(copy);
}

static void zero_bytes_are_refused_with_their_line(void **state)
{
    (void)state;
    refuse_text("format: keyborn-plan-1\nname: a\0b\n", 34, KB_ERR_MALFORMED, ":2: ");
    refuse_text("format: keyborn-plan-1\nname: \"a\\0b\"\n", 36, KB_ERR_MALFORMED,
                "zero character");
}

static void empty_files_are_refused(void **state)
{
    (void)state;
    refuse_text("", 0, KB_ERR_MALFORMED, "the file is empty");
    refuse_text("# nothing\n", 10, KB_ERR_MALFORMED, "the file is empty");
    refuse_text("---\n", 4, KB_ERR_MALFORMED, "this is no keyborn plan");
    refuse_text("[1, 2]\n", 7, KB_ERR_MALFORMED, "this is no keyborn plan");
    refuse_text("word\n", 5, KB_ERR_MALFORMED, "this is no keyborn plan");
}

/* A text of one piece again and again. */
static void refuse_repeated(const char *start, const char *piece, size_t times, enum kb_err wanted,
                            const char *words)
{
    size_t size = strlen(piece);
    size_t len = strlen(start);
    char *text = malloc(len + times * size + 1);

    assert_non_null(text);
    memcpy(text, start, len);
    for (size_t i = 0; i < times; i++)
        memcpy(text + len + i * size, piece, size);
    refuse_text(text, len + times * size, wanted, words);
    free(text);
}

static void long_deep_and_many_are_refused(void **state)
{
    (void)state;
    refuse_repeated("# ", "long ", 60000, KB_ERR_TOO_LONG, "longer than 262144 bytes");
    refuse_repeated("", "[", 250000, KB_ERR_TOO_LONG, "nested deeper than 12");
    refuse_repeated("", "- ", 100000, KB_ERR_TOO_LONG, "nested deeper than 12");
    refuse_repeated("", "{a: ", 60000, KB_ERR_TOO_LONG, "nested deeper than 12");
    refuse_repeated("", "- 1\n", 60000, KB_ERR_TOO_LONG, "more than 20000 values");
    refuse_repeated("", "a: 1\n", 50000, KB_ERR_TOO_LONG, "more than 20000 values");
}

static void anchors_cannot_blow_a_plan_up(void **state)
{
    char text[4096] = "a0: &a0 [x, x]\n";
    size_t at = strlen(text);

    (void)state;
    for (int i = 1; i < 30; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1,
                               i - 1);
    refuse_text(text, at, KB_ERR_MALFORMED, "this is no keyborn plan");
    snprintf(text + at, sizeof text - at, "format: keyborn-plan-1\n");
    refuse_text(text, strlen(text), KB_ERR_MALFORMED, "unknown key 'a0'");
    refuse_repeated("", "- &a x\n", 1000, KB_ERR_TOO_LONG, "more than 32 anchors");
}

static void a_value_that_holds_itself_is_refused(void **state)
{
    static const char *const texts[] = {
        "format: keyborn-plan-1\nname: a\niccid: {prefix: '89'}\naccess: {a: &a {read: *a}}\n"
        "files: [{path: 3F00, name: MF, type: mf, access: a}]\nfields: [{name: f, items: []}]\n",
        "&a {format: keyborn-plan-1, name: *a}\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        try_text(texts[i], strlen(texts[i]));
}

static void a_name_that_points_nowhere_is_refused(void **state)
{
    (void)state;
    refuse_text("format: keyborn-plan-1\nname: *nobody\n", 37, KB_ERR_MALFORMED, ":2: ");
}

/* Anchors are welcome where they save writing. */
static void a_value_may_be_used_again(void **state)
{
    char path[64];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    char *first = replaced(small_plan, "open: {read: always, update: [adm1]}",
                           "open: &open {read: always, update: [adm1]}");
    char *text = replaced(first, "own: {read: [pin1, adm1], update: never}", "own: *open");

    (void)state;
    if (load_plan(text, strlen(text), path, &plan, &why))
        fail_msg("%s", why.text);
    kb_plan_free(plan);
    free(first);
    free(text);
}

static void windows_line_ends_and_byte_order_marks_are_welcome(void **state)
{
    char path[64], text[8192] = "\xEF\xBB\xBF";
    size_t at = 3;
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;

    (void)state;
    for (const char *from = small_plan; *from; from++) {
        if (*from == '\n')
            text[at++] = '\r';
        text[at++] = *from;
    }
    if (load_plan(text, at, path, &plan, &why))
        fail_msg("%s", why.text);
    kb_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_cut_at_every_length),
        cmocka_unit_test(a_plan_flipped_in_every_byte),
        cmocka_unit_test(a_plan_with_one_character_of_yaml_put_in),
        cmocka_unit_test(zero_bytes_are_refused_with_their_line),
        cmocka_unit_test(empty_files_are_refused),
        cmocka_unit_test(long_deep_and_many_are_refused),
        cmocka_unit_test(anchors_cannot_blow_a_plan_up),
        cmocka_unit_test(a_value_that_holds_itself_is_refused),
        cmocka_unit_test(a_name_that_points_nowhere_is_refused),
        cmocka_unit_test(a_value_may_be_used_again),
        cmocka_unit_test(windows_line_ends_and_byte_order_marks_are_welcome),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
