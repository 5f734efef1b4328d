/* SPDX-License-Identifier: Apache-2.0 */
/* A port whose AES fails at the n-th call and works before it, for tests of what is built on it. */
#ifndef KB_TESTS_CRYPTO_FAILING_H
#define KB_TESTS_CRYPTO_FAILING_H

#include "crypto/crypto.h"

static unsigned calls_before_failure;

static inline bool is_failing_now(void)
{
    if (calls_before_failure == 0)
        return true;
    calls_before_failure--;
    return false;
}

static inline enum kb_err failing_aes_start(struct kb_aes *aes, const uint8_t *key, size_t key_len)
{
    /* A real port starts nothing when it fails, and bears an end all the same. */
    return is_failing_now() ? kb_crypto_openssl.aes_start(aes, key, 1),
           KB_ERR_CRYPTO    : kb_crypto_openssl.aes_start(aes, key, key_len);
}

static inline enum kb_err failing_aes_block(struct kb_aes *aes, const uint8_t in[KB_AES_BLOCK],
                                            uint8_t out[KB_AES_BLOCK])
{
    return is_failing_now() ? KB_ERR_CRYPTO : kb_crypto_openssl.aes_block(aes, in, out);
}

static inline struct kb_crypto failing_port(unsigned calls)
{
    struct kb_crypto port = kb_crypto_openssl;

    calls_before_failure = calls;
    port.aes_start = failing_aes_start;
    port.aes_block = failing_aes_block;
    return port;
}

#endif
