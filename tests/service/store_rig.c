/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/service/store_rig.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char schema[] = "CREATE TABLE number(name TEXT PRIMARY KEY, value BIGINT NOT NULL);"
                             "CREATE TABLE sealed(name TEXT PRIMARY KEY, value BYTEA NOT NULL);";

static const char *const statements[STORE_RIG_STATEMENTS] = {
    [STORE_RIG_PUT] = "INSERT INTO number(name, value) VALUES($1, $2) ON CONFLICT(name) DO UPDATE "
                      "SET value = $2",
    [STORE_RIG_GET] = "SELECT value FROM number WHERE name = $1",
    [STORE_RIG_PUT_SEALED] = "INSERT INTO sealed(name, value) VALUES($1, $2) "
                             "ON CONFLICT(name) DO UPDATE SET value = $2",
    [STORE_RIG_GET_SEALED] = "SELECT value FROM sealed WHERE name = $1",
    [STORE_RIG_DELETE_SEALED] = "DELETE FROM sealed WHERE name = $1",
    [STORE_RIG_OUTBOX] = "SELECT count(*) FROM kb_outbox",
    [STORE_RIG_INBOX] = "SELECT count(*) FROM kb_inbox",
    [STORE_RIG_AUDIT] = "SELECT count(*) FROM kb_audit",
};

struct kb_span text_span(const char *text)
{
    return kb_span(text, strlen(text));
}

static int64_t tell_time(void *ctx)
{
    return *(int64_t *)ctx;
}

static enum kb_err die(void *ctx, const char *where)
{
    struct store_rig *rig = ctx;

    rig->points++;
    if (rig->points != rig->dies_at)
        return KB_OK;
    if (rig->dying)
        rig->dying(where);
    return KB_ERR_TIMEOUT;
}

void store_enter(struct store_rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    snprintf(rig->folder, sizeof(rig->folder), "/tmp/keyborn-store-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof(rig->path), "%s/store.db", rig->folder);
    memcpy(rig->key, "a key that nobody else would have", sizeof(rig->key));
    rig->now = 1700000000;
    rig->config = (struct kb_store_config){.path = rig->path,
                                           .crypto = &kb_crypto_openssl,
                                           .key = rig->key,
                                           .now = tell_time,
                                           .now_ctx = &rig->now,
                                           .schema_version = 7,
                                           .schema = schema,
                                           .statements = statements,
                                           .statement_count = STORE_RIG_STATEMENTS,
                                           .fault = die,
                                           .fault_ctx = rig};
    store_open(rig);
}

void store_open(struct store_rig *rig)
{
    struct kb_report why = {0};

    rig->points = 0;
    if (kb_store_open(&rig->config, &rig->store, &why))
        fail_msg("%s", why.text);
}

void store_close(struct store_rig *rig)
{
    kb_store_close(rig->store);
    rig->store = NULL;
}

void store_again(struct store_rig *rig)
{
    store_close(rig);
    store_open(rig);
}

void store_remove(struct store_rig *rig)
{
    files_remove(rig->folder);
}

void store_leave(struct store_rig *rig)
{
    store_close(rig);
    store_remove(rig);
    rmdir(rig->folder);
}

void store_write(struct store_rig *rig, struct kb_span bytes)
{
    FILE *file = fopen(rig->path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

void store_sql(struct store_rig *rig, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

struct kb_mail mail_of(const char *peer, uint64_t id, const char *body)
{
    struct kb_mail mail = {.kind = KB_MAIL_SERVER, .id = id, .body = text_span(body)};

    snprintf(mail.peer, sizeof(mail.peer), "%s", peer);
    return mail;
}

void put_number(struct store_rig *rig, const char *name, int64_t value)
{
    struct kb_statement *st = kb_store_get(rig->store, STORE_RIG_PUT);

    kb_bind_text(st, 1, text_span(name));
    kb_bind_int(st, 2, value);
    assert_int_equal(kb_statement_run(st), KB_OK);
}

void step_number(struct store_rig *rig, const char *name, int64_t value)
{
    assert_int_equal(kb_store_begin(rig->store), KB_OK);
    put_number(rig, name, value);
    assert_int_equal(kb_store_end(rig->store, KB_OK), KB_OK);
}

void step_post(struct store_rig *rig, struct kb_mail mail)
{
    assert_int_equal(kb_store_begin(rig->store), KB_OK);
    assert_int_equal(kb_store_post(rig->store, &mail), KB_OK);
    assert_int_equal(kb_store_end(rig->store, KB_OK), KB_OK);
}

int64_t get_number(struct store_rig *rig, const char *name)
{
    struct kb_statement *st = kb_store_get(rig->store, STORE_RIG_GET);
    int64_t value = -1;

    kb_bind_text(st, 1, text_span(name));
    if (!kb_statement_step(st))
        value = kb_column_int(st, 0);
    kb_statement_end(st);
    return value;
}

int64_t count_of(struct store_rig *rig, enum store_rig_sql which)
{
    struct kb_statement *st = kb_store_get(rig->store, which);
    int64_t count;

    assert_int_equal(kb_statement_step(st), KB_OK);
    count = kb_column_int(st, 0);
    kb_statement_end(st);
    return count;
}
