/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a batch: what it remembers of each card. */

#include "desk/journal.h"

#include <string.h>

#include "desk/journal_db.h"

enum kb_err kb_journal_batch(struct kb_journal *journal, struct kb_journal_batch *batch,
                             struct kb_report *why)
{
    enum kb_err err;

    if (kb_journal_step(journal, SQL_BATCH, &err, why) == SQLITE_ROW) {
        kb_journal_text(journal, SQL_BATCH, 0, batch->plan, sizeof batch->plan);
        kb_journal_text(journal, SQL_BATCH, 1, batch->field, sizeof batch->field);
        kb_journal_text(journal, SQL_BATCH, 2, batch->batch_digest, sizeof batch->batch_digest);
        kb_journal_text(journal, SQL_BATCH, 3, batch->handover_digest,
                        sizeof batch->handover_digest);
    } else if (!err) {
        err = kb_report(why, KB_ERR_ABSENT, "%s: no batch was started with this journal",
                        journal->path);
    }
    kb_journal_finish(journal, SQL_BATCH);
    return err;
}

enum kb_err kb_journal_set_batch(struct kb_journal *journal, const struct kb_journal_batch *batch,
                                 struct kb_report *why)
{
    kb_journal_bind_text(journal, SQL_SET_BATCH, 1, batch->plan);
    kb_journal_bind_text(journal, SQL_SET_BATCH, 2, batch->field);
    kb_journal_bind_text(journal, SQL_SET_BATCH, 3, batch->batch_digest);
    kb_journal_bind_text(journal, SQL_SET_BATCH, 4, batch->handover_digest);
    return kb_journal_change(journal, SQL_SET_BATCH, why);
}

enum kb_err kb_journal_commit(struct kb_journal *journal, struct kb_report *why)
{
    enum kb_err err;

    if (!journal->pending)
        return KB_OK;
    err = kb_journal_run(journal, SQL_COMMIT, why);
    if (!err)
        journal->pending = 0;
    return err;
}

void kb_journal_rollback(struct kb_journal *journal)
{
    if (journal->pending)
        kb_journal_run(journal, SQL_ROLLBACK, NULL);
    journal->pending = 0;
}

unsigned kb_journal_pending(const struct kb_journal *journal)
{
    return journal->pending;
}

enum kb_err kb_journal_add_card(struct kb_journal *journal, const char *iccid,
                                struct kb_csv_place code, uint64_t *first_line,
                                struct kb_report *why)
{
    enum kb_err err;

    kb_journal_bind_text(journal, SQL_ADD_CARD, 1, iccid);
    kb_journal_bind_number(journal, SQL_ADD_CARD, 2, code.offset);
    kb_journal_bind_number(journal, SQL_ADD_CARD, 3, code.line);
    err = kb_journal_change(journal, SQL_ADD_CARD, why);
    if (err || sqlite3_changes(journal->db) > 0)
        return err;
    kb_journal_bind_text(journal, SQL_CARD_LINES, 1, iccid);
    if (kb_journal_step(journal, SQL_CARD_LINES, &err, why) == SQLITE_ROW)
        *first_line = kb_journal_number(journal, SQL_CARD_LINES, 0);
    kb_journal_finish(journal, SQL_CARD_LINES);
    return err ? err : KB_ERR_EXISTS;
}

enum kb_err kb_journal_add_row(struct kb_journal *journal, const char *iccid,
                               struct kb_csv_place row, uint64_t *first_line, struct kb_report *why)
{
    enum kb_err err;
    int result;

    kb_journal_bind_text(journal, SQL_ADD_ROW, 1, iccid);
    kb_journal_bind_number(journal, SQL_ADD_ROW, 2, row.offset);
    kb_journal_bind_number(journal, SQL_ADD_ROW, 3, row.line);
    err = kb_journal_change(journal, SQL_ADD_ROW, why);
    if (err || sqlite3_changes(journal->db) > 0)
        return err;
    kb_journal_bind_text(journal, SQL_CARD_LINES, 1, iccid);
    result = kb_journal_step(journal, SQL_CARD_LINES, &err, why);
    if (result == SQLITE_ROW)
        *first_line = kb_journal_number(journal, SQL_CARD_LINES, 1);
    kb_journal_finish(journal, SQL_CARD_LINES);
    if (err)
        return err;
    return result == SQLITE_ROW ? KB_ERR_EXISTS : KB_ERR_ABSENT;
}

enum kb_err kb_journal_add_imsi(struct kb_journal *journal, const char *imsi, uint64_t line,
                                uint64_t *first_line, struct kb_report *why)
{
    enum kb_err err;

    kb_journal_bind_text(journal, SQL_ADD_IMSI, 1, imsi);
    kb_journal_bind_number(journal, SQL_ADD_IMSI, 2, line);
    err = kb_journal_change(journal, SQL_ADD_IMSI, why);
    if (err || sqlite3_changes(journal->db) > 0)
        return err;
    kb_journal_bind_text(journal, SQL_IMSI_LINE, 1, imsi);
    if (kb_journal_step(journal, SQL_IMSI_LINE, &err, why) == SQLITE_ROW)
        *first_line = kb_journal_number(journal, SQL_IMSI_LINE, 0);
    kb_journal_finish(journal, SQL_IMSI_LINE);
    return err ? err : KB_ERR_EXISTS;
}

static void read_row(struct kb_journal *journal, enum kb_journal_sql which,
                     struct kb_journal_row *row)
{
    kb_journal_text(journal, which, 0, row->iccid, sizeof row->iccid);
    row->code.offset = kb_journal_number(journal, which, 1);
    row->code.line = kb_journal_number(journal, which, 2);
    row->row.offset = kb_journal_number(journal, which, 3);
    row->row.line = kb_journal_number(journal, which, 4);
    row->state = (enum kb_journal_state)kb_journal_number(journal, which, 5);
    row->is_prepared = kb_journal_number(journal, which, 6) != 0;
    row->seq = kb_journal_number(journal, which, 7);
    kb_journal_text(journal, which, 8, row->reason, sizeof row->reason);
    row->proof = (enum kb_proof)kb_journal_number(journal, which, 9);
}

static enum kb_err fetch_row(struct kb_journal *journal, enum kb_journal_sql which,
                             struct kb_journal_row *row, struct kb_report *why)
{
    enum kb_err err;
    int result = kb_journal_step(journal, which, &err, why);

    if (result == SQLITE_ROW)
        read_row(journal, which, row);
    else if (!err)
        err = KB_ERR_ABSENT;
    kb_journal_finish(journal, which);
    return err;
}

enum kb_err kb_journal_find(struct kb_journal *journal, const char *iccid,
                            struct kb_journal_row *row, struct kb_report *why)
{
    enum kb_err err;

    kb_journal_bind_text(journal, SQL_FIND, 1, iccid);
    err = fetch_row(journal, SQL_FIND, row, why);
    if (err == KB_ERR_ABSENT)
        kb_report(why, err, "card %s is not in the batch", iccid);
    return err;
}

enum kb_err kb_journal_next(struct kb_journal *journal, const char *after,
                            enum kb_journal_state state, struct kb_journal_row *row,
                            struct kb_report *why)
{
    enum kb_err err;

    kb_journal_bind_text(journal, SQL_NEXT, 1, after);
    kb_journal_bind_number(journal, SQL_NEXT, 2, (uint64_t)state);
    err = fetch_row(journal, SQL_NEXT, row, why);
    if (err == KB_ERR_ABSENT)
        kb_report(why, err, "no further card");
    return err;
}

enum kb_err kb_journal_unprepared(struct kb_journal *journal, const char *from,
                                  struct kb_journal_row *rows, size_t cap, size_t *count,
                                  struct kb_report *why)
{
    enum kb_err err = KB_OK;

    *count = 0;
    kb_journal_bind_text(journal, SQL_UNPREPARED, 1, from);
    kb_journal_bind_number(journal, SQL_UNPREPARED, 2, cap);
    while (*count < cap && kb_journal_step(journal, SQL_UNPREPARED, &err, why) == SQLITE_ROW)
        read_row(journal, SQL_UNPREPARED, &rows[(*count)++]);
    kb_journal_finish(journal, SQL_UNPREPARED);
    return err;
}

enum kb_err kb_journal_put_values(struct kb_journal *journal, const char *iccid,
                                  struct kb_span sealed, struct kb_report *why)
{
    kb_journal_bind_text(journal, SQL_PUT_VALUES, 1, iccid);
    sqlite3_bind_blob(journal->prepared[SQL_PUT_VALUES], 2, sealed.data, (int)sealed.len,
                      SQLITE_TRANSIENT);
    return kb_journal_change(journal, SQL_PUT_VALUES, why);
}

static enum kb_err copy_blob(struct kb_journal *journal, uint8_t *out, size_t *len,
                             const char *iccid, struct kb_report *why)
{
    const void *blob = sqlite3_column_blob(journal->prepared[SQL_VALUES], 0);
    size_t size = (size_t)sqlite3_column_bytes(journal->prepared[SQL_VALUES], 0);

    if (!blob || size > KB_JOURNAL_SEALED_MAX)
        return kb_report(why, KB_ERR_ABSENT, "%s: card %s has no values yet", journal->path, iccid);
    memcpy(out, blob, size);
    *len = size;
    return KB_OK;
}

enum kb_err kb_journal_values(struct kb_journal *journal, const char *iccid, uint8_t *sealed,
                              size_t *len, struct kb_report *why)
{
    enum kb_err err;
    int result;

    kb_journal_bind_text(journal, SQL_VALUES, 1, iccid);
    result = kb_journal_step(journal, SQL_VALUES, &err, why);
    if (result == SQLITE_ROW)
        err = copy_blob(journal, sealed, len, iccid, why);
    else if (!err)
        err = kb_report(why, KB_ERR_ABSENT, "%s: no card %s", journal->path, iccid);
    kb_journal_finish(journal, SQL_VALUES);
    return err;
}

enum kb_err kb_journal_set_state(struct kb_journal *journal, const char *iccid,
                                 enum kb_journal_state state, const char *reason,
                                 struct kb_report *why)
{
    kb_journal_bind_text(journal, SQL_SET_STATE, 1, iccid);
    kb_journal_bind_number(journal, SQL_SET_STATE, 2, (uint64_t)state);
    if (reason)
        kb_journal_bind_text(journal, SQL_SET_STATE, 3, reason);
    return kb_journal_change(journal, SQL_SET_STATE, why);
}

enum kb_err kb_journal_set_seq(struct kb_journal *journal, const char *iccid, uint64_t seq,
                               struct kb_report *why)
{
    kb_journal_bind_text(journal, SQL_SET_SEQ, 1, iccid);
    kb_journal_bind_number(journal, SQL_SET_SEQ, 2, seq);
    return kb_journal_change(journal, SQL_SET_SEQ, why);
}

enum kb_err kb_journal_set_proof(struct kb_journal *journal, const char *iccid, enum kb_proof proof,
                                 struct kb_report *why)
{
    kb_journal_bind_text(journal, SQL_SET_PROOF, 1, iccid);
    kb_journal_bind_number(journal, SQL_SET_PROOF, 2, (uint64_t)proof);
    return kb_journal_change(journal, SQL_SET_PROOF, why);
}

enum kb_err kb_journal_forget_proofs(struct kb_journal *journal, struct kb_report *why)
{
    enum kb_err err = kb_journal_change(journal, SQL_FORGET_PROOFS, why);

    return err ? err : kb_journal_commit(journal, why);
}

enum kb_err kb_journal_reopen(struct kb_journal *journal, struct kb_report *why)
{
    enum kb_err err = kb_journal_change(journal, SQL_REOPEN, why);

    return err ? err : kb_journal_commit(journal, why);
}

enum kb_err kb_journal_count(struct kb_journal *journal, enum kb_journal_state state,
                             uint64_t *count, struct kb_report *why)
{
    enum kb_err err;

    kb_journal_bind_number(journal, SQL_COUNT, 1, (uint64_t)state);
    if (kb_journal_step(journal, SQL_COUNT, &err, why) == SQLITE_ROW)
        *count = kb_journal_number(journal, SQL_COUNT, 0);
    kb_journal_finish(journal, SQL_COUNT);
    return err;
}
