/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of a root: issued, listed, taken back. */

#include "desk/ca_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

static const struct kb_crypto *const crypto = &kb_crypto_openssl;

static bool take_blob(sqlite3_stmt *query, int column, void *out, size_t len)
{
    if (sqlite3_column_bytes(query, column) != (int)len)
        return false;
    memcpy(out, sqlite3_column_blob(query, column), len);
    return true;
}

static void take_text(sqlite3_stmt *query, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(query, column);

    snprintf(out, size, "%s", text ? (const char *)text : "");
}

/* The next row of CA_NEXT or CA_BY_KEY, whose columns are the same; ends the statement. */
static enum kb_err take_row(struct kb_ca *ca, enum kb_ca_sql which, struct kb_ca_row *row,
                            struct kb_report *why)
{
    sqlite3_stmt *query = kb_ca_index_get(&ca->index, which);
    enum kb_err err = kb_ca_index_step(&ca->index, which, why);

    if (err)
        return err;
    memset(row, 0, sizeof *row);
    row->serial = (uint64_t)sqlite3_column_int64(query, 0);
    take_text(query, 1, row->subject, sizeof row->subject);
    row->curve = sqlite3_column_int(query, 2) == KB_CURVE_P256 ? KB_CURVE_P256 : KB_CURVE_X25519;
    row->is_odd = sqlite3_column_int(query, 4) != 0;
    row->not_before = sqlite3_column_int64(query, 5);
    row->expires = sqlite3_column_int64(query, 6);
    row->token_len = (size_t)sqlite3_column_bytes(query, 8);
    row->revoked = sqlite3_column_int64(query, 9);
    take_text(query, 10, row->reason, sizeof row->reason);
    if (!take_blob(query, 3, row->public_key, sizeof row->public_key) ||
        !take_blob(query, 7, row->fingerprint, sizeof row->fingerprint) ||
        row->token_len > sizeof row->token || !take_blob(query, 8, row->token, row->token_len))
        err = kb_report(why, KB_ERR_MALFORMED, "%s: is damaged", ca->index.path);
    kb_ca_index_end(&ca->index, which);
    return err;
}

enum kb_err kb_ca_next(struct kb_ca *ca, uint64_t after, struct kb_ca_row *row,
                       struct kb_report *why)
{
    sqlite3_bind_int64(kb_ca_index_get(&ca->index, CA_NEXT), 1, (sqlite3_int64)after);
    return take_row(ca, CA_NEXT, row, why);
}

/* An agreement with the key must be possible. */
static enum kb_err check_key(const struct kb_ca_row *row, struct kb_report *why)
{
    const struct kb_random random = {NULL, NULL};
    uint8_t private_key[KB_CURVE_SIZE], public_key[KB_CURVE_SIZE], shared[KB_CURVE_SIZE];
    enum kb_err err = kb_curve_keypair(crypto, &random, row->curve, private_key, public_key);

    if (!err)
        err = kb_curve_shared(crypto, row->curve, private_key, row->public_key, shared);
    kb_wipe(private_key, sizeof private_key);
    kb_wipe(shared, sizeof shared);
    if (!err)
        return KB_OK;
    return kb_report(why, err, "the public key is no key on %s",
                     row->curve == KB_CURVE_P256 ? "P-256" : "X25519");
}

/* A key that has a credential: the same is given again, or none. */
static enum kb_err give_again(const struct kb_ca_row *old, const struct kb_ca_row *wanted,
                              int64_t now, struct kb_report *why)
{
    char kid[KB_CA_KID_TEXT];

    kb_ca_kid_text(old->serial, kid);
    if (strcmp(old->subject, wanted->subject) != 0 || old->curve != wanted->curve)
        return kb_report(why, KB_ERR_EXISTS,
                         "the key has a credential for %s (kid %s); make a "
                         "key for each subject",
                         old->subject, kid);
    if (old->revoked || (old->expires && old->expires <= now))
        return kb_report(why, KB_ERR_EXISTS,
                         "the credential of this key (kid %s) %s; make a new "
                         "key",
                         kid, old->revoked ? "was revoked" : "has expired");
    return KB_OK;
}

static enum kb_err sign(const struct kb_ca *ca, const uint8_t key[KB_P256_PRIVATE],
                        struct kb_ca_row *row, struct kb_report *why)
{
    struct kb_writer wr = kb_wr(row->token, sizeof row->token);
    struct kb_credential claims = {.issuer = kb_span(ca->root.name, strlen(ca->root.name)),
                                   .subject = kb_span(row->subject, strlen(row->subject)),
                                   .expires = row->expires,
                                   .not_before = row->not_before,
                                   .curve = row->curve,
                                   .is_odd = row->is_odd};
    enum kb_err err;

    memcpy(claims.public_key, row->public_key, sizeof claims.public_key);
    err = kb_credential_fingerprint(crypto, row->public_key, row->fingerprint);
    if (!err)
        err = kb_credential_sign(crypto, key, &claims, &wr);
    row->token_len = wr.len;
    return err ? kb_report(why, err, "%s: %s", row->subject, kb_err_text(err)) : KB_OK;
}

static enum kb_err add(struct kb_ca *ca, struct kb_ca_row *row, int64_t now, struct kb_report *why)
{
    sqlite3_stmt *query = kb_ca_index_get(&ca->index, CA_ADD);
    enum kb_err err;

    sqlite3_bind_text(query, 1, row->subject, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(query, 2, (int)row->curve);
    sqlite3_bind_blob(query, 3, row->public_key, sizeof row->public_key, SQLITE_TRANSIENT);
    sqlite3_bind_int(query, 4, row->is_odd);
    sqlite3_bind_int64(query, 5, row->not_before);
    sqlite3_bind_int64(query, 6, row->expires);
    sqlite3_bind_blob(query, 7, row->fingerprint, sizeof row->fingerprint, SQLITE_TRANSIENT);
    sqlite3_bind_blob(query, 8, row->token, (int)row->token_len, SQLITE_TRANSIENT);
    sqlite3_bind_int64(query, 9, now);
    err = kb_ca_index_run(&ca->index, CA_ADD, why);
    row->serial = (uint64_t)sqlite3_last_insert_rowid(ca->index.db);
    return err;
}

static enum kb_err check_dates(const struct kb_ca_row *row, int64_t now, struct kb_report *why)
{
    if (row->expires && row->expires <= now)
        return kb_report(why, KB_ERR_RANGE, "the credential would have expired already");
    return KB_OK;
}

enum kb_err kb_ca_issue_with(struct kb_ca *ca, const uint8_t *held, const char *key_path,
                             struct kb_ca_row *row, int64_t now, bool *is_new,
                             struct kb_report *why)
{
    sqlite3_stmt *query = kb_ca_index_get(&ca->index, CA_BY_KEY);
    uint8_t key[KB_P256_PRIVATE] = {0};
    struct kb_ca_row old;
    enum kb_err err = kb_ca_check_text("subject", row->subject, KB_CREDENTIAL_NAME_MAX, why);

    *is_new = false;
    if (!err)
        err = check_dates(row, now, why);
    if (!err)
        err = check_key(row, why);
    if (err)
        return err;
    sqlite3_bind_blob(query, 1, row->public_key, sizeof row->public_key, SQLITE_TRANSIENT);
    err = take_row(ca, CA_BY_KEY, &old, why);
    if (!err) {
        err = give_again(&old, row, now, why);
        if (!err)
            *row = old;
        return err;
    }
    if (err == KB_ERR_ABSENT)
        err = held ? KB_OK : kb_ca_read_key(ca, key_path, key, why);
    if (!err)
        err = sign(ca, held ? held : key, row, why);
    if (!err)
        err = add(ca, row, now, why);
    kb_wipe(key, sizeof key);
    *is_new = !err;
    return err;
}

enum kb_err kb_ca_issue(struct kb_ca *ca, const char *key_path, struct kb_ca_row *row, int64_t now,
                        bool *is_new, struct kb_report *why)
{
    return kb_ca_issue_with(ca, NULL, key_path, row, now, is_new, why);
}

static void bind_named(sqlite3_stmt *query, uint64_t serial, const char *subject)
{
    sqlite3_bind_int64(query, 1, (sqlite3_int64)serial);
    sqlite3_bind_text(query, 2, subject ? subject : "", -1, SQLITE_TRANSIENT);
}

static enum kb_err must_exist(struct kb_ca *ca, uint64_t serial, const char *subject,
                              struct kb_report *why)
{
    sqlite3_stmt *query = kb_ca_index_get(&ca->index, CA_COUNT);
    char kid[KB_CA_KID_TEXT];
    enum kb_err err;

    bind_named(query, serial, subject);
    err = kb_ca_index_step(&ca->index, CA_COUNT, why);
    if (!err && sqlite3_column_int64(query, 0) == 0) {
        kb_ca_kid_text(serial, kid);
        err = kb_report(why, KB_ERR_ABSENT, "%s: no credential %s %s", ca->dir,
                        serial ? "with the kid" : "for", serial ? kid : subject);
    }
    kb_ca_index_end(&ca->index, CA_COUNT);
    return err;
}

static enum kb_err mark(struct kb_ca *ca, uint64_t serial, const char *subject, const char *reason,
                        int64_t now, uint64_t *count, struct kb_report *why)
{
    sqlite3_stmt *query = kb_ca_index_get(&ca->index, CA_REVOKE);
    enum kb_err err;

    bind_named(query, serial, subject);
    sqlite3_bind_int64(query, 3, now);
    sqlite3_bind_text(query, 4, reason, -1, SQLITE_TRANSIENT);
    err = kb_ca_index_run(&ca->index, CA_REVOKE, why);
    *count = err ? 0 : (uint64_t)sqlite3_changes(ca->index.db);
    return err;
}

static enum kb_err renew_list(struct kb_ca *ca, const uint8_t key[KB_P256_PRIVATE], int64_t now,
                              struct kb_report *why)
{
    sqlite3_stmt *query = kb_ca_index_get(&ca->index, CA_SET_LIST);
    uint8_t *message = NULL;
    size_t len = 0;
    enum kb_err err = kb_ca_sign_list(ca, key, ca->root.number + 1, now, &message, &len, why);

    if (!err) {
        sqlite3_bind_int64(query, 1, (sqlite3_int64)ca->root.number + 1);
        sqlite3_bind_blob(query, 2, message, (int)len, SQLITE_TRANSIENT);
        err = kb_ca_index_run(&ca->index, CA_SET_LIST, why);
    }
    free(message);
    return err;
}

/* What was taken back and the list that says so are one transaction. */
static enum kb_err take_back(struct kb_ca *ca, const uint8_t key[KB_P256_PRIVATE], uint64_t serial,
                             const char *subject, const char *reason, int64_t now, uint64_t *count,
                             struct kb_report *why)
{
    enum kb_err err = kb_ca_index_run(&ca->index, CA_BEGIN, why);

    if (err)
        return err;
    err = mark(ca, serial, subject, reason, now, count, why);
    if (!err && *count)
        err = renew_list(ca, key, now, why);
    err = kb_ca_index_finish(&ca->index, err, why);
    if (!err && *count)
        ca->root.number++;
    return err;
}

enum kb_err kb_ca_revoke(struct kb_ca *ca, const char *key_path, uint64_t serial,
                         const char *subject, const char *reason, int64_t now, uint64_t *count,
                         struct kb_report *why)
{
    uint8_t key[KB_P256_PRIVATE] = {0};
    enum kb_err err = kb_ca_check_text("reason", reason, KB_CA_REASON_MAX, why);

    *count = 0;
    if (!err)
        err = must_exist(ca, serial, subject, why);
    if (!err)
        err = kb_ca_read_key(ca, key_path, key, why);
    if (!err)
        err = take_back(ca, key, serial, subject, reason, now, count, why);
    kb_wipe(key, sizeof key);
    return err ? err : kb_ca_show_list(ca, why);
}
