/* SPDX-License-Identifier: Apache-2.0 */
/* Milenage (3GPP TS 35.206 clause 4). */
#include "crypto/milenage.h"

#include <string.h>

#include "crypto/secret.h"

/* Clause 4.1: rotation r in bytes towards the first byte, and the last byte of constant c, whose
 * other bytes are zero. */
struct constants {
    uint8_t rotation;
    uint8_t last;
};

static const struct constants out1 = {8, 0};  /* f1, f1*: r1 = 64 */
static const struct constants out2 = {0, 1};  /* f2, f5:  r2 = 0 */
static const struct constants out3 = {4, 2};  /* f3:      r3 = 32 */
static const struct constants out4 = {8, 4};  /* f4:      r4 = 64 */
static const struct constants out5 = {12, 8}; /* f5*:    r5 = 96 */

static void xor_block(uint8_t to[16], const uint8_t with[16])
{
    for (size_t i = 0; i < 16; i++)
        to[i] ^= with[i];
}

enum kb_err kb_milenage_opc(const struct kb_crypto *crypto, const uint8_t k[16],
                            const uint8_t op[16], uint8_t opc[16])
{
    uint8_t block[16] = {0};
    struct kb_aes aes;
    enum kb_err err = crypto->aes_start(&aes, k, 16);

    if (!err)
        err = crypto->aes_block(&aes, op, block);
    if (!err)
        xor_block(block, op);
    memcpy(opc, block, sizeof(block));
    crypto->aes_end(&aes);
    kb_wipe(block, sizeof(block));
    return err;
}

enum kb_err kb_milenage_challenge(struct kb_milenage *m, const struct kb_crypto *crypto,
                                  const uint8_t k[16], const uint8_t opc[16],
                                  const uint8_t rand[16])
{
    enum kb_err err;

    m->crypto = crypto;
    memcpy(m->opc, opc, sizeof(m->opc));
    memcpy(m->temp, rand, sizeof(m->temp));
    xor_block(m->temp, opc);
    err = crypto->aes_start(&m->aes, k, 16);
    if (!err)
        err = crypto->aes_block(&m->aes, m->temp, m->temp);
    if (err)
        kb_milenage_end(m);
    return err;
}

void kb_milenage_end(struct kb_milenage *m)
{
    m->crypto->aes_end(&m->aes);
    kb_wipe(m->opc, sizeof(m->opc));
    kb_wipe(m->temp, sizeof(m->temp));
}

/* out = E_K(plus xor rot(in xor OPc, r) xor c) xor OPc; plus may be NULL for zeros. */
static enum kb_err compute(struct kb_milenage *m, const uint8_t in[16], const uint8_t *plus,
                           const struct constants *constants, uint8_t out[16])
{
    enum kb_err err;

    for (size_t i = 0; i < 16; i++) {
        size_t from = (i + constants->rotation) % 16;

        out[i] = (uint8_t)(in[from] ^ m->opc[from] ^ (plus ? plus[i] : 0));
    }
    out[15] ^= constants->last;
    err = m->crypto->aes_block(&m->aes, out, out);
    if (err)
        kb_wipe(out, 16);
    else
        xor_block(out, m->opc);
    return err;
}

enum kb_err kb_milenage_f1(struct kb_milenage *m, const uint8_t sqn[6], const uint8_t amf[2],
                           uint8_t mac_a[8], uint8_t mac_s[8])
{
    uint8_t in1[16], out[16];
    enum kb_err err;

    memcpy(in1, sqn, 6);
    memcpy(in1 + 6, amf, 2);
    memcpy(in1 + 8, in1, 8);
    err = compute(m, in1, m->temp, &out1, out);
    if (mac_a)
        memcpy(mac_a, out, 8);
    if (mac_s)
        memcpy(mac_s, out + 8, 8);
    kb_wipe(out, sizeof(out));
    return err;
}

enum kb_err kb_milenage_f2_f5(struct kb_milenage *m, uint8_t res[8], uint8_t ak[6])
{
    uint8_t out[16];
    enum kb_err err = compute(m, m->temp, NULL, &out2, out);

    if (res)
        memcpy(res, out + 8, 8);
    if (ak)
        memcpy(ak, out, 6);
    kb_wipe(out, sizeof(out));
    return err;
}

enum kb_err kb_milenage_f3(struct kb_milenage *m, uint8_t ck[16])
{
    return compute(m, m->temp, NULL, &out3, ck);
}

enum kb_err kb_milenage_f4(struct kb_milenage *m, uint8_t ik[16])
{
    return compute(m, m->temp, NULL, &out4, ik);
}

enum kb_err kb_milenage_f5star(struct kb_milenage *m, uint8_t ak[6])
{
    uint8_t out[16];
    enum kb_err err = compute(m, m->temp, NULL, &out5, out);

    memcpy(ak, out, 6);
    kb_wipe(out, sizeof(out));
    return err;
}

void kb_c2_sres(const uint8_t res[8], uint8_t sres[4])
{
    for (size_t i = 0; i < 4; i++)
        sres[i] = res[i] ^ res[i + 4];
}

void kb_c3_kc(const uint8_t ck[16], const uint8_t ik[16], uint8_t kc[8])
{
    for (size_t i = 0; i < 8; i++)
        kc[i] = (uint8_t)(ck[i] ^ ck[i + 8] ^ ik[i] ^ ik[i + 8]);
}
