/* SPDX-License-Identifier: Apache-2.0 */
/* What a semi-finished card and the tables beside it hold. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/diversify.h"
#include "desk/authenticate.h"
#include "desk/csv.h"
#include "desk/talk.h"
#include "rig.h"
#include "wire/hex.h"

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

static struct kb_factory_summary make(const struct kb_factory_options *options)
{
    struct kb_factory_summary summary;
    struct kb_report why = {0};

    if (kb_factory_make(options, &summary, &why))
        fail_msg("%s", why.text);
    return summary;
}

static void expect_refusal(const struct kb_factory_options *options, enum kb_err err,
                           const char *words)
{
    struct kb_factory_summary summary;
    struct kb_report why = {0};

    assert_int_equal(kb_factory_make(options, &summary, &why), err);
    assert_string_equal(why.text, words);
}

/* A value of the row of card n in a table. */
static void look_up(const char *table, uint64_t n, const char *column, char *out, size_t size)
{
    struct kb_report why = {0};
    struct kb_csv *csv;
    bool is_row = false;
    size_t at = 0;

    assert_int_equal(kb_csv_open(table, &csv, &why), KB_OK);
    assert_int_equal(kb_csv_need(csv, column, &at, &why), KB_OK);
    for (uint64_t i = 0; i < n; i++)
        assert_int_equal(kb_csv_next(csv, &is_row, &why), KB_OK);
    assert_true(is_row);
    snprintf(out, size, "%s", kb_csv_text(csv, at));
    kb_csv_close(csv);
}

static void look_up_bytes(const char *table, const char *column, uint8_t out[16])
{
    char hex[64];
    size_t len;

    look_up(table, 1, column, hex, sizeof hex);
    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), out, 16, &len), KB_OK);
    assert_int_equal(len, 16);
}

static struct kb_reader *power_up_card(uint64_t n)
{
    struct kb_reader *reader;
    struct kb_report why = {0};
    char path[64];

    snprintf(path, sizeof path, "cards/%s.card", rig_iccid(n));
    if (kb_reader_open_file(path, &reader, &why) || kb_talk_power_up(reader, &why))
        fail_msg("%s", why.text);
    return reader;
}

static void expect_file(struct kb_reader *reader, const char *path, const char *content)
{
    static const uint8_t select[4] = {0x00, 0xA4, 0x08, 0x0C}, read[4] = {0x00, 0xB0, 0, 0};
    struct kb_answer answer;
    uint8_t fids[8];
    char hex[64];
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(path, strlen(path)), fids, sizeof fids, &len), KB_OK);
    assert_int_equal(kb_talk_ok(reader, path, select, kb_span(fids, len), false, &answer, NULL),
                     KB_OK);
    assert_int_equal(kb_talk_ok(reader, path, read, kb_span(NULL, 0), true, &answer, NULL), KB_OK);
    kb_hex_encode(kb_span(answer.data, answer.len), hex);
    assert_string_equal(hex, content);
}

/* TS 102 221 clause 13.2: swapped digits, the last one with F; TS 31.102 clauses 4.2.2, 4.2.15. */
static void test_a_new_card_shows_its_number_and_temporary_identity(void **state)
{
    struct kb_reader *reader;

    (void)state;
    rig_make_cards(1);
    reader = power_up_card(1);
    expect_file(reader, "2FE2", "980001010000000010F9");
    expect_file(reader, "7FF06F07", "089910070000000010");
    expect_file(reader, "7FF06F78", "0002");
    reader->ops->close(reader);
}

/* The servers over the air find in bootstrap.csv what the card has. */
static void test_a_new_card_authenticates_with_its_temporary_keys(void **state)
{
    struct kb_subscriber_keys keys = {.pin1 = kb_span(NULL, 0)};
    struct kb_reader *reader;
    struct kb_report why = {0};
    char text[64];
    uint64_t seq;

    (void)state;
    rig_make_cards(1);
    look_up("cards/bootstrap.csv", 1, "idsc", text, sizeof text);
    assert_string_equal(text, rig_iccid(1));
    look_up("cards/bootstrap.csv", 1, "imsi_t", text, sizeof text);
    assert_string_equal(text, "901700000000001");
    look_up("cards/bootstrap.csv", 1, "admin_code", text, sizeof text);
    assert_int_equal(strspn(text, "0123456789"), 8);
    look_up_bytes("cards/bootstrap.csv", "ak_t", keys.ki);
    look_up_bytes("cards/bootstrap.csv", "opc_t", keys.opc);
    reader = power_up_card(1);
    if (kb_authenticate(reader, &kb_crypto_openssl, &keys, &seq, &why))
        fail_msg("%s", why.text);
    reader->ops->close(reader);
}

/* docs/apdu.md clause 2: afterwards 6985; new files need the right to create them. */
static void test_the_makers_commands_are_over(void **state)
{
    static const uint8_t commands[][4] = {
        {0x80, 0x44, 0, 2}, {0x80, 0x46, 0x80, 0}, {0x80, 0xF0, 0x80, 0x0F}};
    static const uint8_t create[4] = {0x00, 0xE0, 0x00, 0x00};
    static const uint8_t fcp[] = {0x62, 0x0F, 0x82, 0x02, 0x41, 0x21, 0x83, 0x02, 0x6F,
                                  0x99, 0x8A, 0x01, 0x05, 0x80, 0x02, 0x00, 0x01};
    struct kb_answer answer;
    struct kb_reader *reader;

    (void)state;
    rig_make_cards(1);
    reader = power_up_card(1);
    for (size_t i = 0; i < 3; i++) {
        struct kb_span data = kb_span("1", i == 2 ? 0 : 1);

        assert_int_equal(kb_talk(reader, commands[i], data, false, &answer, NULL), KB_OK);
        assert_int_equal(answer.sw, 0x6985);
    }
    assert_int_equal(kb_talk(reader, create, kb_span(fcp, sizeof fcp), false, &answer, NULL),
                     KB_OK);
    assert_int_equal(answer.sw, 0x6982);
    reader->ops->close(reader);
}

/* Only fields that are the entity's; the factory's own code is forgotten. */
static void test_the_handover_has_a_code_for_each_field_of_the_entity(void **state)
{
    char *text;

    (void)state;
    rig_make_cards(3);
    text = rig_read("cards/handover.csv", NULL);
    assert_null(strstr(text, "bootstrap"));
    assert_non_null(strstr(text, ",telecom,"));
    free(text);
}

static void test_codes_from_a_master_are_those_of_the_derivation(void **state)
{
    static const uint8_t master[KB_MASTER_KEY] = {0x42};
    struct kb_factory_options options = rig_factory(2);
    uint8_t expected[16], code[16];

    (void)state;
    options.master = master;
    make(&options);
    look_up_bytes("cards/handover.csv", "perso_code", code);
    assert_int_equal(kb_diversify(&kb_crypto_mbedtls, master, sizeof master, "perso code telecom",
                                  kb_span(rig_iccid(1), 19), expected, sizeof expected),
                     KB_OK);
    assert_memory_equal(code, expected, sizeof code);
}

static void test_a_larger_batch_adds_to_a_smaller_one(void **state)
{
    struct kb_factory_options options = rig_factory(2);
    struct kb_factory_summary summary;

    (void)state;
    make(&options);
    options.count = 5;
    summary = make(&options);
    assert_int_equal(summary.skipped, 2);
    assert_int_equal(summary.made, 3);
    assert_string_equal(summary.first, rig_iccid(3));
    options.has_first = true;
    options.first = 100;
    options.count = 1;
    summary = make(&options);
    assert_string_equal(summary.first, rig_iccid(100));
}

static void test_numbers_stay_in_their_range(void **state)
{
    struct kb_factory_options options = rig_factory(1);

    (void)state;
    options.has_first = true;
    options.first = 100000000000;
    expect_refusal(
        &options, KB_ERR_RANGE,
        "iccid: serial number 100000000000 has more than the 11 digits that prefix 8900101 leaves");
    options.first = 10000000000;
    expect_refusal(&options, KB_ERR_RANGE,
                   "temporary imsi: serial number 10000000000 has more than the 10 digits that "
                   "prefix 90170 leaves");
}

static void test_what_a_killed_run_left_is_swept_away(void **state)
{
    static const char *const left[] = {"cards/.8900101000000000027.partial", "cards/.model.partial",
                                       "cards/.model.partial.a1B2c3"};
    struct kb_factory_options options = rig_factory(1);

    (void)state;
    make(&options);
    rig_write("cards/.partially-mine", "");
    for (size_t i = 0; i < 3; i++)
        rig_write(left[i], "cut short");
    options.count = 2;
    make(&options);
    for (size_t i = 0; i < 3; i++)
        assert_false(rig_has(left[i]));
    assert_true(rig_has("cards/.partially-mine"));
    assert_true(rig_has("cards/8900101000000000027.card"));
}

/* Not one card is made of a batch whose last card would have no number. */
static void test_a_batch_whose_end_has_no_numbers_is_not_begun(void **state)
{
    struct kb_factory_options options = rig_factory(2);

    (void)state;
    options.has_first = true;
    options.first = 9999999999;
    expect_refusal(&options, KB_ERR_RANGE,
                   "temporary imsi: serial number 10000000000 has more than the 10 digits that "
                   "prefix 90170 leaves");
    assert_false(rig_has("cards"));
}

static void test_a_folder_is_of_one_plan(void **state)
{
    struct kb_factory_options options = rig_factory(1);

    (void)state;
    make(&options);
    options.plan = KB_SOURCE "/examples/plans/three-fields.yaml";
    expect_refusal(&options, KB_ERR_EXISTS,
                   "cards/entity.yaml: the folder holds cards of another plan");
}

static void test_two_factories_do_not_share_a_folder(void **state)
{
    struct kb_factory_options options = rig_factory(1);
    int folder;

    (void)state;
    make(&options);
    folder = open("cards", O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(folder, LOCK_EX), 0);
    expect_refusal(&options, KB_ERR_EXISTS, "cards: another factory is at work here");
    close(folder);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_a_new_card_shows_its_number_and_temporary_identity),
        DESK_TEST(test_a_new_card_authenticates_with_its_temporary_keys),
        DESK_TEST(test_the_makers_commands_are_over),
        DESK_TEST(test_the_handover_has_a_code_for_each_field_of_the_entity),
        DESK_TEST(test_codes_from_a_master_are_those_of_the_derivation),
        DESK_TEST(test_a_larger_batch_adds_to_a_smaller_one),
        DESK_TEST(test_numbers_stay_in_their_range),
        DESK_TEST(test_what_a_killed_run_left_is_swept_away),
        DESK_TEST(test_a_batch_whose_end_has_no_numbers_is_not_begun),
        DESK_TEST(test_a_folder_is_of_one_plan),
        DESK_TEST(test_two_factories_do_not_share_a_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
