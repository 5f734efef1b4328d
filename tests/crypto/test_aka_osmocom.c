/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithms of subscribers against libosmogsm: COMP128 versions 1, 2 and 3, XOR and Milenage.
 * The executable links that library and is GPL as a whole; it is never installed. */
#include "tests/crypto/backends.h"

#include <osmocom/crypt/auth.h>

#include "crypto/aka.h"

enum { ROUNDS = 100 };

static const struct kb_aka_profile usual = {KB_AKA_MILENAGE, KB_GSM_CONVERTED, 8, 16, 16, 8, 1};

static void comp128_gives_the_librarys_sres_and_kc(void **state)
{
    static const enum osmo_auth_algo algorithms[] = {
        OSMO_AUTH_ALG_COMP128v1, OSMO_AUTH_ALG_COMP128v2, OSMO_AUTH_ALG_COMP128v3};
    uint64_t seed = 7;

    for (unsigned round = 0; round < 3 * ROUNDS; round++) {
        struct osmo_sub_auth_data entry = {.type = OSMO_AUTH_TYPE_GSM,
                                           .algo = algorithms[round % 3]};
        struct kb_aka_profile profile = usual;
        struct kb_aka_keys keys = {kb_span(entry.u.gsm.ki, 16), {NULL, 0}};
        struct osmo_auth_vector vector;
        uint8_t rand[16], sres[4], kc[8];

        profile.gsm = (uint8_t)(KB_GSM_COMP128_1 + round % 3);
        memset(&vector, 0, sizeof(vector));
        fill_from_seed(&seed, entry.u.gsm.ki, 16);
        fill_from_seed(&seed, rand, sizeof(rand));
        assert_int_equal(osmo_auth_gen_vec(&vector, &entry, rand), 0);
        assert_int_equal(kb_aka_gsm(backend_of(state), &profile, &keys, rand, sres, kc), KB_OK);
        assert_memory_equal(sres, vector.sres, sizeof(sres));
        assert_memory_equal(kc, vector.kc, sizeof(kc));
    }
}

/* A vector of the library with SQN 32 is answered as the library expects. */
static void check(const struct kb_crypto *crypto, struct osmo_sub_auth_data *entry,
                  const struct kb_aka_profile *profile, const uint8_t rand[16])
{
    const uint8_t sqn[6] = {0, 0, 0, 0, 0, 32};
    struct kb_aka_keys keys = {kb_span(entry->u.umts.k, 16), kb_span(entry->u.umts.opc, 16)};
    uint8_t mac[KB_AKA_MAC_MAX], sres[4], kc[8];
    struct osmo_auth_vector vector;
    struct kb_aka_answer answer;
    struct kb_aka aka;

    memset(&vector, 0, sizeof(vector));
    entry->u.umts.sqn = entry->algo == OSMO_AUTH_ALG_XOR ? 32 : 0;
    assert_int_equal(osmo_auth_gen_vec(&vector, entry, rand), 0);
    assert_int_equal(kb_aka_start(&aka, crypto, profile, &keys, rand), KB_OK);
    assert_int_equal(kb_aka_answer(&aka, &answer), KB_OK);
    assert_int_equal(kb_aka_mac(&aka, false, sqn, entry->u.umts.amf, mac), KB_OK);
    kb_aka_end(&aka);
    assert_memory_equal(answer.res, vector.res, profile->res_len);
    assert_memory_equal(answer.ck, vector.ck, 16);
    assert_memory_equal(answer.ik, vector.ik, 16);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(answer.ak[i] ^ sqn[i], vector.autn[i]);
    assert_memory_equal(mac, vector.autn + 8, 8);
    if (profile->res_len != vector.res_len)
        return;
    assert_int_equal(kb_aka_gsm(crypto, profile, &keys, rand, sres, kc), KB_OK);
    assert_memory_equal(sres, vector.sres, 4);
    assert_memory_equal(kc, vector.kc, 8);
}

static void xor_and_milenage_answer_the_librarys_vectors(void **state)
{
    uint64_t seed = 9;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct osmo_sub_auth_data entry = {.type = OSMO_AUTH_TYPE_UMTS};
        struct kb_aka_profile profile = usual;
        uint8_t rand[16];

        entry.u.umts.ind_bitlen = 5;
        fill_from_seed(&seed, rand, sizeof(rand));
        fill_from_seed(&seed, entry.u.umts.k, 16);
        fill_from_seed(&seed, entry.u.umts.opc, 16);
        fill_from_seed(&seed, entry.u.umts.amf, 2);
        entry.algo = OSMO_AUTH_ALG_MILENAGE;
        for (profile.res_len = 4; profile.res_len <= 8; profile.res_len++)
            check(backend_of(state), &entry, &profile, rand);
        entry.algo = OSMO_AUTH_ALG_XOR;
        profile.algorithm = KB_AKA_XOR;
        for (profile.res_len = 4; profile.res_len <= 16; profile.res_len++)
            check(backend_of(state), &entry, &profile, rand);
    }
}

/* MAC-S and AK*: the library takes our AUTS. */
static void the_library_takes_our_auts(void **state)
{
    static const struct {
        enum osmo_auth_algo library;
        uint8_t ours;
    } algorithms[] = {{OSMO_AUTH_ALG_MILENAGE, KB_AKA_MILENAGE}, {OSMO_AUTH_ALG_XOR, KB_AKA_XOR}};
    static const uint8_t amf[2] = {0, 0}, sqn[6] = {0, 1, 2, 3, 4, 0x25};
    uint64_t seed = 11;

    for (size_t i = 0; i < 2; i++) {
        struct osmo_sub_auth_data entry = {.type = OSMO_AUTH_TYPE_UMTS,
                                           .algo = algorithms[i].library};
        struct kb_aka_keys keys = {kb_span(entry.u.umts.k, 16), kb_span(entry.u.umts.opc, 16)};
        struct kb_aka_profile profile = usual;
        struct osmo_auth_vector vector;
        uint8_t rand[16], auts[6 + KB_AKA_MAC_MAX];
        struct kb_aka aka;

        profile.algorithm = algorithms[i].ours;
        entry.u.umts.ind_bitlen = 5;
        fill_from_seed(&seed, entry.u.umts.k, 16);
        fill_from_seed(&seed, entry.u.umts.opc, 16);
        fill_from_seed(&seed, rand, sizeof(rand));
        assert_int_equal(kb_aka_start(&aka, backend_of(state), &profile, &keys, rand), KB_OK);
        assert_int_equal(kb_aka_resync_key(&aka, auts), KB_OK);
        for (size_t at = 0; at < 6; at++)
            auts[at] ^= sqn[at];
        assert_int_equal(kb_aka_mac(&aka, true, sqn, amf, auts + 6), KB_OK);
        kb_aka_end(&aka);
        memset(&vector, 0, sizeof(vector));
        assert_int_equal(osmo_auth_gen_vec_auts(&vector, &entry, auts, rand, rand), 0);
        auts[13] ^= 1;
        assert_int_not_equal(osmo_auth_gen_vec_auts(&vector, &entry, auts, rand, rand), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(comp128_gives_the_librarys_sres_and_kc),
        BOTH(xor_and_milenage_answer_the_librarys_vectors),
        BOTH(the_library_takes_our_auts),
    };

    return cmocka_run_group_tests_name("AKA and libosmogsm", tests, NULL, NULL);
}
