/* SPDX-License-Identifier: Apache-2.0 */
/* A root keeps what it promised: credentials that verify, kids that are unique, a list of those
 * taken back that is always the newest; also when a run is killed before any write, or when several
 * work in one folder. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "desk/ca.h"
#include "desk/key_file.h"
#include "rig.h"
#include "wire/hex.h"

enum { NOW = 1800000000, DAY = 86400 };

/* --- Points at which this process dies; these take the places of the C library's, for SQLite as
 * well. --- */

static unsigned points, fatal_point;

static void pass_point(void)
{
    if (fatal_point && ++points == fatal_point)
        kill(getpid(), SIGKILL);
}

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

int rename(const char *from, const char *to)
{
    pass_point();
    return (int)syscall(SYS_renameat2, -100, from, -100, to, 0);
}

int link(const char *from, const char *to)
{
    pass_point();
    return (int)syscall(SYS_linkat, -100, from, -100, to, 0);
}

int unlink(const char *path)
{
    pass_point();
    return (int)syscall(SYS_unlinkat, -100, path, 0);
}

/* --- What all of them do --- */

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

static struct kb_ca *open_ca(void)
{
    struct kb_report why = {0};
    struct kb_ca *ca;

    if (kb_ca_open("ca", &ca, &why))
        fail_msg("%s", why.text);
    return ca;
}

static void make_root(void)
{
    struct kb_report why = {0};

    if (kb_ca_init("ca", NULL, "Operators", KB_CA_OPERATORS, NOW, &why))
        fail_msg("%s", why.text);
}

/* The n-th key is always the same. */
static struct kb_ca_row wanted(const char *subject, uint8_t n)
{
    const uint8_t private_key[KB_X25519_SIZE] = {8, n, 2, 3}; /* bits of the first are cleared */
    struct kb_ca_row row = {.curve = KB_CURVE_X25519, .expires = NOW + DAY};

    snprintf(row.subject, sizeof row.subject, "%s", subject);
    assert_int_equal(kb_crypto_openssl.x25519_public(private_key, row.public_key), KB_OK);
    return row;
}

static enum kb_err issue(struct kb_ca_row *row, bool *is_new, struct kb_report *why)
{
    struct kb_ca *ca = open_ca();
    enum kb_err err = kb_ca_issue(ca, NULL, row, NOW, is_new, why);

    kb_ca_close(ca);
    return err;
}

static enum kb_err take_back(uint64_t serial, const char *subject, uint64_t *count)
{
    struct kb_ca *ca = open_ca();
    struct kb_report why = {0};
    enum kb_err err = kb_ca_revoke(ca, NULL, serial, subject, "key lost", NOW, count, &why);

    kb_ca_close(ca);
    return err;
}

/* What a verifier does, with root.pub and revoked.cwt alone. */
static enum kb_err verify(const struct kb_ca_row *row, uint64_t lowest, uint64_t *number)
{
    uint8_t public_key[KB_P256_PUBLIC];
    const struct kb_credential_root root = {kb_span("Operators", 9), public_key};
    const int64_t now = NOW;
    struct kb_credential credential;
    struct kb_revoked list;
    enum kb_err err;
    size_t len;
    char *bytes = rig_read("ca/revoked.cwt", &len);
    char *text = rig_read("ca/root.pub", NULL);

    assert_int_equal(kb_hex_decode(kb_span(text, 128), public_key, sizeof public_key, &(size_t){0}),
                     KB_OK);
    err = kb_revoked_read(&kb_crypto_mbedtls, &root, lowest, kb_span(bytes, len), &list);
    *number = list.number;
    if (!err)
        err = kb_credential_verify(&kb_crypto_mbedtls, &root, &now,
                                   kb_span(row->token, row->token_len), &credential);
    if (!err)
        err = kb_revoked_judge(&kb_crypto_mbedtls, &list, &credential);
    free(text);
    free(bytes);
    return err;
}

/* --- Tests --- */

static void test_what_a_root_issues_is_verified_with_its_public_key(void **state)
{
    struct kb_ca_row row = wanted("001-01", 1);
    struct kb_report why = {0};
    uint64_t number;
    struct stat info;
    bool is_new;

    (void)state;
    make_root();
    assert_int_equal(issue(&row, &is_new, &why), KB_OK);
    assert_true(is_new && row.serial == 1);
    assert_int_equal(verify(&row, 0, &number), KB_OK);
    assert_true(number == 0);
    assert_int_equal(stat("ca/root.key", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(stat("ca/index.db", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void test_a_revoked_credential_is_refused(void **state)
{
    struct kb_ca_row row = wanted("001-01", 1), other = wanted("001-02", 2);
    struct kb_report why = {0};
    uint64_t number, count;
    bool is_new;

    (void)state;
    make_root();
    assert_int_equal(issue(&row, &is_new, &why), KB_OK);
    assert_int_equal(issue(&other, &is_new, &why), KB_OK);
    assert_int_equal(take_back(row.serial, NULL, &count), KB_OK);
    assert_true(count == 1);
    assert_int_equal(verify(&row, 1, &number), KB_ERR_RULE);
    assert_int_equal(verify(&other, 1, &number), KB_OK);
    assert_int_equal(take_back(0, "001-01", &count), KB_OK); /* twice is once */
    assert_true(count == 0);
    assert_int_equal(verify(&other, 2, &number), KB_ERR_VERSION);
    assert_int_equal(take_back(0, "001-02", &count), KB_OK);
    assert_int_equal(verify(&other, 2, &number), KB_ERR_RULE);
    assert_int_equal(take_back(3, NULL, &count), KB_ERR_ABSENT);
    assert_int_equal(take_back(0, "001-03", &count), KB_ERR_ABSENT);
}

static void test_more_revocations_than_fit_into_the_first_buffer(void **state)
{
    struct kb_report why = {0};
    struct kb_ca_row row;
    uint64_t number, count;
    bool is_new;

    (void)state;
    make_root();
    for (unsigned n = 0; n < 200; n++) {
        row = wanted("001-01", (uint8_t)n);
        assert_int_equal(issue(&row, &is_new, &why), KB_OK);
    }
    assert_int_equal(take_back(0, "001-01", &count), KB_OK);
    assert_true(count == 200);
    assert_int_equal(verify(&row, 1, &number), KB_ERR_RULE);
}

static void test_a_list_that_was_put_back_or_lost_is_written_again(void **state)
{
    struct kb_ca_row row = wanted("001-01", 1);
    struct kb_report why = {0};
    uint64_t number, count;
    size_t len;
    char *old;
    bool is_new;

    (void)state;
    make_root();
    old = rig_read("ca/revoked.cwt", &len);
    assert_int_equal(issue(&row, &is_new, &why), KB_OK);
    assert_int_equal(take_back(1, NULL, &count), KB_OK);
    rig_write_bytes("ca/revoked.cwt", old, len);
    free(old);
    assert_int_equal(verify(&row, 1, &number), KB_ERR_VERSION);
    kb_ca_close(open_ca());
    assert_int_equal(verify(&row, 1, &number), KB_ERR_RULE);
}

static void test_a_key_has_one_credential(void **state)
{
    struct kb_ca_row row = wanted("001-01", 1), again = wanted("001-01", 1);
    struct kb_ca_row other = wanted("001-02", 1);
    struct kb_report why = {0};
    uint64_t count;
    bool is_new;

    (void)state;
    make_root();
    assert_int_equal(issue(&row, &is_new, &why), KB_OK);
    assert_int_equal(issue(&again, &is_new, &why), KB_OK);
    assert_false(is_new);
    assert_memory_equal(row.token, again.token, row.token_len);
    assert_int_equal(issue(&other, &is_new, &why), KB_ERR_EXISTS);
    assert_string_equal(
        why.text, "the key has a credential for 001-01 (kid 01); make a key for each subject");
    assert_int_equal(take_back(1, NULL, &count), KB_OK);
    assert_int_equal(issue(&again, &is_new, &why), KB_ERR_EXISTS);
    assert_string_equal(why.text,
                        "the credential of this key (kid 01) was revoked; make a new key");
}

static void test_what_makes_no_sense_is_refused(void **state)
{
    struct kb_ca_row zero = {.subject = "001-01"}, empty = wanted("", 1), late = wanted("a", 1);
    struct kb_ca_row control = wanted("a\nb", 1), row = wanted("001-01", 1);
    struct kb_report why = {0};
    struct kb_ca *ca;
    bool is_new;

    (void)state;
    assert_int_equal(kb_ca_open("ca", &ca, &why), KB_ERR_ABSENT);
    assert_string_equal(why.text, "ca: there is no root; keyborn ca init makes one");
    assert_int_equal(kb_ca_init("ca", NULL, "", KB_CA_MAKER, NOW, &why), KB_ERR_USAGE);
    make_root();
    assert_int_equal(kb_ca_init("ca", NULL, "B", KB_CA_MAKER, NOW, &why), KB_ERR_EXISTS);
    zero.curve = KB_CURVE_X25519; /* of low order, RFC 7748 clause 6.1 */
    assert_int_equal(issue(&zero, &is_new, &why), KB_ERR_INTEGRITY);
    assert_string_equal(why.text, "the public key is no key on X25519");
    assert_int_equal(issue(&empty, &is_new, &why), KB_ERR_USAGE);
    assert_int_equal(issue(&control, &is_new, &why), KB_ERR_USAGE);
    late.expires = NOW;
    assert_int_equal(issue(&late, &is_new, &why), KB_ERR_RANGE);
    rig_write("ca/root.key", "00000000000000000000000000000000"
                             "00000000000000000000000000000007\n");
    assert_int_equal(issue(&row, &is_new, &why), KB_ERR_RULE);
    assert_string_equal(why.text, "ca/root.key: is not the key of the root in ca");
    rig_write("ca/index.db", "this is no index, but it is long enough to be taken for a file");
    assert_int_equal(kb_ca_open("ca", &ca, &why), KB_ERR_MALFORMED);
}

static void test_no_private_key_is_in_the_index(void **state)
{
    struct kb_ca_row row = wanted("001-01", 1);
    struct kb_report why = {0};
    uint8_t key[KB_P256_PRIVATE];
    char text[2 * KB_P256_PRIVATE + 1];
    size_t len;
    char *index;
    bool is_new;

    (void)state;
    make_root();
    assert_int_equal(issue(&row, &is_new, &why), KB_OK);
    assert_int_equal(kb_key_file_read("ca/root.key", key, sizeof key, &why), KB_OK);
    kb_hex_encode(kb_span(key, sizeof key), text);
    index = rig_read("ca/index.db", &len);
    assert_null(memmem(index, len, key, sizeof key));
    assert_null(memmem(index, len, text, sizeof text - 1));
    assert_non_null(memmem(index, len, row.token, row.token_len));
    free(index);
}

static void issue_many(uint8_t first)
{
    struct kb_report why = {0};
    struct kb_ca_row row;
    bool is_new;

    for (uint8_t n = 0; n < 10; n++) {
        row = wanted("001-01", (uint8_t)(first + n));
        if (issue(&row, &is_new, &why) || !is_new)
            _exit(1);
    }
    _exit(0);
}

static void test_runs_at_the_same_time_never_share_a_kid(void **state)
{
    struct kb_ca_row row = {0};
    struct kb_report why = {0};
    struct kb_ca *ca;
    int status, count = 0;

    (void)state;
    make_root();
    for (uint8_t i = 0; i < 3; i++)
        if (fork() == 0)
            issue_many((uint8_t)(10 * i));
    for (int i = 0; i < 3; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    ca = open_ca();
    while (!kb_ca_next(ca, row.serial, &row, &why))
        count++;
    kb_ca_close(ca);
    assert_int_equal(count, 30);
    assert_true(row.serial == 30);
}

/* The life of a root, each step of which may have been done before. */
static int live(void)
{
    struct kb_ca_row row = wanted("001-01", 1);
    struct kb_report why = {0};
    struct kb_ca *ca = NULL;
    uint64_t count;
    bool is_new;
    enum kb_err err = kb_ca_init("ca", NULL, "Operators", KB_CA_OPERATORS, NOW, &why);

    if (!err || err == KB_ERR_EXISTS)
        err = kb_ca_open("ca", &ca, &why);
    if (!err)
        err = kb_ca_issue(ca, NULL, &row, NOW, &is_new, &why);
    if (!err || err == KB_ERR_EXISTS) /* revoked by an earlier run */
        err = kb_ca_revoke(ca, NULL, 1, NULL, "key lost", NOW, &count, &why);
    kb_ca_close(ca);
    return err ? 1 : 0;
}

static bool dies_at(unsigned point)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        fatal_point = point;
        _exit(live());
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void assert_whole(void)
{
    struct kb_report why = {0};
    struct kb_ca_row row = {0};
    struct kb_ca *ca = open_ca();
    uint64_t number;

    assert_int_equal(kb_ca_next(ca, 0, &row, &why), KB_OK);
    assert_true(row.serial == 1 && row.revoked == NOW);
    assert_int_equal(kb_ca_next(ca, 1, &row, &why), KB_ERR_ABSENT);
    kb_ca_close(ca);
    assert_int_equal(verify(&row, 1, &number), KB_ERR_RULE);
    assert_true(number == 1);
}

static void test_a_run_killed_before_any_write_is_started_again(void **state)
{
    unsigned point = 1;

    (void)state;
    for (; dies_at(point); point++) {
        assert_int_equal(live(), 0);
        assert_whole();
        rig_leave();
        rig_enter();
    }
    assert_true(point > 20);
    assert_whole();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_a_root_issues_is_verified_with_its_public_key),
        TEST(test_a_revoked_credential_is_refused),
        TEST(test_more_revocations_than_fit_into_the_first_buffer),
        TEST(test_a_list_that_was_put_back_or_lost_is_written_again),
        TEST(test_a_key_has_one_credential),
        TEST(test_what_makes_no_sense_is_refused),
        TEST(test_no_private_key_is_in_the_index),
        TEST(test_runs_at_the_same_time_never_share_a_kid),
        TEST(test_a_run_killed_before_any_write_is_started_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
