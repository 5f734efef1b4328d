/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's database (SQLite, write-ahead log). */

#include "desk/journal_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { SCHEMA_VERSION = 1, BUSY_MS = 5000 };

/* A card is in the batch when it has a row there. seq: highest sequence number it accepted. */
static const char schema[] =
    "CREATE TABLE batch(id INTEGER PRIMARY KEY CHECK(id = 1), plan TEXT NOT NULL, field TEXT NOT "
    "NULL, batch_digest TEXT NOT NULL, handover_digest TEXT NOT NULL);"
    "CREATE TABLE card(iccid TEXT PRIMARY KEY, code_offset INTEGER NOT NULL, code_line INTEGER NOT "
    "NULL, row_offset INTEGER, row_line INTEGER, state INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT "
    "NULL DEFAULT 0, reason TEXT, sealed BLOB, proof INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE subscriber(imsi TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

#define ROW_COLUMNS                                                                                \
    "iccid, code_offset, code_line, row_offset, row_line, state, sealed IS NOT NULL, seq, "        \
    "reason, proof"

static const char *const statements[KB_JOURNAL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_BATCH] = "SELECT plan, field, batch_digest, handover_digest FROM batch",
    [SQL_SET_BATCH] = "INSERT INTO batch VALUES(1, ?, ?, ?, ?)",
    [SQL_ADD_CARD] = "INSERT INTO card(iccid, code_offset, code_line) VALUES(?, ?, ?) "
                     "ON CONFLICT DO NOTHING",
    [SQL_CARD_LINES] = "SELECT code_line, row_line FROM card WHERE iccid = ?",
    [SQL_ADD_ROW] = "UPDATE card SET row_offset = ?2, row_line = ?3 "
                    "WHERE iccid = ?1 AND row_line IS NULL",
    [SQL_ADD_IMSI] = "INSERT INTO subscriber VALUES(?, ?) ON CONFLICT DO NOTHING",
    [SQL_IMSI_LINE] = "SELECT line FROM subscriber WHERE imsi = ?",
    [SQL_FIND] = "SELECT " ROW_COLUMNS " FROM card WHERE iccid = ? AND row_line IS NOT NULL",
    [SQL_NEXT] = "SELECT " ROW_COLUMNS " FROM card WHERE iccid > ? AND state = ? AND row_line IS "
                 "NOT NULL ORDER BY iccid LIMIT 1",
    [SQL_UNPREPARED] = "SELECT " ROW_COLUMNS " FROM card WHERE iccid >= ? AND state = 0 AND "
                       "row_line IS NOT NULL AND sealed IS NULL ORDER BY iccid LIMIT ?",
    [SQL_PUT_VALUES] = "UPDATE card SET sealed = ?2 WHERE iccid = ?1",
    [SQL_VALUES] = "SELECT sealed FROM card WHERE iccid = ?",
    [SQL_SET_STATE] = "UPDATE card SET state = ?2, reason = ?3 WHERE iccid = ?1",
    [SQL_SET_SEQ] = "UPDATE card SET seq = ?2 WHERE iccid = ?1",
    [SQL_SET_PROOF] = "UPDATE card SET proof = ?2 WHERE iccid = ?1",
    [SQL_FORGET_PROOFS] = "UPDATE card SET proof = 0 WHERE proof <> 0",
    [SQL_REOPEN] = "UPDATE card SET state = 0 WHERE state = 2",
    [SQL_COUNT] = "SELECT count(*) FROM card WHERE state = ? AND row_line IS NOT NULL",
};

enum kb_err kb_journal_fail(struct kb_journal *journal, struct kb_report *why)
{
    enum kb_err err = sqlite3_errcode(journal->db) == SQLITE_NOTADB ? KB_ERR_MALFORMED : KB_ERR_IO;

    return kb_report(why, err, "%s: %s", journal->path, sqlite3_errmsg(journal->db));
}

int kb_journal_step(struct kb_journal *journal, enum kb_journal_sql which, enum kb_err *err,
                    struct kb_report *why)
{
    int result = sqlite3_step(journal->prepared[which]);

    *err = result == SQLITE_ROW || result == SQLITE_DONE ? KB_OK : kb_journal_fail(journal, why);
    return result;
}

void kb_journal_finish(struct kb_journal *journal, enum kb_journal_sql which)
{
    sqlite3_reset(journal->prepared[which]);
    sqlite3_clear_bindings(journal->prepared[which]);
}

enum kb_err kb_journal_run(struct kb_journal *journal, enum kb_journal_sql which,
                           struct kb_report *why)
{
    enum kb_err err;

    kb_journal_step(journal, which, &err, why);
    kb_journal_finish(journal, which);
    return err;
}

enum kb_err kb_journal_change(struct kb_journal *journal, enum kb_journal_sql which,
                              struct kb_report *why)
{
    enum kb_err err = journal->pending ? KB_OK : kb_journal_run(journal, SQL_BEGIN, why);

    if (!err)
        journal->pending++;
    if (!err)
        err = kb_journal_run(journal, which, why);
    else
        kb_journal_finish(journal, which);
    return err;
}

void kb_journal_bind_text(struct kb_journal *journal, enum kb_journal_sql which, int at,
                          const char *text)
{
    sqlite3_bind_text(journal->prepared[which], at, text, -1, SQLITE_TRANSIENT);
}

void kb_journal_bind_number(struct kb_journal *journal, enum kb_journal_sql which, int at,
                            uint64_t number)
{
    sqlite3_bind_int64(journal->prepared[which], at, (sqlite3_int64)number);
}

uint64_t kb_journal_number(struct kb_journal *journal, enum kb_journal_sql which, int at)
{
    return (uint64_t)sqlite3_column_int64(journal->prepared[which], at);
}

void kb_journal_text(struct kb_journal *journal, enum kb_journal_sql which, int at, char *out,
                     size_t size)
{
    const unsigned char *text = sqlite3_column_text(journal->prepared[which], at);

    snprintf(out, size, "%s", text ? (const char *)text : "");
}

static enum kb_err run_script(struct kb_journal *journal, const char *script, struct kb_report *why)
{
    return sqlite3_exec(journal->db, script, NULL, NULL, NULL) == SQLITE_OK
               ? KB_OK
               : kb_journal_fail(journal, why);
}

static int schema_version(struct kb_journal *journal)
{
    sqlite3_stmt *query = NULL;
    int version = -1;

    if (sqlite3_prepare_v2(journal->db, "PRAGMA user_version", -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        version = sqlite3_column_int(query, 0);
    sqlite3_finalize(query);
    return version;
}

static enum kb_err make_schema(struct kb_journal *journal, struct kb_report *why)
{
    enum kb_err err = run_script(journal, "BEGIN IMMEDIATE", why);

    if (!err && schema_version(journal) == 0)
        err = run_script(journal, schema, why);
    return err ? err : run_script(journal, "COMMIT", why);
}

static enum kb_err prepare_all(struct kb_journal *journal, struct kb_report *why)
{
    for (int i = 0; i < KB_JOURNAL_STATEMENTS; i++)
        if (sqlite3_prepare_v3(journal->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &journal->prepared[i], NULL) != SQLITE_OK)
            return kb_journal_fail(journal, why);
    return KB_OK;
}

static enum kb_err set_up(struct kb_journal *journal, struct kb_report *why)
{
    enum kb_err err;
    int version;

    sqlite3_busy_timeout(journal->db, BUSY_MS);
    err = run_script(journal,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                     "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY",
                     why);
    if (!err && schema_version(journal) == 0)
        err = make_schema(journal, why);
    version = schema_version(journal);
    if (!err && version != SCHEMA_VERSION)
        err = kb_report(why, KB_ERR_VERSION, "%s: journal of version %d, this program knows %d",
                        journal->path, version, SCHEMA_VERSION);
    return err ? err : prepare_all(journal, why);
}

/* SQLite's further files take their mode from this one. It stays open: closing it would end
 * SQLite's own locks (fcntl(2)). */
static enum kb_err open_file(struct kb_journal *journal, bool may_make, struct kb_report *why)
{
    journal->fd = open(journal->path, O_RDWR | O_CLOEXEC | (may_make ? O_CREAT : 0), 0600);
    if (journal->fd < 0)
        return kb_report(why, errno == ENOENT ? KB_ERR_ABSENT : KB_ERR_IO, "%s: %s", journal->path,
                         strerror(errno));
    if (may_make && flock(journal->fd, LOCK_EX | LOCK_NB))
        return kb_report(why, KB_ERR_EXISTS, "%s: another run is using this journal",
                         journal->path);
    return KB_OK;
}

enum kb_err kb_journal_open(const char *path, bool may_make, struct kb_journal **journal,
                            struct kb_report *why)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (*path ? 0 : SQLITE_OPEN_CREATE);
    struct kb_journal *made = calloc(1, sizeof *made);
    enum kb_err err = KB_OK;

    *journal = NULL;
    if (!made)
        return kb_report(why, KB_ERR_MEMORY, "%s: %s", path, kb_err_text(KB_ERR_MEMORY));
    made->fd = -1;
    snprintf(made->path, sizeof made->path, "%s", path);
    if (*path)
        err = open_file(made, may_make, why);
    if (!err && sqlite3_open_v2(path, &made->db, flags, NULL))
        err = kb_journal_fail(made, why);
    if (!err)
        err = set_up(made, why);
    if (err)
        kb_journal_close(made);
    else
        *journal = made;
    return err;
}

void kb_journal_close(struct kb_journal *journal)
{
    if (!journal)
        return;
    if (journal->pending)
        kb_journal_rollback(journal);
    for (int i = 0; i < KB_JOURNAL_STATEMENTS; i++)
        sqlite3_finalize(journal->prepared[i]);
    sqlite3_close(journal->db);
    if (journal->fd >= 0)
        close(journal->fd);
    free(journal);
}
