/* SPDX-License-Identifier: Apache-2.0 */
/* One face for the algorithms of subscribers. */
#include "crypto/aka.h"

#include <string.h>

#include "crypto/comp128.h"
#include "crypto/secret.h"
#include "crypto/xor.h"

/* An algorithm, behind lengths that are known to fit. */
struct algorithm {
    uint8_t top_len;
    uint8_t res_max; /* TUAK's own check is narrower */
    enum kb_err (*start)(struct kb_aka *aka, const struct kb_crypto *crypto,
                         const struct kb_aka_keys *keys, const uint8_t rand[16]);
    enum kb_err (*mac)(struct kb_aka *aka, bool is_resync, const uint8_t sqn[6],
                       const uint8_t amf[2], uint8_t mac[KB_AKA_MAC_MAX]);
    enum kb_err (*answer)(struct kb_aka *aka, struct kb_aka_answer *answer);
    enum kb_err (*resync_key)(struct kb_aka *aka, uint8_t ak[6]);
};

/* --- Milenage --- */

static enum kb_err milenage_start(struct kb_aka *aka, const struct kb_crypto *crypto,
                                  const struct kb_aka_keys *keys, const uint8_t rand[16])
{
    return kb_milenage_challenge(&aka->with.milenage, crypto, keys->k.data, keys->top.data, rand);
}

static enum kb_err milenage_mac(struct kb_aka *aka, bool is_resync, const uint8_t sqn[6],
                                const uint8_t amf[2], uint8_t mac[KB_AKA_MAC_MAX])
{
    return kb_milenage_f1(&aka->with.milenage, sqn, amf, is_resync ? NULL : mac,
                          is_resync ? mac : NULL);
}

static enum kb_err milenage_answer(struct kb_aka *aka, struct kb_aka_answer *answer)
{
    struct kb_milenage *m = &aka->with.milenage;
    enum kb_err err = kb_milenage_f2_f5(m, answer->res, answer->ak);

    if (!err)
        err = kb_milenage_f3(m, answer->ck);
    return err ? err : kb_milenage_f4(m, answer->ik);
}

static enum kb_err milenage_resync_key(struct kb_aka *aka, uint8_t ak[6])
{
    return kb_milenage_f5star(&aka->with.milenage, ak);
}

/* --- TUAK --- */

static enum kb_err tuak_start(struct kb_aka *aka, const struct kb_crypto *crypto,
                              const struct kb_aka_keys *keys, const uint8_t rand[16])
{
    struct kb_tuak *t = &aka->with.tuak;

    (void)crypto;
    memcpy(t->k, keys->k.data, keys->k.len);
    memcpy(t->topc, keys->top.data, sizeof(t->topc));
    memcpy(t->rand, rand, sizeof(t->rand));
    t->k_len = (uint8_t)keys->k.len;
    t->iterations = aka->profile->iterations;
    return KB_OK;
}

static enum kb_err tuak_mac(struct kb_aka *aka, bool is_resync, const uint8_t sqn[6],
                            const uint8_t amf[2], uint8_t mac[KB_AKA_MAC_MAX])
{
    kb_tuak_f1(&aka->with.tuak, is_resync, sqn, amf, mac, aka->profile->mac_len);
    return KB_OK;
}

static enum kb_err tuak_answer(struct kb_aka *aka, struct kb_aka_answer *answer)
{
    const struct kb_aka_profile *p = aka->profile;

    kb_tuak_f2345(&aka->with.tuak, answer->res, p->res_len, answer->ck, p->ck_len, answer->ik,
                  p->ik_len, answer->ak);
    return KB_OK;
}

static enum kb_err tuak_resync_key(struct kb_aka *aka, uint8_t ak[6])
{
    kb_tuak_f5star(&aka->with.tuak, ak);
    return KB_OK;
}

/* --- XOR --- */

static enum kb_err xor_start(struct kb_aka *aka, const struct kb_crypto *crypto,
                             const struct kb_aka_keys *keys, const uint8_t rand[16])
{
    (void)crypto;
    kb_xor_challenge(keys->k.data, rand, aka->with.xdout);
    return KB_OK;
}

static enum kb_err xor_mac(struct kb_aka *aka, bool is_resync, const uint8_t sqn[6],
                           const uint8_t amf[2], uint8_t mac[KB_AKA_MAC_MAX])
{
    (void)is_resync;
    kb_xor_f1(aka->with.xdout, sqn, amf, mac);
    return KB_OK;
}

static enum kb_err xor_answer(struct kb_aka *aka, struct kb_aka_answer *answer)
{
    kb_xor_f2345(aka->with.xdout, answer->res, aka->profile->res_len, answer->ck, answer->ik,
                 answer->ak);
    return KB_OK;
}

static enum kb_err xor_resync_key(struct kb_aka *aka, uint8_t ak[6])
{
    kb_xor_f5star(aka->with.xdout, ak);
    return KB_OK;
}

/* --- All of them --- */

static const struct algorithm algorithms[KB_AKA_ALGORITHMS] = {
    [KB_AKA_MILENAGE] = {16, 8, milenage_start, milenage_mac, milenage_answer, milenage_resync_key},
    [KB_AKA_TUAK] = {KB_TUAK_TOPC, 16, tuak_start, tuak_mac, tuak_answer, tuak_resync_key},
    [KB_AKA_XOR] = {0, 16, xor_start, xor_mac, xor_answer, xor_resync_key},
};

static const struct algorithm *algorithm_of(const struct kb_aka *aka)
{
    return &algorithms[aka->profile->algorithm];
}

enum kb_err kb_aka_check(const struct kb_aka_profile *p)
{
    bool is_right = p->algorithm < KB_AKA_ALGORITHMS && p->gsm < KB_GSM_ALGORITHMS;

    if (!is_right || p->res_len < KB_AKA_RES_MIN || p->res_len > algorithms[p->algorithm].res_max)
        return KB_ERR_RANGE;
    if (p->algorithm == KB_AKA_TUAK)
        is_right = p->iterations && kb_tuak_takes(16, p->mac_len, p->res_len, p->ck_len, p->ik_len);
    else
        is_right = p->mac_len == 8 && p->ck_len == 16 && p->ik_len == 16;
    return is_right ? KB_OK : KB_ERR_RANGE;
}

enum kb_err kb_aka_start(struct kb_aka *aka, const struct kb_crypto *crypto,
                         const struct kb_aka_profile *profile, const struct kb_aka_keys *keys,
                         const uint8_t rand[16])
{
    const struct algorithm *algorithm = &algorithms[profile->algorithm];
    bool may_be_long = profile->algorithm == KB_AKA_TUAK;

    aka->profile = profile;
    if (keys->k.len != 16 && !(may_be_long && keys->k.len == 32))
        return KB_ERR_ABSENT;
    if (algorithm->top_len && keys->top.len != algorithm->top_len)
        return KB_ERR_ABSENT;
    return algorithm->start(aka, crypto, keys, rand);
}

void kb_aka_end(struct kb_aka *aka)
{
    if (aka->profile->algorithm == KB_AKA_MILENAGE)
        kb_milenage_end(&aka->with.milenage);
    else
        kb_wipe(&aka->with, sizeof(aka->with));
}

enum kb_err kb_aka_mac(struct kb_aka *aka, bool is_resync, const uint8_t sqn[6],
                       const uint8_t amf[2], uint8_t mac[KB_AKA_MAC_MAX])
{
    return algorithm_of(aka)->mac(aka, is_resync, sqn, amf, mac);
}

enum kb_err kb_aka_answer(struct kb_aka *aka, struct kb_aka_answer *answer)
{
    return algorithm_of(aka)->answer(aka, answer);
}

enum kb_err kb_aka_resync_key(struct kb_aka *aka, uint8_t ak[6])
{
    return algorithm_of(aka)->resync_key(aka, ak);
}

/* Adds the pieces of a value to out. */
static void fold(const uint8_t *value, size_t value_len, uint8_t *out, size_t out_len)
{
    for (size_t i = 0; i < value_len; i++)
        out[i % out_len] ^= value[i];
}

void kb_aka_kc(const struct kb_aka_profile *profile, const struct kb_aka_answer *answer,
               uint8_t kc[8])
{
    memset(kc, 0, 8);
    fold(answer->ck, profile->ck_len, kc, 8);
    fold(answer->ik, profile->ik_len, kc, 8);
}

/* c2 (TS 33.102 clause 6.8.1.2): RES in pieces of 4 bytes, the last one filled up with zeros. */
static enum kb_err convert(const struct kb_crypto *crypto, const struct kb_aka_profile *profile,
                           const struct kb_aka_keys *keys, const uint8_t rand[16], uint8_t sres[4],
                           uint8_t kc[8])
{
    struct kb_aka_answer answer;
    struct kb_aka aka;
    enum kb_err err = kb_aka_start(&aka, crypto, profile, keys, rand);

    if (err)
        return err;
    err = kb_aka_answer(&aka, &answer);
    if (!err) {
        memset(sres, 0, 4);
        fold(answer.res, profile->res_len, sres, 4);
        kb_aka_kc(profile, &answer, kc);
    }
    kb_aka_end(&aka);
    kb_wipe(&answer, sizeof(answer));
    return err;
}

enum kb_err kb_aka_gsm(const struct kb_crypto *crypto, const struct kb_aka_profile *profile,
                       const struct kb_aka_keys *keys, const uint8_t rand[16], uint8_t sres[4],
                       uint8_t kc[8])
{
    if (profile->gsm == KB_GSM_CONVERTED)
        return convert(crypto, profile, keys, rand, sres, kc);
    if (keys->k.len != 16)
        return KB_ERR_ABSENT;
    if (profile->gsm == KB_GSM_XOR)
        kb_xor_gsm(keys->k.data, rand, sres, kc);
    else
        kb_comp128(profile->gsm, keys->k.data, rand, sres, kc);
    return KB_OK;
}
