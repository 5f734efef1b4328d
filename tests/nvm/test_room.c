/* SPDX-License-Identifier: Apache-2.0 */
/* The store when room is short: nothing is lost, and what is there can still be changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "checker.h"

static const struct geometry small = {256, 4, 8};

static struct checker checker;
static struct kb_nvm nvm;

static void make_store(void)
{
    checker_init(&checker, &small);
    assert_int_equal(kb_nvm_format(&nvm, &checker.device), KB_OK);
}

/* The object is there and holds len times the same byte. */
static void expect_filled(uint16_t id, uint8_t value, size_t len)
{
    uint8_t out[256];

    assert_int_equal(kb_nvm_size(&nvm, id), len);
    assert_int_equal(kb_nvm_read(&nvm, id, 0, out, len), KB_OK);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(out[i], value);
}

/* Puts objects of 20 bytes from id 10 on until the store is full. */
static uint16_t fill_store(void)
{
    uint16_t id = 10;
    enum kb_err err;

    while (!(err = kb_nvm_fill(&nvm, id, (uint8_t)id, 20)))
        id++;
    assert_int_equal(err, KB_ERR_NVM_FULL);
    return id;
}

static void a_full_store_refuses_and_loses_nothing(void **state)
{
    uint16_t end;

    (void)state;
    make_store();
    end = fill_store();
    assert_true(end > 20);
    assert_true(kb_nvm_free(&nvm) < 32);
    for (uint16_t id = 10; id < end; id++)
        expect_filled(id, (uint8_t)id, 20);
    assert_false(kb_nvm_has(&nvm, end));
    assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    assert_true(kb_nvm_free(&nvm) < 32);
    expect_filled((uint16_t)(end - 1), (uint8_t)(end - 1), 20);
}

static void in_a_full_store_objects_can_still_be_changed_and_deleted(void **state)
{
    uint8_t more[40] = {0};
    uint16_t end;

    (void)state;
    make_store();
    end = fill_store();
    for (uint16_t i = 0; i < 500; i++)
        assert_int_equal(kb_nvm_fill(&nvm, (uint16_t)(10 + i % (end - 10)), 0, 20), KB_OK);
    assert_int_equal(kb_nvm_patch(&nvm, 10, 20, more, sizeof more), KB_ERR_NVM_FULL);
    for (uint16_t id = 10; id < end; id++)
        assert_int_equal(kb_nvm_delete(&nvm, id), KB_OK);
    assert_int_equal(fill_store(), end);
}

static void a_transaction_too_large_for_the_store_can_be_rolled_back(void **state)
{
    enum kb_err err = KB_OK;

    (void)state;
    make_store();
    assert_int_equal(kb_nvm_fill(&nvm, 1, 0x11, 200), KB_OK);
    assert_int_equal(kb_nvm_begin(&nvm), KB_OK);
    assert_int_equal(kb_nvm_fill(&nvm, 1, 0x22, 150), KB_OK);
    for (uint16_t id = 2; !err; id++)
        err = kb_nvm_fill(&nvm, id, 0x33, 12);
    assert_int_equal(err, KB_ERR_NVM_FULL);
    kb_nvm_rollback(&nvm);
    expect_filled(1, 0x11, 200);
    assert_false(kb_nvm_has(&nvm, 2));
    assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    expect_filled(1, 0x11, 200);
    assert_int_equal(kb_nvm_put(&nvm, 2, "again", 5), KB_OK);
}

static void a_full_transaction_can_still_be_committed(void **state)
{
    uint16_t end;

    (void)state;
    make_store();
    assert_int_equal(kb_nvm_begin(&nvm), KB_OK);
    end = fill_store();
    assert_int_equal(kb_nvm_commit(&nvm), KB_OK);
    assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    assert_true(kb_nvm_has(&nvm, (uint16_t)(end - 1)));
}

static void run_long_transaction(bool is_committed)
{
    make_store();
    for (uint16_t id = 1; id <= 5; id++)
        assert_int_equal(kb_nvm_fill(&nvm, id, 0x11, 20), KB_OK);
    assert_int_equal(kb_nvm_begin(&nvm), KB_OK);
    checker.ram.sectors_erased = 0;
    for (uint16_t i = 0; i < 200; i++) {
        assert_int_equal(kb_nvm_fill(&nvm, (uint16_t)(2 + i % 3), (uint8_t)i, 20), KB_OK);
        if (i % 7 == 0)
            assert_int_equal(kb_nvm_delete(&nvm, (uint16_t)(2 + i % 3)), KB_OK);
    }
    assert_int_equal(kb_nvm_delete(&nvm, 5), KB_OK);
    assert_true(checker.ram.sectors_erased > 10);
    if (is_committed)
        assert_int_equal(kb_nvm_commit(&nvm), KB_OK);
    else
        kb_nvm_rollback(&nvm);
}

static void a_transaction_may_be_longer_than_a_bank(void **state)
{
    (void)state;
    for (int power_off = 0; power_off < 2; power_off++) {
        run_long_transaction(true);
        if (power_off)
            assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
        expect_filled(1, 0x11, 20);
        for (uint16_t i = 197; i < 200; i++)
            expect_filled((uint16_t)(2 + i % 3), (uint8_t)i, 20);
        assert_false(kb_nvm_has(&nvm, 5));

        run_long_transaction(false);
        if (power_off)
            assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
        for (uint16_t id = 1; id <= 5; id++)
            expect_filled(id, 0x11, 20);
    }
}

static void what_free_promises_can_be_written(void **state)
{
    (void)state;
    for (uint16_t len = 0; len < 200; len++) {
        make_store();
        assert_int_equal(kb_nvm_fill(&nvm, 1, 0, len), KB_OK);
        assert_int_equal(kb_nvm_fill(&nvm, 2, 0, kb_nvm_free(&nvm) - 12), KB_OK);
        assert_int_equal(kb_nvm_free(&nvm), 0);
        assert_int_equal(kb_nvm_fill(&nvm, 3, 0, 0), KB_ERR_NVM_FULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_store_refuses_and_loses_nothing),
        cmocka_unit_test(in_a_full_store_objects_can_still_be_changed_and_deleted),
        cmocka_unit_test(a_transaction_too_large_for_the_store_can_be_rolled_back),
        cmocka_unit_test(a_full_transaction_can_still_be_committed),
        cmocka_unit_test(a_transaction_may_be_longer_than_a_bank),
        cmocka_unit_test(what_free_promises_can_be_written),
    };

    return cmocka_run_group_tests_name("nvm: room", tests, NULL, NULL);
}
