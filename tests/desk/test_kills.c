/* SPDX-License-Identifier: Apache-2.0 */
/* A process may be killed anywhere: before and after each command to a card, each write to a file
 * and each commit. The next run goes on, and ends as if nothing had happened: every card
 * personalized once, with the keys the journal knows; every card made once, with one line in each
 * table. */

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "desk/ca.h"
#include "desk/verify.h"
#include "reader/exchange.h"
#include "rig.h"
#include "wire/hex.h"

enum { CARDS = 3, NEVER = 0 };

/* --- Points at which this process dies --- */

static unsigned points, fatal_point;

static void pass_point(void)
{
    if (fatal_point && ++points == fatal_point)
        kill(getpid(), SIGKILL);
}

enum kb_err __real_kb_exchange(struct kb_reader *reader, const struct kb_apdu *cmd,
                               struct kb_answer *answer, struct kb_report *why);
enum kb_err __wrap_kb_exchange(struct kb_reader *reader, const struct kb_apdu *cmd,
                               struct kb_answer *answer, struct kb_report *why);

enum kb_err __wrap_kb_exchange(struct kb_reader *reader, const struct kb_apdu *cmd,
                               struct kb_answer *answer, struct kb_report *why)
{
    enum kb_err err;

    pass_point();
    err = __real_kb_exchange(reader, cmd, answer, why);
    pass_point();
    return err;
}

/* These take the places of the C library's, for SQLite as well. */

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    pass_point();
    return syscall(SYS_pwrite64, fd, data, len, at);
}

ssize_t write(int fd, const void *data, size_t len)
{
    pass_point();
    return syscall(SYS_write, fd, data, len);
}

int fdatasync(int fd)
{
    pass_point();
    return (int)syscall(SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
    pass_point();
    return (int)syscall(SYS_rename, from, to);
}

int unlink(const char *path)
{
    pass_point();
    return (int)syscall(SYS_unlink, path);
}

/* --- Runs in a child --- */

static bool has_died(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFSIGNALED(status);
}

static bool run_until(unsigned point)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_bureau_summary summary;
    struct kb_report why = {0};
    pid_t child = fork();

    if (child)
        return has_died(child);
    fatal_point = point;
    options.may_generate = true;
    if (kb_bureau_run(&options, &summary, &why)) {
        fprintf(stderr, "%s\n", why.text);
        _exit(2);
    }
    _exit(summary.done == CARDS && !summary.failed ? 0 : 3);
}

static bool make_until(unsigned point)
{
    struct kb_factory_options options = rig_factory(CARDS);
    struct kb_factory_summary summary;
    struct kb_report why = {0};
    pid_t child = fork();

    if (child)
        return has_died(child);
    fatal_point = point;
    if (kb_factory_make(&options, &summary, &why)) {
        fprintf(stderr, "%s\n", why.text);
        _exit(2);
    }
    _exit(summary.made + summary.skipped == CARDS ? 0 : 3);
}

/* --- What has to hold afterwards --- */

static void expect_all_proven(void)
{
    struct kb_verify_options options = {.work = rig_bureau()};
    struct kb_bureau_summary summary;
    struct kb_report why = {0};

    if (kb_verify(&options, &summary, &why))
        fail_msg("%s", why.text);
    assert_int_equal(summary.total, CARDS);
    assert_int_equal(summary.done, CARDS);
}

static unsigned count_lines(const char *name, const char *what)
{
    char *text = rig_read(name, NULL);
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count += at == text || at[-1] == '\n';
    free(text);
    return count;
}

static unsigned count_files(const char *dir, const char *end)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;
    unsigned count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);

        count += len > strlen(end) && strcmp(entry->d_name + len - strlen(end), end) == 0;
    }
    closedir(folder);
    return count;
}

/* A card that has its name has its lines. */
static void expect_no_half_card(void)
{
    char path[64];

    for (uint64_t n = 1; n <= CARDS; n++) {
        snprintf(path, sizeof path, "cards/%s.card", rig_iccid(n));
        if (!rig_has(path))
            continue;
        assert_int_equal(count_lines("cards/handover.csv", rig_iccid(n)), 1);
        assert_int_equal(count_lines("cards/bootstrap.csv", rig_iccid(n)), 1);
    }
}

/* Each card has one credential, that of bootstrap.csv; no other was issued and kept. */
static void expect_one_credential_each(void)
{
    char *table = rig_read("cards/bootstrap.csv", NULL);
    struct kb_report why = {0};
    struct kb_ca_row row = {0};
    struct kb_ca *ca;
    unsigned rows = 0;

    assert_int_equal(kb_ca_open("maker-root", &ca, &why), KB_OK);
    while (!kb_ca_next(ca, row.serial, &row, &why)) {
        char token[2 * KB_CREDENTIAL_MAX + 1], number[32];
        const char *line = strstr(table, row.subject);

        rows++;
        snprintf(number, sizeof number, ",%llu,", (unsigned long long)row.serial);
        kb_hex_encode(kb_span(row.token, row.token_len), token);
        assert_non_null(line);
        assert_non_null(strstr(line, token));
        assert_memory_equal(strstr(line, token) - strlen(number), number, strlen(number));
        assert_true(strstr(line, token) < strchr(line, '\n'));
    }
    kb_ca_close(ca);
    free(table);
    assert_int_equal(rows, CARDS);
    assert_false(rig_has("cards/.credentials"));
}

static void expect_all_made(void)
{
    assert_int_equal(count_files("cards", ".card"), CARDS);
    assert_int_equal(count_files("cards", ".partial"), 0);
    assert_int_equal(count_lines("cards/handover.csv", "8900101"), CARDS);
    assert_int_equal(count_lines("cards/bootstrap.csv", "8900101"), CARDS);
    expect_no_half_card();
    expect_one_credential_each();
}

static void start_over(void)
{
    rig_leave();
    rig_enter();
    rig_make_batch(CARDS, false);
}

static void test_a_run_killed_anywhere_goes_on_and_ends_well(void **state)
{
    unsigned point = 1;
    bool died = true;

    (void)state;
    for (; died; point++) {
        start_over();
        rig_make_cards(CARDS);
        died = run_until(point);
        assert_false(died && run_until(NEVER));
        expect_all_proven();
    }
    assert_true(point > 50);
    rig_leave();
}

/* Killed again and again, a little later each time. */
static void test_a_run_killed_often_ends_well(void **state)
{
    unsigned point = 20;

    (void)state;
    start_over();
    rig_make_cards(CARDS);
    while (run_until(point))
        point++;
    expect_all_proven();
    rig_leave();
}

/* The model of all cards takes hundreds of commands: there the points are far apart, and close
 * together where the cards are made. */
static void test_a_factory_killed_anywhere_leaves_whole_cards_with_one_line_each(void **state)
{
    bool died = true;

    (void)state;
    for (unsigned point = 1; died; point += point < 300 ? 29 : 3) {
        start_over();
        died = make_until(point);
        if (rig_has("cards/handover.csv") && rig_has("cards/bootstrap.csv"))
            expect_no_half_card();
        assert_false(died && make_until(NEVER));
        expect_all_made();
        assert_false(run_until(NEVER));
        expect_all_proven();
    }
    rig_leave();
}

static int enter(void **state)
{
    (void)state;
    rig_enter();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_run_killed_anywhere_goes_on_and_ends_well, enter),
        cmocka_unit_test_setup(test_a_run_killed_often_ends_well, enter),
        cmocka_unit_test_setup(test_a_factory_killed_anywhere_leaves_whole_cards_with_one_line_each,
                               enter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
