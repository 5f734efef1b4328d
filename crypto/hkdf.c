/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF with SHA-256 (RFC 5869 clause 2). */
#include "crypto/hkdf.h"

#include "crypto/hmac.h"
#include "crypto/secret.h"

enum kb_err kb_hkdf_extract(const struct kb_crypto *crypto, struct kb_span salt,
                            struct kb_span secret, uint8_t prk[KB_SHA256_SIZE])
{
    struct kb_hmac hmac;

    kb_hmac_start(&hmac, crypto, salt);
    kb_hmac_update(&hmac, secret);
    return kb_hmac_finish(&hmac, prk);
}

enum kb_err kb_hkdf_expand(const struct kb_crypto *crypto, struct kb_span prk,
                           const struct kb_span *info, size_t parts, uint8_t *out, size_t out_len)
{
    struct kb_writer wr = kb_wr(out, out_len);
    uint8_t block[KB_SHA256_SIZE];
    enum kb_err err = KB_OK;

    if (out_len < 1 || out_len > KB_HKDF_OUT_MAX)
        return KB_ERR_RANGE;
    for (unsigned number = 1; wr.len < out_len && !err; number++) {
        const uint8_t counter = (uint8_t)number;
        size_t left = out_len - wr.len;
        struct kb_hmac hmac;

        kb_hmac_start(&hmac, crypto, prk);
        if (number > 1)
            kb_hmac_update(&hmac, kb_span(block, sizeof(block)));
        for (size_t i = 0; i < parts; i++)
            kb_hmac_update(&hmac, info[i]);
        kb_hmac_update(&hmac, kb_span(&counter, 1));
        err = kb_hmac_finish(&hmac, block);
        kb_wr_copy(&wr, block, left < sizeof(block) ? left : sizeof(block));
    }
    if (err)
        kb_wipe(out, out_len);
    kb_wipe(block, sizeof(block));
    return err;
}
