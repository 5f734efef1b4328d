/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of the desk share. */
#include "cli/verb_desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"

enum { LISTED_MAX = 50 };

/* The file an option names, or the default one. */
static enum kb_err find_key(const struct kb_cli *cli, const char *option, const char *default_name,
                            char path[KB_KEY_FILE_PATH], struct kb_report *why)
{
    const char *given = kb_cli_value(cli, option);

    if (!given)
        return kb_key_file_default(default_name, path, why);
    if (snprintf(path, KB_KEY_FILE_PATH, "%s", given) >= KB_KEY_FILE_PATH)
        return kb_report(why, KB_ERR_TOO_LONG, "--%s: the name is too long", option);
    return KB_OK;
}

enum kb_err kb_cli_need_key(const struct kb_cli *cli, const char *option, const char *default_name,
                            kb_key_maker make, uint8_t key[32], struct kb_report *why)
{
    char path[KB_KEY_FILE_PATH];
    bool is_new = false;
    enum kb_err err = find_key(cli, option, default_name, path, why);

    if (!err)
        err = kb_key_file_need(path, &kb_crypto_openssl, make, key, 32, &is_new, why);
    if (is_new)
        fprintf(stderr, "keyborn: made a new key: %s (keep it safe, and a copy elsewhere)\n", path);
    return err;
}

enum kb_err kb_cli_read_key(const struct kb_cli *cli, const char *option, const char *default_name,
                            uint8_t key[32], struct kb_report *why)
{
    char path[KB_KEY_FILE_PATH];
    enum kb_err err = find_key(cli, option, default_name, path, why);

    return err ? err : kb_key_file_read(path, key, 32, why);
}

static volatile sig_atomic_t is_asked_to_stop;

static void ask_to_stop(int signal_number)
{
    (void)signal_number;
    is_asked_to_stop = 1;
}

const volatile sig_atomic_t *kb_cli_stop_flag(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = ask_to_stop;
    action.sa_flags = (int)SA_RESETHAND; /* a second one ends the program at once */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &is_asked_to_stop;
}

FILE *kb_cli_progress(const struct kb_cli *cli)
{
    (void)cli;
    return stderr;
}

static const char *const states[] = {
    [KB_JOURNAL_OPEN] = "open", [KB_JOURNAL_DONE] = "done", [KB_JOURNAL_FAILED] = "failed"};

static void list_one(const struct kb_cli *cli, const struct kb_journal_row *row, json_t *list)
{
    kb_cli_say(cli, "%-20s  %-6s  %3" PRIu64 "  %s", row->iccid, states[row->state], row->seq,
               row->reason);
    json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s}", "iccid", row->iccid, "result",
                                          states[row->state], "seq", (json_int_t)row->seq, "reason",
                                          row->reason));
}

static enum kb_err list_state(const struct kb_cli *cli, struct kb_journal *journal,
                              enum kb_journal_state state, json_t *list, struct kb_report *why)
{
    struct kb_journal_row row = {.iccid = ""};
    uint64_t count = 0;
    enum kb_err err = kb_journal_count(journal, state, &count, why);

    for (uint64_t i = 0; i < count && i < LISTED_MAX && !err; i++) {
        err = kb_journal_next(journal, row.iccid, state, &row, why);
        if (!err)
            list_one(cli, &row, list);
    }
    if (!err && count > LISTED_MAX)
        kb_cli_say(cli, "... and %" PRIu64 " more are %s", count - LISTED_MAX, states[state]);
    return err;
}

enum kb_err kb_cli_list_cards(const struct kb_cli *cli, struct kb_journal *journal, json_t *object,
                              struct kb_report *why)
{
    json_t *list = json_array();
    enum kb_err err;

    kb_cli_say(cli, "%-20s  %-6s  %3s  %s", "ICCID", "result", "SEQ", "");
    err = list_state(cli, journal, KB_JOURNAL_DONE, list, why);
    if (!err)
        err = list_state(cli, journal, KB_JOURNAL_OPEN, list, why);
    if (!err)
        err = list_state(cli, journal, KB_JOURNAL_FAILED, list, why);
    json_object_set_new(object, "cards", list);
    return err;
}
