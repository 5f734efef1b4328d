/* SPDX-License-Identifier: Apache-2.0 */
/* Running the verb that was asked for, and telling results and errors. */
#include "cli/frame.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What each error means for the exit code, and its name in JSON. */
static const struct {
    enum kb_err err;
    enum kb_exit code;
    const char *name;
} errors[] = {
    {KB_ERR_USAGE, KB_EXIT_USAGE, "usage"},
    {KB_ERR_MALFORMED, KB_EXIT_INPUT, "malformed"},
    {KB_ERR_TOO_LONG, KB_EXIT_INPUT, "too-long"},
    {KB_ERR_RANGE, KB_EXIT_INPUT, "range"},
    {KB_ERR_CHECK_DIGIT, KB_EXIT_INPUT, "check-digit"},
    {KB_ERR_INTEGRITY, KB_EXIT_INPUT, "integrity"},
    {KB_ERR_VERSION, KB_EXIT_INPUT, "version"},
    {KB_ERR_RULE, KB_EXIT_INPUT, "rule"},
    {KB_ERR_ABSENT, KB_EXIT_INPUT, "absent"},
    {KB_ERR_EXISTS, KB_EXIT_INPUT, "exists"},
    {KB_ERR_NVM_DAMAGED, KB_EXIT_INPUT, "memory-damaged"},
    {KB_ERR_NVM, KB_EXIT_SYSTEM, "memory-failed"},
    {KB_ERR_NVM_FULL, KB_EXIT_FAILED, "memory-full"},
    {KB_ERR_CARD, KB_EXIT_FAILED, "card-refused"},
    {KB_ERR_READER, KB_EXIT_READER, "reader"},
    {KB_ERR_NO_CARD, KB_EXIT_READER, "no-card"},
    {KB_ERR_TIMEOUT, KB_EXIT_READER, "timeout"},
    {KB_ERR_CRYPTO, KB_EXIT_SYSTEM, "crypto"},
    {KB_ERR_RANDOM, KB_EXIT_SYSTEM, "random"},
    {KB_ERR_IO, KB_EXIT_SYSTEM, "io"},
    {KB_ERR_MEMORY, KB_EXIT_SYSTEM, "out-of-memory"},
};

void kb_cli_result(const struct kb_cli *cli, json_t *object)
{
    if (cli->is_json && object) {
        json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
    }
    json_decref(object);
}

void kb_cli_say(const struct kb_cli *cli, const char *format, ...)
{
    va_list values;

    if (cli->is_json)
        return;
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
}

enum kb_exit kb_cli_fail(const struct kb_cli *cli, const struct kb_report *why)
{
    enum kb_exit code = KB_EXIT_FAILED;
    const char *name = "failed";

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].err == why->err) {
            code = errors[i].code;
            name = errors[i].name;
        }
    if (cli->is_json) {
        /* Text may quote input of any bytes; what is not UTF-8 gives way to the plain sentence. */
        json_t *text = json_string(why->text);

        kb_cli_result(cli, json_pack("{s:s, s:o}", "error", name, "text",
                                     text ? text : json_string(kb_err_text(why->err))));
    } else {
        fflush(stdout);
        fprintf(stderr, "keyborn: %s\n", why->text);
    }
    return code;
}

static enum kb_exit show_version(const struct kb_cli *cli)
{
    kb_cli_say(cli, "keyborn %s", KB_VERSION);
    kb_cli_result(cli, json_pack("{s:s}", "version", KB_VERSION));
    return KB_EXIT_OK;
}

static enum kb_exit show_help(const struct kb_cli *cli)
{
    if (cli->is_json)
        kb_cli_result(cli, kb_cli_help_json(cli->table));
    else if (cli->verb)
        kb_cli_help_verb(stdout, cli->verb);
    else if (cli->group)
        kb_cli_help_group(stdout, cli->table, cli->group);
    else
        kb_cli_help(stdout, cli->table);
    return KB_EXIT_OK;
}

static enum kb_exit run_parsed(struct kb_cli *cli)
{
    enum kb_exit code;

    if (cli->wants_version)
        code = show_version(cli);
    else if (cli->wants_help || !cli->verb)
        code = show_help(cli);
    else
        code = cli->verb->run(cli);
    /* A full disk behind ">" must not look like success. */
    if ((fflush(stdout) || ferror(stdout)) && code == KB_EXIT_OK) {
        fprintf(stderr, "keyborn: standard output cannot be written\n");
        code = KB_EXIT_SYSTEM;
    }
    return code;
}

int kb_cli_run(const struct kb_cli_table *table, int argc, char **argv)
{
    struct kb_cli cli = {.table = table};
    struct kb_report why = {KB_OK, ""};
    size_t room = argc > 0 ? (size_t)argc : 1;
    enum kb_exit code;

    cli.given = calloc(room, sizeof(*cli.given));
    cli.operands = calloc(room, sizeof(*cli.operands));
    if (!cli.given || !cli.operands)
        kb_report(&why, KB_ERR_MEMORY, "out of memory");
    else
        kb_cli_parse(&cli, argc, argv, &why);
    code = why.err ? kb_cli_fail(&cli, &why) : run_parsed(&cli);
    free(cli.given);
    free(cli.operands);
    return (int)code;
}
