/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF with SHA-256 (RFC 5869). */
#ifndef KB_CRYPTO_HKDF_H
#define KB_CRYPTO_HKDF_H

#include "crypto/crypto.h"

enum { KB_HKDF_OUT_MAX = 255 * KB_SHA256_SIZE };

/* PRK = HMAC(salt, secret), clause 2.2. */
enum kb_err kb_hkdf_extract(const struct kb_crypto *crypto, struct kb_span salt,
                            struct kb_span secret, uint8_t prk[KB_SHA256_SIZE]);

/* Clause 2.3. The info is given in parts, which are hashed where they lie, one behind the other.
 * KB_ERR_RANGE: out_len is 0 or above KB_HKDF_OUT_MAX. After an error out is wiped. */
enum kb_err kb_hkdf_expand(const struct kb_crypto *crypto, struct kb_span prk,
                           const struct kb_span *info, size_t parts, uint8_t *out, size_t out_len);

#endif
