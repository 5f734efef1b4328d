/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/crypto.h"

#include <time.h>

static _Thread_local struct kb_sim_work *current;

struct kb_sim_work *kb_sim_work_of(struct kb_sim_work *work)
{
    struct kb_sim_work *before = current;

    current = work;
    return before;
}

int64_t kb_sim_thread_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t begin(void)
{
    return current ? kb_sim_thread_ns() : 0;
}

static enum kb_err end(enum kb_sim_operation operation, int64_t begun, enum kb_err err)
{
    if (current) {
        current->operations[operation]++;
        current->public_key_ns += kb_sim_thread_ns() - begun;
    }
    return err;
}

static enum kb_err p256_public(const uint8_t private_key[KB_P256_PRIVATE],
                               uint8_t public_key[KB_P256_PUBLIC])
{
    int64_t begun = begin();

    return end(KB_WORK_PUBLIC, begun, kb_crypto_openssl.p256_public(private_key, public_key));
}

static enum kb_err p256_sign(const uint8_t private_key[KB_P256_PRIVATE],
                             const uint8_t digest[KB_SHA256_SIZE],
                             uint8_t signature[KB_P256_SIGNATURE])
{
    int64_t begun = begin();

    return end(KB_WORK_SIGN, begun, kb_crypto_openssl.p256_sign(private_key, digest, signature));
}

static enum kb_err p256_verify(const uint8_t public_key[KB_P256_PUBLIC],
                               const uint8_t digest[KB_SHA256_SIZE],
                               const uint8_t signature[KB_P256_SIGNATURE])
{
    int64_t begun = begin();

    return end(KB_WORK_VERIFY, begun, kb_crypto_openssl.p256_verify(public_key, digest, signature));
}

static enum kb_err p256_shared(const uint8_t private_key[KB_P256_PRIVATE],
                               const uint8_t peer_x[KB_P256_X], uint8_t shared_x[KB_P256_X])
{
    int64_t begun = begin();

    return end(KB_WORK_SHARED, begun, kb_crypto_openssl.p256_shared(private_key, peer_x, shared_x));
}

static enum kb_err x25519_public(const uint8_t private_key[KB_X25519_SIZE],
                                 uint8_t public_key[KB_X25519_SIZE])
{
    int64_t begun = begin();

    return end(KB_WORK_PUBLIC, begun, kb_crypto_openssl.x25519_public(private_key, public_key));
}

static enum kb_err x25519_shared(const uint8_t private_key[KB_X25519_SIZE],
                                 const uint8_t peer[KB_X25519_SIZE], uint8_t shared[KB_X25519_SIZE])
{
    int64_t begun = begin();

    return end(KB_WORK_SHARED, begun, kb_crypto_openssl.x25519_shared(private_key, peer, shared));
}

static enum kb_err power(struct kb_span base, struct kb_span exponent, struct kb_span modulus,
                         uint8_t *out)
{
    int64_t begun = begin();

    return end(KB_WORK_POWER, begun, kb_crypto_openssl.power(base, exponent, modulus, out));
}

static enum kb_err no_keypair(uint8_t private_key[KB_P256_PRIVATE],
                              uint8_t public_key[KB_P256_PUBLIC])
{
    (void)private_key, (void)public_key;
    return KB_ERR_RANDOM;
}

static enum kb_err no_random(void *out, size_t len)
{
    (void)out, (void)len;
    return KB_ERR_RANDOM;
}

static struct kb_crypto table;

const struct kb_crypto *kb_sim_crypto(void)
{
    if (table.name)
        return &table;
    table = kb_crypto_openssl;
    table.p256_keypair = no_keypair;
    table.p256_public = p256_public;
    table.p256_sign = p256_sign;
    table.p256_verify = p256_verify;
    table.p256_shared = p256_shared;
    table.x25519_public = x25519_public;
    table.x25519_shared = x25519_shared;
    table.power = power;
    table.random = no_random;
    return &table;
}
