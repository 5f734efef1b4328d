/* SPDX-License-Identifier: Apache-2.0 */
/* Options that bureau run and bureau verify share. */
#include <stdio.h>
#include <unistd.h>

#include "cli/verb_bureau.h"

const char kb_cli_default_journal[] = "bureau.journal";

static void take_journal(const struct kb_cli *cli, struct kb_bureau_options *options,
                         struct kb_bureau_names *names)
{
    options->journal = kb_cli_value(cli, "journal");
    if (!options->journal)
        options->journal = kb_cli_default_journal;
    options->audit = kb_cli_value(cli, "audit");
    if (options->audit)
        return;
    snprintf(names->audit, sizeof names->audit, "%s.audit.jsonl",
             kb_cli_value(cli, "export") ? kb_cli_value(cli, "export") : options->journal);
    options->audit = names->audit;
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
    options->dir = kb_cli_value(cli, "dir");
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

enum kb_err kb_cli_bureau_options(const struct kb_cli *cli, struct kb_bureau_options *options,
                                  struct kb_bureau_names *names, struct kb_report *why)
{
    enum kb_err err;

    take_journal(cli, options, names);
    options->progress = kb_cli_progress(cli);
    options->stop = kb_cli_stop_flag();
    err = take_readers(cli, options, why);
    return err ? err : take_numbers(cli, options, why);
}
