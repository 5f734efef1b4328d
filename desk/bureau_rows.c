/* SPDX-License-Identifier: Apache-2.0 */
/* A run's rows: what goes into a card is durable first, results are committed in groups. */

#include <string.h>

#include "crypto/secret.h"
#include "desk/bureau_inside.h"

enum { GROUP = 100, KEY_MAX = 32, NOTES_MAX = 20 };

static const char record_column[] = "record";

static bool is_stopped(const struct kb_bureau *bureau)
{
    return bureau->options->stop && *bureau->options->stop;
}

bool kb_bureau_is_over(struct kb_bureau *bureau)
{
    bool is_over;

    pthread_mutex_lock(&bureau->lock);
    bureau->is_over = bureau->is_over || is_stopped(bureau) || bureau->left == 0;
    is_over = bureau->is_over;
    pthread_mutex_unlock(&bureau->lock);
    return is_over;
}

/* --- Preparing: from the tables to sealed values in the journal --- */

static enum kb_err draw_keys(struct kb_bureau *bureau, struct kb_report *why)
{
    uint8_t key[KEY_MAX];
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < bureau->field->item_count && !err; i++) {
        const struct kb_entity_item *item = &bureau->field->items[i];
        size_t len = item->max < KEY_MAX ? item->max : KEY_MAX;

        if (!kb_item_is_key(item) || kb_record_name(bureau->scratch, item->name).len)
            continue;
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
    size_t len;

    if (!err && bureau->options->may_generate)
        err = draw_keys(bureau, why);
    if (err)
        return err;
    len = bureau->scratch->len;
    err = kb_seal_close(&bureau->seal, row->iccid, record_column,
                        kb_span(bureau->scratch->data, len), bureau->sealed);
    kb_record_clear(bureau->scratch);
    if (err)
        return kb_report(why, err, "%s: %s", row->iccid, kb_err_text(err));
    return kb_journal_put_values(bureau->journal, row->iccid,
                                 kb_span(bureau->sealed, len + KB_SEAL_OVERHEAD), why);
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

/* --- Claiming --- */

static enum kb_err open_record(struct kb_bureau *bureau, struct kb_job *job, struct kb_report *why)
{
    size_t len = 0;
    enum kb_err err = kb_journal_values(bureau->journal, job->row.iccid, bureau->sealed, &len, why);

    if (err)
        return err;
    err = kb_seal_open(&bureau->seal, job->row.iccid, record_column, kb_span(bureau->sealed, len),
                       job->record->data);
    if (err)
        return kb_report(why, err,
                         "the values of %s do not open: the journal belongs to another bureau key",
                         job->row.iccid);
    job->record->len = len - KB_SEAL_OVERHEAD;
    return KB_OK;
}

/* Everything a card needs; job->row is filled. */
static enum kb_err load(struct kb_bureau *bureau, struct kb_job *job, struct kb_report *why)
{
    enum kb_err err = KB_OK;

    job->was_locked = job->is_proved = false;
    kb_record_clear(job->record);
    if (!job->row.is_prepared)
        err = prepare_group(bureau, job->row.iccid, why);
    if (!err)
        err = open_record(bureau, job, why);
    if (!err)
        err = kb_handover_code(&bureau->handover, job->row.code, job->row.iccid, job->code, why);
    return err;
}

static void give_up(struct kb_bureau *bureau, enum kb_err err, const struct kb_report *why)
{
    bureau->is_over = true;
    if (bureau->fatal)
        return;
    bureau->fatal = err;
    bureau->fatal_why = *why;
}

void kb_bureau_give_up(struct kb_bureau *bureau, enum kb_err err, const struct kb_report *why)
{
    pthread_mutex_lock(&bureau->lock);
    give_up(bureau, err, why);
    pthread_mutex_unlock(&bureau->lock);
}

enum kb_err kb_bureau_claim_next(struct kb_bureau *bureau, struct kb_job *job,
                                 struct kb_report *why)
{
    enum kb_err err;

    pthread_mutex_lock(&bureau->lock);
    err = kb_journal_next(bureau->journal, bureau->cursor, KB_JOURNAL_OPEN, &job->row, why);
    if (!err) {
        memcpy(bureau->cursor, job->row.iccid, sizeof bureau->cursor);
        err = load(bureau, job, why);
    }
    if (err && err != KB_ERR_ABSENT)
        give_up(bureau, err, why);
    pthread_mutex_unlock(&bureau->lock);
    return err;
}

enum kb_err kb_bureau_claim(struct kb_bureau *bureau, const char *iccid, struct kb_job *job,
                            struct kb_report *why)
{
    enum kb_err err;

    pthread_mutex_lock(&bureau->lock);
    bureau->last_card = kb_clock();
    err = kb_journal_find(bureau->journal, iccid, &job->row, why);
    if (!err && job->row.state == KB_JOURNAL_DONE)
        err = kb_report(why, KB_ERR_EXISTS, "card %s is done already", iccid);
    if (!err) {
        err = load(bureau, job, why);
        if (err)
            give_up(bureau, err, why);
    }
    pthread_mutex_unlock(&bureau->lock);
    return err;
}

/* --- Results --- */

static void note(struct kb_bureau *bureau, const char *where, const char *text)
{
    FILE *out = bureau->options->progress;

    if (!out)
        return;
    kb_progress_hide(&bureau->progress);
    fprintf(out, "keyborn: %s: %s\n", where, text);
    fflush(out);
}

void kb_bureau_note(struct kb_bureau *bureau, const char *where, const char *text)
{
    pthread_mutex_lock(&bureau->lock);
    note(bureau, where, text);
    pthread_mutex_unlock(&bureau->lock);
}

static void audit(struct kb_bureau *bureau, const struct kb_job *job, const char *where,
                  const char *result, const char *reason)
{
    kb_audit_write(&bureau->audit, &(struct kb_audit_event){
                                       .what = "personalize",
                                       .card = job->row.iccid,
                                       .field = bureau->field->name,
                                       .where = where,
                                       .result = result,
                                       .reason = reason,
                                   });
}

static enum kb_err finish_done(struct kb_bureau *bureau, struct kb_job *job, const char *where,
                               struct kb_report *why)
{
    const char *reason = job->was_locked ? "locked by a run that was cut short" : NULL;
    enum kb_err err =
        kb_journal_set_state(bureau->journal, job->row.iccid, KB_JOURNAL_DONE, reason, why);

    if (!err && job->is_proved)
        err = kb_journal_set_seq(bureau->journal, job->row.iccid, job->seq, why);
    bureau->left -= bureau->left > 0;
    bureau->failed -= job->row.state == KB_JOURNAL_FAILED && bureau->failed > 0;
    audit(bureau, job, where, "done", reason);
    kb_progress_step(&bureau->progress, false);
    return err;
}

static enum kb_err finish_failed(struct kb_bureau *bureau, struct kb_job *job, const char *where,
                                 const char *reason, struct kb_report *why)
{
    enum kb_err err =
        kb_journal_set_state(bureau->journal, job->row.iccid, KB_JOURNAL_FAILED, reason, why);

    bureau->failed += job->row.state != KB_JOURNAL_FAILED;
    audit(bureau, job, where, "failed", reason);
    if (bureau->options->dir)
        kb_progress_step(&bureau->progress, true);
    if (bureau->failed <= NOTES_MAX)
        note(bureau, job->row.iccid, reason);
    return err;
}

void kb_bureau_finish(struct kb_bureau *bureau, struct kb_job *job, const char *where,
                      enum kb_err err, const struct kb_report *why)
{
    struct kb_report trouble = {0};
    enum kb_err kept;

    pthread_mutex_lock(&bureau->lock);
    bureau->last_card = kb_clock();
    if (err)
        kept = finish_failed(bureau, job, where, why->text, &trouble);
    else
        kept = finish_done(bureau, job, where, &trouble);
    if (!kept && kb_journal_pending(bureau->journal) >= GROUP)
        kept = kb_journal_commit(bureau->journal, &trouble);
    if (kept)
        give_up(bureau, kept, &trouble);
    pthread_mutex_unlock(&bureau->lock);
    kb_record_clear(job->record);
    kb_wipe(job->code, sizeof job->code);
}

void kb_bureau_flush(struct kb_bureau *bureau)
{
    struct kb_report why = {0};
    enum kb_err err;

    pthread_mutex_lock(&bureau->lock);
    err = kb_journal_commit(bureau->journal, &why);
    if (err)
        give_up(bureau, err, &why);
    pthread_mutex_unlock(&bureau->lock);
}
