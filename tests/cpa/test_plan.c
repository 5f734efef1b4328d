/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for the air and the card's list of operators (card/cpa/plan.h) as bytes: CBOR that was
 * written by hand, after RFC 8949. */
#include "tests/crypto/backends.h"

#include "card/cpa/plan.h"

/* By short message: 1 starts, 3 asks, 5 refusals, 6 tries, 7 edhoc, 8 suites 2 and 0, 9 wait 30,
 * 10 resends 3, 11 service, 16 title. */
#define BY_SMS                                                                                     \
    "AA"                                                                                           \
    "010F"                                                                                         \
    "03F5"                                                                                         \
    "0503"                                                                                         \
    "060A"                                                                                         \
    "0701"                                                                                         \
    "08820200"                                                                                     \
    "09181E"                                                                                       \
    "0A03"                                                                                         \
    "0B682B34393137303030"                                                                         \
    "106C"                                                                                         \
    "4D79206F70657261746F7230"

static uint8_t bytes[512];
static struct kb_cpa_plan plan;

static enum kb_err read(const char *hex)
{
    return kb_cpa_plan_read(kb_span(bytes, unhex(hex, bytes, sizeof(bytes))), &plan);
}

static void assert_text(struct kb_span text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

static void assert_written(const char *hex)
{
    uint8_t out[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    kb_cpa_plan_write(&wr, &plan);
    assert_false(wr.is_bad);
    assert_hex(out, wr.len, hex);
}

static void a_plan_for_short_messages_is_read_and_written(void **state)
{
    (void)state;
    assert_int_equal(read(BY_SMS), KB_OK);
    assert_int_equal(plan.starts, 15);
    assert_int_equal(plan.bearer, KB_CPA_SMS);
    assert_true(plan.asks_user && !plan.keeps_temporary);
    assert_int_equal(plan.refusals, 3);
    assert_int_equal(plan.tries, 10);
    assert_int_equal(plan.agreement, KB_SESSION_EDHOC);
    assert_int_equal(plan.suite_count, 2);
    assert_int_equal(plan.suites[0], 2);
    assert_int_equal(plan.suites[1], 0);
    assert_int_equal(plan.wait_s, 30);
    assert_int_equal(plan.resends, 3);
    assert_text(plan.service, "+4917000");
    assert_text(plan.title, "My operator0");
    assert_int_equal(plan.operator.len, 0);
    assert_written(BY_SMS);
}

/* 1, 2, 4 keeps, 5, 6, 7 dh, 8 groups 29 and 258, 9, 12 apn, 13 address, 14 port, 15 operator. */
static void a_plan_for_packets_is_read_and_written(void **state)
{
    const char *hex = "AC"
                      "0104"
                      "0201"
                      "04F5"
                      "0501"
                      "0601"
                      "0702"
                      "0882181D190102"
                      "0919FFFF"
                      "0C686B62612E6D6E6361"
                      "0D440A000001"
                      "0E191B58"
                      "0F663030312D3031";

    (void)state;
    assert_int_equal(read(hex), KB_OK);
    assert_int_equal(plan.bearer, KB_CPA_PACKET);
    assert_true(plan.keeps_temporary && !plan.asks_user);
    assert_int_equal(plan.agreement, KB_SESSION_DH);
    assert_int_equal(plan.suites[0], 29);
    assert_int_equal(plan.suites[1], 258);
    assert_int_equal(plan.wait_s, 65535);
    assert_int_equal(plan.resends, 0);
    assert_text(plan.apn, "kba.mnca");
    assert_int_equal(plan.address.len, 4);
    assert_int_equal(plan.port, 7000);
    assert_text(plan.operator, "001-01");
    assert_written(hex);
}

/* 18, on top of the shortest plan of those below. */
static void old_keys_are_a_word_of_the_plan_and_without_it_there_are_none(void **state)
{
    (void)state;
    assert_int_equal(read("A8010405030603070108810209010B613112F5"), KB_OK);
    assert_true(plan.has_old_keys);
    assert_written("A8010405030603070108810209010B613112F5");
    assert_int_equal(read("A7010405030603070108810209010B6131"), KB_OK);
    assert_false(plan.has_old_keys);
    assert_written("A7010405030603070108810209010B6131");
}

static void what_is_not_so_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "A0",
        /* Starts of 16; of 0. */
        "A8011005030603070108810209010B6131106131",
        "A8010005030603070108810209010B6131106131",
        /* Another bearer, refusals of 0 and 21, tries of 0 and 16, agreements 0 and 3. */
        "A80104020205030603070108810209010B6131",
        "A7010405000603070108810209010B6131",
        "A7010405150603070108810209010B6131",
        "A7010405030600070108810209010B6131",
        "A7010405030610070108810209010B6131",
        "A7010405030603070008810209010B6131",
        "A7010405030603070308810209010B6131",
        /* No suite, six of them, one that is none. */
        "A70104050306030701088009010B6131",
        "A70104050306030701088601020304050609010B6131",
        "A701040503060307010881613209010B6131",
        "A7010405030603070108811A0001000009010B6131",
        "A70104050306030701080209010B6131",
        /* A wait of 0 and of 65536, eleven resends, a number that is none. */
        "A7010405030603070108810209000B6131",
        "A70104050306030701088102091A000100000B6131",
        "A8010405030603070108810209010A0B0B6131",
        "A7010405030603070108810209010B6161",
        /* No service; packets without address, port, or with an address of 5 bytes. */
        "A601040503060307010881020901",
        "A80104020105030603070108810209010E01",
        "A80104020105030603070108810209010D440A000001",
        "A90104020105030603070108810209010D450A000001010E01",
        /* A menu without a title; a key that nobody knows, 0 and 19; one that comes twice. */
        "A7010105030603070108810209010B6131",
        "A80000010405030603070108810209010B6131",
        "A8010405030603070108810209010B61311300",
        /* Old keys: a number, and no. */
        "A8010405030603070108810209010B61311200",
        "A8010405030603070108810209010B613112F4",
        "A80104010405030603070108810209010B6131",
        /* Out of order, not the shortest, something behind. */
        "A7050301040603070108810209010B6131",
        "A701180405030603070108810209010B6131",
        "A7010405030603070108810209010B613100",
    };

    (void)state;
    assert_int_equal(read("A7010405030603070108810209010B6131"), KB_OK);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (read(wrong[i]) != KB_ERR_MALFORMED)
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(plan.starts, 0);
    }
}

static void every_cut_of_a_plan_is_refused(void **state)
{
    size_t len = unhex(BY_SMS, bytes, sizeof(bytes));

    (void)state;
    while (len-- > 0)
        assert_int_equal(kb_cpa_plan_read(kb_span(bytes, len), &plan), KB_ERR_MALFORMED);
}

static void a_plan_that_nobody_would_read_is_not_written(void **state)
{
    uint8_t out[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    (void)state;
    assert_int_equal(read(BY_SMS), KB_OK);
    plan.tries = 16;
    kb_cpa_plan_write(&wr, &plan);
    assert_true(wr.is_bad);
    wr = kb_wr(out, sizeof(out));
    plan.tries = 15;
    plan.suite_count = 0;
    kb_cpa_plan_write(&wr, &plan);
    assert_true(wr.is_bad);
}

/* [ "001-01", "Test Net", "77", "262-01", "First", "" ] */
#define OPERATORS                                                                                  \
    "86"                                                                                           \
    "663030312D3031"                                                                               \
    "6854657374204E6574"                                                                           \
    "623737"                                                                                       \
    "663236322D3031"                                                                               \
    "654669727374"                                                                                 \
    "60"

static void operators_are_read_and_written(void **state)
{
    struct kb_cpa_operator operators[KB_SESSION_OPERATORS];
    uint8_t out[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    size_t len = unhex(OPERATORS, bytes, sizeof(bytes));

    (void)state;
    assert_int_equal(kb_cpa_operators_read(kb_span(bytes, len), operators), 2);
    assert_text(operators[0].id_o, "001-01");
    assert_text(operators[0].name, "Test Net");
    assert_text(operators[0].code, "77");
    assert_text(operators[1].id_o, "262-01");
    assert_text(operators[1].code, "");
    kb_cpa_operators_write(&wr, operators, 2);
    assert_false(wr.is_bad);
    assert_hex(out, wr.len, OPERATORS);
    while (len-- > 0)
        assert_int_equal(kb_cpa_operators_read(kb_span(bytes, len), operators), 0);
}

static void a_list_with_a_fault_is_none(void **state)
{
    static const char *const wrong[] = {
        "80",
        "8261316141",
        "8360614160",
        "8361316060",
        "83613161416178",
        "84613161416060",
        "83613161416000",
        "981B" /* 27 items: nine operators */,
    };
    struct kb_cpa_operator operators[KB_SESSION_OPERATORS];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(
            kb_cpa_operators_read(kb_span(bytes, unhex(wrong[i], bytes, sizeof(bytes))), operators),
            0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_for_short_messages_is_read_and_written),
        cmocka_unit_test(a_plan_for_packets_is_read_and_written),
        cmocka_unit_test(old_keys_are_a_word_of_the_plan_and_without_it_there_are_none),
        cmocka_unit_test(what_is_not_so_is_refused),
        cmocka_unit_test(every_cut_of_a_plan_is_refused),
        cmocka_unit_test(a_plan_that_nobody_would_read_is_not_written),
        cmocka_unit_test(operators_are_read_and_written),
        cmocka_unit_test(a_list_with_a_fault_is_none),
    };

    return cmocka_run_group_tests_name("cpa plan", tests, NULL, NULL);
}
