/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crypto port: the few primitives Keyborn needs, over libraries that do them well. Two backends
 * are held to the same vectors: mbed TLS (the chip) and OpenSSL (servers). Callers own every
 * context; aes_end and sha256_finish wipe them. A context stays where it was started: a copy of it
 * is of no use. What failed to start needs no end and bears one. Every function may be called from
 * several threads, each with a context of its own.
 *
 * KB_ERR_RANGE: a key length or a private key outside its limits; KB_ERR_TOO_LONG: more than the
 * library takes at once; KB_ERR_RANDOM: no random numbers; KB_ERR_CRYPTO: any other refusal. After
 * an error no output holds a secret.
 */
#ifndef KB_CRYPTO_CRYPTO_H
#define KB_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/cursor.h"
#include "wire/err.h"

enum {
    KB_AES_BLOCK = 16,
    KB_SHA256_SIZE = 32,
    KB_P256_PRIVATE = 32,   /* scalar, big-endian */
    KB_P256_PUBLIC = 64,    /* X || Y */
    KB_P256_SIGNATURE = 64, /* r || s */
    KB_GCM_KEY = 32,
    KB_GCM_NONCE = 12,
    KB_GCM_TAG = 16
};

struct kb_aes {
    _Alignas(16) uint8_t opaque[320];
};

struct kb_sha256 {
    _Alignas(16) uint8_t opaque[160];
};

struct kb_crypto {
    const char *name;

    /* AES, single blocks, encryption only (FIPS 197). key_len: 16, 24 or 32. in and out may be the
     * same. */
    enum kb_err (*aes_start)(struct kb_aes *aes, const uint8_t *key, size_t key_len);
    enum kb_err (*aes_block)(struct kb_aes *aes, const uint8_t in[KB_AES_BLOCK],
                             uint8_t out[KB_AES_BLOCK]);
    void (*aes_end)(struct kb_aes *aes);

    /* SHA-256 in steps (FIPS 180-4). */
    enum kb_err (*sha256_start)(struct kb_sha256 *sha);
    enum kb_err (*sha256_update)(struct kb_sha256 *sha, const void *data, size_t len);
    enum kb_err (*sha256_finish)(struct kb_sha256 *sha, uint8_t digest[KB_SHA256_SIZE]);

    /* ECDSA on P-256 over a SHA-256 digest (FIPS 186-4). verify: KB_ERR_INTEGRITY when the
     * signature or the key is not valid (r and s within 1 .. n-1, the point on the curve). */
    enum kb_err (*p256_keypair)(uint8_t private_key[KB_P256_PRIVATE],
                                uint8_t public_key[KB_P256_PUBLIC]);
    enum kb_err (*p256_public)(const uint8_t private_key[KB_P256_PRIVATE],
                               uint8_t public_key[KB_P256_PUBLIC]);
    enum kb_err (*p256_sign)(const uint8_t private_key[KB_P256_PRIVATE],
                             const uint8_t digest[KB_SHA256_SIZE],
                             uint8_t signature[KB_P256_SIGNATURE]);
    enum kb_err (*p256_verify)(const uint8_t public_key[KB_P256_PUBLIC],
                               const uint8_t digest[KB_SHA256_SIZE],
                               const uint8_t signature[KB_P256_SIGNATURE]);

    /* AES-256-GCM (SP 800-38D). out has as many bytes as the input. open: KB_ERR_INTEGRITY, and out
     * wiped, when the tag is wrong. */
    enum kb_err (*gcm_seal)(const uint8_t key[KB_GCM_KEY], const uint8_t nonce[KB_GCM_NONCE],
                            struct kb_span aad, struct kb_span plain, uint8_t *out,
                            uint8_t tag[KB_GCM_TAG]);
    enum kb_err (*gcm_open)(const uint8_t key[KB_GCM_KEY], const uint8_t nonce[KB_GCM_NONCE],
                            struct kb_span aad, struct kb_span sealed,
                            const uint8_t tag[KB_GCM_TAG], uint8_t *out);

    /* The library's generator, seeded by the system. */
    enum kb_err (*random)(void *out, size_t len);
};

extern const struct kb_crypto kb_crypto_mbedtls;
extern const struct kb_crypto kb_crypto_openssl;

#endif
