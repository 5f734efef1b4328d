/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs about the program itself: help, man, completion. */
#include "cli/frame.h"

#include <stdlib.h>
#include <string.h>

/* Text made by a writer of the frame, to standard output or, with --json, as {"text": ...}. */
struct text {
    char *data;
    size_t len;
    FILE *out;
};

static enum kb_err text_open(struct text *text, struct kb_report *why)
{
    text->out = open_memstream(&text->data, &text->len);
    return text->out ? KB_OK : kb_report(why, KB_ERR_MEMORY, "out of memory");
}

static void text_show(struct text *text, const struct kb_cli *cli)
{
    fclose(text->out);
    if (cli->is_json)
        kb_cli_result(cli, json_pack("{s:s}", "text", text->data));
    else
        fwrite(text->data, 1, text->len, stdout);
    free(text->data);
}

/* The verb that the operands name; NULL when there are none or a group alone. */
static enum kb_err named_verb(const struct kb_cli *cli, const struct kb_cli_verb **verb,
                              const char **group, struct kb_report *why)
{
    const char *first = kb_cli_operand(cli, 0);
    const char *second = kb_cli_operand(cli, 1);

    *verb = NULL;
    *group = NULL;
    if (!first)
        return KB_OK;
    if (second) {
        *verb = kb_cli_find_verb(cli->table, first, second);
        return *verb ? KB_OK
                     : kb_report(why, KB_ERR_USAGE, "there is no verb %s %s; see keyborn help",
                                 first, second);
    }
    *verb = kb_cli_find_verb(cli->table, "", first);
    if (!*verb && kb_cli_find_group(cli->table, first))
        *group = first;
    return *verb || *group
               ? KB_OK
               : kb_report(why, KB_ERR_USAGE, "there is no verb %s; see keyborn help", first);
}

static enum kb_exit run_help(struct kb_cli *cli)
{
    struct kb_report why;
    const struct kb_cli_verb *verb;
    const char *group;

    if (named_verb(cli, &verb, &group, &why))
        return kb_cli_fail(cli, &why);
    if (cli->is_json)
        kb_cli_result(cli, kb_cli_help_json(cli->table));
    else if (verb)
        kb_cli_help_verb(stdout, verb);
    else if (group)
        kb_cli_help_group(stdout, cli->table, group);
    else
        kb_cli_help(stdout, cli->table);
    return KB_EXIT_OK;
}

static enum kb_exit run_man(struct kb_cli *cli)
{
    struct kb_report why;
    struct text text;
    const struct kb_cli_verb *verb;
    const char *group;

    if (named_verb(cli, &verb, &group, &why))
        return kb_cli_fail(cli, &why);
    if (group) {
        kb_report(&why, KB_ERR_USAGE, "a group has no page; see keyborn help %s", group);
        return kb_cli_fail(cli, &why);
    }
    if (text_open(&text, &why))
        return kb_cli_fail(cli, &why);
    kb_cli_man(text.out, cli->table, verb);
    text_show(&text, cli);
    return KB_EXIT_OK;
}

static enum kb_exit run_completion(struct kb_cli *cli)
{
    static const struct {
        const char *shell;
        void (*write)(FILE *out, const struct kb_cli_table *table);
    } shells[] = {{"bash", kb_cli_complete_bash},
                  {"zsh", kb_cli_complete_zsh},
                  {"fish", kb_cli_complete_fish}};
    const char *wanted = kb_cli_operand(cli, 0);
    struct kb_report why;
    struct text text;

    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(wanted, shells[i].shell) != 0)
            continue;
        if (text_open(&text, &why))
            return kb_cli_fail(cli, &why);
        shells[i].write(text.out, cli->table);
        text_show(&text, cli);
        return KB_EXIT_OK;
    }
    kb_report(&why, KB_ERR_USAGE, "%s: completion is made for bash, zsh and fish", wanted);
    return kb_cli_fail(cli, &why);
}

const struct kb_cli_verb kb_cli_frame_verbs[] = {
    {"", "help", "[GROUP [VERB]]", 0, 2, "Show what the program, a group or a verb does",
     "With --json it prints the whole table of verbs and options.", NULL, run_help},
    {"", "man", "[GROUP VERB]", 0, 2, "Print a man page",
     "The page of the program, or of one verb, for man(1):\n\n"
     "  keyborn man card apdu | man -l -",
     NULL, run_man},
    {"", "completion", "bash|zsh|fish", 1, 1, "Print the completion of a shell",
     "Source it, or put it where the shell looks for completions:\n\n"
     "  source <(keyborn completion bash)",
     NULL, run_completion},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};
