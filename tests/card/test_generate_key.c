/* SPDX-License-Identifier: Apache-2.0 */
/* GENERATE KEY (docs/apdu.md clause 2.5): the key pair is the card's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/card/rig.h"

static struct rig rig, before;

/* What the generator gives: so many numbers of one byte only, then the rig's own. */
static struct source {
    enum kb_err (*own)(void *ctx, void *out, size_t len);
    unsigned flat, draws;
    uint8_t byte;
    bool is_broken;
} source;

static enum kb_err draw(void *ctx, void *out, size_t len)
{
    source.draws++;
    if (source.is_broken)
        return KB_ERR_RANDOM;
    if (source.draws > source.flat)
        return source.own(ctx, out, len);
    memset(out, source.byte, len);
    return KB_OK;
}

static int blank(void **state)
{
    (void)state;
    rig_blank(&rig);
    source = (struct source){.own = rig.port.random};
    rig.port.random = draw;
    return 0;
}

static void read_key(uint8_t key[33])
{
    assert_int_equal(kb_nvm_size(&rig.card.nvm, KB_OBJ_STATIC_KEY), 33);
    assert_int_equal(kb_nvm_read(&rig.card.nvm, KB_OBJ_STATIC_KEY, 0, key, 33), KB_OK);
}

/* The answer is the public half, says another library than the card's. */
static void the_answer_is_the_public_half(void **state)
{
    uint8_t key[33], public_key[KB_P256_PUBLIC];

    (void)state;
    assert_int_equal(rig_send(&rig, "804E0000(01)00"), 0x9000);
    assert_int_equal(rig.response_len, 64 + 2);
    read_key(key);
    assert_int_equal(key[0], 1);
    assert_int_equal(kb_crypto_openssl.p256_public(key + 1, public_key), KB_OK);
    assert_memory_equal(rig.response, public_key, 64);

    assert_int_equal(rig_send(&rig, "804E0000(04)00"), 0x9000);
    assert_int_equal(rig.response_len, 32 + 2);
    read_key(key);
    assert_int_equal(key[0], 4);
    assert_int_equal(kb_crypto_openssl.x25519_public(key + 1, public_key), KB_OK);
    assert_memory_equal(rig.response, public_key, 32);
}

static void no_two_keys_are_alike(void **state)
{
    uint8_t first[33], second[33];

    (void)state;
    assert_int_equal(rig_send(&rig, "804E0000(01)00"), 0x9000);
    read_key(first);
    assert_int_equal(rig_send(&rig, "804E0000(01)00"), 0x9000);
    read_key(second);
    assert_memory_not_equal(first, second, 33);
}

/* The numbers 0 and 2^256 - 1 lie outside of 1 .. n-1. */
static void a_number_out_of_range_is_drawn_again(void **state)
{
    (void)state;
    source.flat = 3;
    source.byte = 0xFF;
    assert_int_equal(rig_send(&rig, "804E0000(01)00"), 0x9000);
    assert_int_equal(source.draws, 4);
}

static void a_generator_that_gives_nothing_else_makes_no_key(void **state)
{
    (void)state;
    source.flat = 1000;
    assert_int_equal(rig_send(&rig, "804E0000(01)00"), 0x6F00);
    assert_int_equal(rig.response_len, 2);
    source.is_broken = true;
    assert_int_equal(rig_send(&rig, "804E0000(04)00"), 0x6F00);
    assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_STATIC_KEY));
}

static void the_private_key_stays_in_the_card(void **state)
{
    uint8_t key[33];

    (void)state;
    assert_int_equal(rig_send(&rig, "804E0000(01)"), 0x6140);
    read_key(key);
    assert_null(memmem(rig.card.buffer, sizeof rig.card.buffer, key + 1, 32));
    assert_null(memmem(rig.response, sizeof rig.response, key + 1, 32));
    assert_int_equal(rig_send(&rig, "00C0000040"), 0x9000);
    assert_null(memmem(rig.response, sizeof rig.response, key + 1, 32));
}

/* With power cut at every write there is the old pair with its credential, or the new one without.
 */
static void a_new_pair_takes_the_credential_of_the_old_one_with_it(void **state)
{
    uint8_t old[33], now[33];
    uint64_t cut = 0;

    (void)state;
    assert_int_equal(rig_send(&rig, "804E0000(01)00"), 0x9000);
    assert_int_equal(rig_send(&rig, "80440037(010155)"), 0x9000);
    read_key(old);
    before = rig;
    do {
        rig = before;
        cut++;
        kb_flash_fault_arm(&rig.fault, cut, 1);
        rig_send(&rig, "804E0000(01)00");
        if (!rig.fault.is_off)
            break;
        kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
        assert_true(rig_power(&rig));
        read_key(now);
        assert_int_equal(kb_nvm_has(&rig.card.nvm, KB_OBJ_CREDENTIAL), memcmp(old, now, 33) == 0);
        assert_int_equal(rig_send(&rig, "804E0000(01)00"), 0x9000);
    } while (cut < 1000);
    assert_in_range(cut, 3, 999);
    assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_CREDENTIAL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_answer_is_the_public_half, blank),
        cmocka_unit_test_setup(no_two_keys_are_alike, blank),
        cmocka_unit_test_setup(a_number_out_of_range_is_drawn_again, blank),
        cmocka_unit_test_setup(a_generator_that_gives_nothing_else_makes_no_key, blank),
        cmocka_unit_test_setup(the_private_key_stays_in_the_card, blank),
        cmocka_unit_test_setup(a_new_pair_takes_the_credential_of_the_old_one_with_it, blank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
