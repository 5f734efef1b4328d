/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what is committed stays, what is not is gone; a file of another kind is refused. */

#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "desk/journal.h"
#include "rig.h"

static const char one[] = "8900101000000000019", two[] = "8900101000000000027";

static int set_up(void **state)
{
    (void)state;
    rig_enter();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

static struct kb_journal *open_journal(void)
{
    struct kb_journal *journal;
    struct kb_report why = {0};

    if (kb_journal_open("journal", true, &journal, &why))
        fail_msg("%s", why.text);
    return journal;
}

static void add(struct kb_journal *journal, const char *iccid, uint64_t line)
{
    struct kb_csv_place place = {line * 100, line};
    uint64_t first;

    assert_int_equal(kb_journal_add_card(journal, iccid, place, &first, NULL), KB_OK);
    assert_int_equal(kb_journal_add_row(journal, iccid, place, &first, NULL), KB_OK);
}

static void test_a_card_is_there_once_and_its_first_line_is_told(void **state)
{
    struct kb_journal *journal = open_journal();
    struct kb_csv_place place = {900, 9};
    uint64_t first = 0;

    (void)state;
    add(journal, one, 2);
    assert_int_equal(kb_journal_add_card(journal, one, place, &first, NULL), KB_ERR_EXISTS);
    assert_int_equal(first, 2);
    first = 0;
    assert_int_equal(kb_journal_add_row(journal, one, place, &first, NULL), KB_ERR_EXISTS);
    assert_int_equal(first, 2);
    assert_int_equal(kb_journal_add_row(journal, two, place, &first, NULL), KB_ERR_ABSENT);
    kb_journal_close(journal);
}

static void test_what_is_not_committed_is_gone(void **state)
{
    struct kb_journal *journal = open_journal();
    struct kb_journal_row row;

    (void)state;
    add(journal, one, 2);
    assert_int_equal(kb_journal_commit(journal, NULL), KB_OK);
    add(journal, two, 3);
    assert_int_equal(kb_journal_pending(journal), 2);
    kb_journal_close(journal);
    journal = open_journal();
    assert_int_equal(kb_journal_find(journal, one, &row, NULL), KB_OK);
    assert_int_equal(row.row.line, 2);
    assert_int_equal(row.row.offset, 200);
    assert_int_equal(kb_journal_find(journal, two, &row, NULL), KB_ERR_ABSENT);
    kb_journal_close(journal);
}

static void commit_and_die(void)
{
    struct kb_journal *journal = open_journal();

    add(journal, one, 2);
    kb_journal_commit(journal, NULL);
    add(journal, two, 3);
    kill(getpid(), SIGKILL);
}

static void test_what_is_committed_survives_a_kill(void **state)
{
    struct kb_journal *journal;
    struct kb_journal_row row;
    pid_t child = fork();

    (void)state;
    if (child == 0)
        commit_and_die();
    waitpid(child, NULL, 0);
    journal = open_journal();
    assert_int_equal(kb_journal_find(journal, one, &row, NULL), KB_OK);
    assert_int_equal(kb_journal_find(journal, two, &row, NULL), KB_ERR_ABSENT);
    kb_journal_close(journal);
}

static void test_cards_come_in_order_by_state(void **state)
{
    struct kb_journal *journal = open_journal();
    struct kb_journal_row row;
    uint64_t count;

    (void)state;
    add(journal, two, 2);
    add(journal, one, 3);
    assert_int_equal(kb_journal_next(journal, "", KB_JOURNAL_OPEN, &row, NULL), KB_OK);
    assert_string_equal(row.iccid, one);
    assert_int_equal(kb_journal_next(journal, one, KB_JOURNAL_OPEN, &row, NULL), KB_OK);
    assert_string_equal(row.iccid, two);
    assert_int_equal(kb_journal_next(journal, two, KB_JOURNAL_OPEN, &row, NULL), KB_ERR_ABSENT);
    assert_int_equal(kb_journal_set_state(journal, one, KB_JOURNAL_FAILED, "why", NULL), KB_OK);
    assert_int_equal(kb_journal_count(journal, KB_JOURNAL_FAILED, &count, NULL), KB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(kb_journal_find(journal, one, &row, NULL), KB_OK);
    assert_string_equal(row.reason, "why");
    assert_int_equal(kb_journal_reopen(journal, NULL), KB_OK);
    assert_int_equal(kb_journal_count(journal, KB_JOURNAL_OPEN, &count, NULL), KB_OK);
    assert_int_equal(count, 2);
    kb_journal_close(journal);
}

static void test_a_journal_of_a_later_version_is_refused(void **state)
{
    struct kb_journal *journal = open_journal();
    struct kb_report why = {0};
    sqlite3 *db;

    (void)state;
    kb_journal_close(journal);
    assert_int_equal(sqlite3_open("journal", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(kb_journal_open("journal", true, &journal, &why), KB_ERR_VERSION);
    assert_string_equal(why.text, "journal: journal of version 99, this program knows 1");
}

static void test_a_file_that_is_no_journal_is_refused(void **state)
{
    char text[2048];
    struct kb_journal *journal;
    struct kb_report why = {0};

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    rig_write("journal", text);
    assert_int_equal(kb_journal_open("journal", true, &journal, &why), KB_ERR_MALFORMED);
    assert_string_equal(why.text, "journal: file is not a database");
    assert_int_equal(kb_journal_open("none", false, &journal, &why), KB_ERR_ABSENT);
    assert_false(rig_has("none"));
}

static void test_two_runs_do_not_share_it(void **state)
{
    struct kb_journal *journal = open_journal(), *other;
    struct kb_report why = {0};

    (void)state;
    assert_int_equal(kb_journal_open("journal", true, &other, &why), KB_ERR_EXISTS);
    assert_string_equal(why.text, "journal: another run is using this journal");
    kb_journal_close(journal);
    journal = open_journal();
    kb_journal_close(journal);
}

static void test_it_is_for_its_owner_alone(void **state)
{
    struct kb_journal *journal = open_journal();
    struct stat info;

    (void)state;
    add(journal, one, 2);
    assert_int_equal(stat("journal", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(stat("journal-wal", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    kb_journal_close(journal);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_a_card_is_there_once_and_its_first_line_is_told),
        DESK_TEST(test_what_is_not_committed_is_gone),
        DESK_TEST(test_what_is_committed_survives_a_kill),
        DESK_TEST(test_cards_come_in_order_by_state),
        DESK_TEST(test_a_journal_of_a_later_version_is_refused),
        DESK_TEST(test_a_file_that_is_no_journal_is_refused),
        DESK_TEST(test_two_runs_do_not_share_it),
        DESK_TEST(test_it_is_for_its_owner_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
