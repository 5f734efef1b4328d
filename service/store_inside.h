/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share, and nobody else sees. */
#ifndef KB_SERVICE_STORE_INSIDE_H
#define KB_SERVICE_STORE_INSIDE_H

#include <sqlite3.h>

#include "service/store.h"

enum {
    KB_STORE_PARAMETERS = 32, /* of a statement */
    KB_STORE_COLUMN_MAX = 48, /* bytes of a sealed column's name, and of its row's key */
    KB_STORE_ROW_MAX = 128
};

struct kb_statement {
    struct kb_store *store;
    sqlite3_stmt *stmt;
    enum kb_err err; /* the first that binding met; told by the next step */
    int64_t changes;
    uint8_t places[KB_STORE_PARAMETERS + 1]; /* of $1, $2 ... among the statement's parameters */
};

enum kb_store_sql {
    STORE_GROUP,
    STORE_COMMIT,
    STORE_STEP,
    STORE_KEEP,
    STORE_UNDO,
    STORE_META,
    STORE_SET_META,
    STORE_TAKE,
    STORE_PRUNE,
    STORE_POST,
    STORE_NEXT,
    STORE_SENT,
    STORE_AUDIT,
    STORE_AUDIT_WALK,
    STORE_STATEMENTS
};

/* Where the audit trail ends. */
struct kb_store_trail {
    uint64_t lines;
    uint8_t hash[KB_SHA256_SIZE]; /* of the last line; zeros before the first */
};

/* Numbers of the outbox: next_id .. end_id - 1 are set aside for this process. */
struct kb_store_mail {
    uint64_t next_id, end_id;
};

struct kb_store {
    sqlite3 *db;
    const struct kb_crypto *crypto;
    struct kb_random random;
    uint8_t key[KB_GCM_KEY];
    int64_t (*now)(void *ctx);
    void *now_ctx;
    enum kb_err (*fault)(void *ctx, const char *where);
    void *fault_ctx;

    enum kb_err dead; /* other than KB_OK: what everything answers */
    bool has_group, has_step;
    struct kb_store_mail mail, mail_before; /* the step */
    uint64_t committed_id;                  /* the highest number whose mail may leave */
    unsigned takes;                         /* since old numbers were last cleared out */
    struct kb_store_trail trail, trail_before;
    uint64_t sealed_lines; /* of the trail, when its end was last sealed */

    struct kb_statement own[STORE_STATEMENTS];
    struct kb_statement *owners;
    size_t owner_count;
};

/* KB_OK, or what everything answers from now on. */
enum kb_err kb_store_fault(struct kb_store *store, const char *where);
enum kb_err kb_store_error(int sqlite);
int64_t kb_store_now(const struct kb_store *store);

struct kb_statement *kb_store_own(struct kb_store *store, enum kb_store_sql which);
enum kb_err kb_statement_prepare(struct kb_store *store, const char *sql, struct kb_statement *st);

/* Opens the group unless one is open. */
enum kb_err kb_store_group(struct kb_store *store);

/* Small values of the store itself, sealed. kb_store_meta: KB_ERR_ABSENT. */
enum kb_err kb_store_meta(struct kb_store *store, const char *name, uint8_t *out, size_t cap,
                          size_t *len);
enum kb_err kb_store_set_meta(struct kb_store *store, const char *name, struct kb_span value);

/* The end of the audit trail, as it was sealed last, and sealing it. */
enum kb_err kb_store_trail_load(struct kb_store *store);
enum kb_err kb_store_trail_seal(struct kb_store *store);

/* Where the numbers of the outbox go on. */
enum kb_err kb_store_mail_load(struct kb_store *store);

/* --- store_upgrade.c --- */

enum { KB_STORE_FORMAT = 1 }; /* of what every store has, whatever its owner */

/* One number of a query without parameters; -1: no row, or no such table. */
int64_t kb_store_ask(struct kb_store *store, const char *sql);
enum kb_err kb_store_digest(const struct kb_store *store, const char *schema,
                            uint8_t digest[KB_SHA256_SIZE]);
/* Whether the tables are those that this schema made. */
enum kb_err kb_store_is_made_by(struct kb_store *store, const char *schema, bool *is_same);
/* A store that none of the older schemas made is left as it is. */
enum kb_err kb_store_upgrade(struct kb_store *store, const struct kb_store_config *config,
                             struct kb_report *why);

#endif
