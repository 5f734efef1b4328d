/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that was changed by something else than a power cut: refused, or of no effect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "checker.h"
#include "model.h"

enum { HISTORY = 48, HEADER = 24 };

static struct checker checker;
static struct kb_nvm nvm;
static struct model history[HISTORY]; /* the states after each of the last transactions */

/* A run that leaves the log well filled and without a reserve of erased units. */
static void make_history(const struct geometry *geometry, uint64_t seed)
{
    checker_init(&checker, geometry);
    assert_int_equal(kb_nvm_format(&nvm, &checker.device), KB_OK);
    memset(&history[0], 0, sizeof history[0]);
    for (uint64_t i = 1; i < HISTORY; i++) {
        assert_int_equal(model_run(&nvm, seed * 100 + i, &history[i - 1], &history[i]), KB_OK);
        if (i % 6 == 0)
            assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    }
}

/* How many transactions back the state is that the store shows; HISTORY when it never was. */
static unsigned age_of_state(void)
{
    unsigned age = 0;

    while (age < HISTORY && !model_matches(&history[HISTORY - 1 - age], &nvm))
        age++;
    return age;
}

static bool is_same(const struct model *a, const struct model *b)
{
    for (size_t i = 0; i < MODEL_OBJECTS; i++) {
        const struct model_object *left = &a->object[i], *right = &b->object[i];

        if (left->is_there != right->is_there)
            return false;
        if (left->is_there &&
            (left->len != right->len || memcmp(left->data, right->data, left->len) != 0))
            return false;
    }
    return true;
}

/* The age of the last state that is not the present one: what losing one transaction shows. */
static unsigned age_before_last(void)
{
    unsigned age = 1;

    while (age < HISTORY - 1 && is_same(&history[HISTORY - 1], &history[HISTORY - 1 - age]))
        age++;
    return age;
}

static void flip_and_mount(uint32_t at, uint8_t bits, uint32_t header, unsigned oldest)
{
    enum kb_err err;
    unsigned age;

    checker.data[at] ^= bits;
    err = kb_nvm_mount(&nvm, &checker.device);
    if (err) {
        assert_int_equal(err, KB_ERR_NVM_DAMAGED);
        assert_int_equal(kb_nvm_put(&nvm, 1, "a", 1), KB_ERR_NVM);
    } else {
        age = age_of_state();
        /* Without its header a bank is as if it had never been finished. */
        assert_true(age < HISTORY);
        assert_true(age <= oldest || (at >= header && at < header + HEADER));
    }
    checker.data[at] ^= bits;
}

static void a_flipped_byte_is_refused_or_shows_a_state_that_was_committed(void **state)
{
    static const struct geometry geometries[] = {
        {512, 4, 4}, {512, 4, 8}, {1024, 2, 16}, {512, 4, 32}};
    static const uint8_t bits[] = {0x01, 0x80, 0x3C, 0xFF};

    (void)state;
    for (size_t i = 0; i < sizeof geometries / sizeof geometries[0]; i++) {
        const struct geometry *geometry = &geometries[i];
        uint32_t size = geometry->sector_size * geometry->sector_count;
        uint32_t header;
        unsigned oldest;

        for (uint64_t seed = 1; seed <= 3; seed++) {
            make_history(geometry, seed);
            header = nvm.bank.address;
            oldest = age_before_last();
            for (uint32_t at = 0; at < size; at++)
                flip_and_mount(at, bits[at % sizeof bits], header, oldest);
        }
    }
}

static void a_bad_record_with_good_ones_behind_it_is_refused(void **state)
{
    static const struct geometry geometries[] = {
        {512, 2, 4}, {512, 2, 8}, {512, 2, 16}, {512, 2, 32}};

    (void)state;
    for (size_t i = 0; i < sizeof geometries / sizeof geometries[0]; i++) {
        uint32_t last;

        checker_init(&checker, &geometries[i]);
        assert_int_equal(kb_nvm_format(&nvm, &checker.device), KB_OK);
        assert_int_equal(kb_nvm_put(&nvm, 1, "first", 5), KB_OK);
        assert_int_equal(kb_nvm_put(&nvm, 1, "second", 5), KB_OK);
        last = nvm.tail * geometries[i].program_size;
        assert_int_equal(kb_nvm_put(&nvm, 2, "", 0), KB_OK);
        for (uint32_t at = nvm.index[1] * geometries[i].program_size; at < last; at++) {
            if (checker.data[at] == 0xFF)
                continue; /* what fills the last unit means nothing */
            checker.data[at] ^= 0x10;
            assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_ERR_NVM_DAMAGED);
            checker.data[at] ^= 0x10;
        }
        assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    }
}

/* The payload of a torn record may hold anything, even a record written as documented: here one
 * that claims to stand behind a gap. Nothing of it may become true. */
static void a_record_inside_the_payload_of_a_torn_one_is_no_record(void **state)
{
    struct geometry geometry = {512, 2, 8};
    uint8_t inner[24];
    uint8_t *outer;

    (void)state;
    checker_init(&checker, &geometry);
    assert_int_equal(kb_nvm_format(&nvm, &checker.device), KB_OK);
    assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    outer = &checker.data[(nvm.tail + 1) * 8];
    assert_int_equal(kb_nvm_put(&nvm, 5, "F", 1), KB_OK); /* behind a gap, for the mount */
    memcpy(inner, outer, 16);

    assert_int_equal(kb_nvm_format(&nvm, &checker.device), KB_OK);
    assert_int_equal(kb_nvm_put(&nvm, 6, inner, 16), KB_OK);
    outer = &checker.data[nvm.index[6] * 8];
    assert_memory_equal(outer + 8, inner, 16);
    memset(outer + 24, 0xFF, 8); /* torn before its checksum */
    assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    assert_false(kb_nvm_has(&nvm, 5));
    assert_false(kb_nvm_has(&nvm, 6));
}

static void memory_that_never_held_a_store_is_refused(void **state)
{
    static const uint8_t fills[] = {0x00, 0xFF, 0x4B};
    struct geometry geometry = {512, 4, 8};
    uint64_t seed = 1;

    (void)state;
    checker_init(&checker, &geometry);
    for (size_t i = 0; i < sizeof fills; i++) {
        memset(checker.data, fills[i], sizeof checker.data);
        assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_ERR_NVM_DAMAGED);
    }
    for (int i = 0; i < 200; i++) {
        for (size_t at = 0; at < 2048; at++)
            checker.data[at] = (uint8_t)model_choose(&seed, 256);
        assert_int_equal(kb_nvm_mount(&nvm, &checker.device), KB_ERR_NVM_DAMAGED);
    }
}

/* Random bytes behind a good header: whatever is found, nothing is touched outside the memory. */
static void garbage_behind_a_good_header_is_refused(void **state)
{
    struct geometry geometry = {512, 2, 4};
    uint64_t seed = 7;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        checker_init(&checker, &geometry);
        assert_int_equal(kb_nvm_format(&nvm, &checker.device), KB_OK);
        for (size_t at = HEADER; at < 512; at++)
            checker.data[at] = (uint8_t)model_choose(&seed, at % 8 < 2 ? 4 : 256);
        assert_int_not_equal(kb_nvm_mount(&nvm, &checker.device), KB_OK);
    }
}

static void a_store_made_for_another_geometry_is_refused(void **state)
{
    struct geometry geometry = {512, 4, 8};
    struct kb_nvm_device other;

    (void)state;
    checker_init(&checker, &geometry);
    assert_int_equal(kb_nvm_format(&nvm, &checker.device), KB_OK);
    other = checker.device;
    other.program_size = 16;
    assert_int_equal(kb_nvm_mount(&nvm, &other), KB_ERR_NVM_DAMAGED);
    other = checker.device;
    other.sector_count = 2;
    assert_int_equal(kb_nvm_mount(&nvm, &other), KB_ERR_NVM_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_byte_is_refused_or_shows_a_state_that_was_committed),
        cmocka_unit_test(a_bad_record_with_good_ones_behind_it_is_refused),
        cmocka_unit_test(a_record_inside_the_payload_of_a_torn_one_is_no_record),
        cmocka_unit_test(memory_that_never_held_a_store_is_refused),
        cmocka_unit_test(garbage_behind_a_good_header_is_refused),
        cmocka_unit_test(a_store_made_for_another_geometry_is_refused),
    };

    return cmocka_run_group_tests_name("nvm: damage", tests, NULL, NULL);
}
