/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of many cards at once: all or none, one for each subject, withdrawn when a card was
 * not finished. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "desk/ca.h"
#include "rig.h"

enum { NOW = 1700000000, CARDS = 5 };

static struct kb_ca_row rows[CARDS], *of[CARDS];
static struct kb_ca *ca;
static struct kb_report why;

static void prepare(size_t i, const char *subject, uint8_t key)
{
    const uint8_t private_key[KB_X25519_SIZE] = {8, key, 2, 3}; /* bits of the first are cleared */

    rows[i] = (struct kb_ca_row){.curve = KB_CURVE_X25519};
    of[i] = &rows[i];
    snprintf(rows[i].subject, sizeof rows[i].subject, "%s", subject);
    assert_int_equal(kb_crypto_openssl.x25519_public(private_key, rows[i].public_key), KB_OK);
}

static int set_up(void **state)
{
    (void)state;
    rig_enter();
    rig_need_root("ca", "Maker", KB_CA_MAKER);
    assert_int_equal(kb_ca_open("ca", &ca, &why), KB_OK);
    for (size_t i = 0; i < CARDS; i++)
        prepare(i, rig_iccid(i + 1), (uint8_t)i);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kb_ca_close(ca);
    rig_leave();
    return 0;
}

static unsigned count(void)
{
    struct kb_ca_row row = {0};
    unsigned found = 0;

    while (!kb_ca_next(ca, row.serial, &row, &why))
        found++;
    return found;
}

static void test_each_gets_a_number_and_a_token_that_stay(void **state)
{
    struct kb_ca_row row;

    (void)state;
    assert_int_equal(kb_ca_issue_all(ca, NULL, of, CARDS, NOW, &why), KB_OK);
    for (size_t i = 0; i < CARDS; i++) {
        assert_int_equal(rows[i].serial, i + 1);
        assert_int_equal(kb_ca_next(ca, i, &row, &why), KB_OK);
        assert_string_equal(row.subject, rig_iccid(i + 1));
        assert_int_equal(row.token_len, rows[i].token_len);
        assert_memory_equal(row.token, rows[i].token, row.token_len);
    }
}

/* The third has one already: none of the five is issued. */
static void test_all_are_issued_or_none(void **state)
{
    struct kb_ca_row other;
    bool is_new;

    (void)state;
    prepare(0, rig_iccid(3), 100);
    other = rows[0];
    assert_int_equal(kb_ca_issue(ca, NULL, &other, NOW, &is_new, &why), KB_OK);
    prepare(0, rig_iccid(1), 0);
    assert_int_equal(kb_ca_issue_all(ca, NULL, of, CARDS, NOW, &why), KB_ERR_EXISTS);
    assert_non_null(strstr(why.text, "already (kid 01)"));
    assert_int_equal(count(), 1);
}

static void test_two_of_one_batch_are_not_for_one_card(void **state)
{
    (void)state;
    prepare(4, rig_iccid(1), 4);
    assert_int_equal(kb_ca_issue_all(ca, NULL, of, CARDS, NOW, &why), KB_ERR_EXISTS);
    assert_int_equal(count(), 0);
}

/* What was revoked is no credential any more: a card may be made in its place. */
static void test_a_card_may_follow_one_that_was_revoked(void **state)
{
    uint64_t revoked;

    (void)state;
    assert_int_equal(kb_ca_issue_all(ca, NULL, of, 1, NOW, &why), KB_OK);
    assert_int_equal(kb_ca_revoke(ca, NULL, 1, NULL, "broken", NOW, &revoked, &why), KB_OK);
    prepare(0, rig_iccid(1), 50);
    assert_int_equal(kb_ca_issue_all(ca, NULL, of, 1, NOW, &why), KB_OK);
    assert_int_equal(rows[0].serial, 2);
}

static void test_only_the_credential_named_by_subject_and_key_is_withdrawn(void **state)
{
    (void)state;
    assert_int_equal(kb_ca_issue_all(ca, NULL, of, CARDS, NOW, &why), KB_OK);
    assert_int_equal(kb_ca_withdraw(ca, rig_iccid(1), rows[1].public_key, &why), KB_OK);
    assert_int_equal(count(), CARDS);
    assert_int_equal(kb_ca_withdraw(ca, rig_iccid(1), rows[0].public_key, &why), KB_OK);
    assert_int_equal(count(), CARDS - 1);
    assert_int_equal(kb_ca_withdraw(ca, rig_iccid(1), rows[0].public_key, &why), KB_OK);
}

/* Its number may stand in a card that nobody finished. */
static void test_a_withdrawn_number_is_not_used_again(void **state)
{
    (void)state;
    assert_int_equal(kb_ca_issue_all(ca, NULL, of, 1, NOW, &why), KB_OK);
    assert_int_equal(kb_ca_withdraw(ca, rig_iccid(1), rows[0].public_key, &why), KB_OK);
    prepare(0, rig_iccid(1), 50);
    assert_int_equal(kb_ca_issue_all(ca, NULL, of, 1, NOW, &why), KB_OK);
    assert_int_equal(rows[0].serial, 2);
}

/* Others have to be able to know that it does not count. */
static void test_what_was_revoked_is_not_withdrawn(void **state)
{
    uint64_t revoked;

    (void)state;
    assert_int_equal(kb_ca_issue_all(ca, NULL, of, 1, NOW, &why), KB_OK);
    assert_int_equal(kb_ca_revoke(ca, NULL, 1, NULL, "lost", NOW, &revoked, &why), KB_OK);
    assert_int_equal(kb_ca_withdraw(ca, rig_iccid(1), rows[0].public_key, &why), KB_OK);
    assert_int_equal(count(), 1);
}

#define CA_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CA_TEST(test_each_gets_a_number_and_a_token_that_stay),
        CA_TEST(test_all_are_issued_or_none),
        CA_TEST(test_two_of_one_batch_are_not_for_one_card),
        CA_TEST(test_a_card_may_follow_one_that_was_revoked),
        CA_TEST(test_only_the_credential_named_by_subject_and_key_is_withdrawn),
        CA_TEST(test_a_withdrawn_number_is_not_used_again),
        CA_TEST(test_what_was_revoked_is_not_withdrawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
