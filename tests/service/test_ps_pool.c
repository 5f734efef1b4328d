/* SPDX-License-Identifier: Apache-2.0 */
/* Identities in ranges: as many as one likes, each of them once. */
#include "tests/service/ps_world.h"

#include "service/ps_pool.h"

static struct world world;

static enum kb_err add(const char *first, uint64_t count)
{
    return kb_ps_add_identities(world.ps, kb_span(first, strlen(first)), count);
}

static void nine_hundred_million_identities_are_a_few_rows(void **state)
{
    (void)state;
    world_open(&world, NULL, 0);
    assert_int_equal(add("001010000000000", 900000000), KB_OK);
    assert_int_equal(world_count(&world, KB_PS_FREE), 900000000);
    world_start(&world, &world.cards[0]);
    world_run(&world);
    assert_string_equal(world.cards[0].imsi, "001010000000000");
    assert_int_equal(world_count(&world, KB_PS_FREE), 899999999);
    world_close(&world);
}

static void what_is_there_already_stays_as_it_is(void **state)
{
    (void)state;
    world_open(&world, NULL, 0);
    assert_int_equal(add("001010000000010", 10), KB_OK); /* 10-19 */
    world_start(&world, &world.cards[0]);
    world_run(&world);
    assert_int_equal(add("001010000000010", 10), KB_OK);
    assert_int_equal(world_count(&world, KB_PS_FREE), 9);
    assert_int_equal(add("001010000000040", 10), KB_OK); /* 40-49 */
    assert_int_equal(add("001010000000005", 50), KB_OK); /* 5-54, around both */
    assert_int_equal(world_count(&world, KB_PS_FREE), 49);
    assert_int_equal(world_count(&world, KB_PS_USED), 1);
    assert_int_equal(add("001010000000015", 30), KB_OK);
    assert_int_equal(world_count(&world, KB_PS_FREE), 49);
    world_close(&world);
}

/* All of them, one after the other, from ranges that overlap. */
static void every_identity_is_given_out_once(void **state)
{
    bool is_seen[20] = {false};
    struct kb_store *store;
    struct kb_ps_holding holding;
    struct kb_ps_keys keys = {0};

    (void)state;
    world_open(&world, NULL, 0);
    assert_int_equal(add("001010000000005", 5), KB_OK);
    assert_int_equal(add("001010000000000", 20), KB_OK);
    store = kb_ps_store(world.ps);
    assert_int_equal(kb_store_begin(store), KB_OK);
    for (size_t i = 0; i < 20; i++) {
        size_t number;

        assert_int_equal(kb_ps_pool_free(store, &holding), KB_OK);
        assert_memory_equal(holding.imsi, "0010100000000", 13);
        number = (size_t)(10 * (holding.imsi[13] - '0') + holding.imsi[14] - '0');
        assert_in_range(number, 0, 19);
        assert_false(is_seen[number]);
        is_seen[number] = true;
        holding.id_sc[0] = (char)('a' + i);
        assert_int_equal(kb_ps_pool_give(store, &holding, &keys), KB_OK);
    }
    assert_int_equal(kb_ps_pool_free(store, &holding), KB_ERR_ABSENT);
    assert_int_equal(kb_store_end(store, KB_OK), KB_OK);
    world_close(&world);
}

static void a_card_has_one_identity_at_most(void **state)
{
    struct kb_ps_holding first, second;
    struct kb_ps_keys keys = {0};
    struct kb_store *store;

    (void)state;
    world_open(&world, NULL, 2);
    store = kb_ps_store(world.ps);
    assert_int_equal(kb_store_begin(store), KB_OK);
    assert_int_equal(kb_ps_pool_free(store, &first), KB_OK);
    strcpy(first.id_sc, "89");
    assert_int_equal(kb_ps_pool_give(store, &first, &keys), KB_OK);
    assert_int_equal(kb_ps_pool_free(store, &second), KB_OK);
    strcpy(second.id_sc, "89");
    assert_int_equal(kb_ps_pool_give(store, &second, &keys), KB_ERR_EXISTS);
    assert_int_equal(kb_store_end(store, KB_ERR_EXISTS), KB_ERR_EXISTS);
    assert_int_equal(world_count(&world, KB_PS_FREE), 2);
    world_close(&world);
}

static void zeros_in_front_belong_to_an_identity(void **state)
{
    (void)state;
    world_open(&world, NULL, 0);
    assert_int_equal(add("00000000000001", 1), KB_OK); /* 14 digits */
    assert_int_equal(add("000000000000001", 1), KB_OK);
    assert_int_equal(world_count(&world, KB_PS_FREE), 2);
    world_start(&world, &world.cards[0]);
    world_start(&world, &world.cards[1]);
    world_run(&world);
    assert_int_equal(strlen(world.cards[0].imsi) + strlen(world.cards[1].imsi), 29);
    world_close(&world);
}

static void what_is_no_range_of_identities_is_refused(void **state)
{
    (void)state;
    world_open(&world, NULL, 0);
    assert_int_equal(add("0010100000001", 1), KB_ERR_RANGE); /* 13 digits */
    assert_int_equal(add("0010100000000001", 1), KB_ERR_RANGE);
    assert_int_equal(add("00101000000000A", 1), KB_ERR_RANGE);
    assert_int_equal(add("999999999999999", 2), KB_ERR_RANGE); /* the second has 16 */
    assert_int_equal(add("001010000000001", UINT64_MAX), KB_ERR_RANGE);
    assert_int_equal(add("999999999999999", 1), KB_OK);
    assert_int_equal(add("001010000000001", 0), KB_OK);
    assert_int_equal(world_count(&world, KB_PS_FREE), 1);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nine_hundred_million_identities_are_a_few_rows),
        cmocka_unit_test(what_is_there_already_stays_as_it_is),
        cmocka_unit_test(every_identity_is_given_out_once),
        cmocka_unit_test(a_card_has_one_identity_at_most),
        cmocka_unit_test(zeros_in_front_belong_to_an_identity),
        cmocka_unit_test(what_is_no_range_of_identities_is_refused),
    };

    return cmocka_run_group_tests_name("ps pool", tests, NULL, NULL);
}
