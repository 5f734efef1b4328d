/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold secrets or lines that must not be lost, on a disk that is full. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "desk/safe_file.h"
#include "rig.h"

static int set_up(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    rig_enter();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

/* A limit on the size of files makes every disk small: write takes a part, then fails. */
static struct rlimit limit_files(rlim_t size)
{
    struct rlimit before, small;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    return before;
}

static void test_a_write_that_was_cut_short_tells_why(void **state)
{
    struct rlimit before = limit_files(10);
    int fd = open("lines", O_WRONLY | O_CREAT, 0600);

    (void)state;
    assert_true(kb_safe_write(fd, "01234", 5));
    errno = ENOENT;
    assert_false(kb_safe_write(fd, "0123456789", 10));
    assert_int_equal(errno, EFBIG);
    close(fd);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static void test_a_file_that_did_not_fit_leaves_the_older_one(void **state)
{
    struct kb_safe_file file;
    struct kb_report why = {0};
    struct rlimit before;
    char *text;

    (void)state;
    rig_write("export", "the older one");
    before = limit_files(10);
    assert_int_equal(kb_safe_file_open(&file, "export", &why), KB_OK);
    fputs("longer than ten bytes", file.out);
    assert_int_equal(kb_safe_file_keep(&file, &why), KB_ERR_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_string_equal(why.text, "export: File too large");
    text = rig_read("export", NULL);
    assert_string_equal(text, "the older one");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_write_that_was_cut_short_tells_why, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_did_not_fit_leaves_the_older_one, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
