/* SPDX-License-Identifier: Apache-2.0 */
/* What an agreement is made for: the subscriber's secrets, which both sides derive and neither
 * sends. Each kind of secret has a label of its own, and each is bound to both identities, to the
 * agreement, to its suite or group, and through the agreement to its whole transcript. */
#ifndef KB_AGREE_EXPORT_H
#define KB_AGREE_EXPORT_H

#include "agree/agree.h"

/* Numbers are exporter labels for private use (RFC 9528 clause 10.1) and never change. */
enum kb_export_what {
    KB_EXPORT_K = 0x9000,       /* subscriber key: 16 or 32 bytes */
    KB_EXPORT_OPC = 0x9001,     /* for Milenage (TS 35.206): 16 bytes */
    KB_EXPORT_TOPC = 0x9002,    /* for TUAK (TS 35.231): 32 bytes */
    KB_EXPORT_KIC = 0x9003,     /* operator's packets (TS 102 225), ciphering: 16, 24 or 32 */
    KB_EXPORT_KID = 0x9004,     /* the same, integrity */
    KB_EXPORT_KIK = 0x9005,     /* the same, for keys to come */
    KB_EXPORT_IDENTITY = 0x9006 /* seals what the operator sends after the agreement: 16 or 32 */
};

/* Who agreed. Both sides must put in the same. */
struct kb_export_binding {
    struct kb_span id_sc; /* the card, IdSC */
    struct kb_span id_o;  /* the operator, IdO */
};

enum { KB_EXPORT_ID_MAX = 64 };

/* number: of the key set for KIc, KID and KIK, otherwise 0. KB_ERR_RANGE: another length than those
 * above, or an identity that is empty or longer than KB_EXPORT_ID_MAX; KB_ERR_USAGE: the agreement
 * is not done. After an error out is wiped. */
enum kb_err kb_export(const struct kb_agree *agree, const struct kb_export_binding *binding,
                      enum kb_export_what what, uint8_t number, uint8_t *out, size_t out_len);

/* For two people or two programs to see that they hold the same key, without seeing it: 32 bits of
 * an HMAC under the key. Nothing shorter than 16 bytes, which could be guessed. */
enum { KB_FINGERPRINT_SIZE = 4 };
enum kb_err kb_fingerprint(const struct kb_crypto *crypto, struct kb_span key,
                           uint8_t fingerprint[KB_FINGERPRINT_SIZE]);

#endif
