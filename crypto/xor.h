/* SPDX-License-Identifier: Apache-2.0 */
/* The XOR algorithms of conformance testing, which keep nothing secret: f1-f5 of 3GPP TS 34.108
 * clause 8.1.2, and A3 and A8 of TS 51.010-1 annex 4 clause A.4.1.2. For test cards alone. */
#ifndef KB_CRYPTO_XOR_H
#define KB_CRYPTO_XOR_H

#include <stddef.h>
#include <stdint.h>

/* XDOUT = K xor RAND, of which everything is a part. */
void kb_xor_challenge(const uint8_t k[16], const uint8_t rand[16], uint8_t xdout[16]);

/* f1 and f1* are the same function. */
void kb_xor_f1(const uint8_t xdout[16], const uint8_t sqn[6], const uint8_t amf[2], uint8_t mac[8]);

/* res_len: 4 to 16. */
void kb_xor_f2345(const uint8_t xdout[16], uint8_t *res, size_t res_len, uint8_t ck[16],
                  uint8_t ik[16], uint8_t ak[6]);

/* f5* is f5. */
void kb_xor_f5star(const uint8_t xdout[16], uint8_t ak[6]);

void kb_xor_gsm(const uint8_t k[16], const uint8_t rand[16], uint8_t sres[4], uint8_t kc[8]);

#endif
