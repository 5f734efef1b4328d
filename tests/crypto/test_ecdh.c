/* SPDX-License-Identifier: Apache-2.0 */
/* ECDH on P-256 and X25519, and powers modulo a number, on both backends. */
#include "tests/crypto/backends.h"

/* RFC 5903 clause 8.1: both private keys, both public X, the shared X. */
#define P256_I        "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433"
#define P256_R        "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53"
#define P256_IX       "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"
#define P256_RX       "D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63"
#define P256_SHARED_X "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE"

#define PRIME "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"
#define ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
#define ZERO  "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES  "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

static enum kb_err p256(void **state, const char *private_hex, const char *x_hex, uint8_t out[32])
{
    uint8_t private_key[KB_P256_PRIVATE], x[KB_P256_X];

    unhex(private_hex, private_key, sizeof(private_key));
    unhex(x_hex, x, sizeof(x));
    return backend_of(state)->p256_shared(private_key, x, out);
}

static void both_sides_of_rfc_5903_share_the_same_x(void **state)
{
    uint8_t shared[32];

    assert_int_equal(p256(state, P256_I, P256_RX, shared), KB_OK);
    assert_hex(shared, sizeof(shared), P256_SHARED_X);
    assert_int_equal(p256(state, P256_R, P256_IX, shared), KB_OK);
    assert_hex(shared, sizeof(shared), P256_SHARED_X);
}

/* Half of all numbers are the X of no point; the least ones without a root were found with
 * Python's pow(), as was that 5 is one: X = p + 5 would be taken for it, were it reduced. */
static void an_x_without_a_point_is_refused(void **state)
{
    static const char *const numbers[] = {
        "0000000000000000000000000000000000000000000000000000000000000001",
        "0000000000000000000000000000000000000000000000000000000000000002",
        "0000000000000000000000000000000000000000000000000000000000000003",
        "0000000000000000000000000000000000000000000000000000000000000004",
        "0000000000000000000000000000000000000000000000000000000000000007",
        PRIME,
        "FFFFFFFF00000001000000000000000000000001000000000000000000000004",
        ONES};
    static const uint8_t zeros[32];
    uint8_t shared[32];

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        memset(shared, 0xEE, sizeof(shared));
        assert_int_equal(p256(state, P256_I, numbers[i], shared), KB_ERR_INTEGRITY);
        assert_memory_equal(shared, zeros, sizeof(shared));
    }
    assert_int_equal(p256(state, P256_I,
                          "0000000000000000000000000000000000000000000000000000000000000005",
                          shared),
                     KB_OK);
}

static void a_private_key_outside_1_to_n_minus_1_is_refused(void **state)
{
    static const char *const keys[] = {ZERO, ORDER, ONES};
    uint8_t shared[32];

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_int_equal(p256(state, keys[i], P256_RX, shared), KB_ERR_RANGE);
}

/* RFC 7748 clause 5.2: scalar, coordinate, result. The coordinate of the second has its last bit
 * set, which is masked. */
static void x25519_is_that_of_rfc_7748_clause_5_2(void **state)
{
    static const char *const vectors[][3] = {
        {"A546E36BF0527C9D3B16154B82465EDD62144C0AC1FC5A18506A2244BA449AC4",
         "E6DB6867583030DB3594C1A424B15F7C726624EC26B3353B10A903A6D0AB1C4C",
         "C3DA55379DE9C6908E94EA4DF28D084F32ECCF03491C71F754B4075577A28552"},
        {"4B66E9D4D1B4673C5AD22691957D6AF5C11B6421E0EA01D42CA4169E7918BA0D",
         "E5210F12786811D3F4B7959D0538AE2C31DBE7106FC03C3EFC4CD549C715A493",
         "95CBDE9476E8907D7AADE45CB4B873F88B595A68799FA152E6F8F7647AAC7957"},
    };
    uint8_t scalar[32], coordinate[32], out[32];

    for (size_t i = 0; i < 2; i++) {
        unhex(vectors[i][0], scalar, sizeof(scalar));
        unhex(vectors[i][1], coordinate, sizeof(coordinate));
        assert_int_equal(backend_of(state)->x25519_shared(scalar, coordinate, out), KB_OK);
        assert_hex(out, sizeof(out), vectors[i][2]);
    }
}

static void x25519_a_thousand_times_is_that_of_rfc_7748_clause_5_2(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t k[32] = {9}, u[32] = {9}, next[32];
    /* mbed TLS takes a second for a hundred under the sanitizers. */
    unsigned rounds = crypto == &kb_crypto_openssl ? 1000 : 1;

    for (unsigned i = 0; i < rounds; i++) {
        assert_int_equal(crypto->x25519_shared(k, u, next), KB_OK);
        memcpy(u, k, 32);
        memcpy(k, next, 32);
        if (i == 0)
            assert_hex(k, 32, "422C8E7A6227D7BCA1350B3E2BB7279F7897B87BB6854B783C60E80311AE3079");
    }
    if (rounds == 1000)
        assert_hex(k, 32, "684CF59BA83309552800EF566F2F4D3C1C3887C49360E3875F2EB94D99532C51");
}

static void x25519_agrees_as_in_rfc_7748_clause_6_1(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t a[32], b[32], public_a[32], public_b[32], shared[32];

    unhex("77076D0A7318A57D3C16C17251B26645DF4C2F87EBC0992AB177FBA51DB92C2A", a, sizeof(a));
    unhex("5DAB087E624A8A4B79E17F8B83800EE66F3BB1292618B6FD1C2F8B27FF88E0EB", b, sizeof(b));
    assert_int_equal(crypto->x25519_public(a, public_a), KB_OK);
    assert_hex(public_a, 32, "8520F0098930A754748B7DDCB43EF75A0DBF3A0D26381AF4EBA4A98EAA9B4E6A");
    assert_int_equal(crypto->x25519_public(b, public_b), KB_OK);
    assert_hex(public_b, 32, "DE9EDB7D7B7DC1B4D35B61C2ECE435373F8343C85B78674DADFC7E146F882B4F");
    assert_int_equal(crypto->x25519_shared(a, public_b, shared), KB_OK);
    assert_hex(shared, 32, "4A5D9D5BA4CE2DE1728E3BF480350F25E07E21C947D19E3376F09B3C1E161742");
    assert_int_equal(crypto->x25519_shared(b, public_a, shared), KB_OK);
    assert_hex(shared, 32, "4A5D9D5BA4CE2DE1728E3BF480350F25E07E21C947D19E3376F09B3C1E161742");
}

/* RFC 7748 clause 6.1: a result of all zeros. The coordinates of order 1, 2, 4 and 8, on the curve
 * and its twist, and those that become them when reduced. */
static void x25519_refuses_points_of_low_order(void **state)
{
    static const char *const points[] = {
        ZERO,
        "0100000000000000000000000000000000000000000000000000000000000000",
        "E0EB7A7C3B41B8AE1656E3FAF19FC46ADA098DEB9C32B1FD866205165F49B800",
        "5F9C95BCA3508C24B1D0B1559C83EF5B04445CC4581C8E86D8224EDDD09F1157",
        "ECFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
        "EDFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
        "EEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
    };
    static const uint8_t zeros[32];
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t private_key[32], point[32], shared[32];

    for (size_t i = 0; i < 2 * sizeof(points) / sizeof(points[0]); i++) {
        unhex(points[i / 2], point, sizeof(point));
        point[31] |= (uint8_t)(i % 2 << 7);
        assert_int_equal(crypto->random(private_key, sizeof(private_key)), KB_OK);
        memset(shared, 0xEE, sizeof(shared));
        assert_int_equal(crypto->x25519_shared(private_key, point, shared), KB_ERR_INTEGRITY);
        assert_memory_equal(shared, zeros, sizeof(shared));
    }
}

/* What one backend takes as a key, the other does, and both agree. */
static void both_backends_agree_with_one_another(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t a[32], b[32], public_a[KB_P256_PUBLIC], public_b[KB_P256_PUBLIC];
        uint8_t left[32], right[32];

        assert_int_equal(kb_crypto_mbedtls.p256_keypair(a, public_a), KB_OK);
        assert_int_equal(kb_crypto_openssl.p256_keypair(b, public_b), KB_OK);
        assert_int_equal(kb_crypto_mbedtls.p256_shared(a, public_b, left), KB_OK);
        assert_int_equal(kb_crypto_openssl.p256_shared(b, public_a, right), KB_OK);
        assert_memory_equal(left, right, sizeof(left));
        assert_int_equal(kb_crypto_mbedtls.x25519_public(a, public_a), KB_OK);
        assert_int_equal(kb_crypto_openssl.x25519_public(b, public_b), KB_OK);
        assert_int_equal(kb_crypto_mbedtls.x25519_shared(a, public_b, left), KB_OK);
        assert_int_equal(kb_crypto_openssl.x25519_shared(b, public_a, right), KB_OK);
        assert_memory_equal(left, right, sizeof(left));
    }
}

/* Values of Python's pow(). */
static void powers_are_those_of_another_implementation(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t base[64], exponent[32], modulus[64], out[64];

    for (size_t i = 0; i < 64; i++) {
        base[i] = (uint8_t)i;
        modulus[i] = (uint8_t)(i + 1);
        exponent[i % 32] = (uint8_t)(200 + i % 32);
    }
    modulus[63] |= 1;
    assert_int_equal(
        crypto->power(kb_span(base, 64), kb_span(exponent, 32), kb_span(modulus, 64), out), KB_OK);
    assert_hex(out, sizeof(out),
               "007B4FE2094B6A0110B0E7F1D4A43E4932D96F22D2E1333C99AB996151758EAF1139A40EDAE0D91EE4"
               "F00FED10835B58123C90EB83AD3096C084104D94F02FED");
    modulus[63] &= 0xFE;
    assert_int_equal(
        crypto->power(kb_span(base, 64), kb_span(exponent, 32), kb_span(modulus, 64), out),
        KB_ERR_RANGE);
    assert_int_equal(
        crypto->power(kb_span(base, 64), kb_span(exponent, 32), kb_span(modulus, 0), out),
        KB_ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(both_sides_of_rfc_5903_share_the_same_x),
        BOTH(an_x_without_a_point_is_refused),
        BOTH(a_private_key_outside_1_to_n_minus_1_is_refused),
        BOTH(x25519_is_that_of_rfc_7748_clause_5_2),
        BOTH(x25519_a_thousand_times_is_that_of_rfc_7748_clause_5_2),
        BOTH(x25519_agrees_as_in_rfc_7748_clause_6_1),
        BOTH(x25519_refuses_points_of_low_order),
        cmocka_unit_test(both_backends_agree_with_one_another),
        BOTH(powers_are_those_of_another_implementation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
