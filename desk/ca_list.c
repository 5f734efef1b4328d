/* SPDX-License-Identifier: Apache-2.0 */
/* The list of credentials that were taken back. */

#include "desk/ca_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 160, ENTRY_MAX = 4 + KB_KID_MAX + KB_REVOKED_FINGERPRINT };

/* Every credential that was taken back. *entries is to be freed. */
static enum kb_err gather(struct kb_ca *ca, struct kb_revoked *list, uint8_t **entries,
                          struct kb_report *why)
{
    sqlite3_stmt *query = kb_ca_index_get(&ca->index, CA_REVOKED);
    struct kb_writer wr = kb_wr(NULL, 0);
    uint8_t kid[KB_KID_MAX], *more;
    enum kb_err err;

    while (!(err = kb_ca_index_step(&ca->index, CA_REVOKED, why))) {
        if (wr.cap - wr.len < ENTRY_MAX) {
            more = realloc(wr.data, 2 * wr.cap + 64 * ENTRY_MAX);
            if (!more)
                break;
            wr.data = more;
            wr.cap = 2 * wr.cap + 64 * ENTRY_MAX;
        }
        kb_revoked_put_entry(&wr,
                             kb_span(kid, kb_ca_kid((uint64_t)sqlite3_column_int64(query, 0), kid)),
                             sqlite3_column_blob(query, 1));
        list->count++;
    }
    kb_ca_index_end(&ca->index, CA_REVOKED);
    *entries = wr.data;
    list->entries = kb_wr_span(&wr);
    if (!err)
        return kb_report(why, KB_ERR_MEMORY, "%s", kb_err_text(KB_ERR_MEMORY));
    return err == KB_ERR_ABSENT ? KB_OK : err;
}

static enum kb_err sign(const struct kb_revoked *list, const uint8_t key[KB_P256_PRIVATE],
                        uint8_t **message, size_t *len, struct kb_report *why)
{
    size_t cap = list->entries.len + HEAD_MAX;
    uint8_t *claims = malloc(cap);
    struct kb_writer wr = kb_wr(claims, claims ? cap : 0), out;
    enum kb_err err = KB_ERR_MEMORY;

    *message = malloc(cap + KB_SIGN1_OVERHEAD);
    out = kb_wr(*message, cap + KB_SIGN1_OVERHEAD);
    if (claims && *message) {
        kb_revoked_put_claims(&wr, list);
        err = wr.is_bad ? KB_ERR_TOO_LONG
                        : kb_sign1_put(&kb_crypto_openssl, key, kb_wr_span(&wr), &out);
    }
    free(claims);
    *len = out.len;
    return err ? kb_report(why, err, "the list of revoked credentials: %s", kb_err_text(err))
               : KB_OK;
}

enum kb_err kb_ca_sign_list(struct kb_ca *ca, const uint8_t key[KB_P256_PRIVATE], uint64_t number,
                            int64_t now, uint8_t **message, size_t *len, struct kb_report *why)
{
    struct kb_revoked list = {
        .issuer = kb_span(ca->root.name, strlen(ca->root.name)), .issued = now, .number = number};
    uint8_t *entries = NULL;
    enum kb_err err = gather(ca, &list, &entries, why);

    *message = NULL;
    if (!err)
        err = sign(&list, key, message, len, why);
    free(entries);
    return err;
}

static bool is_in_file(const char *dir, const char *name, const void *data, size_t len)
{
    char path[KB_KEY_FILE_PATH];
    uint8_t *found = malloc(len + 1);
    FILE *file = found && !kb_ca_place(dir, name, path, NULL) ? fopen(path, "re") : NULL;
    bool is_same = file && fread(found, 1, len + 1, file) == len && !memcmp(found, data, len);

    if (file)
        fclose(file);
    free(found);
    return is_same;
}

enum kb_err kb_ca_show_list(struct kb_ca *ca, struct kb_report *why)
{
    enum kb_err err = kb_ca_index_step(&ca->index, CA_LIST, why);
    const void *list;
    size_t len;

    if (err)
        return err;
    list = sqlite3_column_blob(kb_ca_index_get(&ca->index, CA_LIST), 0);
    len = (size_t)sqlite3_column_bytes(kb_ca_index_get(&ca->index, CA_LIST), 0);
    if (!is_in_file(ca->dir, "revoked.cwt", list, len))
        err = kb_ca_write(ca->dir, "revoked.cwt", list, len, why);
    kb_ca_index_end(&ca->index, CA_LIST);
    return err;
}
