/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the OpenSSL backend share, and nobody else sees. */
#ifndef KB_CRYPTO_OPENSSL_INSIDE_H
#define KB_CRYPTO_OPENSSL_INSIDE_H

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"

/* NULL when the library lacks it or memory; then nothing can be started with it. */
enum kb_openssl_cipher {
    KB_OPENSSL_AES_128_ECB,
    KB_OPENSSL_AES_192_ECB,
    KB_OPENSSL_AES_256_ECB,
    KB_OPENSSL_AES_128_CBC,
    KB_OPENSSL_AES_192_CBC,
    KB_OPENSSL_AES_256_CBC,
    KB_OPENSSL_3DES_CBC,
    KB_OPENSSL_AES_128_CCM,
    KB_OPENSSL_AES_256_GCM,
    KB_OPENSSL_CIPHERS
};
const EVP_CIPHER *kb_openssl_cipher(enum kb_openssl_cipher which);
const EVP_MD *kb_openssl_sha256(void);

static inline enum kb_err kb_openssl_verdict(bool is_ok)
{
    return is_ok ? KB_OK : KB_ERR_CRYPTO;
}

/* True for 1 .. n-1 of P-256. */
bool kb_openssl_is_private(const uint8_t private_key[KB_P256_PRIVATE]);

/* A number that is worked on in constant time; NULL when there is no memory. */
BIGNUM *kb_openssl_secret_number(struct kb_span bytes);

/* Functions of the port (crypto/crypto.h). */
enum kb_err kb_openssl_cbc_start(struct kb_cbc *cbc, enum kb_cbc_cipher cipher, bool is_sealing,
                                 const uint8_t *key, size_t key_len);
enum kb_err kb_openssl_cbc_run(struct kb_cbc *cbc, const uint8_t *in, uint8_t *out, size_t len);
void kb_openssl_cbc_end(struct kb_cbc *cbc);
enum kb_err kb_openssl_p256_sign(const uint8_t private_key[KB_P256_PRIVATE],
                                 const uint8_t digest[KB_SHA256_SIZE],
                                 uint8_t signature[KB_P256_SIGNATURE]);
enum kb_err kb_openssl_p256_shared(const uint8_t private_key[KB_P256_PRIVATE],
                                   const uint8_t peer_x[KB_P256_X], uint8_t shared_x[KB_P256_X]);
enum kb_err kb_openssl_x25519_public(const uint8_t private_key[KB_X25519_SIZE],
                                     uint8_t public_key[KB_X25519_SIZE]);
enum kb_err kb_openssl_x25519_shared(const uint8_t private_key[KB_X25519_SIZE],
                                     const uint8_t peer[KB_X25519_SIZE],
                                     uint8_t shared[KB_X25519_SIZE]);
enum kb_err kb_openssl_power(struct kb_span base, struct kb_span exponent, struct kb_span modulus,
                             uint8_t *out);
enum kb_err kb_openssl_ccm_seal(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                                struct kb_span aad, struct kb_span plain, uint8_t *out,
                                uint8_t *tag, size_t tag_len);
enum kb_err kb_openssl_ccm_open(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                                struct kb_span aad, struct kb_span sealed, const uint8_t *tag,
                                size_t tag_len, uint8_t *out);

#endif
