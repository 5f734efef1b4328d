/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of the store: parameters, rows, sealed columns. */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "service/store_inside.h"

enum { SEAL_OVERHEAD = KB_GCM_NONCE + KB_GCM_TAG };

/* Number of a parameter $1, $2 ...; 0 for one of another form. */
static size_t parameter_number(const char *name)
{
    char *end = NULL;
    unsigned long number;

    if (!name || name[0] != '$' || name[1] < '1' || name[1] > '9')
        return 0;
    number = strtoul(name + 1, &end, 10);
    return *end == '\0' && number <= KB_STORE_PARAMETERS ? number : 0;
}

enum kb_err kb_statement_prepare(struct kb_store *store, const char *sql, struct kb_statement *st)
{
    int rc = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st->stmt, NULL);

    st->store = store;
    if (rc != SQLITE_OK)
        return kb_store_error(rc);
    for (int i = 1; i <= sqlite3_bind_parameter_count(st->stmt); i++) {
        size_t number = parameter_number(sqlite3_bind_parameter_name(st->stmt, i));

        if (!number)
            return KB_ERR_USAGE;
        st->places[number] = (uint8_t)i;
    }
    return KB_OK;
}

static struct kb_statement *ready(struct kb_statement *st)
{
    kb_statement_end(st);
    return st;
}

struct kb_statement *kb_store_get(struct kb_store *store, size_t which)
{
    return ready(&store->owners[which]);
}

struct kb_statement *kb_store_own(struct kb_store *store, enum kb_store_sql which)
{
    return ready(&store->own[which]);
}

/* Where a parameter goes; 0 and an error when the statement has no such one. */
static int place_of(struct kb_statement *st, int at)
{
    int place = at > 0 && at <= KB_STORE_PARAMETERS ? st->places[at] : 0;

    if (!place && !st->err)
        st->err = KB_ERR_USAGE;
    return place;
}

static void keep_error(struct kb_statement *st, int rc)
{
    if (rc != SQLITE_OK && !st->err)
        st->err = kb_store_error(rc);
}

/* SQLite takes a null pointer for NULL, and an empty value is none. */
static const void *bytes_of(struct kb_span span)
{
    return span.len ? (const void *)span.data : "";
}

void kb_bind_int(struct kb_statement *st, int at, int64_t value)
{
    int place = place_of(st, at);

    if (place)
        keep_error(st, sqlite3_bind_int64(st->stmt, place, value));
}

void kb_bind_text(struct kb_statement *st, int at, struct kb_span text)
{
    int place = place_of(st, at);

    if (place)
        keep_error(st, sqlite3_bind_text64(st->stmt, place, bytes_of(text), text.len,
                                           SQLITE_TRANSIENT, SQLITE_UTF8));
}

void kb_bind_blob(struct kb_statement *st, int at, struct kb_span bytes)
{
    int place = place_of(st, at);

    if (place)
        keep_error(
            st, sqlite3_bind_blob64(st->stmt, place, bytes_of(bytes), bytes.len, SQLITE_TRANSIENT));
}

/* What a sealed value is bound to: the column's name, a zero, the key of the row. */
static enum kb_err associate(struct kb_writer *aad, const char *column, struct kb_span row)
{
    kb_wr_copy(aad, column, strlen(column) + 1);
    kb_wr_copy(aad, row.data, row.len);
    return aad->is_bad ? KB_ERR_TOO_LONG : KB_OK;
}

/* nonce, value, tag */
static enum kb_err seal(struct kb_store *store, const char *column, struct kb_span row,
                        struct kb_span secret, uint8_t *sealed)
{
    uint8_t room[KB_STORE_COLUMN_MAX + KB_STORE_ROW_MAX];
    struct kb_writer aad = kb_wr(room, sizeof(room));
    enum kb_err err = associate(&aad, column, row);

    if (!err)
        err = kb_random(store->crypto, &store->random, sealed, KB_GCM_NONCE);
    if (err)
        return err;
    return store->crypto->gcm_seal(store->key, sealed, kb_wr_span(&aad), secret,
                                   sealed + KB_GCM_NONCE, sealed + KB_GCM_NONCE + secret.len);
}

void kb_bind_sealed(struct kb_statement *st, int at, const char *column, struct kb_span row,
                    struct kb_span secret)
{
    int place = place_of(st, at);
    uint8_t *sealed;
    enum kb_err err;

    if (!place)
        return;
    sealed = sqlite3_malloc64(secret.len + SEAL_OVERHEAD);
    if (!sealed) {
        keep_error(st, SQLITE_NOMEM);
        return;
    }
    err = seal(st->store, column, row, secret, sealed);
    if (err && !st->err)
        st->err = err;
    keep_error(
        st, sqlite3_bind_blob64(st->stmt, place, sealed, secret.len + SEAL_OVERHEAD, sqlite3_free));
}

/* What changes something belongs to a step: otherwise it would become durable by itself. */
static bool is_out_of_place(const struct kb_statement *st)
{
    return !st->store->has_group && !sqlite3_stmt_readonly(st->stmt);
}

enum kb_err kb_statement_step(struct kb_statement *st)
{
    enum kb_err err = st->store->dead ? st->store->dead : st->err;
    int rc;

    if (!err && is_out_of_place(st))
        err = KB_ERR_USAGE;
    if (err) {
        kb_statement_end(st);
        return err;
    }
    rc = sqlite3_step(st->stmt);
    if (rc == SQLITE_ROW)
        return KB_OK;
    st->changes = sqlite3_changes64(st->store->db);
    kb_statement_end(st);
    return rc == SQLITE_DONE ? KB_ERR_ABSENT : kb_store_error(rc);
}

enum kb_err kb_statement_run(struct kb_statement *st)
{
    enum kb_err err;

    do
        err = kb_statement_step(st);
    while (!err);
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

int64_t kb_statement_changes(struct kb_statement *st)
{
    return st->changes;
}

void kb_statement_end(struct kb_statement *st)
{
    sqlite3_reset(st->stmt);
    sqlite3_clear_bindings(st->stmt);
    st->err = KB_OK;
}

int64_t kb_column_int(struct kb_statement *st, int at)
{
    return sqlite3_column_int64(st->stmt, at);
}

struct kb_span kb_column_text(struct kb_statement *st, int at)
{
    const void *text = sqlite3_column_text(st->stmt, at);

    return kb_span(text, text ? (size_t)sqlite3_column_bytes(st->stmt, at) : 0);
}

struct kb_span kb_column_blob(struct kb_statement *st, int at)
{
    const void *bytes = sqlite3_column_blob(st->stmt, at);

    return kb_span(bytes, bytes ? (size_t)sqlite3_column_bytes(st->stmt, at) : 0);
}

enum kb_err kb_column_sealed(struct kb_statement *st, int at, const char *column,
                             struct kb_span row, uint8_t *out, size_t cap, size_t *len)
{
    struct kb_cursor rd = kb_rd(kb_column_blob(st, at));
    uint8_t room[KB_STORE_COLUMN_MAX + KB_STORE_ROW_MAX];
    struct kb_writer aad = kb_wr(room, sizeof(room));
    struct kb_span nonce, value;
    enum kb_err err = associate(&aad, column, row);

    *len = 0;
    if (err)
        return err;
    if (rd.len == 0)
        return KB_ERR_ABSENT;
    if (rd.len < SEAL_OVERHEAD)
        return KB_ERR_INTEGRITY;
    if (rd.len - SEAL_OVERHEAD > cap)
        return KB_ERR_TOO_LONG;
    nonce = kb_rd_span(&rd, KB_GCM_NONCE);
    value = kb_rd_span(&rd, rd.len - SEAL_OVERHEAD);
    err = st->store->crypto->gcm_open(st->store->key, nonce.data, kb_wr_span(&aad), value,
                                      kb_rd_span(&rd, KB_GCM_TAG).data, out);
    if (!err)
        *len = value.len;
    return err;
}
