/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process with a store is killed at every point at which something becomes durable or leaves, and
 * nothing is closed or rolled back: whoever opens the store next finds whole steps, all of those
 * that were committed, and everything that goes with them.
 */
#include "tests/service/store_rig.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEPS = 12, GROUP = 3, KILLED = 9 };

static struct store_rig rig;
static int told; /* the child tells here how many steps were committed */

static void die_at_once(const char *where)
{
    (void)where;
    _exit(KILLED);
}

/* Mail n is taken and answered by mail, the number goes up, the trail grows: one step. */
static void one_step(int64_t n)
{
    struct kb_mail mail = mail_of("peer", (uint64_t)n, "in");
    int64_t before = get_number(&rig, "n");

    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    if (kb_store_take(rig.store, &mail) == KB_OK) {
        put_number(&rig, "n", (before < 0 ? 0 : before) + 1);
        mail = mail_of("other", 0, "out");
        assert_int_equal(kb_store_post(rig.store, &mail), KB_OK);
        assert_int_equal(kb_store_audit(rig.store, "step", "card", "done"), KB_OK);
    }
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_OK);
}

/* Delivers all mail from the beginning: whoever sent it does not know what was taken. */
static void run_child(unsigned dies_at)
{
    rig.dies_at = dies_at;
    rig.dying = die_at_once;
    store_open(&rig);
    for (int64_t n = 1; n <= STEPS; n++) {
        one_step(n);
        if (n % GROUP)
            continue;
        assert_int_equal(kb_store_commit(rig.store), KB_OK);
        if (write(told, &n, sizeof(n)) != sizeof(n))
            _exit(1);
    }
    _exit(0); /* not closed either */
}

/* Returns whether it was killed; *committed: what it told last. */
static bool run(unsigned dies_at, int64_t *committed)
{
    int ends[2], status = 0;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    told = ends[1];
    child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0)
        run_child(dies_at);
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    while (read(ends[0], committed, sizeof(*committed)) == sizeof(*committed))
        continue;
    close(ends[0]);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED);
    return WEXITSTATUS(status) == KILLED;
}

static int64_t assert_whole_steps(void)
{
    uint64_t line;
    int64_t done;

    rig.dies_at = 0;
    store_open(&rig);
    done = get_number(&rig, "n");
    if (done < 0)
        done = 0;
    assert_int_equal(count_of(&rig, STORE_RIG_INBOX), done);
    assert_int_equal(count_of(&rig, STORE_RIG_OUTBOX), done);
    assert_int_equal(kb_store_audit_check(rig.store, &line), KB_OK);
    assert_int_equal(line, done);
    store_close(&rig);
    return done;
}

static void a_process_killed_anywhere_leaves_whole_steps_and_all_that_were_committed(void **state)
{
    unsigned at = 1;
    bool is_killed = true;

    (void)state;
    for (; is_killed; at++) {
        int64_t committed = 0, done;

        store_enter(&rig);
        store_close(&rig);
        is_killed = run(at, &committed);
        done = assert_whole_steps();
        assert_true(done >= committed && done <= STEPS);
        assert_int_equal(done % GROUP, 0);
        while (run(0, &committed)) /* all is delivered again */
            continue;
        assert_int_equal(assert_whole_steps(), STEPS);
        store_leave(&rig);
    }
    assert_in_range(at, STEPS * 2 + 2 * STEPS / GROUP, 100);
}

static void a_dead_store_answers_everything_with_what_it_died_of(void **state)
{
    struct kb_mail mail = mail_of("peer", 1, "in");
    uint8_t room[KB_MAIL_BODY_MAX];
    struct kb_statement *st;

    (void)state;
    store_enter(&rig);
    step_number(&rig, "n", 1);
    rig.dies_at = rig.points + 1;
    assert_int_equal(kb_store_commit(rig.store), KB_ERR_TIMEOUT);
    assert_int_equal(kb_store_begin(rig.store), KB_ERR_TIMEOUT);
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_ERR_TIMEOUT);
    assert_int_equal(kb_store_commit(rig.store), KB_ERR_TIMEOUT);
    assert_int_equal(kb_store_take(rig.store, &mail), KB_ERR_TIMEOUT);
    assert_int_equal(kb_store_post(rig.store, &mail), KB_ERR_TIMEOUT);
    assert_int_equal(kb_store_outbox(rig.store, 0, &mail, room), KB_ERR_TIMEOUT);
    assert_int_equal(kb_store_sent(rig.store, 1), KB_ERR_TIMEOUT);
    assert_int_equal(kb_store_audit(rig.store, "a", "b", "c"), KB_ERR_TIMEOUT);
    st = kb_store_get(rig.store, STORE_RIG_GET);
    assert_int_equal(kb_statement_step(st), KB_ERR_TIMEOUT);
    store_again(&rig);
    assert_int_equal(get_number(&rig, "n"), -1);
    store_leave(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_killed_anywhere_leaves_whole_steps_and_all_that_were_committed),
        cmocka_unit_test(a_dead_store_answers_everything_with_what_it_died_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
