/* SPDX-License-Identifier: Apache-2.0 */
/* A batch from the factory to the proof, and what is left behind on the disk. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "desk/authenticate.h"
#include "desk/talk.h"
#include "desk/export.h"
#include "desk/verify.h"
#include "rig.h"
#include "wire/hex.h"

enum { CARDS = 5 };

static int set_up(void **state)
{
    (void)state;
    rig_enter();
    rig_make_cards(CARDS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

static struct kb_bureau_summary run(const struct kb_bureau_options *options)
{
    struct kb_bureau_summary summary;
    struct kb_report why = {0};

    if (kb_bureau_run(options, &summary, &why))
        fail_msg("%s", why.text);
    return summary;
}

static struct kb_bureau_summary verify(const char *export)
{
    struct kb_verify_options options = {.work = rig_bureau(), .export = export};
    struct kb_bureau_summary summary;
    struct kb_report why = {0};

    options.work.audit = NULL;
    if (kb_verify(&options, &summary, &why))
        fail_msg("%s", why.text);
    return summary;
}

static enum kb_err authenticate(uint64_t card, uint64_t key, uint64_t *seq, struct kb_report *why)
{
    static const char opc[] = "CD63CB71954A9F4E48A5994E37A02BAF";
    struct kb_subscriber_keys keys = {.pin1 = kb_span("1234", 4)};
    struct kb_reader *reader;
    char path[64];
    size_t len;
    enum kb_err err;

    rig_ki(key, keys.ki);
    assert_int_equal(kb_hex_decode(kb_span(opc, 32), keys.opc, 16, &len), KB_OK);
    snprintf(path, sizeof path, "cards/%s.card", rig_iccid(card));
    assert_int_equal(kb_reader_open_file(path, &reader, why), KB_OK);
    assert_int_equal(kb_talk_power_up(reader, why), KB_OK);
    err = kb_authenticate(reader, &kb_crypto_openssl, &keys, seq, why);
    reader->ops->close(reader);
    return err;
}

static void test_each_card_of_a_batch_has_the_keys_of_its_row(void **state)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_bureau_summary summary;
    struct kb_report why = {0};
    uint64_t seq;

    (void)state;
    rig_make_batch(CARDS, true);
    summary = run(&options);
    assert_int_equal(summary.total, CARDS);
    assert_int_equal(summary.done, CARDS);
    assert_int_equal(summary.failed, 0);
    for (uint64_t n = 1; n <= CARDS; n++) {
        assert_int_equal(authenticate(n, n, &seq, &why), KB_OK);
        assert_int_equal(seq, 2);
    }
    assert_int_equal(authenticate(1, 2, &seq, &why), KB_ERR_INTEGRITY);
    assert_string_equal(why.text, "AUTHENTICATE: refused with 9862 (the card has another key)");
}

static void test_a_second_run_finds_nothing_to_do(void **state)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_bureau_summary summary;

    (void)state;
    rig_make_batch(CARDS, true);
    run(&options);
    summary = run(&options);
    assert_int_equal(summary.before, CARDS);
    assert_int_equal(summary.done, CARDS);
}

static void test_a_journal_is_of_one_batch(void **state)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_bureau_summary summary;
    struct kb_report why = {0};

    (void)state;
    rig_make_batch(CARDS, true);
    run(&options);
    rig_make_batch(CARDS - 1, true);
    assert_int_equal(kb_bureau_run(&options, &summary, &why), KB_ERR_EXISTS);
    assert_string_equal(why.text, "the journal was started with another batch; name a new one with "
                                  "--journal");
}

static void test_generated_keys_are_in_card_and_journal_and_differ(void **state)
{
    struct kb_bureau_options options = rig_bureau();

    (void)state;
    options.may_generate = true;
    options.jobs = 3;
    rig_make_batch(CARDS, false);
    assert_int_equal(run(&options).done, CARDS);
    assert_int_equal(verify(NULL).done, CARDS);
}

static void test_rows_without_a_card_go_to_cards_in_order(void **state)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_report why = {0};
    char batch[512], hex[33];
    uint8_t ki[16];
    uint64_t seq;

    (void)state;
    rig_ki(77, ki);
    kb_hex_encode(kb_span(ki, 16), hex);
    snprintf(batch, sizeof batch,
             "imsi,ki,opc\n001010000000001,%s,CD63CB71954A9F4E48A5994E37A02BAF\n", hex);
    rig_write("batch.csv", batch);
    assert_int_equal(run(&options).done, 1);
    assert_int_equal(authenticate(1, 77, &seq, &why), KB_OK);
}

static void test_a_card_without_lock_takes_new_values_later(void **state)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_report why = {0};
    uint64_t seq;

    (void)state;
    options.is_to_lock = false;
    options.may_generate = true;
    rig_make_batch(CARDS, false);
    assert_int_equal(run(&options).done, CARDS);
    options.is_to_lock = true;
    options.journal = "second";
    rig_make_batch(CARDS, true);
    assert_int_equal(run(&options).done, CARDS);
    assert_int_equal(authenticate(CARDS, CARDS, &seq, &why), KB_OK);
}

static void spoil_card(uint64_t n)
{
    char path[64];

    snprintf(path, sizeof path, "cards/%s.card", rig_iccid(n));
    assert_int_equal(truncate(path, 100), 0);
}

static void test_a_damaged_card_fails_alone_and_says_why(void **state)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_journal *journal;
    struct kb_journal_row row;
    struct kb_report why = {0};
    struct kb_bureau_summary summary;

    (void)state;
    rig_make_batch(CARDS, true);
    spoil_card(2);
    summary = run(&options);
    assert_int_equal(summary.done, CARDS - 1);
    assert_int_equal(summary.failed, 1);
    assert_int_equal(kb_journal_open("journal", false, &journal, &why), KB_OK);
    assert_int_equal(kb_journal_find(journal, rig_iccid(2), &row, &why), KB_OK);
    assert_int_equal(row.state, KB_JOURNAL_FAILED);
    assert_non_null(strstr(row.reason, rig_iccid(2)));
    kb_journal_close(journal);
}

/* A batch whose handover has a wrong code for the fourth card. */
static void spoil_code(void)
{
    char *handover = rig_read("cards/handover.csv", NULL);
    char *code = strstr(handover, rig_iccid(3)) + 28;

    code[0] = code[0] == '0' ? '1' : '0';
    rig_write("cards/handover.csv", handover);
    free(handover);
    rig_make_batch(CARDS, true);
}

static void test_a_card_with_another_code_costs_one_try_and_fails_alone(void **state)
{
    struct kb_bureau_options options = rig_bureau();

    (void)state;
    spoil_code();
    assert_int_equal(run(&options).done, CARDS - 1);
    assert_true(rig_finds("audit", "VERIFY PERSO CODE: refused with 63C2 (wrong code)", 49));
}

/* Each run tries failed cards again: that alone must not block one. */
static void test_the_last_try_is_not_spent_unasked(void **state)
{
    struct kb_bureau_options options = rig_bureau();

    (void)state;
    spoil_code();
    for (int i = 0; i < 4; i++)
        assert_int_equal(run(&options).failed, 1);
    assert_true(rig_finds("audit", "refused with 63C1", 17));
    assert_false(rig_finds("audit", "refused with 63C0", 17));
    assert_true(rig_finds("audit", "--last-try", 10));
    options.may_spend_last_try = true;
    assert_int_equal(run(&options).failed, 1);
    assert_true(rig_finds("audit", "refused with 63C0", 17));
}

static void test_a_secure_channel_fills_cards_as_well(void **state)
{
    struct kb_bureau_options options = rig_bureau();

    (void)state;
    rig_make_batch(CARDS, true);
    options.is_secure = true;
    assert_int_equal(run(&options).done, CARDS);
    assert_int_equal(run(&options).before, CARDS);
}

/* The card answers first: who has another code sees it and gives nothing away. */
static void test_a_wrong_code_costs_no_try_in_a_secure_channel(void **state)
{
    struct kb_bureau_options options = rig_bureau();

    (void)state;
    spoil_code();
    options.is_secure = true;
    for (int i = 0; i < 4; i++)
        assert_int_equal(run(&options).failed, 1);
    assert_true(rig_finds("audit", "INITIALIZE UPDATE: the card has another code", 44));
    options.is_secure = false;
    assert_int_equal(run(&options).failed, 1);
    assert_true(rig_finds("audit", "refused with 63C2", 17));
}

/* A card locked elsewhere, with other keys, is not taken for a done one. */
static void test_a_card_locked_with_other_values_is_not_done(void **state)
{
    struct kb_bureau_options options = rig_bureau();

    (void)state;
    options.may_generate = true;
    rig_make_batch(CARDS, false);
    assert_int_equal(run(&options).done, CARDS);
    options.journal = "second";
    rig_make_batch(CARDS, true);
    assert_int_equal(run(&options).done, 0);
}

static void test_proofs_come_from_journal_and_exports_alike(void **state)
{
    static const uint8_t transport[KB_GCM_KEY] = {5};
    struct kb_export_options export = {.journal = "journal", .transport_key = transport};
    struct kb_verify_options proof = {.work = rig_bureau(), .transport_key = transport};
    static const char *const names[] = {"pysim", "srsran", "open5gs"};
    struct kb_bureau_options options = rig_bureau();
    struct kb_bureau_summary summary;
    struct kb_report why = {0};
    uint64_t count;

    (void)state;
    rig_make_batch(CARDS, true);
    run(&options);
    memcpy(export.bureau_key, options.key, KB_GCM_KEY);
    for (size_t i = 0; i < 3; i++) {
        export.format = kb_export_format(names[i]);
        export.out = proof.export = names[i];
        assert_int_equal(kb_export_batch(&export, &count, &why), KB_OK);
        if (kb_verify(&proof, &summary, &why))
            fail_msg("%s", why.text);
        assert_int_equal(summary.done, CARDS);
    }
}

/* The sequence number an export gives is one the card takes, after any number of proofs. */
static void test_proofs_tell_the_journal_the_sequence_number(void **state)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_journal *journal;
    struct kb_journal_row row;
    struct kb_report why = {0};
    uint64_t seq;

    (void)state;
    rig_make_batch(CARDS, true);
    run(&options);
    assert_int_equal(authenticate(1, 1, &seq, &why), KB_OK);
    assert_int_equal(verify(NULL).done, CARDS);
    assert_int_equal(kb_journal_open("journal", false, &journal, &why), KB_OK);
    assert_int_equal(kb_journal_find(journal, rig_iccid(1), &row, &why), KB_OK);
    assert_int_equal(row.seq, seq + 1);
    kb_journal_close(journal);
}

/* --- What is left behind --- */

static ssize_t die_at_the_end(void *cookie, const char *text, size_t len)
{
    (void)cookie;
    if (memmem(text, len, "5/5 cards", 9))
        kill(getpid(), SIGKILL);
    return (ssize_t)len;
}

/* Ends by a kill, so that nothing is tidied up: the write-ahead log stays. */
static void run_and_die(void)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_bureau_summary summary;
    pid_t child = fork();
    int status;

    if (child == 0) {
        options.progress = fopencookie(NULL, "w", (cookie_io_functions_t){.write = die_at_the_end});
        setvbuf(options.progress, NULL, _IONBF, 0);
        kb_bureau_run(&options, &summary, NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void test_no_secret_is_in_journal_log_or_audit(void **state)
{
    char *handover = rig_read("cards/handover.csv", NULL), *code = strstr(handover, "telecom,") + 8;
    uint8_t ki[16], raw[16];
    char upper[33], lower[33];
    size_t len;

    (void)state;
    rig_make_batch(CARDS, true);
    run_and_die();
    assert_true(rig_has("journal-wal"));
    assert_true(rig_finds("journal", rig_iccid(1), 19));
    rig_ki(1, ki);
    kb_hex_encode(kb_span(ki, 16), upper);
    for (size_t i = 0; i < 33; i++)
        lower[i] = upper[i] >= 'A' && upper[i] <= 'F' ? (char)(upper[i] + 32) : upper[i];
    for (size_t i = 0; i < 2; i++) {
        const char *file = i ? "audit" : "journal";

        assert_false(rig_finds(file, "planted-key-", 12));
        assert_false(rig_finds(file, upper, 24));
        assert_false(rig_finds(file, lower, 24));
        assert_false(rig_finds(file, code, 16));
        assert_int_equal(kb_hex_decode(kb_span(code, 32), raw, 16, &len), KB_OK);
        assert_false(rig_finds(file, raw, 8));
    }
    free(handover);
}

static void test_journal_tables_and_audit_are_for_their_owner_alone(void **state)
{
    static const char *const names[] = {"journal", "audit", "cards/handover.csv",
                                        "cards/bootstrap.csv"};
    struct kb_bureau_options options = rig_bureau();
    struct stat info;

    (void)state;
    rig_make_batch(CARDS, true);
    run(&options);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(stat(names[i], &info), 0);
        assert_int_equal(info.st_mode & 0077, 0);
    }
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_each_card_of_a_batch_has_the_keys_of_its_row),
        DESK_TEST(test_a_second_run_finds_nothing_to_do),
        DESK_TEST(test_a_journal_is_of_one_batch),
        DESK_TEST(test_generated_keys_are_in_card_and_journal_and_differ),
        DESK_TEST(test_rows_without_a_card_go_to_cards_in_order),
        DESK_TEST(test_a_card_without_lock_takes_new_values_later),
        DESK_TEST(test_a_damaged_card_fails_alone_and_says_why),
        DESK_TEST(test_a_card_with_another_code_costs_one_try_and_fails_alone),
        DESK_TEST(test_a_secure_channel_fills_cards_as_well),
        DESK_TEST(test_a_wrong_code_costs_no_try_in_a_secure_channel),
        DESK_TEST(test_the_last_try_is_not_spent_unasked),
        DESK_TEST(test_a_card_locked_with_other_values_is_not_done),
        DESK_TEST(test_proofs_come_from_journal_and_exports_alike),
        DESK_TEST(test_proofs_tell_the_journal_the_sequence_number),
        DESK_TEST(test_no_secret_is_in_journal_log_or_audit),
        DESK_TEST(test_journal_tables_and_audit_are_for_their_owner_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
