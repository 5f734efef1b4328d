/* SPDX-License-Identifier: Apache-2.0 */
/* Concealing a subscriber's identity by ECIES, profiles A and B (3GPP TS 33.501 annex C.3): ECDH
 * with an ephemeral key, the key derivation of ANSI X9.63 with SHA-256, AES-128 in counter mode,
 * HMAC-SHA-256 cut to 8 bytes. */
#ifndef KB_CRYPTO_SUCI_H
#define KB_CRYPTO_SUCI_H

#include "crypto/crypto.h"

/* Protection scheme identifiers (clause C.1). */
enum kb_suci_scheme { KB_SUCI_NULL = 0, KB_SUCI_PROFILE_A = 1, KB_SUCI_PROFILE_B = 2 };

enum {
    KB_SUCI_PRIVATE = 32,
    KB_SUCI_PUBLIC_MAX = 33, /* P-256: compressed (SEC 1 clause 2.3.3) */
    KB_SUCI_MAC = 8
};

/* Bytes of an ephemeral public key: 32 or 33; 0 for another scheme than A or B. */
size_t kb_suci_public_size(unsigned scheme);

/* Writes the scheme output: ephemeral public key, the concealed bytes, MAC. home: the home
 * network's public key, 32 bytes on X25519, 33 or uncompressed 65 on P-256. KB_ERR_RANGE: another
 * scheme, a home key of another length, or a number that is no private key: draw again.
 * KB_ERR_INTEGRITY: the home key is none. KB_ERR_TOO_LONG: no room. After an error out has what it
 * had before. */
enum kb_err kb_suci_conceal(const struct kb_crypto *crypto, unsigned scheme, struct kb_span home,
                            const uint8_t ephemeral[KB_SUCI_PRIVATE], struct kb_span plain,
                            struct kb_writer *out);

/* The home network's side. KB_ERR_MALFORMED: too short; KB_ERR_INTEGRITY: the MAC or the ephemeral
 * key is wrong; then nothing is written. */
enum kb_err kb_suci_reveal(const struct kb_crypto *crypto, unsigned scheme,
                           const uint8_t home[KB_SUCI_PRIVATE], struct kb_span output,
                           struct kb_writer *plain);

#endif
