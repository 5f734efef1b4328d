/* SPDX-License-Identifier: Apache-2.0 */
/* ENABLE PERSO and VERIFY PERSO CODE (docs/apdu.md 3): challenges, codes and tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/cmac.h"
#include "tests/perso/sample.h"

static struct rig rig, made;
static struct builder builder;
static const uint8_t wrong_code[16] = {0xBA, 0xD0};

static int make_card(void **state)
{
    (void)state;
    sample_begin(&made, &builder);
    return 0;
}

/* A fresh card of the sample plan. */
static void start(void)
{
    sample_start(&rig, &made);
}

static uint16_t enable(void)
{
    return sample_send(&rig, 0x80400000, NULL, 0);
}

static uint16_t verify(const uint8_t code[16])
{
    return sample_send(&rig, 0x80420000, code, 16);
}

static uint16_t put_opc(void)
{
    return sample_send_hex(&rig, 0x80480000, "8210 0F0E0D0C0B0A09080706050403020100");
}

static void expect_state(uint8_t expected, uint8_t tries)
{
    struct sample_state state = sample_state(&rig, 0);

    assert_int_equal(state.state, expected);
    assert_int_equal(state.tries, tries);
}

static void go_ready(void)
{
    start();
    assert_int_equal(enable(), 0x6110);
}

static void go_alert(void)
{
    go_ready();
    assert_int_equal(verify(wrong_code), 0x63C2);
}

static void go_blocked(void)
{
    go_alert();
    assert_int_equal(verify(wrong_code), 0x63C1);
    assert_int_equal(verify(wrong_code), 0x63C0);
}

static uint16_t enable_other(void)
{
    return sample_send(&rig, 0x80400200, NULL, 0);
}

static void every_enable_brings_a_fresh_challenge(void **state)
{
    uint8_t first[16];

    (void)state;
    start();
    assert_int_equal(sample_send_le(&rig, 0x80400000), 0x9000);
    assert_int_equal(rig.response_len, 18);
    memcpy(first, rig.response, 16);
    assert_true(rig_power(&rig));
    assert_int_equal(sample_send_le(&rig, 0x80400000), 0x9000);
    assert_memory_not_equal(rig.response, first, 16);
}

/* AES-CMAC by the other library than the card's. */
static void answer_challenge(uint8_t answer[32])
{
    struct kb_cmac cmac;

    assert_int_equal(sample_send_le(&rig, 0x80400000), 0x9000);
    memset(answer, 0x5C, 16);
    assert_int_equal(kb_cmac_start(&cmac, &kb_crypto_openssl, sample_code, 16), KB_OK);
    kb_cmac_update(&cmac, kb_span(rig.response, 16));
    kb_cmac_update(&cmac, kb_span(answer, 16));
    assert_int_equal(kb_cmac_finish(&cmac, answer + 16), KB_OK);
}

static void a_code_is_proved_without_being_sent(void **state)
{
    uint8_t answer[32];

    (void)state;
    start();
    answer_challenge(answer);
    assert_int_equal(sample_send(&rig, 0x80420100, answer, 32), 0x9000);
    expect_state(3, 3);
    assert_true(rig_power(&rig));
    answer_challenge(answer);
    answer[0] ^= 1; /* another host challenge */
    assert_int_equal(sample_send(&rig, 0x80420100, answer, 32), 0x63C2);
    expect_state(2, 2);
    answer[0] ^= 1; /* the challenge still stands */
    assert_int_equal(sample_send(&rig, 0x80420100, answer, 32), 0x9000);
    expect_state(3, 3);
}

static void an_answer_is_worth_nothing_in_the_next_session(void **state)
{
    uint8_t answer[32];

    (void)state;
    start();
    answer_challenge(answer);
    assert_int_equal(sample_send(&rig, 0x80420100, answer, 32), 0x9000);
    assert_true(rig_power(&rig));
    sample_enable(&rig);
    assert_int_equal(sample_send(&rig, 0x80420100, answer, 32), 0x63C2);
}

/* A table that hears VERIFY in PERSO: what was answered once is not answered again, at no cost. */
static void a_right_code_spends_the_challenge(void **state)
{
    static const uint8_t own[][3] = {{3, 2, 3}, {3, 3, 2}, {3, 4, 5}};
    uint8_t answer[32];

    (void)state;
    sample_plan(&builder);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        builder_add(&builder, BUILDER_TRANSITIONS, own[i]);
    sample_make(&rig, &builder);
    answer_challenge(answer);
    assert_int_equal(sample_send(&rig, 0x80420100, answer, 32), 0x9000);
    assert_int_equal(sample_send(&rig, 0x80420100, answer, 32), 0x6985);
    expect_state(3, 3);
    assert_int_equal(put_opc(), 0x9000);
    assert_int_equal(verify(wrong_code), 0x63C2);
    assert_int_equal(put_opc(), 0x6985);
    assert_false(rig.card.perso.is_verified);
}

static enum kb_err no_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 0, len);
    return KB_ERR_RANDOM;
}

static void without_random_numbers_there_is_no_challenge(void **state)
{
    enum kb_err (*random)(void *, void *, size_t) = rig.port.random;

    (void)state;
    start();
    rig.port.random = no_random;
    assert_int_equal(enable(), 0x6F00);
    assert_int_equal(rig.response_len, 2);
    assert_int_equal(verify(sample_code), 0x6985);
    rig.port.random = random;
    assert_int_equal(sample_send(&rig, 0x80400000, sample_code, 16), 0x6700);
    sample_open(&rig);
}

static unsigned keys_set;

static enum kb_err count_keys(struct kb_aes *aes, const uint8_t *key, size_t key_len)
{
    keys_set++;
    return kb_crypto_mbedtls.aes_start(aes, key, key_len);
}

/* The power goes while the try is being counted: the code has not been touched by then. */
static void the_code_is_not_looked_at_before_the_try_is_counted(void **state)
{
    struct kb_crypto crypto = kb_crypto_mbedtls;
    const struct kb_crypto *before;
    uint8_t answer[32];

    (void)state;
    start();
    before = rig.port.crypto;
    crypto.aes_start = count_keys;
    rig.port.crypto = &crypto;
    answer_challenge(answer);
    kb_flash_fault_arm(&rig.fault, 1, 1);
    keys_set = 0;
    assert_int_equal(sample_send(&rig, 0x80420100, answer, 32), 0x6581);
    assert_int_equal(keys_set, 0);
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    answer_challenge(answer);
    assert_int_equal(sample_send(&rig, 0x80420100, answer, 32), 0x9000);
    assert_int_equal(keys_set, 1);
    rig.port.crypto = before;
}

/* The memory dies at the first write; from then on nothing is granted. */
static void a_dead_memory_opens_nothing(void **state)
{
    static const uint32_t headers[] = {0x80400000, 0x80420000, 0x80420100,
                                       0x80480000, 0x804A0000, 0x804C0000};

    (void)state;
    go_ready();
    kb_flash_fault_arm(&rig.fault, 1, 1);
    assert_int_equal(verify(sample_code), 0x6581);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        assert_int_equal(sample_send(&rig, headers[i], sample_code, 16), 0x6581);
        assert_int_equal(sample_send(&rig, headers[i], NULL, 0), 0x6581);
    }
}

static void every_bit_of_a_code_counts(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 128; bit++) {
        uint8_t code[16];

        go_ready();
        memcpy(code, sample_code, 16);
        code[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(verify(code), 0x63C2);
    }
}

static void a_length_that_no_code_has_costs_no_try(void **state)
{
    static const uint8_t data[40];

    (void)state;
    go_ready();
    for (size_t len = 0; len <= sizeof data; len++) {
        if (len != 16)
            assert_int_equal(sample_send(&rig, 0x80420000, data, len), 0x6700);
        if (len != 32)
            assert_int_equal(sample_send(&rig, 0x80420100, data, len), 0x6700);
    }
    expect_state(1, 3);
}

static void tries_are_counted_across_resets_and_given_back_by_the_right_code(void **state)
{
    (void)state;
    start();
    for (uint16_t tries = 2; tries > 0; tries--) {
        assert_int_equal(enable(), 0x6110);
        assert_int_equal(verify(wrong_code), 0x63C0 | tries);
        assert_true(rig_power(&rig));
    }
    assert_int_equal(enable(), 0x6110);
    expect_state(2, 1); /* ENABLE with lost tries leads to ALERT */
    assert_int_equal(verify(sample_code), 0x9000);
    expect_state(3, 3);
    assert_true(rig_power(&rig));
    sample_enable(&rig);
    expect_state(1, 3);
}

static void blocked_is_for_ever_and_for_this_field_only(void **state)
{
    (void)state;
    go_blocked();
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(enable(), 0x6983);
        assert_int_equal(verify(sample_code), i == 0 ? 0x6983 : 0x6985);
        expect_state(5, 0);
        assert_true(rig_power(&rig));
    }
    sample_open_second(&rig);
}

/* The second field has a single try: READY goes straight to BLOCKED. */
static void a_single_try_blocks_at_once(void **state)
{
    (void)state;
    start();
    assert_int_equal(enable_other(), 0x6110);
    assert_int_equal(verify(wrong_code), 0x63C0);
    assert_int_equal(verify(sample_code_second), 0x6983);
    assert_true(rig_power(&rig));
    assert_int_equal(enable_other(), 0x6983);
    assert_int_equal(sample_state(&rig, 1).state, 5);
    sample_open(&rig);
}

static void the_code_of_one_field_opens_no_other(void **state)
{
    (void)state;
    start();
    sample_enable(&rig);
    assert_int_equal(verify(sample_code_second), 0x63C2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_enable_brings_a_fresh_challenge),
        cmocka_unit_test(a_code_is_proved_without_being_sent),
        cmocka_unit_test(an_answer_is_worth_nothing_in_the_next_session),
        cmocka_unit_test(a_right_code_spends_the_challenge),
        cmocka_unit_test(without_random_numbers_there_is_no_challenge),
        cmocka_unit_test(the_code_is_not_looked_at_before_the_try_is_counted),
        cmocka_unit_test(a_dead_memory_opens_nothing),
        cmocka_unit_test(every_bit_of_a_code_counts),
        cmocka_unit_test(a_length_that_no_code_has_costs_no_try),
        cmocka_unit_test(tries_are_counted_across_resets_and_given_back_by_the_right_code),
        cmocka_unit_test(blocked_is_for_ever_and_for_this_field_only),
        cmocka_unit_test(a_single_try_blocks_at_once),
        cmocka_unit_test(the_code_of_one_field_opens_no_other),
    };

    return cmocka_run_group_tests(tests, make_card, NULL);
}
