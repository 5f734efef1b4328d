/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit trail. Each line bears SHA-256 over the hash before it and itself; how many there are
 * and the last hash are kept sealed, so who can write to the file but has no key can neither change
 * a line and all that follow it nor cut off the end. The whole file put back to an older state is
 * not found here.
 */
#include <string.h>

#include "crypto/secret.h"
#include "service/store_inside.h"

static const char trail_name[] = "audit";

struct line {
    uint64_t number;
    int64_t time;
    struct kb_span fields[3]; /* what, card, result */
};

enum { FIELDS = sizeof(((struct line *)0)->fields) / sizeof(struct kb_span) };

static void write_u64(struct kb_writer *wr, uint64_t value)
{
    kb_wr_u32(wr, (uint32_t)(value >> 32));
    kb_wr_u32(wr, (uint32_t)value);
}

static uint64_t read_u64(struct kb_cursor *rd)
{
    uint64_t high = kb_rd_u32(rd);

    return high << 32 | kb_rd_u32(rd);
}

/* Every field behind its length: no two lines give the same bytes. */
static enum kb_err hash_line(const struct kb_store *store, const struct line *line,
                             const uint8_t before[KB_SHA256_SIZE], uint8_t out[KB_SHA256_SIZE])
{
    const struct kb_crypto *crypto = store->crypto;
    uint8_t room[16 + 4 * FIELDS];
    struct kb_writer head = kb_wr(room, sizeof(room));
    struct kb_sha256 sha;
    enum kb_err err = crypto->sha256_start(&sha);

    write_u64(&head, line->number);
    write_u64(&head, (uint64_t)line->time);
    for (size_t i = 0; i < FIELDS; i++)
        kb_wr_u32(&head, (uint32_t)line->fields[i].len);
    if (!err)
        err = crypto->sha256_update(&sha, before, KB_SHA256_SIZE);
    if (!err)
        err = crypto->sha256_update(&sha, head.data, head.len);
    for (size_t i = 0; i < FIELDS && !err; i++)
        err = crypto->sha256_update(&sha, line->fields[i].data, line->fields[i].len);
    return err ? err : crypto->sha256_finish(&sha, out);
}

static enum kb_err read_trail(struct kb_store *store, struct kb_store_trail *trail)
{
    uint8_t value[8 + KB_SHA256_SIZE];
    size_t len;
    enum kb_err err = kb_store_meta(store, trail_name, value, sizeof(value), &len);
    struct kb_cursor rd = kb_rd(kb_span(value, len));

    memset(trail, 0, sizeof(*trail));
    if (err)
        return err;
    trail->lines = read_u64(&rd);
    kb_rd_copy(&rd, trail->hash, sizeof(trail->hash));
    return kb_rd_is_done(&rd) ? KB_OK : KB_ERR_INTEGRITY;
}

enum kb_err kb_store_trail_load(struct kb_store *store)
{
    enum kb_err err = read_trail(store, &store->trail);

    store->sealed_lines = store->trail.lines;
    return err;
}

enum kb_err kb_store_trail_seal(struct kb_store *store)
{
    uint8_t room[8 + KB_SHA256_SIZE];
    struct kb_writer value = kb_wr(room, sizeof(room));
    enum kb_err err;

    if (store->trail.lines == store->sealed_lines)
        return KB_OK;
    write_u64(&value, store->trail.lines);
    kb_wr_copy(&value, store->trail.hash, sizeof(store->trail.hash));
    err = kb_store_set_meta(store, trail_name, kb_wr_span(&value));
    if (!err)
        store->sealed_lines = store->trail.lines;
    return err;
}

static struct kb_span text_span(const char *text)
{
    return kb_span(text ? text : "", text ? strlen(text) : 0);
}

enum kb_err kb_store_audit(struct kb_store *store, const char *what, const char *card,
                           const char *result)
{
    struct line line = {store->trail.lines + 1,
                        kb_store_now(store),
                        {text_span(what), text_span(card), text_span(result)}};
    uint8_t hash[KB_SHA256_SIZE];
    struct kb_statement *st;
    enum kb_err err = store->dead;

    if (!err)
        err = hash_line(store, &line, store->trail.hash, hash);
    if (err)
        return err;
    st = kb_store_own(store, STORE_AUDIT);
    kb_bind_int(st, 1, (int64_t)line.number);
    kb_bind_int(st, 2, line.time);
    for (int i = 0; i < FIELDS; i++)
        kb_bind_text(st, 3 + i, line.fields[i]);
    kb_bind_blob(st, 3 + FIELDS, kb_span(hash, sizeof(hash)));
    err = kb_statement_run(st);
    if (err)
        return err;
    store->trail.lines = line.number;
    memcpy(store->trail.hash, hash, sizeof(hash));
    return KB_OK;
}

/* Goes on from the line before; KB_ERR_INTEGRITY when this one does not follow it. */
static enum kb_err check_line(struct kb_store *store, struct kb_statement *st,
                              struct kb_store_trail *at)
{
    struct line line = {.number = (uint64_t)kb_column_int(st, 0), .time = kb_column_int(st, 1)};
    struct kb_span stored = kb_column_blob(st, 2 + FIELDS);
    uint8_t hash[KB_SHA256_SIZE];
    enum kb_err err;

    for (int i = 0; i < FIELDS; i++)
        line.fields[i] = kb_column_text(st, 2 + i);
    err = hash_line(store, &line, at->hash, hash);
    if (err)
        return err;
    at->lines++;
    if (line.number != at->lines || stored.len != sizeof(hash) ||
        memcmp(stored.data, hash, sizeof(hash)) != 0)
        return KB_ERR_INTEGRITY;
    memcpy(at->hash, hash, sizeof(hash));
    return KB_OK;
}

enum kb_err kb_store_audit_check(struct kb_store *store, uint64_t *line)
{
    struct kb_statement *st = kb_store_own(store, STORE_AUDIT_WALK);
    struct kb_store_trail at = {0};
    enum kb_err err = store->dead;

    while (!err) {
        err = kb_statement_step(st);
        if (!err)
            err = check_line(store, st, &at);
        if (!err && at.lines > store->trail.lines)
            err = KB_ERR_INTEGRITY;
    }
    kb_statement_end(st);
    *line = at.lines;
    if (err != KB_ERR_ABSENT)
        return err;
    if (at.lines == store->trail.lines && kb_is_equal(at.hash, store->trail.hash, sizeof(at.hash)))
        return KB_OK;
    *line = at.lines + 1;
    return KB_ERR_INTEGRITY;
}
