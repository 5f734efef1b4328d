/* SPDX-License-Identifier: Apache-2.0 */
/* Cards that come and go in readers: pulled out in the middle, of another batch, in a reader that
 * vanishes and comes back; the batch goes on. The readers are the test's: each takes its cards in
 * order, and a card that was pulled comes again behind the others. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "desk/ca.h"
#include "desk/verify.h"
#include "reader/card_file.h"
#include "rig.h"
#include "wire/hex.h"

enum { CARDS = 4, QUEUE = 16, READERS = 2, NEVER = -1 };

/* A reader's cards, and what goes wrong with them. */
static struct feed {
    const char *name;
    char cards[QUEUE][64];
    size_t count, next;
    int pull_at;   /* the first card is pulled before this command */
    int vanish_at; /* the reader vanishes before this command */
    int seen;      /* commands so far */
    int absences;  /* how often it is looked for in vain afterwards */
} feeds[READERS];

struct fake {
    struct kb_reader reader;
    struct feed *feed;
    struct kb_reader *card; /* NULL: empty */
    int commands;
};

static enum kb_err fake_wait(struct kb_reader *reader, bool present, int timeout_ms,
                             struct kb_report *why)
{
    struct fake *fake = (struct fake *)reader;

    (void)timeout_ms;
    if (!present) {
        if (fake->card)
            fake->card->ops->close(fake->card);
        fake->card = NULL;
        return KB_OK;
    }
    if (fake->card)
        return KB_OK;
    if (fake->feed->next == fake->feed->count)
        return kb_report(why, KB_ERR_TIMEOUT, "no card came");
    return kb_reader_open_file(fake->feed->cards[fake->feed->next++], &fake->card, why);
}

static enum kb_err fake_power_up(struct kb_reader *reader, uint8_t *atr, size_t *len,
                                 struct kb_report *why)
{
    struct fake *fake = (struct fake *)reader;

    if (!fake->card)
        return kb_report(why, KB_ERR_NO_CARD, "%s: no card", reader->name);
    return fake->card->ops->power_up(fake->card, atr, len, why);
}

static void take_out(struct fake *fake)
{
    struct feed *feed = fake->feed;

    fake->card->ops->close(fake->card);
    fake->card = NULL;
    memcpy(feed->cards[feed->count++], feed->cards[feed->next - 1], sizeof feed->cards[0]);
}

static enum kb_err fake_transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp,
                                 size_t *len, struct kb_report *why)
{
    struct fake *fake = (struct fake *)reader;
    struct feed *feed = fake->feed;

    if (fake->card && feed->pull_at == fake->commands) {
        feed->pull_at = NEVER;
        take_out(fake);
    }
    if (fake->card && feed->vanish_at == fake->commands) {
        feed->vanish_at = NEVER;
        feed->absences = 1;
        take_out(fake);
        return kb_report(why, KB_ERR_READER, "%s: the reader is gone", reader->name);
    }
    feed->seen = ++fake->commands;
    if (!fake->card)
        return kb_report(why, KB_ERR_NO_CARD, "%s: the card was pulled out", reader->name);
    return fake->card->ops->transmit(fake->card, cmd, rsp, len, why);
}

static void fake_power_down(struct kb_reader *reader)
{
    struct fake *fake = (struct fake *)reader;

    if (fake->card)
        fake->card->ops->power_down(fake->card);
}

static void fake_close(struct kb_reader *reader)
{
    struct fake *fake = (struct fake *)reader;

    if (fake->card)
        fake->card->ops->close(fake->card);
    free(fake);
}

static const struct kb_reader_ops fake_ops = {fake_wait, fake_power_up, fake_transmit,
                                              fake_power_down, fake_close};

enum kb_err __wrap_kb_reader_open_pcsc(const char *name, struct kb_reader **reader,
                                       struct kb_report *why);

enum kb_err __wrap_kb_reader_open_pcsc(const char *name, struct kb_reader **reader,
                                       struct kb_report *why)
{
    struct fake *fake = calloc(1, sizeof *fake);
    struct feed *feed = strcmp(name, "second") == 0 ? &feeds[1] : &feeds[0];

    *reader = NULL;
    if (!fake || feed->absences-- > 0) {
        free(fake);
        return kb_report(why, KB_ERR_READER, "%s: no such reader", name);
    }
    fake->feed = feed;
    fake->reader.ops = &fake_ops;
    snprintf(fake->reader.name, sizeof fake->reader.name, "%s", name);
    *reader = &fake->reader;
    return KB_OK;
}

/* --- The desk around them --- */

static void reset_feeds(void)
{
    memset(feeds, 0, sizeof feeds);
    for (size_t i = 0; i < READERS; i++)
        feeds[i].pull_at = feeds[i].vanish_at = NEVER;
}

static int set_up(void **state)
{
    (void)state;
    rig_enter();
    reset_feeds();
    rig_make_cards(CARDS);
    rig_make_batch(CARDS, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

static void feed_card(struct feed *feed, uint64_t n)
{
    snprintf(feed->cards[feed->count++], sizeof feed->cards[0], "cards/%s.card", rig_iccid(n));
}

static struct kb_bureau_options with_readers(size_t count)
{
    struct kb_bureau_options options = rig_bureau();

    options.dir = NULL;
    options.readers[0] = "first";
    options.readers[1] = "second";
    options.reader_count = count;
    options.wait_s = 1;
    return options;
}

static struct kb_bureau_summary run(size_t readers)
{
    struct kb_bureau_options options = with_readers(readers);
    struct kb_bureau_summary summary;
    struct kb_report why = {0};

    if (kb_bureau_run(&options, &summary, &why))
        fail_msg("%s", why.text);
    return summary;
}

static void expect_all_proven(void)
{
    struct kb_verify_options options = {.work = rig_bureau()};
    struct kb_bureau_summary summary;
    struct kb_report why = {0};

    if (kb_verify(&options, &summary, &why))
        fail_msg("%s", why.text);
    assert_int_equal(summary.done, CARDS);
}

static void test_two_readers_share_a_batch(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= CARDS; n++)
        feed_card(&feeds[n % 2], n);
    assert_int_equal(run(2).done, CARDS);
    expect_all_proven();
}

/* At each of its commands in turn; the card comes again and is done, even when it was locked. */
static void test_a_card_pulled_at_any_command_is_done_when_it_comes_again(void **state)
{
    bool was_pulled = true;

    (void)state;
    for (int at = 0; was_pulled; at++) {
        tear_down(NULL);
        set_up(NULL);
        for (uint64_t n = 1; n <= CARDS; n++)
            feed_card(&feeds[0], n);
        feeds[0].pull_at = at;
        assert_int_equal(run(1).done, CARDS);
        was_pulled = feeds[0].count > CARDS && at < 20;
        expect_all_proven();
    }
}

static void test_a_reader_that_vanishes_is_found_again(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= CARDS; n++)
        feed_card(&feeds[0], n);
    feeds[0].vanish_at = 3;
    assert_int_equal(run(1).done, CARDS);
    expect_all_proven();
    assert_true(rig_finds("audit", "first: the reader is gone", 25));
}

static void test_a_card_that_never_comes_stays_open_for_the_next_run(void **state)
{
    struct kb_bureau_summary summary;

    (void)state;
    for (uint64_t n = 1; n < CARDS; n++)
        feed_card(&feeds[0], n);
    summary = run(1);
    assert_int_equal(summary.done, CARDS - 1);
    assert_int_equal(summary.failed, 0);
    feed_card(&feeds[0], CARDS);
    summary = run(1);
    assert_int_equal(summary.before, CARDS - 1);
    assert_int_equal(summary.done, CARDS);
}

static void test_a_card_of_another_batch_is_left_alone(void **state)
{
    char *before, *after;
    size_t before_len, after_len;
    char path[64];

    (void)state;
    rig_make_batch(CARDS - 1, true);
    snprintf(path, sizeof path, "cards/%s.card", rig_iccid(CARDS));
    before = rig_read(path, &before_len);
    feed_card(&feeds[0], CARDS);
    for (uint64_t n = 1; n < CARDS; n++)
        feed_card(&feeds[0], n);
    assert_int_equal(run(1).done, CARDS - 1);
    after = rig_read(path, &after_len);
    assert_int_equal(before_len, after_len);
    assert_memory_equal(before, after, before_len);
    free(before);
    free(after);
}

static void test_cards_are_proven_in_readers_by_their_printed_number(void **state)
{
    struct kb_verify_options options = {.work = with_readers(1)};
    struct kb_bureau_summary summary;
    struct kb_report why = {0};

    (void)state;
    for (uint64_t n = 1; n <= CARDS; n++)
        feed_card(&feeds[0], n);
    assert_int_equal(run(1).done, CARDS);
    feeds[0].next = 0;
    assert_int_equal(kb_verify(&options, &summary, &why), KB_OK);
    assert_int_equal(summary.done, CARDS);
}

/* --- The factory --- */

static void make_blank(struct feed *feed, int n)
{
    struct kb_card_file *file;
    struct kb_report why = {0};
    char *path = feed->cards[feed->count++];

    snprintf(path, sizeof feed->cards[0], "blank%d.card", n);
    assert_int_equal(kb_card_file_create(path, 4096, 64, 8, &file, &why), KB_OK);
    kb_card_file_close(file);
}

static struct kb_factory_summary make_in_reader(uint64_t count)
{
    struct kb_factory_options options = rig_factory(count);
    struct kb_factory_summary summary;
    struct kb_report why = {0};

    rig_need_root("other-root", "Other", KB_CA_MAKER); /* that of cards/ knows their numbers */
    options.maker_ca = "other-root";
    options.dir = "made";
    options.reader = "first";
    options.wait_s = 1;
    if (kb_factory_make(&options, &summary, &why))
        fail_msg("%s", why.text);
    return summary;
}

static void test_a_factory_makes_blank_cards_in_a_reader_and_goes_on_later(void **state)
{
    struct kb_bureau_options options = with_readers(1);
    struct kb_bureau_summary summary;
    struct kb_report why = {0};

    (void)state;
    for (int n = 0; n < CARDS; n++)
        make_blank(&feeds[0], n);
    assert_int_equal(make_in_reader(2).made, 2);
    assert_int_equal(make_in_reader(CARDS).skipped, 2);
    feeds[0].next = 0;
    options.entity = "made/entity.yaml";
    options.handover = "made/handover.csv";
    assert_int_equal(kb_bureau_run(&options, &summary, &why), KB_OK);
    assert_int_equal(summary.done, CARDS);
}

static void test_a_card_that_is_not_blank_is_set_aside_by_the_factory(void **state)
{
    (void)state;
    feed_card(&feeds[0], 1);
    make_blank(&feeds[0], 1);
    assert_int_equal(make_in_reader(1).made, 1);
    assert_int_equal(feeds[0].next, 2);
}

/* The one credential that the root keeps is that of the card that was made. */
static void expect_one_credential(void)
{
    struct kb_report why = {0};
    struct kb_ca_row row = {0};
    char token[2 * KB_CREDENTIAL_MAX + 1];
    char *table = rig_read("made/bootstrap.csv", NULL);
    struct kb_ca *ca;

    assert_int_equal(kb_ca_open("other-root", &ca, &why), KB_OK);
    assert_int_equal(kb_ca_next(ca, 0, &row, &why), KB_OK);
    assert_string_equal(row.subject, rig_iccid(1));
    kb_hex_encode(kb_span(row.token, row.token_len), token);
    assert_non_null(strstr(table, token));
    assert_int_equal(kb_ca_next(ca, row.serial, &row, &why), KB_ERR_ABSENT);
    kb_ca_close(ca);
    free(table);
}

static void test_a_card_pulled_while_it_is_made_leaves_no_credential(void **state)
{
    int last;

    (void)state;
    make_blank(&feeds[0], 0);
    assert_int_equal(make_in_reader(1).made, 1);
    expect_one_credential();
    last = feeds[0].seen;
    for (int before = 1; before < 12; before++) {
        tear_down(NULL);
        set_up(NULL);
        make_blank(&feeds[0], 0);
        make_blank(&feeds[0], 1);
        feeds[0].pull_at = last - before;
        assert_int_equal(make_in_reader(1).made, 1);
        assert_int_equal(feeds[0].next, 2);
        expect_one_credential();
    }
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_two_readers_share_a_batch),
        DESK_TEST(test_a_card_pulled_at_any_command_is_done_when_it_comes_again),
        DESK_TEST(test_a_reader_that_vanishes_is_found_again),
        DESK_TEST(test_a_card_that_never_comes_stays_open_for_the_next_run),
        DESK_TEST(test_a_card_of_another_batch_is_left_alone),
        DESK_TEST(test_cards_are_proven_in_readers_by_their_printed_number),
        DESK_TEST(test_a_factory_makes_blank_cards_in_a_reader_and_goes_on_later),
        DESK_TEST(test_a_card_that_is_not_blank_is_set_aside_by_the_factory),
        DESK_TEST(test_a_card_pulled_while_it_is_made_leaves_no_credential),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
