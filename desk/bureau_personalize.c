/* SPDX-License-Identifier: Apache-2.0 */
/* Personalizing, on the journal's side: what goes into a card is durable first. */

#include <string.h>

#include "crypto/secret.h"
#include "desk/bureau_inside.h"
#include "desk/subscriber.h"

enum { GROUP = 100, KEY_MAX = 32 };

/* As long as the algorithm wants it, where the item leaves a choice. */
static size_t size_of(const struct kb_entity_item *item, const struct kb_subscriber_keys *keys)
{
    size_t size = kb_subscriber_key_size(keys, strcmp(item->role, "ki") == 0);

    if (size < item->min)
        size = item->min;
    return size < item->max ? size : item->max;
}

static enum kb_err draw_keys(struct kb_bureau *bureau, struct kb_report *why)
{
    struct kb_subscriber_keys keys = {.ind_bits = 0};
    uint8_t key[KEY_MAX];
    enum kb_err err = kb_subscriber_profile(bureau->scratch, &keys);

    for (size_t i = 0; i < bureau->field->item_count && !err; i++) {
        const struct kb_entity_item *item = &bureau->field->items[i];
        size_t len = size_of(item, &keys);

        if (!kb_item_is_key(item) || kb_record_name(bureau->scratch, item->name).len)
            continue;
        if (len > KEY_MAX)
            len = KEY_MAX;
        err = bureau->crypto->random(key, len);
        if (!err)
            err = kb_record_put(bureau->scratch, item->name, item->role, kb_span(key, len));
    }
    kb_wipe(key, sizeof key);
    return err ? kb_report(why, err, "generated keys: %s", kb_err_text(err)) : KB_OK;
}

/* The row as the import saw it. */
static enum kb_err read_row(struct kb_bureau *bureau, const struct kb_journal_row *row,
                            struct kb_report *why)
{
    bool is_row = false;
    enum kb_err err = kb_csv_seek(bureau->table.csv, row->row, why);

    if (!err)
        err = kb_csv_next(bureau->table.csv, &is_row, why);
    if (!err &&
        (!is_row || (bureau->table.has_iccid &&
                     strcmp(kb_csv_text(bureau->table.csv, bureau->table.iccid), row->iccid) != 0)))
        return kb_report(why, KB_ERR_INTEGRITY, "%s: changed since the run was started",
                         kb_csv_path(bureau->table.csv));
    return err ? err : kb_table_values(&bureau->table, row->iccid, bureau->scratch, why);
}

static enum kb_err prepare_row(struct kb_bureau *bureau, const struct kb_journal_row *row,
                               struct kb_report *why)
{
    enum kb_err err = read_row(bureau, row, why);

    if (!err && bureau->options->may_generate)
        err = draw_keys(bureau, why);
    if (!err)
        err = kb_values_close(bureau->journal, &bureau->seal, row->iccid, bureau->scratch,
                              bureau->sealed, why);
    kb_record_clear(bureau->scratch);
    return err;
}

/* This card and those behind it, in one durable group. */
static enum kb_err prepare_group(struct kb_bureau *bureau, const char *iccid, struct kb_report *why)
{
    static const char none[] = "";
    struct kb_journal_row rows[GROUP];
    size_t count = 0;
    enum kb_err err =
        kb_journal_unprepared(bureau->journal, iccid ? iccid : none, rows, GROUP, &count, why);

    for (size_t i = 0; i < count && !err; i++)
        err = prepare_row(bureau, &rows[i], why);
    return err ? err : kb_journal_commit(bureau->journal, why);
}

/* Everything a card needs; job->row is filled. */
static enum kb_err load(struct kb_bureau *bureau, struct kb_job *job, struct kb_report *why)
{
    enum kb_err err = KB_OK;

    if (!job->row.is_prepared)
        err = prepare_group(bureau, job->row.iccid, why);
    if (!err)
        err = kb_values_open(bureau->journal, &bureau->seal, job->row.iccid, job->record,
                             bureau->sealed, why);
    if (!err)
        err = kb_handover_code(&bureau->handover, job->row.code, job->row.iccid, job->code, why);
    return err;
}

static enum kb_err check(const struct kb_job *job, struct kb_report *why)
{
    if (job->row.state != KB_JOURNAL_DONE)
        return KB_OK;
    return kb_report(why, KB_ERR_EXISTS, "card %s is done already", job->row.iccid);
}

static bool has_failed(const struct kb_job *job)
{
    return job->row.state == KB_JOURNAL_FAILED;
}

static enum kb_err keep(struct kb_bureau *bureau, const struct kb_job *job, bool is_failed,
                        const char *reason, struct kb_report *why)
{
    return kb_journal_set_state(bureau->journal, job->row.iccid,
                                is_failed ? KB_JOURNAL_FAILED : KB_JOURNAL_DONE, reason, why);
}

const struct kb_bureau_kind kb_bureau_personalizing = {
    .what = "personalize",
    .due = KB_JOURNAL_OPEN,
    .identify = kb_bureau_identify,
    .check = check,
    .load = load,
    .card = kb_bureau_card,
    .has_failed = has_failed,
    .keep = keep,
};
