/* SPDX-License-Identifier: Apache-2.0 */
/* DH in every group: agreement, negotiation, degenerate values, changed and reflected messages. */
#include "tests/agree/hurt.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/evp.h>

#include <mbedtls/dhm.h>

static const int16_t all_groups[] = {256, 257, 258, 23, 29};
enum { GROUPS = sizeof(all_groups) / sizeof(all_groups[0]) };

/* A key pair of OpenSSL in a group it knows by name. */
static EVP_PKEY *openssl_key(const char *group)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    char name[16];
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
                           OSSL_PARAM_construct_end()};
    EVP_PKEY *key = NULL;

    strcpy(name, group);
    assert_true(EVP_PKEY_keygen_init(context) > 0);
    assert_true(EVP_PKEY_CTX_set_params(context, params) > 0);
    assert_true(EVP_PKEY_keygen(context, &key) > 0);
    EVP_PKEY_CTX_free(context);
    return key;
}

static void primes_are_those_of_both_libraries(void **state)
{
    static const uint8_t p2048[] = MBEDTLS_DHM_RFC7919_FFDHE2048_P_BIN;
    static const uint8_t p3072[] = MBEDTLS_DHM_RFC7919_FFDHE3072_P_BIN;
    static const uint8_t p4096[] = MBEDTLS_DHM_RFC7919_FFDHE4096_P_BIN;
    static const struct {
        const uint8_t *prime;
        size_t len;
    } others[] = {{p2048, sizeof(p2048)}, {p3072, sizeof(p3072)}, {p4096, sizeof(p4096)}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct kb_dh_group *group = kb_dh_group(all_groups[i]);
        EVP_PKEY *key = openssl_key(group->name);
        uint8_t bytes[KB_DH_SHARE_MAX];
        BIGNUM *p = NULL;

        assert_int_equal(group->share_len, others[i].len);
        assert_memory_equal(group->prime, others[i].prime, others[i].len);
        assert_true(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_FFC_P, &p) > 0);
        assert_int_equal(BN_bn2binpad(p, bytes, group->share_len), group->share_len);
        assert_memory_equal(group->prime, bytes, group->share_len);
        BN_free(p);
        EVP_PKEY_free(key);
    }
}

/* A share of ours and the key of OpenSSL's own DH give the secret we compute. */
static void secrets_are_those_of_another_implementation(void **state)
{
    const struct kb_random source = {NULL, NULL};
    const struct kb_dh_group *group = kb_dh_group(256);
    uint8_t own[KB_DH_PRIVATE_MAX], share[KB_DH_SHARE_MAX], secret[KB_DH_SHARE_MAX];
    uint8_t other_share[KB_DH_SHARE_MAX], other_secret[KB_DH_SHARE_MAX];
    EVP_PKEY *other = openssl_key("ffdhe2048"), *peer = EVP_PKEY_new();
    EVP_PKEY_CTX *context;
    size_t len;

    assert_true(EVP_PKEY_get_octet_string_param(other, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
                                                other_share, sizeof(other_share), &len) > 0);
    assert_int_equal(len, group->share_len);
    assert_int_equal(kb_dh_keypair(backend_of(state), &source, group, own, share), KB_OK);
    assert_int_equal(kb_dh_shared(backend_of(state), group, own, kb_span(other_share, len), secret),
                     KB_OK);
    assert_true(EVP_PKEY_copy_parameters(peer, other) > 0);
    assert_true(EVP_PKEY_set1_encoded_public_key(peer, share, len) > 0);
    context = EVP_PKEY_CTX_new(other, NULL);
    len = sizeof(other_secret);
    assert_true(EVP_PKEY_derive_init(context) > 0 && EVP_PKEY_CTX_set_dh_pad(context, 1) > 0);
    assert_true(EVP_PKEY_derive_set_peer(context, peer) > 0);
    assert_true(EVP_PKEY_derive(context, other_secret, &len) > 0);
    assert_int_equal(len, group->share_len);
    assert_memory_equal(secret, other_secret, len);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(other);
}

static void both_backends_agree_in_every_group(void **state)
{
    static const size_t sizes[GROUPS][4] = {
        {0, 262, 276, 17}, {0, 390, 404, 17}, {0, 518, 532, 17}, {0, 35, 51, 17}, {0, 36, 51, 17}};
    const struct kb_crypto *card = backend_of(state);
    const struct kb_crypto *operator_ =
        card == &kb_crypto_openssl ? &kb_crypto_mbedtls : &kb_crypto_openssl;
    struct rig_message messages[6];
    struct rig rig;

    rig_set_up(&rig, card, operator_, RIG_BY_KID);
    for (size_t i = 0; i < GROUPS; i++) {
        uint8_t left[32], right[32];

        rig_offer(&rig, &all_groups[i], 1);
        rig_start_dh(&rig);
        assert_int_equal(rig_run(&rig, messages), 3);
        for (size_t number = 1; number <= 3; number++)
            assert_int_equal(messages[number].len, sizes[i][number]);
        assert_int_equal(kb_agree_suite(&rig.card.agree), all_groups[i]);
        assert_int_equal(kb_agree_export(&rig.card.agree, 1, kb_span(NULL, 0), left, 32), KB_OK);
        assert_int_equal(kb_agree_export(&rig.operator_.agree, 1, kb_span(NULL, 0), right, 32),
                         KB_OK);
        assert_memory_equal(left, right, sizeof(left));
        assert_int_equal(kb_agree_update(&rig.card.agree, kb_span("u", 1)), KB_OK);
        assert_int_equal(kb_agree_update(&rig.operator_.agree, kb_span("u", 1)), KB_OK);
        assert_int_equal(kb_agree_export(&rig.card.agree, 1, kb_span(NULL, 0), right, 32), KB_OK);
        assert_memory_not_equal(left, right, sizeof(left));
    }
}

static void a_message_changed_anywhere_is_refused(void **state)
{
    static const size_t steps[GROUPS] = {23, 71, 131, 1, 1};
    struct rig_message messages[6];
    struct rig rig;

    (void)state;
    rig_set_up(&rig, &kb_crypto_openssl, &kb_crypto_openssl, RIG_BY_KID);
    for (size_t i = 0; i < GROUPS; i++) {
        rig_offer(&rig, &all_groups[i], 1);
        rig_start_dh(&rig);
        rig_run(&rig, messages);
        hurt_everything(&rig, messages, 3, steps[i]);
    }
}

/* Replaces the share of message 1 or 2 by a number near 0 or the prime. */
static void put_number(const struct kb_dh_group *group, bool is_near_prime, int offset,
                       uint8_t *share)
{
    memset(share, 0, group->share_len);
    if (is_near_prime)
        memcpy(share, group->prime, group->share_len);
    share[group->share_len - 1] = (uint8_t)(share[group->share_len - 1] + offset);
}

/* RFC 7919 clause 5.1: 1 < value < p - 1. */
static void values_outside_2_to_p_minus_2_are_refused(void **state)
{
    static const struct {
        bool is_near_prime;
        int offset;
        enum kb_err err;
    } values[] = {{false, 0, KB_ERR_INTEGRITY},
                  {false, 1, KB_ERR_INTEGRITY},
                  {false, 2, KB_OK},
                  {true, -2, KB_OK},
                  {true, -1, KB_ERR_INTEGRITY},
                  {true, 0, KB_ERR_INTEGRITY}};
    const struct kb_random source = {NULL, NULL};

    for (size_t i = 0; i < 3; i++) {
        const struct kb_dh_group *group = kb_dh_group(all_groups[i]);
        uint8_t own[KB_DH_PRIVATE_MAX], share[KB_DH_SHARE_MAX], secret[KB_DH_SHARE_MAX];

        assert_int_equal(kb_dh_keypair(&kb_crypto_openssl, &source, group, own, share), KB_OK);
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            put_number(group, values[v].is_near_prime, values[v].offset, share);
            assert_int_equal(kb_dh_shared(backend_of(state), group, own,
                                          kb_span(share, group->share_len), secret),
                             values[v].err);
        }
        memset(share, 0xFF, sizeof(share)); /* above the prime */
        assert_int_equal(
            kb_dh_shared(backend_of(state), group, own, kb_span(share, group->share_len), secret),
            KB_ERR_INTEGRITY);
        for (size_t len = 0; len < group->share_len; len += 85)
            assert_int_equal(
                kb_dh_shared(backend_of(state), group, own, kb_span(share, len), secret),
                KB_ERR_MALFORMED);
    }
}

static void degenerate_points_are_refused(void **state)
{
    static const uint8_t zero[32], one[32] = {1}, three[32] = {[31] = 3};
    const struct kb_random source = {NULL, NULL};
    uint8_t own[KB_DH_PRIVATE_MAX], share[KB_DH_SHARE_MAX], secret[KB_DH_SHARE_MAX];

    for (size_t i = 3; i < GROUPS; i++) {
        const struct kb_dh_group *group = kb_dh_group(all_groups[i]);
        const uint8_t *bad = group->curve == KB_CURVE_X25519 ? zero : three;

        assert_int_equal(kb_dh_keypair(backend_of(state), &source, group, own, share), KB_OK);
        assert_int_equal(kb_dh_shared(backend_of(state), group, own, kb_span(bad, 32), secret),
                         KB_ERR_INTEGRITY);
        bad = group->curve == KB_CURVE_X25519 ? one : three;
        assert_int_equal(kb_dh_shared(backend_of(state), group, own, kb_span(bad, 32), secret),
                         KB_ERR_INTEGRITY);
        assert_int_equal(kb_dh_shared(backend_of(state), group, own, kb_span(bad, 31), secret),
                         KB_ERR_MALFORMED);
    }
}

/* Labels differ by role: what one side says proves nothing when it comes back. */
static void a_reflected_confirmation_is_refused(void **state)
{
    struct rig_message messages[6];
    uint8_t bytes[KB_AGREE_MESSAGE_MAX];
    struct rig rig;
    size_t share;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    for (size_t i = 3; i < GROUPS; i++) {
        rig_offer(&rig, &all_groups[i], 1);
        rig_start_dh(&rig);
        rig_run(&rig, messages);
        /* MAC_2 as message_3. */
        assert_true(hurt_is_refused(&rig, messages, 3,
                                    kb_span(messages[2].bytes + messages[2].len - 17, 17)));
        /* The initiator's own share, with any MAC. */
        share = messages[1].len - 34;
        memcpy(bytes, messages[1].bytes + share, 34);
        memcpy(bytes + 34, messages[2].bytes + 34, 17);
        assert_true(hurt_is_refused(&rig, messages, 2, kb_span(bytes, 51)));
        assert_true(
            hurt_is_refused(&rig, messages, 2, kb_span(messages[1].bytes, messages[1].len)));
    }
}

static void parties_of_different_sessions_do_not_agree(void **state)
{
    uint8_t a[KB_AGREE_MESSAGE_MAX], b[KB_AGREE_MESSAGE_MAX];
    struct kb_writer first = kb_wr(a, sizeof(a)), second = kb_wr(b, sizeof(b));
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, &all_groups[3], 1);
    rig.card.dh.binding = kb_span("another card", 12);
    rig_start_dh(&rig);
    assert_int_equal(kb_agree_step(&rig.card.agree, kb_span(NULL, 0), &first), KB_OK);
    assert_int_equal(kb_agree_step(&rig.operator_.agree, kb_wr_span(&first), &second), KB_OK);
    first = kb_wr(a, sizeof(a));
    assert_int_equal(kb_agree_step(&rig.card.agree, kb_wr_span(&second), &first), KB_ERR_INTEGRITY);
    assert_int_equal(first.len, 9);
    assert_memory_equal(a, "\x01\x67refused", 9);
}

static void groups_are_negotiated(void **state)
{
    static const int16_t card[] = {1000, 258, 23, 29}, operator_[] = {29, 23, 256};
    uint8_t a[KB_AGREE_MESSAGE_MAX], b[KB_AGREE_MESSAGE_MAX];
    struct kb_writer first = kb_wr(a, sizeof(a)), second = kb_wr(b, sizeof(b));
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, card, 4);
    rig.operator_.dh.groups = operator_;
    rig.operator_.dh.group_count = 3;
    rig_start_dh(&rig);
    assert_int_equal(kb_agree_step(&rig.card.agree, kb_span(NULL, 0), &first), KB_OK);
    assert_memory_equal(a, "\x82\x19\x03\xE8\x19\x01\x02", 7); /* [1000, 258] */
    assert_int_equal(kb_agree_step(&rig.operator_.agree, kb_wr_span(&first), &second),
                     KB_ERR_VERSION);
    assert_int_equal(second.len, 8);
    assert_memory_equal(b, "\x02\x83\x18\x1D\x17\x19\x01\x00", 8); /* [29, 23, 256] */
    first = kb_wr(a, sizeof(a));
    assert_int_equal(kb_agree_step(&rig.card.agree, kb_wr_span(&second), &first), KB_OK);
    assert_memory_equal(a, "\x83\x19\x03\xE8\x19\x01\x02\x17", 8); /* [1000, 258, 23] */
    assert_int_equal(kb_agree_dh(&rig.operator_.agree, KB_AGREE_RESPONDER, &rig.operator_.dh),
                     KB_OK);
    rig_deliver(&rig, 1, kb_wr_span(&first));
    assert_true(rig_is_done(&rig.card) && rig_is_done(&rig.operator_));
    assert_int_equal(kb_agree_suite(&rig.operator_.agree), 23);
}

/* Who relays can sit in the middle of DH: each side agrees, with the relay. This is why edhoc is
 * the default (docs/agree.md). */
static void whoever_relays_can_sit_in_the_middle_of_dh(void **state)
{
    struct rig_message messages[6], others[6];
    uint8_t card[32], operator_[32];
    struct rig left, right;

    rig_set_up(&left, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_set_up(&right, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&left, &all_groups[4], 1);
    rig_offer(&right, &all_groups[4], 1);
    rig_start_dh(&left);
    rig_start_dh(&right);
    left.operator_.seed = right.card.seed = 0x72656C6179; /* the relay plays both */
    rig_run(&left, messages);
    rig_run(&right, others);
    assert_int_equal(kb_agree_export(&left.card.agree, 1, kb_span(NULL, 0), card, 32), KB_OK);
    assert_int_equal(kb_agree_export(&right.operator_.agree, 1, kb_span(NULL, 0), operator_, 32),
                     KB_OK);
    assert_memory_not_equal(card, operator_, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(primes_are_those_of_both_libraries),
        BOTH(secrets_are_those_of_another_implementation),
        BOTH(both_backends_agree_in_every_group),
        cmocka_unit_test(a_message_changed_anywhere_is_refused),
        BOTH(values_outside_2_to_p_minus_2_are_refused),
        BOTH(degenerate_points_are_refused),
        BOTH(a_reflected_confirmation_is_refused),
        BOTH(parties_of_different_sessions_do_not_agree),
        BOTH(groups_are_negotiated),
        BOTH(whoever_relays_can_sit_in_the_middle_of_dh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
