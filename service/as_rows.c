/* SPDX-License-Identifier: Apache-2.0 */
/* Cards in the store of the application server: their keys, where they stand, what was said. */
#include <string.h>

#include "card/ota/inbox.h"
#include "crypto/secret.h"
#include "service/as_inside.h"

/* Names under which columns are sealed. */
static const char keys_column[] = "as_card.keys", code_column[] = "as_card.admin_code",
                  answer_column[] = "as_session.answer";

enum { KEY = 16, CC_LEN = 8 };

/* --- What the maker says --- */

enum kb_err kb_as_insert(struct kb_as *as, const struct kb_as_card *card)
{
    struct kb_statement *st = kb_store_get(as->store, AS_ADD_CARD);
    uint8_t keys[2 * KEY];
    enum kb_err err;

    memcpy(keys, card->kic, KEY);
    memcpy(keys + KEY, card->kid, KEY);
    kb_bind_text(st, 1, card->id_sc);
    kb_bind_sealed(st, 2, code_column, card->id_sc, card->admin_code);
    kb_bind_sealed(st, 3, keys_column, card->id_sc, kb_span(keys, sizeof(keys)));
    kb_bind_blob(st, 4, card->credential);
    kb_bind_text(st, 5, card->operator);
    kb_bind_text(st, 6, card->number);
    kb_bind_int(st, 7, card->has_old_keys);
    err = kb_statement_run(st);
    kb_wipe(keys, sizeof(keys));
    if (err)
        return err;
    st = kb_store_get(as->store, AS_ADD_SESSION);
    kb_bind_text(st, 1, card->id_sc);
    kb_bind_blob(st, 2, kb_span(NULL, 0));
    return kb_statement_run(st);
}

static bool is_same(struct kb_span a, struct kb_span b)
{
    return a.len == b.len && (!a.len || kb_is_equal(a.data, b.data, a.len));
}

static bool is_same_card(struct kb_statement *st, const struct kb_as_card *card)
{
    uint8_t code[KB_ADMIN_CODE_MAX], keys[2 * KEY];
    size_t code_len = 0, keys_len = 0;
    enum kb_err err =
        kb_column_sealed(st, 0, code_column, card->id_sc, code, sizeof(code), &code_len);
    bool same =
        err == KB_ERR_ABSENT || (!err && is_same(kb_span(code, code_len), card->admin_code));

    err = kb_column_sealed(st, 1, keys_column, card->id_sc, keys, sizeof(keys), &keys_len);
    same &= !err && keys_len == sizeof(keys) && kb_is_equal(keys, card->kic, KEY) &&
            kb_is_equal(keys + KEY, card->kid, KEY);
    same &= is_same(kb_column_blob(st, 2), card->credential) &&
            is_same(kb_column_text(st, 3), card->operator) &&
            is_same(kb_column_text(st, 4), card->number) &&
            (kb_column_int(st, 5) != 0) == card->has_old_keys;
    kb_wipe(code, sizeof(code));
    kb_wipe(keys, sizeof(keys));
    return same;
}

enum kb_err kb_as_compare(struct kb_as *as, const struct kb_as_card *card, bool *is_same)
{
    struct kb_statement *st = kb_store_get(as->store, AS_CARD);
    enum kb_err err;

    kb_bind_text(st, 1, card->id_sc);
    err = kb_statement_step(st);
    if (err)
        return err;
    *is_same = is_same_card(st, card);
    kb_statement_end(st);
    return KB_OK;
}

/* --- Keys --- */

enum kb_err kb_as_digits_from(struct kb_span text, struct kb_as_digits *id_sc)
{
    struct kb_writer wr = kb_wr(id_sc->digits, sizeof(id_sc->digits));

    kb_wr_copy(&wr, text.data, text.len);
    id_sc->len = wr.len;
    return wr.is_bad || !wr.len ? KB_ERR_ABSENT : KB_OK;
}

static void take_keys(struct kb_ota_keys *keys, bool is_old, const uint8_t values[2 * KEY])
{
    memset(keys, 0, sizeof(*keys));
    keys->number = KB_OTA_KEY_SET;
    keys->cc_len = CC_LEN;
    keys->is_old = is_old;
    keys->kic.algorithm = keys->kid.algorithm = is_old ? KB_ALGORITHM_3DES2 : KB_ALGORITHM_AES;
    keys->kic.len = keys->kid.len = KEY;
    memcpy(keys->kic.value, values, KEY);
    memcpy(keys->kid.value, values + KEY, KEY);
}

static enum kb_err load_keys(struct kb_as *as, struct kb_span id_sc, struct kb_ota_keys *keys)
{
    struct kb_statement *st = kb_store_get(as->store, AS_KEYS);
    uint8_t values[2 * KEY];
    size_t len = 0;
    enum kb_err err;

    kb_bind_text(st, 1, id_sc);
    err = kb_statement_step(st);
    if (err)
        return err;
    err = kb_column_sealed(st, 0, keys_column, id_sc, values, sizeof(values), &len);
    if (err == KB_ERR_ABSENT || (!err && len != sizeof(values)))
        err = KB_ERR_INTEGRITY;
    if (!err)
        take_keys(keys, kb_column_int(st, 1) != 0, values);
    kb_wipe(values, sizeof(values));
    kb_statement_end(st);
    return err;
}

/* Where a card's keys would be: FNV-1a over its digits. */
static struct kb_as_known *place_of(struct kb_as *as, const struct kb_as_digits *id_sc)
{
    uint32_t hash = 2166136261;

    for (size_t i = 0; i < id_sc->len; i++)
        hash = (hash ^ (uint8_t)id_sc->digits[i]) * 16777619;
    return &as->known[hash % KB_AS_CACHED];
}

enum kb_err kb_as_find(struct kb_as *as, const struct kb_as_digits *id_sc,
                       const struct kb_as_known **known)
{
    struct kb_as_known *place = place_of(as, id_sc);
    struct kb_ota_keys keys;
    enum kb_err err;

    if (!id_sc->len)
        return KB_ERR_ABSENT;
    *known = place;
    if (is_same(kb_as_digits(&place->id_sc), kb_as_digits(id_sc)))
        return KB_OK;
    err = load_keys(as, kb_as_digits(id_sc), &keys);
    if (err)
        return err;
    place->id_sc = *id_sc;
    place->keys = keys;
    kb_wipe(&keys, sizeof(keys));
    return KB_OK;
}

/* --- Where a card stands --- */

/* A text of at most size - 1 bytes; what is longer was not written here. */
static enum kb_err copy_text(struct kb_statement *st, int at, char *out, size_t size)
{
    struct kb_span text = kb_column_text(st, at);
    struct kb_writer wr = kb_wr(out, size - 1);

    memset(out, 0, size);
    kb_wr_copy(&wr, text.data, text.len);
    return wr.is_bad ? KB_ERR_INTEGRITY : KB_OK;
}

static enum kb_err read_row(struct kb_statement *st, struct kb_as_row *row)
{
    struct kb_as_session *session = &row->session;
    int64_t step = kb_column_int(st, 1);
    enum kb_err err;

    if (step < 0 || step >= KB_AS_STEPS)
        return KB_ERR_INTEGRITY;
    row->turn = kb_column_int(st, 0);
    session->step = (uint8_t)step;
    session->reason = (uint8_t)kb_column_int(st, 2);
    session->number = (uint32_t)kb_column_int(st, 3);
    session->revoked_seen = (uint64_t)kb_column_int(st, 4);
    err = copy_text(st, 5, session->id_o, sizeof(session->id_o));
    if (!err)
        err = copy_text(st, 6, session->server, sizeof(session->server));
    row->cntr_in = (uint64_t)kb_column_int(st, 7);
    row->cntr_out = (uint64_t)kb_column_int(st, 8);
    row->repeats = (uint32_t)kb_column_int(st, 9);
    row->place.kind = (enum kb_mail_kind)kb_column_int(st, 10);
    return err ? err : copy_text(st, 11, row->place.peer, sizeof(row->place.peer));
}

enum kb_err kb_as_load(struct kb_as *as, struct kb_span id_sc, struct kb_as_row *row)
{
    struct kb_statement *st = kb_store_get(as->store, AS_SESSION);
    enum kb_err err;

    memset(row, 0, sizeof(*row));
    kb_bind_text(st, 1, id_sc);
    err = kb_statement_step(st);
    if (err)
        return err;
    err = read_row(st, row);
    kb_statement_end(st);
    return err;
}

static void bind_string(struct kb_statement *st, int at, const char *text)
{
    kb_bind_text(st, at, kb_span(text, strlen(text)));
}

enum kb_err kb_as_save(struct kb_as *as, struct kb_span id_sc, const struct kb_as_row *row,
                       const struct kb_span *answer)
{
    struct kb_statement *st = kb_store_get(as->store, answer ? AS_SAVE_ANSWER : AS_SAVE);
    const struct kb_as_session *session = &row->session;
    enum kb_err err;

    kb_bind_text(st, 1, id_sc);
    kb_bind_int(st, 2, row->turn);
    kb_bind_int(st, 3, session->step);
    kb_bind_int(st, 4, session->reason);
    kb_bind_int(st, 5, session->number);
    kb_bind_int(st, 6, (int64_t)session->revoked_seen);
    bind_string(st, 7, session->id_o);
    bind_string(st, 8, session->server);
    kb_bind_int(st, 9, (int64_t)row->cntr_in);
    kb_bind_int(st, 10, (int64_t)row->cntr_out);
    kb_bind_int(st, 11, row->repeats);
    kb_bind_int(st, 12, row->place.kind);
    bind_string(st, 13, row->place.peer);
    if (answer && answer->len)
        kb_bind_sealed(st, 14, answer_column, id_sc, *answer);
    else if (answer)
        kb_bind_blob(st, 14, *answer);
    err = kb_statement_run(st);
    if (!err && kb_statement_changes(st) != 1)
        err = KB_ERR_RULE;
    return err;
}

enum kb_err kb_as_answer(struct kb_as *as, struct kb_span id_sc, uint8_t *answer, size_t cap,
                         size_t *len)
{
    struct kb_statement *st = kb_store_get(as->store, AS_ANSWER);
    enum kb_err err;

    *len = 0;
    kb_bind_text(st, 1, id_sc);
    err = kb_statement_step(st);
    if (!err)
        err = kb_column_sealed(st, 0, answer_column, id_sc, answer, cap, len);
    kb_statement_end(st);
    return err;
}

enum kb_err kb_as_code(struct kb_as *as, struct kb_span id_sc, uint8_t code[KB_ADMIN_CODE_MAX],
                       size_t *len)
{
    struct kb_statement *st = kb_store_get(as->store, AS_CODE);
    enum kb_err err;

    *len = 0;
    kb_bind_text(st, 1, id_sc);
    err = kb_statement_step(st);
    if (!err)
        err = kb_column_sealed(st, 0, code_column, id_sc, code, KB_ADMIN_CODE_MAX, len);
    kb_statement_end(st);
    return err;
}

/* Without opening it. */
enum kb_err kb_as_has_code(struct kb_as *as, struct kb_span id_sc, bool *has_code)
{
    struct kb_statement *st = kb_store_get(as->store, AS_CODE);
    enum kb_err err;

    kb_bind_text(st, 1, id_sc);
    err = kb_statement_step(st);
    *has_code = !err && kb_column_blob(st, 0).len != 0;
    kb_statement_end(st);
    return err;
}

enum kb_err kb_as_forget(struct kb_as *as, struct kb_span id_sc)
{
    struct kb_statement *st = kb_store_get(as->store, AS_FORGET_CODE);

    kb_bind_text(st, 1, id_sc);
    kb_bind_blob(st, 2, kb_span(NULL, 0));
    return kb_statement_run(st);
}
