/* SPDX-License-Identifier: Apache-2.0 */
/* The key schedule of EDHOC (RFC 9528 clause 4), which both agreements use: transcript hashes,
 * EDHOC_KDF and EDHOC_Exporter with SHA-256. What goes in is given in parts and hashed where it
 * lies, so that no credential is ever copied. */
#ifndef KB_AGREE_SCHEDULE_H
#define KB_AGREE_SCHEDULE_H

#include "crypto/crypto.h"

enum { KB_PRK_SIZE = KB_SHA256_SIZE, KB_TH_SIZE = KB_SHA256_SIZE };

/* Labels of EDHOC_KDF (RFC 9528 clauses 4.1.2 and 4.2, the last one appendix H). */
enum kb_edhoc_label {
    KB_EDHOC_KEYSTREAM_2 = 0,
    KB_EDHOC_SALT_3E2M = 1,
    KB_EDHOC_MAC_2 = 2,
    KB_EDHOC_K_3 = 3,
    KB_EDHOC_IV_3 = 4,
    KB_EDHOC_SALT_4E3M = 5,
    KB_EDHOC_MAC_3 = 6,
    KB_EDHOC_PRK_OUT = 7,
    KB_EDHOC_K_4 = 8,
    KB_EDHOC_IV_4 = 9,
    KB_EDHOC_PRK_EXPORTER = 10,
    KB_EDHOC_PRK_UPDATED = 11
};

/* A transcript hash as it stands in other items: a byte string of 32 bytes. */
enum { KB_TH_ITEM_SIZE = 2 + KB_TH_SIZE };
void kb_schedule_th_item(const uint8_t th[KB_TH_SIZE], uint8_t item[KB_TH_ITEM_SIZE]);

/* SHA-256 of the parts, one behind the other. */
enum kb_err kb_schedule_hash(const struct kb_crypto *crypto, const struct kb_span *parts,
                             size_t count, uint8_t hash[KB_TH_SIZE]);

/* EDHOC_KDF(PRK, label, context, length), clause 4.1.2; the context in up to 6 parts. */
enum { KB_SCHEDULE_PARTS_MAX = 6 };
enum kb_err kb_schedule_kdf(const struct kb_crypto *crypto, const uint8_t prk[KB_PRK_SIZE],
                            int64_t label, const struct kb_span *context, size_t count,
                            uint8_t *out, size_t out_len);

/* The same with a transcript hash as the context. */
enum kb_err kb_schedule_kdf_th(const struct kb_crypto *crypto, const uint8_t prk[KB_PRK_SIZE],
                               int64_t label, const uint8_t th[KB_TH_SIZE], uint8_t *out,
                               size_t out_len);

/* EDHOC_Exporter(label, context, length), clause 4.2.1, from PRK_out. Labels 32768-65535 are for
 * private use (clause 10.1). */
enum kb_err kb_schedule_export(const struct kb_crypto *crypto, const uint8_t prk_out[KB_PRK_SIZE],
                               uint16_t label, struct kb_span context, uint8_t *out,
                               size_t out_len);

/* EDHOC_KeyUpdate(context), appendix H: PRK_out is replaced, and cannot be had back. */
enum kb_err kb_schedule_update(const struct kb_crypto *crypto, uint8_t prk_out[KB_PRK_SIZE],
                               struct kb_span context);

#endif
