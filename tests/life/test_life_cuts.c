/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power is cut at every program and erase of a card's whole life at the desk: made by the factory,
 * personalized and locked by the bureau. Then the work is finished as factory and bureau would, and
 * the card must hold what a card holds whose power never failed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/life/life.h"

enum { SOME_READS = 61 };

static struct rig whole, rig;
static struct life life;
static struct kb_crypto quick;
static uint32_t sectors; /* of the cards compared */

/* AES of the chip's library, signatures of the one that is thirty times quicker at them. */
static void blank(struct rig *card)
{
    rig_blank_small(card, sectors);
    quick = kb_crypto_mbedtls;
    quick.p256_verify = kb_crypto_openssl.p256_verify;
    quick.p256_public = kb_crypto_openssl.p256_public;
    card->port.crypto = &quick;
}

static void lead_a_whole_life(struct rig *card)
{
    blank(card);
    assert_true(life_make(&life, card));
    assert_true(life_personalize(&life, card));
}

/* Every object of both cards is the same, down to the tries left. */
static void assert_same_memory(uint64_t cut)
{
    static uint8_t expected[KB_NVM_OBJECT_MAX], got[KB_NVM_OBJECT_MAX];

    for (uint16_t id = 1; id < KB_NVM_OBJECTS; id++) {
        uint16_t size = kb_nvm_size(&whole.card.nvm, id);

        if (kb_nvm_size(&rig.card.nvm, id) != size)
            fail_msg("cut at %llu: object %u has %u bytes, should have %u", (unsigned long long)cut,
                     id, kb_nvm_size(&rig.card.nvm, id), size);
        if (!size)
            continue;
        assert_int_equal(kb_nvm_read(&whole.card.nvm, id, 0, expected, size), KB_OK);
        assert_int_equal(kb_nvm_read(&rig.card.nvm, id, 0, got, size), KB_OK);
        if (memcmp(got, expected, size) != 0)
            fail_msg("cut at %llu: object %u differs", (unsigned long long)cut, id);
    }
}

/* The factory sets a card aside that it did not finish, and takes a blank one; a SECURED card goes
 * on. */
static void finish(void)
{
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    if (rig.card.life_cycle == KB_LIFE_ADMINISTRATIVE) {
        blank(&rig);
        assert_true(life_make(&life, &rig));
    }
    assert_true(life_personalize(&life, &rig));
}

typedef void (*arming)(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed);

/* False when the life came to its end before the cut. */
static bool cut_life(arming arm, uint64_t cut, uint64_t seed)
{
    blank(&rig);
    arm(&rig.fault, cut, seed);
    if (life_make(&life, &rig))
        life_personalize(&life, &rig);
    return rig.fault.is_off;
}

static void check_every_cut(const char *plan, uint32_t memory)
{
    uint64_t cut;

    sectors = memory;
    assert_true(life_prepare(&life, plan));
    lead_a_whole_life(&whole);
    for (cut = 1; cut_life(kb_flash_fault_arm, cut, cut); cut++) {
        finish();
        assert_same_memory(cut);
    }
    for (uint64_t at = 1; cut_life(kb_flash_fault_arm_reads, at, at); at += SOME_READS) {
        finish();
        assert_same_memory(at);
    }
    print_message("%llu cuts, %llu sectors erased\n", (unsigned long long)cut - 1,
                  (unsigned long long)whole.ram.sectors_erased);
    assert_true(cut > 100);
    life_end(&life);
}

static void a_usim_cut_anywhere_ends_the_same(void **state)
{
    (void)state;
    check_every_cut(KB_EXAMPLES "/plans/telecom.yaml", RIG_SECTORS);
}

static void a_memory_that_is_just_enough_changes_nothing(void **state)
{
    (void)state;
    check_every_cut(KB_EXAMPLES "/plans/telecom.yaml", 18);
    assert_true(whole.ram.sectors_erased > sectors);
}

static void a_card_of_three_fields_cut_anywhere_ends_the_same(void **state)
{
    (void)state;
    check_every_cut(KB_EXAMPLES "/plans/three-fields.yaml", RIG_SECTORS);
}

/* The number of a field is its maker's choice; nothing may take its place in the plan for it. */
static void a_field_may_have_any_number(void **state)
{
    static char text[65536];
    char path[] = "/tmp/keyborn-plan-XXXXXX";
    int copy = mkstemp(path);
    FILE *original = fopen(KB_EXAMPLES "/plans/telecom.yaml", "r");
    size_t len = original ? fread(text, 1, sizeof(text) - 1, original) : 0;
    char *number = strstr(text, "    number: 1\n");

    (void)state;
    assert_non_null(number);
    number[12] = '6';
    assert_int_equal(write(copy, text, len), len);
    fclose(original);
    close(copy);
    sectors = RIG_SECTORS;
    assert_true(life_prepare(&life, path));
    lead_a_whole_life(&whole);
    life_end(&life);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usim_cut_anywhere_ends_the_same),
        cmocka_unit_test(a_memory_that_is_just_enough_changes_nothing),
        cmocka_unit_test(a_field_may_have_any_number),
        cmocka_unit_test(a_card_of_three_fields_cut_anywhere_ends_the_same),
    };

    return cmocka_run_group_tests_name("life cuts", tests, NULL, NULL);
}
