/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 (RFC 2104, FIPS 198-1), in steps and without heap, on the port's SHA-256. */
#ifndef KB_CRYPTO_HMAC_H
#define KB_CRYPTO_HMAC_H

#include "crypto/crypto.h"

enum { KB_SHA256_BLOCK = 64 };

struct kb_hmac {
    const struct kb_crypto *crypto;
    struct kb_sha256 sha;
    uint8_t pad[KB_SHA256_BLOCK]; /* the key, ready for the outer hash */
    enum kb_err err;              /* sticky: the first failure of the port */
};

/* A key of any length; one longer than a block is hashed first. Needs kb_hmac_finish in any case.
 */
void kb_hmac_start(struct kb_hmac *hmac, const struct kb_crypto *crypto, struct kb_span key);
void kb_hmac_update(struct kb_hmac *hmac, struct kb_span data);

/* Wipes the context. */
enum kb_err kb_hmac_finish(struct kb_hmac *hmac, uint8_t mac[KB_SHA256_SIZE]);

#endif
