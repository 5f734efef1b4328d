/* SPDX-License-Identifier: Apache-2.0 */
/* The crypto port on OpenSSL 3.0, without its deprecated calls. Contexts hold pointers to the
 * library's own. What key agreement needs is in openssl_agree.c, CBC in openssl_cbc.c. */
#include "crypto/crypto.h"

#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

#include "crypto/openssl_inside.h"
#include "crypto/secret.h"

static EVP_CIPHER_CTX **aes_context(struct kb_aes *aes)
{
    return (EVP_CIPHER_CTX **)(void *)aes->opaque;
}

static const EVP_CIPHER *cipher_for(size_t key_len)
{
    static const struct {
        size_t key_len;
        enum kb_openssl_cipher cipher;
    } ciphers[] = {
        {16, KB_OPENSSL_AES_128_ECB}, {24, KB_OPENSSL_AES_192_ECB}, {32, KB_OPENSSL_AES_256_ECB}};

    for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        if (ciphers[i].key_len == key_len)
            return kb_openssl_cipher(ciphers[i].cipher);
    }
    return NULL;
}

static void aes_end(struct kb_aes *aes)
{
    EVP_CIPHER_CTX_free(*aes_context(aes));
    *aes_context(aes) = NULL;
}

static enum kb_err aes_start(struct kb_aes *aes, const uint8_t *key, size_t key_len)
{
    const EVP_CIPHER *cipher = cipher_for(key_len);
    EVP_CIPHER_CTX *context = NULL;

    *aes_context(aes) = NULL;
    if (!cipher)
        return KB_ERR_RANGE;
    context = EVP_CIPHER_CTX_new();
    *aes_context(aes) = context;
    if (context && EVP_EncryptInit_ex2(context, cipher, key, NULL, NULL) &&
        EVP_CIPHER_CTX_set_padding(context, 0))
        return KB_OK;
    aes_end(aes);
    return KB_ERR_CRYPTO;
}

static enum kb_err aes_block(struct kb_aes *aes, const uint8_t in[KB_AES_BLOCK],
                             uint8_t out[KB_AES_BLOCK])
{
    int len;

    return kb_openssl_verdict(EVP_EncryptUpdate(*aes_context(aes), out, &len, in, KB_AES_BLOCK));
}

static EVP_MD_CTX **sha_context(struct kb_sha256 *sha)
{
    return (EVP_MD_CTX **)(void *)sha->opaque;
}

static enum kb_err sha256_start(struct kb_sha256 *sha)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    *sha_context(sha) = context;
    if (context && EVP_DigestInit_ex2(context, kb_openssl_sha256(), NULL))
        return KB_OK;
    EVP_MD_CTX_free(context);
    *sha_context(sha) = NULL;
    return KB_ERR_CRYPTO;
}

static enum kb_err sha256_update(struct kb_sha256 *sha, const void *data, size_t len)
{
    return kb_openssl_verdict(*sha_context(sha) && EVP_DigestUpdate(*sha_context(sha), data, len));
}

static enum kb_err sha256_finish(struct kb_sha256 *sha, uint8_t digest[KB_SHA256_SIZE])
{
    EVP_MD_CTX *context = *sha_context(sha);
    bool is_ok = context && EVP_DigestFinal_ex(context, digest, NULL);

    EVP_MD_CTX_free(context);
    *sha_context(sha) = NULL;
    return kb_openssl_verdict(is_ok);
}

static enum kb_err sha1(const void *data, size_t len, uint8_t digest[KB_SHA1_SIZE])
{
    return kb_openssl_verdict(EVP_Digest(data, len, digest, NULL, EVP_sha1(), NULL));
}

enum { UNCOMPRESSED = 0x04, POINT_SIZE = 1 + KB_P256_PUBLIC }; /* SEC 1 clause 2.3.3 */

/* A key of the library from its parts; either may be NULL. NULL when they do not make a key. */
static EVP_PKEY *make_key(const BIGNUM *private_key, const uint8_t *point)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;
    bool is_ok = builder && context &&
                 OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);

    if (is_ok && private_key)
        is_ok = OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, private_key);
    if (is_ok && point)
        is_ok =
            OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_SIZE);
    if (is_ok)
        params = OSSL_PARAM_BLD_to_param(builder);
    if (params && EVP_PKEY_fromdata_init(context) > 0)
        (void)EVP_PKEY_fromdata(context, &key, private_key ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                                params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return key;
}

static enum kb_err take_key(EVP_PKEY *key, uint8_t private_key[KB_P256_PRIVATE],
                            uint8_t public_key[KB_P256_PUBLIC])
{
    uint8_t point[POINT_SIZE];
    BIGNUM *scalar = NULL;
    size_t len;
    bool is_ok =
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len) &&
        len == sizeof(point) && point[0] == UNCOMPRESSED &&
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) &&
        BN_bn2binpad(scalar, private_key, KB_P256_PRIVATE) == KB_P256_PRIVATE;

    if (is_ok)
        memcpy(public_key, point + 1, KB_P256_PUBLIC);
    BN_clear_free(scalar);
    return kb_openssl_verdict(is_ok);
}

static enum kb_err p256_keypair(uint8_t private_key[KB_P256_PRIVATE],
                                uint8_t public_key[KB_P256_PUBLIC])
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    enum kb_err err = key ? take_key(key, private_key, public_key) : KB_ERR_CRYPTO;

    EVP_PKEY_free(key);
    return err;
}

/* n, the order of the curve (SP 800-186 clause 3.2.1.3). */
static const uint8_t order[KB_P256_PRIVATE] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};

/* In constant time. */
bool kb_openssl_is_private(const uint8_t private_key[KB_P256_PRIVATE])
{
    unsigned borrow = 0, any = 0;

    for (size_t i = KB_P256_PRIVATE; i-- > 0;) {
        borrow = ((unsigned)private_key[i] - order[i] - borrow) >> 31;
        any |= private_key[i];
    }
    return any && borrow;
}

BIGNUM *kb_openssl_secret_number(struct kb_span bytes)
{
    BIGNUM *number = BN_bin2bn(bytes.data, (int)bytes.len, NULL);

    if (number)
        BN_set_flags(number, BN_FLG_CONSTTIME);
    return number;
}

static enum kb_err compute_public(const EC_GROUP *group, const BIGNUM *scalar,
                                  uint8_t public_key[KB_P256_PUBLIC])
{
    EC_POINT *point = EC_POINT_new(group);
    uint8_t bytes[POINT_SIZE];
    bool is_ok = point && EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) &&
                 EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes,
                                    sizeof(bytes), NULL) == sizeof(bytes);

    if (is_ok)
        memcpy(public_key, bytes + 1, KB_P256_PUBLIC);
    EC_POINT_free(point);
    return kb_openssl_verdict(is_ok);
}

static enum kb_err p256_public(const uint8_t private_key[KB_P256_PRIVATE],
                               uint8_t public_key[KB_P256_PUBLIC])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *scalar = kb_openssl_secret_number(kb_span(private_key, KB_P256_PRIVATE));
    enum kb_err err = KB_ERR_CRYPTO;

    if (!kb_openssl_is_private(private_key))
        err = KB_ERR_RANGE;
    else if (group && scalar)
        err = compute_public(group, scalar, public_key);
    BN_clear_free(scalar);
    EC_GROUP_free(group);
    return err;
}

enum { DER_MAX = 72 }; /* two integers of 33 bytes, with tags and lengths */

/* Returns the length, 0 on failure. */
static size_t write_der(const uint8_t signature[KB_P256_SIGNATURE], uint8_t der[DER_MAX])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, 32, NULL);
    BIGNUM *s = BN_bin2bn(signature + 32, 32, NULL);
    int len = 0;

    if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
        r = s = NULL; /* sig owns them now */
        len = i2d_ECDSA_SIG(sig, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return len > 0 ? (size_t)len : 0;
}

static enum kb_err p256_verify(const uint8_t public_key[KB_P256_PUBLIC],
                               const uint8_t digest[KB_SHA256_SIZE],
                               const uint8_t signature[KB_P256_SIGNATURE])
{
    uint8_t point[POINT_SIZE] = {UNCOMPRESSED};
    uint8_t der[DER_MAX];
    size_t der_len = write_der(signature, der);
    EVP_PKEY_CTX *context = NULL;
    EVP_PKEY *key;
    enum kb_err err = KB_ERR_INTEGRITY;

    memcpy(point + 1, public_key, KB_P256_PUBLIC);
    key = make_key(NULL, point); /* refuses a point that is not on the curve */
    if (key)
        context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context && der_len && EVP_PKEY_verify_init(context) > 0 &&
        EVP_PKEY_verify(context, der, der_len, digest, KB_SHA256_SIZE) == 1)
        err = KB_OK;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return err;
}

/* Both directions alike up to the tag: key, nonce, associated data, text. */
static bool gcm_run(EVP_CIPHER_CTX *context, bool is_sealing, const uint8_t *key,
                    const uint8_t *nonce, struct kb_span aad, struct kb_span in, uint8_t *out)
{
    const EVP_CIPHER *cipher = kb_openssl_cipher(KB_OPENSSL_AES_256_GCM);
    int len;

    if (!context || !EVP_CipherInit_ex2(context, cipher, key, nonce, is_sealing, NULL))
        return false;
    if (aad.len && !EVP_CipherUpdate(context, NULL, &len, aad.data, (int)aad.len))
        return false;
    return !in.len || EVP_CipherUpdate(context, out, &len, in.data, (int)in.len);
}

static enum kb_err gcm_seal(const uint8_t key[KB_GCM_KEY], const uint8_t nonce[KB_GCM_NONCE],
                            struct kb_span aad, struct kb_span plain, uint8_t *out,
                            uint8_t tag[KB_GCM_TAG])
{
    uint8_t rest[KB_AES_BLOCK];
    EVP_CIPHER_CTX *context;
    bool is_ok;
    int len;

    if (aad.len > INT_MAX || plain.len > INT_MAX)
        return KB_ERR_TOO_LONG;
    context = EVP_CIPHER_CTX_new();
    is_ok = gcm_run(context, true, key, nonce, aad, plain, out) &&
            EVP_CipherFinal_ex(context, rest, &len) &&
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, KB_GCM_TAG, tag) > 0;
    EVP_CIPHER_CTX_free(context);
    return kb_openssl_verdict(is_ok);
}

static enum kb_err gcm_open(const uint8_t key[KB_GCM_KEY], const uint8_t nonce[KB_GCM_NONCE],
                            struct kb_span aad, struct kb_span sealed,
                            const uint8_t tag[KB_GCM_TAG], uint8_t *out)
{
    uint8_t expected[KB_GCM_TAG], rest[KB_AES_BLOCK];
    EVP_CIPHER_CTX *context;
    enum kb_err err = KB_ERR_CRYPTO;
    int len;

    if (aad.len > INT_MAX || sealed.len > INT_MAX)
        return KB_ERR_TOO_LONG;
    memcpy(expected, tag, sizeof(expected));
    context = EVP_CIPHER_CTX_new();
    if (gcm_run(context, false, key, nonce, aad, sealed, out) &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, KB_GCM_TAG, expected) > 0)
        err = EVP_CipherFinal_ex(context, rest, &len) > 0 ? KB_OK : KB_ERR_INTEGRITY;
    if (err)
        kb_wipe(out, sealed.len);
    EVP_CIPHER_CTX_free(context);
    return err;
}

static enum kb_err random_bytes(void *out, size_t len)
{
    if (RAND_priv_bytes_ex(NULL, out, len, 0) > 0)
        return KB_OK;
    kb_wipe(out, len);
    return KB_ERR_RANDOM;
}

const struct kb_crypto kb_crypto_openssl = {
    .name = "OpenSSL",
    .aes_start = aes_start,
    .aes_block = aes_block,
    .aes_end = aes_end,
    .cbc_start = kb_openssl_cbc_start,
    .cbc_run = kb_openssl_cbc_run,
    .cbc_end = kb_openssl_cbc_end,
    .sha256_start = sha256_start,
    .sha256_update = sha256_update,
    .sha256_finish = sha256_finish,
    .sha1 = sha1,
    .p256_keypair = p256_keypair,
    .p256_public = p256_public,
    .p256_sign = kb_openssl_p256_sign,
    .p256_verify = p256_verify,
    .p256_shared = kb_openssl_p256_shared,
    .x25519_public = kb_openssl_x25519_public,
    .x25519_shared = kb_openssl_x25519_shared,
    .power = kb_openssl_power,
    .ccm_seal = kb_openssl_ccm_seal,
    .ccm_open = kb_openssl_ccm_open,
    .gcm_seal = gcm_seal,
    .gcm_open = gcm_open,
    .random = random_bytes,
};
