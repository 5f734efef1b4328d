/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 (RFC 2104 clause 2). */
#include "crypto/hmac.h"

#include <string.h>

#include "crypto/secret.h"

enum { INNER = 0x36, OUTER = 0x5C };

static void mask(struct kb_hmac *hmac, uint8_t value)
{
    for (size_t i = 0; i < sizeof(hmac->pad); i++)
        hmac->pad[i] ^= value;
}

/* One hash of one span, for a key that is too long. */
static enum kb_err hash(const struct kb_crypto *crypto, struct kb_span data,
                        uint8_t digest[KB_SHA256_SIZE])
{
    struct kb_sha256 sha;
    enum kb_err err = crypto->sha256_start(&sha), finished;

    if (err)
        return err;
    err = crypto->sha256_update(&sha, data.data, data.len);
    finished = crypto->sha256_finish(&sha, digest);
    return err ? err : finished;
}

void kb_hmac_start(struct kb_hmac *hmac, const struct kb_crypto *crypto, struct kb_span key)
{
    memset(hmac->pad, 0, sizeof(hmac->pad));
    hmac->crypto = crypto;
    hmac->err = KB_OK;
    if (key.len > sizeof(hmac->pad))
        hmac->err = hash(crypto, key, hmac->pad);
    else if (key.len)
        memcpy(hmac->pad, key.data, key.len);
    mask(hmac, INNER);
    if (!hmac->err)
        hmac->err = crypto->sha256_start(&hmac->sha);
    kb_hmac_update(hmac, kb_span(hmac->pad, sizeof(hmac->pad)));
    mask(hmac, INNER ^ OUTER);
}

void kb_hmac_update(struct kb_hmac *hmac, struct kb_span data)
{
    enum kb_err err;

    if (hmac->err || !data.len)
        return;
    err = hmac->crypto->sha256_update(&hmac->sha, data.data, data.len);
    if (err) {
        uint8_t unused[KB_SHA256_SIZE];

        hmac->err = err;
        (void)hmac->crypto->sha256_finish(&hmac->sha, unused);
        kb_wipe(unused, sizeof(unused));
    }
}

enum kb_err kb_hmac_finish(struct kb_hmac *hmac, uint8_t mac[KB_SHA256_SIZE])
{
    uint8_t inner[KB_SHA256_SIZE];
    enum kb_err err;

    if (!hmac->err)
        hmac->err = hmac->crypto->sha256_finish(&hmac->sha, inner);
    if (!hmac->err)
        hmac->err = hmac->crypto->sha256_start(&hmac->sha);
    kb_hmac_update(hmac, kb_span(hmac->pad, sizeof(hmac->pad)));
    kb_hmac_update(hmac, kb_span(inner, sizeof(inner)));
    if (!hmac->err)
        hmac->err = hmac->crypto->sha256_finish(&hmac->sha, mac);
    err = hmac->err;
    if (err)
        memset(mac, 0, KB_SHA256_SIZE);
    kb_wipe(inner, sizeof(inner));
    kb_wipe(hmac, sizeof(*hmac));
    return err;
}
