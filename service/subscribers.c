/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribers in a store. */
#include "service/subscribers.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/secret.h"

enum { SCHEMA_VERSION = 1, KEYS_MAX = 10 + 2 * KB_AKA_KEY_MAX };

enum { ADD, CHANGE, FIND, SET_SEQ, COUNT, STATEMENTS };

/* keys: sealed; the seven numbers of the profile, whether it is GSM alone, K and OPc or TOPc, each
 * behind its length. */
static const char schema[] = "CREATE TABLE subscriber(imsi TEXT PRIMARY KEY, seq BIGINT NOT NULL, "
                             "keys BYTEA NOT NULL);";
static const char column[] = "keys";

static const char *const statements[STATEMENTS] = {
    [ADD] = "INSERT INTO subscriber(imsi, seq, keys) VALUES($1, $2, $3)",
    [CHANGE] = "UPDATE subscriber SET seq = $2, keys = $3 WHERE imsi = $1",
    [FIND] = "SELECT seq, keys FROM subscriber WHERE imsi = $1",
    [SET_SEQ] = "UPDATE subscriber SET seq = $2 WHERE imsi = $1",
    [COUNT] = "SELECT count(*) FROM subscriber",
};

struct kb_subscribers {
    struct kb_store *store;
};

static int64_t now(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

enum kb_err kb_subscribers_open(const char *path, const uint8_t *key, struct kb_subscribers **out,
                                struct kb_report *why)
{
    const struct kb_store_config config = {
        .path = path,
        .crypto = &kb_crypto_openssl,
        .key = key,
        .now = now,
        .schema_version = SCHEMA_VERSION,
        .schema = schema,
        .statements = statements,
        .statement_count = STATEMENTS,
    };
    struct kb_subscribers *made = calloc(1, sizeof(*made));
    enum kb_err err;

    *out = NULL;
    if (!made)
        return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    err = kb_store_open(&config, &made->store, why);
    if (err)
        free(made);
    else
        *out = made;
    return err;
}

void kb_subscribers_close(struct kb_subscribers *subscribers)
{
    if (subscribers)
        kb_store_close(subscribers->store);
    free(subscribers);
}

/* --- Rows --- */

/* The profile's numbers, in the order in which they are kept. */
static const size_t numbers[] = {
    offsetof(struct kb_aka_profile, algorithm),  offsetof(struct kb_aka_profile, gsm),
    offsetof(struct kb_aka_profile, res_len),    offsetof(struct kb_aka_profile, ck_len),
    offsetof(struct kb_aka_profile, ik_len),     offsetof(struct kb_aka_profile, mac_len),
    offsetof(struct kb_aka_profile, iterations),
};

enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

static struct kb_span write_keys(const struct kb_eap_subscriber *subscriber, uint8_t keys[KEYS_MAX])
{
    struct kb_writer wr = kb_wr(keys, KEYS_MAX);

    for (size_t i = 0; i < NUMBERS; i++)
        kb_wr_u8(&wr, ((const uint8_t *)&subscriber->profile)[numbers[i]]);
    kb_wr_u8(&wr, subscriber->is_gsm);
    kb_wr_u8(&wr, subscriber->k_len);
    kb_wr_copy(&wr, subscriber->k, subscriber->k_len);
    kb_wr_u8(&wr, subscriber->top_len);
    kb_wr_copy(&wr, subscriber->top, subscriber->top_len);
    return kb_wr_span(&wr);
}

static uint8_t read_key(struct kb_cursor *rd, uint8_t key[KB_AKA_KEY_MAX])
{
    uint8_t len = kb_rd_u8(rd);

    if (len > KB_AKA_KEY_MAX)
        rd->is_bad = true;
    else
        kb_rd_copy(rd, key, len);
    return len;
}

static enum kb_err read_keys(struct kb_statement *st, struct kb_span imsi,
                             struct kb_eap_subscriber *subscriber)
{
    uint8_t keys[KEYS_MAX];
    size_t len = 0;
    enum kb_err err = kb_column_sealed(st, 1, column, imsi, keys, sizeof(keys), &len);
    struct kb_cursor rd = kb_rd(kb_span(keys, len));

    for (size_t i = 0; i < NUMBERS; i++)
        ((uint8_t *)&subscriber->profile)[numbers[i]] = kb_rd_u8(&rd);
    subscriber->is_gsm = kb_rd_u8(&rd) != 0;
    subscriber->k_len = read_key(&rd, subscriber->k);
    subscriber->top_len = read_key(&rd, subscriber->top);
    kb_wipe(keys, sizeof(keys));
    return !err && !kb_rd_is_done(&rd) ? KB_ERR_MALFORMED : err;
}

enum kb_err kb_subscribers_find(void *context, struct kb_span imsi,
                                struct kb_eap_subscriber *subscriber)
{
    const struct kb_subscribers *subscribers = context;
    struct kb_statement *st = kb_store_get(subscribers->store, FIND);
    enum kb_err err;

    kb_bind_text(st, 1, imsi);
    err = kb_statement_step(st);
    if (!err) {
        subscriber->seq = (uint64_t)kb_column_int(st, 0);
        err = read_keys(st, imsi, subscriber);
    }
    kb_statement_end(st);
    return err;
}

/* Runs a statement that names a subscriber and a number, as a step; keys may be NULL. */
static enum kb_err change(struct kb_subscribers *subscribers, size_t which, struct kb_span imsi,
                          uint64_t seq, const struct kb_eap_subscriber *keys)
{
    uint8_t plain[KEYS_MAX];
    enum kb_err err = kb_store_begin(subscribers->store);
    struct kb_statement *st;

    if (err)
        return err;
    st = kb_store_get(subscribers->store, which);
    kb_bind_text(st, 1, imsi);
    kb_bind_int(st, 2, (int64_t)seq);
    if (keys) {
        kb_bind_sealed(st, 3, column, imsi, write_keys(keys, plain));
        kb_wipe(plain, sizeof(plain));
    }
    err = kb_statement_run(st);
    return kb_store_end(subscribers->store, err);
}

static bool has_same_keys(const struct kb_eap_subscriber *a, const struct kb_eap_subscriber *b)
{
    uint8_t of_a[KEYS_MAX], of_b[KEYS_MAX];
    struct kb_span one = write_keys(a, of_a), other = write_keys(b, of_b);
    bool is_same = one.len == other.len && kb_is_equal(one.data, other.data, one.len);

    kb_wipe(of_a, sizeof(of_a));
    kb_wipe(of_b, sizeof(of_b));
    return is_same;
}

enum kb_err kb_subscribers_add(struct kb_subscribers *subscribers, struct kb_span imsi,
                               const struct kb_eap_subscriber *subscriber, bool *is_new)
{
    struct kb_eap_subscriber old;
    uint64_t seq = subscriber->seq;
    enum kb_err err;

    if (imsi.len < KB_IMSI_MIN || imsi.len > KB_IMSI_MAX || !kb_is_digits(imsi))
        return KB_ERR_RANGE;
    err = kb_subscribers_find(subscribers, imsi, &old);
    *is_new = err == KB_ERR_ABSENT;
    if (*is_new)
        return change(subscribers, ADD, imsi, seq, subscriber);
    if (!err) {
        if (has_same_keys(&old, subscriber) && old.seq > seq)
            seq = old.seq;
        err = change(subscribers, CHANGE, imsi, seq, subscriber);
    }
    kb_wipe(&old, sizeof(old));
    return err;
}

enum kb_err kb_subscribers_commit(struct kb_subscribers *subscribers, const char *from,
                                  uint64_t count)
{
    char result[32];
    enum kb_err err = kb_store_begin(subscribers->store);

    if (err)
        return err;
    snprintf(result, sizeof(result), "%" PRIu64 " read", count);
    err = kb_store_end(subscribers->store,
                       kb_store_audit(subscribers->store, "subscribers", from, result));
    return err ? err : kb_store_commit(subscribers->store);
}

enum kb_err kb_subscribers_count(struct kb_subscribers *subscribers, uint64_t *count)
{
    struct kb_statement *st = kb_store_get(subscribers->store, COUNT);
    enum kb_err err = kb_statement_step(st);

    *count = err ? 0 : (uint64_t)kb_column_int(st, 0);
    kb_statement_end(st);
    return err;
}

enum kb_err kb_subscribers_keep_seq(void *context, struct kb_span imsi, uint64_t seq)
{
    struct kb_subscribers *subscribers = context;
    enum kb_err err = change(subscribers, SET_SEQ, imsi, seq, NULL);

    return err ? err : kb_store_commit(subscribers->store);
}
