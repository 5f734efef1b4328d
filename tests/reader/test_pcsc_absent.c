/* SPDX-License-Identifier: Apache-2.0 */
/* A machine without PC/SC service: the client library is sent to a socket that does not exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader/reader.h"

static void count(void *ctx, const char *name)
{
    (void)name;
    ++*(int *)ctx;
}

static void without_the_service_the_list_says_that_pcscd_is_not_running(void **state)
{
    struct kb_report why = {KB_OK, ""};
    int seen = 0;

    (void)state;
    assert_int_equal(kb_reader_list_pcsc(count, &seen, &why), KB_ERR_READER);
    assert_int_equal(seen, 0);
    assert_non_null(strstr(why.text, "pcscd"));
    assert_non_null(strstr(why.text, "not running"));
}

static void without_the_service_no_reader_opens(void **state)
{
    struct kb_report why = {KB_OK, ""};
    struct kb_reader *reader;

    (void)state;
    assert_int_equal(kb_reader_open_pcsc("Some Reader", &reader, &why), KB_ERR_READER);
    assert_null(reader);
    assert_non_null(strstr(why.text, "Some Reader"));
    assert_non_null(strstr(why.text, "not running"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_service_the_list_says_that_pcscd_is_not_running),
        cmocka_unit_test(without_the_service_no_reader_opens),
    };

    setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
