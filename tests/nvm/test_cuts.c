/* SPDX-License-Identifier: Apache-2.0 */
/* The promise: whatever operation a power cut tears, each transaction is wholly there or wholly
 * absent, and the store can be written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "checker.h"
#include "model.h"

static const struct geometry geometries[] = {
    {128, 4, 4}, {256, 2, 8}, {256, 4, 8}, {128, 8, 16}, {512, 4, 32}, {1024, 2, 4}, {2048, 4, 8},
};

/* An object beside those of the model, as small as a sequence number: there is always room to
 * replace it. */
enum { COUNTER = 598 };

/* A card: its memory, its store and what the store should hold. */
struct card {
    struct checker checker;
    struct kb_nvm nvm;
    struct model model;
};

static void make_card(struct card *card, const struct geometry *geometry)
{
    memset(card, 0, sizeof *card);
    checker_init(&card->checker, geometry);
    assert_int_equal(kb_nvm_format(&card->nvm, &card->checker.device), KB_OK);
    assert_int_equal(kb_nvm_fill(&card->nvm, COUNTER, 0, 6), KB_OK);
}

/* A state of the card to come back to. The devices point to card's own fields, which stay. */
static void restore(struct card *card, const struct card *saved)
{
    memcpy(card, saved, sizeof *card);
}

/* Power comes back: the store holds the one state or the other. Returns which. */
static void power_up(struct card *card, const struct model *before, const struct model *after)
{
    assert_int_equal(kb_nvm_mount(&card->nvm, &card->checker.device), KB_OK);
    if (model_matches(after, &card->nvm))
        card->model = *after;
    else if (model_matches(before, &card->nvm))
        card->model = *before;
    else
        fail_msg("the store holds neither the old nor the new state");
}

/* Runs one transaction and cuts the power at an operation in it. False when it has fewer. */
static bool run_cut(struct card *card, uint64_t seed, uint64_t cut_at, uint64_t tear)
{
    struct model before = card->model;
    struct model after;
    enum kb_err err;

    kb_flash_fault_arm(&card->checker.fault, cut_at, tear);
    err = model_run(&card->nvm, seed, &before, &after);
    if (!card->checker.fault.is_off) {
        assert_int_equal(err, KB_OK);
        assert_true(model_matches(&after, &card->nvm));
        card->model = after;
        return false;
    }
    assert_true(card->nvm.is_failed || err == KB_OK);
    kb_flash_fault_arm(&card->checker.fault, KB_FLASH_NEVER, 0);
    power_up(card, &before, &after);
    return true;
}

/* After a cut the card goes on as if nothing had been. */
static void go_on(struct card *card, uint64_t seed, unsigned transactions)
{
    for (unsigned i = 0; i < transactions; i++)
        run_cut(card, seed + i, KB_FLASH_NEVER, 0);
    assert_int_equal(kb_nvm_put(&card->nvm, COUNTER, &seed, 6), KB_OK);
    power_up(card, &card->model, &card->model);
    assert_int_equal(kb_nvm_put(&card->nvm, COUNTER, &seed, 6), KB_OK);
}

typedef void after_cut(struct card *card, uint64_t seed);

/* Cuts at every operation of a long run, each with several seeds; from each cut on, after_cut. */
static void cut_everywhere(const struct geometry *geometry, uint64_t seed, unsigned transactions,
                           unsigned tears, after_cut *then)
{
    static struct card card, saved;

    make_card(&card, geometry);
    for (unsigned i = 0; i < transactions; i++) {
        uint64_t transaction = seed * 1000003 + i;
        bool is_cut = true;

        saved = card;
        for (uint64_t cut_at = 1; is_cut; cut_at++) {
            for (unsigned tear = 0; tear < tears; tear++) {
                restore(&card, &saved);
                is_cut = run_cut(&card, transaction, cut_at, transaction * 31 + tear);
                if (!is_cut)
                    break;
                then(&card, transaction + 7 * tear);
            }
        }
        /* The last one was not cut any more: the run goes on from there. */
    }
}

static void write_on(struct card *card, uint64_t seed)
{
    go_on(card, seed + 500, 2);
}

static void a_cut_at_any_operation_leaves_each_transaction_whole_or_absent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof geometries / sizeof geometries[0]; i++) {
        for (uint64_t seed = 1; seed <= 3; seed++)
            cut_everywhere(&geometries[i], seed, 50, 4, write_on);
    }
}

/* The first writes after a cut are cut as well, at every operation of theirs. */
static void cut_again(struct card *card, uint64_t seed)
{
    static struct card saved;
    bool is_cut = true;

    saved = *card;
    for (uint64_t cut_at = 1; is_cut; cut_at++) {
        restore(card, &saved);
        card->checker.may_touch_again = true;
        is_cut = run_cut(card, seed + 900, cut_at, seed * 17 + cut_at);
        go_on(card, seed + 950, 1);
    }
}

static void a_cut_during_the_recovery_from_a_cut_is_survived_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++)
        cut_everywhere(&geometries[i], 77 + i, 25, 2, cut_again);
}

/* One transaction in which one read fails. False when it has fewer. */
static bool run_with_failing_read(struct card *card, uint64_t seed, uint64_t read)
{
    struct model before = card->model;
    struct model after;
    enum kb_err err;

    card->checker.reads = 0;
    card->checker.fail_read_at = read;
    err = model_run(&card->nvm, seed, &before, &after);
    card->checker.fail_read_at = 0;
    if (card->checker.reads < read) {
        assert_int_equal(err, KB_OK);
        card->model = after;
        return false;
    }
    assert_true(card->nvm.is_failed);
    power_up(card, &before, &after);
    return true;
}

static void a_read_that_fails_at_any_time_loses_nothing(void **state)
{
    static struct card card, saved;
    struct geometry geometry = {128, 4, 8};

    (void)state;
    make_card(&card, &geometry);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        saved = card;
        for (uint64_t read = 1; run_with_failing_read(&card, seed, read); read++) {
            go_on(&card, seed, 1);
            restore(&card, &saved);
        }
    }
}

static void a_mount_in_which_a_read_fails_can_be_repeated(void **state)
{
    static struct card card;
    struct geometry geometry = {256, 4, 8};
    enum kb_err err = KB_ERR_NVM;

    (void)state;
    make_card(&card, &geometry);
    go_on(&card, 99, 30);
    for (uint64_t read = 1; err; read++) {
        card.checker.reads = 0;
        card.checker.fail_read_at = read;
        err = kb_nvm_mount(&card.nvm, &card.checker.device);
        assert_true(err == KB_ERR_NVM || card.checker.reads < read);
        assert_int_equal(card.nvm.is_failed, err != KB_OK);
    }
    card.checker.fail_read_at = 0;
    power_up(&card, &card.model, &card.model);
}

static void a_transaction_cut_before_its_end_stays_absent_though_others_follow(void **state)
{
    static struct card card;
    struct geometry geometry = {512, 4, 8};
    uint8_t byte;

    (void)state;
    make_card(&card, &geometry);
    assert_int_equal(kb_nvm_put(&card.nvm, 1, "a", 1), KB_OK);
    assert_int_equal(kb_nvm_begin(&card.nvm), KB_OK);
    assert_int_equal(kb_nvm_put(&card.nvm, 1, "b", 1), KB_OK);
    assert_int_equal(kb_nvm_put(&card.nvm, 2, "b", 1), KB_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(kb_nvm_mount(&card.nvm, &card.checker.device), KB_OK);
        assert_int_equal(kb_nvm_put(&card.nvm, 3, "c", 1), KB_OK);
        assert_false(kb_nvm_has(&card.nvm, 2));
        assert_int_equal(kb_nvm_read(&card.nvm, 1, 0, &byte, 1), KB_OK);
        assert_int_equal(byte, 'a');
    }
}

static void format_cut_anywhere_can_be_repeated(void **state)
{
    static struct card card, saved;
    struct geometry geometry = {256, 4, 8};

    (void)state;
    make_card(&card, &geometry);
    go_on(&card, 4711, 20);
    saved = card;
    for (uint64_t cut_at = 1; cut_at <= 5; cut_at++) {
        restore(&card, &saved);
        kb_flash_fault_arm(&card.checker.fault, cut_at, cut_at);
        assert_int_equal(kb_nvm_format(&card.nvm, &card.checker.device), KB_ERR_NVM);
        assert_int_equal(kb_nvm_mount(&card.nvm, &card.checker.device), KB_ERR_NVM);
        kb_flash_fault_arm(&card.checker.fault, KB_FLASH_NEVER, 0);
        assert_int_equal(kb_nvm_format(&card.nvm, &card.checker.device), KB_OK);
        memset(&card.model, 0, sizeof card.model);
        go_on(&card, cut_at, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_at_any_operation_leaves_each_transaction_whole_or_absent),
        cmocka_unit_test(a_cut_during_the_recovery_from_a_cut_is_survived_too),
        cmocka_unit_test(a_read_that_fails_at_any_time_loses_nothing),
        cmocka_unit_test(a_mount_in_which_a_read_fails_can_be_repeated),
        cmocka_unit_test(a_transaction_cut_before_its_end_stays_absent_though_others_follow),
        cmocka_unit_test(format_cut_anywhere_can_be_repeated),
    };

    return cmocka_run_group_tests_name("nvm: power cuts", tests, NULL, NULL);
}
