/* SPDX-License-Identifier: Apache-2.0 */
/* GET PERSO STATE (docs/apdu.md 3): states, tries and names, never values or places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/perso/sample.h"
#include "wire/hex.h"
#include "wire/tlv.h"

enum { PUT = 0x80480000 };

static struct rig rig, made;
static struct builder builder;

static int make_card(void **state)
{
    (void)state;
    sample_begin(&made, &builder);
    return 0;
}

/* A fresh card in PERSO of the first field. */
static void start(void)
{
    sample_start(&rig, &made);
    sample_open(&rig);
}

static void expect_answer(const char *hex)
{
    uint8_t expected[1024];
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), expected, sizeof expected, &len),
                     KB_OK);
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x9000);
    assert_int_equal(rig.response_len - 2, len);
    assert_memory_equal(rig.response, expected, len);
}

static void the_state_tells_names_and_never_places(void **state)
{
    (void)state;
    start();
    assert_true(rig_power(&rig));
    /* before any ENABLE */
    expect_answer("E11B 5A00 80010F"
                  "A109 800100 810100 820103"
                  "A109 800102 810100 820101");
    sample_open(&rig);
    /* mandatory ones among the missing first: imsi, ki; then opc, spn, pin, puk, long, smsp, serial
     */
    expect_answer("E151 5A00 80010F"
                  "A13F 800100 810103 820103 A300 A432 8D04696D7369 8D026B69 8C036F7063 8C0373706E"
                  " 8C0370696E 8C0370756B 8C046C6F6E67 8C04736D7370 8C0673657269616C"
                  "A109 800102 810100 820101");
    sample_put_mandatory(&rig);
    assert_int_equal(sample_send_hex(&rig, PUT, "8307 4B6579626F726E"), 0x9000);
    expect_answer(
        "E151 5A00 80010F"
        "A13F 800100 810103 820103 A30F 8C04696D7369 8C026B69 8C0373706E"
        " A423 8C036F7063 8C0370696E 8C0370756B 8C046C6F6E67 8C04736D7370 8C0673657269616C"
        "A109 800102 810100 820101");
    assert_int_equal(sample_send(&rig, 0x804A0000, NULL, 0), 0x9000);
    assert_true(rig_power(&rig));
    /* a locked field goes on telling what it has */
    expect_answer(
        "E151 5A00 80010F"
        "A13F 800100 810104 820103 A30F 8C04696D7369 8C026B69 8C0373706E"
        " A423 8C036F7063 8C0370696E 8C0370756B 8C046C6F6E67 8C04736D7370 8C0673657269616C"
        "A109 800102 810100 820101");
    sample_open_second(&rig);
    expect_answer(
        "E135 5A00 80010F"
        "A109 800100 810104 820103"
        "A123 800102 810103 820101 A300 A416 8D0567726F7570 8C06736563726574 8C05736C696365");
    assert_int_equal(sample_send_hex(&rig, 0x804C0000, "00"), 0x6700);
}

static void the_state_tells_the_identifier(void **state)
{
    (void)state;
    start();
    assert_int_equal(sample_send_hex(&rig, PUT, "8614 3839303134313033323131313138353130373230"),
                     0x9000);
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x9000);
    assert_memory_equal(rig.response + 2,
                        "\x5A\x14"
                        "89014103211118510720\x80\x01\x0F",
                        25);
}

/* Two locked fields of 300 and 750 bytes of names: the second one's find no room. */
static void names_of_locked_fields_are_told_while_they_fit(void **state)
{
    struct kb_span whole, lists;

    (void)state;
    sample_plan(&builder);
    for (size_t i = ITEM_IMSI; i <= ITEM_SLICE; i++) {
        char name[33];
        uint16_t offset;

        memset(name, 'a' + (int)i, 32);
        name[i < ITEM_GROUP ? 32 : 31] = 0;
        offset = builder_name(&builder, name);
        builder.rows[BUILDER_ITEMS][i][11] = (uint8_t)(offset >> 8);
        builder.rows[BUILDER_ITEMS][i][12] = (uint8_t)offset;
    }
    builder.rows[BUILDER_FIELDS][1][3] += 20;
    for (uint8_t i = 0; i < 20; i++) {
        size_t name = builder.names_len - 32; /* the last one once more */
        const uint8_t item[14] = {
            0x02,         i, 0, 0, 0, 1, 0, 1, 0, (uint8_t)(13 + i), 1, (uint8_t)(name >> 8),
            (uint8_t)name};
        const uint8_t write[18] = {[1] = 1, [4] = (uint8_t)(4 + i), [15] = 1};

        builder_add(&builder, BUILDER_ITEMS, item);
        builder_add(&builder, BUILDER_WRITES, write);
    }
    sample_make(&rig, &builder);
    sample_open(&rig);
    sample_put_mandatory(&rig);
    assert_int_equal(sample_send(&rig, 0x804A0000, NULL, 0), 0x9000);
    assert_true(rig_power(&rig));
    sample_open_second(&rig);
    assert_int_equal(sample_send_hex(&rig, 0x84E20000, "010101 00"), 0x9000);
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x9000);
    assert_true(rig.response_len > 750); /* the enabled field's are always told */
    assert_int_equal(sample_send(&rig, 0x804A0000, NULL, 0), 0x9000);
    assert_true(rig_power(&rig));
    assert_int_equal(sample_send_le(&rig, 0x804C0000), 0x9000);
    assert_true(kb_tlv_find(kb_span(rig.response, rig.response_len - 2), 0xE1, &whole));
    assert_true(kb_tlv_find(whole, 0xA1, &lists) && kb_tlv_find(lists, 0xA3, &lists));
    assert_int_equal(whole.data[whole.len - 11], 0xA1); /* the second one ends behind its tries */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_state_tells_names_and_never_places),
        cmocka_unit_test(the_state_tells_the_identifier),
        cmocka_unit_test(names_of_locked_fields_are_told_while_they_fit),
    };

    return cmocka_run_group_tests(tests, make_card, NULL);
}
