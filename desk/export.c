/* SPDX-License-Identifier: Apache-2.0 */
/* Exports: a pass over the journal's finished cards. */

#include "desk/export.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "desk/safe_file.h"
#include "desk/subscriber.h"
#include "desk/values.h"

enum { IMSI_TEXT = 16 };

const char kb_export_names[] = "osmohlr|open5gs|srsran|pysim";

static const struct kb_export_format *const formats[] = {&kb_export_osmohlr, &kb_export_open5gs,
                                                         &kb_export_srsran, &kb_export_pysim};

const struct kb_export_format *kb_export_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

struct work {
    const struct kb_export_options *options;
    struct kb_seal values, transport;
    struct kb_journal *journal;
    struct kb_record *record;
    uint8_t *sealed;
    struct kb_safe_file file;
    struct kb_export_card card;
    struct kb_subscriber_keys keys;
    char imsi[IMSI_TEXT];
};

static enum kb_err take_subscriber(struct work *work, const char *iccid, struct kb_report *why)
{
    struct kb_span imsi = kb_record_role(work->record, "imsi");
    enum kb_err err = kb_subscriber_keys(work->record, &work->keys);
    const char *refusal;

    if (imsi.len < 6 || imsi.len >= IMSI_TEXT)
        return kb_report(why, KB_ERR_ABSENT, "%s: has no IMSI; nothing can be exported", iccid);
    if (err)
        return kb_report(why, KB_ERR_ABSENT, "%s: has no keys; nothing can be exported", iccid);
    refusal = work->options->format->refuses(&work->keys);
    if (refusal)
        return kb_report(why, KB_ERR_RULE, "%s: %s", iccid, refusal);
    memcpy(work->imsi, imsi.data, imsi.len);
    work->imsi[imsi.len] = '\0';
    return KB_OK;
}

static enum kb_err export_card(struct work *work, const struct kb_journal_row *row,
                               struct kb_report *why)
{
    enum kb_err err =
        kb_values_open(work->journal, &work->values, row->iccid, work->record, work->sealed, why);

    if (!err)
        err = take_subscriber(work, row->iccid, why);
    if (err)
        return err;
    work->card.iccid = row->iccid;
    work->card.sqn = (row->seq + 1) << work->keys.ind_bits;
    work->card.number++;
    err = work->options->format->line(work->file.out, &work->card);
    return err ? kb_report(why, err, "%s: %s", row->iccid, kb_err_text(err)) : KB_OK;
}

static enum kb_err export_all(struct work *work, struct kb_report *why)
{
    struct kb_journal_row row = {.iccid = ""};
    enum kb_err err = KB_OK;

    if (work->options->format->head)
        work->options->format->head(work->file.out, &work->card);
    while (!err) {
        err = kb_journal_next(work->journal, row.iccid, KB_JOURNAL_DONE, &row, why);
        if (!err && (err = export_card(work, &row, why)) == KB_ERR_ABSENT)
            return err;
    }
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

static enum kb_err prepare(struct work *work, struct kb_report *why)
{
    const struct kb_export_options *options = work->options;

    work->values.crypto = work->transport.crypto = &kb_crypto_openssl;
    memcpy(work->values.key, options->bureau_key, KB_GCM_KEY);
    if (options->transport_key)
        memcpy(work->transport.key, options->transport_key, KB_GCM_KEY);
    work->record = kb_record_new();
    work->sealed = malloc(KB_JOURNAL_SEALED_MAX);
    if (!work->record || !work->sealed)
        return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    work->card = (struct kb_export_card){
        .imsi = work->imsi,
        .record = work->record,
        .keys = &work->keys,
        .seal = options->transport_key ? &work->transport : NULL,
        .register_key = options->register_key,
        .register_id = options->register_id,
    };
    return kb_journal_open(options->journal, false, &work->journal, why);
}

enum kb_err kb_export_batch(const struct kb_export_options *options, uint64_t *count,
                            struct kb_report *why)
{
    struct work work = {.options = options};
    struct kb_journal_batch batch;
    enum kb_err err = prepare(&work, why);

    if (!err)
        err = kb_journal_batch(work.journal, &batch, why);
    if (!err)
        err = kb_safe_file_open(&work.file, options->out, why);
    if (!err)
        err = export_all(&work, why);
    if (!err)
        err = kb_safe_file_keep(&work.file, why);
    kb_safe_file_drop(&work.file);
    *count = work.card.number;
    kb_journal_close(work.journal);
    kb_record_free(work.record);
    free(work.sealed);
    kb_wipe(&work, sizeof work);
    return err;
}
