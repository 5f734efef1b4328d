/* SPDX-License-Identifier: Apache-2.0 */
/* TUAK (3GPP TS 35.231 clause 6). */
#include "crypto/tuak.h"

#include <string.h>

#include "crypto/keccak.h"
#include "crypto/secret.h"

/* Clause 6: what lies where in the block; numbers have their last byte first. */
enum {
    AT_TOP = 0, /* TOP or TOPc, and the first output */
    AT_INSTANCE = 32,
    AT_NAME = 33,
    AT_RAND = 40,
    AT_AMF = 56,
    AT_SQN = 58,
    AT_KEY = 64,
    AT_PAD = 96,      /* 1111 1 */
    AT_PAD_END = 135, /* the last bit of the rate */
    AT_CK = 32,
    AT_IK = 64,
    AT_AK = 96
};

/* Bits of INSTANCE, and those of the key and output lengths. */
enum {
    INSTANCE_F1 = 0x00,
    INSTANCE_F1STAR = 0x80,
    INSTANCE_F2345 = 0x40,
    INSTANCE_F5STAR = 0xC0,
    LONG_KEY = 0x01,
    LONG_IK = 0x02,
    LONG_CK = 0x04
};

static const uint8_t name[7] = {'T', 'U', 'A', 'K', '1', '.', '0'};

static void put(uint8_t *block, const uint8_t *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        block[i] = value[len - 1 - i];
}

/* The block with key and name, run through Keccak; the caller has put what else its function
 * wants. */
static void run(uint8_t block[KB_KECCAK_STATE], unsigned instance, struct kb_span k,
                unsigned iterations)
{
    block[AT_INSTANCE] = (uint8_t)(instance | (k.len == 32 ? LONG_KEY : 0));
    put(block + AT_NAME, name, sizeof(name));
    put(block + AT_KEY, k.data, k.len);
    block[AT_PAD] = 0x1F;
    block[AT_PAD_END] = 0x80;
    while (iterations--)
        kb_keccak(block);
}

static void start(const struct kb_tuak *t, uint8_t block[KB_KECCAK_STATE])
{
    memset(block, 0, KB_KECCAK_STATE);
    put(block + AT_TOP, t->topc, sizeof(t->topc));
    put(block + AT_RAND, t->rand, sizeof(t->rand));
}

bool kb_tuak_takes(size_t k_len, size_t mac_len, size_t res_len, size_t ck_len, size_t ik_len)
{
    return (k_len == 16 || k_len == 32) && (mac_len == 8 || mac_len == 16 || mac_len == 32) &&
           (res_len == 4 || res_len == 8 || res_len == 16 || res_len == 32) &&
           (ck_len == 16 || ck_len == 32) && (ik_len == 16 || ik_len == 32);
}

void kb_tuak_topc(struct kb_span k, const uint8_t top[32], uint8_t iterations,
                  uint8_t topc[KB_TUAK_TOPC])
{
    uint8_t block[KB_KECCAK_STATE] = {0};

    put(block + AT_TOP, top, KB_TUAK_TOPC);
    run(block, 0, k, iterations);
    put(topc, block + AT_TOP, KB_TUAK_TOPC);
    kb_wipe(block, sizeof(block));
}

void kb_tuak_f1(const struct kb_tuak *t, bool is_resync, const uint8_t sqn[6], const uint8_t amf[2],
                uint8_t *mac, size_t mac_len)
{
    uint8_t block[KB_KECCAK_STATE];
    unsigned instance = is_resync ? INSTANCE_F1STAR : INSTANCE_F1;

    start(t, block);
    put(block + AT_AMF, amf, 2);
    put(block + AT_SQN, sqn, 6);
    run(block, instance | (unsigned)mac_len, kb_span(t->k, t->k_len), t->iterations);
    put(mac, block, mac_len);
    kb_wipe(block, sizeof(block));
}

void kb_tuak_f2345(const struct kb_tuak *t, uint8_t *res, size_t res_len, uint8_t *ck,
                   size_t ck_len, uint8_t *ik, size_t ik_len, uint8_t ak[6])
{
    uint8_t block[KB_KECCAK_STATE];
    unsigned instance =
        INSTANCE_F2345 | (ck_len == 32 ? LONG_CK : 0) | (ik_len == 32 ? LONG_IK : 0);

    start(t, block);
    /* A RES of 32 bits is told by no bit. */
    run(block, instance | (unsigned)(res_len & ~(size_t)4), kb_span(t->k, t->k_len), t->iterations);
    put(res, block, res_len);
    put(ck, block + AT_CK, ck_len);
    put(ik, block + AT_IK, ik_len);
    put(ak, block + AT_AK, 6);
    kb_wipe(block, sizeof(block));
}

void kb_tuak_f5star(const struct kb_tuak *t, uint8_t ak[6])
{
    uint8_t block[KB_KECCAK_STATE];

    start(t, block);
    run(block, INSTANCE_F5STAR, kb_span(t->k, t->k_len), t->iterations);
    put(ak, block + AT_AK, 6);
    kb_wipe(block, sizeof(block));
}
