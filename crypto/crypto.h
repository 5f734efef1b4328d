/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crypto port: the few primitives Keyborn needs, over libraries that do them well. Two backends
 * are held to the same vectors: mbed TLS (the chip) and OpenSSL (servers). Callers own every
 * context; aes_end, cbc_end and sha256_finish wipe them. A context stays where it was started: a
 * copy of it is of no use. What failed to start needs no end and bears one. Every function may be
 * called from several threads, each with a context of its own.
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
    KB_DES_BLOCK = 8,
    KB_SHA256_SIZE = 32,
    KB_SHA1_SIZE = 20,
    KB_P256_PRIVATE = 32,   /* scalar, big-endian */
    KB_P256_PUBLIC = 64,    /* X || Y */
    KB_P256_SIGNATURE = 64, /* r || s */
    KB_P256_X = 32,         /* X alone, the compact form of RFC 6090 clause 4.2 */
    KB_X25519_SIZE = 32,    /* private and public alike, little-endian (RFC 7748 clause 5) */
    KB_GCM_KEY = 32,
    KB_GCM_NONCE = 12,
    KB_GCM_TAG = 16,
    KB_CCM_KEY = 16,
    KB_CCM_NONCE = 13,
    KB_CCM_TAG_MAX = 16,
    KB_POWER_MAX = 512 /* bytes of the longest modulus */
};

struct kb_aes {
    _Alignas(16) uint8_t opaque[320];
};

/* DES and triple DES are here for key sets of old cards alone. */
enum kb_cbc_cipher { KB_CBC_AES, KB_CBC_DES };

struct kb_cbc {
    _Alignas(16) uint8_t opaque[448];
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

    /* CBC without padding (SP 800-38A clause 6.2), the initial vector all zeros as secured packets
     * want it. key_len: for AES 16, 24 or 32; for DES 8, and 16 or 24 for triple DES with two or
     * three keys (SP 800-67 clause 3). Each run goes on where the one before ended; len: whole
     * blocks, otherwise KB_ERR_RANGE. in and out may be the same. */
    enum kb_err (*cbc_start)(struct kb_cbc *cbc, enum kb_cbc_cipher cipher, bool is_sealing,
                             const uint8_t *key, size_t key_len);
    enum kb_err (*cbc_run)(struct kb_cbc *cbc, const uint8_t *in, uint8_t *out, size_t len);
    void (*cbc_end)(struct kb_cbc *cbc);

    /* SHA-256 in steps (FIPS 180-4). */
    enum kb_err (*sha256_start)(struct kb_sha256 *sha);
    enum kb_err (*sha256_update)(struct kb_sha256 *sha, const void *data, size_t len);
    enum kb_err (*sha256_finish)(struct kb_sha256 *sha, uint8_t digest[KB_SHA256_SIZE]);

    /* SHA-1 (FIPS 180-4), for what is fixed to it (3GPP TS 33.220 clause 5.3.2) and nothing else.
     */
    enum kb_err (*sha1)(const void *data, size_t len, uint8_t digest[KB_SHA1_SIZE]);

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

    /* ECDH. The shared secret is the X coordinate (SP 800-56A clause 5.7.1.2). Of the peer's key
     * its X is enough, since both points that have it give the same secret. KB_ERR_INTEGRITY: no
     * point of the curve has that X. shared_x: 32 bytes. */
    enum kb_err (*p256_shared)(const uint8_t private_key[KB_P256_PRIVATE],
                               const uint8_t peer_x[KB_P256_X], uint8_t shared_x[KB_P256_X]);

    /* X25519 (RFC 7748 clauses 5 and 6.1). shared: KB_ERR_INTEGRITY when the result would be all
     * zeros. */
    enum kb_err (*x25519_public)(const uint8_t private_key[KB_X25519_SIZE],
                                 uint8_t public_key[KB_X25519_SIZE]);
    enum kb_err (*x25519_shared)(const uint8_t private_key[KB_X25519_SIZE],
                                 const uint8_t peer[KB_X25519_SIZE],
                                 uint8_t shared[KB_X25519_SIZE]);

    /* out = base ^ exponent mod modulus, all big-endian; modulus: odd, up to KB_POWER_MAX bytes;
     * base: below it; out: as many bytes as the modulus. The exponent is secret, and so may the
     * result be. */
    enum kb_err (*power)(struct kb_span base, struct kb_span exponent, struct kb_span modulus,
                         uint8_t *out);

    /* AES-128-CCM with a length field of two bytes (SP 800-38C; AES-CCM-16-64-128 and -16-128-128
     * of RFC 9053 clause 4.2). tag_len: 8 or 16, otherwise KB_ERR_RANGE; up to 65535 bytes. out has
     * as many bytes as the input and is not the input. open: KB_ERR_INTEGRITY, and out wiped, when
     * the tag is wrong. */
    enum kb_err (*ccm_seal)(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                            struct kb_span aad, struct kb_span plain, uint8_t *out, uint8_t *tag,
                            size_t tag_len);
    enum kb_err (*ccm_open)(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                            struct kb_span aad, struct kb_span sealed, const uint8_t *tag,
                            size_t tag_len, uint8_t *out);

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
