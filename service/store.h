/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's durable memory: SQL statements in a table of its owner, prepared once; steps that
 * share a commit; columns that are sealed; and what every server keeps: mail it has taken, mail it
 * has to send, and an audit trail whose lines hold each other in place.
 *
 * A step is a savepoint inside of the open group: it happens wholly or not at all, and counts once
 * the group is committed. Nothing that depends on it (mail sent, mail acknowledged) may leave
 * before.
 *
 * SQL is what SQLite and PostgreSQL both understand: types INTEGER, BIGINT, TEXT, BYTEA; parameters
 * $1, $2 ...; INSERT ... ON CONFLICT. One process has the store for itself, one thread at a time.
 */
#ifndef KB_SERVICE_STORE_H
#define KB_SERVICE_STORE_H

#include "agree/party.h"
#include "service/mail.h"
#include "wire/report.h"

struct kb_store;

/* How a store of an older version becomes one of the next. */
struct kb_store_upgrade {
    const char *schema; /* whole, of the older version, by which it is known */
    const char *sql;    /* what is new */
};

struct kb_store_config {
    const char *path; /* of the database; ":memory:" for one that is gone when it is closed */
    const struct kb_crypto *crypto;
    struct kb_random random;
    const uint8_t *key; /* KB_GCM_KEY bytes: seals columns */
    int64_t (*now)(void *ctx);
    void *now_ctx;

    uint32_t schema_version;
    const char *schema;                      /* SQL that makes the owner's tables */
    const struct kb_store_upgrade *upgrades; /* from version 1 on, one for each older version */
    size_t upgrade_count;
    const char *const *statements; /* the owner's, by number */
    size_t statement_count;

    /* For tests: called where a process may die between two operations: "begin", "end", "commit",
     * "committed", "outbox", "sent". Other than KB_OK: it "dies" there, and everything answers that
     * error from then on. May be NULL. */
    enum kb_err (*fault)(void *ctx, const char *where);
    void *fault_ctx;
};

/* Makes the store (mode 0600) when there is none. KB_ERR_INTEGRITY: it was sealed under another
 * key; KB_ERR_VERSION: made by a version from which no upgrade leads here, or for another server;
 * KB_ERR_EXISTS: another process has it open; KB_ERR_MALFORMED, KB_ERR_USAGE: no database; SQL with
 * a mistake. A failure of the database in the middle of a group makes every later call fail: close,
 * and open again. */
enum kb_err kb_store_open(const struct kb_store_config *config, struct kb_store **store,
                          struct kb_report *why);
void kb_store_close(struct kb_store *store); /* what was not committed is gone */

/* --- Steps --- */
enum kb_err kb_store_begin(struct kb_store *store);
enum kb_err kb_store_end(struct kb_store *store, enum kb_err err); /* not KB_OK: as if never begun;
                                                                      returns the first error */
enum kb_err kb_store_commit(struct kb_store *store); /* the group: all steps since the last one */

/* --- Statements. Bind ($1 is 1; what is bound is copied), then step until KB_ERR_ABSENT: no (more)
 * rows, or run. Columns from 0, valid until the next step. Sealed: the row's key (up to 128 bytes)
 * and the column's name are authenticated with it. What changes something belongs into a step:
 * otherwise KB_ERR_USAGE. --- */
struct kb_statement; /* one of the owner's, in use */
struct kb_statement *kb_store_get(struct kb_store *store, size_t which);
void kb_bind_int(struct kb_statement *st, int at, int64_t value);
void kb_bind_text(struct kb_statement *st, int at, struct kb_span text);
void kb_bind_blob(struct kb_statement *st, int at, struct kb_span bytes);
void kb_bind_sealed(struct kb_statement *st, int at, const char *column, struct kb_span row,
                    struct kb_span secret);
enum kb_err kb_statement_step(struct kb_statement *st);
enum kb_err kb_statement_run(struct kb_statement *st); /* and reset */
int64_t kb_statement_changes(struct kb_statement *st); /* rows the last run changed */
void kb_statement_end(struct kb_statement *st);        /* before its last row was read */
int64_t kb_column_int(struct kb_statement *st, int at);
struct kb_span kb_column_text(struct kb_statement *st, int at);
struct kb_span kb_column_blob(struct kb_statement *st, int at);
/* KB_ERR_INTEGRITY: sealed under another key, or for another row or column; KB_ERR_TOO_LONG;
 * KB_ERR_ABSENT: the column is empty. The caller wipes out. */
enum kb_err kb_column_sealed(struct kb_statement *st, int at, const char *column,
                             struct kb_span row, uint8_t *out, size_t cap, size_t *len);

/* --- Mail --- */
/* KB_ERR_EXISTS: this very mail was taken before. Mail without a number is always new. */
enum kb_err kb_store_take(struct kb_store *store, const struct kb_mail *mail);
/* Appends to the outbox, as part of the step. KB_MAIL_REGISTER is sealed. */
enum kb_err kb_store_post(struct kb_store *store, const struct kb_mail *mail);
/* The next committed mail after this number (0: the first). room: KB_MAIL_BODY_MAX bytes, the body
 * points into it. KB_ERR_ABSENT. */
enum kb_err kb_store_outbox(struct kb_store *store, uint64_t after, struct kb_mail *mail,
                            uint8_t *room);
enum kb_err kb_store_sent(struct kb_store *store, uint64_t id);

/* --- Audit: who, what, result; never a secret. Each line bears a hash over itself and the line
 * before. --- */
enum kb_err kb_store_audit(struct kb_store *store, const char *what, const char *card,
                           const char *result);
/* KB_ERR_INTEGRITY: a line was changed, taken out or put in; *line: which. */
enum kb_err kb_store_audit_check(struct kb_store *store, uint64_t *line);

#endif
