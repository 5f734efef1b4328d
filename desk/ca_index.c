/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a root. */

#include "desk/ca_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SCHEMA_VERSION = 1, BUSY_MS = 5000 };

/* A serial is never used twice, so neither is a kid. */
static const char schema[] =
    "PRAGMA synchronous = EXTRA; BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS root(id INTEGER PRIMARY KEY CHECK(id = 1), name TEXT NOT NULL, "
    "kind INTEGER NOT NULL, public BLOB NOT NULL, number INTEGER NOT NULL, list BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS credential(serial INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT "
    "NOT NULL, curve INTEGER NOT NULL, public BLOB NOT NULL UNIQUE, is_odd INTEGER NOT NULL, "
    "not_before INTEGER NOT NULL, expires INTEGER NOT NULL, fingerprint BLOB NOT NULL, token BLOB, "
    "issued INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0, reason TEXT);"
    "CREATE INDEX IF NOT EXISTS credential_subject ON credential(subject);"
    "CREATE INDEX IF NOT EXISTS credential_revoked ON credential(serial) WHERE revoked;"
    "PRAGMA user_version = 1; COMMIT";

#define COLUMNS                                                                                    \
    "serial, subject, curve, public, is_odd, not_before, expires, fingerprint, token, revoked, "   \
    "reason"
#define NAMED "(serial = ?1 OR (?1 = 0 AND subject = ?2))"

static const char *const statements[CA_STATEMENTS] = {
    [CA_BEGIN] = "BEGIN IMMEDIATE",
    [CA_COMMIT] = "COMMIT",
    [CA_ROLLBACK] = "ROLLBACK",
    [CA_ROOT] = "SELECT name, kind, public, number FROM root",
    [CA_SET_ROOT] = "INSERT INTO root VALUES(1, ?, ?, ?, 0, ?)",
    [CA_NEXT] = "SELECT " COLUMNS " FROM credential WHERE serial > ? ORDER BY serial LIMIT 1",
    [CA_BY_KEY] = "SELECT " COLUMNS " FROM credential WHERE public = ?",
    [CA_ADD] = "INSERT INTO credential(subject, curve, public, is_odd, not_before, expires, "
               "fingerprint, token, issued) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [CA_VALID] = "SELECT serial FROM credential WHERE subject = ? AND revoked = 0 AND (expires = 0 "
                 "OR expires > ?) LIMIT 1",
    [CA_WITHDRAW] = "DELETE FROM credential WHERE subject = ? AND public = ? AND revoked = 0",
    [CA_COUNT] = "SELECT count(*) FROM credential WHERE " NAMED,
    [CA_REVOKE] = "UPDATE credential SET revoked = ?3, reason = ?4 WHERE revoked = 0 AND " NAMED,
    [CA_REVOKED] = "SELECT serial, fingerprint FROM credential WHERE revoked ORDER BY serial",
    [CA_LIST] = "SELECT list FROM root",
    [CA_SET_LIST] = "UPDATE root SET number = ?, list = ?",
};

static enum kb_err blame(struct kb_ca_index *index, struct kb_report *why)
{
    enum kb_err err = sqlite3_errcode(index->db) == SQLITE_NOTADB ? KB_ERR_MALFORMED : KB_ERR_IO;

    return kb_report(why, err, "%s: %s", index->path, sqlite3_errmsg(index->db));
}

sqlite3_stmt *kb_ca_index_get(struct kb_ca_index *index, enum kb_ca_sql which)
{
    return index->prepared[which];
}

void kb_ca_index_end(struct kb_ca_index *index, enum kb_ca_sql which)
{
    sqlite3_reset(index->prepared[which]);
    sqlite3_clear_bindings(index->prepared[which]);
}

enum kb_err kb_ca_index_step(struct kb_ca_index *index, enum kb_ca_sql which, struct kb_report *why)
{
    int result = sqlite3_step(index->prepared[which]);
    enum kb_err err = KB_OK;

    if (result == SQLITE_ROW)
        return KB_OK;
    err = result == SQLITE_DONE ? KB_ERR_ABSENT : blame(index, why);
    kb_ca_index_end(index, which);
    return err;
}

enum kb_err kb_ca_index_run(struct kb_ca_index *index, enum kb_ca_sql which, struct kb_report *why)
{
    enum kb_err err = kb_ca_index_step(index, which, why);

    kb_ca_index_end(index, which);
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

enum kb_err kb_ca_index_finish(struct kb_ca_index *index, enum kb_err err, struct kb_report *why)
{
    if (!err)
        err = kb_ca_index_run(index, CA_COMMIT, why);
    if (err && !sqlite3_get_autocommit(index->db))
        kb_ca_index_run(index, CA_ROLLBACK, NULL);
    return err;
}

/* SQLite's further files take their mode from this one. */
static enum kb_err open_file(struct kb_ca_index *index, bool may_make, struct kb_report *why)
{
    int fd = open(index->path, O_RDWR | O_CLOEXEC | (may_make ? O_CREAT : 0), 0600);

    if (fd < 0)
        return kb_report(why, errno == ENOENT ? KB_ERR_ABSENT : KB_ERR_IO, "%s: %s", index->path,
                         strerror(errno));
    close(fd);
    return KB_OK;
}

static int schema_version(struct kb_ca_index *index)
{
    sqlite3_stmt *query = NULL;
    int version = -1;

    if (sqlite3_prepare_v2(index->db, "PRAGMA user_version", -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        version = sqlite3_column_int(query, 0);
    sqlite3_finalize(query);
    return version;
}

static enum kb_err set_up(struct kb_ca_index *index, bool may_make, struct kb_report *why)
{
    int version;

    sqlite3_busy_timeout(index->db, BUSY_MS);
    version = schema_version(index);
    if (version < 0)
        return blame(index, why);
    if (version == 0 && !may_make)
        return kb_report(why, KB_ERR_ABSENT, "%s: is empty", index->path);
    if (version != 0 && version != SCHEMA_VERSION)
        return kb_report(why, KB_ERR_VERSION, "%s: index of version %d, this program knows %d",
                         index->path, version, SCHEMA_VERSION);
    if (sqlite3_exec(index->db, version ? "PRAGMA synchronous = EXTRA" : schema, NULL, NULL, NULL))
        return blame(index, why);
    for (int i = 0; i < CA_STATEMENTS; i++)
        if (sqlite3_prepare_v3(index->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &index->prepared[i], NULL) != SQLITE_OK)
            return blame(index, why);
    return KB_OK;
}

enum kb_err kb_ca_index_open(struct kb_ca_index *index, const char *path, bool may_make,
                             struct kb_report *why)
{
    enum kb_err err;

    memset(index, 0, sizeof *index);
    if (snprintf(index->path, sizeof index->path, "%s", path) >= (int)sizeof index->path)
        return kb_report(why, KB_ERR_TOO_LONG, "%s: the name is too long", path);
    err = open_file(index, may_make, why);
    if (!err &&
        sqlite3_open_v2(path, &index->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
        err = blame(index, why);
    if (!err)
        err = set_up(index, may_make, why);
    if (err)
        kb_ca_index_close(index);
    return err;
}

void kb_ca_index_close(struct kb_ca_index *index)
{
    for (int i = 0; i < CA_STATEMENTS; i++)
        sqlite3_finalize(index->prepared[i]);
    sqlite3_close(index->db);
    memset(index, 0, sizeof *index);
}
