/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, from a table of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/frame.h"

static enum kb_exit do_nothing(struct kb_cli *cli)
{
    (void)cli;
    return KB_EXIT_OK;
}

static const struct kb_cli_option bake_options[] = {
    {"flour", "FILE", "What to bake of.", true, false},
    {"egg", "NAME", "An egg.", false, true},
    {"minutes", "N", "How long.", false, false},
    {"quickly", NULL, "Hurry.", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct kb_cli_verb verbs[] = {
    {"cake", "bake", "[NAME...]", 0, 3, "Bake", "Bakes.", bake_options, do_nothing},
    {"cake", "eat", "NAME", 1, 1, "Eat", "Eats.", NULL, do_nothing},
    {"", "wash", "", 0, 0, "Wash up", "Washes.", NULL, do_nothing},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
static const struct kb_cli_group groups[] = {{"cake", "Cakes"}, {NULL, NULL}};
static const struct kb_cli_verb *const all[] = {verbs, NULL};
static const struct kb_cli_table table = {groups, all};

enum { WORDS = 16 };

static struct kb_cli cli;
static struct kb_cli_given given[WORDS];
static const char *operands[WORDS];
static char line[256];
static struct kb_report why;

/* Parses words divided by blanks. */
static enum kb_err parse(const char *words)
{
    char *argv[WORDS + 1] = {"keyborn"};
    int argc = 1;
    char *rest = line;

    cli = (struct kb_cli){.table = &table, .given = given, .operands = operands};
    why = (struct kb_report){KB_OK, ""};
    snprintf(line, sizeof(line), "%s", words);
    for (char *word; *line && (word = strsep(&rest, " ")) && argc < WORDS;)
        argv[argc++] = word;
    argv[argc] = NULL;
    return kb_cli_parse(&cli, argc, argv, &why);
}

static void refuses(const char *words, const char *reason)
{
    assert_int_equal(parse(words), KB_ERR_USAGE);
    assert_int_equal(why.err, KB_ERR_USAGE);
    if (!strstr(why.text, reason))
        fail_msg("%s: no \"%s\" in: %s", words, reason, why.text);
}

static void options_stand_before_and_behind_operands(void **state)
{
    static const char *const orders[] = {
        "cake bake --flour f a b --quickly", "cake bake a --quickly b --flour f",
        "cake bake a b --quickly --flour=f", "--json cake --json bake --quickly --flour f a b"};

    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        assert_int_equal(parse(orders[i]), KB_OK);
        assert_string_equal(cli.verb->name, "bake");
        assert_string_equal(kb_cli_value(&cli, "flour"), "f");
        assert_true(kb_cli_flag(&cli, "quickly"));
        assert_string_equal(kb_cli_operand(&cli, 0), "a");
        assert_string_equal(kb_cli_operand(&cli, 1), "b");
        assert_null(kb_cli_operand(&cli, 2));
    }
    assert_true(kb_cli_is_json(&cli));
}

static void a_value_may_be_empty_or_hold_an_equals_sign(void **state)
{
    (void)state;
    assert_int_equal(parse("cake bake --flour="), KB_OK);
    assert_string_equal(kb_cli_value(&cli, "flour"), "");
    assert_int_equal(parse("cake bake --flour=a=b"), KB_OK);
    assert_string_equal(kb_cli_value(&cli, "flour"), "a=b");
    assert_int_equal(parse("cake bake --flour=--json"), KB_OK);
    assert_string_equal(kb_cli_value(&cli, "flour"), "--json");
    assert_int_equal(parse("cake bake --flour -"), KB_OK);
    assert_string_equal(kb_cli_value(&cli, "flour"), "-");
}

static void what_was_not_given_is_null(void **state)
{
    (void)state;
    assert_int_equal(parse("cake bake --flour f"), KB_OK);
    assert_null(kb_cli_value(&cli, "minutes"));
    assert_null(kb_cli_nth(&cli, "egg", 0));
    assert_false(kb_cli_flag(&cli, "quickly"));
    assert_false(kb_cli_is_json(&cli));
}

static void a_repeatable_option_keeps_its_order(void **state)
{
    (void)state;
    assert_int_equal(parse("cake bake --egg 1 --flour f --egg=2 --egg 3"), KB_OK);
    assert_string_equal(kb_cli_value(&cli, "egg"), "1");
    assert_string_equal(kb_cli_nth(&cli, "egg", 1), "2");
    assert_string_equal(kb_cli_nth(&cli, "egg", 2), "3");
    assert_null(kb_cli_nth(&cli, "egg", 3));
}

static void behind_two_hyphens_everything_is_an_operand(void **state)
{
    (void)state;
    assert_int_equal(parse("cake bake --flour f -- --quickly --json -"), KB_OK);
    assert_string_equal(kb_cli_operand(&cli, 0), "--quickly");
    assert_string_equal(kb_cli_operand(&cli, 1), "--json");
    assert_string_equal(kb_cli_operand(&cli, 2), "-");
    assert_false(kb_cli_is_json(&cli));
    assert_false(kb_cli_flag(&cli, "quickly"));
}

static void a_single_hyphen_is_an_operand(void **state)
{
    (void)state;
    assert_int_equal(parse("cake eat -"), KB_OK);
    assert_string_equal(kb_cli_operand(&cli, 0), "-");
}

static void help_needs_nothing_else(void **state)
{
    static const char *const ways[] = {"--help", "cake --help", "cake bake --help", "cake eat -h",
                                       "wash --help"};

    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        assert_int_equal(parse(ways[i]), KB_OK);
        assert_true(cli.wants_help);
    }
}

static void version_stands_alone(void **state)
{
    (void)state;
    assert_int_equal(parse("--version"), KB_OK);
    assert_true(cli.wants_version);
    refuses("cake --version", "--version");
}

static void a_mistyped_word_is_guessed(void **state)
{
    (void)state;
    refuses("cak", "did you mean cake?");
    refuses("wahs", "did you mean wash?");
    refuses("cake baek", "cake: unknown verb baek; did you mean bake?");
    refuses("cake bake --fluor f", "did you mean --flour?");
    refuses("cake bake --quick", "did you mean --quickly?");
    refuses("cake eat x --jsn", "did you mean --json?");
    refuses("--versoin", "did you mean --version?");
}

static void a_strange_word_is_not_guessed(void **state)
{
    (void)state;
    refuses("xylophone", "unknown verb xylophone; see keyborn help");
    refuses("cake bake --xylophone", "unknown option --xylophone; see keyborn help");
    refuses("cake bake -x", "unknown option --x");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    refuses("", "keyborn help");
    refuses("cake", "which verb? See keyborn help cake");
    refuses("cake bake", "cake bake needs --flour FILE");
    refuses("cake eat", "cake eat needs NAME");
    refuses("cake bake --flour", "--flour needs a value: --flour FILE");
    refuses("cake bake --flour --quickly", "--flour needs a value");
}

static void what_is_too_much_is_named(void **state)
{
    (void)state;
    refuses("cake eat a b", "one word too many: b");
    refuses("wash up", "one word too many: up");
    refuses("cake bake --flour f --flour g", "--flour was given twice");
    refuses("cake bake --flour f --quickly=yes", "--quickly takes no value");
}

static void json_is_known_also_when_the_line_is_wrong(void **state)
{
    (void)state;
    refuses("xylophone --json", "xylophone");
    assert_true(kb_cli_is_json(&cli));
}

static void very_long_words_do_no_harm(void **state)
{
    static char words[200];

    (void)state;
    memset(words, 'x', sizeof(words) - 1);
    refuses(words, "unknown verb");
    memcpy(words, "cake bake --", 12);
    refuses(words, "unknown option");
}

static void a_number_is_whole_and_within_its_limits(void **state)
{
    static const char *const wrong[] = {"",     "-1", "+1",   "1.5",
                                        "0x10", "1 ", "ten",  "11",
                                        "0",    "1e", "9999", "99999999999999999999999"};
    unsigned long number = 7;

    (void)state;
    assert_int_equal(parse("cake bake --flour f"), KB_OK);
    assert_int_equal(kb_cli_number(&cli, "minutes", 1, 10, &number, &why), KB_OK);
    assert_int_equal(number, 7);
    assert_int_equal(parse("cake bake --flour f --minutes 10"), KB_OK);
    assert_int_equal(kb_cli_number(&cli, "minutes", 1, 10, &number, &why), KB_OK);
    assert_int_equal(number, 10);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(parse("cake bake --flour f --minutes x"), KB_OK);
        cli.given[1].value = wrong[i];
        assert_int_equal(kb_cli_number(&cli, "minutes", 1, 10, &number, &why), KB_ERR_USAGE);
        assert_non_null(strstr(why.text, "--minutes"));
        assert_int_equal(number, 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_and_behind_operands),
        cmocka_unit_test(a_value_may_be_empty_or_hold_an_equals_sign),
        cmocka_unit_test(what_was_not_given_is_null),
        cmocka_unit_test(a_repeatable_option_keeps_its_order),
        cmocka_unit_test(behind_two_hyphens_everything_is_an_operand),
        cmocka_unit_test(a_single_hyphen_is_an_operand),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(version_stands_alone),
        cmocka_unit_test(a_mistyped_word_is_guessed),
        cmocka_unit_test(a_strange_word_is_not_guessed),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(what_is_too_much_is_named),
        cmocka_unit_test(json_is_known_also_when_the_line_is_wrong),
        cmocka_unit_test(very_long_words_do_no_harm),
        cmocka_unit_test(a_number_is_whole_and_within_its_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
