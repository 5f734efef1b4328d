/* SPDX-License-Identifier: Apache-2.0 */
/* Which version a store is of, and how it becomes one of a later version. */
#include <string.h>

#include "service/store_inside.h"

int64_t kb_store_ask(struct kb_store *store, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t answer = -1;

    if (sqlite3_prepare_v2(store->db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        answer = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return answer;
}

enum kb_err kb_store_digest(const struct kb_store *store, const char *schema,
                            uint8_t digest[KB_SHA256_SIZE])
{
    const struct kb_crypto *crypto = store->crypto;
    struct kb_sha256 sha;
    enum kb_err err = crypto->sha256_start(&sha);

    if (!err)
        err = crypto->sha256_update(&sha, schema, strlen(schema));
    return err ? err : crypto->sha256_finish(&sha, digest);
}

enum kb_err kb_store_is_made_by(struct kb_store *store, const char *schema, bool *is_same)
{
    struct kb_statement st = {0};
    uint8_t digest[KB_SHA256_SIZE];
    enum kb_err err = kb_store_digest(store, schema, digest);

    if (!err)
        err = kb_statement_prepare(store, "SELECT count(*) FROM kb_schema WHERE digest = $1", &st);
    if (!err) {
        kb_bind_blob(&st, 1, kb_span(digest, sizeof(digest)));
        err = kb_statement_step(&st);
    }
    *is_same = !err && kb_column_int(&st, 0) == 1;
    sqlite3_finalize(st.stmt);
    return err;
}

static enum kb_err change_version(struct kb_store *store, const char *schema, int64_t version)
{
    struct kb_statement st = {0};
    uint8_t digest[KB_SHA256_SIZE];
    enum kb_err err = kb_store_digest(store, schema, digest);

    if (!err)
        err = kb_statement_prepare(store, "UPDATE kb_schema SET version = $1, digest = $2", &st);
    if (!err) {
        kb_bind_int(&st, 1, version);
        kb_bind_blob(&st, 2, kb_span(digest, sizeof(digest)));
        err = kb_statement_run(&st);
    }
    sqlite3_finalize(st.stmt);
    return err;
}

/* One version further, wholly or not at all. */
static enum kb_err upgrade_once(struct kb_store *store, const struct kb_store_config *config,
                                int64_t version, struct kb_report *why)
{
    bool is_last = version == (int64_t)config->upgrade_count;
    const char *next = is_last ? config->schema : config->upgrades[version].schema;
    int rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    enum kb_err err = KB_OK;

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(store->db, config->upgrades[version - 1].sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        store->has_group = true;
        err = change_version(store, next, version + 1);
        store->has_group = false;
    }
    if (rc == SQLITE_OK && !err)
        rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK && !err)
        return KB_OK;
    if (rc != SQLITE_OK)
        err = kb_store_error(rc);
    kb_report(why, err, "%s: the upgrade from version %d: %s", config->path, (int)version,
              sqlite3_errmsg(store->db));
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

enum kb_err kb_store_upgrade(struct kb_store *store, const struct kb_store_config *config,
                             struct kb_report *why)
{
    int64_t version = kb_store_ask(store, "SELECT version FROM kb_schema");
    bool is_same = true;
    enum kb_err err = KB_OK;

    if (kb_store_ask(store, "SELECT format FROM kb_schema") != KB_STORE_FORMAT || version < 1)
        return KB_OK;
    for (; !err && is_same && version <= (int64_t)config->upgrade_count; version++) {
        err = kb_store_is_made_by(store, config->upgrades[version - 1].schema, &is_same);
        if (err)
            return kb_report(why, err, "%s: %s", config->path, kb_err_text(err));
        if (is_same)
            err = upgrade_once(store, config, version, why);
    }
    return err;
}
