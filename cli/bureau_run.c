/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn bureau run. */
#include <inttypes.h>
#include <string.h>

#include "cli/verb_bureau.h"
#include "crypto/secret.h"
#include "desk/bureau.h"

static void take_files(const struct kb_cli *cli, struct kb_bureau_options *options)
{
    options->entity = kb_cli_value(cli, "entity");
    options->handover = kb_cli_value(cli, "handover");
    options->batch = kb_cli_value(cli, "batch");
    options->field = kb_cli_value(cli, "field");
}

static enum kb_err take_secure(const struct kb_cli *cli, struct kb_bureau_options *options,
                               struct kb_report *why)
{
    const char *method = kb_cli_value(cli, "secure");

    options->is_secure = method != NULL;
    if (method && strcmp(method, "scp03") != 0)
        return kb_report(why, KB_ERR_USAGE, "--secure %s: the method is scp03", method);
    return KB_OK;
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
    enum kb_err err = kb_journal_open(options->journal, false, &journal, why);

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
        .may_spend_last_try = kb_cli_flag(cli, "last-try"),
        .is_to_verify = !kb_cli_flag(cli, "no-verify"),
    };
    struct kb_bureau_summary summary = {0};
    struct kb_bureau_names names;
    struct kb_report why = {0};
    enum kb_err err = kb_cli_bureau_options(cli, &options, &names, &why);

    take_files(cli, &options);
    if (!err)
        err = take_secure(cli, &options, &why);
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
