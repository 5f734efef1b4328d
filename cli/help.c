/* SPDX-License-Identifier: Apache-2.0 */
/* Help for people and, with --json, for programs: the table written out. */
#include "cli/frame.h"

#include <string.h>

enum { WIDTH = 88, OPTION_COLUMN = 28 };

const char *const kb_cli_exit_words[] = {
    "done",
    "done, but not for every card; or something needed is missing (doctor)",
    "unknown verb or option, or one is missing",
    "a plan, table, card file, key or line of input is wrong or cannot be read",
    "no reader, no card, or it vanished",
    "this machine: memory, disk, a missing service",
    "a promise of the simulated world was broken (sim)",
    NULL,
};

bool kb_cli_block_next(const char **text, struct kb_cli_block *block)
{
    const char *end;

    *text += strspn(*text, "\n");
    if (!**text)
        return false;
    end = strstr(*text, "\n\n");
    block->text = *text;
    block->len = end ? (size_t)(end - *text) : strlen(*text);
    block->is_example = **text == ' ';
    *text += block->len;
    return true;
}

/* Writes words in lines that start at column indent; the first line is already there. */
static void wrap(FILE *out, const char *text, size_t len, size_t indent)
{
    size_t column = indent;

    for (size_t at = 0; at < len;) {
        size_t word = strcspn(text + at, " \n");

        if (word > len - at)
            word = len - at;
        if (column > indent && column + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            putc(' ', out);
            column++;
        }
        fwrite(text + at, 1, word, out);
        column += word;
        at += word;
        while (at < len && (text[at] == ' ' || text[at] == '\n'))
            at++;
    }
    putc('\n', out);
}

static void show_about(FILE *out, const char *about)
{
    struct kb_cli_block block;

    while (kb_cli_block_next(&about, &block)) {
        putc('\n', out);
        if (block.is_example)
            fprintf(out, "%.*s\n", (int)block.len, block.text);
        else
            wrap(out, block.text, block.len, 0);
    }
}

static void show_row(FILE *out, const char *left, const char *right)
{
    if (strlen(left) + 2 > OPTION_COLUMN - 2)
        fprintf(out, "  %s\n%*s", left, OPTION_COLUMN, "");
    else
        fprintf(out, "  %-*s", OPTION_COLUMN - 2, left);
    wrap(out, right, strlen(right), OPTION_COLUMN);
}

static void show_exit_codes(FILE *out)
{
    fprintf(out, "\nExit codes:\n");
    for (int code = 0; kb_cli_exit_words[code]; code++)
        fprintf(out, "  %d  %s\n", code, kb_cli_exit_words[code]);
}

void kb_cli_usage(FILE *out, const struct kb_cli_verb *verb)
{
    const struct kb_cli_option *option = verb->options;
    char name[64];

    kb_cli_verb_name(verb, ' ', name);
    fprintf(out, "keyborn %s", name);
    if (*verb->operands)
        fprintf(out, " %s", verb->operands);
    for (; option && option->name; option++)
        if (option->is_required)
            fprintf(out, " --%s %s%s", option->name, option->value ? option->value : "",
                    option->is_repeatable ? " ..." : "");
    fprintf(out, " [OPTIONS]");
}

static void show_options(FILE *out, const struct kb_cli_verb *verb)
{
    const struct kb_cli_option *option;

    fprintf(out, "\nOptions:\n");
    for (size_t i = 0; (option = kb_cli_option_at(verb, i)); i++) {
        char left[64];
        char right[512];

        snprintf(left, sizeof(left), "--%s%s%s", option->name, option->value ? " " : "",
                 option->value ? option->value : "");
        snprintf(right, sizeof(right), "%s%s%s", option->help,
                 option->is_required ? " Required." : "",
                 option->is_repeatable ? " May be given several times." : "");
        show_row(out, left, right);
    }
}

void kb_cli_help_verb(FILE *out, const struct kb_cli_verb *verb)
{
    fprintf(out, "Usage: ");
    kb_cli_usage(out, verb);
    fprintf(out, "\n\n%s.\n", verb->summary);
    show_about(out, verb->about);
    show_options(out, verb);
    show_exit_codes(out);
}

static void show_verbs(FILE *out, const struct kb_cli_table *table, const char *group)
{
    const struct kb_cli_verb *verb;

    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++) {
        char name[64];

        if (strcmp(verb->group, group) != 0)
            continue;
        kb_cli_verb_name(verb, ' ', name);
        show_row(out, name, verb->summary);
    }
}

static bool has_verbs(const struct kb_cli_table *table, const char *group)
{
    const struct kb_cli_verb *verb;

    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++)
        if (strcmp(verb->group, group) == 0)
            return true;
    return false;
}

void kb_cli_help_group(FILE *out, const struct kb_cli_table *table, const char *group)
{
    fprintf(out, "Usage: keyborn %s VERB [OPTIONS]\n\n%s.\n\n", group,
            kb_cli_find_group(table, group)->summary);
    show_verbs(out, table, group);
    fprintf(out, "\nMore about one: keyborn help %s VERB\n", group);
    show_exit_codes(out);
}

void kb_cli_help(FILE *out, const struct kb_cli_table *table)
{
    fprintf(out, "Usage: keyborn GROUP VERB [OPTIONS]\n\n"
                 "Makes and personalizes smart cards.\n");
    for (const struct kb_cli_group *group = table->groups; group->name; group++) {
        if (!has_verbs(table, group->name))
            continue;
        fprintf(out, "\n%s:\n", group->summary);
        show_verbs(out, table, group->name);
    }
    fprintf(out, "\nThis program and this machine:\n");
    show_verbs(out, table, "");
    fprintf(out, "\nEvery verb takes --json and --help; keyborn --version prints the version.\n");
    show_exit_codes(out);
}

static json_t *verb_json(const struct kb_cli_verb *verb)
{
    const struct kb_cli_option *option;
    json_t *options = json_array();

    for (size_t i = 0; (option = kb_cli_option_at(verb, i)); i++)
        json_array_append_new(options,
                              json_pack("{s:s, s:s?, s:s, s:b, s:b}", "name", option->name, "value",
                                        option->value, "help", option->help, "required",
                                        option->is_required, "repeatable", option->is_repeatable));
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "group", verb->group, "name", verb->name,
                     "operands", verb->operands, "summary", verb->summary, "options", options);
}

json_t *kb_cli_help_json(const struct kb_cli_table *table)
{
    const struct kb_cli_verb *verb;
    json_t *verbs = json_array();
    json_t *codes = json_array();

    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++)
        json_array_append_new(verbs, verb_json(verb));
    for (int code = 0; kb_cli_exit_words[code]; code++)
        json_array_append_new(codes, json_string(kb_cli_exit_words[code]));
    return json_pack("{s:o, s:o}", "verbs", verbs, "exit_codes", codes);
}
