/* SPDX-License-Identifier: Apache-2.0 */
/* AES-CMAC against RFC 4493, the examples of SP 800-38B, and the CMAC of OpenSSL itself. */
#include "tests/crypto/backends.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/cmac.h"
#include "tests/crypto/failing.h"

static const char message_hex[] =
    "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51"
    "30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710";

#define KEY_128 "2B7E151628AED2A6ABF7158809CF4F3C"
#define KEY_192 "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B"
#define KEY_256 "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4"

/* AES-128: also RFC 4493 clause 4, whose third example takes 40 bytes. */
static const struct {
    const char *key;
    size_t len;
    const char *tag;
} vectors[] = {
    {KEY_128, 0, "BB1D6929E95937287FA37D129B756746"},
    {KEY_128, 16, "070A16B46B4D4144F79BDD9DD04A287C"},
    {KEY_128, 20, "7D85449EA6EA19C823A7BF78837DFADE"},
    {KEY_128, 40, "DFA66747DE9AE63030CA32611497C827"},
    {KEY_128, 64, "51F0BEBF7E3B9D92FC49741779363CFE"},
    {KEY_192, 0, "D17DDF46ADAACDE531CAC483DE7A9367"},
    {KEY_192, 16, "9E99A7BF31E710900662F65E617C5184"},
    {KEY_192, 20, "3D75C194ED96070444A9FA7EC740ECF8"},
    {KEY_192, 64, "A1D5DF0EED790F794D77589659F39A11"},
    {KEY_256, 0, "028962F61B7BF89EFC6B551F4667D983"},
    {KEY_256, 16, "28A7023F452E8F82BD4BF28D8C37C35C"},
    {KEY_256, 20, "156727DC0878944A023C1FE03BAD6D93"},
    {KEY_256, 64, "E1992190549F6ED5696A2C056C315410"},
};

static void the_tags_are_those_of_rfc_4493_and_sp_800_38b(void **state)
{
    uint8_t message[64];

    unhex(message_hex, message, sizeof(message));
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t key[32], tag[KB_AES_BLOCK];
        size_t key_len = unhex(vectors[i].key, key, sizeof(key));
        struct kb_cmac cmac;

        assert_int_equal(kb_cmac_start(&cmac, backend_of(state), key, key_len), KB_OK);
        kb_cmac_update(&cmac, kb_span(message, vectors[i].len));
        assert_int_equal(kb_cmac_finish(&cmac, tag), KB_OK);
        assert_hex(tag, sizeof(tag), vectors[i].tag);
    }
}

static void steps_of_any_size_give_the_same_tag(void **state)
{
    uint8_t message[64], key[16], tag[KB_AES_BLOCK];

    unhex(message_hex, message, sizeof(message));
    unhex(KEY_128, key, sizeof(key));
    for (size_t first = 0; first <= 40; first++) {
        for (size_t second = first; second <= 40; second++) {
            struct kb_cmac cmac;

            assert_int_equal(kb_cmac_start(&cmac, backend_of(state), key, sizeof(key)), KB_OK);
            kb_cmac_update(&cmac, kb_span(message, first));
            kb_cmac_update(&cmac, kb_span(message + first, second - first));
            kb_cmac_update(&cmac, kb_span(message + second, 40 - second));
            assert_int_equal(kb_cmac_finish(&cmac, tag), KB_OK);
            assert_hex(tag, sizeof(tag), "DFA66747DE9AE63030CA32611497C827");
        }
    }
}

static void openssl_cmac(const uint8_t *key, size_t key_len, const uint8_t *data, size_t len,
                         uint8_t tag[KB_AES_BLOCK])
{
    char cipher[] = "AES-128-CBC";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    size_t tag_len;

    memcpy(cipher + 4, key_len == 16 ? "128" : key_len == 24 ? "192" : "256", 3);
    assert_int_equal(EVP_MAC_init(context, key, key_len, params), 1);
    assert_int_equal(EVP_MAC_update(context, data, len), 1);
    assert_int_equal(EVP_MAC_final(context, tag, &tag_len, KB_AES_BLOCK), 1);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
}

/* Every length up to 300 bytes, then some long ones. */
static void the_tags_are_those_of_openssl_at_every_length(void **state)
{
    static const size_t key_lengths[] = {16, 24, 32};
    static uint8_t data[65537];
    uint64_t seed = 0x6B657962;
    size_t step = 1;

    fill_from_seed(&seed, data, sizeof(data));
    for (size_t len = 0; len <= sizeof(data); len += step) {
        size_t key_len = key_lengths[len % 3];
        uint8_t key[32], tag[KB_AES_BLOCK], expected[KB_AES_BLOCK];
        struct kb_cmac cmac;

        fill_from_seed(&seed, key, key_len);
        openssl_cmac(key, key_len, data, len, expected);
        assert_int_equal(kb_cmac_start(&cmac, backend_of(state), key, key_len), KB_OK);
        kb_cmac_update(&cmac, kb_span(data, len / 3));
        kb_cmac_update(&cmac, kb_span(data + len / 3, len - len / 3));
        assert_int_equal(kb_cmac_finish(&cmac, tag), KB_OK);
        assert_memory_equal(tag, expected, sizeof(tag));
        if (len >= 300)
            step = 4079;
    }
}

static void finishing_wipes_the_context(void **state)
{
    const uint8_t key[16] = {1, 2, 3};
    uint8_t tag[KB_AES_BLOCK];
    struct kb_cmac cmac, zeros;

    memset(&zeros, 0, sizeof(zeros));
    assert_int_equal(kb_cmac_start(&cmac, backend_of(state), key, sizeof(key)), KB_OK);
    kb_cmac_update(&cmac, kb_span("0123456789", 10));
    assert_int_equal(kb_cmac_finish(&cmac, tag), KB_OK);
    assert_memory_equal(&cmac, &zeros, sizeof(cmac));
}

static void a_key_of_another_length_is_refused_and_may_be_finished(void **state)
{
    static const uint8_t key[33], zeros[KB_AES_BLOCK];
    static const size_t lengths[] = {0, 15, 17, 33};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t tag[KB_AES_BLOCK] = {1};
        struct kb_cmac cmac;

        assert_int_equal(kb_cmac_start(&cmac, backend_of(state), key, lengths[i]), KB_ERR_RANGE);
        kb_cmac_update(&cmac, kb_span(key, sizeof(key)));
        assert_int_equal(kb_cmac_finish(&cmac, tag), KB_ERR_RANGE);
        assert_memory_equal(tag, zeros, sizeof(tag));
    }
}

/* A start and six blocks: the first of four is absorbed when the second comes, and so on. */
static void a_failure_of_the_port_at_any_call_is_told_at_the_end(void **state)
{
    static const uint8_t key[16], data[64], zeros[KB_AES_BLOCK];
    enum { CALLS = 1 + 4 + 1 };

    (void)state;
    for (unsigned calls = 0; calls <= CALLS; calls++) {
        struct kb_crypto port = failing_port(calls);
        uint8_t tag[KB_AES_BLOCK] = {1};
        struct kb_cmac cmac;

        kb_cmac_start(&cmac, &port, key, sizeof(key));
        kb_cmac_update(&cmac, kb_span(data, sizeof(data)));
        assert_int_equal(kb_cmac_finish(&cmac, tag), calls < CALLS ? KB_ERR_CRYPTO : KB_OK);
        if (calls < CALLS)
            assert_memory_equal(tag, zeros, sizeof(tag));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_tags_are_those_of_rfc_4493_and_sp_800_38b),
        BOTH(steps_of_any_size_give_the_same_tag),
        BOTH(the_tags_are_those_of_openssl_at_every_length),
        BOTH(finishing_wipes_the_context),
        BOTH(a_key_of_another_length_is_refused_and_may_be_finished),
        cmocka_unit_test(a_failure_of_the_port_at_any_call_is_told_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
