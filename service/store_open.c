/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and making a store (SQLite, write-ahead log). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "service/store_inside.h"

enum { BUSY_MS = 500, LOG_PAGES = 8000 };

/* One process has the file for itself. What was deleted is overwritten. Rows are small and far
 * apart, so small pages have less to be copied for each. */
static const char settings[] =
    "PRAGMA page_size = 2048; PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;"
    "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000;"
    "PRAGMA journal_mode = WAL;";

static const char own_schema[] =
    "CREATE TABLE kb_schema(format INTEGER NOT NULL, version INTEGER NOT NULL,"
    " digest BYTEA NOT NULL);"
    "CREATE TABLE kb_meta(name TEXT PRIMARY KEY, value BYTEA NOT NULL);"
    "CREATE TABLE kb_inbox(peer TEXT NOT NULL, id BIGINT NOT NULL, taken BIGINT NOT NULL,"
    " PRIMARY KEY(peer, id));"
    "CREATE TABLE kb_outbox(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, peer TEXT NOT NULL,"
    " body BYTEA NOT NULL);"
    "CREATE TABLE kb_audit(line INTEGER PRIMARY KEY, time BIGINT NOT NULL, what TEXT NOT NULL,"
    " card TEXT NOT NULL, result TEXT NOT NULL, hash BYTEA NOT NULL);";

static const char *const own_statements[STORE_STATEMENTS] = {
    [STORE_GROUP] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_STEP] = "SAVEPOINT step",
    [STORE_KEEP] = "RELEASE SAVEPOINT step",
    [STORE_UNDO] = "ROLLBACK TO SAVEPOINT step",
    [STORE_META] = "SELECT value FROM kb_meta WHERE name = $1",
    [STORE_SET_META] = "INSERT INTO kb_meta(name, value) VALUES($1, $2) "
                       "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
    [STORE_TAKE] = "INSERT INTO kb_inbox(peer, id, taken) VALUES($1, $2, $3) "
                   "ON CONFLICT(peer, id) DO NOTHING",
    [STORE_PRUNE] = "DELETE FROM kb_inbox WHERE taken < $1 AND rowid IN "
                    "(SELECT rowid FROM kb_inbox ORDER BY rowid LIMIT $2)",
    [STORE_POST] = "INSERT INTO kb_outbox(id, kind, peer, body) VALUES($1, $2, $3, $4)",
    [STORE_NEXT] = "SELECT id, kind, peer, body FROM kb_outbox WHERE id > $1 AND id <= $2 "
                   "ORDER BY id LIMIT 1",
    [STORE_SENT] = "DELETE FROM kb_outbox WHERE id = $1",
    [STORE_AUDIT] = "INSERT INTO kb_audit(line, time, what, card, result, hash) "
                    "VALUES($1, $2, $3, $4, $5, $6)",
    [STORE_AUDIT_WALK] = "SELECT line, time, what, card, result, hash FROM kb_audit ORDER BY line",
};

static const char canary_name[] = "canary", canary[] = "this store was sealed under this key";

static bool is_in_memory(const char *path)
{
    return strcmp(path, ":memory:") == 0;
}

/* Secrets lie in it, if sealed: others have no business with the file. Its log and index take over
 * the mode. */
static enum kb_err make_file(const char *path, struct kb_report *why)
{
    int fd;

    if (is_in_memory(path))
        return KB_OK;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return kb_report(why, KB_ERR_IO, "%s: %s", path, strerror(errno));
    close(fd);
    return KB_OK;
}

/* The log is emptied when it has grown, so that what was deleted stays in it for a while only. */
static int on_commit(void *self, sqlite3 *db, const char *name, int pages)
{
    (void)self;
    if (pages >= LOG_PAGES)
        sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return SQLITE_OK;
}

static enum kb_err open_file(struct kb_store *store, const char *path, struct kb_report *why)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int rc;
    enum kb_err err = make_file(path, why);

    if (err)
        return err;
    rc = sqlite3_open_v2(path, &store->db, flags, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(store->db, BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(store->db, settings, NULL, NULL, NULL);
    if (rc == SQLITE_BUSY)
        return kb_report(why, KB_ERR_EXISTS, "%s: another process has it open", path);
    if (rc == SQLITE_NOTADB)
        return kb_report(why, KB_ERR_MALFORMED, "%s: this is not a database", path);
    if (rc != SQLITE_OK)
        return kb_report(why, kb_store_error(rc), "%s: %s", path, sqlite3_errmsg(store->db));
    sqlite3_wal_hook(store->db, on_commit, NULL);
    return KB_OK;
}

static enum kb_err write_version(struct kb_store *store, const struct kb_store_config *config)
{
    struct kb_statement st = {0};
    uint8_t digest[KB_SHA256_SIZE];
    enum kb_err err = kb_store_digest(store, config->schema, digest);

    if (!err)
        err = kb_statement_prepare(
            store, "INSERT INTO kb_schema(format, version, digest) VALUES($1, $2, $3)", &st);
    if (!err) {
        kb_bind_int(&st, 1, KB_STORE_FORMAT);
        kb_bind_int(&st, 2, config->schema_version);
        kb_bind_blob(&st, 3, kb_span(digest, sizeof(digest)));
        err = kb_statement_run(&st);
    }
    sqlite3_finalize(st.stmt);
    return err;
}

static enum kb_err prepare_own(struct kb_store *store)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < STORE_STATEMENTS && !err; i++)
        err = kb_statement_prepare(store, own_statements[i], &store->own[i]);
    return err;
}

/* Makes all tables and what is known from the beginning, or nothing. */
static enum kb_err make_tables(struct kb_store *store, const struct kb_store_config *config,
                               struct kb_report *why)
{
    int rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    enum kb_err err;

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(store->db, own_schema, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(store->db, config->schema, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return kb_report(why, kb_store_error(rc), "%s: %s", config->path,
                         sqlite3_errmsg(store->db));
    store->has_group = true;
    err = prepare_own(store);
    if (!err)
        err = write_version(store, config);
    if (!err)
        err = kb_store_set_meta(store, canary_name, kb_span(canary, sizeof(canary)));
    if (!err) {
        store->trail.lines = 0;
        store->sealed_lines = UINT64_MAX;
        err = kb_store_trail_seal(store);
    }
    if (!err)
        err = kb_statement_run(kb_store_own(store, STORE_COMMIT));
    store->has_group = false;
    return err ? kb_report(why, err, "%s: %s", config->path, kb_err_text(err)) : KB_OK;
}

static enum kb_err check_version(struct kb_store *store, const struct kb_store_config *config,
                                 struct kb_report *why)
{
    int64_t format = kb_store_ask(store, "SELECT format FROM kb_schema");
    int64_t version = kb_store_ask(store, "SELECT version FROM kb_schema");
    bool is_same = false;
    enum kb_err err;

    if (format < 0)
        return kb_report(why, KB_ERR_VERSION, "%s: this database is not a store of Keyborn",
                         config->path);
    if (format != KB_STORE_FORMAT || version != (int64_t)config->schema_version)
        return kb_report(why, KB_ERR_VERSION, "%s: version %d.%d, this program knows %d.%u",
                         config->path, (int)format, (int)version, KB_STORE_FORMAT,
                         (unsigned)config->schema_version);
    err = kb_store_is_made_by(store, config->schema, &is_same);
    if (!err && !is_same)
        err = KB_ERR_VERSION;
    if (err)
        return kb_report(why, err, "%s: this is the store of another kind of server", config->path);
    err = prepare_own(store);
    return err ? kb_report(why, err, "%s: %s", config->path, sqlite3_errmsg(store->db)) : KB_OK;
}

static enum kb_err check_key(struct kb_store *store, const char *path, struct kb_report *why)
{
    uint8_t value[sizeof(canary)];
    size_t len;
    enum kb_err err = kb_store_meta(store, canary_name, value, sizeof(value), &len);

    if (err == KB_ERR_INTEGRITY)
        return kb_report(why, err, "%s: it was sealed under another key than the one given", path);
    if (!err && (len != sizeof(canary) || memcmp(value, canary, len) != 0))
        err = KB_ERR_INTEGRITY;
    if (err)
        return kb_report(why, err, "%s: %s", path, kb_err_text(err));
    return KB_OK;
}

static enum kb_err prepare_owners(struct kb_store *store, const struct kb_store_config *config,
                                  struct kb_report *why)
{
    enum kb_err err;

    store->owners = calloc(config->statement_count + 1, sizeof(*store->owners));
    if (!store->owners)
        return kb_report(why, KB_ERR_MEMORY, "%s: %s", config->path, kb_err_text(KB_ERR_MEMORY));
    store->owner_count = config->statement_count;
    for (size_t i = 0; i < config->statement_count; i++) {
        err = kb_statement_prepare(store, config->statements[i], &store->owners[i]);
        if (err)
            return kb_report(why, err, "%s: statement %zu: %s", config->path, i,
                             sqlite3_errmsg(store->db));
    }
    return KB_OK;
}

static enum kb_err load(struct kb_store *store, const struct kb_store_config *config,
                        struct kb_report *why)
{
    int64_t tables = kb_store_ask(store, "SELECT count(*) FROM sqlite_master");
    enum kb_err err;

    if (tables < 0)
        return kb_report(why, KB_ERR_IO, "%s: %s", config->path, sqlite3_errmsg(store->db));
    err = tables == 0 ? make_tables(store, config, why) : kb_store_upgrade(store, config, why);
    if (!err && tables)
        err = check_version(store, config, why);
    if (!err)
        err = check_key(store, config->path, why);
    if (!err)
        err = prepare_owners(store, config, why);
    if (err)
        return err;
    err = kb_store_mail_load(store);
    if (!err)
        err = kb_store_trail_load(store);
    return err ? kb_report(why, err, "%s: what the store knows of itself was changed", config->path)
               : KB_OK;
}

enum kb_err kb_store_open(const struct kb_store_config *config, struct kb_store **out,
                          struct kb_report *why)
{
    struct kb_store *store = calloc(1, sizeof(*store));
    enum kb_err err;

    *out = NULL;
    if (!store)
        return kb_report(why, KB_ERR_MEMORY, "%s: %s", config->path, kb_err_text(KB_ERR_MEMORY));
    store->crypto = config->crypto;
    store->random = config->random;
    memcpy(store->key, config->key, sizeof(store->key));
    store->now = config->now;
    store->now_ctx = config->now_ctx;
    store->fault = config->fault;
    store->fault_ctx = config->fault_ctx;
    err = open_file(store, config->path, why);
    if (!err)
        err = load(store, config, why);
    if (err) {
        kb_store_close(store);
        return err;
    }
    *out = store;
    return KB_OK;
}

void kb_store_close(struct kb_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(store->own[i].stmt);
    for (size_t i = 0; i < store->owner_count; i++)
        sqlite3_finalize(store->owners[i].stmt);
    sqlite3_close(store->db);
    free(store->owners);
    kb_wipe(store, sizeof(*store));
    free(store);
}
