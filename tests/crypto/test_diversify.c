/* SPDX-License-Identifier: Apache-2.0 */
/* Diversification against two other implementations of SP 800-108: the values of KBKDFCMAC of
 * Python's cryptography package (counter of one byte before the fixed input, length of two), and
 * OpenSSL's CMAC over the input written out. */
#include "tests/crypto/backends.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/diversify.h"
#include "tests/crypto/failing.h"

/* Master 00 01 02 ...; "perso code" of the card 8988219000000117833 unless told otherwise. */
static const struct {
    size_t master_len, out_len;
    const char *label, *context, *out; /* the last bytes of out */
} vectors[] = {
    {16, 1, "perso code", "8988219000000117833", "43"},
    {16, 8, "perso code", "8988219000000117833", "461495C1E61F7F82"},
    {16, 16, "perso code", "8988219000000117833", "89842ABD302E06EE87B1FEBAC8565710"},
    {16, 17, "perso code", "8988219000000117833", "9C3A47BFF284ED0E24FE7F4FF8C160586E"},
    {16, 255, "perso code", "8988219000000117833", "F70CD5CEC9CEF76F6FC17F2E0244B88F"},
    {24, 16, "perso code", "8988219000000117833", "213BE4A1AECC1AA834B432CD7D1EAC05"},
    {24, 255, "perso code", "8988219000000117833", "AB95544E19B6567B14887882B9FCCF14"},
    {32, 16, "perso code", "8988219000000117833", "7045AAA7E3230EED907AD76890E684EF"},
    {32, 17, "perso code", "8988219000000117833", "A5FCA45E7AC3D1228DB5ECAF39B06AE0D3"},
    {32, 255, "perso code", "8988219000000117833", "62FC290E5B558E1630CAB257C62DDF22"},
    {16, 16, "admin code", "8988219000000117833", "E5FA041CC1EF265CB2AF971F01FCFDF7"},
    {16, 16, "", "", "D295D253BA2D66CC38644E546134D89E"},
};

static void the_values_are_those_of_another_implementation(void **state)
{
    uint8_t master[32], out[255];

    for (size_t i = 0; i < sizeof(master); i++)
        master[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        size_t shown = strlen(vectors[i].out) / 2;

        assert_int_equal(kb_diversify(backend_of(state), master, vectors[i].master_len,
                                      vectors[i].label,
                                      kb_span(vectors[i].context, strlen(vectors[i].context)), out,
                                      vectors[i].out_len),
                         KB_OK);
        assert_hex(out + vectors[i].out_len - shown, shown, vectors[i].out);
    }
}

/* One block, by OpenSSL. */
static void derive_block(const uint8_t master[16], uint8_t index, const char *label,
                         struct kb_span context, size_t out_len, uint8_t block[16])
{
    char cipher[] = "AES-128-CBC";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
        OSSL_PARAM_construct_end(),
    };
    uint8_t input[128];
    struct kb_writer wr = kb_wr(input, sizeof(input));
    size_t len;

    kb_wr_u8(&wr, index);
    kb_wr_copy(&wr, label, strlen(label));
    kb_wr_u8(&wr, 0);
    kb_wr_copy(&wr, context.data, context.len);
    kb_wr_u16(&wr, (uint16_t)(8 * out_len));
    assert_false(wr.is_bad);
    assert_non_null(
        EVP_Q_mac(NULL, "CMAC", NULL, NULL, params, master, 16, input, wr.len, block, 16, &len));
}

static void every_length_is_the_cmac_of_the_written_out_input(void **state)
{
    uint64_t seed = 0x6D617374;

    for (size_t out_len = 1; out_len <= 255; out_len++) {
        uint8_t master[16], context[40], out[255];
        struct kb_span who = kb_span(context, out_len % sizeof(context));

        fill_from_seed(&seed, master, sizeof(master));
        fill_from_seed(&seed, context, sizeof(context));
        assert_int_equal(
            kb_diversify(backend_of(state), master, sizeof(master), "label", who, out, out_len),
            KB_OK);
        for (size_t at = 0; at < out_len; at += 16) {
            uint8_t block[16];

            derive_block(master, (uint8_t)(at / 16 + 1), "label", who, out_len, block);
            assert_memory_equal(out + at, block, out_len - at < 16 ? out_len - at : 16);
        }
    }
}

static void lengths_outside_their_limits_are_refused(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    static const uint8_t master[32];
    struct kb_span context = kb_span("1", 1);
    uint8_t out[256];

    assert_int_equal(kb_diversify(crypto, master, 16, "a", context, out, 0), KB_ERR_RANGE);
    assert_int_equal(kb_diversify(crypto, master, 16, "a", context, out, 256), KB_ERR_RANGE);
    assert_int_equal(kb_diversify(crypto, master, 15, "a", context, out, 16), KB_ERR_RANGE);
    assert_int_equal(kb_diversify(crypto, master, 0, "a", context, out, 16), KB_ERR_RANGE);
}

/* Two blocks, each a start, a subkey and two blocks of input. */
static void a_failure_of_the_port_at_any_call_leaves_no_half_key(void **state)
{
    static const uint8_t master[16], zeros[32];
    enum { CALLS = 2 * 4 };

    (void)state;
    for (unsigned calls = 0; calls <= CALLS; calls++) {
        struct kb_crypto port = failing_port(calls);
        uint8_t out[32];
        enum kb_err err;

        memset(out, 0xAA, sizeof(out));
        err = kb_diversify(&port, master, sizeof(master), "perso code", kb_span("12345678", 8), out,
                           sizeof(out));
        assert_int_equal(err, calls < CALLS ? KB_ERR_CRYPTO : KB_OK);
        if (err)
            assert_memory_equal(out, zeros, sizeof(out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_values_are_those_of_another_implementation),
        BOTH(every_length_is_the_cmac_of_the_written_out_input),
        BOTH(lengths_outside_their_limits_are_refused),
        cmocka_unit_test(a_failure_of_the_port_at_any_call_leaves_no_half_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
