/* SPDX-License-Identifier: Apache-2.0 */
/* PUT PERSO DATA (docs/apdu.md 3): where values go, what is refused, and that
 * a command is taken whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/perso/sample.h"
#include "wire/hex.h"

enum { PUT = 0x80480000 };

static struct rig rig, made;
static struct builder builder;

static int make_card(void **state)
{
    (void)state;
    sample_begin(&made, &builder);
    return 0;
}

/* A fresh card in PERSO of the first field, or of the second one. */
static void start(void)
{
    sample_start(&rig, &made);
    sample_open(&rig);
}

static void start_second(void)
{
    start();
    assert_true(rig_power(&rig));
    sample_open_second(&rig);
}

static void expect_file(uint16_t fid, size_t offset, const char *hex)
{
    uint8_t expected[1024], found[1024];
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), expected, sizeof expected, &len),
                     KB_OK);
    sample_read_file(&rig, fid, offset, found, len);
    assert_memory_equal(found, expected, len);
}

static void expect_object(uint16_t object, const char *hex)
{
    uint8_t expected[64], found[64];
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), expected, sizeof expected, &len),
                     KB_OK);
    assert_int_equal(kb_nvm_size(&rig.card.nvm, object), len);
    assert_int_equal(kb_nvm_read(&rig.card.nvm, object, 0, found, len), KB_OK);
    assert_memory_equal(found, expected, len);
}

static void values_find_their_places_in_the_formats_of_the_files(void **state)
{
    (void)state;
    start();
    sample_put_mandatory(&rig);
    expect_file(0x6F07, 0, "082926102143658709"); /* EF.IMSI */
    expect_file(0x6F78, 0, "0001");               /* EF.ACC */
    expect_object(KB_OBJ_KI + 1, "000102030405060708090A0B0C0D0E0F");
    assert_int_equal(sample_send_hex(&rig, PUT,
                                     "8210 0F0E0D0C0B0A09080706050403020100"
                                     "8307 4B6579626F726E"
                                     "DF210D 2B343931373130373630303030"
                                     "8614 3839303134313033323131313138353130373230"),
                     0x9000);
    expect_object(KB_OBJ_OPC + 1, "0F0E0D0C0B0A09080706050403020100");
    expect_file(0x6F46, 0, "014B6579626F726EFFFFFFFFFFFFFFFFFF"); /* EF.SPN */
    /* EF.SMSP: first record untouched, second one behind two bytes of its name */
    expect_file(0x6F42, 28, "FFFFFFFF FDFFFFFFFFFFFFFFFFFFFFFFFF 0791947101670000FFFFFFFF FFFFFF");
    expect_object(KB_OBJ_SERIAL, "3839303134313033323131313138353130373230");
}

static void codes_of_the_user_come_with_fresh_tries(void **state)
{
    (void)state;
    start();
    assert_int_equal(sample_send_hex(&rig, 0x00200001, "39393939FFFFFFFF"), 0x63C2);
    assert_int_equal(sample_send_hex(&rig, PUT, "8404 37373737 8508 3838383838383838"), 0x9000);
    assert_int_equal(sample_send_hex(&rig, 0x00200001, "31323334FFFFFFFF"), 0x63C2);
    assert_int_equal(sample_send_hex(&rig, 0x00200001, "37373737FFFFFFFF"), 0x9000);
    assert_int_equal(sample_send_hex(&rig, 0x002C0001, "3838383838383838 36363636FFFFFFFF"),
                     0x9000);
    assert_int_equal(sample_send_hex(&rig, 0x00200001, "36363636FFFFFFFF"), 0x9000);
}

static void a_new_key_starts_with_new_sequence_numbers(void **state)
{
    const uint8_t sqn[6] = {0, 0, 0, 0, 1, 0};

    (void)state;
    start();
    assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_SQN + 32, sqn, sizeof sqn), KB_OK);
    assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_SQN, sqn, sizeof sqn), KB_OK);
    sample_put_mandatory(&rig);
    assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_SQN + 32));
    assert_true(kb_nvm_has(&rig.card.nvm, KB_OBJ_SQN)); /* of the other subscription */
}

/* Which subscription authenticates depends on both keys being there. */
static void authentication_looks_again_after_a_put(void **state)
{
    (void)state;
    start();
    rig.card.sim.is_loaded = true;
    assert_int_equal(sample_send_hex(&rig, PUT, "8210 0F0E0D0C0B0A09080706050403020100"), 0x9000);
    assert_false(rig.card.sim.is_loaded);
}

static void items_can_be_replaced_until_lock(void **state)
{
    (void)state;
    start();
    assert_int_equal(sample_send_hex(&rig, PUT, "8305 4669727374"), 0x9000);
    assert_int_equal(sample_send_hex(&rig, PUT, "8303 4E6577"), 0x9000);
    expect_file(0x6F46, 0, "014E6577FFFFFFFFFFFFFFFFFFFFFFFFFF");
    assert_true(rig_power(&rig));
    sample_open(&rig);
    assert_int_equal(sample_send_hex(&rig, PUT, "8300"), 0x9000);
    expect_file(0x6F46, 0, "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
}

/* What is refused leaves the item in front of it, which was right, unwritten. */
static void a_refused_item_keeps_the_others_out(void **state)
{
    static const struct {
        const char *data;
        uint16_t sw;
    } rows[] = {
        {"8303 4E6577 8704 00000000", 0x6A88},                             /* unknown item */
        {"8303 4E6577 01020101", 0x6A88},                                  /* another field's */
        {"8303 4E6577 DF22 00", 0x6A88},                                   /* unknown, two bytes */
        {"8303 4E6577 9F811001 00", 0x6A88},                               /* three bytes */
        {"8303 4E6577 8005 3236323031", 0x6A80},                           /* too short */
        {"8303 4E6577 8010 32363230313132333435363738393031", 0x6A80},     /* too long */
        {"8303 4E6577 8006 32363230313A", 0x6A80},                         /* no digits */
        {"8303 4E6577 8110 00000000000000000000000000000000", 0x6A80},     /* flat */
        {"8303 4E6577 8612 383930313431303332313131313835313037", 0x6A80}, /* check digit */
        {"8303 4E6577 8301 41", 0x6A80},                                   /* twice */
        {"8006 303031303130 8302 C328", 0x6A80},                           /* no UTF-8 */
        {"8006 303031303130 8311 4142434445464748494A4B4C4D4E4F5051", 0x6A80}, /* no room */
        {"8006 303031303130 DF2102 2B2B", 0x6A80},                             /* no number */
        {"8303 4E6577 80", 0x6A80},        /* cut behind the tag */
        {"8303 4E6577 8006 3030", 0x6A80}, /* cut in the value */
        {"8303 4E6577 80FF 00", 0x6A80},   /* no length */
        {"8303 4E6577 00", 0x6A80},        /* no tag */
        {"", 0x6700},
    };

    (void)state;
    start();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t sw = sample_send_hex(&rig, PUT, rows[i].data);

        if (sw != rows[i].sw)
            fail_msg("%s gets %04X", rows[i].data, sw);
        assert_int_equal(rig.response_len, 2);
        expect_file(0x6F46, 0, "FFFFFFFF");
        expect_file(0x6F07, 0, "FFFFFFFF");
    }
    assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_PERSO_PRESENT));
}

/* 600 bytes fill their file, fewer are padded, more are refused. */
static void long_items_come_in_chains_or_extended(void **state)
{
    uint8_t data[1100], file[600];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    start();
    kb_hex_decode(kb_span("9F10820258", 10), data, 5, &(size_t){0});
    assert_int_equal(sample_send(&rig, PUT, data, 605), 0x9000); /* extended length */
    sample_read_file(&rig, 0x6F50, 0, file, sizeof file);
    assert_memory_equal(file, data + 5, sizeof file);

    data[4] = 0x2A; /* 554 bytes */
    assert_int_equal(sample_send(&rig, PUT | 0x10000000u, data, 250), 0x9000);
    sample_read_file(&rig, 0x6F50, 0, file, sizeof file);
    assert_memory_equal(file + 590, data + 595, 10);
    assert_int_equal(sample_send(&rig, PUT | 0x10000000u, data + 250, 250), 0x9000);
    assert_int_equal(sample_send(&rig, PUT, data + 500, 59), 0x9000);
    sample_read_file(&rig, 0x6F50, 0, file, sizeof file);
    assert_memory_equal(file, data + 5, 554);
    for (size_t i = 554; i < 600; i++)
        assert_int_equal(file[i], 0xFF);

    data[4] = 0x59; /* 601 bytes */
    assert_int_equal(sample_send(&rig, PUT, data, 606), 0x6A80);
    data[3] = 0x03;
    data[4] = 0xE9; /* 1001 bytes */
    assert_int_equal(sample_send(&rig, PUT, data, 1006), 0x6A80);
}

static void a_chain_that_is_left_or_too_long_writes_nothing(void **state)
{
    static const uint8_t data[255] = {0x83, 0x03, 'N', 'e', 'w'};

    (void)state;
    start();
    assert_int_equal(sample_send(&rig, PUT | 0x10000000u, data, 5), 0x9000);
    assert_int_equal(sample_send(&rig, 0x804A0000, NULL, 0), 0x6883);
    expect_file(0x6F46, 0, "FFFFFFFF");
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(sample_send(&rig, PUT | 0x10000000u, data, 255), 0x9000);
    assert_int_equal(sample_send(&rig, PUT | 0x10000000u, data, 255), 0x6700);
    expect_file(0x6F46, 0, "FFFFFFFF");
    /* ENABLE, VERIFY and LOCK are no long commands. */
    assert_int_equal(sample_send(&rig, 0x904A0000, NULL, 0), 0x6884);
    assert_int_equal(sample_send(&rig, 0x90420000, data, 16), 0x6884);
    assert_int_equal(sample_send(&rig, 0x90400000, NULL, 0), 0x6884);
}

static void a_chain_begins_only_where_the_whole_command_would_be_heard(void **state)
{
    static const uint32_t link = PUT | 0x10000000u;
    static const uint8_t data[16] = {0x83, 0x03, 'N', 'e', 'w'};

    (void)state;
    start();
    sample_put_mandatory(&rig);
    assert_true(rig_power(&rig));
    assert_int_equal(sample_send(&rig, link, data, 5), 0x6985); /* IDLE */
    sample_enable(&rig);
    assert_int_equal(sample_send(&rig, link, data, 5), 0x6985); /* READY */
    assert_int_equal(sample_send(&rig, 0x80420000, data, 16), 0x63C2);
    assert_int_equal(sample_send(&rig, link, data, 5), 0x6985); /* ALERT */
    /* What was refused began no chain. */
    assert_int_equal(sample_send(&rig, 0x80420000, sample_code, 16), 0x9000);
    assert_int_equal(sample_send(&rig, PUT, data, 5), 0x9000);
    assert_int_equal(sample_send(&rig, 0x804A0000, NULL, 0), 0x9000);
    assert_int_equal(sample_send(&rig, link, data, 5), 0x6985); /* LOCKED */

    start();
    assert_true(rig_power(&rig));
    sample_enable(&rig);
    for (unsigned left = SAMPLE_TRIES; left > 0; left--)
        assert_int_equal(sample_send(&rig, 0x80420000, data, 16), 0x63C0 + left - 1);
    assert_int_equal(sample_send(&rig, link, data, 5), 0x6983); /* BLOCKED */
}

static void a_pin_that_is_put_is_verified_on_no_channel(void **state)
{
    (void)state;
    start();
    assert_int_equal(sample_send_hex(&rig, 0x00200001, "31323334FFFFFFFF"), 0x9000);
    assert_int_equal(sample_send_hex(&rig, 0x00700001, ""), 0x9000);
    assert_int_equal(sample_send_hex(&rig, 0x01200001, "31323334FFFFFFFF"), 0x9000);
    assert_int_equal(sample_send_hex(&rig, 0x80480000, "840439383736"), 0x9000);
    assert_int_equal(rig.card.pins_verified, 0);
    assert_int_equal(rig.card.channels[1].pins_verified, 0);
    assert_int_equal(sample_send_hex(&rig, 0x01200001, "39383736FFFFFFFF"), 0x9000);
}

static void data_groupings_and_commands_of_their_own_reach_the_same_card(void **state)
{
    (void)state;
    start_second();
    assert_int_equal(sample_send_hex(&rig, 0x84E20000, "010103 AABBCC 0102FF0004 01020304"),
                     0x9000);
    expect_file(0x6F01, 0, "AABBCCFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
    expect_object(KB_OBJ_SECRET + 3, "01020304");
    assert_int_equal(sample_send_hex(&rig, 0x84E28001, "010301 EE"), 0x9000); /* any P1 P2 */
    expect_file(0x6F01, 46, "FFFF EEFFFFFF FF");
    assert_int_equal(sample_send_hex(&rig, 0x80520000, "05"), 0x9000);
    expect_object(KB_OBJ_SECRET + 3, "05");
    assert_int_equal(sample_send(&rig, 0x80520000, NULL, 0), 0x6A80); /* one byte at least */
    assert_int_equal(sample_send_hex(&rig, 0x84E20000, "010401 00"), 0x6A88);
    assert_int_equal(sample_send_hex(&rig, 0x84E20000, "010102 00"), 0x6A80);
    assert_int_equal(sample_send_hex(&rig, 0x84E20000, "010101 00 010101 00"), 0x6A80);
    assert_int_equal(sample_send_hex(&rig, 0x84E20000, "01"), 0x6A80);
    /* Another class is another command. */
    assert_int_equal(sample_send_hex(&rig, 0x80E20000, "010101 00"), 0x6D00);
    assert_int_equal(sample_send(&rig, 0x804A0000, NULL, 0), 0x9000);
}

static void secrets_are_read_by_no_command(void **state)
{
    static const uint8_t ki[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    (void)state;
    start();
    sample_put_mandatory(&rig);
    for (unsigned cla = 0; cla < 0x100; cla += 4) {
        for (unsigned ins = 0; ins < 0x100; ins++) {
            for (unsigned p2 = 0; p2 < 0x100; p2 += 0x33) {
                sample_send_le(&rig, (uint32_t)cla << 24 | (uint32_t)ins << 16 | p2);
                for (size_t at = 0; at + 8 <= rig.response_len; at++)
                    assert_memory_not_equal(rig.response + at, ki, 8);
            }
        }
    }
}

/* A memory filled up with other objects: the small item goes in no more than the long one. */
static void a_full_memory_takes_nothing_of_a_command(void **state)
{
    uint8_t data[610] = {0x83, 0x03, 'N', 'e', 'w', 0x9F, 0x10, 0x82, 0x02, 0x58};
    uint16_t object = KB_NVM_OBJECTS - 1;

    (void)state;
    start();
    while (kb_nvm_free(&rig.card.nvm) > 400)
        assert_int_equal(kb_nvm_put(&rig.card.nvm, object--, data, 200), KB_OK);
    assert_int_equal(sample_send(&rig, PUT | 0x10000000u, data, 200), 0x9000);
    assert_int_equal(sample_send(&rig, PUT | 0x10000000u, data + 200, 200), 0x9000);
    assert_int_equal(sample_send(&rig, PUT, data + 400, 210), 0x9000); /* it replaces: no growth */
    while (!kb_nvm_put(&rig.card.nvm, object--, data, 100))
        continue;
    assert_int_equal(
        sample_send_hex(&rig, PUT, "8303 4F6C64 8210 0F0E0D0C0B0A09080706050403020100"), 0x6A84);
    expect_file(0x6F46, 0, "014E6577FFFF");
    assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_OPC + 1));
    assert_true(rig_power(&rig));
    expect_file(0x6F46, 0, "014E6577FFFF");
}

static void an_item_without_a_tag_is_in_no_list(void **state)
{
    (void)state;
    sample_plan(&builder);
    builder.rows[BUILDER_ITEMS][ITEM_SECRET][0] = 0;
    builder.rows[BUILDER_ITEMS][ITEM_SECRET][1] = 0;
    sample_make(&rig, &builder);
    sample_open_second(&rig);
    assert_int_equal(sample_send_hex(&rig, 0x84E20000, "000001 05"), 0x6A88);
    assert_int_equal(sample_send_hex(&rig, 0x80520000, "05"), 0x9000);
}

/* As its maker, who may delete and create files. */
static void as_maker(uint32_t header, const char *hex)
{
    rig.card.life_cycle = KB_LIFE_ADMINISTRATIVE;
    assert_int_equal(sample_send_hex(&rig, header, hex), KB_SW_OK);
    rig.card.life_cycle = KB_LIFE_SECURED;
}

/* docs/loader.md 6: EF.SPN has 17 bytes. Where it was there is nothing, a shorter file, one with
 * records, or another name of EF.IMSI. */
static void a_place_that_is_not_what_was_proven_takes_nothing(void **state)
{
    static const char *const others[] = {
        "6211 82024121 83026F46 8A0105 80020010 8800",
        "6214 82054221001102 83026F46 8A0105 80020022 8800",
        "6213 82024121 83026F46 8A0105 8800 A504 C7026F07",
    };

    (void)state;
    start();
    sample_put_mandatory(&rig);
    as_maker(0x00E40000, "6F46");
    assert_int_equal(sample_send_hex(&rig, PUT, "8304 4B657931"), KB_SW_CONDITIONS_NOT_SATISFIED);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        as_maker(0x00E00000, others[i]);
        assert_int_equal(
            sample_send_hex(&rig, PUT, "800F 323632303139393939393939393939 8304 4B657931"),
            KB_SW_CONDITIONS_NOT_SATISFIED);
        expect_file(0x6F07, 0, "082926102143658709");
        as_maker(0x00E40000, "6F46");
    }
    as_maker(0x00E00000, "6211 82024121 83026F46 8A0105 80020011 8800");
    assert_int_equal(sample_send_hex(&rig, PUT, "8304 4B657931"), KB_SW_OK);
    expect_file(0x6F46, 0, "014B657931FF");
}

/* The first field has the subscriber key, the second one has not. */
static void a_field_with_the_key_takes_nothing_once_a_pair_came_over_the_air(void **state)
{
    static const uint8_t over[] = {KB_CPA_TRIAL, KB_CPA_REPORTING, KB_CPA_DONE};
    static const uint8_t before[] = {KB_CPA_NONE, KB_CPA_IDLE, KB_CPA_ASKING, KB_CPA_FAILING};

    (void)state;
    for (size_t i = 0; i < sizeof over; i++) {
        start();
        rig.card.cpa.state = over[i];
        assert_int_equal(sample_send_hex(&rig, PUT, "8304 4B657931"),
                         KB_SW_CONDITIONS_NOT_SATISFIED);
        start_second();
        rig.card.cpa.state = over[i];
        assert_int_equal(sample_send_hex(&rig, 0x84E20000, "010103 AABBCC"), KB_SW_OK);
    }
    for (size_t i = 0; i < sizeof before; i++) {
        start();
        rig.card.cpa.state = before[i];
        assert_int_equal(sample_send_hex(&rig, PUT, "8304 4B657931"), KB_SW_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_find_their_places_in_the_formats_of_the_files),
        cmocka_unit_test(codes_of_the_user_come_with_fresh_tries),
        cmocka_unit_test(a_new_key_starts_with_new_sequence_numbers),
        cmocka_unit_test(a_field_with_the_key_takes_nothing_once_a_pair_came_over_the_air),
        cmocka_unit_test(authentication_looks_again_after_a_put),
        cmocka_unit_test(items_can_be_replaced_until_lock),
        cmocka_unit_test(a_refused_item_keeps_the_others_out),
        cmocka_unit_test(long_items_come_in_chains_or_extended),
        cmocka_unit_test(a_chain_that_is_left_or_too_long_writes_nothing),
        cmocka_unit_test(a_chain_begins_only_where_the_whole_command_would_be_heard),
        cmocka_unit_test(a_pin_that_is_put_is_verified_on_no_channel),
        cmocka_unit_test(data_groupings_and_commands_of_their_own_reach_the_same_card),
        cmocka_unit_test(secrets_are_read_by_no_command),
        cmocka_unit_test(a_full_memory_takes_nothing_of_a_command),
        cmocka_unit_test(an_item_without_a_tag_is_in_no_list),
        cmocka_unit_test(a_place_that_is_not_what_was_proven_takes_nothing),
    };

    return cmocka_run_group_tests(tests, make_card, NULL);
}
