/* SPDX-License-Identifier: Apache-2.0 */
/* P-256 and X25519 seen alike. */
#include "agree/curve.h"

#include <string.h>

#include "crypto/secret.h"

/* One number in 2^32 is no private key on P-256; a source that gives this many in a row is broken.
 */
enum { DRAWS_MAX = 8 };

static enum kb_err public_of(const struct kb_crypto *crypto, enum kb_curve curve,
                             const uint8_t *private_key, uint8_t *public_key)
{
    uint8_t point[KB_P256_PUBLIC];
    enum kb_err err;

    if (curve == KB_CURVE_X25519)
        return crypto->x25519_public(private_key, public_key);
    err = crypto->p256_public(private_key, point);
    if (!err)
        memcpy(public_key, point, KB_CURVE_SIZE);
    return err;
}

enum kb_err kb_curve_keypair(const struct kb_crypto *crypto, const struct kb_random *random,
                             enum kb_curve curve, uint8_t private_key[KB_CURVE_SIZE],
                             uint8_t public_key[KB_CURVE_SIZE])
{
    enum kb_err err = KB_ERR_RANGE;

    for (unsigned draw = 0; draw < DRAWS_MAX && err == KB_ERR_RANGE; draw++) {
        err = kb_random(crypto, random, private_key, KB_CURVE_SIZE);
        if (!err)
            err = public_of(crypto, curve, private_key, public_key);
    }
    if (err)
        kb_wipe(private_key, KB_CURVE_SIZE);
    return err == KB_ERR_RANGE ? KB_ERR_RANDOM : err;
}

enum kb_err kb_curve_shared(const struct kb_crypto *crypto, enum kb_curve curve,
                            const uint8_t private_key[KB_CURVE_SIZE],
                            const uint8_t peer[KB_CURVE_SIZE], uint8_t shared[KB_CURVE_SIZE])
{
    if (curve == KB_CURVE_X25519)
        return crypto->x25519_shared(private_key, peer, shared);
    return crypto->p256_shared(private_key, peer, shared);
}
