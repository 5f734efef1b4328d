/* SPDX-License-Identifier: Apache-2.0 */
/* What a subscription may ask of its algorithm, and what XOR and TUAK make of it (3GPP TS 33.102
 * clause 6.8.1.2, TS 35.233, TS 51.010-1 annex 4). */
#include "tests/crypto/backends.h"

#include "crypto/aka.h"
#include "tests/crypto/failing.h"

static const struct kb_aka_profile usual = {KB_AKA_MILENAGE, KB_GSM_CONVERTED, 8, 16, 16, 8, 1};

static enum kb_err check(uint8_t algorithm, uint8_t res, uint8_t ck, uint8_t ik, uint8_t mac,
                         uint8_t iterations)
{
    struct kb_aka_profile profile = {algorithm, KB_GSM_CONVERTED, res, ck, ik, mac, iterations};

    return kb_aka_check(&profile);
}

static void each_algorithm_has_its_lengths(void **state)
{
    struct kb_aka_profile profile = usual;

    (void)state;
    for (uint8_t res = 0; res < 40; res++) {
        bool milenage = res >= 4 && res <= 8, any = res >= 4 && res <= 16;
        bool tuak = res == 4 || res == 8 || res == 16;

        assert_int_equal(!check(KB_AKA_MILENAGE, res, 16, 16, 8, 0), milenage);
        assert_int_equal(!check(KB_AKA_XOR, res, 16, 16, 8, 0), any);
        assert_int_equal(!check(KB_AKA_TUAK, res, 16, 32, 16, 1), tuak);
    }
    assert_int_equal(check(KB_AKA_TUAK, 8, 32, 16, 32, 255), KB_OK);
    assert_int_equal(check(KB_AKA_TUAK, 8, 16, 16, 8, 0), KB_ERR_RANGE);
    assert_int_equal(check(KB_AKA_TUAK, 8, 16, 16, 9, 1), KB_ERR_RANGE);
    assert_int_equal(check(KB_AKA_MILENAGE, 8, 32, 16, 8, 1), KB_ERR_RANGE);
    assert_int_equal(check(KB_AKA_MILENAGE, 8, 16, 32, 8, 1), KB_ERR_RANGE);
    assert_int_equal(check(KB_AKA_MILENAGE, 8, 16, 16, 16, 1), KB_ERR_RANGE);
    assert_int_equal(check(KB_AKA_ALGORITHMS, 8, 16, 16, 8, 1), KB_ERR_RANGE);
    profile.gsm = KB_GSM_ALGORITHMS;
    assert_int_equal(kb_aka_check(&profile), KB_ERR_RANGE);
}

static enum kb_err start(uint8_t algorithm, size_t k_len, size_t top_len)
{
    static const uint8_t bytes[33], rand[16];
    const struct kb_aka_keys keys = {kb_span(bytes, k_len), kb_span(bytes, top_len)};
    struct kb_aka_profile profile = usual;
    struct kb_aka aka;
    enum kb_err err;

    profile.algorithm = algorithm;
    err = kb_aka_start(&aka, &kb_crypto_mbedtls, &profile, &keys, rand);
    if (!err)
        kb_aka_end(&aka);
    return err;
}

static void keys_of_other_lengths_are_none(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 33; len++) {
        assert_int_equal(!start(KB_AKA_MILENAGE, len, 16), len == 16);
        assert_int_equal(!start(KB_AKA_MILENAGE, 16, len), len == 16);
        assert_int_equal(!start(KB_AKA_TUAK, len, 32), len == 16 || len == 32);
        assert_int_equal(!start(KB_AKA_TUAK, 32, len), len == 32);
        assert_int_equal(!start(KB_AKA_XOR, len, len), len == 16);
    }
}

/* TS 35.233 test set 7.6, whose keys have 256 bits: all pieces of 8 bytes are added up. */
static void kc_adds_up_all_of_ck_and_ik(void **state)
{
    const struct kb_aka_profile longest = {KB_AKA_TUAK, KB_GSM_CONVERTED, 16, 32, 32, 8, 2};
    struct kb_aka_answer answer;
    uint64_t sum = 0;
    uint8_t kc[8];

    (void)state;
    unhex("ede57edfc57cdffe1aae75066a1b7479bbc3837438e88d37a801cccc9f972b89", answer.ck, 32);
    unhex("48ed9299126e5057402fe01f9201cf25249f9c5c0ed2afcf084755daff1d3999", answer.ik, 32);
    kb_aka_kc(&longest, &answer, kc);
    sum = 0xede57edfc57cdffe ^ 0x1aae75066a1b7479 ^ 0xbbc3837438e88d37 ^ 0xa801cccc9f972b89;
    sum ^= 0x48ed9299126e5057 ^ 0x402fe01f9201cf25 ^ 0x249f9c5c0ed2afcf ^ 0x084755daff1d3999;
    for (size_t i = 8; i-- > 0; sum >>= 8)
        assert_int_equal(kc[i], (uint8_t)sum);
}

/* TS 51.010-1 annex 4 clause A.4.1.2: SRES is the first 32 bits of Ki xor RAND, Kc the next 64. */
static void xor_for_gsm_cuts_the_sum(void **state)
{
    struct kb_aka_profile profile = usual;
    uint8_t k[16], rand[16], sres[4], kc[8];
    const struct kb_aka_keys keys = {kb_span(k, 16), {NULL, 0}}, none = {kb_span(k, 15), {NULL, 0}};

    (void)state;
    profile.gsm = KB_GSM_XOR;
    unhex("000102030405060708090a0b0c0d0e0f", k, 16);
    unhex("00102030405060708090a0b0c0d0e0f0", rand, 16);
    assert_int_equal(kb_aka_gsm(&kb_crypto_mbedtls, &profile, &keys, rand, sres, kc), KB_OK);
    assert_hex(sres, 4, "00112233");
    assert_hex(kc, 8, "445566778899aabb");
    assert_int_equal(kb_aka_gsm(&kb_crypto_mbedtls, &profile, &none, rand, sres, kc),
                     KB_ERR_ABSENT);
}

/* Five blocks of AES and a key schedule: whichever fails, somebody hears of it. */
static void a_failing_port_is_told(void **state)
{
    static const uint8_t bytes[16];
    const struct kb_aka_keys keys = {kb_span(bytes, 16), kb_span(bytes, 16)};
    uint8_t sres[4], kc[8];
    unsigned calls;

    (void)state;
    for (calls = 0; calls < 5; calls++) {
        struct kb_crypto port = failing_port(calls);

        assert_int_equal(kb_aka_gsm(&port, &usual, &keys, bytes, sres, kc), KB_ERR_CRYPTO);
    }
    {
        struct kb_crypto port = failing_port(calls);

        assert_int_equal(kb_aka_gsm(&port, &usual, &keys, bytes, sres, kc), KB_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_has_its_lengths),
        cmocka_unit_test(keys_of_other_lengths_are_none),
        cmocka_unit_test(kc_adds_up_all_of_ck_and_ik),
        cmocka_unit_test(xor_for_gsm_cuts_the_sum),
        cmocka_unit_test(a_failing_port_is_told),
    };

    return cmocka_run_group_tests_name("AKA", tests, NULL, NULL);
}
