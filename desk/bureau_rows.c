/* SPDX-License-Identifier: Apache-2.0 */
/* A run's rows: which card is whose, and how it ended; results are committed in groups. */

#include <string.h>

#include "crypto/secret.h"
#include "desk/bureau_inside.h"

enum { GROUP = 100, NOTES_MAX = 20 };

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

/* --- Claiming --- */

static enum kb_err load(struct kb_bureau *bureau, struct kb_job *job, struct kb_report *why)
{
    job->was_locked = job->is_proved = false;
    kb_record_clear(job->record);
    return bureau->kind->load(bureau, job, why);
}

enum kb_err kb_bureau_claim_next(struct kb_bureau *bureau, struct kb_job *job,
                                 struct kb_report *why)
{
    enum kb_err err;

    pthread_mutex_lock(&bureau->lock);
    err = kb_journal_next(bureau->journal, bureau->cursor, bureau->kind->due, &job->row, why);
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
    if (!err)
        err = bureau->kind->check(job, why);
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
                                       .what = bureau->kind->what,
                                       .card = job->row.iccid,
                                       .field = bureau->field ? bureau->field->name : NULL,
                                       .where = where,
                                       .result = result,
                                       .reason = reason,
                                   });
}

static enum kb_err finish_done(struct kb_bureau *bureau, struct kb_job *job, const char *where,
                               struct kb_report *why)
{
    const char *reason = job->was_locked ? "locked by a run that was cut short" : NULL;
    enum kb_err err = bureau->kind->keep(bureau, job, false, reason, why);

    if (!err && job->is_proved)
        err = kb_journal_set_seq(bureau->journal, job->row.iccid, job->seq, why);
    bureau->left -= bureau->left > 0;
    bureau->failed -= bureau->kind->has_failed(job) && bureau->failed > 0;
    audit(bureau, job, where, "done", reason);
    kb_progress_step(&bureau->progress, false);
    return err;
}

static enum kb_err finish_failed(struct kb_bureau *bureau, struct kb_job *job, const char *where,
                                 const char *reason, struct kb_report *why)
{
    enum kb_err err = bureau->kind->keep(bureau, job, true, reason, why);

    bureau->failed += !bureau->kind->has_failed(job);
    audit(bureau, job, where, "failed", reason);
    if (bureau->failed <= NOTES_MAX)
        note(bureau, job->row.iccid, reason);
    if (bureau->failed == NOTES_MAX)
        note(bureau, "many cards fail", "further reasons are told by the audit log only");
    if (bureau->options->dir)
        kb_progress_step(&bureau->progress, true);
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
