/* SPDX-License-Identifier: Apache-2.0 */
/* CBC with AES, DES and triple DES, and the CBC-MAC of both, in both backends. */
#include "tests/crypto/backends.h"

#include <malloc.h>

#include "crypto/cbcmac.h"

/* SP 800-38A appendix F.2: what its examples encrypt. Theirs is an initial vector other than zero,
 * so it comes in as XORed to the first block. */
#define AES_VECTOR "000102030405060708090A0B0C0D0E0F"
#define AES_PLAIN                                                                                  \
    "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51"                             \
    "30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710"

static const struct {
    enum kb_cbc_cipher cipher;
    const char *key, *vector, *plain, *sealed;
} vectors[] = {
    /* SP 800-38A F.2.1, F.2.3, F.2.5. */
    {KB_CBC_AES, "2B7E151628AED2A6ABF7158809CF4F3C", AES_VECTOR, AES_PLAIN,
     "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
     "73BED6B8E3C1743B7116E69E222295163FF1CAA1681FAC09120ECA307586E1A7"},
    {KB_CBC_AES, "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B", AES_VECTOR, AES_PLAIN,
     "4F021DB243BC633D7178183A9FA071E8B4D9ADA9AD7DEDF4E5E738763F69145A"
     "571B242012FB7AE07FA9BAAC3DF102E008B0E27988598881D920A9E64F5615CD"},
    {KB_CBC_AES, "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4", AES_VECTOR,
     AES_PLAIN,
     "F58C4C04D6E5F1BA779EABFB5F7BFBD69CFC4E967EDB808D679F777BC6702C7D"
     "39F23369A9D9BACFA530E26304231461B2EB05E2C39BE9FCDA6C19078C6A9D1B"},
    /* FIPS 81 table C1: "Now is the time for all ". */
    {KB_CBC_DES, "0123456789ABCDEF", "1234567890ABCDEF",
     "4E6F77206973207468652074696D6520666F7220616C6C20",
     "E5C7CDDE872BF27C43E934008C389C0F683788499A7C05F6"},
    /* The first block of SP 800-67 appendix B.1 (three keys). */
    {KB_CBC_DES, "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123", "0000000000000000",
     "5468652071756663", "A826FD8CE53B855F"},
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

struct example {
    enum kb_cbc_cipher cipher;
    uint8_t key[32], plain[64], sealed[64], vector[16];
    size_t key_len, len, block;
};

static struct example example(size_t i)
{
    struct example e = {.cipher = vectors[i].cipher};

    e.key_len = unhex(vectors[i].key, e.key, sizeof(e.key));
    e.len = unhex(vectors[i].plain, e.plain, sizeof(e.plain));
    e.block = unhex(vectors[i].vector, e.vector, sizeof(e.vector));
    unhex(vectors[i].sealed, e.sealed, sizeof(e.sealed));
    for (size_t at = 0; at < e.block; at++)
        e.plain[at] ^= e.vector[at];
    return e;
}

static void run(const struct kb_crypto *crypto, const struct example *e, bool is_sealing,
                uint8_t *bytes, size_t cut)
{
    struct kb_cbc cbc;

    assert_int_equal(crypto->cbc_start(&cbc, e->cipher, is_sealing, e->key, e->key_len), KB_OK);
    assert_int_equal(crypto->cbc_run(&cbc, bytes, bytes, cut), KB_OK);
    assert_int_equal(crypto->cbc_run(&cbc, bytes + cut, bytes + cut, e->len - cut), KB_OK);
    crypto->cbc_end(&cbc);
}

static void cbc_gives_the_examples_of_sp_800_38a_fips_81_and_sp_800_67(void **state)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct example e = example(i);

        for (size_t cut = 0; cut <= e.len; cut += e.block) {
            uint8_t bytes[64];

            memcpy(bytes, e.plain, e.len);
            run(backend_of(state), &e, true, bytes, cut);
            assert_memory_equal(bytes, e.sealed, e.len);
            run(backend_of(state), &e, false, bytes, cut);
            assert_memory_equal(bytes, e.plain, e.len);
        }
    }
}

/* SP 800-67 clause 3.1: the keying options are special cases of each other. */
static void two_keys_are_three_with_the_first_again(void **state)
{
    struct example two = {.cipher = KB_CBC_DES, .key_len = 16, .len = 64}, three = two;
    uint64_t seed = 1;

    fill_from_seed(&seed, two.key, 16);
    fill_from_seed(&seed, two.plain, sizeof(two.plain));
    memcpy(three.plain, two.plain, sizeof(two.plain));
    memcpy(three.key, two.key, 16);
    memcpy(three.key + 16, two.key, 8);
    three.key_len = 24;
    run(backend_of(state), &two, true, two.plain, 8);
    run(backend_of(state), &three, true, three.plain, 16);
    assert_memory_equal(two.plain, three.plain, sizeof(two.plain));
}

static void the_backends_agree_on_every_key_length(void **state)
{
    static const size_t lengths[2][3] = {{16, 24, 32}, {8, 16, 24}};
    uint64_t seed = 7;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct example e = {.cipher = i < 3 ? KB_CBC_AES : KB_CBC_DES, .len = 64};
        uint8_t other[64], plain[64];

        e.key_len = lengths[i / 3][i % 3];
        fill_from_seed(&seed, e.key, sizeof(e.key));
        fill_from_seed(&seed, e.plain, sizeof(e.plain));
        memcpy(other, e.plain, sizeof(other));
        memcpy(plain, e.plain, sizeof(plain));
        run(&kb_crypto_mbedtls, &e, true, e.plain, 16);
        run(&kb_crypto_openssl, &e, true, other, 48);
        assert_memory_equal(e.plain, other, sizeof(other));
        run(&kb_crypto_openssl, &e, false, other, 0);
        assert_memory_equal(plain, other, sizeof(other));
    }
}

static void other_key_lengths_and_parts_of_blocks_are_refused(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t key[64] = {0}, bytes[32] = {0};
    struct kb_cbc cbc;

    for (size_t len = 0; len <= sizeof(key); len++) {
        bool is_aes = len == 16 || len == 24 || len == 32;
        bool is_des = len == 8 || len == 16 || len == 24;

        assert_int_equal(crypto->cbc_start(&cbc, KB_CBC_AES, true, key, len),
                         is_aes ? KB_OK : KB_ERR_RANGE);
        crypto->cbc_end(&cbc);
        assert_int_equal(crypto->cbc_start(&cbc, KB_CBC_DES, false, key, len),
                         is_des ? KB_OK : KB_ERR_RANGE);
        crypto->cbc_end(&cbc);
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        assert_int_equal(crypto->cbc_start(&cbc, KB_CBC_AES, true, key, 16), KB_OK);
        assert_int_equal(crypto->cbc_run(&cbc, bytes, bytes, len), len % 16 ? KB_ERR_RANGE : KB_OK);
        crypto->cbc_end(&cbc);
        assert_int_equal(crypto->cbc_start(&cbc, KB_CBC_DES, true, key, 16), KB_OK);
        assert_int_equal(crypto->cbc_run(&cbc, bytes, bytes, len), len % 8 ? KB_ERR_RANGE : KB_OK);
        crypto->cbc_end(&cbc);
    }
}

/* What the chip depends on. Under AddressSanitizer the figures are zero and this says nothing. */
static void cbc_of_mbed_tls_holds_no_heap(void **state)
{
    const struct kb_crypto *crypto = &kb_crypto_mbedtls;
    uint8_t key[24] = {1}, block[16] = {0};
    size_t before = mallinfo2().uordblks;
    struct kb_cbc cbc;

    (void)state;
    assert_int_equal(crypto->cbc_start(&cbc, KB_CBC_DES, true, key, sizeof(key)), KB_OK);
    assert_int_equal(crypto->cbc_run(&cbc, block, block, sizeof(block)), KB_OK);
    assert_int_equal(mallinfo2().uordblks, before);
    crypto->cbc_end(&cbc);
}

static void an_ended_context_holds_nothing(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t key[24] = {1, 2, 3}, block[16] = {0};
    struct kb_cbc cbc, zeros;

    memset(&zeros, 0, sizeof(zeros));
    for (int cipher = KB_CBC_AES; cipher <= KB_CBC_DES; cipher++) {
        memset(&cbc, 0, sizeof(cbc));
        assert_int_equal(crypto->cbc_start(&cbc, (enum kb_cbc_cipher)cipher, true, key, 24), KB_OK);
        assert_int_equal(crypto->cbc_run(&cbc, block, block, sizeof(block)), KB_OK);
        crypto->cbc_end(&cbc);
        assert_memory_equal(&cbc, &zeros, sizeof(cbc));
    }
}

static void cbc_mac(const struct kb_crypto *crypto, const uint8_t *key, size_t key_len,
                    struct kb_span first, struct kb_span second, uint8_t tag[KB_DES_BLOCK])
{
    struct kb_cbcmac mac;

    assert_int_equal(kb_cbcmac_start(&mac, crypto, key, key_len), KB_OK);
    kb_cbcmac_update(&mac, first);
    kb_cbcmac_update(&mac, second);
    assert_int_equal(kb_cbcmac_finish(&mac, tag), KB_OK);
}

/* ANSI X9.9 and FIPS 113 appendix 2: "7654321 Now is the time for " under DES. */
static void the_tag_is_that_of_fips_113(void **state)
{
    static const char message[] = "7654321 Now is the time for ";
    uint8_t key[8], tag[KB_DES_BLOCK];
    size_t len = sizeof(message) - 1;

    unhex("0123456789ABCDEF", key, sizeof(key));
    for (size_t cut = 0; cut <= len; cut++) {
        cbc_mac(backend_of(state), key, sizeof(key), kb_span(message, cut),
                kb_span(message + cut, len - cut), tag);
        assert_hex(tag, sizeof(tag), "F1D30F6849312CA4");
    }
}

static void the_tag_is_the_last_block_of_cbc_over_zero_padding(void **state)
{
    struct example e = {.cipher = KB_CBC_DES, .key_len = 16, .len = 64};
    uint64_t seed = 3;

    fill_from_seed(&seed, e.key, 16);
    for (size_t len = 1; len <= 64; len++) {
        uint8_t padded[64] = {0}, tag[KB_DES_BLOCK];

        fill_from_seed(&seed, padded, len);
        cbc_mac(backend_of(state), e.key, 16, kb_span(padded, len / 2),
                kb_span(padded + len / 2, len - len / 2), tag);
        e.len = (len + 7) / 8 * 8;
        run(&kb_crypto_openssl, &e, true, padded, 0);
        assert_memory_equal(tag, padded + e.len - 8, 8);
    }
}

static void a_mac_under_a_key_of_another_length_fails_and_gives_zeros(void **state)
{
    static const uint8_t zeros[KB_DES_BLOCK];
    uint8_t tag[KB_DES_BLOCK] = {1}, key[32] = {0};
    struct kb_cbcmac mac;

    assert_int_equal(kb_cbcmac_start(&mac, backend_of(state), key, sizeof(key)), KB_ERR_RANGE);
    kb_cbcmac_update(&mac, kb_span(key, sizeof(key)));
    assert_int_equal(kb_cbcmac_finish(&mac, tag), KB_ERR_RANGE);
    assert_memory_equal(tag, zeros, sizeof(tag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(cbc_gives_the_examples_of_sp_800_38a_fips_81_and_sp_800_67),
        BOTH(two_keys_are_three_with_the_first_again),
        cmocka_unit_test(the_backends_agree_on_every_key_length),
        BOTH(other_key_lengths_and_parts_of_blocks_are_refused),
        cmocka_unit_test(cbc_of_mbed_tls_holds_no_heap),
        BOTH(an_ended_context_holds_nothing),
        BOTH(the_tag_is_that_of_fips_113),
        BOTH(the_tag_is_the_last_block_of_cbc_over_zero_padding),
        BOTH(a_mac_under_a_key_of_another_length_fails_and_gives_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
