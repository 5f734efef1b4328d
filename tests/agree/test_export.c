/* SPDX-License-Identifier: Apache-2.0 */
/* The subscriber's secrets: both sides have the same, and each is bound to all it should be. */
#include "tests/agree/rig.h"

#include <openssl/evp.h>

#include "agree/export.h"
#include "crypto/hkdf.h"

static const struct kb_export_binding binding = {{(const uint8_t *)"8988219000000117833", 19},
                                                 {(const uint8_t *)"001-01", 6}};

static const struct {
    enum kb_export_what what;
    size_t lengths[3];
} secrets[] = {{KB_EXPORT_K, {16, 32}},       {KB_EXPORT_OPC, {16}},
               {KB_EXPORT_TOPC, {32}},        {KB_EXPORT_KIC, {16, 24, 32}},
               {KB_EXPORT_KID, {16, 24, 32}}, {KB_EXPORT_KIK, {16, 24, 32}},
               {KB_EXPORT_IDENTITY, {16, 32}}};
enum { SECRETS = sizeof(secrets) / sizeof(secrets[0]) };

static const int16_t suites[] = {2, 3}, groups[] = {23, 29};

static void agree(struct rig *rig, bool is_edhoc, const int16_t *offer, uint64_t seed)
{
    struct rig_message messages[6];

    rig_offer(rig, offer, 1);
    if (is_edhoc)
        rig_start_edhoc(rig);
    else
        rig_start_dh(rig);
    rig->card.seed += seed;
    rig_run(rig, messages);
}

static void export_16(const struct kb_agree *agreement, const struct kb_export_binding *bound,
                      enum kb_export_what what, uint8_t number, uint8_t out[16])
{
    size_t len = what == KB_EXPORT_TOPC ? 32 : 16;
    uint8_t key[32];

    assert_int_equal(kb_export(agreement, bound, what, number, key, len), KB_OK);
    memcpy(out, key, 16);
}

static void both_sides_have_the_same_secrets_in_every_length(void **state)
{
    struct rig rig;

    rig_set_up(&rig, &kb_crypto_mbedtls, &kb_crypto_openssl, RIG_BY_KID);
    for (int is_edhoc = 0; is_edhoc <= 1; is_edhoc++) {
        agree(&rig, is_edhoc, is_edhoc ? suites : groups, 0);
        for (size_t i = 0; i < SECRETS; i++) {
            for (size_t len = 0; len <= 40; len++) {
                uint8_t left[40], right[40];
                bool is_good =
                    len && (len == secrets[i].lengths[0] || len == secrets[i].lengths[1] ||
                            len == secrets[i].lengths[2]);

                assert_int_equal(
                    kb_export(&rig.card.agree, &binding, secrets[i].what, 0, left, len),
                    is_good ? KB_OK : KB_ERR_RANGE);
                assert_int_equal(
                    kb_export(&rig.operator_.agree, &binding, secrets[i].what, 0, right, len),
                    is_good ? KB_OK : KB_ERR_RANGE);
                if (is_good)
                    assert_memory_equal(left, right, len);
            }
        }
    }
    (void)state;
}

/* One secret for each change of what it is bound to; no two may be alike. */
static void a_secret_changes_with_all_it_is_bound_to(void **state)
{
    const struct kb_export_binding others[] = {
        binding,
        {kb_span("8988219000000117834", 19), binding.id_o},
        {binding.id_sc, kb_span("001-02", 6)},
        /* the same bytes, cut elsewhere */
        {kb_span("898821900000011783", 18), kb_span("3001-01", 7)}};
    uint8_t keys[64][16];
    struct rig rig;
    size_t count = 0;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    /* Transcript, suite, group, agreement. */
    for (uint64_t seed = 0; seed < 2; seed++) {
        for (size_t i = 0; i < 2; i++) {
            agree(&rig, true, &suites[i], seed);
            export_16(&rig.card.agree, &binding, KB_EXPORT_K, 0, keys[count++]);
            agree(&rig, false, &groups[i], seed);
            export_16(&rig.card.agree, &binding, KB_EXPORT_K, 0, keys[count++]);
        }
    }
    agree(&rig, true, suites, 7);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        export_16(&rig.card.agree, &others[i], KB_EXPORT_K, 0, keys[count++]);
    for (size_t i = 1; i < SECRETS; i++)
        export_16(&rig.card.agree, &binding, secrets[i].what, 0, keys[count++]);
    for (uint8_t number = 1; number <= 3; number++)
        export_16(&rig.card.agree, &binding, KB_EXPORT_KIC, number, keys[count++]);
    /* A longer key does not begin with a shorter one. */
    assert_int_equal(kb_export(&rig.card.agree, &binding, KB_EXPORT_K, 0, keys[count], 32), KB_OK);
    count++;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i], keys[j], 16);
    }
}

/* The context as docs/agree.md writes it down, and EDHOC_KDF over it by hand. */
static void the_context_is_the_one_that_is_documented(void **state)
{
    static const char context_hex[] = "656564686F63"
                                      "02"
                                      "53383938383231393030303030303131373833"
                                      "33"
                                      "463030312D3031"
                                      "03";
    uint8_t context[64], info[96], prk_exporter[32], expected[16], key[16];
    struct kb_writer wr = kb_wr(info, sizeof(info));
    struct kb_span parts;
    struct rig rig;
    size_t len = unhex(context_hex, context, sizeof(context));

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    agree(&rig, true, suites, 0);
    parts = kb_span("\x0A\x40\x18\x20", 4); /* RFC 9529: info for PRK_exporter */
    assert_int_equal(kb_hkdf_expand(backend_of(state), kb_span(rig.card.agree.as.edhoc.prk, 32),
                                    &parts, 1, prk_exporter, 32),
                     KB_OK);
    kb_wr_copy(&wr, "\x19\x90\x03\x58", 4); /* KIc; the context is longer than 23 bytes */
    kb_wr_u8(&wr, (uint8_t)len);
    kb_wr_copy(&wr, context, len);
    kb_wr_u8(&wr, 0x10);
    parts = kb_wr_span(&wr);
    assert_int_equal(kb_hkdf_expand(backend_of(state), kb_span(prk_exporter, 32), &parts, 1,
                                    expected, sizeof(expected)),
                     KB_OK);
    export_16(&rig.card.agree, &binding, KB_EXPORT_KIC, 3, key);
    assert_memory_equal(key, expected, sizeof(key));
}

static void nothing_comes_out_before_the_agreement_is_done(void **state)
{
    static const uint8_t zeros[16];
    struct rig_message messages[6];
    uint8_t key[16];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    for (int is_edhoc = 0; is_edhoc <= 1; is_edhoc++) {
        agree(&rig, is_edhoc, is_edhoc ? suites : groups, 0);
        if (is_edhoc)
            rig_start_edhoc(&rig);
        else
            rig_start_dh(&rig);
        for (size_t number = 1, last = rig_run(&rig, messages); number <= last; number++) {
            const struct kb_agree *both[] = {&messages[number].card, &messages[number].operator_};

            for (size_t i = 0; i < 2; i++) {
                bool is_done = kb_agree_state(both[i]) == KB_AGREE_DONE;

                memset(key, 0xEE, sizeof(key));
                assert_int_equal(kb_export(both[i], &binding, KB_EXPORT_K, 0, key, 16),
                                 is_done ? KB_OK : KB_ERR_USAGE);
                if (!is_done)
                    assert_memory_equal(key, zeros, sizeof(key));
            }
        }
        /* The card waits for message_4 before it has a key. */
        assert_int_equal(kb_agree_state(&messages[3].card),
                         is_edhoc ? KB_AGREE_WAIT_4 : KB_AGREE_DONE);
    }
}

static void identities_must_be_there_and_fit(void **state)
{
    static const uint8_t id[KB_EXPORT_ID_MAX + 1];
    static const size_t lengths[] = {0, 1, KB_EXPORT_ID_MAX, KB_EXPORT_ID_MAX + 1};
    uint8_t key[16];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    agree(&rig, true, suites, 0);
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            const struct kb_export_binding bound = {kb_span(id, lengths[i]),
                                                    kb_span(id, lengths[j])};
            bool is_good = i % 3 && j % 3;

            assert_int_equal(kb_export(&rig.card.agree, &bound, KB_EXPORT_K, 0, key, 16),
                             is_good ? KB_OK : KB_ERR_RANGE);
        }
    }
}

static void a_fingerprint_is_an_hmac_cut_short(void **state)
{
    static const uint8_t key[32] = {1, 2, 3};
    uint8_t fingerprint[KB_FINGERPRINT_SIZE], mac[32];
    size_t len;

    assert_int_equal(kb_fingerprint(backend_of(state), kb_span(key, 16), fingerprint), KB_OK);
    assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, 16,
                              (const uint8_t *)"Keyborn fingerprint", 19, mac, sizeof(mac), &len));
    assert_memory_equal(fingerprint, mac, sizeof(fingerprint));
    assert_int_equal(kb_fingerprint(backend_of(state), kb_span(key, 15), fingerprint),
                     KB_ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_have_the_same_secrets_in_every_length),
        BOTH(a_secret_changes_with_all_it_is_bound_to),
        BOTH(the_context_is_the_one_that_is_documented),
        BOTH(nothing_comes_out_before_the_agreement_is_done),
        BOTH(identities_must_be_there_and_fit),
        BOTH(a_fingerprint_is_an_hmac_cut_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
