/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of many cards in one transaction of the index. */

#include "desk/ca_inside.h"

#include "crypto/secret.h"

/* A card with two valid credentials would be one too many, whoever has the other. */
static enum kb_err must_be_first(struct kb_ca *ca, const char *subject, int64_t now,
                                 struct kb_report *why)
{
    sqlite3_stmt *query = kb_ca_index_get(&ca->index, CA_VALID);
    char kid[KB_CA_KID_TEXT];
    enum kb_err err;

    sqlite3_bind_text(query, 1, subject, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(query, 2, now);
    err = kb_ca_index_step(&ca->index, CA_VALID, why);
    if (err)
        return err == KB_ERR_ABSENT ? KB_OK : err;
    kb_ca_kid_text((uint64_t)sqlite3_column_int64(query, 0), kid);
    kb_ca_index_end(&ca->index, CA_VALID);
    return kb_report(why, KB_ERR_EXISTS,
                     "%s has a credential of %s already (kid %s): such a card was made before; "
                     "choose other numbers, or revoke it with keyborn ca revoke",
                     subject, ca->dir, kid);
}

static enum kb_err issue_rows(struct kb_ca *ca, const uint8_t key[KB_P256_PRIVATE],
                              struct kb_ca_row *const *rows, size_t count, int64_t now,
                              struct kb_report *why)
{
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < count && !err; i++) {
        bool is_new = false;

        err = must_be_first(ca, rows[i]->subject, now, why);
        if (!err)
            err = kb_ca_issue_with(ca, key, NULL, rows[i], now, &is_new, why);
    }
    return err;
}

enum kb_err kb_ca_issue_all(struct kb_ca *ca, const char *key_path, struct kb_ca_row *const *rows,
                            size_t count, int64_t now, struct kb_report *why)
{
    uint8_t key[KB_P256_PRIVATE] = {0};
    enum kb_err err = kb_ca_read_key(ca, key_path, key, why);

    if (!err)
        err = kb_ca_index_run(&ca->index, CA_BEGIN, why);
    if (!err)
        err = kb_ca_index_finish(&ca->index, issue_rows(ca, key, rows, count, now, why), why);
    kb_wipe(key, sizeof key);
    return err;
}

enum kb_err kb_ca_withdraw(struct kb_ca *ca, const char *subject,
                           const uint8_t public_key[KB_CURVE_SIZE], struct kb_report *why)
{
    sqlite3_stmt *query = kb_ca_index_get(&ca->index, CA_WITHDRAW);

    sqlite3_bind_text(query, 1, subject, -1, SQLITE_TRANSIENT);
    sqlite3_bind_blob(query, 2, public_key, KB_CURVE_SIZE, SQLITE_TRANSIENT);
    return kb_ca_index_run(&ca->index, CA_WITHDRAW, why);
}
