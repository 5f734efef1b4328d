/* SPDX-License-Identifier: Apache-2.0 */
/* Codes and keys of single cards from one master: KDF in counter mode with AES-CMAC (SP 800-108r1
 * clause 4.1): block i = CMAC(master, [i]8 || label || 00 || context || [8 * out_len]16). */
#ifndef KB_CRYPTO_DIVERSIFY_H
#define KB_CRYPTO_DIVERSIFY_H

#include "crypto/crypto.h"

/* master_len: 16, 24 or 32; label: what the key is for ("perso code"); context: whose it is (ICCID
 * digits). out_len: 1-255. */
enum kb_err kb_diversify(const struct kb_crypto *crypto, const uint8_t *master, size_t master_len,
                         const char *label, struct kb_span context, uint8_t *out, size_t out_len);

#endif
