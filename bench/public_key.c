/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/public_key.h"

#include "agree/curve.h"
#include "agree/dh_groups.h"
#include "bench/rows.h"

enum { SHARED_SECRETS = 3 };

static const double seconds_each = 0.3;
static const struct kb_crypto *const crypto = &kb_crypto_openssl;
static const struct kb_random library = {NULL, NULL};

static bool make_pairs(void *ctx, uint64_t times)
{
    uint8_t private_key[KB_CURVE_SIZE], public_key[KB_CURVE_SIZE];

    while (times--)
        if (kb_curve_keypair(crypto, &library, *(enum kb_curve *)ctx, private_key, public_key))
            return false;
    return true;
}

struct pair {
    enum kb_curve curve;
    uint8_t private_key[KB_CURVE_SIZE], public_key[KB_CURVE_SIZE];
};

static bool make_secrets(void *ctx, uint64_t times)
{
    const struct pair *pair = ctx;
    uint8_t secret[KB_CURVE_SIZE];

    while (times--)
        if (kb_curve_shared(crypto, pair->curve, pair->private_key, pair->public_key, secret))
            return false;
    return true;
}

struct signature {
    uint8_t public_key[KB_P256_PUBLIC], digest[KB_SHA256_SIZE], bytes[KB_P256_SIGNATURE];
};

static bool verify_signatures(void *ctx, uint64_t times)
{
    const struct signature *signature = ctx;

    while (times--)
        if (crypto->p256_verify(signature->public_key, signature->digest, signature->bytes))
            return false;
    return true;
}

static double verify_seconds(void)
{
    struct signature signature = {.digest = {1}};
    uint8_t key[KB_P256_PRIVATE];

    if (crypto->p256_keypair(key, signature.public_key) ||
        crypto->p256_sign(key, signature.digest, signature.bytes))
        kb_give_up("no signature to verify");
    return 1 / kb_rate(verify_signatures, &signature, seconds_each);
}

double kb_bench_edhoc_seconds(int16_t suite)
{
    struct pair pair = {.curve = suite < 2 ? KB_CURVE_X25519 : KB_CURVE_P256};

    if (kb_curve_keypair(crypto, &library, pair.curve, pair.private_key, pair.public_key))
        kb_give_up("no key pair on curve %d", pair.curve);
    return 1 / kb_rate(make_pairs, &pair.curve, seconds_each) +
           SHARED_SECRETS / kb_rate(make_secrets, &pair, seconds_each) + verify_seconds();
}

static bool agree_in_group(void *ctx, uint64_t times)
{
    const struct kb_dh_group *group = ctx;
    uint8_t private_key[KB_DH_PRIVATE_MAX], share[KB_DH_SHARE_MAX], secret[KB_DH_SHARE_MAX];

    while (times--)
        if (kb_dh_keypair(crypto, &library, group, private_key, share) ||
            kb_dh_shared(crypto, group, private_key, kb_span(share, group->share_len), secret))
            return false;
    return true;
}

double kb_bench_dh_seconds(int16_t number)
{
    const struct kb_dh_group *group = kb_dh_group(number);

    if (!group)
        kb_give_up("there is no group %d", number);
    return 1 / kb_rate(agree_in_group, (void *)(uintptr_t)group, seconds_each);
}
