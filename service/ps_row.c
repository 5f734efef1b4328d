/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of the attempt of one card. */
#include "service/ps_row.h"

#include <string.h>

#include "crypto/secret.h"
#include "service/ps_sql.h"

static const char saved_column[] = "session.saved";

static struct kb_span text(const char *string)
{
    return kb_span(string, strlen(string));
}

static bool keep_text(char *out, size_t cap, struct kb_span in)
{
    if (!in.len || in.len >= cap || memchr(in.data, 0, in.len))
        return false;
    memcpy(out, in.data, in.len);
    out[in.len] = '\0';
    return true;
}

static bool keep_bytes(uint8_t *out, size_t cap, size_t *len, struct kb_span in)
{
    if (in.len > cap)
        return false;
    if (in.len)
        memcpy(out, in.data, in.len);
    *len = in.len;
    return true;
}

/* An older state of an agreement fits no newer attempt. */
struct row_key {
    uint8_t bytes[KB_MAIL_PEER + 1 + KB_ID_SC_MAX + 4];
};

static struct kb_span key_of(const struct kb_ps_session *session, struct row_key *key)
{
    struct kb_writer wr = kb_wr(key->bytes, sizeof(key->bytes));

    kb_wr_copy(&wr, session->server, strlen(session->server) + 1);
    kb_wr_copy(&wr, session->id_sc, strlen(session->id_sc));
    kb_wr_u32(&wr, session->number);
    return kb_wr_span(&wr);
}

static enum kb_err read_row(struct kb_statement *st, struct kb_ps_session *session)
{
    struct kb_span taken = kb_column_blob(st, 6);
    struct row_key key;
    enum kb_err err;

    session->is_kept = true;
    session->number = (uint32_t)kb_column_int(st, 0);
    session->state = session->was = (enum kb_ps_state)kb_column_int(st, 1);
    session->step = kb_column_int(st, 2);
    session->opened = kb_column_int(st, 3);
    session->agreement = (uint8_t)kb_column_int(st, 4);
    if (taken.len == sizeof(session->taken))
        memcpy(session->taken, taken.data, taken.len);
    if (!keep_bytes(session->credential, sizeof(session->credential), &session->credential_len,
                    kb_column_blob(st, 5)) ||
        !keep_bytes(session->answer, sizeof(session->answer), &session->answer_len,
                    kb_column_blob(st, 7)))
        return KB_ERR_INTEGRITY;
    err = kb_column_sealed(st, 8, saved_column, key_of(session, &key), session->saved,
                           sizeof(session->saved), &session->saved_len);
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

enum kb_err kb_ps_session_load(struct kb_store *store, struct kb_span server, struct kb_span id_sc,
                               struct kb_ps_session *session)
{
    struct kb_statement *st = kb_store_get(store, PS_SESSION_LOAD);
    enum kb_err err;

    memset(session, 0, sizeof(*session));
    if (!keep_text(session->server, sizeof(session->server), server) ||
        !keep_text(session->id_sc, sizeof(session->id_sc), id_sc))
        return KB_ERR_TOO_LONG;
    kb_bind_text(st, 1, server);
    kb_bind_text(st, 2, id_sc);
    err = kb_statement_step(st);
    if (!err)
        err = read_row(st, session);
    else if (err == KB_ERR_ABSENT)
        return KB_OK;
    kb_statement_end(st);
    return err;
}

static bool is_open(enum kb_ps_state state)
{
    return state == KB_PS_OFFERED || state == KB_PS_AGREEING;
}

static enum kb_err count_open(struct kb_store *store, const struct kb_ps_session *session)
{
    struct kb_statement *st;

    if (is_open(session->was) == is_open(session->state))
        return KB_OK;
    st = kb_store_get(store, PS_OPEN_CHANGE);
    kb_bind_text(st, 1, text(session->server));
    kb_bind_int(st, 2, is_open(session->state) ? 1 : -1);
    return kb_statement_run(st);
}

enum kb_err kb_ps_session_save(struct kb_store *store, struct kb_ps_session *session)
{
    struct kb_statement *st =
        kb_store_get(store, session->is_kept ? PS_SESSION_SAVE : PS_SESSION_MAKE);
    struct row_key key;
    enum kb_err err;

    kb_bind_text(st, 1, text(session->server));
    kb_bind_text(st, 2, text(session->id_sc));
    kb_bind_int(st, 3, session->step);
    kb_bind_int(st, 4, session->number);
    kb_bind_int(st, 5, session->state);
    kb_bind_int(st, 6, session->opened);
    kb_bind_int(st, 7, session->agreement);
    kb_bind_blob(st, 8, kb_span(session->credential, session->credential_len));
    kb_bind_blob(st, 9, kb_span(session->taken, sizeof(session->taken)));
    kb_bind_blob(st, 10, kb_span(session->answer, session->answer_len));
    if (session->saved_len)
        kb_bind_sealed(st, 11, saved_column, key_of(session, &key),
                       kb_span(session->saved, session->saved_len));
    else
        kb_bind_blob(st, 11, kb_span(NULL, 0));
    err = kb_statement_run(st);
    if (!err && kb_statement_changes(st) != 1)
        err = KB_ERR_EXISTS;
    if (!err)
        err = count_open(store, session);
    if (err)
        return err;
    session->is_kept = true;
    session->step++;
    session->was = session->state;
    return KB_OK;
}

void kb_ps_session_clear(struct kb_ps_session *session)
{
    kb_wipe(session->saved, sizeof(session->saved));
    session->saved_len = 0;
    session->answer_len = 0;
    session->credential_len = 0;
    memset(session->taken, 0, sizeof(session->taken));
}

enum kb_err kb_ps_session_count_open(struct kb_store *store, struct kb_span server, uint64_t *count)
{
    struct kb_statement *st = kb_store_get(store, PS_OPEN_COUNT);
    enum kb_err err;

    *count = 0;
    kb_bind_text(st, 1, server);
    err = kb_statement_step(st);
    if (!err)
        *count = (uint64_t)kb_column_int(st, 0);
    kb_statement_end(st);
    return err;
}

enum kb_err kb_ps_session_oldest(struct kb_store *store, struct kb_span server, int64_t before,
                                 char id_sc[KB_ID_SC_MAX + 1])
{
    struct kb_statement *st = kb_store_get(store, PS_SESSION_OLDEST);
    enum kb_err err;

    kb_bind_text(st, 1, server);
    kb_bind_int(st, 2, before);
    err = kb_statement_step(st);
    if (!err && !keep_text(id_sc, KB_ID_SC_MAX + 1, kb_column_text(st, 0)))
        err = KB_ERR_INTEGRITY;
    kb_statement_end(st);
    return err;
}
