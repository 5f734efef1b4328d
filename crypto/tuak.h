/* SPDX-License-Identifier: Apache-2.0 */
/* TUAK: f1, f1*, f2-f5, f5* on Keccak (3GPP TS 35.231 clause 6). Keys of 128 or 256 bits; MAC of
 * 8, 16 or 32 bytes, RES of 4, 8, 16 or 32, CK and IK of 16 or 32; at least one run of Keccak for
 * each block. The caller keeps to these lengths: kb_tuak_takes tells. */
#ifndef KB_CRYPTO_TUAK_H
#define KB_CRYPTO_TUAK_H

#include <stdbool.h>

#include "wire/cursor.h"

enum { KB_TUAK_TOPC = 32, KB_TUAK_MAX = 32 /* bytes of the longest K, MAC, RES, CK or IK */ };

struct kb_tuak {
    uint8_t k[32];
    uint8_t topc[KB_TUAK_TOPC];
    uint8_t rand[16];
    uint8_t k_len;
    uint8_t iterations;
};

/* True for lengths the algorithm has. */
bool kb_tuak_takes(size_t k_len, size_t mac_len, size_t res_len, size_t ck_len, size_t ik_len);

/* TOPc from TOP (clause 6.1). */
void kb_tuak_topc(struct kb_span k, const uint8_t top[32], uint8_t iterations,
                  uint8_t topc[KB_TUAK_TOPC]);

/* f1 (clause 6.2), or f1* (clause 6.3) when is_resync. */
void kb_tuak_f1(const struct kb_tuak *t, bool is_resync, const uint8_t sqn[6], const uint8_t amf[2],
                uint8_t *mac, size_t mac_len);

/* f2-f5 (clause 6.4). */
void kb_tuak_f2345(const struct kb_tuak *t, uint8_t *res, size_t res_len, uint8_t *ck,
                   size_t ck_len, uint8_t *ik, size_t ik_len, uint8_t ak[6]);

/* f5* (clause 6.5). */
void kb_tuak_f5star(const struct kb_tuak *t, uint8_t ak[6]);

#endif
