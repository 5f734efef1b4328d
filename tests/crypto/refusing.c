/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crypto/refusing.h"

static struct {
    const struct kb_crypto *below;
    struct kb_crypto port;
    uint64_t calls, at;
    bool is_over;
} state;

static bool refuses(void)
{
    state.calls++;
    if (!state.at || state.calls != state.at)
        return false;
    state.is_over = true;
    return true;
}

/* A function of the port: parameters, and the names they are handed on by. */
#define REFUSING(name, parameters, names)                                                          \
    static enum kb_err name parameters                                                             \
    {                                                                                              \
        return refuses() ? KB_ERR_CRYPTO : state.below->name names;                                \
    }

REFUSING(aes_start, (struct kb_aes * aes, const uint8_t *key, size_t len), (aes, key, len))
REFUSING(aes_block, (struct kb_aes * aes, const uint8_t *in, uint8_t *out), (aes, in, out))
REFUSING(cbc_start,
         (struct kb_cbc * cbc, enum kb_cbc_cipher cipher, bool is_sealing, const uint8_t *key,
          size_t len),
         (cbc, cipher, is_sealing, key, len))
REFUSING(cbc_run, (struct kb_cbc * cbc, const uint8_t *in, uint8_t *out, size_t len),
         (cbc, in, out, len))
REFUSING(sha256_start, (struct kb_sha256 * sha), (sha))
REFUSING(sha256_update, (struct kb_sha256 * sha, const void *data, size_t len), (sha, data, len))
REFUSING(sha256_finish, (struct kb_sha256 * sha, uint8_t *digest), (sha, digest))
REFUSING(p256_keypair, (uint8_t * private_key, uint8_t *public_key), (private_key, public_key))
REFUSING(p256_public, (const uint8_t *private_key, uint8_t *public_key), (private_key, public_key))
REFUSING(p256_verify, (const uint8_t *public_key, const uint8_t *digest, const uint8_t *signature),
         (public_key, digest, signature))
REFUSING(p256_shared, (const uint8_t *private_key, const uint8_t *peer_x, uint8_t *shared),
         (private_key, peer_x, shared))
REFUSING(x25519_public, (const uint8_t *private_key, uint8_t *public_key),
         (private_key, public_key))
REFUSING(x25519_shared, (const uint8_t *private_key, const uint8_t *peer, uint8_t *shared),
         (private_key, peer, shared))
REFUSING(power,
         (struct kb_span base, struct kb_span exponent, struct kb_span modulus, uint8_t *out),
         (base, exponent, modulus, out))
REFUSING(ccm_seal,
         (const uint8_t *key, const uint8_t *nonce, struct kb_span aad, struct kb_span plain,
          uint8_t *out, uint8_t *tag, size_t tag_len),
         (key, nonce, aad, plain, out, tag, tag_len))
REFUSING(ccm_open,
         (const uint8_t *key, const uint8_t *nonce, struct kb_span aad, struct kb_span sealed,
          const uint8_t *tag, size_t tag_len, uint8_t *out),
         (key, nonce, aad, sealed, tag, tag_len, out))

const struct kb_crypto *refusing_over(const struct kb_crypto *below)
{
    state.below = below;
    state.port = *below;
    state.port.aes_start = aes_start;
    state.port.aes_block = aes_block;
    state.port.cbc_start = cbc_start;
    state.port.cbc_run = cbc_run;
    state.port.sha256_start = sha256_start;
    state.port.sha256_update = sha256_update;
    state.port.sha256_finish = sha256_finish;
    state.port.p256_keypair = p256_keypair;
    state.port.p256_public = p256_public;
    state.port.p256_verify = p256_verify;
    state.port.p256_shared = p256_shared;
    state.port.x25519_public = x25519_public;
    state.port.x25519_shared = x25519_shared;
    state.port.power = power;
    state.port.ccm_seal = ccm_seal;
    state.port.ccm_open = ccm_open;
    refusing_arm(0);
    return &state.port;
}

void refusing_arm(uint64_t at)
{
    state.calls = 0;
    state.at = at;
    state.is_over = false;
}

bool refusing_is_over(void)
{
    return state.is_over;
}
