/* SPDX-License-Identifier: Apache-2.0 */
/* The audit trail: whoever changes, takes out, puts in or cuts off lines behind the server's back
 * is found out. */
#include "tests/service/store_rig.h"

enum { LINES = 5 };

static struct store_rig rig;

static int enter(void **state)
{
    static const char *const results[LINES] = {"done", "refused", "", "done", "failed"};

    (void)state;
    store_enter(&rig);
    for (int i = 0; i < LINES; i++) {
        assert_int_equal(kb_store_begin(rig.store), KB_OK);
        rig.now += 10;
        assert_int_equal(
            kb_store_audit(rig.store, "try", i ? "8949000010000000777" : NULL, results[i]), KB_OK);
        assert_int_equal(kb_store_end(rig.store, KB_OK), KB_OK);
        if (i % 2)
            assert_int_equal(kb_store_commit(rig.store), KB_OK);
    }
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    store_leave(&rig);
    return 0;
}

static void after(const char *sql, enum kb_err expected, uint64_t expected_line)
{
    uint64_t line = 0;

    store_close(&rig);
    if (sql)
        store_sql(&rig, sql);
    store_open(&rig);
    assert_int_equal(kb_store_audit_check(rig.store, &line), expected);
    assert_int_equal(line, expected_line);
}

static void a_trail_that_nobody_touched_is_whole(void **state)
{
    uint64_t line;

    (void)state;
    assert_int_equal(kb_store_audit_check(rig.store, &line), KB_OK);
    assert_int_equal(line, LINES);
    after(NULL, KB_OK, LINES);
}

static void each_column_of_a_line_is_held(void **state)
{
    static const char *const changes[] = {
        "UPDATE kb_audit SET time = time + 1 WHERE line = 3",
        "UPDATE kb_audit SET what = 'Try' WHERE line = 3",
        "UPDATE kb_audit SET card = '8949000010000000778' WHERE line = 3",
        "UPDATE kb_audit SET result = 'done' WHERE line = 3",
        "UPDATE kb_audit SET what = 'tr', card = 'y' || card WHERE line = 3",
        "UPDATE kb_audit SET hash = zeroblob(32) WHERE line = 3",
        "UPDATE kb_audit SET hash = x'' WHERE line = 3",
        "UPDATE kb_audit SET line = 9 WHERE line = 3",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        after(changes[i], KB_ERR_INTEGRITY, 3);
        leave(state);
        enter(state);
    }
}

static void a_line_taken_out_is_missed(void **state)
{
    (void)state;
    after("DELETE FROM kb_audit WHERE line = 2", KB_ERR_INTEGRITY, 2);
}

static void a_line_put_in_is_found(void **state)
{
    (void)state;
    after("INSERT INTO kb_audit SELECT 6, time, what, card, result, hash FROM kb_audit "
          "WHERE line = 5",
          KB_ERR_INTEGRITY, 6);
}

static void an_end_that_was_cut_off_is_missed(void **state)
{
    (void)state;
    after("DELETE FROM kb_audit WHERE line > 3", KB_ERR_INTEGRITY, 4);
}

static void a_trail_that_was_emptied_is_missed(void **state)
{
    (void)state;
    after("DELETE FROM kb_audit", KB_ERR_INTEGRITY, 1);
}

static void the_sealed_end_of_the_trail_cannot_be_left_out(void **state)
{
    struct kb_store *store;

    (void)state;
    store_close(&rig);
    store_sql(&rig, "DELETE FROM kb_audit; DELETE FROM kb_meta WHERE name = 'audit'");
    assert_int_not_equal(kb_store_open(&rig.config, &store, NULL), KB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
        TEST(a_trail_that_nobody_touched_is_whole),
        TEST(each_column_of_a_line_is_held),
        TEST(a_line_taken_out_is_missed),
        TEST(a_line_put_in_is_found),
        TEST(an_end_that_was_cut_off_is_missed),
        TEST(a_trail_that_was_emptied_is_missed),
        TEST(the_sealed_end_of_the_trail_cannot_be_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
