/* SPDX-License-Identifier: Apache-2.0 */
/* The store as its callers see it, without faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "checker.h"
#include "model.h"

static const struct geometry roomy = {2048, 4, 8};
static const struct geometry small = {256, 4, 8};

static struct checker checker;
static struct kb_nvm nvm;

static void make_store(const struct geometry *geometry)
{
    checker_init(&checker, geometry);
    assert_int_equal(kb_nvm_format(&nvm, &checker.device), KB_OK);
}

static void expect_object(uint16_t id, const void *data, size_t len)
{
    uint8_t out[KB_NVM_OBJECT_MAX];

    assert_true(kb_nvm_has(&nvm, id));
    assert_int_equal(kb_nvm_size(&nvm, id), len);
    assert_int_equal(kb_nvm_read(&nvm, id, 0, out, len), KB_OK);
    assert_memory_equal(out, data, len);
}

static void an_object_reads_back_whole_and_in_parts(void **state)
{
    char part[4];

    (void)state;
    make_store(&roomy);
    assert_int_equal(kb_nvm_put(&nvm, 7, "subscriber", 10), KB_OK);
    expect_object(7, "subscriber", 10);
    assert_int_equal(kb_nvm_read(&nvm, 7, 3, part, 4), KB_OK);
    assert_memory_equal(part, "scri", 4);
    assert_int_equal(kb_nvm_read(&nvm, 7, 10, part, 0), KB_OK);
    assert_int_equal(kb_nvm_read(&nvm, 7, 7, part, 4), KB_ERR_RANGE);
    assert_int_equal(kb_nvm_read(&nvm, 7, 11, part, 0), KB_ERR_RANGE);
    assert_int_equal(kb_nvm_read(&nvm, 7, SIZE_MAX, part, 2), KB_ERR_RANGE);
    assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    expect_object(7, "subscriber", 10);
}

static void objects_of_every_length_survive_power_off(void **state)
{
    uint8_t data[KB_NVM_OBJECT_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    make_store(&roomy);
    for (size_t len = 0; len <= KB_NVM_OBJECT_MAX; len += len < 140 ? 1 : 59) {
        assert_int_equal(kb_nvm_put(&nvm, KB_NVM_OBJECTS - 1, data, len), KB_OK);
        assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
        expect_object(KB_NVM_OBJECTS - 1, data, len);
    }
    assert_int_equal(kb_nvm_put(&nvm, KB_NVM_OBJECTS - 1, data, KB_NVM_OBJECT_MAX), KB_OK);
    assert_int_equal(kb_nvm_put(&nvm, KB_NVM_OBJECTS - 1, data, KB_NVM_OBJECT_MAX + 1),
                     KB_ERR_TOO_LONG);
    expect_object(KB_NVM_OBJECTS - 1, data, KB_NVM_OBJECT_MAX);
}

static void what_is_absent_or_no_object_at_all_is_refused(void **state)
{
    uint8_t byte = 0;

    (void)state;
    make_store(&roomy);
    assert_false(kb_nvm_has(&nvm, 5));
    assert_false(kb_nvm_has(&nvm, UINT16_MAX));
    assert_int_equal(kb_nvm_size(&nvm, 5), 0);
    assert_int_equal(kb_nvm_read(&nvm, 5, 0, &byte, 1), KB_ERR_ABSENT);
    assert_int_equal(kb_nvm_read(&nvm, UINT16_MAX, 0, &byte, 1), KB_ERR_ABSENT);
    assert_int_equal(kb_nvm_patch(&nvm, 5, 0, &byte, 1), KB_ERR_ABSENT);
    assert_int_equal(kb_nvm_delete(&nvm, 5), KB_ERR_ABSENT);
    assert_int_equal(kb_nvm_put(&nvm, 0, &byte, 1), KB_ERR_RANGE);
    assert_int_equal(kb_nvm_put(&nvm, KB_NVM_OBJECTS, &byte, 1), KB_ERR_RANGE);
    assert_int_equal(kb_nvm_fill(&nvm, 0, 0, 1), KB_ERR_RANGE);
    assert_int_equal(kb_nvm_fill(&nvm, 5, 0, KB_NVM_OBJECT_MAX + 1), KB_ERR_TOO_LONG);
    assert_int_equal(kb_nvm_commit(&nvm), KB_ERR_USAGE);
    assert_int_equal(kb_nvm_begin(&nvm), KB_OK);
    assert_int_equal(kb_nvm_begin(&nvm), KB_ERR_USAGE);
    assert_int_equal(kb_nvm_commit(&nvm), KB_OK);
}

static void a_patch_replaces_a_range_and_may_grow_the_object_without_a_gap(void **state)
{
    uint8_t expected[KB_NVM_OBJECT_MAX];
    uint8_t data[300];

    (void)state;
    make_store(&roomy);
    memset(expected, 0xAA, 500);
    memset(data, 0x55, sizeof data);
    assert_int_equal(kb_nvm_fill(&nvm, 9, 0xAA, 500), KB_OK);
    expect_object(9, expected, 500);
    assert_int_equal(kb_nvm_patch(&nvm, 9, 117, data, 137), KB_OK);
    memset(&expected[117], 0x55, 137);
    expect_object(9, expected, 500);
    assert_int_equal(kb_nvm_patch(&nvm, 9, 400, data, 300), KB_OK);
    memset(&expected[400], 0x55, 300);
    expect_object(9, expected, 700);
    assert_int_equal(kb_nvm_patch(&nvm, 9, 701, data, 1), KB_ERR_RANGE);
    assert_int_equal(kb_nvm_patch(&nvm, 9, 700, data, 300), KB_OK);
    memset(&expected[700], 0x55, 300);
    assert_int_equal(kb_nvm_patch(&nvm, 9, 1000, data, 25), KB_ERR_TOO_LONG);
    assert_int_equal(kb_nvm_patch(&nvm, 9, SIZE_MAX, data, 2), KB_ERR_RANGE);
    assert_int_equal(kb_nvm_patch(&nvm, 9, 1, data, SIZE_MAX), KB_ERR_TOO_LONG);
    expect_object(9, expected, 1000);
}

static void a_transaction_is_seen_inside_and_gone_after_rollback(void **state)
{
    (void)state;
    make_store(&roomy);
    assert_int_equal(kb_nvm_put(&nvm, 1, "old", 3), KB_OK);
    assert_int_equal(kb_nvm_put(&nvm, 2, "kept", 4), KB_OK);
    assert_int_equal(kb_nvm_begin(&nvm), KB_OK);
    assert_int_equal(kb_nvm_put(&nvm, 1, "newer", 5), KB_OK);
    assert_int_equal(kb_nvm_put(&nvm, 3, "more", 4), KB_OK);
    assert_int_equal(kb_nvm_delete(&nvm, 2), KB_OK);
    expect_object(1, "newer", 5);
    assert_false(kb_nvm_has(&nvm, 2));
    kb_nvm_rollback(&nvm);
    expect_object(1, "old", 3);
    expect_object(2, "kept", 4);
    assert_false(kb_nvm_has(&nvm, 3));
    assert_int_equal(kb_nvm_put(&nvm, 4, "next", 4), KB_OK);
    assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    expect_object(1, "old", 3);
    assert_false(kb_nvm_has(&nvm, 3));
    expect_object(4, "next", 4);
}

static void a_transaction_without_writes_programs_nothing(void **state)
{
    (void)state;
    make_store(&roomy);
    checker.programs = 0;
    assert_int_equal(kb_nvm_begin(&nvm), KB_OK);
    assert_int_equal(kb_nvm_commit(&nvm), KB_OK);
    kb_nvm_rollback(&nvm);
    assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    assert_int_equal(checker.programs, 0);
}

static void a_small_write_is_one_program_call_of_its_units_alone(void **state)
{
    (void)state;
    make_store(&roomy);
    checker.programs = 0;
    checker.ram.bytes_programmed = 0;
    assert_int_equal(kb_nvm_put(&nvm, 144, "\0\0\0\0\0\1", 6), KB_OK);
    assert_int_equal(checker.programs, 1);
    assert_int_equal(checker.ram.bytes_programmed, 24); /* 8 + 6 + 4, in units of 8 */
}

static void many_writes_spread_evenly_over_the_sectors(void **state)
{
    (void)state;
    make_store(&small);
    checker.ram.sectors_erased = 0;
    for (uint32_t i = 0; i < 4000; i++)
        assert_int_equal(kb_nvm_put(&nvm, 144, &i, sizeof i), KB_OK);
    /* 16 bytes each in the 488 behind a header: one moved and 29 new ones in every bank of two
     * sectors. */
    assert_in_range(checker.ram.sectors_erased, 2 * (4000 / 29 - 1), 2 * (4000 / 29 + 1));
    assert_int_equal(checker.ram.sectors_erased % 2, 0);
    assert_true(checker.syncs > 0);
}

static void a_failing_memory_is_not_used_again_before_a_mount(void **state)
{
    uint8_t byte;

    (void)state;
    make_store(&roomy);
    assert_int_equal(kb_nvm_put(&nvm, 1, "a", 1), KB_OK);
    kb_flash_fault_arm(&checker.fault, 1, 0);
    assert_int_equal(kb_nvm_begin(&nvm), KB_OK);
    assert_int_equal(kb_nvm_put(&nvm, 1, "b", 1), KB_ERR_NVM);
    kb_flash_fault_arm(&checker.fault, KB_FLASH_NEVER, 0);
    checker.programs = 0;
    kb_nvm_rollback(&nvm);
    assert_int_equal(kb_nvm_put(&nvm, 1, "c", 1), KB_ERR_NVM);
    assert_int_equal(kb_nvm_delete(&nvm, 1), KB_ERR_NVM);
    assert_int_equal(kb_nvm_begin(&nvm), KB_ERR_NVM);
    assert_int_equal(kb_nvm_commit(&nvm), KB_ERR_NVM);
    assert_int_equal(kb_nvm_read(&nvm, 1, 0, &byte, 1), KB_ERR_NVM);
    assert_int_equal(kb_nvm_size(&nvm, 1), 0);
    assert_int_equal(kb_nvm_free(&nvm), 0);
    assert_int_equal(checker.programs, 0);
    assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    expect_object(1, "a", 1);
}

static void a_geometry_outside_the_limits_is_refused(void **state)
{
    static const struct geometry bad[] = {
        {2048, 4, 2},   {2048, 4, 12},  {2048, 4, 64},       {2048, 3, 8}, {2048, 0, 8},
        {2048, 1, 8},   {100, 4, 8},    {0, 4, 8},           {64, 4, 8},   {64, 2, 32},
        {8, 131072, 8}, {262144, 2, 4}, {0x80000000u, 2, 8},
    };

    (void)state;
    make_store(&roomy);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct kb_nvm_device device = checker.device;

        device.sector_size = bad[i].sector_size;
        device.sector_count = bad[i].sector_count;
        device.program_size = bad[i].program_size;
        assert_int_equal(kb_nvm_format(&nvm, &device), KB_ERR_USAGE);
        assert_int_equal(kb_nvm_mount(&nvm, &device), KB_ERR_USAGE);
        assert_int_equal(kb_nvm_put(&nvm, 1, "a", 1), KB_ERR_NVM);
    }
}

static void the_largest_bank_can_be_used_to_its_end(void **state)
{
    uint32_t sector_size = 21845 * 4;
    uint8_t *data = malloc(6u * sector_size);
    struct kb_flash_ram ram;
    struct kb_nvm_device device;
    uint8_t out[1000];

    (void)state;
    assert_non_null(data);
    kb_flash_ram_init(&ram, &device, data, sector_size, 6, 4);
    assert_int_equal(kb_nvm_format(&nvm, &device), KB_OK);
    for (unsigned i = 0; i < 700; i++)
        assert_int_equal(kb_nvm_fill(&nvm, (uint16_t)(1 + i % 200), (uint8_t)i, 1000), KB_OK);
    assert_int_equal(kb_nvm_mount(&nvm, &device), KB_OK);
    for (unsigned i = 500; i < 700; i++) {
        uint8_t expected[sizeof out];

        memset(expected, (uint8_t)i, sizeof expected);
        assert_int_equal(kb_nvm_read(&nvm, (uint16_t)(1 + i % 200), 0, out, sizeof out), KB_OK);
        assert_memory_equal(out, expected, sizeof out);
    }
    free(data);
}

static void random_transactions_give_what_plain_memory_gives(void **state)
{
    static const struct geometry geometries[] = {
        {128, 4, 4}, {512, 2, 16}, {512, 2, 32}, {1024, 8, 8}};
    struct model before, after;
    uint32_t room;

    (void)state;
    for (size_t g = 0; g < sizeof geometries / sizeof geometries[0]; g++) {
        make_store(&geometries[g]);
        memset(&before, 0, sizeof before);
        for (uint64_t seed = 1; seed < 1500; seed++) {
            assert_int_equal(model_run(&nvm, seed, &before, &after), KB_OK);
            before = after;
            room = kb_nvm_free(&nvm);
            if (seed % 9 == 0)
                assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
            assert_int_equal(kb_nvm_free(&nvm), room);
            assert_true(model_matches(&before, &nvm));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_reads_back_whole_and_in_parts),
        cmocka_unit_test(objects_of_every_length_survive_power_off),
        cmocka_unit_test(what_is_absent_or_no_object_at_all_is_refused),
        cmocka_unit_test(a_patch_replaces_a_range_and_may_grow_the_object_without_a_gap),
        cmocka_unit_test(a_transaction_is_seen_inside_and_gone_after_rollback),
        cmocka_unit_test(a_transaction_without_writes_programs_nothing),
        cmocka_unit_test(a_small_write_is_one_program_call_of_its_units_alone),
        cmocka_unit_test(many_writes_spread_evenly_over_the_sectors),
        cmocka_unit_test(a_failing_memory_is_not_used_again_before_a_mount),
        cmocka_unit_test(a_geometry_outside_the_limits_is_refused),
        cmocka_unit_test(the_largest_bank_can_be_used_to_its_end),
        cmocka_unit_test(random_transactions_give_what_plain_memory_gives),
    };

    return cmocka_run_group_tests_name("nvm: the store", tests, NULL, NULL);
}
