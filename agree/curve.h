/* SPDX-License-Identifier: Apache-2.0 */
/* The curves that agreements run on, seen alike: private keys, public keys and secrets have 32
 * bytes. A public key on P-256 is the X coordinate alone (RFC 9528 clause 3.7, RFC 6090 appendix
 * C). */
#ifndef KB_AGREE_CURVE_H
#define KB_AGREE_CURVE_H

#include "agree/party.h"

enum { KB_CURVE_SIZE = 32 };

/* Numbers of the COSE Elliptic Curves registry (RFC 9053 clause 7.1). */
enum kb_curve { KB_CURVE_P256 = 1, KB_CURVE_X25519 = 4 };

/* A fresh key pair. KB_ERR_RANDOM: the source gave nothing a private key can be made of. */
enum kb_err kb_curve_keypair(const struct kb_crypto *crypto, const struct kb_random *random,
                             enum kb_curve curve, uint8_t private_key[KB_CURVE_SIZE],
                             uint8_t public_key[KB_CURVE_SIZE]);

/* KB_ERR_INTEGRITY: the peer's value is no point of the curve, or one of low order. */
enum kb_err kb_curve_shared(const struct kb_crypto *crypto, enum kb_curve curve,
                            const uint8_t private_key[KB_CURVE_SIZE],
                            const uint8_t peer[KB_CURVE_SIZE], uint8_t shared[KB_CURVE_SIZE]);

#endif
