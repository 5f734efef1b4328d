/* SPDX-License-Identifier: Apache-2.0 */
/* A port that fails, and random numbers that are none: no agreement comes of it. */
#include "tests/agree/rig.h"

static const int16_t suites[] = {2};

/* A port of which one call, the n-th, fails. */
static unsigned calls_left;

static bool is_failing_now(void)
{
    return calls_left-- == 0;
}

static enum kb_err failing_update(struct kb_sha256 *sha, const void *data, size_t len)
{
    return is_failing_now() ? KB_ERR_CRYPTO : kb_crypto_openssl.sha256_update(sha, data, len);
}

static enum kb_err failing_shared(const uint8_t *private_key, const uint8_t *x, uint8_t *shared)
{
    return is_failing_now() ? KB_ERR_CRYPTO : kb_crypto_openssl.p256_shared(private_key, x, shared);
}

static enum kb_err failing_public(const uint8_t *private_key, uint8_t *public_key)
{
    return is_failing_now() ? KB_ERR_CRYPTO
                            : kb_crypto_openssl.p256_public(private_key, public_key);
}

static enum kb_err failing_verify(const uint8_t *public_key, const uint8_t *digest,
                                  const uint8_t *signature)
{
    return is_failing_now() ? KB_ERR_CRYPTO
                            : kb_crypto_openssl.p256_verify(public_key, digest, signature);
}

static enum kb_err failing_seal(const uint8_t *key, const uint8_t *nonce, struct kb_span aad,
                                struct kb_span plain, uint8_t *out, uint8_t *tag, size_t tag_len)
{
    return is_failing_now() ? KB_ERR_CRYPTO
                            : kb_crypto_openssl.ccm_seal(key, nonce, aad, plain, out, tag, tag_len);
}

/* A source of nothing but FF: no private key on P-256. */
static enum kb_err give_ones(void *context, void *out, size_t len)
{
    (void)context;
    memset(out, 0xFF, len);
    return KB_OK;
}

static void a_port_that_fails_ends_both_agreements(void **state)
{
    struct kb_crypto port = kb_crypto_openssl;
    static const int16_t groups[] = {23};
    struct rig rig;

    (void)state;
    port.sha256_update = failing_update;
    port.p256_shared = failing_shared;
    port.p256_public = failing_public;
    port.p256_verify = failing_verify;
    port.ccm_seal = failing_seal;
    rig_set_up(&rig, &port, &port, RIG_BY_VALUE);
    for (int is_edhoc = 0; is_edhoc <= 1; is_edhoc++) {
        bool is_whole = false;

        rig_offer(&rig, is_edhoc ? suites : groups, 1);
        for (unsigned calls = 0; !is_whole; calls++) {
            is_edhoc ? rig_start_edhoc(&rig) : rig_start_dh(&rig);
            calls_left = calls;
            rig_deliver(&rig, 0, kb_span(NULL, 0));
            is_whole = calls_left < calls + 1; /* nothing failed: it did not pass zero */
            if (is_whole)
                assert_true(rig_is_done(&rig.card) && rig_is_done(&rig.operator_));
            else
                assert_false(rig_is_done(&rig.card) && rig_is_done(&rig.operator_));
        }
    }
}

static void a_broken_source_of_random_numbers_is_noticed(void **state)
{
    uint8_t out[KB_AGREE_MESSAGE_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, suites, 1);
    rig_start_edhoc(&rig);
    rig.card.edhoc.random.fill = give_ones;
    assert_int_equal(kb_agree_step(&rig.card.agree, kb_span(NULL, 0), &wr), KB_ERR_RANDOM);
    assert_int_equal(wr.len, 0);
    assert_int_equal(kb_agree_state(&rig.card.agree), KB_AGREE_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_fails_ends_both_agreements),
        BOTH(a_broken_source_of_random_numbers_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
