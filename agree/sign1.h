/* SPDX-License-Identifier: Apache-2.0 */
/* What a root signs: COSE_Sign1 with ES256 and nothing else (RFC 9052 clause 4.2, RFC 9053 clause
 * 2.1), without a tag: [ << { 1: -7 } >>, {}, payload, signature ]. */
#ifndef KB_AGREE_SIGN1_H
#define KB_AGREE_SIGN1_H

#include "crypto/crypto.h"

/* Bytes beside the payload, at most. */
enum { KB_SIGN1_OVERHEAD = 80 };

struct kb_sign1 {
    struct kb_span payload;
    struct kb_span payload_item; /* the same with its head */
    struct kb_span signature;
};

/* Signs and writes. KB_ERR_TOO_LONG: no room in out. */
enum kb_err kb_sign1_put(const struct kb_crypto *crypto, const uint8_t key[KB_P256_PRIVATE],
                         struct kb_span payload, struct kb_writer *out);

/* KB_ERR_MALFORMED: it has another shape, or another algorithm. Nothing is verified yet. */
enum kb_err kb_sign1_read(struct kb_span bytes, struct kb_sign1 *message);

/* KB_ERR_INTEGRITY: the signature is wrong. */
enum kb_err kb_sign1_verify(const struct kb_crypto *crypto,
                            const uint8_t public_key[KB_P256_PUBLIC],
                            const struct kb_sign1 *message);

#endif
