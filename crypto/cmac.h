/* SPDX-License-Identifier: Apache-2.0 */
/* AES-CMAC (RFC 4493, SP 800-38B), in steps and without heap, on the port's AES block. */
#ifndef KB_CRYPTO_CMAC_H
#define KB_CRYPTO_CMAC_H

#include "crypto/crypto.h"

struct kb_cmac {
    const struct kb_crypto *crypto;
    struct kb_aes aes;
    uint8_t state[KB_AES_BLOCK];
    uint8_t pending[KB_AES_BLOCK];
    size_t pending_len;
    enum kb_err err; /* sticky: the first failure of the port */
};

/* key_len: 16, 24 or 32. */
enum kb_err kb_cmac_start(struct kb_cmac *cmac, const struct kb_crypto *crypto, const uint8_t *key,
                          size_t key_len);
void kb_cmac_update(struct kb_cmac *cmac, struct kb_span data);

/* Wipes the context. */
enum kb_err kb_cmac_finish(struct kb_cmac *cmac, uint8_t tag[KB_AES_BLOCK]);

#endif
