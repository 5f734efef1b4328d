/* SPDX-License-Identifier: Apache-2.0 */
/* Options that bureau run and bureau verify share. */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/verb_bureau.h"

/* batches/telecom.csv: telecom.journal, here. */
static void name_after(const char *batch, struct kb_bureau_names *names)
{
    const char *base = strrchr(batch, '/') ? strrchr(batch, '/') + 1 : batch;
    const char *end = strrchr(base, '.');
    size_t len = end && end > base ? (size_t)(end - base) : strlen(base);

    snprintf(names->journal, sizeof names->journal, "%.*s.journal", (int)len, base);
}

static enum kb_err find_only(struct kb_bureau_names *names, struct kb_report *why)
{
    glob_t found = {0};
    enum kb_err err = KB_OK;

    if (glob("*.journal", 0, NULL, &found) != 0 || found.gl_pathc == 0)
        err = kb_report(why, KB_ERR_ABSENT, "there is no *.journal here: name one with --journal");
    else if (found.gl_pathc > 1)
        err = kb_report(why, KB_ERR_USAGE,
                        "%s, %s%s are journals of different batches: choose one with --journal",
                        found.gl_pathv[0], found.gl_pathv[1], found.gl_pathc > 2 ? ", ..." : "");
    else
        snprintf(names->journal, sizeof names->journal, "%s", found.gl_pathv[0]);
    globfree(&found);
    return err;
}

enum kb_err kb_cli_journal(const struct kb_cli *cli, struct kb_bureau_names *names,
                           const char **journal, struct kb_report *why)
{
    *journal = kb_cli_value(cli, "journal");
    if (*journal)
        return KB_OK;
    *journal = names->journal;
    if (!kb_cli_value(cli, "batch"))
        return find_only(names, why);
    name_after(kb_cli_value(cli, "batch"), names);
    return KB_OK;
}

/* An export that is verified has no journal. */
static enum kb_err take_journal(const struct kb_cli *cli, struct kb_bureau_options *options,
                                struct kb_bureau_names *names, struct kb_report *why)
{
    const char *export = kb_cli_value(cli, "export");
    enum kb_err err = export ? KB_OK : kb_cli_journal(cli, names, &options->journal, why);

    if (err)
        return err;
    options->audit = kb_cli_value(cli, "audit");
    if (options->audit)
        return KB_OK;
    snprintf(names->audit, sizeof names->audit, "%s.audit.jsonl",
             export ? export : options->journal);
    options->audit = names->audit;
    return KB_OK;
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
    enum kb_err err = take_journal(cli, options, names, why);

    if (err)
        return err;
    options->progress = kb_cli_progress(cli);
    options->stop = kb_cli_stop_flag();
    err = take_readers(cli, options, why);
    return err ? err : take_numbers(cli, options, why);
}
