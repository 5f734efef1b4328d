/* SPDX-License-Identifier: Apache-2.0 */
/* A batch is checked whole before any card is touched; what is wrong is named by file, line and
 * column, and no message repeats a value that may be a secret. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

/* The bureau's tables for two cards that do not exist: errors come before any card is opened. */
static int set_up(void **state)
{
    (void)state;
    rig_enter();
    rig_make_cards(2);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_leave();
    return 0;
}

#define KI     "465B5CE8B199B49FAA5F0A2EE238A6BC"
#define OPC    "CD63CB71954A9F4E48A5994E37A02BAF"
#define FIRST  "8900101000000000019"
#define SECOND "8900101000000000027"

/* Runs with this batch: the error, and that it changed nothing. */
static void expect(const char *batch, enum kb_err err, const char *words)
{
    struct kb_bureau_options options = rig_bureau();
    struct kb_bureau_summary summary;
    struct kb_report why = {0};
    size_t before, after;
    char *card = rig_read("cards/" FIRST ".card", &before), *again;

    rig_write("batch.csv", batch);
    assert_int_equal(kb_bureau_run(&options, &summary, &why), err);
    assert_string_equal(why.text, words);
    again = rig_read("cards/" FIRST ".card", &after);
    assert_int_equal(before, after);
    assert_memory_equal(card, again, before);
    free(card);
    free(again);
}

static void test_columns_are_items_of_the_field(void **state)
{
    (void)state;
    expect("iccid,imsi,ki,opc,colour\n", KB_ERR_ABSENT,
           "batch.csv:1: column colour is no item of the field telecom");
    expect("iccid,ki,opc\n", KB_ERR_ABSENT, "batch.csv:1: the mandatory item imsi has no column");
    expect("iccid,imsi,ki\n", KB_ERR_ABSENT,
           "batch.csv:1: the mandatory item opc has no column (or ask for generated keys)");
}

static void test_values_keep_the_limits_of_the_entity_view(void **state)
{
    static const struct {
        const char *row;
        enum kb_err err;
        const char *words;
    } cases[] = {
        {FIRST ",0010100000000011,," KI "," OPC, KB_ERR_RANGE,
         "batch.csv:2: imsi: 16 digits, should be at most 15"},
        {FIRST ",00101,," KI "," OPC, KB_ERR_RANGE,
         "batch.csv:2: imsi: 5 digits, should be at least 14"},
        {FIRST ",00101000000000A,," KI "," OPC, KB_ERR_MALFORMED,
         "batch.csv:2: imsi: should be digits only"},
        {FIRST ",,," KI "," OPC, KB_ERR_ABSENT,
         "batch.csv:2: imsi: is mandatory, and missing here"},
        {FIRST ",001010000000001,," KI "00," OPC, KB_ERR_RANGE,
         "batch.csv:2: ki: 17 bytes, should be at most 16"},
        {FIRST ",001010000000001,,46," OPC, KB_ERR_RANGE,
         "batch.csv:2: ki: 1 bytes, should be at least 16"},
        {FIRST ",001010000000001,,X" KI "," OPC, KB_ERR_MALFORMED,
         "batch.csv:2: ki: should be hexadecimal bytes, at most 1000"},
        {FIRST ",001010000000001,,00000000000000000000000000000000," OPC, KB_ERR_RULE,
         "batch.csv:2: ki: all bytes are the same"},
        {FIRST ",001010000000001,+46A," KI "," OPC, KB_ERR_MALFORMED,
         "batch.csv:2: smsp: should be a telephone number like +46700000000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char batch[512];

        snprintf(batch, sizeof batch, "iccid,imsi,smsp,ki,opc\n%s\n", cases[i].row);
        expect(batch, cases[i].err, cases[i].words);
    }
}

static void test_the_identifier_of_a_card_has_its_check_digit(void **state)
{
    (void)state;
    expect("iccid,imsi,ki,opc\n8900101000000000013,001010000000001," KI "," OPC "\n",
           KB_ERR_CHECK_DIGIT, "batch.csv:2: iccid: check digit is 3, should be 9");
    expect("iccid,imsi,ki,opc\n1,001010000000001," KI "," OPC "\n", KB_ERR_RANGE,
           "batch.csv:2: iccid: should be 18 to 20 digits");
}

static void test_a_card_has_one_row_and_one_code(void **state)
{
    (void)state;
    expect("iccid,imsi,ki,opc\n" FIRST ",001010000000001," KI "," OPC "\n" SECOND
           ",001010000000002," KI "," OPC "\n" FIRST ",001010000000003," KI "," OPC "\n",
           KB_ERR_EXISTS, "batch.csv:4: iccid: " FIRST " is there already, on line 2");
    expect("iccid,imsi,ki,opc\n" FIRST ",001010000000001," KI "," OPC "\n" SECOND
           ",001010000000001," KI "," OPC "\n",
           KB_ERR_EXISTS, "batch.csv:3: imsi: 001010000000001 is there already, on line 2");
    expect("iccid,imsi,ki,opc\n8900101000000000035,001010000000001," KI "," OPC "\n", KB_ERR_ABSENT,
           "batch.csv:2: iccid: 8900101000000000035: cards/handover.csv: no perso code for it and "
           "the field telecom");
    expect("imsi,ki,opc\n001010000000001," KI "," OPC "\n001010000000002," KI "," OPC
           "\n001010000000003," KI "," OPC "\n",
           KB_ERR_ABSENT, "batch.csv:4: cards/handover.csv has no card left for this row");
}

static void test_a_code_is_sixteen_bytes_of_one_card(void **state)
{
    static const char batch[] = "iccid,imsi,ki,opc\n" FIRST ",001010000000001," KI "," OPC "\n";
    char *kept = rig_read("cards/handover.csv", NULL);

    (void)state;
    rig_write("cards/handover.csv", "iccid,field,perso_code\n" FIRST ",telecom,00112233\n");
    expect(batch, KB_ERR_MALFORMED,
           "cards/handover.csv:2: perso_code: should be 32 hexadecimal digits");
    rig_write("cards/handover.csv",
              "iccid,field,perso_code\n" FIRST ",telecom,00112233445566778899AABBCCDDEEFF\n" FIRST
              ",telecom,00112233445566778899AABBCCDDEEFF\n");
    expect(batch, KB_ERR_EXISTS,
           "cards/handover.csv:3: iccid: " FIRST " is there already, on line 2");
    rig_write("cards/handover.csv", "iccid,perso_code\n");
    expect(batch, KB_ERR_ABSENT, "cards/handover.csv:1: there is no column field");
    rig_write("cards/handover.csv", kept);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_items_of_the_field),
        cmocka_unit_test(test_values_keep_the_limits_of_the_entity_view),
        cmocka_unit_test(test_the_identifier_of_a_card_has_its_check_digit),
        cmocka_unit_test(test_a_card_has_one_row_and_one_code),
        cmocka_unit_test(test_a_code_is_sixteen_bytes_of_one_card),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
