/* SPDX-License-Identifier: Apache-2.0 */
/* Power cut at every operation of every command on files that writes: each is wholly done or not at
 * all; and a DF that goes in several transactions leaves no name without its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/card/cut.h"

static struct rig rig;

static void send_ok(const char *hex)
{
    assert_int_equal(rig_send(&rig, hex), 0x9000);
}

/* Data object 81 of 1100 bytes, in blocks of 200. */
static void set_long_object(void)
{
    uint8_t block[5 + 4 + 200] = {0x80, 0xDB, 0x00, 0x80, 4 + 200, 0x81, 0x82, 0x04, 0x4C};

    assert_int_equal(rig_send_bytes(&rig, kb_span(block, sizeof(block))), 0x63F1);
    block[3] = 0x00;
    block[4] = 200;
    for (unsigned left = 900; left > 0; left -= left < 200 ? left : 200) {
        block[4] = (uint8_t)(left < 200 ? left : 200);
        assert_int_equal(rig_send_bytes(&rig, kb_span(block, 5u + block[4])),
                         left > 200 ? 0x63F1 : 0x9000);
    }
}

/* Files of every structure, a DF in a DF, a link (7F10/6F10 to 2F00), data objects 80 (3 bytes) and
 * 81 (1100 bytes); and so much garbage that only this much room is left. */
static void make_card(size_t room)
{
    rig_blank_small(&rig, 12);
    send_ok("00E00000 (62(82(7821) 83(3F00) 8A(05)))");
    send_ok("00E00000 (62(82(4121) 83(2F00) 8A(05) 80(0258) 88(38)))");
    send_ok("00E00000 (62(82(4221001014) 83(6F3A) 8A(05) 80(0140) 88(40)))");
    send_ok("00E00000 (62(82(4621000203) 83(6F39) 8A(05) 80(0006) 88(50) A5(C1(00))))");
    send_ok("00E00000 (62(82(7921) 83(4F47) 8A(05) 80(0080) 88(58) A5(86(0800))))");
    send_ok("80DB0080 (80 03 010203)");
    set_long_object();
    send_ok("00E00000 (62(82(7821) 83(7F10) 8A(05)))");
    send_ok("00E00000 (62(82(4121) 83(6F10) 8A(05) 88(08) A5(C7(2F00))))");
    send_ok("00E00000 (62(82(4121) 83(6F11) 8A(05) 80(0200) 88(10)))");
    send_ok("00E00000 (62(82(7821) 83(5F3A) 8A(05)))");
    send_ok("00E00000 (62(82(4121) 83(4F01) 8A(05) 80(0010) 88(08)))");
    send_ok("00A4000C023F00");
    while (cut_room_left(&rig) > room)
        send_ok("00D68700 08 0102030405060708");
    cut_save(&rig);
}

static const struct cut_scene scenes[] = {
    {"increase", "80328A00 (05) 03", {"00B2015402", "00B2025402", "00B2035402"}, {NULL}},
    {"deactivate", "00040000 (2F00)", {"00A4000402 2F00 00", "00B0870001"}, {NULL}},
    {"activate", "00440000", {"00A4000402 2F00 00", "00B0870001"}, {"00040000 (2F00)"}},
    {"terminate ef", "00E80000 (6F3A)", {"00A4000402 6F3A 00", "00B2014400"}, {NULL}},
    {"terminate df", "00E60000 (7F10)", {"00A4000402 7F10 00", "00A4080C04 7F106F11"}, {NULL}},
    {"terminate card usage", "00FE0000", {"00A4000402 2F00 00"}, {NULL}},
    {"delete ef",
     "00E40000 (6F3A)",
     {"00A4000402 6F3A 00", "00B2014400", "00E00000 (62(82(4121) 83(2F09) 8A(05) 80(0010)))"},
     {NULL}},
    {"delete link",
     "00E40000 (6F10)",
     {"00A4080404 7F106F10 00", "00E40000 (6F10)", "00A4000C02 3F00", "00E40000 (2F00)"},
     {"00A4000C02 7F10"}},
    {"delete df",
     "00E40000 (7F10)",
     {"00A4000402 7F10 00", "00A4080404 7F106F11 00", "00A4080404 7F105F3A 00", "00A4000C02 3F00",
      "00E40000 (2F00)"},
     {NULL}},
    {"delete a file of data objects",
     "00E40000 (4F47)",
     {"80CB008B (5C) 00", "80CB0080 (81) 00"},
     {NULL}},
    {"resize, longer", "80D40000 (62(83(2F00) 80(0300)))", {"00B08700000300"}, {NULL}},
    {"resize, shorter", "80D40000 (62(83(2F00) 80(00F0)))", {"00B08700000300"}, {NULL}},
    {"resize records",
     "80D40000 (62(83(6F3A) 80(0030)))",
     {"00A4000402 6F3A 00", "00B2034400", "00B2044400"},
     {NULL}},
    {"resize a file of data objects",
     "80D40000 (62(83(4F47) 80(0600) A5(86(0700))))",
     {"00A4000402 4F47 00", "80CB0080 (81) 00"},
     {NULL}},
    {"resize it to nothing",
     "80D40100 (62(83(4F47) 80(0000) A5(86(0010))))",
     {"00A4000402 4F47 00", "80CB0080 (5C) 00"},
     {NULL}},
    {"create link",
     "00E00000 (62(82(4221001014) 83(6F12) 8A(05) 88(60) A5(C7(6F3A))))",
     {"00A4000402 6F12 00", "00A4000C02 3F00", "00E40000 (6F3A)"},
     {NULL}},
    {"create a file of data objects",
     "00E00000 (62(82(7921) 83(4F48) 8A(05) 80(0500) 88(60)))",
     {"00A4000402 4F48 00", "80CB0080 (5C) 00"},
     {NULL}},
    {"set data", "80DB008B (82 02 0102)", {"80CB008B (5C) 00", "80CB0080 (82) 00"}, {NULL}},
    {"set data in place of another",
     "80DB008B (81 03 010203)",
     {"80CB008B (5C) 00", "80CB0080 (81) 00", "00A4000402 4F47 00"},
     {NULL}},
    {"set data, deleting",
     "80DB008B (81)",
     {"80CB008B (5C) 00", "80CB0080 (81) 00", "00A4000402 4F47 00"},
     {NULL}},
    {"set data, the last block",
     "80DB0000 (0405)",
     {"80CB008B (5C) 00", "80CB0080 (80) 00"},
     {"80DB008B (80 05 010203)"}},
};

static void a_cut_leaves_the_files_before_or_after(void **state)
{
    static const size_t rooms[] = {SIZE_MAX, 3000, 900};

    (void)state;
    for (size_t r = 0; r < sizeof(rooms) / sizeof(rooms[0]); r++) {
        make_card(rooms[r]);
        for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
            cut_check(&rig, &scenes[i]);
    }
}

/* A cut first or later block is as if it had not been: what was there stays, and the memory it took
 * is given back by the next SET DATA. */
static void a_cut_transfer_leaves_the_object_there_was(void **state)
{
    static const struct cut_scene blocks[] = {
        {"first block", "80DB008B (80 05 010203)", {"80CB008B (80) 00"}, {NULL}},
        {"next block", "80DB0000 (04)", {"80CB008B (80) 00"}, {"80DB008B (80 05 010203)"}},
    };

    (void)state;
    make_card(SIZE_MAX);
    for (size_t i = 0; i < 2; i++)
        for (uint64_t cut = 1; cut_run(&rig, kb_flash_fault_arm, &blocks[i], cut, cut); cut++) {
            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            assert_true(rig_power(&rig));
            assert_int_equal(rig_send(&rig, "80CB008B (80) 00"), 0x9000);
            assert_memory_equal(rig.response, "\x80\x03\x01\x02\x03\x90", 6);
            assert_int_equal(rig_send(&rig, "80DB0000 (0405)"), 0x6985);
            assert_int_equal(rig_send(&rig, "80DB008B (80 01 01)"), 0x9000);
        }
}

enum { TARGETS = 8 };

/* Sends a command with the last byte of its FIDs, where the text has %02X. */
static uint16_t send_numbered(const char *format, unsigned number)
{
    char text[160];

    snprintf(text, sizeof(text), format, number, number);
    return rig_send(&rig, text);
}

/* A memory of 8 KB, in half of which EFs that are linked from a DF take so much room that the links
 * cannot all be taken away in one transaction. */
static void make_full_card(void)
{
    rig_blank_small(&rig, 4);
    send_ok("00E00000 (62(82(7821) 83(3F00) 8A(05)))");
    for (unsigned i = 0; i < TARGETS; i++)
        assert_int_equal(
            send_numbered("00E00000 (62(82(4121) 83(6F%02X) 8A(05) 80(00E0) 88()))", i), 0x9000);
    send_ok("00E00000 (62(82(7821) 83(7F10) 8A(05)))");
    for (unsigned i = 0; i < TARGETS; i++)
        assert_int_equal(
            send_numbered("00E00000 (62(82(4121) 83(6F%02X) 8A(05) 88() A5(C7(6F%02X))))", i),
            0x9000);
    cut_save(&rig);
}

/* Every name that is left has its file; returns how many there are in the DF. */
static unsigned count_names(void)
{
    unsigned names = 0;

    if (rig_send(&rig, "00A4080C02 7F10") == 0x6A82)
        return 0;
    for (unsigned i = 0; i < TARGETS; i++) {
        uint16_t sw = send_numbered("00A4080C04 7F106F%02X", i);

        assert_true(sw == 0x9000 || sw == 0x6A82);
        if (sw == 0x9000)
            assert_int_equal(rig_send(&rig, "00B0000000"), 0x9000);
        names += sw == 0x9000;
    }
    return names;
}

/* TS 102 222 clause 6.4: a DF that is too much for one transaction goes child by child, the DF
 * last. */
static void a_large_df_goes_without_leaving_names_of_nothing(void **state)
{
    static const struct cut_scene scene = {"delete", "00E40000 (7F10)", {NULL}, {NULL}};
    bool was_between = false;

    (void)state;
    make_full_card();
    for (uint64_t cut = 1; cut_run(&rig, kb_flash_fault_arm, &scene, cut, cut); cut++) {
        unsigned names;

        kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
        assert_true(rig_power(&rig));
        names = count_names();
        was_between = was_between || (names > 0 && names < TARGETS);
        send_ok("00A4000C02 3F00");
        assert_true(rig_send(&rig, scene.command) == 0x9000 || names == 0);
        for (unsigned i = 0; i < TARGETS; i++)
            assert_int_equal(send_numbered("00E40000 (6F%02X)", i), 0x9000);
    }
    assert_true(was_between);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_df_goes_without_leaving_names_of_nothing),
        cmocka_unit_test(a_cut_leaves_the_files_before_or_after),
        cmocka_unit_test(a_cut_transfer_leaves_the_object_there_was),
    };

    return cmocka_run_group_tests_name("file power cuts", tests, NULL, NULL);
}
