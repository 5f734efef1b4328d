/* SPDX-License-Identifier: Apache-2.0 */
/* A verification from its keys to its summary. */

#include "desk/verify.h"

#include <string.h>

#include "crypto/secret.h"
#include "desk/bureau_inside.h"

/* Keys of the journal, or of an export, in a journal of this process only under a key of its own.
 */
static enum kb_err open_keys(struct kb_bureau *bureau, const struct kb_verify_options *options,
                             struct kb_report *why)
{
    enum kb_err err = bureau->crypto->random(bureau->seal.key, sizeof bureau->seal.key);

    if (err)
        return kb_report(why, err, "%s", kb_err_text(err));
    if (options->export) {
        err = kb_journal_open("", true, &bureau->journal, why);
        if (!err)
            err = kb_export_read(bureau->journal, &bureau->seal, options->export,
                                 options->transport_key, why);
        return err;
    }
    memcpy(bureau->seal.key, options->work.key, sizeof bureau->seal.key);
    return kb_journal_open(options->work.journal, false, &bureau->journal, why);
}

static enum kb_err run(struct kb_bureau *bureau, const struct kb_verify_options *options,
                       struct kb_bureau_summary *summary, struct kb_report *why)
{
    enum kb_err err = kb_bureau_reserve(bureau, why);

    if (!err)
        err = open_keys(bureau, options, why);
    if (!err)
        err = kb_audit_open(&bureau->audit, options->work.audit, why);
    if (!err)
        err = kb_journal_forget_proofs(bureau->journal, why);
    if (!err)
        err = kb_journal_count(bureau->journal, KB_JOURNAL_DONE, &summary->total, why);
    bureau->left = summary->total;
    if (!err)
        err = kb_bureau_work(bureau, why);
    summary->done = summary->total - bureau->left;
    summary->failed = bureau->failed;
    return err;
}

enum kb_err kb_verify(const struct kb_verify_options *options, struct kb_bureau_summary *summary,
                      struct kb_report *why)
{
    struct kb_bureau bureau = {
        .options = &options->work,
        .kind = &kb_bureau_proving,
        .crypto = &kb_crypto_openssl,
        .seal = {.crypto = &kb_crypto_openssl},
        .audit = {.fd = -1},
    };
    double started = kb_clock();
    enum kb_err err;

    memset(summary, 0, sizeof *summary);
    pthread_mutex_init(&bureau.lock, NULL);
    err = run(&bureau, options, summary, why);
    kb_bureau_release(&bureau);
    summary->seconds = kb_clock() - started;
    return err;
}
