/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing with AES-256-GCM (SP 800-38D); associated data: owner, zero, column. */

#include "desk/seal.h"

#include <stdio.h>
#include <string.h>

#include "wire/hex.h"

enum { ASSOCIATED_MAX = 128 };

static struct kb_span associate(uint8_t *buffer, const char *owner, const char *column)
{
    struct kb_writer wr = kb_wr(buffer, ASSOCIATED_MAX);

    kb_wr_copy(&wr, owner, strlen(owner) + 1);
    kb_wr_copy(&wr, column, strlen(column));
    return wr.is_bad ? kb_span(NULL, 0) : kb_wr_span(&wr);
}

enum kb_err kb_seal_close(const struct kb_seal *seal, const char *owner, const char *column,
                          struct kb_span value, uint8_t *sealed)
{
    uint8_t buffer[ASSOCIATED_MAX];
    struct kb_span associated = associate(buffer, owner, column);
    struct kb_writer out = kb_wr(sealed, value.len + KB_SEAL_OVERHEAD);
    uint8_t *nonce = kb_wr_reserve(&out, KB_GCM_NONCE);
    uint8_t *body = kb_wr_reserve(&out, value.len);
    uint8_t *tag = kb_wr_reserve(&out, KB_GCM_TAG);
    enum kb_err err;

    if (!associated.data)
        return KB_ERR_TOO_LONG;
    err = seal->crypto->random(nonce, KB_GCM_NONCE);
    if (err)
        return err;
    return seal->crypto->gcm_seal(seal->key, nonce, associated, value, body, tag);
}

enum kb_err kb_seal_open(const struct kb_seal *seal, const char *owner, const char *column,
                         struct kb_span sealed, uint8_t *value)
{
    uint8_t buffer[ASSOCIATED_MAX];
    struct kb_span associated = associate(buffer, owner, column);
    struct kb_cursor rd = kb_rd(sealed);
    struct kb_span nonce, body, tag;

    if (!associated.data)
        return KB_ERR_TOO_LONG;
    if (sealed.len < KB_SEAL_OVERHEAD)
        return KB_ERR_INTEGRITY;
    nonce = kb_rd_span(&rd, KB_GCM_NONCE);
    body = kb_rd_span(&rd, sealed.len - KB_SEAL_OVERHEAD);
    tag = kb_rd_span(&rd, KB_GCM_TAG);
    return seal->crypto->gcm_open(seal->key, nonce.data, associated, body, tag.data, value);
}

enum kb_err kb_seal_token(const struct kb_seal *seal, const char *owner, const char *column,
                          struct kb_span value, char *token)
{
    uint8_t sealed[KB_SEAL_TOKEN_VALUE + KB_SEAL_OVERHEAD];
    char hex[2 * sizeof sealed + 1];
    enum kb_err err;
    int len;

    if (value.len > KB_SEAL_TOKEN_VALUE)
        return KB_ERR_TOO_LONG;
    err = kb_seal_close(seal, owner, column, value, sealed);
    if (err)
        return err;
    kb_hex_encode(kb_span(sealed, value.len + KB_SEAL_OVERHEAD), hex);
    len = snprintf(token, KB_SEAL_TOKEN, "kb1:%s:%s:%s", owner, column, hex);
    return len < 0 || len >= KB_SEAL_TOKEN ? KB_ERR_TOO_LONG : KB_OK;
}
