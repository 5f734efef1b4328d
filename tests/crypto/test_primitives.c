/* SPDX-License-Identifier: Apache-2.0 */
/* AES, SHA-256, AES-GCM and random numbers of both backends; wiping and comparing. */
#include "tests/crypto/backends.h"

#include <malloc.h>

#include "crypto/secret.h"

static const char block_input[] = "00112233445566778899AABBCCDDEEFF";

/* FIPS 197 appendix C. */
static const struct {
    const char *key, *output;
} aes_vectors[] = {
    {"000102030405060708090A0B0C0D0E0F", "69C4E0D86A7B0430D8CDB78070B4C55A"},
    {"000102030405060708090A0B0C0D0E0F1011121314151617", "DDA97CA4864CDFE06EAF70A0EC0D7191"},
    {"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
     "8EA2B7CA516745BFEAFC49904B496089"},
};

static void aes_encrypts_as_fips_197_says(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);

    for (size_t i = 0; i < sizeof(aes_vectors) / sizeof(aes_vectors[0]); i++) {
        uint8_t key[32], in[16], out[16];
        size_t key_len = unhex(aes_vectors[i].key, key, sizeof(key));
        struct kb_aes aes;

        unhex(block_input, in, sizeof(in));
        assert_int_equal(crypto->aes_start(&aes, key, key_len), KB_OK);
        assert_int_equal(crypto->aes_block(&aes, in, out), KB_OK);
        assert_hex(out, sizeof(out), aes_vectors[i].output);
        /* Once more, in place. */
        assert_int_equal(crypto->aes_block(&aes, in, in), KB_OK);
        assert_hex(in, sizeof(in), aes_vectors[i].output);
        crypto->aes_end(&aes);
    }
}

static void a_key_of_another_length_is_refused(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    const uint8_t key[64] = {0};

    for (size_t len = 0; len <= sizeof(key); len++) {
        bool is_good = len == 16 || len == 24 || len == 32;
        struct kb_aes aes;

        assert_int_equal(crypto->aes_start(&aes, key, len), is_good ? KB_OK : KB_ERR_RANGE);
        crypto->aes_end(&aes);
    }
}

static void an_ended_aes_context_holds_nothing(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    const uint8_t key[16] = {1, 2, 3};
    uint8_t block[16] = {0};
    struct kb_aes aes, zeros;

    memset(&aes, 0, sizeof(aes));
    memset(&zeros, 0, sizeof(zeros));
    assert_int_equal(crypto->aes_start(&aes, key, sizeof(key)), KB_OK);
    assert_int_equal(crypto->aes_block(&aes, block, block), KB_OK);
    crypto->aes_end(&aes);
    assert_memory_equal(&aes, &zeros, sizeof(aes));
}

/* What the chip depends on. Under AddressSanitizer the figures are zero and this says nothing. */
static void aes_and_sha256_of_mbed_tls_hold_no_heap(void **state)
{
    const struct kb_crypto *crypto = &kb_crypto_mbedtls;
    const uint8_t key[32] = {0};
    uint8_t block[16] = {0};
    struct kb_sha256 sha;
    struct kb_aes aes;
    size_t before = mallinfo2().uordblks;

    (void)state;
    assert_int_equal(crypto->aes_start(&aes, key, sizeof(key)), KB_OK);
    assert_int_equal(crypto->aes_block(&aes, block, block), KB_OK);
    assert_int_equal(crypto->sha256_start(&sha), KB_OK);
    assert_int_equal(crypto->sha256_update(&sha, block, sizeof(block)), KB_OK);
    assert_int_equal(mallinfo2().uordblks, before);
    crypto->aes_end(&aes);
    assert_int_equal(crypto->sha256_finish(&sha, (uint8_t[KB_SHA256_SIZE]){0}), KB_OK);
}

/* The examples of NIST for FIPS 180-4, and the empty message. */
static const struct {
    const char *message, *digest;
} sha_vectors[] = {
    {"", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"},
    {"abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1"},
};

static void sha1_gives_the_digests_of_fips_180(void **state)
{
    uint8_t digest[KB_SHA1_SIZE];

    assert_int_equal(backend_of(state)->sha1("abc", 3, digest), KB_OK);
    assert_hex(digest, sizeof(digest), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_int_equal(backend_of(state)->sha1("", 0, digest), KB_OK);
    assert_hex(digest, sizeof(digest), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void sha256_gives_the_digests_of_fips_180(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);

    for (size_t i = 0; i < sizeof(sha_vectors) / sizeof(sha_vectors[0]); i++) {
        size_t len = strlen(sha_vectors[i].message);

        for (size_t cut = 0; cut <= len; cut++) {
            struct kb_sha256 sha;
            uint8_t digest[KB_SHA256_SIZE];

            assert_int_equal(crypto->sha256_start(&sha), KB_OK);
            assert_int_equal(crypto->sha256_update(&sha, sha_vectors[i].message, cut), KB_OK);
            assert_int_equal(crypto->sha256_update(&sha, sha_vectors[i].message + cut, len - cut),
                             KB_OK);
            assert_int_equal(crypto->sha256_finish(&sha, digest), KB_OK);
            assert_hex(digest, sizeof(digest), sha_vectors[i].digest);
        }
    }
}

static void sha256_of_a_million_letters_in_steps_is_that_of_fips_180(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t letters[1000], digest[KB_SHA256_SIZE];
    struct kb_sha256 sha;

    memset(letters, 'a', sizeof(letters));
    assert_int_equal(crypto->sha256_start(&sha), KB_OK);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(crypto->sha256_update(&sha, letters, sizeof(letters)), KB_OK);
    assert_int_equal(crypto->sha256_finish(&sha, digest), KB_OK);
    assert_hex(digest, sizeof(digest),
               "CDC76E5C9914FB9281A1C7E284D73E67F1809A48A497200E046D39CCC7112CD0");
}

/* Test cases 13-16 of the specification of GCM (McGrew and Viega), to which SP 800-38D points. */
#define GCM_KEY   "FEFFE9928665731C6D6A8F9467308308FEFFE9928665731C6D6A8F9467308308"
#define GCM_ZEROS "00000000000000000000000000000000"
#define GCM_PLAIN                                                                                  \
    "D9313225F88406E5A55909C5AFF5269A86A7A9531534F7DA2E4C303D8A318A72"                             \
    "1C3C0C95956809532FCF0E2449A6B525B16AEDF5AA0DE657BA637B39"
#define GCM_SEALED                                                                                 \
    "522DC1F099567D07F47F37A32A84427D643A8CDCBFE5C0C97598A2BD2555D1AA"                             \
    "8CB08E48590DBB3DA7B08B1056828838C5F61E6393BA7A0ABCC9F662"

static const struct {
    const char *key, *nonce, *aad, *plain, *sealed, *tag;
} gcm_vectors[] = {
    {GCM_ZEROS GCM_ZEROS, "000000000000000000000000", "", "", "",
     "530F8AFBC74536B9A963B4F1C4CB738B"},
    {GCM_ZEROS GCM_ZEROS, "000000000000000000000000", "", GCM_ZEROS,
     "CEA7403D4D606B6E074EC5D3BAF39D18", "D0D1C8A799996BF0265B98B5D48AB919"},
    {GCM_KEY, "CAFEBABEFACEDBADDECAF888", "", GCM_PLAIN "1AAFD255", GCM_SEALED "898015AD",
     "B094DAC5D93471BDEC1A502270E3CC6C"},
    {GCM_KEY, "CAFEBABEFACEDBADDECAF888", "FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2", GCM_PLAIN,
     GCM_SEALED, "76FC6ECE0F4E1768CDDF8853BB2D551B"},
};

struct gcm_case {
    uint8_t key[KB_GCM_KEY], nonce[KB_GCM_NONCE], aad[32], plain[64], sealed[64], tag[KB_GCM_TAG];
    size_t aad_len, len;
};

static struct gcm_case gcm_case(size_t i)
{
    struct gcm_case c;

    unhex(gcm_vectors[i].key, c.key, sizeof(c.key));
    unhex(gcm_vectors[i].nonce, c.nonce, sizeof(c.nonce));
    unhex(gcm_vectors[i].tag, c.tag, sizeof(c.tag));
    unhex(gcm_vectors[i].sealed, c.sealed, sizeof(c.sealed));
    c.aad_len = unhex(gcm_vectors[i].aad, c.aad, sizeof(c.aad));
    c.len = unhex(gcm_vectors[i].plain, c.plain, sizeof(c.plain));
    return c;
}

static enum kb_err gcm_open(const struct kb_crypto *crypto, const struct gcm_case *c, uint8_t *out)
{
    return crypto->gcm_open(c->key, c->nonce, kb_span(c->aad, c->aad_len),
                            kb_span(c->sealed, c->len), c->tag, out);
}

static void gcm_seals_and_opens_the_test_cases_of_its_specification(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);

    for (size_t i = 0; i < sizeof(gcm_vectors) / sizeof(gcm_vectors[0]); i++) {
        struct gcm_case c = gcm_case(i);
        uint8_t out[64], tag[KB_GCM_TAG];

        assert_int_equal(crypto->gcm_seal(c.key, c.nonce, kb_span(c.aad, c.aad_len),
                                          kb_span(c.plain, c.len), out, tag),
                         KB_OK);
        assert_memory_equal(out, c.sealed, c.len);
        assert_memory_equal(tag, c.tag, sizeof(tag));
        assert_int_equal(gcm_open(crypto, &c, out), KB_OK);
        assert_memory_equal(out, c.plain, c.len);
    }
}

static void gcm_opens_nothing_that_was_changed(void **state)
{
    static const uint8_t zeros[64];
    const struct kb_crypto *crypto = backend_of(state);
    const struct gcm_case good = gcm_case(3);
    struct gcm_case c = good;
    struct {
        uint8_t *bytes;
        size_t len;
    } parts[] = {{c.key, sizeof(c.key)},
                 {c.nonce, sizeof(c.nonce)},
                 {c.aad, c.aad_len},
                 {c.sealed, c.len},
                 {c.tag, sizeof(c.tag)}};

    for (size_t part = 0; part < sizeof(parts) / sizeof(parts[0]); part++) {
        for (size_t bit = 0; bit < 8 * parts[part].len; bit++) {
            uint8_t out[64];

            memset(out, 0xAA, sizeof(out));
            parts[part].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(gcm_open(crypto, &c, out), KB_ERR_INTEGRITY);
            assert_memory_equal(out, zeros, c.len);
            parts[part].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    c.len--;
    assert_int_equal(gcm_open(crypto, &c, c.plain), KB_ERR_INTEGRITY);
}

static void random_numbers_fill_any_length_and_do_not_repeat(void **state)
{
    static const size_t lengths[] = {16, 17, 1024, 1025, 5000};
    static const uint8_t zeros[16];
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t first[5001], second[5001];

    assert_int_equal(crypto->random(first, 0), KB_OK);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t len = lengths[i];

        memset(first, 0, sizeof(first));
        memset(second, 0, sizeof(second));
        assert_int_equal(crypto->random(first, len), KB_OK);
        assert_int_equal(crypto->random(second, len), KB_OK);
        assert_memory_not_equal(first, second, len);
        for (size_t at = 0; at + 16 <= len; at++)
            assert_memory_not_equal(first + at, zeros, 16);
        assert_memory_not_equal(first + len - 16, second + len - 16, 16);
        assert_int_equal(first[len], 0);
    }
}

static void wiping_leaves_zeros_and_nothing_else_changes(void **state)
{
    uint8_t bytes[] = {1, 2, 3, 4, 5};
    const uint8_t expected[] = {1, 0, 0, 0, 5};

    (void)state;
    kb_wipe(bytes + 1, 3);
    kb_wipe(NULL, 0);
    assert_memory_equal(bytes, expected, sizeof(bytes));
}

static void comparing_sees_every_bit(void **state)
{
    const uint8_t left[16] = {9, 8, 7};
    uint8_t right[16];

    (void)state;
    memcpy(right, left, sizeof(right));
    assert_true(kb_is_equal(left, right, sizeof(left)));
    assert_true(kb_is_equal(NULL, NULL, 0));
    for (unsigned bit = 0; bit < 128; bit++) {
        right[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(kb_is_equal(left, right, sizeof(left)));
        right[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(aes_encrypts_as_fips_197_says),
        BOTH(a_key_of_another_length_is_refused),
        BOTH(an_ended_aes_context_holds_nothing),
        cmocka_unit_test(aes_and_sha256_of_mbed_tls_hold_no_heap),
        BOTH(sha1_gives_the_digests_of_fips_180),
        BOTH(sha256_gives_the_digests_of_fips_180),
        BOTH(sha256_of_a_million_letters_in_steps_is_that_of_fips_180),
        BOTH(gcm_seals_and_opens_the_test_cases_of_its_specification),
        BOTH(gcm_opens_nothing_that_was_changed),
        BOTH(random_numbers_fill_any_length_and_do_not_repeat),
        cmocka_unit_test(wiping_leaves_zeros_and_nothing_else_changes),
        cmocka_unit_test(comparing_sees_every_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
