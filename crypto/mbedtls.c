/* SPDX-License-Identifier: Apache-2.0 */
/* The crypto port on mbed TLS 2.28. AES and SHA-256 use no heap; P-256 and GCM use the library's
 * allocator. What key agreement needs is in mbedtls_agree.c, CBC in mbedtls_cbc.c. */
#include "crypto/crypto.h"

#include <assert.h>
#include <string.h>

#include <mbedtls/aes.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/entropy_poll.h>
#include <mbedtls/gcm.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>

#include "crypto/mbedtls_inside.h"
#include "crypto/secret.h"

static_assert(sizeof(mbedtls_aes_context) <= sizeof(struct kb_aes), "kb_aes is too small");
static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct kb_sha256), "kb_sha256 is too small");

static enum kb_err aes_start(struct kb_aes *aes, const uint8_t *key, size_t key_len)
{
    mbedtls_aes_context *context = (mbedtls_aes_context *)(void *)aes->opaque;

    mbedtls_aes_init(context);
    if (key_len != 16 && key_len != 24 && key_len != 32)
        return KB_ERR_RANGE;
    if (mbedtls_aes_setkey_enc(context, key, (unsigned)key_len * 8) == 0)
        return KB_OK;
    mbedtls_aes_free(context);
    return KB_ERR_CRYPTO;
}

static enum kb_err aes_block(struct kb_aes *aes, const uint8_t in[KB_AES_BLOCK],
                             uint8_t out[KB_AES_BLOCK])
{
    mbedtls_aes_context *context = (mbedtls_aes_context *)(void *)aes->opaque;

    return mbedtls_aes_crypt_ecb(context, MBEDTLS_AES_ENCRYPT, in, out) ? KB_ERR_CRYPTO : KB_OK;
}

static void aes_end(struct kb_aes *aes)
{
    mbedtls_aes_free((mbedtls_aes_context *)(void *)aes->opaque);
}

static enum kb_err sha256_start(struct kb_sha256 *sha)
{
    mbedtls_sha256_context *context = (mbedtls_sha256_context *)(void *)sha->opaque;

    mbedtls_sha256_init(context);
    return mbedtls_sha256_starts_ret(context, 0) ? KB_ERR_CRYPTO : KB_OK;
}

static enum kb_err sha256_update(struct kb_sha256 *sha, const void *data, size_t len)
{
    mbedtls_sha256_context *context = (mbedtls_sha256_context *)(void *)sha->opaque;

    return mbedtls_sha256_update_ret(context, data, len) ? KB_ERR_CRYPTO : KB_OK;
}

static enum kb_err sha256_finish(struct kb_sha256 *sha, uint8_t digest[KB_SHA256_SIZE])
{
    mbedtls_sha256_context *context = (mbedtls_sha256_context *)(void *)sha->opaque;
    int failed = mbedtls_sha256_finish_ret(context, digest);

    mbedtls_sha256_free(context);
    return failed ? KB_ERR_CRYPTO : KB_OK;
}

static enum kb_err sha1(const void *data, size_t len, uint8_t digest[KB_SHA1_SIZE])
{
    return mbedtls_sha1_ret(data, len, digest) ? KB_ERR_CRYPTO : KB_OK;
}

/* The system's own source, without the library's accumulator: on a host that one adds sources which
 * take a hundred times as long (HAVEGE) and are no better. */
static int read_entropy(void *unused, uint8_t *out, size_t len)
{
    size_t got = 0;
    int failed;

#if defined(MBEDTLS_ENTROPY_HARDWARE_ALT)
    failed = mbedtls_hardware_poll(unused, out, len, &got);
#else
    failed = mbedtls_platform_entropy_poll(unused, out, len, &got);
#endif
    return failed || got != len ? MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED : 0;
}

enum kb_err kb_mbedtls_generator_start(struct kb_mbedtls_generator *generator)
{
    mbedtls_ctr_drbg_init(&generator->drbg);
    if (mbedtls_ctr_drbg_seed(&generator->drbg, read_entropy, NULL, NULL, 0))
        return KB_ERR_RANDOM;
    return KB_OK;
}

void kb_mbedtls_generator_end(struct kb_mbedtls_generator *generator)
{
    mbedtls_ctr_drbg_free(&generator->drbg);
}

static enum kb_err random_bytes(void *out, size_t len)
{
    struct kb_writer wr = kb_wr(out, len);
    struct kb_mbedtls_generator generator;
    enum kb_err err = kb_mbedtls_generator_start(&generator);

    while (wr.len < len && !err) {
        size_t left = len - wr.len;
        size_t take = left < MBEDTLS_CTR_DRBG_MAX_REQUEST ? left : MBEDTLS_CTR_DRBG_MAX_REQUEST;

        if (mbedtls_ctr_drbg_random(&generator.drbg, kb_wr_reserve(&wr, take), take))
            err = KB_ERR_RANDOM;
    }
    kb_mbedtls_generator_end(&generator);
    if (err)
        kb_wipe(out, len);
    return err;
}

/* What a computation on the curve needs. */
struct p256 {
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_mpi private_key, r, s;
};

static int p256_start(struct p256 *p)
{
    mbedtls_ecp_group_init(&p->group);
    mbedtls_ecp_point_init(&p->point);
    mbedtls_mpi_init(&p->private_key);
    mbedtls_mpi_init(&p->r);
    mbedtls_mpi_init(&p->s);
    return mbedtls_ecp_group_load(&p->group, MBEDTLS_ECP_DP_SECP256R1);
}

static void p256_end(struct p256 *p)
{
    mbedtls_mpi_free(&p->s);
    mbedtls_mpi_free(&p->r);
    mbedtls_mpi_free(&p->private_key);
    mbedtls_ecp_point_free(&p->point);
    mbedtls_ecp_group_free(&p->group);
}

static int write_pair(const mbedtls_mpi *first, const mbedtls_mpi *second, uint8_t out[64])
{
    int failed = mbedtls_mpi_write_binary(first, out, 32);

    return failed ? failed : mbedtls_mpi_write_binary(second, out + 32, 32);
}

static enum kb_err read_private(struct p256 *p, const uint8_t private_key[KB_P256_PRIVATE])
{
    if (mbedtls_mpi_read_binary(&p->private_key, private_key, KB_P256_PRIVATE))
        return KB_ERR_CRYPTO;
    if (mbedtls_ecp_check_privkey(&p->group, &p->private_key))
        return KB_ERR_RANGE;
    return KB_OK;
}

static enum kb_err p256_keypair(uint8_t private_key[KB_P256_PRIVATE],
                                uint8_t public_key[KB_P256_PUBLIC])
{
    struct kb_mbedtls_generator generator;
    struct p256 p;
    enum kb_err err = kb_mbedtls_generator_start(&generator);
    int failed = p256_start(&p);

    if (!err) {
        if (!failed)
            failed = mbedtls_ecp_gen_keypair(&p.group, &p.private_key, &p.point,
                                             mbedtls_ctr_drbg_random, &generator.drbg);
        if (!failed)
            failed = write_pair(&p.point.X, &p.point.Y, public_key);
        if (!failed)
            failed = mbedtls_mpi_write_binary(&p.private_key, private_key, KB_P256_PRIVATE);
        err = failed ? KB_ERR_CRYPTO : KB_OK;
    }
    p256_end(&p);
    kb_mbedtls_generator_end(&generator);
    return err;
}

static enum kb_err compute_public(struct p256 *p, struct kb_mbedtls_generator *generator,
                                  const uint8_t private_key[KB_P256_PRIVATE],
                                  uint8_t public_key[KB_P256_PUBLIC])
{
    enum kb_err err = read_private(p, private_key);

    if (err)
        return err;
    /* The generator blinds the multiplication. */
    if (mbedtls_ecp_mul(&p->group, &p->point, &p->private_key, &p->group.G, mbedtls_ctr_drbg_random,
                        &generator->drbg))
        return KB_ERR_CRYPTO;
    return write_pair(&p->point.X, &p->point.Y, public_key) ? KB_ERR_CRYPTO : KB_OK;
}

static enum kb_err p256_public(const uint8_t private_key[KB_P256_PRIVATE],
                               uint8_t public_key[KB_P256_PUBLIC])
{
    struct kb_mbedtls_generator generator;
    struct p256 p;
    enum kb_err err = kb_mbedtls_generator_start(&generator);
    int failed = p256_start(&p);

    if (!err)
        err = failed ? KB_ERR_CRYPTO : compute_public(&p, &generator, private_key, public_key);
    p256_end(&p);
    kb_mbedtls_generator_end(&generator);
    return err;
}

static enum kb_err compute_signature(struct p256 *p, struct kb_mbedtls_generator *generator,
                                     const uint8_t private_key[KB_P256_PRIVATE],
                                     const uint8_t digest[KB_SHA256_SIZE],
                                     uint8_t signature[KB_P256_SIGNATURE])
{
    enum kb_err err = read_private(p, private_key);

    if (err)
        return err;
    /* Nonce of RFC 6979: a weak generator cannot give the key away; it only blinds. */
    if (mbedtls_ecdsa_sign_det_ext(&p->group, &p->r, &p->s, &p->private_key, digest, KB_SHA256_SIZE,
                                   MBEDTLS_MD_SHA256, mbedtls_ctr_drbg_random, &generator->drbg))
        return KB_ERR_CRYPTO;
    return write_pair(&p->r, &p->s, signature) ? KB_ERR_CRYPTO : KB_OK;
}

static enum kb_err p256_sign(const uint8_t private_key[KB_P256_PRIVATE],
                             const uint8_t digest[KB_SHA256_SIZE],
                             uint8_t signature[KB_P256_SIGNATURE])
{
    struct kb_mbedtls_generator generator;
    struct p256 p;
    enum kb_err err = kb_mbedtls_generator_start(&generator);
    int failed = p256_start(&p);

    if (!err)
        err = failed ? KB_ERR_CRYPTO
                     : compute_signature(&p, &generator, private_key, digest, signature);
    p256_end(&p);
    kb_mbedtls_generator_end(&generator);
    return err;
}

static enum kb_err check_signature(struct p256 *p, const uint8_t public_key[KB_P256_PUBLIC],
                                   const uint8_t digest[KB_SHA256_SIZE],
                                   const uint8_t signature[KB_P256_SIGNATURE])
{
    uint8_t uncompressed[1 + KB_P256_PUBLIC] = {0x04}; /* SEC 1 clause 2.3.3 */
    int failed;

    memcpy(uncompressed + 1, public_key, KB_P256_PUBLIC);
    if (mbedtls_mpi_read_binary(&p->r, signature, 32) ||
        mbedtls_mpi_read_binary(&p->s, signature + 32, 32))
        return KB_ERR_CRYPTO;
    if (mbedtls_ecp_point_read_binary(&p->group, &p->point, uncompressed, sizeof(uncompressed)) ||
        mbedtls_ecp_check_pubkey(&p->group, &p->point))
        return KB_ERR_INTEGRITY;
    failed = mbedtls_ecdsa_verify(&p->group, digest, KB_SHA256_SIZE, &p->point, &p->r, &p->s);
    if (failed == MBEDTLS_ERR_ECP_VERIFY_FAILED)
        return KB_ERR_INTEGRITY;
    return failed ? KB_ERR_CRYPTO : KB_OK;
}

static enum kb_err p256_verify(const uint8_t public_key[KB_P256_PUBLIC],
                               const uint8_t digest[KB_SHA256_SIZE],
                               const uint8_t signature[KB_P256_SIGNATURE])
{
    struct p256 p;
    enum kb_err err = KB_ERR_CRYPTO;

    if (p256_start(&p) == 0)
        err = check_signature(&p, public_key, digest, signature);
    p256_end(&p);
    return err;
}

static enum kb_err gcm_seal(const uint8_t key[KB_GCM_KEY], const uint8_t nonce[KB_GCM_NONCE],
                            struct kb_span aad, struct kb_span plain, uint8_t *out,
                            uint8_t tag[KB_GCM_TAG])
{
    mbedtls_gcm_context gcm;
    int failed;

    mbedtls_gcm_init(&gcm);
    failed = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, KB_GCM_KEY * 8);
    if (!failed)
        failed =
            mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, plain.len, nonce, KB_GCM_NONCE,
                                      aad.data, aad.len, plain.data, out, KB_GCM_TAG, tag);
    mbedtls_gcm_free(&gcm);
    return failed ? KB_ERR_CRYPTO : KB_OK;
}

static enum kb_err gcm_open(const uint8_t key[KB_GCM_KEY], const uint8_t nonce[KB_GCM_NONCE],
                            struct kb_span aad, struct kb_span sealed,
                            const uint8_t tag[KB_GCM_TAG], uint8_t *out)
{
    mbedtls_gcm_context gcm;
    int failed;

    mbedtls_gcm_init(&gcm);
    failed = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, KB_GCM_KEY * 8);
    if (!failed)
        failed = mbedtls_gcm_auth_decrypt(&gcm, sealed.len, nonce, KB_GCM_NONCE, aad.data, aad.len,
                                          tag, KB_GCM_TAG, sealed.data, out);
    mbedtls_gcm_free(&gcm);
    if (!failed)
        return KB_OK;
    kb_wipe(out, sealed.len);
    return failed == MBEDTLS_ERR_GCM_AUTH_FAILED ? KB_ERR_INTEGRITY : KB_ERR_CRYPTO;
}

const struct kb_crypto kb_crypto_mbedtls = {
    .name = "mbed TLS",
    .aes_start = aes_start,
    .aes_block = aes_block,
    .aes_end = aes_end,
    .cbc_start = kb_mbedtls_cbc_start,
    .cbc_run = kb_mbedtls_cbc_run,
    .cbc_end = kb_mbedtls_cbc_end,
    .sha256_start = sha256_start,
    .sha256_update = sha256_update,
    .sha256_finish = sha256_finish,
    .sha1 = sha1,
    .p256_keypair = p256_keypair,
    .p256_public = p256_public,
    .p256_sign = p256_sign,
    .p256_verify = p256_verify,
    .p256_shared = kb_mbedtls_p256_shared,
    .x25519_public = kb_mbedtls_x25519_public,
    .x25519_shared = kb_mbedtls_x25519_shared,
    .power = kb_mbedtls_power,
    .ccm_seal = kb_mbedtls_ccm_seal,
    .ccm_open = kb_mbedtls_ccm_open,
    .gcm_seal = gcm_seal,
    .gcm_open = gcm_open,
    .random = random_bytes,
};
