/* SPDX-License-Identifier: Apache-2.0 */
/* LOAD ALGORITHM (docs/apdu.md 2.3): blocks in order, and all or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/perso/sample.h"

enum { BLOCK = 240, BLOCKS = 48 };

static struct rig rig;
static struct builder builder;
static uint8_t image[BUILDER_IMAGE];

static int make_key_and_card(void **state)
{
    (void)state;
    sample_make_key();
    sample_prepare(&rig);
    return 0;
}

static void expect_no_image(void)
{
    assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_IMAGE_SIZE));
    for (unsigned page = 0; page < KB_IMAGE_PAGES; page++)
        assert_false(kb_nvm_has(&rig.card.nvm, (uint16_t)(KB_OBJ_IMAGE + page)));
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x6D00);
    assert_int_equal(sample_send(&rig, 0x80F0800F, NULL, 0), 0x6985);
}

static void the_sample_image_is_proved_and_outlives_a_reset(void **state)
{
    size_t len;

    (void)state;
    sample_plan(&builder);
    len = builder_image(&builder, sample_key, image);
    assert_int_equal(sample_load(&rig, image, len), 0x9000);
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x9000);
    assert_true(rig_power(&rig));
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x9000);
}

static void an_image_cut_at_any_length_is_refused(void **state)
{
    size_t len;

    (void)state;
    sample_plan(&builder);
    len = builder_image(&builder, sample_key, image);
    for (size_t cut = 1; cut < len; cut++) {
        assert_int_equal(sample_load(&rig, image, cut), 0x6A80);
        assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_IMAGE_SIZE));
        assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_IMAGE));
    }
    expect_no_image();
}

static void an_image_with_any_byte_flipped_is_refused(void **state)
{
    size_t len;

    (void)state;
    sample_plan(&builder);
    len = builder_image(&builder, sample_key, image);
    for (size_t at = 0; at < len; at++) {
        image[at] ^= (uint8_t)(1 << at % 8);
        assert_int_equal(sample_load(&rig, image, len), 0x6A80);
        assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_IMAGE_SIZE));
        image[at] ^= (uint8_t)(1 << at % 8);
    }
    expect_no_image();
}

static void blocks_come_in_order_and_full(void **state)
{
    size_t len;

    (void)state;
    sample_plan(&builder);
    len = builder_image(&builder, sample_key, image);
    assert_true(len > 2 * BLOCK);
    assert_int_equal(sample_send(&rig, 0x80460001, image, BLOCK), 0x6985);
    assert_int_equal(sample_send(&rig, 0x80460000, image, BLOCK - 1), 0x6700);
    assert_int_equal(sample_send(&rig, 0x80460000, image, BLOCK + 1), 0x6700);
    assert_int_equal(sample_send(&rig, 0x80468000, image, 0), 0x6700);
    assert_int_equal(sample_send(&rig, 0x80460100, image, BLOCK), 0x6A86);
    assert_int_equal(sample_send(&rig, 0x80460030, image, BLOCK), 0x6A84);
    assert_int_equal(sample_send(&rig, 0x80460000, image, BLOCK), 0x9000);
    assert_int_equal(sample_send(&rig, 0x80460002, image, BLOCK), 0x6985);
    assert_int_equal(sample_send(&rig, 0x80460001, image + BLOCK, BLOCK), 0x9000);
    assert_int_equal(sample_send(&rig, 0x80460001, image + BLOCK, BLOCK), 0x6985);
    assert_true(rig_power(&rig)); /* the load goes on behind a reset */
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x6D00);
    for (size_t block = 2; block * BLOCK < len; block++) {
        bool is_last = (block + 1) * BLOCK >= len;
        uint32_t header = 0x80460000u | (is_last ? 0x8000u : 0) | (uint32_t)block;

        assert_int_equal(
            sample_send(&rig, header, image + block * BLOCK, is_last ? len - block * BLOCK : BLOCK),
            0x9000);
    }
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x9000);
}

/* An image of full blocks only: no further block fits behind it. */
static void nothing_is_put_behind_a_whole_image(void **state)
{
    size_t len;

    (void)state;
    sample_plan(&builder);
    len = builder_image(&builder, sample_key, image);
    builder.names_len += BLOCK - len % BLOCK;
    len = builder_image(&builder, sample_key, image);
    assert_int_equal(len % BLOCK, 0);
    assert_int_equal(sample_load(&rig, image, len), 0x9000);
    assert_int_equal(sample_send(&rig, 0x80460000u | (uint32_t)(len / BLOCK), image, BLOCK),
                     0x6985);
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x9000);
}

static void block_zero_ends_the_image_before_it(void **state)
{
    size_t len;

    (void)state;
    sample_plan(&builder);
    len = builder_image(&builder, sample_key, image);
    assert_int_equal(sample_load(&rig, image, len), 0x9000);
    assert_int_equal(sample_send(&rig, 0x80460000, image, BLOCK), 0x9000);
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x6D00);
    assert_int_equal(sample_send(&rig, 0x80F0800F, NULL, 0), 0x6985);
    assert_true(rig_power(&rig));
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x6D00);
    assert_int_equal(sample_load(&rig, image, len), 0x9000);
}

static void the_maker_loads_only_while_the_card_is_administrative(void **state)
{
    size_t len;

    (void)state;
    sample_plan(&builder);
    len = builder_image(&builder, sample_key, image);
    assert_int_equal(sample_load(&rig, image, len), 0x9000);
    assert_int_equal(sample_send(&rig, 0x80400000, NULL, 0), 0x6985);
    assert_int_equal(sample_send(&rig, 0x80F0800F, NULL, 0), 0x9000);
    assert_int_equal(sample_load(&rig, image, len), 0x6985);
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x9000);
    sample_prepare(&rig);
}

static struct rig saved;

/* The image before is there and whole, or none is: never one that was not proved. */
static void a_power_cut_while_loading_leaves_no_half_image(void **state)
{
    bool is_done = false;
    size_t len;

    (void)state;
    sample_plan(&builder);
    len = builder_image(&builder, sample_key, image);
    assert_int_equal(sample_load(&rig, image, len), 0x9000);
    memcpy(saved.memory, rig.memory, sizeof saved.memory);
    for (uint64_t cut = 1; !is_done; cut++) {
        uint16_t sw;

        memcpy(rig.memory, saved.memory, sizeof rig.memory);
        kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
        assert_true(rig_power(&rig));
        kb_flash_fault_arm(&rig.fault, cut, cut);
        sw = sample_load(&rig, image, len);
        is_done = !rig.fault.is_off;
        assert_int_equal(sw, is_done ? 0x9000 : 0x6581);
        kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
        assert_true(rig_power(&rig));
        if (rig.card.perso.image_size)
            assert_int_equal(kb_perso_prove(&rig.card, rig.card.perso.image_size), KB_OK);
        else
            assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x6D00);
        assert_int_equal(sample_load(&rig, image, len), 0x9000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_image_is_proved_and_outlives_a_reset),
        cmocka_unit_test(an_image_cut_at_any_length_is_refused),
        cmocka_unit_test(an_image_with_any_byte_flipped_is_refused),
        cmocka_unit_test(blocks_come_in_order_and_full),
        cmocka_unit_test(nothing_is_put_behind_a_whole_image),
        cmocka_unit_test(block_zero_ends_the_image_before_it),
        cmocka_unit_test(the_maker_loads_only_while_the_card_is_administrative),
        cmocka_unit_test(a_power_cut_while_loading_leaves_no_half_image),
    };

    return cmocka_run_group_tests(tests, make_key_and_card, NULL);
}
