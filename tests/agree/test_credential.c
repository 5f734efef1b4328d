/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: CBOR Web Tokens (RFC 8392) with a key (RFC 8747), signed with ES256. */
#include "tests/crypto/backends.h"

#include "agree/credential.h"
#include "wire/cbor.h"

/* A token that Python's cryptography package signed, over CBOR written by hand: iss "Operators",
 * sub "001-01", exp 1900000000, nbf 1700000000, cnf the key of RFC 5903 clause 8.1. The root's key
 * is that of RFC 6979 appendix A.2.5. */
static const char token_hex[] =
    "8443A10126A0584DA501694F70657261746F727302663030312D3031041A713FB300051A6553F10008A1"
    "01A401022001215820DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C377258118022"
    "F558404358F132F0E6AB45762DDF27900D96ACFD50123050C898827B33B24CA4A3EF703D8AA0D2AEDE1A"
    "1F7A48EB238526815AED9084034AFD1E2A4B10651533D0F8F5";
#define ROOT_PRIVATE "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
#define ROOT_PUBLIC                                                                                \
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"                             \
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
#define LEAF_X "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"

struct rig {
    uint8_t token[KB_CREDENTIAL_MAX], root_public[KB_P256_PUBLIC], root_private[KB_P256_PRIVATE];
    size_t len;
    struct kb_credential_root root;
    struct kb_credential credential;
};

static void set_up(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    rig->len = unhex(token_hex, rig->token, sizeof(rig->token));
    unhex(ROOT_PUBLIC, rig->root_public, sizeof(rig->root_public));
    unhex(ROOT_PRIVATE, rig->root_private, sizeof(rig->root_private));
    rig->root = (struct kb_credential_root){kb_span("Operators", 9), rig->root_public};
}

static enum kb_err verify(void **state, struct rig *rig, const int64_t *now, struct kb_span token)
{
    return kb_credential_verify(backend_of(state), &rig->root, now, token, &rig->credential);
}

static void assert_span(struct kb_span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.data, text, span.len);
}

static void a_token_of_another_implementation_is_verified(void **state)
{
    const int64_t now = 1800000000;
    struct rig rig;

    set_up(&rig);
    assert_int_equal(verify(state, &rig, &now, kb_span(rig.token, rig.len)), KB_OK);
    assert_span(rig.credential.issuer, "Operators");
    assert_span(rig.credential.subject, "001-01");
    assert_true(rig.credential.expires == 1900000000 && rig.credential.not_before == 1700000000);
    assert_int_equal(rig.credential.curve, KB_CURVE_P256);
    assert_hex(rig.credential.public_key, KB_CURVE_SIZE, LEAF_X);
}

/* Up to the signature, which is not the same twice. */
static void what_is_issued_has_the_same_bytes(void **state)
{
    uint8_t out[KB_CREDENTIAL_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    struct kb_credential claims = {.issuer = kb_span("Operators", 9),
                                   .subject = kb_span("001-01", 6),
                                   .expires = 1900000000,
                                   .not_before = 1700000000,
                                   .curve = KB_CURVE_P256,
                                   .is_odd = true};
    struct rig rig;

    set_up(&rig);
    unhex(LEAF_X, claims.public_key, sizeof(claims.public_key));
    assert_int_equal(kb_credential_sign(backend_of(state), rig.root_private, &claims, &wr), KB_OK);
    assert_int_equal(wr.len, rig.len);
    assert_memory_equal(out, rig.token, rig.len - KB_P256_SIGNATURE);
    assert_int_equal(verify(state, &rig, NULL, kb_wr_span(&wr)), KB_OK);
    for (size_t cap = 0; cap < rig.len; cap++) {
        wr = kb_wr(out, cap);
        assert_int_equal(kb_credential_sign(backend_of(state), rig.root_private, &claims, &wr),
                         KB_ERR_TOO_LONG);
    }
}

static void a_token_changed_in_any_bit_is_refused(void **state)
{
    static const struct kb_credential nothing;
    /* mbed TLS takes its time. */
    const size_t step = backend_of(state) == &kb_crypto_openssl ? 1 : 11;
    struct rig rig;

    set_up(&rig);
    for (size_t bit = 0; bit < 8 * rig.len; bit += step) {
        rig.token[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(verify(state, &rig, NULL, kb_span(rig.token, rig.len)), KB_OK);
        assert_memory_equal(&rig.credential, &nothing, sizeof(nothing));
        rig.token[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < rig.len; len++) {
        uint8_t *own = test_malloc(len + 1);

        memcpy(own, rig.token, len);
        assert_int_equal(verify(state, &rig, NULL, kb_span(own, len)), KB_ERR_MALFORMED);
        test_free(own);
    }
    assert_int_equal(verify(state, &rig, NULL, kb_span(rig.token, rig.len + 1)), KB_ERR_MALFORMED);
}

static void only_the_root_of_that_name_and_key_counts(void **state)
{
    struct rig rig;

    set_up(&rig);
    rig.root.name = kb_span("Maker", 5);
    assert_int_equal(verify(state, &rig, NULL, kb_span(rig.token, rig.len)), KB_ERR_RULE);
    rig.root.name = kb_span("Operatorz", 9);
    assert_int_equal(verify(state, &rig, NULL, kb_span(rig.token, rig.len)), KB_ERR_RULE);
    rig.root.name = kb_span(NULL, 0);
    assert_int_equal(verify(state, &rig, NULL, kb_span(rig.token, rig.len)), KB_ERR_RULE);
    set_up(&rig);
    assert_int_equal(backend_of(state)->p256_keypair(rig.root_private, rig.root_public), KB_OK);
    assert_int_equal(verify(state, &rig, NULL, kb_span(rig.token, rig.len)), KB_ERR_INTEGRITY);
}

static void a_token_counts_from_nbf_and_until_exp(void **state)
{
    static const struct {
        int64_t now;
        enum kb_err err;
    } times[] = {{0, KB_ERR_RANGE},        {1699999999, KB_ERR_RANGE}, {1700000000, KB_OK},
                 {1899999999, KB_OK},      {1900000000, KB_ERR_RANGE}, {INT64_MAX, KB_ERR_RANGE},
                 {INT64_MIN, KB_ERR_RANGE}};
    struct rig rig;

    set_up(&rig);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        assert_int_equal(verify(state, &rig, &times[i].now, kb_span(rig.token, rig.len)),
                         times[i].err);
}

/* RFC 9528 clause 3.5.2 (an X25519 key with a kid beside it), and CRED_R of RFC 9529 clause 3. */
static void claims_of_the_rfcs_are_read(void **state)
{
    static const struct {
        const char *hex, *subject, *x;
        enum kb_curve curve;
    } examples[] = {
        {"A2027734322D35302D33312D46462D45462D33372D33322D333908A101A40101024100200421"
         "5820B1A3E89460E88D3A8D54211DC95F0B903FF205EB71912D6DB8F4AF980D2DB83A",
         "42-50-31-FF-EF-37-32-39",
         "B1A3E89460E88D3A8D54211DC95F0B903FF205EB71912D6DB8F4AF980D2DB83A", KB_CURVE_X25519},
        {"A2026B6578616D706C652E65647508A101A501020241322001215820"
         "BBC34960526EA4D32E940CAD2A234148DDC21791A12AFBCBAC93622046DD44F02258204519E257236B2A0C"
         "E2023F0931F1F386CA7AFDA64FCDE0108C224C51EABF6072",
         "example.edu", "BBC34960526EA4D32E940CAD2A234148DDC21791A12AFBCBAC93622046DD44F0",
         KB_CURVE_P256},
    };
    struct kb_credential credential;
    uint8_t bytes[128];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t len = unhex(examples[i].hex, bytes, sizeof(bytes));

        assert_int_equal(kb_credential_read_claims(kb_span(bytes, len), &credential), KB_OK);
        assert_span(credential.subject, examples[i].subject);
        assert_int_equal(credential.curve, examples[i].curve);
        assert_hex(credential.public_key, KB_CURVE_SIZE, examples[i].x);
        assert_int_equal(credential.issuer.len, 0);
    }
}

#define KEY  "21582000000000000000000000000000000000000000000000000000000000000000AA"
#define GOOD "A40102200121582000000000000000000000000000000000000000000000000000000000000000AA22F4"

static void claims_of_another_shape_are_refused(void **state)
{
    static const struct {
        const char *why, *hex;
        enum kb_err err;
    } samples[] = {
        {"as it should be",
         "A2026161"
         "08A101" GOOD,
         KB_OK},
        {"without Y",
         "A2026161"
         "08A101"
         "A301022001" KEY,
         KB_OK},
        {"unknown claims",
         "A4026161"
         "0701"
         "08A101" GOOD "616201",
         KB_OK},
        {"no subject",
         "A1"
         "08A101" GOOD,
         KB_ERR_MALFORMED},
        {"empty subject",
         "A20260"
         "08A101" GOOD,
         KB_ERR_MALFORMED},
        {"subject of bytes",
         "A2024161"
         "08A101" GOOD,
         KB_ERR_MALFORMED},
        {"no key", "A1026161", KB_ERR_MALFORMED},
        {"cnf by kid",
         "A2026161"
         "08A1034100",
         KB_ERR_MALFORMED},
        {"cnf of two",
         "A2026161"
         "08A201" GOOD "0300",
         KB_ERR_MALFORMED},
        {"curve 2 (P-384)",
         "A2026161"
         "08A101"
         "A401022002" KEY "22F4",
         KB_ERR_MALFORMED},
        {"kty OKP on P-256",
         "A2026161"
         "08A101"
         "A301012001" KEY,
         KB_ERR_MALFORMED},
        {"kty EC2 on X25519",
         "A2026161"
         "08A101"
         "A301022004" KEY,
         KB_ERR_MALFORMED},
        {"Y on X25519",
         "A2026161"
         "08A101"
         "A401012004" KEY "22F4",
         KB_ERR_MALFORMED},
        {"no X",
         "A2026161"
         "08A101"
         "A301022001"
         "22F4",
         KB_ERR_MALFORMED},
        {"X of 1 byte",
         "A2026161"
         "08A101"
         "A3010220012141AA",
         KB_ERR_MALFORMED},
        {"Y null",
         "A2026161"
         "08A101"
         "A401022001" KEY "22F6",
         KB_ERR_MALFORMED},
        {"Y of 1 byte",
         "A2026161"
         "08A101"
         "A401022001" KEY "224100",
         KB_ERR_MALFORMED},
        {"private key",
         "A2026161"
         "08A101"
         "A401022001" KEY "234100",
         KB_ERR_MALFORMED},
        {"exp negative",
         "A3026161"
         "0420"
         "08A101" GOOD,
         KB_ERR_MALFORMED},
        {"exp text",
         "A3026161"
         "046161"
         "08A101" GOOD,
         KB_ERR_MALFORMED},
        {"out of order",
         "A2"
         "08A101" GOOD "026161",
         KB_ERR_MALFORMED},
        {"subject twice",
         "A3026161026161"
         "08A101" GOOD,
         KB_ERR_MALFORMED},
        {"something behind",
         "A2026161"
         "08A101" GOOD "00",
         KB_ERR_MALFORMED},
        {"a tag around",
         "D83DA2026161"
         "08A101" GOOD,
         KB_ERR_MALFORMED},
    };
    struct kb_credential credential;
    uint8_t bytes[128];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        size_t len = unhex(samples[i].hex, bytes, sizeof(bytes));

        if (kb_credential_read_claims(kb_span(bytes, len), &credential) != samples[i].err)
            fail_msg("%s", samples[i].why);
    }
}

static void names_that_are_too_long_are_not_issued(void **state)
{
    char name[KB_CREDENTIAL_NAME_MAX + 1];
    uint8_t out[KB_CREDENTIAL_MAX];
    struct kb_credential claims = {.curve = KB_CURVE_X25519, .expires = INT64_MAX, .not_before = 1};
    struct rig rig;

    set_up(&rig);
    memset(name, 'n', sizeof(name));
    rig.root.name = claims.issuer = claims.subject = kb_span(name, KB_CREDENTIAL_NAME_MAX);
    for (size_t more = 0; more <= 1; more++) {
        struct kb_writer wr = kb_wr(out, sizeof(out));

        claims.subject.len += more;
        assert_int_equal(kb_credential_sign(backend_of(state), rig.root_private, &claims, &wr),
                         more ? KB_ERR_TOO_LONG : KB_OK);
        if (!more)
            assert_int_equal(verify(state, &rig, NULL, kb_wr_span(&wr)), KB_OK);
    }
}

static void header_maps_name_a_kid_a_token_or_claims(void **state)
{
    static const struct {
        const char *hex;
        enum kb_err err;
        int header;
        size_t len;
    } maps[] = {
        {"A1044132", KB_OK, KB_CREDENTIAL_KID, 1},
        {"A10D80", KB_OK, KB_CREDENTIAL_KCWT, 1},
        {"A10EA0", KB_OK, KB_CREDENTIAL_KCCS, 1},
        {"A0", KB_ERR_ABSENT, 0, 0},
        {"A20441320D80", KB_ERR_ABSENT, 0, 0},
        {"A11822822E4879F2A41B510C1F9B", KB_ERR_ABSENT, 0, 0}, /* x5t */
        {"A10432", KB_ERR_MALFORMED, 0, 0},
        {"A104413200", KB_ERR_MALFORMED, 0, 0},
        {"80", KB_ERR_ABSENT, 0, 0},
        {"", KB_ERR_ABSENT, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        enum kb_credential_header header;
        struct kb_span value;
        uint8_t bytes[32];
        size_t len = unhex(maps[i].hex, bytes, sizeof(bytes));

        assert_int_equal(kb_credential_read_id(kb_span(bytes, len), &header, &value), maps[i].err);
        if (!maps[i].err) {
            assert_int_equal(header, maps[i].header);
            assert_int_equal(value.len, maps[i].len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_token_of_another_implementation_is_verified),
        BOTH(what_is_issued_has_the_same_bytes),
        BOTH(a_token_changed_in_any_bit_is_refused),
        BOTH(only_the_root_of_that_name_and_key_counts),
        BOTH(a_token_counts_from_nbf_and_until_exp),
        cmocka_unit_test(claims_of_the_rfcs_are_read),
        cmocka_unit_test(claims_of_another_shape_are_refused),
        BOTH(names_that_are_too_long_are_not_issued),
        cmocka_unit_test(header_maps_name_a_kid_a_token_or_claims),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
