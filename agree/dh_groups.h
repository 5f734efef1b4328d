/* SPDX-License-Identifier: Apache-2.0 */
/* The groups that DH can be run in, by the numbers of TLS (IANA, TLS Supported Groups; RFC 7919
 * clause 2, RFC 8446 clause 4.2.7). Another group is another row. */
#ifndef KB_AGREE_DH_GROUPS_H
#define KB_AGREE_DH_GROUPS_H

#include "agree/curve.h"

enum { KB_DH_SHARE_MAX = 512, KB_DH_PRIVATE_MAX = 44 };

struct kb_dh_group {
    const char *name;
    const uint8_t *prime; /* of share_len bytes; NULL for a curve */
    int16_t number;
    uint16_t share_len; /* of a public value, and of the secret: always the full length */
    uint8_t private_len;
    uint8_t curve; /* enum kb_curve, where there is no prime */
};

const struct kb_dh_group *kb_dh_group(int16_t number); /* NULL: there is no such group */

/* A fresh pair. share: share_len bytes. */
enum kb_err kb_dh_keypair(const struct kb_crypto *crypto, const struct kb_random *random,
                          const struct kb_dh_group *group, uint8_t private_key[KB_DH_PRIVATE_MAX],
                          uint8_t *share);

/* KB_ERR_MALFORMED: the share has another length; KB_ERR_INTEGRITY: it is outside of 2 .. p - 2, no
 * point of the curve, or one of low order. secret: share_len bytes are written. */
enum kb_err kb_dh_shared(const struct kb_crypto *crypto, const struct kb_dh_group *group,
                         const uint8_t *private_key, struct kb_span share,
                         uint8_t secret[KB_DH_SHARE_MAX]);

#endif
