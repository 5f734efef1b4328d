/* SPDX-License-Identifier: Apache-2.0 */
/* CBC-MAC with DES or triple DES over a message padded with zeros (ISO/IEC 9797-1 algorithm 1,
 * padding method 1; TS 102 225 clause 5.1.3.2), in steps and without heap. It is safe for messages
 * that begin with their length only, as secured packets do, and is kept for old key sets. */
#ifndef KB_CRYPTO_CBCMAC_H
#define KB_CRYPTO_CBCMAC_H

#include "crypto/crypto.h"

struct kb_cbcmac {
    const struct kb_crypto *crypto;
    struct kb_cbc cbc;
    uint8_t pending[KB_DES_BLOCK];
    uint8_t last[KB_DES_BLOCK];
    size_t pending_len;
    enum kb_err err; /* sticky: the first failure of the port */
};

/* key_len: 8, 16 or 24. */
enum kb_err kb_cbcmac_start(struct kb_cbcmac *mac, const struct kb_crypto *crypto,
                            const uint8_t *key, size_t key_len);
void kb_cbcmac_update(struct kb_cbcmac *mac, struct kb_span data);

/* Wipes the context. The tag is that of no message when nothing came: all zeros. */
enum kb_err kb_cbcmac_finish(struct kb_cbcmac *mac, uint8_t tag[KB_DES_BLOCK]);

#endif
