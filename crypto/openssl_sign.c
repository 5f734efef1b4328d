/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA on P-256 with the nonces of RFC 6979: equal inputs give equal signatures, on either
 * backend, and no generator's weakness can give a key away. OpenSSL signs; only the nonce is handed
 * to it, by an interface that its version 3.0 calls deprecated and has no other one for.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/objects.h>
#include <string.h>

#include "crypto/hmac.h"
#include "crypto/openssl_inside.h"
#include "crypto/secret.h"

/* K and V of RFC 6979 clause 3.2. */
struct generator {
    uint8_t k[KB_SHA256_SIZE], v[KB_SHA256_SIZE];
};

/* K = HMAC_K(V || tag || seed), V = HMAC_K(V); without a tag V alone changes. */
static enum kb_err stir(struct generator *generator, const uint8_t *tag, const struct kb_span *seed)
{
    const struct kb_span v = kb_span(generator->v, sizeof(generator->v));
    struct kb_hmac hmac;
    enum kb_err err = KB_OK;

    if (tag) {
        kb_hmac_start(&hmac, &kb_crypto_openssl, kb_span(generator->k, sizeof(generator->k)));
        kb_hmac_update(&hmac, v);
        kb_hmac_update(&hmac, kb_span(tag, 1));
        for (size_t i = 0; seed && i < 2; i++)
            kb_hmac_update(&hmac, seed[i]);
        err = kb_hmac_finish(&hmac, generator->k);
    }
    if (err)
        return err;
    kb_hmac_start(&hmac, &kb_crypto_openssl, kb_span(generator->k, sizeof(generator->k)));
    kb_hmac_update(&hmac, v);
    return kb_hmac_finish(&hmac, generator->v);
}

/* Steps b to g: the key and the digest, which is reduced modulo n (bits2octets). */
static enum kb_err seed(struct generator *generator, const uint8_t private_key[KB_P256_PRIVATE],
                        const BIGNUM *order, const uint8_t digest[KB_SHA256_SIZE], BN_CTX *ctx)
{
    static const uint8_t zero = 0x00, one = 0x01;
    uint8_t reduced[KB_SHA256_SIZE];
    BIGNUM *number = BN_bin2bn(digest, KB_SHA256_SIZE, NULL);
    const struct kb_span seeds[2] = {kb_span(private_key, KB_P256_PRIVATE),
                                     kb_span(reduced, sizeof(reduced))};
    bool is_ok = number && BN_nnmod(number, number, order, ctx) &&
                 BN_bn2binpad(number, reduced, sizeof(reduced)) == (int)sizeof(reduced);
    enum kb_err err = kb_openssl_verdict(is_ok);

    memset(generator->v, 0x01, sizeof(generator->v));
    memset(generator->k, 0x00, sizeof(generator->k));
    BN_free(number);
    if (!err)
        err = stir(generator, &zero, seeds);
    return err ? err : stir(generator, &one, seeds);
}

/* r: the X of kG modulo n; inverse: of k. false: not with this k. */
static bool prepare(const EC_GROUP *group, const BIGNUM *k, BIGNUM *r, BIGNUM *inverse, BN_CTX *ctx)
{
    const BIGNUM *order = EC_GROUP_get0_order(group);
    EC_POINT *point = EC_POINT_new(group);
    bool is_ok = point && EC_POINT_mul(group, point, k, NULL, NULL, ctx) &&
                 EC_POINT_get_affine_coordinates(group, point, r, NULL, ctx) &&
                 BN_nnmod(r, r, order, ctx) && !BN_is_zero(r) &&
                 BN_mod_inverse(inverse, k, order, ctx);

    EC_POINT_clear_free(point);
    return is_ok;
}

static bool sign_with(EC_KEY *key, const BIGNUM *inverse, const BIGNUM *r,
                      const uint8_t digest[KB_SHA256_SIZE], uint8_t signature[KB_P256_SIGNATURE])
{
    ECDSA_SIG *sig = ECDSA_do_sign_ex(digest, KB_SHA256_SIZE, inverse, r, key);
    bool is_ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32) == 32 &&
                 BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32) == 32;

    ECDSA_SIG_free(sig);
    return is_ok;
}

/* Steps h: the first candidate in 1 .. n-1 that gives a signature; the second is needed once in
 * 2^32 signatures. */
static enum kb_err find_signature(EC_KEY *key, struct generator *generator,
                                  const uint8_t digest[KB_SHA256_SIZE],
                                  uint8_t signature[KB_P256_SIGNATURE], BN_CTX *ctx)
{
    static const uint8_t zero = 0x00;
    const EC_GROUP *group = EC_KEY_get0_group(key);
    BIGNUM *r = BN_new(), *inverse = BN_secure_new();
    enum kb_err err = stir(generator, NULL, NULL);
    bool is_done = false;

    while (!err && !is_done) {
        BIGNUM *k = kb_openssl_secret_number(kb_span(generator->v, sizeof(generator->v)));

        if (!k || !r || !inverse)
            err = KB_ERR_CRYPTO;
        else if (kb_openssl_is_private(generator->v))
            is_done =
                prepare(group, k, r, inverse, ctx) && sign_with(key, inverse, r, digest, signature);
        BN_clear_free(k);
        if (!err && !is_done)
            err = stir(generator, &zero, NULL);
    }
    BN_clear_free(inverse);
    BN_free(r);
    return err;
}

static EC_KEY *make_key(const BIGNUM *scalar)
{
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);

    if (key && EC_KEY_set_private_key(key, scalar))
        return key;
    EC_KEY_free(key);
    return NULL;
}

enum kb_err kb_openssl_p256_sign(const uint8_t private_key[KB_P256_PRIVATE],
                                 const uint8_t digest[KB_SHA256_SIZE],
                                 uint8_t signature[KB_P256_SIGNATURE])
{
    BIGNUM *scalar = kb_openssl_secret_number(kb_span(private_key, KB_P256_PRIVATE));
    EC_KEY *key = scalar ? make_key(scalar) : NULL;
    BN_CTX *ctx = BN_CTX_secure_new();
    struct generator generator;
    enum kb_err err = KB_ERR_CRYPTO;

    if (!kb_openssl_is_private(private_key))
        err = KB_ERR_RANGE;
    else if (key && ctx)
        err =
            seed(&generator, private_key, EC_GROUP_get0_order(EC_KEY_get0_group(key)), digest, ctx);
    if (!err && key && ctx)
        err = find_signature(key, &generator, digest, signature, ctx);
    kb_wipe(&generator, sizeof(generator));
    BN_CTX_free(ctx);
    EC_KEY_free(key);
    BN_clear_free(scalar);
    return err;
}
