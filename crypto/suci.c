/* SPDX-License-Identifier: Apache-2.0 */
/* ECIES for SUCI (3GPP TS 33.501 annex C.3). */
#include "crypto/suci.h"

#include <string.h>

#include "crypto/hmac.h"
#include "crypto/secret.h"

enum { EVEN = 0x02, ODD = 0x03, UNCOMPRESSED = 0x04 };

/* Clause C.3.4: what the key derivation gives, in this order. */
struct keys {
    uint8_t cipher[16];
    uint8_t counter[KB_AES_BLOCK];
    uint8_t mac[KB_SHA256_SIZE];
};

size_t kb_suci_public_size(unsigned scheme)
{
    if (scheme == KB_SUCI_PROFILE_A)
        return KB_X25519_SIZE;
    return scheme == KB_SUCI_PROFILE_B ? 1 + KB_P256_X : 0;
}

static bool is_public(unsigned scheme, struct kb_span key)
{
    if (scheme == KB_SUCI_PROFILE_A)
        return key.len == KB_X25519_SIZE;
    if (key.len == 1 + KB_P256_X)
        return key.data[0] == EVEN || key.data[0] == ODD;
    return key.len == 1 + KB_P256_PUBLIC && key.data[0] == UNCOMPRESSED;
}

static enum kb_err public_key(const struct kb_crypto *crypto, unsigned scheme,
                              const uint8_t private_key[KB_SUCI_PRIVATE],
                              uint8_t key[KB_SUCI_PUBLIC_MAX])
{
    uint8_t point[KB_P256_PUBLIC];
    enum kb_err err;

    if (scheme == KB_SUCI_PROFILE_A)
        return crypto->x25519_public(private_key, key);
    err = crypto->p256_public(private_key, point);
    key[0] = point[KB_P256_PUBLIC - 1] & 1 ? ODD : EVEN;
    memcpy(key + 1, point, KB_P256_X);
    return err;
}

/* ANSI X9.63 (SEC 1 clause 3.6.1): SHA-256 of secret, counter and the ephemeral public key. */
static enum kb_err derive(const struct kb_crypto *crypto, const uint8_t secret[32],
                          struct kb_span ephemeral, struct keys *keys)
{
    uint8_t *digest = (uint8_t *)keys;
    enum kb_err err = KB_OK;

    for (uint8_t n = 1; n <= sizeof(*keys) / KB_SHA256_SIZE && !err; n++) {
        const uint8_t counter[4] = {0, 0, 0, n};
        struct kb_sha256 sha;

        err = crypto->sha256_start(&sha);
        if (!err)
            err = crypto->sha256_update(&sha, secret, 32);
        if (!err)
            err = crypto->sha256_update(&sha, counter, sizeof(counter));
        if (!err)
            err = crypto->sha256_update(&sha, ephemeral.data, ephemeral.len);
        if (crypto->sha256_finish(&sha, digest) && !err)
            err = KB_ERR_CRYPTO;
        digest += KB_SHA256_SIZE;
    }
    return err;
}

static enum kb_err agree(const struct kb_crypto *crypto, unsigned scheme,
                         const uint8_t private_key[KB_SUCI_PRIVATE], struct kb_span peer,
                         struct kb_span ephemeral, struct keys *keys)
{
    uint8_t secret[32];
    enum kb_err err;

    if (scheme == KB_SUCI_PROFILE_A)
        err = crypto->x25519_shared(private_key, peer.data, secret);
    else
        err = crypto->p256_shared(private_key, peer.data + 1, secret);
    if (!err)
        err = derive(crypto, secret, ephemeral, keys);
    kb_wipe(secret, sizeof(secret));
    return err;
}

/* Counter mode (SP 800-38A clause 6.5), which is its own inverse. */
static enum kb_err run_counter(const struct kb_crypto *crypto, struct keys *keys, struct kb_span in,
                               uint8_t *out)
{
    uint8_t stream[KB_AES_BLOCK];
    struct kb_aes aes;
    enum kb_err err = crypto->aes_start(&aes, keys->cipher, sizeof(keys->cipher));

    for (size_t i = 0; i < in.len && !err; i++) {
        if (i % KB_AES_BLOCK == 0) {
            err = crypto->aes_block(&aes, keys->counter, stream);
            for (size_t at = KB_AES_BLOCK; at-- > 0 && ++keys->counter[at] == 0;)
                ;
        }
        out[i] = in.data[i] ^ stream[i % KB_AES_BLOCK];
    }
    crypto->aes_end(&aes);
    kb_wipe(stream, sizeof(stream));
    return err;
}

static enum kb_err authenticate(const struct kb_crypto *crypto, const struct keys *keys,
                                struct kb_span concealed, uint8_t mac[KB_SHA256_SIZE])
{
    struct kb_hmac hmac;

    kb_hmac_start(&hmac, crypto, kb_span(keys->mac, sizeof(keys->mac)));
    kb_hmac_update(&hmac, concealed);
    return kb_hmac_finish(&hmac, mac);
}

enum kb_err kb_suci_conceal(const struct kb_crypto *crypto, unsigned scheme, struct kb_span home,
                            const uint8_t ephemeral[KB_SUCI_PRIVATE], struct kb_span plain,
                            struct kb_writer *out)
{
    size_t size = kb_suci_public_size(scheme), before = out->len;
    uint8_t mac[KB_SHA256_SIZE], *key, *concealed;
    struct keys keys;
    enum kb_err err;

    if (!size || !is_public(scheme, home))
        return KB_ERR_RANGE;
    if (out->is_bad || out->cap - out->len < size + plain.len + KB_SUCI_MAC)
        return KB_ERR_TOO_LONG;
    key = kb_wr_reserve(out, size);
    concealed = kb_wr_reserve(out, plain.len);
    err = public_key(crypto, scheme, ephemeral, key);
    if (!err)
        err = agree(crypto, scheme, ephemeral, home, kb_span(key, size), &keys);
    if (!err)
        err = run_counter(crypto, &keys, plain, concealed);
    if (!err)
        err = authenticate(crypto, &keys, kb_span(concealed, plain.len), mac);
    if (!err)
        kb_wr_copy(out, mac, KB_SUCI_MAC);
    else
        out->len = before;
    kb_wipe(&keys, sizeof(keys));
    return err;
}

enum kb_err kb_suci_reveal(const struct kb_crypto *crypto, unsigned scheme,
                           const uint8_t home[KB_SUCI_PRIVATE], struct kb_span output,
                           struct kb_writer *plain)
{
    size_t size = kb_suci_public_size(scheme);
    struct kb_cursor rd = kb_rd(output);
    uint8_t mac[KB_SHA256_SIZE], *room;
    struct kb_span key, concealed;
    struct keys keys;
    enum kb_err err;

    if (!size || output.len < size + KB_SUCI_MAC)
        return KB_ERR_MALFORMED;
    key = kb_rd_span(&rd, size);
    concealed = kb_rd_span(&rd, output.len - size - KB_SUCI_MAC);
    if (!is_public(scheme, key))
        return KB_ERR_INTEGRITY;
    err = agree(crypto, scheme, home, key, key, &keys);
    if (!err)
        err = authenticate(crypto, &keys, concealed, mac);
    if (!err && !kb_is_equal(mac, kb_rd_span(&rd, KB_SUCI_MAC).data, KB_SUCI_MAC))
        err = KB_ERR_INTEGRITY;
    if (!err) {
        room = kb_wr_reserve(plain, concealed.len);
        err = room ? run_counter(crypto, &keys, concealed, room) : KB_ERR_TOO_LONG;
    }
    kb_wipe(&keys, sizeof(keys));
    kb_wipe(mac, sizeof(mac));
    return err;
}
