/* SPDX-License-Identifier: Apache-2.0 */
/* A server's store: steps and commits, sealed columns, mail. */
#include "tests/service/store_rig.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct store_rig rig;

static int enter(void **state)
{
    (void)state;
    store_enter(&rig);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    store_leave(&rig);
    return 0;
}

/* --- Steps --- */

static void a_step_that_fails_happens_not_at_all_and_the_others_of_its_group_do(void **state)
{
    struct kb_mail mail = mail_of("peer", 5, "x");

    (void)state;
    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    put_number(&rig, "a", 1);
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_OK);
    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    put_number(&rig, "a", 2);
    assert_int_equal(kb_store_take(rig.store, &mail), KB_OK);
    assert_int_equal(kb_store_post(rig.store, &mail), KB_OK);
    assert_int_equal(kb_store_audit(rig.store, "what", "card", "result"), KB_OK);
    assert_int_equal(kb_store_end(rig.store, KB_ERR_RANGE), KB_ERR_RANGE);
    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    put_number(&rig, "b", 3);
    assert_int_equal(kb_store_take(rig.store, &mail), KB_OK);
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_OK);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    store_again(&rig);
    assert_int_equal(get_number(&rig, "a"), 1);
    assert_int_equal(get_number(&rig, "b"), 3);
    assert_int_equal(count_of(&rig, STORE_RIG_OUTBOX), 0);
    assert_int_equal(count_of(&rig, STORE_RIG_AUDIT), 0);
    assert_int_equal(count_of(&rig, STORE_RIG_INBOX), 1);
}

static void what_was_not_committed_is_gone(void **state)
{
    (void)state;
    step_number(&rig, "a", 1);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    step_number(&rig, "a", 2);
    step_number(&rig, "b", 2);
    store_again(&rig);
    assert_int_equal(get_number(&rig, "a"), 1);
    assert_int_equal(get_number(&rig, "b"), -1);
}

static void what_changes_something_outside_of_a_step_is_refused(void **state)
{
    struct kb_statement *st;

    (void)state;
    st = kb_store_get(rig.store, STORE_RIG_PUT);
    kb_bind_text(st, 1, text_span("a"));
    kb_bind_int(st, 2, 1);
    assert_int_equal(kb_statement_run(st), KB_ERR_USAGE);
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_ERR_USAGE);
    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    assert_int_equal(kb_store_begin(rig.store), KB_ERR_USAGE);
    assert_int_equal(kb_store_commit(rig.store), KB_ERR_USAGE);
    st = kb_store_get(rig.store, STORE_RIG_PUT);
    kb_bind_int(st, 3, 1);
    assert_int_equal(kb_statement_run(st), KB_ERR_USAGE);
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_OK);
}

/* --- Sealed columns --- */

static const char secret[] = "0123456789abcdef, which nobody shall read";

static void put_sealed(const char *row, const char *column)
{
    struct kb_statement *st;

    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    st = kb_store_get(rig.store, STORE_RIG_PUT_SEALED);
    kb_bind_text(st, 1, text_span(row));
    kb_bind_sealed(st, 2, column, text_span(row), text_span(secret));
    assert_int_equal(kb_statement_run(st), KB_OK);
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_OK);
}

static enum kb_err get_sealed(const char *row, const char *as_row, const char *as_column,
                              size_t cap)
{
    struct kb_statement *st = kb_store_get(rig.store, STORE_RIG_GET_SEALED);
    uint8_t out[64] = {0};
    size_t len = 0;
    enum kb_err err;

    kb_bind_text(st, 1, text_span(row));
    assert_int_equal(kb_statement_step(st), KB_OK);
    err = kb_column_sealed(st, 0, as_column, text_span(as_row), out, cap, &len);
    if (!err) {
        assert_int_equal(len, strlen(secret));
        assert_memory_equal(out, secret, len);
    } else {
        assert_int_equal(len, 0);
    }
    kb_statement_end(st);
    return err;
}

/* The stored bytes of a row. */
static size_t get_raw(const char *row, uint8_t *out)
{
    struct kb_statement *st = kb_store_get(rig.store, STORE_RIG_GET_SEALED);
    struct kb_span raw;

    kb_bind_text(st, 1, text_span(row));
    assert_int_equal(kb_statement_step(st), KB_OK);
    raw = kb_column_blob(st, 0);
    memcpy(out, raw.data, raw.len);
    kb_statement_end(st);
    return raw.len;
}

static void a_sealed_value_opens_in_its_row_and_column_alone(void **state)
{
    (void)state;
    put_sealed("a", "sealed.value");
    assert_int_equal(get_sealed("a", "a", "sealed.value", 64), KB_OK);
    assert_int_equal(get_sealed("a", "b", "sealed.value", 64), KB_ERR_INTEGRITY);
    assert_int_equal(get_sealed("a", "a", "sealed.values", 64), KB_ERR_INTEGRITY);
    assert_int_equal(get_sealed("a", "a", "sealed.value", 8), KB_ERR_TOO_LONG);
}

static void the_same_value_is_never_sealed_to_the_same_bytes(void **state)
{
    uint8_t first[128], second[128];
    size_t len;

    (void)state;
    put_sealed("a", "sealed.value");
    len = get_raw("a", first);
    put_sealed("a", "sealed.value");
    assert_int_equal(get_raw("a", second), len);
    assert_memory_not_equal(first, second, KB_GCM_NONCE);
    assert_memory_not_equal(first + KB_GCM_NONCE, second + KB_GCM_NONCE, len - KB_GCM_NONCE);
}

static void a_secret_is_in_no_file_and_its_sealed_form_goes_with_it(void **state)
{
    uint8_t raw[128];
    size_t len;

    (void)state;
    put_sealed("a", "sealed.value");
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    len = get_raw("a", raw);
    assert_int_not_equal(store_search(&rig, kb_span(raw, len)), 0);
    assert_int_equal(store_search(&rig, text_span(secret)), 0);
    assert_int_equal(store_search(&rig, kb_span(rig.key, sizeof(rig.key))), 0);
    store_again(&rig);
    assert_int_not_equal(store_search(&rig, kb_span(raw, len)), 0);
    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    {
        struct kb_statement *st = kb_store_get(rig.store, STORE_RIG_DELETE_SEALED);

        kb_bind_text(st, 1, text_span("a"));
        assert_int_equal(kb_statement_run(st), KB_OK);
        assert_int_equal(kb_statement_changes(st), 1);
    }
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_OK);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    store_again(&rig);
    assert_int_equal(store_search(&rig, kb_span(raw, len)), 0);
}

/* --- Opening --- */

static void refuses_to_open(enum kb_err expected, const char *words)
{
    struct kb_store *store;
    struct kb_report why = {0};

    assert_int_equal(kb_store_open(&rig.config, &store, &why), expected);
    assert_null(store);
    assert_non_null(strstr(why.text, rig.path));
    assert_non_null(strstr(why.text, words));
}

static void a_wrong_key_is_refused_when_the_store_is_opened(void **state)
{
    (void)state;
    store_close(&rig);
    rig.key[31] ^= 1;
    refuses_to_open(KB_ERR_INTEGRITY, "another key");
    rig.key[31] ^= 1;
    store_open(&rig);
}

static void a_store_of_another_version_or_server_is_refused(void **state)
{
    (void)state;
    store_close(&rig);
    rig.config.schema_version++;
    refuses_to_open(KB_ERR_VERSION, "version 1.7, this program knows 1.8");
    rig.config.schema_version--;
    rig.config.schema = "CREATE TABLE other(id INTEGER);";
    refuses_to_open(KB_ERR_VERSION, "another kind of server");
}

static void what_is_no_store_is_refused_and_left_as_it_is(void **state)
{
    static const char text[] = "certainly not a database, and longer than the head of one is: "
                               "a hundred bytes and some more, just to be sure of that";

    (void)state;
    store_close(&rig);
    store_remove(&rig);
    store_write(&rig, kb_span(text, sizeof(text)));
    refuses_to_open(KB_ERR_MALFORMED, "not a database");
    assert_int_equal(store_search(&rig, kb_span(text, sizeof(text))), 1);
    store_remove(&rig);
    store_sql(&rig, "CREATE TABLE cooking(recipe TEXT)");
    refuses_to_open(KB_ERR_VERSION, "not a store of Keyborn");
}

static void a_statement_with_a_mistake_is_told_with_its_number(void **state)
{
    static const char *const statements[] = {"SELECT 1", "SELECT value FROM number WHERE name = ?"};

    (void)state;
    store_close(&rig);
    rig.config.statements = statements;
    rig.config.statement_count = 2;
    refuses_to_open(KB_ERR_USAGE, "statement 1");
}

static void a_second_process_is_kept_out(void **state)
{
    pid_t child;
    int status = 0;

    (void)state;
    step_number(&rig, "a", 1);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        struct kb_store *store;

        _exit(kb_store_open(&rig.config, &store, NULL) == KB_ERR_EXISTS ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void others_on_the_machine_cannot_read_its_files(void **state)
{
    struct stat info;
    char log[200];

    (void)state;
    step_number(&rig, "a", 1);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    assert_int_equal(stat(rig.path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    snprintf(log, sizeof(log), "%s-wal", rig.path);
    assert_int_equal(stat(log, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

/* --- Mail --- */

static enum kb_err take(const char *peer, uint64_t id)
{
    struct kb_mail mail = mail_of(peer, id, "body");
    enum kb_err err;

    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    err = kb_store_take(rig.store, &mail);
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_OK);
    return err;
}

static void mail_is_taken_once_by_its_sender_and_number(void **state)
{
    (void)state;
    assert_int_equal(take("one", 1), KB_OK);
    assert_int_equal(take("two", 1), KB_OK);
    assert_int_equal(take("one", 2), KB_OK);
    assert_int_equal(take("one", 1), KB_ERR_EXISTS);
    assert_int_equal(take("one", 0), KB_OK);
    assert_int_equal(take("one", 0), KB_OK);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    store_again(&rig);
    assert_int_equal(take("two", 1), KB_ERR_EXISTS);
}

static void numbers_of_taken_mail_are_forgotten_after_a_month(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= 2000; id++)
        assert_int_equal(take("one", id), KB_OK);
    rig.now += 31 * 24 * 3600;
    for (uint64_t id = 3000; id < 4100; id++)
        assert_int_equal(take("one", id), KB_OK);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    assert_int_equal(count_of(&rig, STORE_RIG_INBOX), 1100);
}

static void mail_leaves_after_the_commit_in_order_until_it_is_sent(void **state)
{
    struct kb_mail mail;
    uint8_t room[KB_MAIL_BODY_MAX];
    uint64_t last = 0;

    (void)state;
    step_post(&rig, mail_of("one", 0, "first"));
    step_post(&rig, mail_of("two", 0, "second"));
    assert_int_equal(kb_store_outbox(rig.store, 0, &mail, room), KB_ERR_ABSENT);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    step_post(&rig, mail_of("three", 0, "third"));
    store_again(&rig);
    assert_int_equal(kb_store_outbox(rig.store, 0, &mail, room), KB_OK);
    assert_string_equal(mail.peer, "one");
    assert_memory_equal(mail.body.data, "first", 5);
    last = mail.id;
    assert_int_equal(kb_store_outbox(rig.store, last, &mail, room), KB_OK);
    assert_string_equal(mail.peer, "two");
    assert_true(mail.id > last);
    assert_int_equal(kb_store_sent(rig.store, last), KB_OK);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    store_again(&rig);
    last = mail.id;
    assert_int_equal(kb_store_outbox(rig.store, 0, &mail, room), KB_OK);
    assert_int_equal(mail.id, last);
    assert_int_equal(kb_store_outbox(rig.store, last, &mail, room), KB_ERR_ABSENT);
}

static void no_number_of_mail_is_used_twice(void **state)
{
    struct kb_mail mail;
    uint8_t room[KB_MAIL_BODY_MAX];
    uint64_t last = 0;

    (void)state;
    for (int n = 0; n < 20; n++) {
        step_post(&rig, mail_of("one", 0, "body"));
        assert_int_equal(kb_store_commit(rig.store), KB_OK);
        assert_int_equal(kb_store_outbox(rig.store, 0, &mail, room), KB_OK);
        assert_true(mail.id > last);
        last = mail.id;
        assert_int_equal(kb_store_sent(rig.store, last), KB_OK);
        assert_int_equal(kb_store_commit(rig.store), KB_OK);
        if (n % 3 == 0)
            store_again(&rig);
    }
}

static void mail_for_a_register_lies_sealed_in_the_outbox(void **state)
{
    struct kb_mail mail = mail_of("register", 0, secret), out;
    uint8_t room[KB_MAIL_BODY_MAX];

    (void)state;
    mail.kind = KB_MAIL_REGISTER;
    step_post(&rig, mail);
    assert_int_equal(kb_store_commit(rig.store), KB_OK);
    assert_int_equal(store_search(&rig, text_span(secret)), 0);
    assert_int_equal(kb_store_outbox(rig.store, 0, &out, room), KB_OK);
    assert_int_equal(out.body.len, strlen(secret));
    assert_memory_equal(out.body.data, secret, out.body.len);
    store_close(&rig);
    assert_int_equal(store_search(&rig, text_span(secret)), 0);
    store_open(&rig);
}

static void mail_that_is_too_long_is_refused(void **state)
{
    static uint8_t body[KB_MAIL_BODY_MAX + 1];
    struct kb_mail mail = {.kind = KB_MAIL_SERVER, .peer = "one"};

    (void)state;
    assert_int_equal(kb_store_begin(rig.store), KB_OK);
    mail.body = kb_span(body, sizeof(body));
    assert_int_equal(kb_store_post(rig.store, &mail), KB_ERR_TOO_LONG);
    mail.body.len--;
    assert_int_equal(kb_store_post(rig.store, &mail), KB_OK);
    memset(mail.peer, 'x', sizeof(mail.peer));
    assert_int_equal(kb_store_post(rig.store, &mail), KB_ERR_TOO_LONG);
    assert_int_equal(kb_store_end(rig.store, KB_OK), KB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
        TEST(a_step_that_fails_happens_not_at_all_and_the_others_of_its_group_do),
        TEST(what_was_not_committed_is_gone),
        TEST(what_changes_something_outside_of_a_step_is_refused),
        TEST(a_sealed_value_opens_in_its_row_and_column_alone),
        TEST(the_same_value_is_never_sealed_to_the_same_bytes),
        TEST(a_secret_is_in_no_file_and_its_sealed_form_goes_with_it),
        TEST(a_wrong_key_is_refused_when_the_store_is_opened),
        TEST(a_store_of_another_version_or_server_is_refused),
        TEST(what_is_no_store_is_refused_and_left_as_it_is),
        TEST(a_statement_with_a_mistake_is_told_with_its_number),
        TEST(a_second_process_is_kept_out),
        TEST(others_on_the_machine_cannot_read_its_files),
        TEST(mail_is_taken_once_by_its_sender_and_number),
        TEST(numbers_of_taken_mail_are_forgotten_after_a_month),
        TEST(mail_leaves_after_the_commit_in_order_until_it_is_sent),
        TEST(no_number_of_mail_is_used_twice),
        TEST(mail_for_a_register_lies_sealed_in_the_outbox),
        TEST(mail_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
