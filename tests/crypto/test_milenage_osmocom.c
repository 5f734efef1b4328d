/* SPDX-License-Identifier: Apache-2.0 */
/* Milenage and the conversions to GSM against libosmogsm, which operators' registers run. The
 * executable links that library and is GPL as a whole; it is never installed. */
#include "tests/crypto/backends.h"

#include <osmocom/crypt/auth.h>

#include "crypto/milenage.h"

enum { ROUNDS = 4000 };

struct subscriber {
    uint8_t k[16], op[16], opc[16], amf[2], rand[16];
    uint64_t sqn;
};

static struct subscriber random_subscriber(const struct kb_crypto *crypto, uint64_t *seed)
{
    struct subscriber s;

    fill_from_seed(seed, s.k, sizeof(s.k));
    fill_from_seed(seed, s.op, sizeof(s.op));
    fill_from_seed(seed, s.amf, sizeof(s.amf));
    fill_from_seed(seed, s.rand, sizeof(s.rand));
    fill_from_seed(seed, &s.sqn, sizeof(s.sqn));
    s.sqn &= 0xFFFFFFFFFFu; /* leaves room to count up */
    assert_int_equal(kb_milenage_opc(crypto, s.k, s.op, s.opc), KB_OK);
    return s;
}

/* As the register keeps the subscriber: with OP, so that it derives OPc by itself. */
static struct osmo_sub_auth_data register_entry(const struct subscriber *s)
{
    struct osmo_sub_auth_data aud = {.type = OSMO_AUTH_TYPE_UMTS, .algo = OSMO_AUTH_ALG_MILENAGE};

    memcpy(aud.u.umts.k, s->k, sizeof(s->k));
    memcpy(aud.u.umts.opc, s->op, sizeof(s->op));
    memcpy(aud.u.umts.amf, s->amf, sizeof(s->amf));
    aud.u.umts.opc_is_op = 1;
    aud.u.umts.sqn = s->sqn;
    aud.u.umts.ind_bitlen = 5;
    aud.u.umts.ind = 3;
    return aud;
}

static void write_sqn(uint64_t number, uint8_t sqn[6])
{
    struct kb_writer wr = kb_wr(sqn, 6);

    kb_wr_u16(&wr, (uint16_t)(number >> 32));
    kb_wr_u32(&wr, (uint32_t)number);
}

/* AUTN as TS 33.102 clause 6.3.2 puts it together: SQN xor AK, AMF, MAC-A. */
static void check_autn(struct kb_milenage *m, const struct subscriber *s, uint64_t number,
                       const uint8_t ak[6], const uint8_t autn[16])
{
    uint8_t sqn[6], expected[16];
    struct kb_writer wr = kb_wr(expected, sizeof(expected));

    write_sqn(number, sqn);
    for (size_t i = 0; i < 6; i++)
        kb_wr_u8(&wr, sqn[i] ^ ak[i]);
    kb_wr_copy(&wr, s->amf, 2);
    assert_int_equal(kb_milenage_f1(m, sqn, s->amf, kb_wr_reserve(&wr, 8), NULL), KB_OK);
    assert_memory_equal(autn, expected, sizeof(expected));
}

static void check_vector(const struct kb_crypto *crypto, const struct subscriber *s)
{
    struct osmo_sub_auth_data aud = register_entry(s);
    struct osmo_auth_vector vec;
    struct kb_milenage m;
    uint8_t res[8], ak[6], ck[16], ik[16], sres[4], kc[8];

    memset(&vec, 0, sizeof(vec));
    assert_int_equal(osmo_auth_gen_vec(&vec, &aud, s->rand), 0);
    assert_int_equal(kb_milenage_challenge(&m, crypto, s->k, s->opc, s->rand), KB_OK);
    assert_int_equal(kb_milenage_f2_f5(&m, res, ak), KB_OK);
    assert_int_equal(kb_milenage_f3(&m, ck), KB_OK);
    assert_int_equal(kb_milenage_f4(&m, ik), KB_OK);
    assert_int_equal(vec.res_len, sizeof(res));
    assert_memory_equal(res, vec.res, sizeof(res));
    assert_memory_equal(ck, vec.ck, sizeof(ck));
    assert_memory_equal(ik, vec.ik, sizeof(ik));
    check_autn(&m, s, aud.u.umts.sqn, ak, vec.autn);
    kb_milenage_end(&m);

    kb_c2_sres(res, sres);
    kb_c3_kc(ck, ik, kc);
    assert_memory_equal(sres, vec.sres, sizeof(sres));
    assert_memory_equal(kc, vec.kc, sizeof(kc));
}

static void vectors_and_triplets_are_those_of_libosmogsm(void **state)
{
    uint64_t seed = 0x4B657962;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct subscriber s = random_subscriber(backend_of(state), &seed);

        check_vector(backend_of(state), &s);
    }
}

/* AUTS (TS 33.102 clause 6.3.3): SQN_MS xor AK of f5*, MAC-S of f1* with an AMF of zeros. */
static void make_auts(const struct kb_crypto *crypto, const struct subscriber *s, uint8_t auts[14])
{
    static const uint8_t amf[2];
    uint8_t sqn[6], ak[6];
    struct kb_milenage m;

    write_sqn(s->sqn, sqn);
    assert_int_equal(kb_milenage_challenge(&m, crypto, s->k, s->opc, s->rand), KB_OK);
    assert_int_equal(kb_milenage_f5star(&m, ak), KB_OK);
    assert_int_equal(kb_milenage_f1(&m, sqn, amf, NULL, auts + 6), KB_OK);
    kb_milenage_end(&m);
    for (size_t i = 0; i < 6; i++)
        auts[i] = sqn[i] ^ ak[i];
}

static void libosmogsm_accepts_our_resynchronization_and_reads_its_sqn(void **state)
{
    uint64_t seed = 0x41555453;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct subscriber s = random_subscriber(backend_of(state), &seed);
        struct osmo_sub_auth_data aud = register_entry(&s);
        struct osmo_auth_vector vec;
        uint8_t auts[14];

        make_auts(backend_of(state), &s, auts);
        memset(&vec, 0, sizeof(vec));
        aud.u.umts.sqn = 0;
        assert_int_equal(osmo_auth_gen_vec_auts(&vec, &aud, auts, s.rand, s.rand), 0);
        assert_int_equal(aud.u.umts.sqn_ms, s.sqn);
        auts[i % sizeof(auts)] ^= 1;
        assert_int_not_equal(osmo_auth_gen_vec_auts(&vec, &aud, auts, s.rand, s.rand), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(vectors_and_triplets_are_those_of_libosmogsm),
        BOTH(libosmogsm_accepts_our_resynchronization_and_reads_its_sqn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
