/* SPDX-License-Identifier: Apache-2.0 */
/* From the arguments to a verb with its options and operands, and the questions verbs ask of them.
 */
#include "cli/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

struct arguments {
    char **at; /* the next one; ends with NULL */
};

static enum kb_err unknown(struct kb_report *why, const char *what, const char *word,
                           const char *prefix, const char *const *words)
{
    const char *nearest = kb_cli_nearest(word, words);

    if (nearest)
        return kb_report(why, KB_ERR_USAGE, "unknown %s %s%s; did you mean %s%s?", what, prefix,
                         word, prefix, nearest);
    return kb_report(why, KB_ERR_USAGE, "unknown %s %s%s; see keyborn help", what, prefix, word);
}

/* Names of a group's verbs; with "" those of one word and all groups. */
static void list_words(const struct kb_cli_table *table, const char *group,
                       const char *words[WORDS_MAX])
{
    const struct kb_cli_verb *verb;
    size_t count = 0;

    for (size_t i = 0; (verb = kb_cli_verb_at(table, i)) && count < WORDS_MAX - 1; i++)
        if (strcmp(verb->group, group) == 0)
            words[count++] = verb->name;
    for (size_t i = 0; !*group && table->groups[i].name && count < WORDS_MAX - 1; i++)
        words[count++] = table->groups[i].name;
    words[count] = NULL;
}

static enum kb_err unknown_option(const struct kb_cli *cli, const char *word, struct kb_report *why)
{
    static const char *const bare[] = {"help", "version", "json", NULL};
    const char *words[WORDS_MAX];
    size_t count = 0;

    while (*word == '-')
        word++;
    if (!cli->verb)
        return unknown(why, "option", word, "--", bare);
    for (size_t i = 0; kb_cli_option_at(cli->verb, i) && count < WORDS_MAX - 1; i++)
        words[count++] = kb_cli_option_at(cli->verb, i)->name;
    words[count] = NULL;
    return unknown(why, "option", word, "--", words);
}

/* --json and --help, which every verb has. */
static bool take_common(struct kb_cli *cli, const char *argument)
{
    if (strcmp(argument, "--json") == 0)
        cli->is_json = true;
    else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)
        cli->wants_help = true;
    else
        return false;
    return true;
}

static const struct kb_cli_option *find_option(const struct kb_cli_verb *verb, const char *name,
                                               size_t len)
{
    const struct kb_cli_option *option;

    for (size_t i = 0; (option = kb_cli_option_at(verb, i)); i++)
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
            return option;
    return NULL;
}

static bool is_given(const struct kb_cli *cli, const struct kb_cli_option *option)
{
    for (size_t i = 0; i < cli->given_count; i++)
        if (cli->given[i].option == option)
            return true;
    return false;
}

static enum kb_err take_option(struct kb_cli *cli, const char *argument, struct arguments *args,
                               struct kb_report *why)
{
    const char *name = argument + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] ? name + len + 1 : NULL;
    const struct kb_cli_option *option =
        argument[1] == '-' ? find_option(cli->verb, name, len) : NULL;

    if (!option) {
        char word[64];

        snprintf(word, sizeof(word), "%.*s", (int)(len + 2), argument);
        return unknown_option(cli, word, why);
    }
    if (!option->value && value)
        return kb_report(why, KB_ERR_USAGE, "--%s takes no value", option->name);
    if (!option->is_repeatable && is_given(cli, option))
        return kb_report(why, KB_ERR_USAGE, "--%s was given twice", option->name);
    /* "--plan --json" is a value forgotten; one that starts so is written --plan=--json. */
    if (option->value && !value && (!*args->at || strncmp(*args->at, "--", 2) == 0))
        return kb_report(why, KB_ERR_USAGE, "--%s needs a value: --%s %s", option->name,
                         option->name, option->value);
    if (option->value && !value)
        value = *args->at++;
    cli->given[cli->given_count++] = (struct kb_cli_given){option, value};
    return KB_OK;
}

static enum kb_err take_all(struct kb_cli *cli, struct arguments *args, struct kb_report *why)
{
    bool is_option_allowed = true;
    enum kb_err err = KB_OK;

    while (!err && *args->at) {
        const char *argument = *args->at++;

        if (!is_option_allowed || argument[0] != '-' || !argument[1])
            cli->operands[cli->operand_count++] = argument;
        else if (strcmp(argument, "--") == 0)
            is_option_allowed = false;
        else if (!take_common(cli, argument))
            err = take_option(cli, argument, args, why);
    }
    return err;
}

static enum kb_err check_complete(const struct kb_cli *cli, struct kb_report *why)
{
    const struct kb_cli_option *option = cli->verb->options;
    char name[64];

    kb_cli_verb_name(cli->verb, ' ', name);
    for (; option && option->name; option++)
        if (option->is_required && !is_given(cli, option))
            return kb_report(why, KB_ERR_USAGE, "%s needs --%s %s", name, option->name,
                             option->value ? option->value : "");
    if (cli->operand_count < cli->verb->operands_min)
        return kb_report(why, KB_ERR_USAGE, "%s needs %s", name, cli->verb->operands);
    if (cli->operand_count > cli->verb->operands_max)
        return kb_report(why, KB_ERR_USAGE, "%s: one word too many: %s", name,
                         cli->operands[cli->verb->operands_max]);
    return KB_OK;
}

/* Options in front of the verb: --json, --help, --version. */
static enum kb_err take_leading(struct kb_cli *cli, struct arguments *args, struct kb_report *why)
{
    for (; *args->at && **args->at == '-'; args->at++) {
        if (strcmp(*args->at, "--version") == 0 && !cli->group)
            cli->wants_version = true;
        else if (!take_common(cli, *args->at))
            return unknown_option(cli, *args->at, why);
    }
    return KB_OK;
}

/* The first word is a verb or a group; after a group comes its verb. */
static enum kb_err take_verb(struct kb_cli *cli, struct arguments *args, struct kb_report *why)
{
    const char *words[WORDS_MAX];
    const struct kb_cli_group *group;
    enum kb_err err = take_leading(cli, args, why);

    if (err || !*args->at)
        return err;
    cli->verb = kb_cli_find_verb(cli->table, "", *args->at);
    if (cli->verb) {
        args->at++;
        return KB_OK;
    }
    group = kb_cli_find_group(cli->table, *args->at);
    list_words(cli->table, "", words);
    if (!group)
        return unknown(why, "verb", *args->at, "", words);
    cli->group = group->name;
    args->at++;
    err = take_leading(cli, args, why);
    if (err || !*args->at)
        return err;
    cli->verb = kb_cli_find_verb(cli->table, cli->group, *args->at);
    list_words(cli->table, cli->group, words);
    if (!cli->verb) {
        unknown(why, "verb", *args->at, "", words);
        return kb_report_in(why, "%s", cli->group);
    }
    args->at++;
    return KB_OK;
}

enum kb_err kb_cli_parse(struct kb_cli *cli, int argc, char **argv, struct kb_report *why)
{
    struct arguments args = {argc > 0 ? argv + 1 : argv};
    enum kb_err err;

    /* An error in the first word is already to be told in JSON when --json comes later. */
    for (char **argument = args.at; *argument && strcmp(*argument, "--") != 0; argument++)
        if (strcmp(*argument, "--json") == 0)
            cli->is_json = true;
    err = take_verb(cli, &args, why);
    if (err || cli->wants_version)
        return err;
    if (cli->verb) {
        err = take_all(cli, &args, why);
        return err || cli->wants_help ? err : check_complete(cli, why);
    }
    if (cli->wants_help)
        return KB_OK;
    if (cli->group)
        return kb_report(why, KB_ERR_USAGE, "%s: which verb? See keyborn help %s", cli->group,
                         cli->group);
    return kb_report(why, KB_ERR_USAGE, "what is to be done? See keyborn help");
}

const char *kb_cli_nth(const struct kb_cli *cli, const char *option, size_t n)
{
    for (size_t i = 0; i < cli->given_count; i++)
        if (strcmp(cli->given[i].option->name, option) == 0 && n-- == 0)
            return cli->given[i].value;
    return NULL;
}

const char *kb_cli_value(const struct kb_cli *cli, const char *option)
{
    return kb_cli_nth(cli, option, 0);
}

bool kb_cli_flag(const struct kb_cli *cli, const char *option)
{
    for (size_t i = 0; i < cli->given_count; i++)
        if (strcmp(cli->given[i].option->name, option) == 0)
            return true;
    return false;
}

enum kb_err kb_cli_number(const struct kb_cli *cli, const char *option, unsigned long min,
                          unsigned long max, unsigned long *out, struct kb_report *why)
{
    const char *text = kb_cli_value(cli, option);
    unsigned long number;

    if (!text)
        return KB_OK;
    errno = 0;
    number = strtoul(text, NULL, 10);
    if (!*text || text[strspn(text, "0123456789")] || errno || number < min || number > max)
        return kb_report(why, KB_ERR_USAGE, "--%s: %s is not a whole number from %lu to %lu",
                         option, text, min, max);
    *out = number;
    return KB_OK;
}

const char *kb_cli_operand(const struct kb_cli *cli, size_t n)
{
    return n < cli->operand_count ? cli->operands[n] : NULL;
}

bool kb_cli_is_json(const struct kb_cli *cli)
{
    return cli->is_json;
}
