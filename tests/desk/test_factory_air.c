/* SPDX-License-Identifier: Apache-2.0 */
/* Cards for the air: each has a key of its own that the maker's root certifies, and knows the
 * operators' root. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "card/cpa/plan.h"
#include "desk/ca.h"
#include "desk/csv.h"
#include "reader/card_file.h"
#include "rig.h"
#include "wire/bcd.h"
#include "wire/hex.h"

enum { NOW = 1700000000, DAY = 86400 };

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

static enum kb_err make(const struct kb_factory_options *options, struct kb_report *why)
{
    struct kb_factory_summary summary;

    *why = (struct kb_report){0};
    return kb_factory_make(options, &summary, why);
}

static void expect_refusal(const struct kb_factory_options *options, enum kb_err err,
                           const char *words)
{
    struct kb_report why;

    assert_int_equal(make(options, &why), err);
    if (!strstr(why.text, words))
        fail_msg("%s: lacks '%s'", why.text, words);
}

/* --- What a card holds --- */

static struct kb_card_file *power_up(uint64_t n)
{
    struct kb_card_file *file;
    struct kb_report why = {0};
    char path[64];
    uint8_t atr[33];
    size_t len;

    snprintf(path, sizeof path, "cards/%s.card", rig_iccid(n));
    if (kb_card_file_open(path, &file, &why))
        fail_msg("%s", why.text);
    assert_int_equal(kb_card_power_up(kb_card_file_card(file), kb_card_file_port(file), atr, &len),
                     KB_OK);
    return file;
}

static struct kb_span object(struct kb_card_file *file, uint16_t id, uint8_t out[1024])
{
    struct kb_nvm *nvm = &kb_card_file_card(file)->nvm;
    size_t len = kb_nvm_size(nvm, id);

    assert_true(len > 0);
    assert_int_equal(kb_nvm_read(nvm, id, 0, out, len), KB_OK);
    return kb_span(out, len);
}

static bool has(struct kb_card_file *file, uint16_t id)
{
    return kb_nvm_has(&kb_card_file_card(file)->nvm, id);
}

static struct kb_credential_root maker_root(uint8_t public_key[KB_P256_PUBLIC])
{
    char *text = rig_read("maker-root/root.pub", NULL);
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(text, 128), public_key, KB_P256_PUBLIC, &len), KB_OK);
    free(text);
    return (struct kb_credential_root){kb_span("Maker", 5), public_key};
}

/* The credential of card n in bootstrap.csv. */
static struct kb_span token_of(uint64_t n, uint8_t out[KB_CREDENTIAL_MAX], uint64_t *number)
{
    struct kb_report why = {0};
    struct kb_csv *csv;
    size_t token = 0, serial = 0, len;
    bool is_row = false;

    assert_int_equal(kb_csv_open("cards/bootstrap.csv", &csv, &why), KB_OK);
    assert_int_equal(kb_csv_need(csv, "credential", &token, &why), KB_OK);
    assert_int_equal(kb_csv_need(csv, "number", &serial, &why), KB_OK);
    for (uint64_t i = 0; i < n; i++)
        assert_int_equal(kb_csv_next(csv, &is_row, &why), KB_OK);
    assert_true(is_row);
    assert_int_equal(
        kb_hex_decode(kb_span(kb_csv_text(csv, token), strlen(kb_csv_text(csv, token))), out,
                      KB_CREDENTIAL_MAX, &len),
        KB_OK);
    *number = strtoull(kb_csv_text(csv, serial), NULL, 10);
    kb_csv_close(csv);
    return kb_span(out, len);
}

static void public_of(struct kb_span static_key, enum kb_curve curve, uint8_t out[KB_P256_PUBLIC])
{
    assert_int_equal(static_key.len, 33);
    assert_int_equal(static_key.data[0], curve);
    if (curve == KB_CURVE_P256)
        assert_int_equal(kb_crypto_openssl.p256_public(static_key.data + 1, out), KB_OK);
    else
        assert_int_equal(kb_crypto_openssl.x25519_public(static_key.data + 1, out), KB_OK);
}

/* A personalization server that knows root.pub alone takes the credential of bootstrap.csv, which
 * is the one in the card, for the key that is in the card. */
static void expect_certified(uint64_t n, enum kb_curve curve)
{
    uint8_t root_key[KB_P256_PUBLIC], token_bytes[KB_CREDENTIAL_MAX], bytes[1024],
        public_key[KB_P256_PUBLIC], kid[KB_KID_MAX];
    struct kb_credential_root root = maker_root(root_key);
    struct kb_card_file *file = power_up(n);
    struct kb_credential credential;
    const int64_t now = NOW;
    uint64_t number = 0;
    struct kb_span token = token_of(n, token_bytes, &number), held;

    assert_int_equal(kb_credential_verify(&kb_crypto_mbedtls, &root, &now, token, &credential),
                     KB_OK);
    assert_int_equal(credential.subject.len, 19);
    assert_memory_equal(credential.subject.data, rig_iccid(n), 19);
    assert_int_equal(credential.curve, curve);
    public_of(object(file, KB_OBJ_STATIC_KEY, bytes), curve, public_key);
    assert_memory_equal(credential.public_key, public_key, KB_CURVE_SIZE);
    if (curve == KB_CURVE_P256) {
        const uint8_t sign[] = {0x22, public_key[63] & 1 ? 0xF5 : 0xF4}; /* RFC 9053 clause 7.1.1 */

        assert_non_null(memmem(token.data, token.len, sign, sizeof sign));
    }
    held = object(file, KB_OBJ_CREDENTIAL, bytes);
    assert_int_equal(held.data[0], kb_ca_kid(number, kid));
    assert_memory_equal(held.data + 1, kid, held.data[0]);
    assert_int_equal(held.len, 1 + held.data[0] + token.len);
    assert_memory_equal(held.data + 1 + held.data[0], token.data, token.len);
    kb_card_file_close(file);
}

/* --- Tests --- */

static void test_each_card_has_a_key_that_the_maker_certified(void **state)
{
    (void)state;
    rig_make_cards(40); /* more than share a commit */
    for (uint64_t n = 1; n <= 40; n += 13)
        expect_certified(n, KB_CURVE_P256);
}

static void test_a_card_starts_with_zero_counters_the_operators_root_and_its_plan(void **state)
{
    static const uint8_t zeros[5];
    struct kb_cpa_operator operators[KB_SESSION_OPERATORS];
    struct kb_cpa_plan plan;
    struct kb_card_file *file;
    struct kb_span value;
    uint8_t bytes[1024], root[1 + 9 + KB_P256_PUBLIC] = "\x09Operators";
    char *text;
    size_t len;

    (void)state;
    rig_make_cards(1);
    file = power_up(1);
    assert_memory_equal(object(file, KB_OBJ_CNTR_IN, bytes).data, zeros, 5);
    assert_memory_equal(object(file, KB_OBJ_CNTR_OUT, bytes).data, zeros, 5);
    text = rig_read("operators-root/root.pub", NULL);
    assert_int_equal(kb_hex_decode(kb_span(text, 128), root + 10, KB_P256_PUBLIC, &len), KB_OK);
    free(text);
    value = object(file, KB_OBJ_OPERATORS_ROOT, bytes);
    assert_int_equal(value.len, sizeof root);
    assert_memory_equal(value.data, root, sizeof root);
    assert_int_equal(kb_cpa_plan_read(object(file, KB_OBJ_CPA_PLAN, bytes), &plan), KB_OK);
    assert_int_equal(plan.agreement, KB_SESSION_EDHOC);
    assert_int_equal(kb_cpa_operators_read(object(file, KB_OBJ_CPA_OPERATORS, bytes), operators),
                     2);
    assert_memory_equal(operators[1].name.data, "South Mobile", 12);
    assert_false(has(file, KB_OBJ_REVOKED)); /* nothing has been revoked */
    kb_card_file_close(file);
}

static void test_a_machine_has_a_key_on_the_other_curve(void **state)
{
    struct kb_factory_options options = rig_factory(1);
    char path[64] = "cards/890010200000000001";
    uint8_t bytes[1024], public_key[KB_P256_PUBLIC];
    struct kb_card_file *file;
    struct kb_report why;

    (void)state;
    options.plan = KB_SOURCE "/examples/plans/machine.yaml";
    assert_int_equal(make(&options, &why), KB_OK);
    snprintf(path + 24, sizeof path - 24, "%c.card", kb_luhn_digit(kb_span(path + 6, 18)));
    assert_int_equal(rename(path, "cards/8900101000000000019.card"), 0);
    file = power_up(1);
    public_of(object(file, KB_OBJ_STATIC_KEY, bytes), KB_CURVE_X25519, public_key);
    assert_false(has(file, KB_OBJ_CPA_OPERATORS));
    kb_card_file_close(file);
}

/* A plan without the section, or with the agreement without credentials, needs no roots. */
static void test_other_cards_need_no_roots(void **state)
{
    struct kb_factory_options options = rig_factory(1);
    struct kb_report why;

    (void)state;
    options.plan = KB_SOURCE "/examples/plans/three-fields.yaml";
    options.maker_ca = options.operators_root = NULL;
    if (make(&options, &why))
        fail_msg("%s", why.text);
}

static void test_cards_of_a_plan_with_dh_have_no_credential(void **state)
{
    struct kb_factory_options options = rig_factory(1);
    char *text = rig_read(KB_SOURCE "/examples/plans/telecom.yaml", NULL);
    char *at = strstr(text, "agreement: edhoc");
    struct kb_card_file *file;
    struct kb_report why;

    (void)state;
    memcpy(at, "agreement: dh   ", 16);
    memcpy(strstr(at, "suites: [2, 3]"), "              ", 14);
    rig_write("dh.yaml", text);
    free(text);
    options.plan = "dh.yaml";
    options.maker_ca = options.operators_root = NULL;
    if (make(&options, &why))
        fail_msg("%s", why.text);
    file = power_up(1);
    assert_true(has(file, KB_OBJ_CPA_PLAN));
    assert_true(has(file, KB_OBJ_CNTR_IN));
    assert_false(has(file, KB_OBJ_STATIC_KEY));
    assert_false(has(file, KB_OBJ_CREDENTIAL));
    assert_false(has(file, KB_OBJ_OPERATORS_ROOT));
    kb_card_file_close(file);
    text = rig_read("cards/bootstrap.csv", NULL);
    assert_null(strstr(text, "credential"));
    free(text);
}

static void test_a_missing_root_is_asked_for(void **state)
{
    struct kb_factory_options options = rig_factory(1);

    (void)state;
    options.maker_ca = NULL;
    expect_refusal(&options, KB_ERR_USAGE, "--maker-ca (keyborn ca init --kind maker makes one)");
    options = rig_factory(1);
    options.operators_root = NULL;
    expect_refusal(&options, KB_ERR_USAGE, "--operators-root");
    options.operators_root = "operators-root/root.pub";
    expect_refusal(&options, KB_ERR_USAGE, "say it with --operators-name");
    options.operators_name = "Operators";
    options.maker_ca = "nowhere";
    expect_refusal(&options, KB_ERR_ABSENT, "nowhere");
    assert_false(rig_has("cards"));
}

/* Cards that trusted a maker's root would take a card for an operator. */
static void test_the_roots_are_not_confused(void **state)
{
    struct kb_factory_options options = rig_factory(1);

    (void)state;
    options.operators_root = "maker-root";
    expect_refusal(&options, KB_ERR_RULE, "maker-root: is the root of a maker");
    options = rig_factory(1);
    options.maker_ca = "operators-root";
    expect_refusal(&options, KB_ERR_RULE, "operators-root: is the root of operators");
    options = rig_factory(1);
    options.operators_name = "Others";
    expect_refusal(&options, KB_ERR_RULE, "the root is called Operators, not Others");
    options = rig_factory(1);
    options.operators_root = "operators-root/revoked.cwt";
    expect_refusal(&options, KB_ERR_MALFORMED, "should be the public key of a root");
}

/* --- The list of revoked operators --- */

static void revoke_an_operator(void)
{
    struct kb_ca_row row = {.subject = "001-03", .curve = KB_CURVE_X25519};
    const uint8_t key[KB_X25519_SIZE] = {8, 1};
    struct kb_report why = {0};
    struct kb_ca *ca;
    uint64_t count;
    bool is_new;

    assert_int_equal(kb_crypto_openssl.x25519_public(key, row.public_key), KB_OK);
    assert_int_equal(kb_ca_open("operators-root", &ca, &why), KB_OK);
    assert_int_equal(kb_ca_issue(ca, NULL, &row, NOW, &is_new, &why), KB_OK);
    assert_int_equal(kb_ca_revoke(ca, NULL, row.serial, NULL, "key lost", NOW, &count, &why),
                     KB_OK);
    kb_ca_close(ca);
}

static void expect_list_in_card(uint64_t n)
{
    struct kb_card_file *file = power_up(n);
    uint8_t bytes[1024];
    size_t len;
    char *list = rig_read("operators-root/revoked.cwt", &len);
    struct kb_span held = object(file, KB_OBJ_REVOKED, bytes);

    assert_int_equal(held.len, len);
    assert_memory_equal(held.data, list, len);
    free(list);
    kb_card_file_close(file);
}

static void test_cards_know_who_was_revoked(void **state)
{
    struct kb_factory_options options = rig_factory(1);
    struct kb_report why;

    (void)state;
    revoke_an_operator();
    assert_int_equal(make(&options, &why), KB_OK);
    expect_list_in_card(1);
    options.operators_root = "operators-root/root.pub";
    options.operators_name = "Operators";
    options.revoked = "operators-root/revoked.cwt";
    options.count = 2;
    assert_int_equal(make(&options, &why), KB_OK);
    expect_list_in_card(2);
}

static void test_a_list_that_the_root_did_not_sign_is_refused(void **state)
{
    struct kb_factory_options options = rig_factory(1);

    (void)state;
    options.revoked = "maker-root/revoked.cwt";
    expect_refusal(&options, KB_ERR_RULE, "maker-root/revoked.cwt: is no list");
    rig_write("list", "not a list");
    options.revoked = "list";
    expect_refusal(&options, KB_ERR_MALFORMED, "list: is no list");
}

/* --- No card has two credentials --- */

static void test_numbers_that_have_a_credential_are_not_made_again(void **state)
{
    struct kb_factory_options options = rig_factory(2);

    (void)state;
    rig_make_cards(1);
    options.dir = "elsewhere";
    expect_refusal(&options, KB_ERR_EXISTS,
                   "8900101000000000019 has a credential of maker-root already (kid 01)");
    assert_false(rig_has("elsewhere/8900101000000000027.card"));
}

static unsigned count_credentials(void)
{
    struct kb_report why = {0};
    struct kb_ca_row row = {0};
    struct kb_ca *ca;
    unsigned count = 0;

    assert_int_equal(kb_ca_open("maker-root", &ca, &why), KB_OK);
    while (!kb_ca_next(ca, row.serial, &row, &why))
        count++;
    kb_ca_close(ca);
    return count;
}

/* As a run leaves it that was killed between the signature and the card's name. */
static void test_the_next_run_withdraws_what_was_signed_for_no_card(void **state)
{
    struct kb_factory_options options = rig_factory(2);
    struct kb_ca_row row = {.subject = "8900101000000000027", .curve = KB_CURVE_X25519};
    const uint8_t key[KB_X25519_SIZE] = {8, 1};
    char *root, text[400], hex[65];
    struct kb_report why = {0};
    struct kb_ca *ca;
    bool is_new;

    (void)state;
    rig_make_cards(1);
    assert_int_equal(kb_crypto_openssl.x25519_public(key, row.public_key), KB_OK);
    assert_int_equal(kb_ca_open("maker-root", &ca, &why), KB_OK);
    assert_int_equal(kb_ca_issue(ca, NULL, &row, NOW, &is_new, &why), KB_OK);
    kb_ca_close(ca);
    root = rig_read("maker-root/root.pub", NULL);
    kb_hex_encode(kb_span(row.public_key, 32), hex);
    snprintf(text, sizeof text, "%s%s %s\n", root, row.subject, hex);
    free(root);
    rig_write("cards/.credentials", text);

    assert_int_equal(kb_ca_init("other", NULL, "Other", KB_CA_MAKER, NOW, &why), KB_OK);
    options.maker_ca = "other";
    expect_refusal(&options, KB_ERR_RULE, "had its cards certified by another root");
    options.maker_ca = "maker-root";
    assert_int_equal(make(&options, &why), KB_OK);
    assert_int_equal(count_credentials(), 2);
    expect_certified(2, KB_CURVE_P256);
    assert_false(rig_has("cards/.credentials"));
}

static void test_a_folder_with_tables_of_other_columns_is_left_alone(void **state)
{
    struct kb_factory_options options = rig_factory(1);

    (void)state;
    rig_make_cards(1);
    rig_write("cards/bootstrap.csv", "iccid,idsc\n8900101000000000019,8900101000000000019\n");
    options.count = 2;
    expect_refusal(&options, KB_ERR_EXISTS, "cards/bootstrap.csv: has other columns");
}

#define AIR_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AIR_TEST(test_each_card_has_a_key_that_the_maker_certified),
        AIR_TEST(test_a_card_starts_with_zero_counters_the_operators_root_and_its_plan),
        AIR_TEST(test_a_machine_has_a_key_on_the_other_curve),
        AIR_TEST(test_other_cards_need_no_roots),
        AIR_TEST(test_cards_of_a_plan_with_dh_have_no_credential),
        AIR_TEST(test_a_missing_root_is_asked_for),
        AIR_TEST(test_the_roots_are_not_confused),
        AIR_TEST(test_cards_know_who_was_revoked),
        AIR_TEST(test_a_list_that_the_root_did_not_sign_is_refused),
        AIR_TEST(test_numbers_that_have_a_credential_are_not_made_again),
        AIR_TEST(test_the_next_run_withdraws_what_was_signed_for_no_card),
        AIR_TEST(test_a_folder_with_tables_of_other_columns_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
