/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA on P-256 (FIPS 186-4) of both backends. */
#include "tests/crypto/backends.h"

#include <pthread.h>

/* RFC 6979 appendix A.2.5: the key, and the signatures with SHA-256 of "sample" and "test". */
#define RFC_PRIVATE "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
#define RFC_PUBLIC                                                                                 \
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"                             \
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"

static const struct {
    const char *message, *signature;
} rfc_vectors[] = {
    {"sample", "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
               "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"},
    {"test", "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
             "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"},
};

/* SP 800-186 clause 3.2.1.3. */
#define ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
#define PRIME "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"
#define GENERATOR                                                                                  \
    "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"                             \
    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

struct signed_message {
    uint8_t public_key[KB_P256_PUBLIC];
    uint8_t digest[KB_SHA256_SIZE];
    uint8_t signature[KB_P256_SIGNATURE];
};

static struct signed_message rfc_message(const struct kb_crypto *crypto, size_t i)
{
    struct signed_message m;
    struct kb_sha256 sha;

    unhex(RFC_PUBLIC, m.public_key, sizeof(m.public_key));
    unhex(rfc_vectors[i].signature, m.signature, sizeof(m.signature));
    assert_int_equal(crypto->sha256_start(&sha), KB_OK);
    assert_int_equal(
        crypto->sha256_update(&sha, rfc_vectors[i].message, strlen(rfc_vectors[i].message)), KB_OK);
    assert_int_equal(crypto->sha256_finish(&sha, m.digest), KB_OK);
    return m;
}

static enum kb_err verify(const struct kb_crypto *crypto, const struct signed_message *m)
{
    return crypto->p256_verify(m->public_key, m->digest, m->signature);
}

static void the_signatures_of_rfc_6979_are_valid(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);

    for (size_t i = 0; i < 2; i++) {
        struct signed_message m = rfc_message(crypto, i);

        assert_int_equal(verify(crypto, &m), KB_OK);
    }
}

static void signatures_have_the_nonce_of_rfc_6979(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t private_key[KB_P256_PRIVATE], signature[KB_P256_SIGNATURE];

    unhex(RFC_PRIVATE, private_key, sizeof(private_key));
    for (size_t i = 0; i < 2; i++) {
        struct signed_message m = rfc_message(crypto, i);

        assert_int_equal(crypto->p256_sign(private_key, m.digest, signature), KB_OK);
        assert_memory_equal(signature, m.signature, sizeof(signature));
    }
}

static void the_public_key_follows_from_the_private_one(void **state)
{
    static const char *const pairs[][2] = {
        {RFC_PRIVATE, RFC_PUBLIC},
        {"0000000000000000000000000000000000000000000000000000000000000001", GENERATOR},
        /* (n - 1) G = -G */
        {"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550",
         "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
         "B01CBD1C01E58065711814B583F061E9D431CCA994CEA1313449BF97C840AE0A"}};
    const struct kb_crypto *crypto = backend_of(state);

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        uint8_t private_key[KB_P256_PRIVATE], public_key[KB_P256_PUBLIC];

        unhex(pairs[i][0], private_key, sizeof(private_key));
        assert_int_equal(crypto->p256_public(private_key, public_key), KB_OK);
        assert_hex(public_key, sizeof(public_key), pairs[i][1]);
    }
}

static void a_private_key_outside_1_to_n_minus_1_is_refused(void **state)
{
    static const char *const keys[] = {
        ZERO, ORDER, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632552", ONES};
    const struct kb_crypto *crypto = backend_of(state);
    const uint8_t digest[KB_SHA256_SIZE] = {1};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        uint8_t private_key[KB_P256_PRIVATE], out[64];

        unhex(keys[i], private_key, sizeof(private_key));
        assert_int_equal(crypto->p256_public(private_key, out), KB_ERR_RANGE);
        assert_int_equal(crypto->p256_sign(private_key, digest, out), KB_ERR_RANGE);
    }
}

static void what_one_backend_signs_both_accept(void **state)
{
    static const struct kb_crypto *const both[] = {&kb_crypto_mbedtls, &kb_crypto_openssl};
    const struct kb_crypto *crypto = backend_of(state);

    for (unsigned i = 0; i < 4; i++) {
        uint8_t private_key[KB_P256_PRIVATE], again[KB_P256_PUBLIC];
        struct signed_message m;

        assert_int_equal(crypto->p256_keypair(private_key, m.public_key), KB_OK);
        assert_int_equal(crypto->random(m.digest, sizeof(m.digest)), KB_OK);
        assert_int_equal(crypto->p256_sign(private_key, m.digest, m.signature), KB_OK);
        for (size_t b = 0; b < 2; b++) {
            assert_int_equal(both[b]->p256_public(private_key, again), KB_OK);
            assert_memory_equal(again, m.public_key, sizeof(again));
            assert_int_equal(verify(both[b], &m), KB_OK);
        }
        m.digest[31] ^= 1;
        for (size_t b = 0; b < 2; b++)
            assert_int_equal(verify(both[b], &m), KB_ERR_INTEGRITY);
    }
}

static void a_changed_signature_digest_or_key_is_refused(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    struct signed_message m = rfc_message(crypto, 0);
    struct {
        uint8_t *bytes;
        size_t len;
    } parts[] = {{m.public_key, sizeof(m.public_key)},
                 {m.digest, sizeof(m.digest)},
                 {m.signature, sizeof(m.signature)}};

    for (size_t part = 0; part < sizeof(parts) / sizeof(parts[0]); part++) {
        for (size_t bit = 0; bit < 8 * parts[part].len; bit += 13) {
            parts[part].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(verify(crypto, &m), KB_ERR_INTEGRITY);
            parts[part].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    assert_int_equal(verify(crypto, &m), KB_OK);
}

static void a_signature_outside_1_to_n_minus_1_is_refused(void **state)
{
    static const char *const numbers[] = {ZERO, ORDER, ONES};
    const struct kb_crypto *crypto = backend_of(state);

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        for (size_t half = 0; half < 2; half++) {
            struct signed_message m = rfc_message(crypto, 0);

            unhex(numbers[i], m.signature + 32 * half, 32);
            assert_int_equal(verify(crypto, &m), KB_ERR_INTEGRITY);
        }
    }
}

static void a_public_key_that_is_no_point_of_the_curve_is_refused(void **state)
{
    static const char *const points[] = {
        ZERO ZERO,
        ONES ONES,
        PRIME PRIME,
        /* the generator with its Y changed by one */
        "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
        "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F4",
        /* X and Y exchanged */
        "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
        "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
        /* X = p + 5: with X = 5 it would be a point, but a coordinate is below p */
        "FFFFFFFF00000001000000000000000000000001000000000000000000000004"
        "459243B9AA581806FE913BCE99817ADE11CA503C64D9A3C533415C083248FBCC",
    };
    const struct kb_crypto *crypto = backend_of(state);

    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        struct signed_message m = rfc_message(crypto, 0);

        unhex(points[i], m.public_key, sizeof(m.public_key));
        assert_int_equal(verify(crypto, &m), KB_ERR_INTEGRITY);
    }
}

struct work {
    const struct kb_crypto *crypto;
    enum kb_err err;
};

static void *sign_and_verify(void *argument)
{
    struct work *work = argument;
    uint8_t private_key[KB_P256_PRIVATE];
    struct signed_message m = {{0}, {0}, {0}};

    for (unsigned i = 0; i < 4 && !work->err; i++) {
        work->err = work->crypto->p256_keypair(private_key, m.public_key);
        if (!work->err)
            work->err = work->crypto->random(m.digest, sizeof(m.digest));
        if (!work->err)
            work->err = work->crypto->p256_sign(private_key, m.digest, m.signature);
        if (!work->err)
            work->err = verify(work->crypto, &m);
    }
    return NULL;
}

static void threads_do_not_disturb_one_another(void **state)
{
    struct work work[4];
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++) {
        work[i] = (struct work){backend_of(state), KB_OK};
        assert_int_equal(pthread_create(&threads[i], NULL, sign_and_verify, &work[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(work[i].err, KB_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_signatures_of_rfc_6979_are_valid),
        BOTH(signatures_have_the_nonce_of_rfc_6979),
        BOTH(the_public_key_follows_from_the_private_one),
        BOTH(a_private_key_outside_1_to_n_minus_1_is_refused),
        BOTH(what_one_backend_signs_both_accept),
        BOTH(a_changed_signature_digest_or_key_is_refused),
        BOTH(a_signature_outside_1_to_n_minus_1_is_refused),
        BOTH(a_public_key_that_is_no_point_of_the_curve_is_refused),
        BOTH(threads_do_not_disturb_one_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
