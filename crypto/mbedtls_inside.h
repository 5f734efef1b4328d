/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the mbed TLS backend share, and nobody else sees. */
#ifndef KB_CRYPTO_MBEDTLS_INSIDE_H
#define KB_CRYPTO_MBEDTLS_INSIDE_H

#include <mbedtls/ctr_drbg.h>

#include "crypto/crypto.h"

/* A generator for one call, seeded by the system: no state is kept, so threads need no lock. What
 * failed to start needs an end all the same. */
struct kb_mbedtls_generator {
    mbedtls_ctr_drbg_context drbg;
};

enum kb_err kb_mbedtls_generator_start(struct kb_mbedtls_generator *generator);
void kb_mbedtls_generator_end(struct kb_mbedtls_generator *generator);

/* Functions of the port (crypto/crypto.h). */
enum kb_err kb_mbedtls_cbc_start(struct kb_cbc *cbc, enum kb_cbc_cipher cipher, bool is_sealing,
                                 const uint8_t *key, size_t key_len);
enum kb_err kb_mbedtls_cbc_run(struct kb_cbc *cbc, const uint8_t *in, uint8_t *out, size_t len);
void kb_mbedtls_cbc_end(struct kb_cbc *cbc);
enum kb_err kb_mbedtls_p256_shared(const uint8_t private_key[KB_P256_PRIVATE],
                                   const uint8_t peer_x[KB_P256_X], uint8_t shared_x[KB_P256_X]);
enum kb_err kb_mbedtls_x25519_public(const uint8_t private_key[KB_X25519_SIZE],
                                     uint8_t public_key[KB_X25519_SIZE]);
enum kb_err kb_mbedtls_x25519_shared(const uint8_t private_key[KB_X25519_SIZE],
                                     const uint8_t peer[KB_X25519_SIZE],
                                     uint8_t shared[KB_X25519_SIZE]);
enum kb_err kb_mbedtls_power(struct kb_span base, struct kb_span exponent, struct kb_span modulus,
                             uint8_t *out);
enum kb_err kb_mbedtls_ccm_seal(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                                struct kb_span aad, struct kb_span plain, uint8_t *out,
                                uint8_t *tag, size_t tag_len);
enum kb_err kb_mbedtls_ccm_open(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                                struct kb_span aad, struct kb_span sealed, const uint8_t *tag,
                                size_t tag_len, uint8_t *out);

#endif
