/* SPDX-License-Identifier: Apache-2.0 */
/* SET STATUS (docs/apdu.md clause 2.4): a card for the air does not leave its maker without what it
 * needs there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "card/cpa/plan.h"
#include "tests/card/rig.h"
#include "wire/hex.h"

static struct rig rig;

static int blank(void **state)
{
    (void)state;
    rig_blank(&rig);
    return 0;
}

static uint16_t set_status(void)
{
    rig.card.perso.image_size = 1; /* as after LOAD ALGORITHM */
    return rig_send(&rig, "80F0800F");
}

static uint16_t put_plan(enum kb_session_agreement agreement)
{
    const struct kb_cpa_plan plan = {.starts = KB_CPA_BY_ITSELF,
                                     .refusals = 1,
                                     .tries = 1,
                                     .agreement = (uint8_t)agreement,
                                     .suites = {29},
                                     .suite_count = 1,
                                     .wait_s = 60,
                                     .service = kb_span("123", 3)};
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof bytes);
    char hex[2 * KB_CPA_PLAN_MAX + 1], command[2 * KB_CPA_PLAN_MAX + 16];

    kb_cpa_plan_write(&wr, &plan);
    assert_false(wr.is_bad);
    kb_hex_encode(kb_wr_span(&wr), hex);
    snprintf(command, sizeof command, "8044003A(%s)", hex);
    return rig_send(&rig, command);
}

static const char *const counters[] = {"80440034(0000000000)", "80440035(0000000000)"};

/* In this order: GENERATE KEY takes an older credential away. */
static const char *const credentials[] = {
    "804E0000(04)00", "80440037(010155)",
    "80440038(0141"
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299)"};

static void expect_ok(const char *command)
{
    assert_int_equal(rig_send(&rig, command), 0x9000);
}

static void a_card_without_a_plan_for_the_air_needs_nothing_of_it(void **state)
{
    (void)state;
    assert_int_equal(set_status(), 0x9000);
}

static void a_card_for_the_air_needs_counters_key_credential_and_root(void **state)
{
    (void)state;
    assert_int_equal(put_plan(KB_SESSION_EDHOC), 0x9000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(set_status(), 0x6985);
        expect_ok(counters[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(set_status(), 0x6985);
        expect_ok(credentials[i]);
    }
    assert_int_equal(set_status(), 0x9000);
}

static void a_new_key_wants_a_new_credential(void **state)
{
    (void)state;
    assert_int_equal(put_plan(KB_SESSION_EDHOC), 0x9000);
    expect_ok(counters[0]);
    expect_ok(counters[1]);
    for (size_t i = 0; i < 3; i++)
        expect_ok(credentials[i]);
    expect_ok(credentials[0]);
    assert_int_equal(set_status(), 0x6985);
    expect_ok(credentials[1]);
    assert_int_equal(set_status(), 0x9000);
}

static void the_agreement_without_credentials_needs_counters_alone(void **state)
{
    (void)state;
    assert_int_equal(put_plan(KB_SESSION_DH), 0x9000);
    expect_ok(counters[0]);
    assert_int_equal(set_status(), 0x6985);
    expect_ok(counters[1]);
    assert_int_equal(set_status(), 0x9000);
}

/* Else it would turn out in a customer's hand. */
static void a_plan_that_the_card_cannot_follow_is_refused(void **state)
{
    (void)state;
    assert_int_equal(rig_send(&rig, "8044003A(A0)"), 0x6A80);
    assert_int_equal(rig_send(&rig, "8044003A(00)"), 0x6A80);
    assert_int_equal(put_plan(KB_SESSION_EDHOC), 0x9000);
    assert_int_equal(rig_send(&rig, "8044003A(A10105)"), 0x6A80);
    assert_true(kb_nvm_size(&rig.card.nvm, KB_OBJ_CPA_PLAN) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_card_without_a_plan_for_the_air_needs_nothing_of_it, blank),
        cmocka_unit_test_setup(a_card_for_the_air_needs_counters_key_credential_and_root, blank),
        cmocka_unit_test_setup(a_new_key_wants_a_new_credential, blank),
        cmocka_unit_test_setup(the_agreement_without_credentials_needs_counters_alone, blank),
        cmocka_unit_test_setup(a_plan_that_the_card_cannot_follow_is_refused, blank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
