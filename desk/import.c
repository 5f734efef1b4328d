/* SPDX-License-Identifier: Apache-2.0 */
/* From the tables to the journal. */

#include "desk/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "wire/bcd.h"
#include "wire/hex.h"

struct work {
    struct kb_journal *journal;
    struct kb_handover *handover;
    struct kb_table *table;
    struct kb_record *record;
    struct kb_report *why;
};

/* --- Which tables a journal belongs to --- */

static enum kb_err hash_file(const struct kb_crypto *crypto, int fd, uint8_t *digest)
{
    uint8_t block[65536];
    struct kb_sha256 sha;
    enum kb_err err = crypto->sha256_start(&sha);
    ssize_t got = 1;

    while (!err && got > 0) {
        got = read(fd, block, sizeof block);
        if (got > 0)
            err = crypto->sha256_update(&sha, block, (size_t)got);
    }
    kb_wipe(block, sizeof block);
    if (!err)
        err = crypto->sha256_finish(&sha, digest);
    return got < 0 ? KB_ERR_IO : err;
}

static enum kb_err digest_of(const struct kb_crypto *crypto, const char *path,
                             char out[KB_JOURNAL_DIGEST], struct kb_report *why)
{
    uint8_t digest[KB_SHA256_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum kb_err err;

    if (fd < 0)
        return kb_report(why, KB_ERR_ABSENT, "%s: %s", path, strerror(errno));
    err = hash_file(crypto, fd, digest);
    close(fd);
    if (err)
        return kb_report(why, err, "%s: %s", path, kb_err_text(err));
    kb_hex_encode(kb_span(digest, sizeof digest), out);
    return KB_OK;
}

static enum kb_err describe(struct work *work, const struct kb_crypto *crypto, const char *plan,
                            struct kb_journal_batch *batch)
{
    enum kb_err err;

    *batch = (struct kb_journal_batch){0};
    snprintf(batch->plan, sizeof batch->plan, "%s", plan);
    snprintf(batch->field, sizeof batch->field, "%s", work->table->field->name);
    err = digest_of(crypto, kb_csv_path(work->table->csv), batch->batch_digest, work->why);
    if (err)
        return err;
    return digest_of(crypto, kb_csv_path(work->handover->csv), batch->handover_digest, work->why);
}

static enum kb_err compare(struct work *work, const struct kb_journal_batch *batch, bool *is_new)
{
    struct kb_journal_batch old = {0};
    struct kb_report reason;
    const char *other = NULL;
    enum kb_err err = kb_journal_batch(work->journal, &old, &reason);

    *is_new = err == KB_ERR_ABSENT;
    if (err)
        return *is_new ? KB_OK : kb_report(work->why, err, "%s", reason.text);
    if (strcmp(old.batch_digest, batch->batch_digest) != 0)
        other = "batch";
    else if (strcmp(old.handover_digest, batch->handover_digest) != 0)
        other = "handover";
    else if (strcmp(old.field, batch->field) != 0)
        other = "field";
    else if (strcmp(old.plan, batch->plan) != 0)
        other = "plan";
    if (!other)
        return KB_OK;
    return kb_report(work->why, KB_ERR_EXISTS,
                     "the journal was started with another %s; name a new one with --journal",
                     other);
}

/* --- Rows --- */

static enum kb_err blame_twice(const struct kb_csv *csv, const char *column, const char *value,
                               uint64_t first, struct kb_report *why)
{
    kb_report(why, KB_ERR_EXISTS, "%s is there already, on line %llu", value,
              (unsigned long long)first);
    kb_csv_blame(csv, column, why);
    return KB_ERR_EXISTS;
}

static enum kb_err add_card(struct work *work, char *iccid, bool *is_row)
{
    struct kb_csv *csv = work->handover->csv;
    uint64_t first = 0;
    enum kb_err err =
        kb_handover_next(work->handover, work->table->field->name, iccid, is_row, work->why);

    if (err || !*is_row)
        return err;
    err = kb_journal_add_card(work->journal, iccid, kb_csv_place(csv), &first, work->why);
    return err == KB_ERR_EXISTS ? blame_twice(csv, "iccid", iccid, first, work->why) : err;
}

/* Rows without an IMSI have none to share. */
static enum kb_err add_imsi(struct work *work)
{
    struct kb_csv *csv = work->table->csv;
    struct kb_span digits = kb_record_role(work->record, "imsi");
    char imsi[KB_IMSI_MAX + 1];
    uint64_t first = 0;
    enum kb_err err;

    if (!digits.len || digits.len > KB_IMSI_MAX)
        return KB_OK;
    memcpy(imsi, digits.data, digits.len);
    imsi[digits.len] = 0;
    err = kb_journal_add_imsi(work->journal, imsi, kb_csv_place(csv).line, &first, work->why);
    return err == KB_ERR_EXISTS ? blame_twice(csv, "imsi", imsi, first, work->why) : err;
}

static enum kb_err add_row(struct work *work, const char *iccid)
{
    struct kb_csv *csv = work->table->csv;
    uint64_t first = 0;
    enum kb_err err = kb_table_values(work->table, iccid, work->record, work->why);

    if (err)
        return err;
    err = kb_journal_add_row(work->journal, iccid, kb_csv_place(csv), &first, work->why);
    if (!err)
        return add_imsi(work);
    if (err == KB_ERR_EXISTS)
        return blame_twice(csv, "iccid", iccid, first, work->why);
    if (err != KB_ERR_ABSENT)
        return err;
    kb_report(work->why, err, "%s: no perso code for it and the field %s",
              kb_csv_path(work->handover->csv), work->table->field->name);
    kb_report_in(work->why, "%s", iccid);
    kb_csv_blame(csv, "iccid", work->why);
    return err;
}

/* Rows that name their card: first all cards, then all rows. */
static enum kb_err import_by_name(struct work *work)
{
    char iccid[KB_ICCID_TEXT];
    bool is_row = true;
    enum kb_err err = KB_OK;

    while (!err && is_row)
        err = add_card(work, iccid, &is_row);
    for (is_row = true; !err && is_row;) {
        err = kb_csv_next(work->table->csv, &is_row, work->why);
        if (!err && is_row)
            err = kb_table_iccid(work->table, iccid, work->why);
        if (!err && is_row)
            err = add_row(work, iccid);
    }
    return err;
}

/* Rows without a card: the next one of the handover. */
static enum kb_err import_by_order(struct work *work)
{
    char iccid[KB_ICCID_TEXT];
    bool is_row = true, is_card = true;
    enum kb_err err = KB_OK;

    while (!err && is_row) {
        err = kb_csv_next(work->table->csv, &is_row, work->why);
        if (!err && is_row)
            err = add_card(work, iccid, &is_card);
        if (!err && is_row && !is_card) {
            kb_report(work->why, KB_ERR_ABSENT, "%s has no card left for this row",
                      kb_csv_path(work->handover->csv));
            kb_csv_blame(work->table->csv, NULL, work->why);
            return KB_ERR_ABSENT;
        }
        if (!err && is_row)
            err = add_row(work, iccid);
    }
    return err;
}

static enum kb_err import_all(struct work *work, const struct kb_journal_batch *batch)
{
    enum kb_err err = kb_journal_set_batch(work->journal, batch, work->why);

    work->record = kb_record_new();
    if (!err && !work->record)
        err = kb_report(work->why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    if (!err)
        err = work->table->has_iccid ? import_by_name(work) : import_by_order(work);
    kb_record_free(work->record);
    if (!err)
        err = kb_journal_commit(work->journal, work->why);
    if (err)
        kb_journal_rollback(work->journal);
    return err;
}

enum kb_err kb_import(struct kb_journal *journal, const struct kb_crypto *crypto, const char *plan,
                      struct kb_handover *handover, struct kb_table *table, struct kb_report *why)
{
    struct work work = {journal, handover, table, NULL, why};
    struct kb_journal_batch batch;
    bool is_new = false;
    enum kb_err err = describe(&work, crypto, plan, &batch);

    if (!err)
        err = compare(&work, &batch, &is_new);
    return is_new ? import_all(&work, &batch) : err;
}
