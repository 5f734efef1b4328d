/* SPDX-License-Identifier: Apache-2.0 */
/* XOR (3GPP TS 34.108 clause 8.1.2). */
#include "crypto/xor.h"

#include <string.h>

#include "crypto/secret.h"

enum { AT_CK = 1, AT_IK = 2, AT_AK = 3 };

/* XDOUT read in a circle. */
static void take(const uint8_t xdout[16], size_t at, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = xdout[(at + i) % 16];
}

void kb_xor_challenge(const uint8_t k[16], const uint8_t rand[16], uint8_t xdout[16])
{
    for (size_t i = 0; i < 16; i++)
        xdout[i] = k[i] ^ rand[i];
}

void kb_xor_f1(const uint8_t xdout[16], const uint8_t sqn[6], const uint8_t amf[2], uint8_t mac[8])
{
    for (size_t i = 0; i < 8; i++)
        mac[i] = (uint8_t)(xdout[i] ^ (i < 6 ? sqn[i] : amf[i - 6]));
}

void kb_xor_f2345(const uint8_t xdout[16], uint8_t *res, size_t res_len, uint8_t ck[16],
                  uint8_t ik[16], uint8_t ak[6])
{
    take(xdout, 0, res, res_len);
    take(xdout, AT_CK, ck, 16);
    take(xdout, AT_IK, ik, 16);
    take(xdout, AT_AK, ak, 6);
}

void kb_xor_f5star(const uint8_t xdout[16], uint8_t ak[6])
{
    take(xdout, AT_AK, ak, 6);
}

void kb_xor_gsm(const uint8_t k[16], const uint8_t rand[16], uint8_t sres[4], uint8_t kc[8])
{
    uint8_t xdout[16];

    kb_xor_challenge(k, rand, xdout);
    take(xdout, 0, sres, 4);
    take(xdout, 4, kc, 8);
    kb_wipe(xdout, sizeof(xdout));
}
