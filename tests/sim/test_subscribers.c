/* SPDX-License-Identifier: Apache-2.0 */
/* Registers: vectors that a card with the same key takes, sequence numbers, old requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/milenage.h"
#include "sim/crypto.h"
#include "sim/subscribers.h"

enum { MANY = 20000, IND_BITS = 5 };

/* 3GPP TS 35.208 clause 4.3, test set 1. */
static const uint8_t k[16] = {0x46, 0x5B, 0x5C, 0xE8, 0xB1, 0x99, 0xB4, 0x9F,
                              0xAA, 0x5F, 0x0A, 0x2E, 0xE2, 0x38, 0xA6, 0xBC};
static const uint8_t opc[16] = {0xCD, 0x63, 0xCB, 0x71, 0x95, 0x4A, 0x9F, 0x4E,
                                0x48, 0xA5, 0x99, 0x4E, 0x37, 0xA0, 0x2B, 0xAF};

static uint64_t imsi_of(const char *digits)
{
    return kb_sim_imsi(kb_span(digits, strlen(digits)));
}

/* What a card does with a vector (3GPP TS 33.102 clause 6.3.3): its SQN, or a failed test. */
static uint64_t take_vector(const struct kb_sim_vector *vector)
{
    struct kb_milenage m;
    uint8_t res[8], ak[6], sqn[6], mac[8];
    uint64_t value = 0;

    assert_int_equal(kb_milenage_challenge(&m, kb_sim_crypto(), k, opc, vector->rand), KB_OK);
    assert_int_equal(kb_milenage_f2_f5(&m, res, ak), KB_OK);
    assert_memory_equal(res, vector->xres, sizeof(res));
    for (size_t i = 0; i < sizeof(sqn); i++) {
        sqn[i] = vector->autn[i] ^ ak[i];
        value = value << 8 | sqn[i];
    }
    assert_int_equal(kb_milenage_f1(&m, sqn, vector->autn + 6, mac, NULL), KB_OK);
    assert_memory_equal(mac, vector->autn + 8, sizeof(mac));
    kb_milenage_end(&m);
    return value;
}

static void make_auts(const uint8_t rand[16], uint64_t value, uint8_t auts[14])
{
    static const uint8_t amf[2] = {0, 0};
    struct kb_milenage m;
    uint8_t ak[6], sqn[6];

    for (int i = 5; i >= 0; i--, value >>= 8)
        sqn[i] = (uint8_t)value;
    assert_int_equal(kb_milenage_challenge(&m, kb_sim_crypto(), k, opc, rand), KB_OK);
    assert_int_equal(kb_milenage_f5star(&m, ak), KB_OK);
    assert_int_equal(kb_milenage_f1(&m, sqn, amf, NULL, auts + 6), KB_OK);
    for (size_t i = 0; i < sizeof(sqn); i++)
        auts[i] = sqn[i] ^ ak[i];
    kb_milenage_end(&m);
}

static void vectors_are_fresh_and_their_numbers_rise(void **state)
{
    struct kb_sim_subscribers subscribers;
    struct kb_sim_subscriber *subscriber;
    uint64_t last = 0;

    (void)state;
    kb_sim_subscribers_init(&subscribers, kb_sim_crypto(), 1, 1);
    subscriber = kb_sim_subscribers_put(&subscribers, imsi_of("001010000000001"), k, opc);
    for (unsigned i = 0; i < 100; i++) {
        struct kb_sim_vector vector;
        uint64_t sqn;

        assert_int_equal(kb_sim_subscribers_vector(&subscribers, subscriber, &vector), KB_OK);
        sqn = take_vector(&vector);
        assert_true(sqn >> IND_BITS > last >> IND_BITS);
        last = sqn;
    }
    kb_sim_subscribers_end(&subscribers);
}

static void a_card_that_is_ahead_is_followed(void **state)
{
    const uint64_t ahead = UINT64_C(5000) << IND_BITS;
    struct kb_sim_subscribers subscribers;
    struct kb_sim_subscriber *subscriber;
    struct kb_sim_vector vector;
    uint8_t auts[14];

    (void)state;
    kb_sim_subscribers_init(&subscribers, kb_sim_crypto(), 1, 1);
    subscriber = kb_sim_subscribers_put(&subscribers, imsi_of("001010000000001"), k, opc);
    assert_int_equal(kb_sim_subscribers_vector(&subscribers, subscriber, &vector), KB_OK);
    make_auts(vector.rand, ahead, auts);
    auts[9] ^= 1;
    assert_int_equal(kb_sim_subscribers_resynchronise(&subscribers, subscriber, vector.rand, auts),
                     KB_ERR_INTEGRITY);
    auts[9] ^= 1;
    assert_int_equal(kb_sim_subscribers_resynchronise(&subscribers, subscriber, vector.rand, auts),
                     KB_OK);
    assert_int_equal(kb_sim_subscribers_vector(&subscribers, subscriber, &vector), KB_OK);
    assert_true(take_vector(&vector) >> IND_BITS == (ahead >> IND_BITS) + 1);
    kb_sim_subscribers_end(&subscribers);
}

static void the_same_keys_again_change_nothing_and_new_ones_start_anew(void **state)
{
    struct kb_sim_subscribers subscribers;
    struct kb_sim_subscriber *subscriber;
    struct kb_sim_vector vector;
    uint64_t sqn;

    (void)state;
    kb_sim_subscribers_init(&subscribers, kb_sim_crypto(), 1, 1);
    subscriber = kb_sim_subscribers_put(&subscribers, imsi_of("001010000000001"), k, opc);
    assert_int_equal(kb_sim_subscribers_vector(&subscribers, subscriber, &vector), KB_OK);
    sqn = subscriber->sqn;
    subscriber = kb_sim_subscribers_put(&subscribers, imsi_of("001010000000001"), k, opc);
    assert_true(subscriber->sqn == sqn);
    subscriber = kb_sim_subscribers_put(&subscribers, imsi_of("001010000000001"), opc, k);
    assert_true(subscriber->sqn == 0);
    kb_sim_subscribers_end(&subscribers);
}

static void many_are_kept_apart_and_removed_ones_are_gone(void **state)
{
    struct kb_sim_subscribers subscribers;
    uint8_t key[16] = {0};

    (void)state;
    kb_sim_subscribers_init(&subscribers, kb_sim_crypto(), 1, 1);
    for (uint32_t i = 1; i <= MANY; i++) {
        memcpy(key, &i, sizeof(i));
        assert_non_null(kb_sim_subscribers_put(&subscribers, i, key, opc));
    }
    for (uint32_t i = 2; i <= MANY; i += 2)
        kb_sim_subscribers_remove(&subscribers, i);
    for (uint32_t i = 1; i <= MANY; i++) {
        const struct kb_sim_subscriber *found = kb_sim_subscribers_find(&subscribers, i);

        if (i % 2 == 0) {
            assert_null(found);
            continue;
        }
        assert_non_null(found);
        assert_memory_equal(found->k, &i, sizeof(i));
    }
    assert_null(kb_sim_subscribers_find(&subscribers, MANY + 1));
    assert_null(kb_sim_subscribers_find(&subscribers, 0));
    kb_sim_subscribers_end(&subscribers);
}

static void a_request_that_was_overtaken_is_old_also_for_who_is_gone(void **state)
{
    struct kb_sim_subscribers subscribers;

    (void)state;
    kb_sim_subscribers_init(&subscribers, kb_sim_crypto(), 1, 1);
    assert_false(kb_sim_subscribers_is_old(&subscribers, 5, 1));
    kb_sim_subscribers_put(&subscribers, 5, k, opc)->request = 7;
    assert_true(kb_sim_subscribers_is_old(&subscribers, 5, 6));
    assert_false(kb_sim_subscribers_is_old(&subscribers, 5, 7));
    kb_sim_subscribers_remove(&subscribers, 5);
    assert_true(kb_sim_subscribers_is_old(&subscribers, 5, 6));
    kb_sim_subscribers_end(&subscribers);
}

static void imsis_are_digits_and_their_zeros_count(void **state)
{
    (void)state;
    assert_true(imsi_of("001010000000001") != imsi_of("01010000000001"));
    assert_true(imsi_of("00101000000000X") == 0);
    assert_true(imsi_of("") == 0);
    assert_true(imsi_of("0010100000000012") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_fresh_and_their_numbers_rise),
        cmocka_unit_test(a_card_that_is_ahead_is_followed),
        cmocka_unit_test(the_same_keys_again_change_nothing_and_new_ones_start_anew),
        cmocka_unit_test(many_are_kept_apart_and_removed_ones_are_gone),
        cmocka_unit_test(a_request_that_was_overtaken_is_old_also_for_who_is_gone),
        cmocka_unit_test(imsis_are_digits_and_their_zeros_count),
    };

    return cmocka_run_group_tests_name("sim subscribers", tests, NULL, NULL);
}
