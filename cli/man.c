/* SPDX-License-Identifier: Apache-2.0 */
/* Man pages from the table, in the man(7) macros. */
#include "cli/frame.h"

#include <ctype.h>
#include <string.h>

/* Text as it is: a backslash, a hyphen that is one, and a dot or quote that starts a line would be
 * commands to roff. */
static void put_text(FILE *out, const char *text, size_t len)
{
    bool is_line_start = true;

    for (size_t i = 0; i < len; i++) {
        if (is_line_start && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", out);
        if (text[i] == '\\')
            fputs("\\e", out);
        else if (text[i] == '-')
            fputs("\\-", out);
        else
            putc(text[i], out);
        is_line_start = text[i] == '\n';
    }
}

static void put_line(FILE *out, const char *text)
{
    put_text(out, text, strlen(text));
    putc('\n', out);
}

static void put_about(FILE *out, const char *about)
{
    struct kb_cli_block block;

    while (kb_cli_block_next(&about, &block)) {
        fputs(block.is_example ? ".PP\n.EX\n" : ".PP\n", out);
        put_text(out, block.text, block.len);
        fputs(block.is_example ? "\n.EE\n" : "\n", out);
    }
}

static void put_title(FILE *out, const char *page, const char *summary)
{
    fputs(".TH \"", out);
    for (const char *letter = page; *letter; letter++)
        putc(toupper((unsigned char)*letter), out);
    fprintf(out, "\" 1 \"\" \"keyborn %s\" \"Keyborn\"\n.SH NAME\n", KB_VERSION);
    put_text(out, page, strlen(page));
    fputs(" \\- ", out);
    put_line(out, summary);
}

static void put_exit_codes(FILE *out)
{
    fputs(".SH EXIT STATUS\n", out);
    for (int code = 0; kb_cli_exit_words[code]; code++) {
        fprintf(out, ".TP\n.B %d\n", code);
        put_line(out, kb_cli_exit_words[code]);
    }
}

static void put_option(FILE *out, const struct kb_cli_option *option)
{
    fputs(".TP\n\\fB\\-\\-", out);
    put_text(out, option->name, strlen(option->name));
    fputs("\\fR", out);
    if (option->value) {
        fputs(" \\fI", out);
        put_text(out, option->value, strlen(option->value));
        fputs("\\fR", out);
    }
    putc('\n', out);
    put_line(out, option->help);
    if (option->is_required)
        put_line(out, "Required.");
    if (option->is_repeatable)
        put_line(out, "May be given several times.");
}

static void put_verb_synopsis(FILE *out, const struct kb_cli_verb *verb)
{
    char usage[512];
    FILE *text = fmemopen(usage, sizeof(usage), "w");

    usage[0] = '\0';
    if (!text)
        return;
    kb_cli_usage(text, verb);
    fclose(text);
    usage[sizeof(usage) - 1] = '\0';
    put_line(out, usage);
}

static void man_verb(FILE *out, const struct kb_cli_verb *verb)
{
    const struct kb_cli_option *option;
    char name[64];
    char page[80];

    kb_cli_verb_name(verb, '-', name);
    snprintf(page, sizeof(page), "keyborn-%s", name);
    put_title(out, page, verb->summary);
    fputs(".SH SYNOPSIS\n", out);
    put_verb_synopsis(out, verb);
    fputs(".SH DESCRIPTION\n", out);
    put_text(out, verb->summary, strlen(verb->summary));
    fputs(".\n", out);
    put_about(out, verb->about);
    fputs(".SH OPTIONS\n", out);
    for (size_t i = 0; (option = kb_cli_option_at(verb, i)); i++)
        put_option(out, option);
    put_exit_codes(out);
    fputs(".SH SEE ALSO\n.BR keyborn (1)\n", out);
}

static void man_program(FILE *out, const struct kb_cli_table *table)
{
    const struct kb_cli_verb *verb;

    put_title(out, "keyborn", "make and personalize smart cards");
    fputs(".SH SYNOPSIS\n.B keyborn\n.I GROUP VERB\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n", out);
    put_line(out, "Makes semi-finished smart cards, above all SIMs, and personalizes them without "
                  "telling whoever does it where a card keeps what.");
    fputs(".SH VERBS\n", out);
    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)); i++) {
        char name[64];

        kb_cli_verb_name(verb, '-', name);
        fputs(".TP\n.BR keyborn\\-", out);
        put_text(out, name, strlen(name));
        fputs(" (1)\n", out);
        put_line(out, verb->summary);
    }
    fputs(".SH OPTIONS\n.TP\n.B \\-\\-version\nPrint the version.\n.TP\n.B \\-\\-help\n"
          "Show the list of verbs.\n.TP\n.B \\-\\-json\n"
          "Print results and errors as JSON; every verb takes it.\n",
          out);
    put_exit_codes(out);
}

void kb_cli_man(FILE *out, const struct kb_cli_table *table, const struct kb_cli_verb *verb)
{
    if (verb)
        man_verb(out, verb);
    else
        man_program(out, table);
}
