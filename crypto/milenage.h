/* SPDX-License-Identifier: Apache-2.0 */
/* Milenage: f1, f1*, f2-f5, f5* (3GPP TS 35.206 clause 4) and the conversions to GSM (TS 33.102
 * clause 6.8.1.2). One challenge computes each AES block once: after kb_milenage_challenge the
 * functions may be asked in any order. */
#ifndef KB_CRYPTO_MILENAGE_H
#define KB_CRYPTO_MILENAGE_H

#include "crypto/crypto.h"

struct kb_milenage {
    const struct kb_crypto *crypto;
    struct kb_aes aes;
    uint8_t opc[16];
    uint8_t temp[16]; /* E_K(RAND xor OPc) */
};

/* OPc = OP xor E_K(OP), clause 4.1. */
enum kb_err kb_milenage_opc(const struct kb_crypto *crypto, const uint8_t k[16],
                            const uint8_t op[16], uint8_t opc[16]);

/* Keys the context and takes the challenge. kb_milenage_end wipes it. */
enum kb_err kb_milenage_challenge(struct kb_milenage *m, const struct kb_crypto *crypto,
                                  const uint8_t k[16], const uint8_t opc[16],
                                  const uint8_t rand[16]);
void kb_milenage_end(struct kb_milenage *m);

/* f1 gives MAC-A, f1* MAC-S; either may be NULL. */
enum kb_err kb_milenage_f1(struct kb_milenage *m, const uint8_t sqn[6], const uint8_t amf[2],
                           uint8_t mac_a[8], uint8_t mac_s[8]);
/* f2 gives RES, f5 AK, from the same block; either may be NULL. */
enum kb_err kb_milenage_f2_f5(struct kb_milenage *m, uint8_t res[8], uint8_t ak[6]);
enum kb_err kb_milenage_f3(struct kb_milenage *m, uint8_t ck[16]);
enum kb_err kb_milenage_f4(struct kb_milenage *m, uint8_t ik[16]);
enum kb_err kb_milenage_f5star(struct kb_milenage *m, uint8_t ak[6]);

/* c2: SRES from RES; c3: Kc from CK and IK. */
void kb_c2_sres(const uint8_t res[8], uint8_t sres[4]);
void kb_c3_kc(const uint8_t ck[16], const uint8_t ik[16], uint8_t kc[8]);

#endif
