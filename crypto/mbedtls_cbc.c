/* SPDX-License-Identifier: Apache-2.0 */
/* CBC of the crypto port on mbed TLS 2.28, without heap. */
#include "crypto/mbedtls_inside.h"

#include <assert.h>
#include <string.h>

#include <mbedtls/aes.h>
#include <mbedtls/des.h>

#include "crypto/secret.h"

struct cbc {
    union {
        mbedtls_aes_context aes;
        mbedtls_des3_context des;
    } key;
    uint8_t vector[KB_AES_BLOCK];
    bool is_sealing;
    enum kb_cbc_cipher cipher;
};

static_assert(sizeof(struct cbc) <= sizeof(struct kb_cbc), "kb_cbc is too small");

static struct cbc *inside(struct kb_cbc *cbc)
{
    return (struct cbc *)(void *)cbc->opaque;
}

static enum kb_err start_aes(struct cbc *cbc, const uint8_t *key, size_t key_len)
{
    int failed;

    mbedtls_aes_init(&cbc->key.aes);
    if (key_len != 16 && key_len != 24 && key_len != 32)
        return KB_ERR_RANGE;
    if (cbc->is_sealing)
        failed = mbedtls_aes_setkey_enc(&cbc->key.aes, key, (unsigned)key_len * 8);
    else
        failed = mbedtls_aes_setkey_dec(&cbc->key.aes, key, (unsigned)key_len * 8);
    return failed ? KB_ERR_CRYPTO : KB_OK;
}

/* Single DES is triple DES with one key three times (SP 800-67 clause 3.1). */
static enum kb_err start_des(struct cbc *cbc, const uint8_t *key, size_t key_len)
{
    uint8_t keys[3 * KB_DES_BLOCK];
    int failed;

    mbedtls_des3_init(&cbc->key.des);
    if (key_len != 8 && key_len != 16 && key_len != 24)
        return KB_ERR_RANGE;
    for (size_t i = 0; i < sizeof(keys); i++)
        keys[i] = key[i % key_len];
    if (cbc->is_sealing)
        failed = mbedtls_des3_set3key_enc(&cbc->key.des, keys);
    else
        failed = mbedtls_des3_set3key_dec(&cbc->key.des, keys);
    kb_wipe(keys, sizeof(keys));
    return failed ? KB_ERR_CRYPTO : KB_OK;
}

enum kb_err kb_mbedtls_cbc_start(struct kb_cbc *opaque, enum kb_cbc_cipher cipher, bool is_sealing,
                                 const uint8_t *key, size_t key_len)
{
    struct cbc *cbc = inside(opaque);
    enum kb_err err;

    memset(cbc, 0, sizeof(*cbc));
    cbc->is_sealing = is_sealing;
    cbc->cipher = cipher;
    err = cipher == KB_CBC_AES ? start_aes(cbc, key, key_len) : start_des(cbc, key, key_len);
    if (err)
        kb_wipe(cbc, sizeof(*cbc));
    return err;
}

enum kb_err kb_mbedtls_cbc_run(struct kb_cbc *opaque, const uint8_t *in, uint8_t *out, size_t len)
{
    struct cbc *cbc = inside(opaque);
    bool is_aes = cbc->cipher == KB_CBC_AES;
    int failed;

    if (len % (is_aes ? KB_AES_BLOCK : KB_DES_BLOCK))
        return KB_ERR_RANGE;
    if (is_aes)
        failed = mbedtls_aes_crypt_cbc(&cbc->key.aes,
                                       cbc->is_sealing ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT,
                                       len, cbc->vector, in, out);
    else
        failed = mbedtls_des3_crypt_cbc(&cbc->key.des,
                                        cbc->is_sealing ? MBEDTLS_DES_ENCRYPT : MBEDTLS_DES_DECRYPT,
                                        len, cbc->vector, in, out);
    return failed ? KB_ERR_CRYPTO : KB_OK;
}

void kb_mbedtls_cbc_end(struct kb_cbc *opaque)
{
    kb_wipe(inside(opaque), sizeof(struct cbc));
}
