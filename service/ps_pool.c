/* SPDX-License-Identifier: Apache-2.0 */
/* Identities of an operator: what each of them goes through. Ranges stand in ps_range.c. */
#include "service/ps_pool.h"

#include <string.h>

#include "service/ps_range.h"
#include "service/ps_sql.h"

static const char seal_column[] = "holding.seal", packets_column[] = "holding.packets";

/* -1: it cannot happen. One that was seen is never free again, whatever comes afterwards. */
static const int8_t uses[][KB_PS_USES] = {
    /*                TAKE            RELEASE         SEE         CONFIRM     DROP REMOVED */
    [KB_PS_FREE] = {KB_PS_TAKEN, -1, KB_PS_USED, -1, -1, -1},
    [KB_PS_TAKEN] = {KB_PS_TAKEN, KB_PS_RELEASED, KB_PS_USED, -1, -1, -1},
    [KB_PS_RELEASED] = {KB_PS_RELEASED, KB_PS_RELEASED, KB_PS_USED, KB_PS_USED, KB_PS_RETURNING,
                        -1},
    [KB_PS_USED] = {KB_PS_USED, KB_PS_USED, KB_PS_USED, KB_PS_USED, -1, -1},
    [KB_PS_RETURNING] = {-1, -1, KB_PS_USED, -1, -1, KB_PS_FREE},
};

bool kb_ps_pool_next(enum kb_ps_identity state, enum kb_ps_use use, enum kb_ps_identity *next)
{
    int8_t to = (size_t)state < sizeof(uses) / sizeof(uses[0]) && use < KB_PS_USES
                    ? uses[state][use]
                    : (int8_t)-1;

    if (to < 0)
        return false;
    *next = (enum kb_ps_identity)to;
    return true;
}

static struct kb_span text(const char *string)
{
    return kb_span(string, strlen(string));
}

static bool keep_text(char *out, size_t cap, struct kb_span in)
{
    if (in.len >= cap)
        return false;
    if (in.len)
        memcpy(out, in.data, in.len);
    out[in.len] = '\0';
    return true;
}

static enum kb_err read_holding(struct kb_statement *st, struct kb_ps_holding *holding)
{
    enum kb_err err = kb_statement_step(st);

    memset(holding, 0, sizeof(*holding));
    if (err)
        return err;
    if (!keep_text(holding->imsi, sizeof(holding->imsi), kb_column_text(st, 0)) ||
        !keep_text(holding->server, sizeof(holding->server), kb_column_text(st, 2)) ||
        !keep_text(holding->id_sc, sizeof(holding->id_sc), kb_column_text(st, 3)))
        err = KB_ERR_INTEGRITY;
    holding->state = (enum kb_ps_identity)kb_column_int(st, 1);
    holding->number = (uint32_t)kb_column_int(st, 4);
    holding->request = (uint64_t)kb_column_int(st, 5);
    kb_statement_end(st);
    return err;
}

enum kb_err kb_ps_pool_of_card(struct kb_store *store, struct kb_span server, struct kb_span id_sc,
                               struct kb_ps_holding *holding)
{
    struct kb_statement *st = kb_store_get(store, PS_HOLDING_OF_CARD);

    kb_bind_text(st, 1, server);
    kb_bind_text(st, 2, id_sc);
    return read_holding(st, holding);
}

enum kb_err kb_ps_pool_of_imsi(struct kb_store *store, struct kb_span imsi,
                               struct kb_ps_holding *holding)
{
    struct kb_statement *st = kb_store_get(store, PS_HOLDING_OF_IMSI);

    kb_bind_text(st, 1, imsi);
    return read_holding(st, holding);
}

/* Fresh ones first: one that came back rests as long as possible. */
enum kb_err kb_ps_pool_free(struct kb_store *store, struct kb_ps_holding *holding)
{
    struct kb_statement *st;
    enum kb_err err;

    memset(holding, 0, sizeof(*holding));
    err = kb_ps_range_take(store, holding->imsi);
    if (!err) {
        st = kb_store_get(store, PS_HOLDING_MAKE);
        kb_bind_text(st, 1, text(holding->imsi));
        kb_bind_int(st, 2, KB_PS_FREE);
        return kb_statement_run(st);
    }
    if (err != KB_ERR_ABSENT)
        return err;
    st = kb_store_get(store, PS_HOLDING_FREE);
    err = kb_statement_step(st);
    if (!err && !keep_text(holding->imsi, sizeof(holding->imsi), kb_column_text(st, 0)))
        err = KB_ERR_INTEGRITY;
    kb_statement_end(st);
    return err;
}

/* Keys are sealed for one identity and one request about it. */
struct row_key {
    uint8_t bytes[KB_IMSI_MAX + 8];
};

static struct kb_span key_of(const struct kb_ps_holding *holding, struct row_key *key)
{
    struct kb_writer wr = kb_wr(key->bytes, sizeof(key->bytes));

    kb_wr_copy(&wr, holding->imsi, strlen(holding->imsi));
    kb_wr_u32(&wr, (uint32_t)(holding->request >> 32));
    kb_wr_u32(&wr, (uint32_t)holding->request);
    return kb_wr_span(&wr);
}

static enum kb_err run_one(struct kb_statement *st)
{
    enum kb_err err = kb_statement_run(st);

    return !err && kb_statement_changes(st) != 1 ? KB_ERR_EXISTS : err;
}

enum kb_err kb_ps_pool_give(struct kb_store *store, struct kb_ps_holding *holding,
                            const struct kb_ps_keys *keys)
{
    struct kb_statement *st = kb_store_get(store, PS_HOLDING_KEYS);
    enum kb_ps_identity next;
    struct row_key key;
    enum kb_err err;

    if (!kb_ps_pool_next(holding->state, KB_PS_USE_TAKE, &next))
        return KB_ERR_RULE;
    kb_bind_text(st, 1, text(holding->imsi));
    kb_bind_int(st, 2, holding->state);
    kb_bind_int(st, 3, next);
    kb_bind_text(st, 4, text(holding->server));
    kb_bind_text(st, 5, text(holding->id_sc));
    kb_bind_int(st, 6, holding->number);
    kb_bind_int(st, 7, (int64_t)holding->request);
    kb_bind_sealed(st, 8, seal_column, key_of(holding, &key),
                   kb_span(keys->identity, sizeof(keys->identity)));
    kb_bind_sealed(st, 9, packets_column, key_of(holding, &key),
                   kb_span(keys->packets, sizeof(keys->packets)));
    err = run_one(st);
    if (!err)
        holding->state = next;
    return err;
}

enum kb_err kb_ps_pool_use(struct kb_store *store, struct kb_ps_holding *holding,
                           enum kb_ps_use use, uint64_t request)
{
    bool is_leaving = use == KB_PS_USE_DROP;
    struct kb_statement *st;
    enum kb_ps_identity next;
    enum kb_err err;

    if (!kb_ps_pool_next(holding->state, use, &next))
        return KB_ERR_RULE;
    if (next == holding->state)
        return KB_OK;
    st = kb_store_get(store, is_leaving ? PS_HOLDING_LEAVE : PS_HOLDING_STATE);
    kb_bind_text(st, 1, text(holding->imsi));
    kb_bind_int(st, 2, holding->state);
    kb_bind_int(st, 3, next);
    if (is_leaving)
        kb_bind_int(st, 4, (int64_t)request);
    err = run_one(st);
    if (!err)
        holding->state = next;
    return err;
}

enum kb_err kb_ps_pool_seal(struct kb_store *store, const struct kb_ps_holding *holding,
                            uint8_t key[KB_PS_KEY])
{
    struct kb_statement *st = kb_store_get(store, PS_HOLDING_SEAL);
    struct row_key row;
    size_t len = 0;
    enum kb_err err;

    kb_bind_text(st, 1, text(holding->imsi));
    err = kb_statement_step(st);
    if (!err)
        err = kb_column_sealed(st, 0, seal_column, key_of(holding, &row), key, KB_PS_KEY, &len);
    kb_statement_end(st);
    return !err && len != KB_PS_KEY ? KB_ERR_INTEGRITY : err;
}

enum kb_err kb_ps_pool_forget_seal(struct kb_store *store, struct kb_ps_holding *holding)
{
    struct kb_statement *st = kb_store_get(store, PS_HOLDING_USED);

    kb_bind_text(st, 1, text(holding->imsi));
    kb_bind_int(st, 2, holding->state);
    kb_bind_int(st, 3, KB_PS_USED);
    holding->state = KB_PS_USED;
    return run_one(st);
}

enum kb_err kb_ps_pool_request(struct kb_store *store, uint64_t *request)
{
    struct kb_statement *st = kb_store_get(store, PS_REQUEST_NEXT);
    enum kb_err err = kb_statement_step(st);

    if (!err)
        *request = (uint64_t)kb_column_int(st, 0);
    kb_statement_end(st);
    return err;
}

enum kb_err kb_ps_pool_count(struct kb_store *store, struct kb_ps_count *count)
{
    struct kb_statement *st = kb_store_get(store, PS_COUNT_STATES);
    uint64_t fresh = 0;
    enum kb_err err;

    memset(count, 0, sizeof(*count));
    while ((err = kb_statement_step(st)) == KB_OK) {
        int64_t state = kb_column_int(st, 0);

        if (state >= KB_PS_FREE && state <= KB_PS_RETURNING)
            count->identities[state] = (uint64_t)kb_column_int(st, 1);
    }
    if (err == KB_ERR_ABSENT)
        err = kb_ps_range_count(store, &fresh);
    count->identities[KB_PS_FREE] += fresh;
    return err;
}
