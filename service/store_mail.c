/* SPDX-License-Identifier: Apache-2.0 */
/* Mail that was taken, and mail that waits to be sent. */
#include <string.h>

#include "crypto/secret.h"
#include "service/store_inside.h"

enum {
    NUMBERS = 4096,         /* set aside at a time */
    TAKES = 1024,           /* between two looks for numbers that are too old */
    KEPT_S = 30 * 24 * 3600 /* whoever repeats mail has given up by then */
};

static const char number_name[] = "outbox", body_column[] = "kb_outbox.body";

struct row_key {
    uint8_t bytes[8];
};

static struct row_key row_key(uint64_t id)
{
    struct row_key key;

    for (size_t i = 0; i < sizeof(key.bytes); i++)
        key.bytes[i] = (uint8_t)(id >> (8 * (sizeof(key.bytes) - 1 - i)));
    return key;
}

static struct kb_span key_span(const struct row_key *key)
{
    return kb_span(key->bytes, sizeof(key->bytes));
}

static struct kb_span peer_span(const struct kb_mail *mail)
{
    return kb_span(mail->peer, strnlen(mail->peer, sizeof(mail->peer)));
}

enum kb_err kb_store_mail_load(struct kb_store *store)
{
    uint8_t value[8];
    size_t len;
    uint64_t next = 1;
    enum kb_err err = kb_store_meta(store, number_name, value, sizeof(value), &len);
    struct kb_cursor rd = kb_rd(kb_span(value, len));

    if (err && err != KB_ERR_ABSENT)
        return err;
    if (!err) {
        next = (uint64_t)kb_rd_u32(&rd) << 32;
        next |= kb_rd_u32(&rd);
    }
    store->mail = (struct kb_store_mail){next, next};
    store->committed_id = next - 1;
    return KB_OK;
}

/* Numbers are written down before they are used, so that none is ever used twice: by it others know
 * mail again. */
static enum kb_err next_number(struct kb_store *store, uint64_t *id)
{
    struct row_key value;
    enum kb_err err;

    if (store->mail.next_id == store->mail.end_id) {
        value = row_key(store->mail.end_id + NUMBERS);
        err = kb_store_set_meta(store, number_name, key_span(&value));
        if (err)
            return err;
        store->mail.end_id += NUMBERS;
    }
    *id = store->mail.next_id++;
    return KB_OK;
}

/* Looks at the oldest alone, at more than have come since the last time. */
static enum kb_err prune(struct kb_store *store)
{
    struct kb_statement *st;

    if (++store->takes < TAKES)
        return KB_OK;
    store->takes = 0;
    st = kb_store_own(store, STORE_PRUNE);
    kb_bind_int(st, 1, kb_store_now(store) - KEPT_S);
    kb_bind_int(st, 2, 2 * TAKES);
    return kb_statement_run(st);
}

enum kb_err kb_store_take(struct kb_store *store, const struct kb_mail *mail)
{
    struct kb_statement *st;
    enum kb_err err;

    if (store->dead || !mail->id)
        return store->dead;
    st = kb_store_own(store, STORE_TAKE);
    kb_bind_text(st, 1, peer_span(mail));
    kb_bind_int(st, 2, (int64_t)mail->id);
    kb_bind_int(st, 3, kb_store_now(store));
    err = kb_statement_run(st);
    if (!err && kb_statement_changes(st) == 0)
        return KB_ERR_EXISTS;
    return err ? err : prune(store);
}

enum kb_err kb_store_post(struct kb_store *store, const struct kb_mail *mail)
{
    struct kb_statement *st;
    struct row_key key;
    uint64_t id;
    enum kb_err err;

    if (store->dead)
        return store->dead;
    if (mail->body.len > KB_MAIL_BODY_MAX || peer_span(mail).len == sizeof(mail->peer))
        return KB_ERR_TOO_LONG;
    err = next_number(store, &id);
    if (err)
        return err;
    key = row_key(id);
    st = kb_store_own(store, STORE_POST);
    kb_bind_int(st, 1, (int64_t)id);
    kb_bind_int(st, 2, mail->kind);
    kb_bind_text(st, 3, peer_span(mail));
    if (mail->kind == KB_MAIL_REGISTER)
        kb_bind_sealed(st, 4, body_column, key_span(&key), mail->body);
    else
        kb_bind_blob(st, 4, mail->body);
    return kb_statement_run(st);
}

static enum kb_err read_body(struct kb_statement *st, const struct kb_mail *mail, uint8_t *room,
                             size_t *len)
{
    struct row_key key = row_key(mail->id);
    struct kb_writer wr = kb_wr(room, KB_MAIL_BODY_MAX);
    struct kb_span body = kb_column_blob(st, 3);

    if (mail->kind == KB_MAIL_REGISTER)
        return kb_column_sealed(st, 3, body_column, key_span(&key), room, KB_MAIL_BODY_MAX, len);
    kb_wr_copy(&wr, body.data, body.len);
    *len = wr.len;
    return wr.is_bad ? KB_ERR_TOO_LONG : KB_OK;
}

enum kb_err kb_store_outbox(struct kb_store *store, uint64_t after, struct kb_mail *mail,
                            uint8_t *room)
{
    struct kb_statement *st;
    struct kb_span peer;
    size_t len = 0;
    enum kb_err err = kb_store_fault(store, "outbox");

    if (err)
        return err;
    st = kb_store_own(store, STORE_NEXT);
    kb_bind_int(st, 1, (int64_t)after);
    kb_bind_int(st, 2, (int64_t)store->committed_id);
    err = kb_statement_step(st);
    if (err)
        return err;
    memset(mail, 0, sizeof(*mail));
    mail->id = (uint64_t)kb_column_int(st, 0);
    mail->kind = (enum kb_mail_kind)kb_column_int(st, 1);
    peer = kb_column_text(st, 2);
    if (peer.len < sizeof(mail->peer))
        memcpy(mail->peer, peer.data, peer.len);
    else
        err = KB_ERR_TOO_LONG;
    if (!err)
        err = read_body(st, mail, room, &len);
    mail->body = kb_span(room, len);
    kb_statement_end(st);
    return err;
}

enum kb_err kb_store_sent(struct kb_store *store, uint64_t id)
{
    struct kb_statement *st;
    enum kb_err err = kb_store_fault(store, "sent");

    if (!err)
        err = kb_store_group(store);
    if (err)
        return err;
    st = kb_store_own(store, STORE_SENT);
    kb_bind_int(st, 1, (int64_t)id);
    return kb_statement_run(st);
}
