/* SPDX-License-Identifier: Apache-2.0 */
/* What key agreement needs of mbed TLS 2.28: ECDH on P-256 and X25519, powers modulo a number,
 * AES-CCM. All of it uses the library's allocator. */
#include "crypto/mbedtls_inside.h"

#include <mbedtls/bignum.h>
#include <mbedtls/ccm.h>
#include <mbedtls/ecp.h>

#include "crypto/secret.h"

struct curve {
    mbedtls_ecp_group group;
    mbedtls_ecp_point peer, shared;
    mbedtls_mpi scalar, scratch;
};

static int curve_start(struct curve *c, mbedtls_ecp_group_id id)
{
    mbedtls_ecp_group_init(&c->group);
    mbedtls_ecp_point_init(&c->peer);
    mbedtls_ecp_point_init(&c->shared);
    mbedtls_mpi_init(&c->scalar);
    mbedtls_mpi_init(&c->scratch);
    return mbedtls_ecp_group_load(&c->group, id);
}

static void curve_end(struct curve *c)
{
    mbedtls_mpi_free(&c->scratch);
    mbedtls_mpi_free(&c->scalar);
    mbedtls_ecp_point_free(&c->shared);
    mbedtls_ecp_point_free(&c->peer);
    mbedtls_ecp_group_free(&c->group);
}

/* The generator blinds the multiplication. */
static int multiply(struct curve *c, const mbedtls_ecp_point *point)
{
    struct kb_mbedtls_generator generator;
    int failed = kb_mbedtls_generator_start(&generator) ? MBEDTLS_ERR_ECP_RANDOM_FAILED : 0;

    if (!failed)
        failed = mbedtls_ecp_mul(&c->group, &c->shared, &c->scalar, point, mbedtls_ctr_drbg_random,
                                 &generator.drbg);
    kb_mbedtls_generator_end(&generator);
    return failed;
}

static enum kb_err error_of(int failed)
{
    if (!failed)
        return KB_OK;
    return failed == MBEDTLS_ERR_ECP_RANDOM_FAILED ? KB_ERR_RANDOM : KB_ERR_CRYPTO;
}

/* y^2 = x^3 - 3x + b, to scratch. */
static int square_of_y(struct curve *c)
{
    const mbedtls_mpi *x = &c->peer.X, *p = &c->group.P;
    mbedtls_mpi *out = &c->scratch;
    int failed = mbedtls_mpi_mul_mpi(out, x, x);

    if (!failed)
        failed = mbedtls_mpi_sub_int(out, out, 3);
    if (!failed)
        failed = mbedtls_mpi_mod_mpi(out, out, p);
    if (!failed)
        failed = mbedtls_mpi_mul_mpi(out, out, x);
    if (!failed)
        failed = mbedtls_mpi_add_mpi(out, out, &c->group.B);
    return failed ? failed : mbedtls_mpi_mod_mpi(out, out, p);
}

/* A Y for the X of the peer: a root is the power (p + 1) / 4, as p = 3 mod 4. */
static int find_y(struct curve *c)
{
    mbedtls_mpi *y = &c->peer.Y;
    mbedtls_mpi exponent;
    int failed;

    mbedtls_mpi_init(&exponent);
    failed = square_of_y(c);
    if (!failed)
        failed = mbedtls_mpi_add_int(&exponent, &c->group.P, 1);
    if (!failed)
        failed = mbedtls_mpi_shift_r(&exponent, 2);
    if (!failed)
        failed = mbedtls_mpi_exp_mod(y, &c->scratch, &exponent, &c->group.P, NULL);
    if (!failed)
        failed = mbedtls_mpi_lset(&c->peer.Z, 1);
    mbedtls_mpi_free(&exponent);
    return failed;
}

static enum kb_err p256_compute(struct curve *c, const uint8_t *private_key, const uint8_t *peer_x,
                                uint8_t *shared_x)
{
    int failed = mbedtls_mpi_read_binary(&c->scalar, private_key, KB_P256_PRIVATE);

    if (!failed)
        failed = mbedtls_mpi_read_binary(&c->peer.X, peer_x, KB_P256_X);
    if (failed)
        return KB_ERR_CRYPTO;
    if (mbedtls_ecp_check_privkey(&c->group, &c->scalar))
        return KB_ERR_RANGE;
    if (mbedtls_mpi_cmp_mpi(&c->peer.X, &c->group.P) >= 0)
        return KB_ERR_INTEGRITY;
    if (find_y(c))
        return KB_ERR_CRYPTO;
    /* What was found is a root only when the number had one. */
    if (mbedtls_ecp_check_pubkey(&c->group, &c->peer))
        return KB_ERR_INTEGRITY;
    failed = multiply(c, &c->peer);
    if (!failed)
        failed = mbedtls_mpi_write_binary(&c->shared.X, shared_x, KB_P256_X);
    return error_of(failed);
}

enum kb_err kb_mbedtls_p256_shared(const uint8_t private_key[KB_P256_PRIVATE],
                                   const uint8_t peer_x[KB_P256_X], uint8_t shared_x[KB_P256_X])
{
    enum kb_err err = KB_ERR_CRYPTO;
    struct curve c;

    if (curve_start(&c, MBEDTLS_ECP_DP_SECP256R1) == 0)
        err = p256_compute(&c, private_key, peer_x, shared_x);
    curve_end(&c);
    if (err)
        kb_wipe(shared_x, KB_P256_X);
    return err;
}

/* decodeScalar25519 of RFC 7748 clause 5. */
static int read_scalar(struct curve *c, const uint8_t private_key[KB_X25519_SIZE])
{
    int failed = mbedtls_mpi_read_binary_le(&c->scalar, private_key, KB_X25519_SIZE);

    for (size_t bit = 0; bit < 3 && !failed; bit++)
        failed = mbedtls_mpi_set_bit(&c->scalar, bit, 0);
    if (!failed)
        failed = mbedtls_mpi_set_bit(&c->scalar, 255, 0);
    return failed ? failed : mbedtls_mpi_set_bit(&c->scalar, 254, 1);
}

/* decodeUCoordinate: the last bit is masked, and what is not below p is reduced. */
static int read_coordinate(struct curve *c, const uint8_t peer[KB_X25519_SIZE])
{
    int failed = mbedtls_mpi_read_binary_le(&c->peer.X, peer, KB_X25519_SIZE);

    if (!failed)
        failed = mbedtls_mpi_set_bit(&c->peer.X, 255, 0);
    if (!failed)
        failed = mbedtls_mpi_mod_mpi(&c->peer.X, &c->peer.X, &c->group.P);
    return failed ? failed : mbedtls_mpi_lset(&c->peer.Z, 1);
}

enum kb_err kb_mbedtls_x25519_public(const uint8_t private_key[KB_X25519_SIZE],
                                     uint8_t public_key[KB_X25519_SIZE])
{
    struct curve c;
    int failed = curve_start(&c, MBEDTLS_ECP_DP_CURVE25519);

    if (!failed)
        failed = read_scalar(&c, private_key);
    if (!failed)
        failed = multiply(&c, &c.group.G);
    if (!failed)
        failed = mbedtls_mpi_write_binary_le(&c.shared.X, public_key, KB_X25519_SIZE);
    curve_end(&c);
    return error_of(failed);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    unsigned any = 0;

    for (size_t i = 0; i < len; i++)
        any |= bytes[i];
    return any == 0;
}

enum kb_err kb_mbedtls_x25519_shared(const uint8_t private_key[KB_X25519_SIZE],
                                     const uint8_t peer[KB_X25519_SIZE],
                                     uint8_t shared[KB_X25519_SIZE])
{
    struct curve c;
    bool is_low_order = false;
    int failed = curve_start(&c, MBEDTLS_ECP_DP_CURVE25519);

    if (!failed)
        failed = read_scalar(&c, private_key);
    if (!failed)
        failed = read_coordinate(&c, peer);
    if (!failed) {
        failed = multiply(&c, &c.peer);
        /* The library sees points of low order before or after the multiplication. */
        is_low_order =
            failed == MBEDTLS_ERR_ECP_INVALID_KEY || failed == MBEDTLS_ERR_MPI_NOT_ACCEPTABLE;
    }
    if (!failed)
        failed = mbedtls_mpi_write_binary_le(&c.shared.X, shared, KB_X25519_SIZE);
    if (!failed)
        is_low_order = is_zero(shared, KB_X25519_SIZE);
    curve_end(&c);
    if (failed || is_low_order)
        kb_wipe(shared, KB_X25519_SIZE);
    return is_low_order ? KB_ERR_INTEGRITY : error_of(failed);
}

enum kb_err kb_mbedtls_power(struct kb_span base, struct kb_span exponent, struct kb_span modulus,
                             uint8_t *out)
{
    mbedtls_mpi number, secret, odd;
    int failed;

    if (!modulus.len || modulus.len > KB_POWER_MAX || !(modulus.data[modulus.len - 1] & 1))
        return KB_ERR_RANGE;
    mbedtls_mpi_init(&number);
    mbedtls_mpi_init(&secret);
    mbedtls_mpi_init(&odd);
    failed = mbedtls_mpi_read_binary(&number, base.data, base.len);
    if (!failed)
        failed = mbedtls_mpi_read_binary(&secret, exponent.data, exponent.len);
    if (!failed)
        failed = mbedtls_mpi_read_binary(&odd, modulus.data, modulus.len);
    if (!failed)
        failed = mbedtls_mpi_exp_mod(&number, &number, &secret, &odd, NULL);
    if (!failed)
        failed = mbedtls_mpi_write_binary(&number, out, modulus.len);
    mbedtls_mpi_free(&odd);
    mbedtls_mpi_free(&secret);
    mbedtls_mpi_free(&number);
    if (failed)
        kb_wipe(out, modulus.len);
    return failed ? KB_ERR_CRYPTO : KB_OK;
}

enum { CCM_MAX = 65535 }; /* what a length field of two bytes can say */

static enum kb_err check_ccm(struct kb_span aad, struct kb_span text, size_t tag_len)
{
    if (tag_len != 8 && tag_len != 16)
        return KB_ERR_RANGE;
    /* The library takes associated data up to here. */
    return aad.len >= 0xFF00 || text.len > CCM_MAX ? KB_ERR_TOO_LONG : KB_OK;
}

enum kb_err kb_mbedtls_ccm_seal(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                                struct kb_span aad, struct kb_span plain, uint8_t *out,
                                uint8_t *tag, size_t tag_len)
{
    mbedtls_ccm_context ccm;
    enum kb_err err = check_ccm(aad, plain, tag_len);

    if (err)
        return err;
    mbedtls_ccm_init(&ccm);
    if (mbedtls_ccm_setkey(&ccm, MBEDTLS_CIPHER_ID_AES, key, KB_CCM_KEY * 8) ||
        mbedtls_ccm_encrypt_and_tag(&ccm, plain.len, nonce, KB_CCM_NONCE, aad.data, aad.len,
                                    plain.data, out, tag, tag_len))
        err = KB_ERR_CRYPTO;
    mbedtls_ccm_free(&ccm);
    if (err)
        kb_wipe(out, plain.len);
    return err;
}

enum kb_err kb_mbedtls_ccm_open(const uint8_t key[KB_CCM_KEY], const uint8_t nonce[KB_CCM_NONCE],
                                struct kb_span aad, struct kb_span sealed, const uint8_t *tag,
                                size_t tag_len, uint8_t *out)
{
    mbedtls_ccm_context ccm;
    enum kb_err err = check_ccm(aad, sealed, tag_len);
    int failed;

    if (err)
        return err;
    mbedtls_ccm_init(&ccm);
    failed = mbedtls_ccm_setkey(&ccm, MBEDTLS_CIPHER_ID_AES, key, KB_CCM_KEY * 8);
    if (!failed)
        failed = mbedtls_ccm_auth_decrypt(&ccm, sealed.len, nonce, KB_CCM_NONCE, aad.data, aad.len,
                                          sealed.data, out, tag, tag_len);
    mbedtls_ccm_free(&ccm);
    if (!failed)
        return KB_OK;
    kb_wipe(out, sealed.len);
    return failed == MBEDTLS_ERR_CCM_AUTH_FAILED ? KB_ERR_INTEGRITY : KB_ERR_CRYPTO;
}
