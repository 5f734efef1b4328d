/* SPDX-License-Identifier: Apache-2.0 */
/* The first trace of RFC 9529 authenticates with signatures, which we do not; what it has in common
 * with method 3 is computed here step by step: on X25519, with long credentials, and with PRKs that
 * equal one another as no static key is mixed in. */
#include "tests/agree/rfc9529_signatures.h"

#include "agree/curve.h"
#include "agree/edhoc.h"
#include "crypto/hkdf.h"

enum { COUNT = sizeof(rfc9529_signatures) / sizeof(rfc9529_signatures[0]) };

static uint8_t pool[64][512];
static size_t used;

/* A value, and where it is kept for the length of a test. */
static struct kb_span value_of(const char *part, const char *name)
{
    assert_in_range(used, 0, 63);
    return rfc9529_find(rfc9529_signatures, COUNT, part, name, pool[used++]);
}

static void assert_is(const uint8_t *bytes, size_t len, const char *part, const char *name)
{
    struct kb_span expected = value_of(part, name);

    assert_int_equal(len, expected.len);
    assert_memory_equal(bytes, expected.data, len);
}

static const uint8_t *bytes_of(const char *part, const char *name)
{
    return value_of(part, name).data;
}

static void ephemeral_keys_and_the_secret_are_those_of_the_trace(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    uint8_t out[32], prk[32];

    used = 0;
    assert_int_equal(crypto->x25519_public(bytes_of("message_1", "X"), out), KB_OK);
    assert_is(out, 32, "message_1", "G_X");
    assert_int_equal(crypto->x25519_public(bytes_of("message_2", "Y"), out), KB_OK);
    assert_is(out, 32, "message_2", "G_Y");
    assert_int_equal(kb_curve_shared(crypto, KB_CURVE_X25519, bytes_of("message_1", "X"),
                                     bytes_of("message_2", "G_Y"), out),
                     KB_OK);
    assert_is(out, 32, "message_2", "G_XY");
    assert_int_equal(kb_hkdf_extract(crypto, value_of("message_2", "TH_2"), kb_span(out, 32), prk),
                     KB_OK);
    assert_is(prk, 32, "message_2", "PRK_2e");
}

static void hash_is(void **state, const char *part, const char *input, const char *name)
{
    struct kb_span bytes = value_of(part, input);
    uint8_t out[32];

    assert_int_equal(kb_schedule_hash(backend_of(state), &bytes, 1, out), KB_OK);
    assert_is(out, 32, part, name);
}

static void transcripts_are_hashed_as_in_the_trace(void **state)
{
    struct kb_span message = value_of("message_1", "message_1 (CBOR Sequence)");
    uint8_t out[32];

    used = 1;
    assert_int_equal(kb_schedule_hash(backend_of(state), &message, 1, out), KB_OK);
    assert_is(out, 32, "message_2", "H(message_1)");
    hash_is(state, "message_2", "Input to calculate TH_2 (CBOR Sequence)", "TH_2");
    hash_is(state, "message_3", "Input to calculate TH_3 (CBOR Sequence)", "TH_3");
    hash_is(state, "message_3", "Input to calculate TH_4 (CBOR Sequence)", "TH_4");
}

static void keys_are_derived_as_in_the_trace(void **state)
{
    static const struct {
        enum kb_edhoc_label label;
        const char *part, *prk, *th, *name;
        size_t len;
    } rows[] = {
        {KB_EDHOC_KEYSTREAM_2, "message_2", "PRK_2e", "TH_2", "KEYSTREAM_2", 82},
        {KB_EDHOC_K_3, "message_3", "PRK_4e3m", "TH_3", "K_3", 16},
        {KB_EDHOC_IV_3, "message_3", "PRK_4e3m", "TH_3", "IV_3", 13},
        {KB_EDHOC_K_4, "message_4", NULL, NULL, "K_4", 16},
        {KB_EDHOC_IV_4, "message_4", NULL, NULL, "IV_4", 13},
        {KB_EDHOC_PRK_OUT, "PRK_out and PRK_exporter", NULL, NULL, "PRK_out", 32},
    };
    uint8_t out[96];

    used = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *from = rows[i].prk ? rows[i].part : "message_3";
        const uint8_t *prk = bytes_of(from, rows[i].prk ? rows[i].prk : "PRK_4e3m");
        const uint8_t *th = bytes_of(from, rows[i].th ? rows[i].th : "TH_4");

        assert_int_equal(
            kb_schedule_kdf_th(backend_of(state), prk, rows[i].label, th, out, rows[i].len), KB_OK);
        assert_is(out, rows[i].len, rows[i].part, rows[i].name);
    }
}

/* The MACs have their context in one piece here, of 293 and 291 bytes. */
static void macs_over_long_credentials_are_those_of_the_trace(void **state)
{
    struct kb_span context = value_of("message_2", "context_2 (CBOR Sequence)");
    uint8_t out[32];

    used = 1;
    assert_int_equal(kb_schedule_kdf(backend_of(state), bytes_of("message_2", "PRK_3e2m"),
                                     KB_EDHOC_MAC_2, &context, 1, out, 32),
                     KB_OK);
    assert_is(out, 32, "message_2", "MAC_2");
    context = value_of("message_3", "context_3 (CBOR Sequence)");
    assert_int_equal(kb_schedule_kdf(backend_of(state), bytes_of("message_3", "PRK_4e3m"),
                                     KB_EDHOC_MAC_3, &context, 1, out, 32),
                     KB_OK);
    assert_is(out, 32, "message_3", "MAC_3");
}

static void texts_are_sealed_as_in_the_trace(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    struct kb_span plain, aad;
    uint8_t out[96];

    used = 0;
    plain = value_of("message_3", "PLAINTEXT_3 (CBOR Sequence)");
    aad = value_of("message_3", "A_3 (CBOR Data Item)");
    assert_int_equal(crypto->ccm_seal(bytes_of("message_3", "K_3"), bytes_of("message_3", "IV_3"),
                                      aad, plain, out, out + plain.len, 8),
                     KB_OK);
    assert_is(out, plain.len + 8, "message_3", "CIPHERTEXT_3");
    plain = value_of("message_2", "PLAINTEXT_2 (CBOR Sequence)");
    memcpy(out, bytes_of("message_2", "KEYSTREAM_2"), plain.len);
    for (size_t i = 0; i < plain.len; i++)
        out[i] ^= plain.data[i];
    assert_is(out, plain.len, "message_2", "CIPHERTEXT_2");
}

static void exported_keys_are_those_of_the_trace(void **state)
{
    const struct kb_crypto *crypto = backend_of(state);
    struct kb_span none = {NULL, 0}, context;
    uint8_t prk[32], out[32];

    used = 0;
    memcpy(prk, bytes_of("PRK_out and PRK_exporter", "PRK_out"), sizeof(prk));
    assert_int_equal(kb_schedule_kdf(crypto, prk, KB_EDHOC_PRK_EXPORTER, NULL, 0, out, 32), KB_OK);
    assert_is(out, 32, "PRK_out and PRK_exporter", "PRK_exporter");
    assert_int_equal(kb_schedule_export(crypto, prk, 0, none, out, 16), KB_OK);
    assert_is(out, 16, "OSCORE Parameters", "OSCORE Master Secret");
    assert_int_equal(kb_schedule_export(crypto, prk, 1, none, out, 8), KB_OK);
    assert_is(out, 8, "OSCORE Parameters", "OSCORE Master Salt");
    context = value_of("Key Update", "context for KeyUpdate");
    assert_int_equal(kb_schedule_update(crypto, prk, context), KB_OK);
    assert_is(prk, 32, "Key Update", "PRK_out after KeyUpdate");
    assert_int_equal(kb_schedule_kdf(crypto, prk, KB_EDHOC_PRK_EXPORTER, NULL, 0, out, 32), KB_OK);
    assert_is(out, 32, "Key Update", "PRK_exporter after KeyUpdate");
    assert_int_equal(kb_schedule_export(crypto, prk, 0, none, out, 16), KB_OK);
    assert_is(out, 16, "Key Update", "OSCORE Master Secret after KeyUpdate");
    assert_int_equal(kb_schedule_export(crypto, prk, 1, none, out, 8), KB_OK);
    assert_is(out, 8, "Key Update", "OSCORE Master Salt after KeyUpdate");
}

/* Method 0 is not ours; the peer hears no more than that it was refused. */
static void message_1_of_another_method_is_refused(void **state)
{
    static const uint8_t zeros[KB_CURVE_SIZE];
    static const int16_t suites[] = {0};
    const struct kb_edhoc_identity identity = {
        .curve = KB_CURVE_X25519, .private_key = zeros, .id_cred = {NULL, 0}, .cred = {NULL, 0}};
    const struct kb_edhoc_config config = {.crypto = backend_of(state),
                                           .suites = suites,
                                           .suite_count = 1,
                                           .identities = &identity,
                                           .identity_count = 1};
    struct kb_edhoc edhoc;
    uint8_t out[KB_EDHOC_MESSAGE_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    used = 0;
    assert_int_equal(kb_edhoc_start(&edhoc, KB_AGREE_RESPONDER, &config), KB_OK);
    assert_int_equal(kb_edhoc_step(&edhoc, value_of("message_1", "message_1 (CBOR Sequence)"), &wr),
                     KB_ERR_RULE);
    assert_int_equal(wr.len, 9);
    assert_memory_equal(out, "\x01\x67refused", 9);
    assert_int_equal(kb_edhoc_step(&edhoc, kb_span(NULL, 0), &wr), KB_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(ephemeral_keys_and_the_secret_are_those_of_the_trace),
        BOTH(transcripts_are_hashed_as_in_the_trace),
        BOTH(keys_are_derived_as_in_the_trace),
        BOTH(macs_over_long_credentials_are_those_of_the_trace),
        BOTH(texts_are_sealed_as_in_the_trace),
        BOTH(exported_keys_are_those_of_the_trace),
        BOTH(message_1_of_another_method_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
