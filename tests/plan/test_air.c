/* SPDX-License-Identifier: Apache-2.0 */
/* The section 'air' of a plan: the card reads what was written in plain words, and every refusal
 * names file and line, what was wrong and what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "card/cpa/plan.h"
#include "tests/plan/small_plan.h"

static char *machine; /* the text of examples/plans/machine.yaml */

static int read_machine(void **state)
{
    FILE *file = fopen(example("plans/machine.yaml"), "r");
    long size;

    (void)state;
    if (!file || fseek(file, 0, SEEK_END))
        return 1;
    size = ftell(file);
    machine = calloc(1, (size_t)size + 1);
    rewind(file);
    return !machine || fread(machine, 1, (size_t)size, file) != (size_t)size || fclose(file);
}

static int free_machine(void **state)
{
    (void)state;
    free(machine);
    return 0;
}

/* --- Refusals --- */

static const struct row {
    const char *part, *by, *words, *cure;
} rows[] = {
    {"starts: [itself, air]", "starts: [@it, air]", "starts is 'it'", "menu, code, itself or air"},
    {"starts: [itself, air]", "starts: [air, @air]", "starts names 'air' twice", "keep one"},
    {"starts: [itself, air]", "starts: @[]", "starts has 0 elements", "1 to 4"},
    {"  starts: [itself, air]\n", "", "key 'starts' is missing", "add it"},
    {"bearer: packet", "bearer: @gprs", "bearer is 'gprs'", "sms or packet"},
    {"bearer: packet", "@baerer: packet", "unknown key 'baerer'", "did you mean 'bearer'?"},
    {"temporary: delete", "temporary: @forget", "temporary is 'forget'", "delete or keep"},
    {"temporary: delete", "packets: @des", "packets is 'des'", "aes or triple-des"},
    {"refusals: 5", "refusals: @21", "refusals is 21", "1 to 20"},
    {"refusals: 5", "refusals: 5\n  tries: @16", "tries is 16", "1 to 15"},
    {"wait: 30", "wait: @0", "wait is 0", "1 to 3600"},
    {"resends: 6", "resends: @11", "resends is 11", "0 to 10"},
    {"wait: 30\n  resends: 6", "wait: 3600\n  resends: 10", "is more than a day", "fewer resends"},
    {"curve: x25519", "curve: @p384", "curve is 'p384'", "p256 or x25519"},
    {"curve: x25519", "curve: x25519\n  agreement: @ecdh", "agreement is 'ecdh'", "edhoc or dh"},

    /* suites and groups */
    {"suites: [0]", "suites: [0, @2]", "suite 2 needs a key on curve p256", "0 or 1"},
    {"curve: x25519\n  suites: [0]", "suites: [@0]", "suite 0 needs a key on curve x25519",
     "2 or 3"},
    {"suites: [0]", "suites: [0, @0]", "suites names '0' twice", "keep one"},
    {"suites: [0]", "suites: [@4]", "suites is 4", "0 to 3"},
    {"suites: [0]", "groups: @[x25519]", "groups goes with agreement dh", "use 'suites'"},
    {"suites: [0]", "agreement: dh\n  suites: @[0]", "suites goes with agreement edhoc",
     "use 'groups'"},
    {"suites: [0]", "agreement: dh\n  groups: [@ffdhe1024]", "groups is 'ffdhe1024'",
     "did you mean 'ffdhe"},
    {"suites: [0]", "agreement: dh\n  groups: [x25519, @x25519]", "names 'x25519' twice",
     "keep one"},

    /* where the service is */
    {"address: 192.0.2.10", "address: @192.0.2.256", "address should be", "such as 192.0.2.1"},
    {"  address: 192.0.2.10\n", "", "key 'address' is missing", "bearer packet needs it"},
    {"  port: 7450\n", "", "key 'port' is missing", "bearer packet needs it"},
    {"port: 7450", "port: @65536", "port is 65536", "1 to 65535"},
    {"bearer: packet", "bearer: sms\n  operators: []", "operators has 0 elements", "1 to 8"},
    {"apn: personalization.example", "apn: @a..b", "apn should be", "with dots between"},
    {"apn: personalization.example", "apn: @über.example", "apn should be", "letters, digits"},
    {"service: \"+882990000001\"", "service: @\"++1\"", "service should be 1 to 20 decimal digits",
     "with + in front"},
    {"service: \"+882990000001\"", "service: @\"+123456789012345678901\"", "service should be",
     "1 to 20"},
    {"service: \"+882990000001\"", "service: \"1\"\n  centre: @nobody", "centre should be",
     "decimal digits"},
    {"bearer: packet", "bearer: sms\n  centre: \"1\"\n  title: @\"\"", "title is empty",
     "a single value"},

    /* words for people */
    {"confirm: no", "title: @Wähle", "title holds a character that not every terminal shows",
     "letters A-Z"},
    {"confirm: no", "title: @\"a title that is far too long\"", "title is longer than 24", "bytes"},
    {"confirm: no", "operator: @\"a b\"", "operator should be 1 to 32", "without blanks"},
    {"confirm: no", "operators: [{id: @\"a b\", name: A}]", "operators: 1: id should be",
     "without blanks"},
    {"confirm: no", "operators: [@{id: a}]", "operators: 1: key 'name' is missing", "add it"},
    {"confirm: no", "operators:\n  - {id: a, name: A}\n  - @{id: a, name: B}",
     "operators: 2: id 'a' is there twice", "once"},
    {"confirm: no", "operators:\n  - {id: a, name: A, code: 1}\n  - @{id: b, name: B, code: 1}",
     "code 1 is that of 'a' already", "another one"},
    {"confirm: no", "operators: [{id: a, name: A, code: @x}]", "code should be 1 to 16", "digits"},
    {"confirm: no", "confirm: @maybe", "confirm is 'maybe'", "yes"},

    /* what the maker's fields have to put */
    {"[{serial: yes}]", "[{secret: 9}]", "no item with 'made' writes the card's identifier",
     "serial: yes"},
    {"write: [{secret: 0}]", "write: [{secret: 9}]", "writes the admin code", "secret: 0"},
    {"write: [{secret: 2}]", "write: [{secret: 9}]", "authenticates packets", "secret: 2"},
    {"format: digits, length: 8, mandatory: yes, made: {value: code}",
     "format: digits, length: 3, mandatory: yes, made: {value: code}", "'admin_code'",
     "should have 4 to 16 digits"},
    {"made: {value: random}, write: [{secret: 1}]",
     "made: {value: random, column: cipher}, write: [{secret: 1}]", "column of item 'kic'",
     "should be 'kic'"},
    {", acc: 3F00/7FF0/6F78", "", "imsi_t should name EF.IMSI and EF.ACC", "'file' and 'acc'"},
};

static bool is_as_promised(const struct row *row)
{
    char path[64], prefix[100];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;
    char *text = replaced(machine, row->part, row->by);
    int line = take_mark(text);
    enum kb_err err = load_plan(text, strlen(text), path, &plan, &why);
    bool is_good;

    free(text);
    snprintf(prefix, sizeof prefix, line ? "%s:%d: " : "%s:", path, line);
    is_good = err && why.err == err && !strncmp(why.text, prefix, strlen(prefix)) &&
              strstr(why.text, "air") && strstr(why.text, row->words) &&
              strstr(why.text, row->cure);
    if (!is_good)
        print_error("by: %s\n  wanted %s... %s ... %s\n  got %s\n", row->by, prefix, row->words,
                    row->cure, err ? why.text : "no refusal");
    kb_plan_free(plan);
    return is_good;
}

static void each_refusal_names_file_line_and_cure(void **state)
{
    size_t broken = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        broken += !is_as_promised(&rows[i]);
    assert_int_equal(broken, 0);
}

/* --- What the card reads --- */

static struct kb_plan *load(const char *text)
{
    char path[64];
    struct kb_report why = {0};
    struct kb_plan *plan = NULL;

    if (load_plan(text, strlen(text), path, &plan, &why))
        fail_msg("%s", why.text);
    return plan;
}

static struct kb_cpa_plan read_plan(const struct kb_plan *plan)
{
    struct kb_cpa_plan out;

    assert_true(plan->air.is_there);
    assert_int_equal(kb_cpa_plan_read(kb_span(plan->air.bytes, plan->air.len), &out), KB_OK);
    return out;
}

static void expect_text(struct kb_span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.data, text, span.len);
}

static void a_machine_is_as_its_plan_says(void **state)
{
    static const uint8_t address[] = {192, 0, 2, 10};
    struct kb_plan *plan = load(machine);
    struct kb_cpa_plan air = read_plan(plan);

    (void)state;
    assert_int_equal(air.starts, KB_CPA_BY_ITSELF | KB_CPA_BY_AIR);
    assert_int_equal(air.bearer, KB_CPA_PACKET);
    assert_false(air.asks_user);
    assert_false(air.keeps_temporary);
    assert_false(air.has_old_keys);
    assert_int_equal(air.refusals, 5);
    assert_int_equal(air.tries, 3);
    assert_int_equal(air.agreement, KB_SESSION_EDHOC);
    assert_int_equal(air.suite_count, 1);
    assert_int_equal(air.suites[0], 0);
    assert_int_equal(air.wait_s, 30);
    assert_int_equal(air.resends, 6);
    expect_text(air.service, "+882990000001");
    expect_text(air.apn, "personalization.example");
    assert_int_equal(air.address.len, 4);
    assert_memory_equal(air.address.data, address, 4);
    assert_int_equal(air.port, 7450);
    expect_text(air.operator, "");
    expect_text(air.centre, "");
    assert_int_equal(plan->air.curve, KB_CURVE_X25519);
    assert_true(plan->air.has_credential);
    assert_int_equal(plan->air.operators_len, 0);
    kb_plan_free(plan);
}

static void what_a_plan_does_not_say_has_a_default(void **state)
{
    static const char bare[] = "air:\n  starts: [menu]\n  service: \"123\"\n";
    char *at = strstr(machine, "\nair:") + 1, *text;
    struct kb_cpa_plan air;
    struct kb_plan *plan;

    (void)state;
    text = calloc(1, strlen(machine) + sizeof bare);
    memcpy(text, machine, (size_t)(at - machine));
    strcat(text, bare);
    plan = load(text);
    air = read_plan(plan);
    assert_int_equal(air.bearer, KB_CPA_SMS);
    assert_true(air.asks_user);
    assert_true(air.keeps_temporary);
    assert_false(air.has_old_keys);
    assert_int_equal(air.refusals, 3);
    assert_int_equal(air.tries, 3);
    assert_int_equal(air.agreement, KB_SESSION_EDHOC);
    assert_int_equal(air.suite_count, 2);
    assert_int_equal(air.suites[0], 2);
    assert_int_equal(air.suites[1], 3);
    assert_int_equal(air.wait_s, 60);
    assert_int_equal(air.resends, 4);
    expect_text(air.title, "Choose an operator");
    assert_int_equal(plan->air.curve, KB_CURVE_P256);
    kb_plan_free(plan);
    free(text);
}

static void packets_are_under_triple_des_where_a_plan_says_so_and_nowhere_else(void **state)
{
    static const char *const words[] = {"aes", "triple-des"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char by[64], *text;
        struct kb_plan *plan;

        snprintf(by, sizeof by, "refusals: 5\n  packets: %s", words[i]);
        text = replaced(machine, "refusals: 5", by);
        plan = load(text);
        assert_int_equal(read_plan(plan).has_old_keys, i);
        kb_plan_free(plan);
        free(text);
    }
}

/* Numbers of the IANA registry TLS Supported Groups. */
static void groups_of_dh_have_their_numbers(void **state)
{
    static const int16_t numbers[] = {256, 29, 258, 23, 257};
    char *text =
        replaced(machine, "suites: [0]",
                 "agreement: dh\n  groups: [ffdhe2048, x25519, ffdhe4096, secp256r1, ffdhe3072]");
    struct kb_plan *plan = load(text);
    struct kb_cpa_plan air = read_plan(plan);

    (void)state;
    assert_int_equal(air.agreement, KB_SESSION_DH);
    assert_int_equal(air.suite_count, 5);
    assert_memory_equal(air.suites, numbers, sizeof numbers);
    assert_false(plan->air.has_credential);
    kb_plan_free(plan);
    free(text);
}

static void an_address_may_be_of_ipv6(void **state)
{
    static const uint8_t address[16] = {0x20, 0x01, 0x0D, 0xB8, [15] = 7};
    char *text = replaced(machine, "address: 192.0.2.10", "address: \"2001:db8::7\"");
    struct kb_plan *plan = load(text);
    struct kb_cpa_plan air = read_plan(plan);

    (void)state;
    assert_int_equal(air.address.len, 16);
    assert_memory_equal(air.address.data, address, 16);
    kb_plan_free(plan);
    free(text);
}

static void a_card_offers_the_operators_of_its_plan(void **state)
{
    struct kb_cpa_operator operators[KB_SESSION_OPERATORS];
    char *text =
        replaced(machine, "confirm: no",
                 "operator: 001-01\n  operators:\n  - {id: 001-01, name: North, code: 12}\n"
                 "  - {id: 001-02, name: \"South (2)\"}");
    struct kb_plan *plan = load(text);

    (void)state;
    expect_text(read_plan(plan).operator, "001-01");
    assert_int_equal(
        kb_cpa_operators_read(kb_span(plan->air.operators, plan->air.operators_len), operators), 2);
    expect_text(operators[0].id_o, "001-01");
    expect_text(operators[0].name, "North");
    expect_text(operators[0].code, "12");
    expect_text(operators[1].name, "South (2)");
    expect_text(operators[1].code, "");
    kb_plan_free(plan);
    free(text);
}

static void a_plan_without_the_section_has_none(void **state)
{
    struct kb_plan *plan = load(small_plan);

    (void)state;
    assert_false(plan->air.is_there);
    assert_false(plan->air.has_credential);
    assert_int_equal(plan->air.len, 0);
    kb_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_names_file_line_and_cure),
        cmocka_unit_test(a_machine_is_as_its_plan_says),
        cmocka_unit_test(what_a_plan_does_not_say_has_a_default),
        cmocka_unit_test(packets_are_under_triple_des_where_a_plan_says_so_and_nowhere_else),
        cmocka_unit_test(groups_of_dh_have_their_numbers),
        cmocka_unit_test(an_address_may_be_of_ipv6),
        cmocka_unit_test(a_card_offers_the_operators_of_its_plan),
        cmocka_unit_test(a_plan_without_the_section_has_none),
    };

    return cmocka_run_group_tests(tests, read_machine, free_machine);
}
