/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn bureau run. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/verb_bureau.h"
#include "crypto/secret.h"
#include "desk/bureau.h"

/* Names made from others live as long as the options. */
struct names {
    char journal[KB_BUREAU_PATH];
    char audit[KB_BUREAU_PATH];
};

static void take_files(const struct kb_cli *cli, struct kb_bureau_options *options,
                       struct names *names)
{
    options->entity = kb_cli_value(cli, "entity");
    options->handover = kb_cli_value(cli, "handover");
    options->batch = kb_cli_value(cli, "batch");
    options->field = kb_cli_value(cli, "field");
    options->dir = kb_cli_value(cli, "dir");
    options->journal = kb_cli_value(cli, "journal");
    options->audit = kb_cli_value(cli, "audit");
    if (!options->journal) {
        snprintf(names->journal, sizeof names->journal, "%s.journal", options->batch);
        options->journal = names->journal;
    }
    if (!options->audit) {
        snprintf(names->audit, sizeof names->audit, "%s.audit.jsonl", options->journal);
        options->audit = names->audit;
    }
}

static enum kb_err take_readers(const struct kb_cli *cli, struct kb_bureau_options *options,
                                struct kb_report *why)
{
    const char *name;

    while ((name = kb_cli_nth(cli, "reader", options->reader_count)) != NULL) {
        if (options->reader_count == KB_BUREAU_READERS)
            return kb_report(why, KB_ERR_USAGE, "at most %d readers", KB_BUREAU_READERS);
        options->readers[options->reader_count++] = name;
    }
    if (!options->dir == !options->reader_count)
        return kb_report(why, KB_ERR_USAGE,
                         "say where the cards are: --dir DIR, or --reader NAME (several times)");
    return KB_OK;
}

static enum kb_err take_numbers(const struct kb_cli *cli, struct kb_bureau_options *options,
                                struct kb_report *why)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned long jobs = processors > 0 ? (unsigned long)processors : 1, wait = 60;
    enum kb_err err = kb_cli_number(cli, "jobs", 1, 64, &jobs, why);

    if (!err)
        err = kb_cli_number(cli, "wait", 1, 1000000, &wait, why);
    options->jobs = (unsigned)jobs;
    options->wait_s = (unsigned)wait;
    return err;
}

static enum kb_err tell(const struct kb_cli *cli, const struct kb_bureau_options *options,
                        const struct kb_bureau_summary *summary, struct kb_report *why)
{
    uint64_t left = summary->total - summary->done - summary->failed;
    json_t *object =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:s, s:f}", "total", (json_int_t)summary->total,
                  "done", (json_int_t)summary->done, "done_before", (json_int_t)summary->before,
                  "failed", (json_int_t)summary->failed, "open", (json_int_t)left, "journal",
                  options->journal, "seconds", summary->seconds);
    struct kb_journal *journal = NULL;
    enum kb_err err = kb_journal_open(options->journal, &journal, why);

    if (!err)
        err = kb_cli_list_cards(cli, journal, object, why);
    kb_journal_close(journal);
    if (err) {
        json_decref(object);
        return err;
    }
    kb_cli_say(cli,
               "%" PRIu64 " of %" PRIu64 " cards are done (%" PRIu64 " in earlier runs), %" PRIu64
               " failed, %" PRIu64 " are open; %.1f s",
               summary->done, summary->total, summary->before, summary->failed, left,
               summary->seconds);
    kb_cli_say(cli, "journal: %s", options->journal);
    kb_cli_result(cli, object);
    return KB_OK;
}

enum kb_exit kb_cli_bureau_run(struct kb_cli *cli)
{
    struct kb_bureau_options options = {
        .may_generate = kb_cli_flag(cli, "generate-keys"),
        .is_to_lock = !kb_cli_flag(cli, "no-lock"),
        .is_to_verify = !kb_cli_flag(cli, "no-verify"),
        .progress = kb_cli_progress(cli),
        .stop = kb_cli_stop_flag(),
    };
    struct kb_bureau_summary summary = {0};
    struct names names;
    struct kb_report why = {0};
    enum kb_err err;

    take_files(cli, &options, &names);
    err = take_readers(cli, &options, &why);
    if (!err)
        err = take_numbers(cli, &options, &why);
    if (!err)
        err = kb_cli_need_key(cli, "bureau-key", "bureau.key", kb_key_draw, options.key, &why);
    if (!err)
        err = kb_bureau_run(&options, &summary, &why);
    kb_wipe(options.key, sizeof options.key);
    if (!err)
        err = tell(cli, &options, &summary, &why);
    if (err)
        return kb_cli_fail(cli, &why);
    return summary.done == summary.total ? KB_EXIT_OK : KB_EXIT_FAILED;
}
