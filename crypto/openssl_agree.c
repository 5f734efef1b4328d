/* SPDX-License-Identifier: Apache-2.0 */
/* What key agreement needs of OpenSSL 3.0: ECDH on P-256 and X25519, powers modulo a number,
 * AES-CCM. */
#include "crypto/openssl_inside.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "crypto/secret.h"

enum { COMPRESSED = 0x02, COMPRESSED_SIZE = 1 + KB_P256_X }; /* SEC 1 clause 2.3.3 */

static enum kb_err p256_compute(const EC_GROUP *group, EC_POINT *point, const BIGNUM *scalar,
                                const uint8_t *peer_x, uint8_t *shared_x)
{
    uint8_t compressed[COMPRESSED_SIZE] = {COMPRESSED};
    BIGNUM *x = BN_new();
    bool is_ok;

    memcpy(compressed + 1, peer_x, KB_P256_X);
    if (!x || !EC_POINT_oct2point(group, point, compressed, sizeof(compressed), NULL)) {
        BN_free(x);
        return x ? KB_ERR_INTEGRITY : KB_ERR_CRYPTO;
    }
    is_ok = EC_POINT_mul(group, point, NULL, point, scalar, NULL) &&
            EC_POINT_get_affine_coordinates(group, point, x, NULL, NULL) &&
            BN_bn2binpad(x, shared_x, KB_P256_X) == KB_P256_X;
    BN_clear_free(x);
    return kb_openssl_verdict(is_ok);
}

enum kb_err kb_openssl_p256_shared(const uint8_t private_key[KB_P256_PRIVATE],
                                   const uint8_t peer_x[KB_P256_X], uint8_t shared_x[KB_P256_X])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    BIGNUM *scalar = kb_openssl_secret_number(kb_span(private_key, KB_P256_PRIVATE));
    enum kb_err err = KB_ERR_CRYPTO;

    if (!kb_openssl_is_private(private_key))
        err = KB_ERR_RANGE;
    else if (point && scalar)
        err = p256_compute(group, point, scalar, peer_x, shared_x);
    BN_clear_free(scalar);
    EC_POINT_clear_free(point);
    EC_GROUP_free(group);
    if (err)
        kb_wipe(shared_x, KB_P256_X);
    return err;
}

enum kb_err kb_openssl_x25519_public(const uint8_t private_key[KB_X25519_SIZE],
                                     uint8_t public_key[KB_X25519_SIZE])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, KB_X25519_SIZE);
    size_t len = KB_X25519_SIZE;
    bool is_ok = key && EVP_PKEY_get_raw_public_key(key, public_key, &len) > 0;

    EVP_PKEY_free(key);
    return kb_openssl_verdict(is_ok);
}

enum kb_err kb_openssl_x25519_shared(const uint8_t private_key[KB_X25519_SIZE],
                                     const uint8_t peer[KB_X25519_SIZE],
                                     uint8_t shared[KB_X25519_SIZE])
{
    EVP_PKEY *own =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, KB_X25519_SIZE);
    EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, KB_X25519_SIZE);
    EVP_PKEY_CTX *context = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    enum kb_err err = KB_ERR_CRYPTO;
    size_t len = KB_X25519_SIZE;

    /* The library refuses a result of all zeros, and nothing else can go wrong there. */
    if (context && other && EVP_PKEY_derive_init(context) > 0 &&
        EVP_PKEY_derive_set_peer(context, other) > 0)
        err = EVP_PKEY_derive(context, shared, &len) > 0 ? KB_OK : KB_ERR_INTEGRITY;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(other);
    EVP_PKEY_free(own);
    if (err)
        kb_wipe(shared, KB_X25519_SIZE);
    return err;
}

enum kb_err kb_openssl_power(struct kb_span base, struct kb_span exponent, struct kb_span modulus,
                             uint8_t *out)
{
    BIGNUM *number, *secret, *odd, *result;
    BN_CTX *context;
    bool is_ok;

    if (!modulus.len || modulus.len > KB_POWER_MAX || !(modulus.data[modulus.len - 1] & 1))
        return KB_ERR_RANGE;
    if (base.len > KB_POWER_MAX || exponent.len > KB_POWER_MAX)
        return KB_ERR_TOO_LONG;
    number = BN_bin2bn(base.data, (int)base.len, NULL);
    secret = kb_openssl_secret_number(exponent);
    odd = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
    result = BN_new();
    context = BN_CTX_secure_new();
    is_ok = number && secret && odd && result && context &&
            BN_mod_exp_mont_consttime(result, number, secret, odd, context, NULL) &&
            BN_bn2binpad(result, out, (int)modulus.len) == (int)modulus.len;
    BN_CTX_free(context);
    BN_clear_free(result);
    BN_free(odd);
    BN_clear_free(secret);
    BN_clear_free(number);
    if (!is_ok)
        kb_wipe(out, modulus.len);
    return kb_openssl_verdict(is_ok);
}

enum { CCM_MAX = 65535 }; /* what a length field of two bytes can say */

static enum kb_err check_ccm(struct kb_span aad, struct kb_span text, size_t tag_len)
{
    if (tag_len != 8 && tag_len != 16)
        return KB_ERR_RANGE;
    return aad.len >= 0xFF00 || text.len > CCM_MAX ? KB_ERR_TOO_LONG : KB_OK;
}

/* Key, nonce, the length beforehand and associated data. tag: the one to check, NULL to make one.
 */
static bool ccm_prepare(EVP_CIPHER_CTX *context, const uint8_t *key, const uint8_t *nonce,
                        struct kb_span aad, size_t text_len, uint8_t *tag, size_t tag_len)
{
    const EVP_CIPHER *cipher = kb_openssl_cipher(KB_OPENSSL_AES_128_CCM);
    int is_sealing = tag == NULL, len;

    return context && EVP_CipherInit_ex2(context, cipher, NULL, NULL, is_sealing, NULL) &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, KB_CCM_NONCE, NULL) > 0 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, (int)tag_len, tag) > 0 &&
           EVP_CipherInit_ex2(context, NULL, key, nonce, is_sealing, NULL) &&
           EVP_CipherUpdate(context, NULL, &len, NULL, (int)text_len) &&
           (!aad.len || EVP_CipherUpdate(context, NULL, &len, aad.data, (int)aad.len));
}

/* Empty texts too: it is this call that makes or checks the tag. */
static bool ccm_text(EVP_CIPHER_CTX *context, struct kb_span in, uint8_t *out)
{
    uint8_t nothing[1] = {0};
    int len;

    if (!in.len)
        return EVP_CipherUpdate(context, nothing, &len, nothing, 0) > 0;
    return EVP_CipherUpdate(context, out, &len, in.data, (int)in.len) > 0;
}

enum kb_err kb_openssl_ccm_seal(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                                struct kb_span aad, struct kb_span plain, uint8_t *out,
                                uint8_t *tag, size_t tag_len)
{
    enum kb_err err = check_ccm(aad, plain, tag_len);
    EVP_CIPHER_CTX *context;

    if (err)
        return err;
    context = EVP_CIPHER_CTX_new();
    if (!ccm_prepare(context, key, nonce, aad, plain.len, NULL, tag_len) ||
        !ccm_text(context, plain, out) ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, (int)tag_len, tag) <= 0)
        err = KB_ERR_CRYPTO;
    EVP_CIPHER_CTX_free(context);
    if (err)
        kb_wipe(out, plain.len);
    return err;
}

enum kb_err kb_openssl_ccm_open(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                                struct kb_span aad, struct kb_span sealed, const uint8_t *tag,
                                size_t tag_len, uint8_t *out)
{
    enum kb_err err = check_ccm(aad, sealed, tag_len);
    uint8_t expected[KB_CCM_TAG_MAX];
    EVP_CIPHER_CTX *context;

    if (err)
        return err;
    memcpy(expected, tag, tag_len);
    context = EVP_CIPHER_CTX_new();
    if (!ccm_prepare(context, key, nonce, aad, sealed.len, expected, tag_len))
        err = KB_ERR_CRYPTO;
    else if (!ccm_text(context, sealed, out))
        err = KB_ERR_INTEGRITY;
    EVP_CIPHER_CTX_free(context);
    if (err)
        kb_wipe(out, sealed.len);
    return err;
}
