/* SPDX-License-Identifier: Apache-2.0 */
/* A store of an older version becomes one of this, in one durable step, and that of another server
 * does not. */
#include <string.h>

#include "service/as_inside.h"
#include "tests/service/as_rig.h"
#include "tests/service/store_rig.h"

#define ONE   "CREATE TABLE first(a INTEGER PRIMARY KEY, b TEXT NOT NULL);"
#define TWO   "CREATE TABLE second(c INTEGER PRIMARY KEY);"
#define THREE "CREATE TABLE third(d INTEGER PRIMARY KEY); INSERT INTO second(c) VALUES(3);"

static const char *const statements_1[] = {"INSERT INTO first(a, b) VALUES($1, $2)"};
static const char *const statements_3[] = {"SELECT b FROM first WHERE a = $1",
                                           "SELECT count(*) FROM second",
                                           "SELECT count(*) FROM third"};
static const struct kb_store_upgrade upgrades[] = {{ONE, TWO}, {ONE TWO, THREE}};

static struct store_rig rig;

/* A store of version 1 with one row. */
static int enter(void **state)
{
    struct kb_statement *st;

    (void)state;
    store_enter(&rig);
    store_close(&rig);
    store_remove(&rig);
    rig.config.schema_version = 1;
    rig.config.schema = ONE;
    rig.config.statements = statements_1;
    rig.config.statement_count = 1;
    store_open(&rig);
    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    st = kb_store_get(rig.store, 0);
    kb_bind_int(st, 1, 5);
    kb_bind_text(st, 2, text_span("five"));
    assert_int_equal(kb_store_end(rig.store, kb_statement_run(st)), KB_OK);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    store_close(&rig);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    store_leave(&rig);
    return 0;
}

static void become_version_3(void)
{
    rig.config.schema_version = 3;
    rig.config.schema = ONE TWO THREE;
    rig.config.upgrades = upgrades;
    rig.config.upgrade_count = 2;
    rig.config.statements = statements_3;
    rig.config.statement_count = 3;
}

static int64_t count_in(size_t which)
{
    struct kb_statement *st = kb_store_get(rig.store, which);
    int64_t count;

    assert_int_equal(kb_statement_step(st), KB_OK);
    count = kb_column_int(st, 0);
    kb_statement_end(st);
    return count;
}

static void assert_refused(enum kb_err expected)
{
    struct kb_report why = {0};

    assert_int_equal(kb_store_open(&rig.config, &rig.store, &why), expected);
    assert_non_null(strstr(why.text, rig.path));
}

static void what_was_there_stays_and_what_is_new_is_added(void **state)
{
    struct kb_statement *st;

    (void)state;
    become_version_3();
    for (unsigned i = 0; i < 2; i++) {
        store_open(&rig);
        st = kb_store_get(rig.store, 0);
        kb_bind_int(st, 1, 5);
        assert_int_equal(kb_statement_step(st), KB_OK);
        assert_int_equal(kb_column_text(st, 0).len, 4);
        kb_statement_end(st);
        assert_int_equal(count_in(1), 1);
        assert_int_equal(count_in(2), 0);
        store_close(&rig);
    }
    /* An older program does not touch it. */
    rig.config.schema_version = 1;
    rig.config.schema = ONE;
    rig.config.upgrade_count = 0;
    assert_refused(KB_ERR_VERSION);
    become_version_3();
    store_open(&rig);
}

static void an_upgrade_that_fails_leaves_the_store_as_it_was(void **state)
{
    static const struct kb_store_upgrade wrong[] = {{ONE, TWO TWO}};

    (void)state;
    rig.config.schema_version = 2;
    rig.config.schema = ONE TWO TWO;
    rig.config.upgrades = wrong;
    rig.config.upgrade_count = 1;
    assert_refused(KB_ERR_USAGE);
    become_version_3();
    store_open(&rig);
    assert_int_equal(count_in(1), 1);
}

static void the_store_of_another_server_is_not_upgraded(void **state)
{
    static const struct kb_store_upgrade others[] = {{TWO, THREE}};

    (void)state;
    rig.config.schema_version = 2;
    rig.config.schema = TWO THREE;
    rig.config.upgrades = others;
    rig.config.upgrade_count = 1;
    assert_refused(KB_ERR_VERSION);
    become_version_3();
    store_open(&rig);
}

/* As it was before it knew of scripts. */
static void an_application_server_takes_over_its_store_of_version_1(void **state)
{
    static struct as_rig as;
    struct kb_as_script script;

    (void)state;
    rig_enter(&as);
    rig_close(&as);
    store_close(&rig);
    store_remove(&rig);
    rig.config.schema_version = 1;
    rig.config.schema = kb_as_upgrades[0].schema;
    rig.config.statement_count = 0;
    store_open(&rig);
    store_close(&rig);
    memcpy(as.key, rig.key, sizeof(as.key));
    memcpy(as.path, rig.path, sizeof(as.path));
    assert_int_equal(rig_open(&as), KB_OK);
    assert_int_equal(kb_as_script(as.as, 0, &script), KB_ERR_ABSENT);
    rig_leave(&as);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_there_stays_and_what_is_new_is_added, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(an_upgrade_that_fails_leaves_the_store_as_it_was, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(the_store_of_another_server_is_not_upgraded, enter, leave),
        cmocka_unit_test_setup_teardown(an_application_server_takes_over_its_store_of_version_1,
                                        enter, leave),
    };

    return cmocka_run_group_tests_name("store upgrade", tests, NULL, NULL);
}
