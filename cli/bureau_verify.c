/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn bureau verify. */
#include <inttypes.h>

#include "cli/verb_bureau.h"
#include "crypto/secret.h"
#include "desk/verify.h"

static enum kb_err take_keys(const struct kb_cli *cli, struct kb_verify_options *options,
                             uint8_t transport[KB_GCM_KEY], struct kb_report *why)
{
    const char *path = kb_cli_value(cli, "transport-key");
    enum kb_err err = KB_OK;

    options->export = kb_cli_value(cli, "export");
    if (path && !options->export)
        return kb_report(why, KB_ERR_USAGE, "--transport-key opens an export: name it by --export");
    if (path)
        err = kb_key_file_read(path, transport, KB_GCM_KEY, why);
    options->transport_key = path ? transport : NULL;
    if (err || options->export)
        return err;
    return kb_cli_read_key(cli, "bureau-key", "bureau.key", options->work.key, why);
}

enum kb_exit kb_cli_bureau_verify(struct kb_cli *cli)
{
    struct kb_verify_options options = {.work = {.is_to_verify = true}};
    struct kb_bureau_summary summary = {0};
    struct kb_bureau_names names;
    uint8_t transport[KB_GCM_KEY];
    struct kb_report why = {0};
    uint64_t open;
    enum kb_err err = kb_cli_bureau_options(cli, &options.work, &names, &why);

    if (!err)
        err = take_keys(cli, &options, transport, &why);
    if (!err)
        err = kb_verify(&options, &summary, &why);
    kb_wipe(transport, sizeof transport);
    kb_wipe(options.work.key, sizeof options.work.key);
    if (err)
        return kb_cli_fail(cli, &why);
    open = summary.total - summary.done - summary.failed;
    kb_cli_say(cli,
               "%" PRIu64 " of %" PRIu64 " cards have proven their keys, %" PRIu64
               " failed, %" PRIu64 " were not seen; %.1f s",
               summary.done, summary.total, summary.failed, open, summary.seconds);
    kb_cli_result(cli, json_pack("{s:I, s:I, s:I, s:I, s:f}", "total", (json_int_t)summary.total,
                                 "proven", (json_int_t)summary.done, "failed",
                                 (json_int_t)summary.failed, "not_seen", (json_int_t)open,
                                 "seconds", summary.seconds));
    return summary.done == summary.total ? KB_EXIT_OK : KB_EXIT_FAILED;
}
