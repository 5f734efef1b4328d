/* SPDX-License-Identifier: Apache-2.0 */
/* Power cut at every operation of every command of class A0 that writes, and of what a universal
 * PIN adds: the card shows the state before or the one after, never another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/card/cut.h"

#define SELECT_EF(fid) "A0A4000002" fid
/* FCP of the MF: the PIN status in it has no tries. */
#define PINS "00A40004023F0000"
/* EF 6F02 is read with PIN1: as it is, then with the universal PIN. */
#define OPEN_TO SELECT_EF("6F02"), "A0B0000002", "0020001108 32343638FFFFFFFF", "A0B0000002"

/* Tries are not among what is shown: a cut may cost one. */
static const struct cut_scene scenes[] = {
    {"UPDATE BINARY",
     "A0D6000004 AABBCCDD",
     {SELECT_EF("6F01"), "A0B0000020"},
     {SELECT_EF("6F01")}},
    {"UPDATE RECORD of a cyclic EF",
     "A0DC000303 000007",
     {SELECT_EF("6F39"), "A0B2010403", "A0B2020403", "A0B2030403"},
     {SELECT_EF("6F39")}},
    {"INCREASE",
     "A032000003 000007",
     {SELECT_EF("6F39"), "A0B2010403", "A0B2020403", "A0B2030403"},
     {SELECT_EF("6F39")}},
    {"INVALIDATE",
     "A004000000",
     {SELECT_EF("6F01"), "A0C000000F", "A0B0000001"},
     {SELECT_EF("6F01")}},
    {"REHABILITATE",
     "A044000000",
     {SELECT_EF("6F01"), "A0C000000F", "A0B0000001"},
     {SELECT_EF("6F01"), "A004000000"}},
    {"CHANGE CHV",
     "A024000110 31323334FFFFFFFF 35353535FFFFFFFF",
     {"A020000108 35353535FFFFFFFF"},
     {NULL}},
    {"UNBLOCK CHV",
     "A02C000010 3132333435363738 35353535FFFFFFFF",
     {"A020000108 35353535FFFFFFFF"},
     {NULL}},
    {"DISABLE CHV", "A026000108 31323334FFFFFFFF", {PINS, OPEN_TO}, {NULL}},
    {"ENABLE CHV", "A028000108 31323334FFFFFFFF", {PINS, OPEN_TO}, {"A026000108 31323334FFFFFFFF"}},
    {"UNBLOCK CHV that is disabled",
     "A02C000010 3132333435363738 31323334FFFFFFFF",
     {PINS, OPEN_TO},
     {"A026000108 31323334FFFFFFFF"}},
    {"DISABLE PIN, the universal PIN replaces it",
     "0026910108 31323334FFFFFFFF",
     {PINS, OPEN_TO},
     {NULL}},
    {"ENABLE PIN, which the universal PIN replaces",
     "0028000108 31323334FFFFFFFF",
     {PINS, OPEN_TO},
     {"0026910108 31323334FFFFFFFF"}},
    {"UNBLOCK PIN, which the universal PIN replaces",
     "002C000110 3132333435363738 31323334FFFFFFFF",
     {PINS, OPEN_TO},
     {"0026910108 31323334FFFFFFFF"}},
};

static struct rig rig;

static void make_card(size_t room)
{
    static const char *const commands[] = {
        "80440020 (01030A03 31323334FFFFFFFF 3132333435363738)",
        "80440028 (030A01)",
        "80440021 (11030A03 32343638FFFFFFFF 3836343238363432)",
        "80440029 (030A01)",
        "00E00000 (62(82(7821) 83(3F00) 8A(05) 8B(2F0601)))",
        "00E00000 (62(82(4221000D02) 83(2F06) 8A(05) 8B(2F0601) 88()))",
        "00DC0104 (80017F 9000 840132 9000 FFFFFF)",
        "00DC0204 (80017F A4(830101) FFFFFFFFFF)",
        "00E00000 (62(82(4121) 83(6F01) 8A(05) 8B(2F0601) 80(0020)))",
        "00E00000 (62(82(4121) 83(6F02) 8A(05) 8B(2F0602) 80(0002)))",
        "00E00000 (62(82(4621000303) 83(6F39) 8A(05) 8B(2F0601) A5(C1(00))))",
        "00E00000 (62(82(4121) 83(6F03) 8A(05) 8B(2F0601) 80(0008) 88(18)))",
    };

    rig_blank_small(&rig, 8);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        assert_int_equal(rig_send(&rig, commands[i]), 0x9000);
    rig_secure(&rig);
    while (cut_room_left(&rig) > room)
        assert_int_equal(rig_send(&rig, "00D68300 08 0102030405060708"), 0x9000);
    cut_save(&rig);
}

static void a_cut_leaves_the_state_before_or_after(void **state)
{
    static const size_t rooms[] = {SIZE_MAX, 700, 250};

    (void)state;
    for (size_t r = 0; r < sizeof(rooms) / sizeof(rooms[0]); r++) {
        make_card(rooms[r]);
        for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
            cut_check(&rig, &scenes[i]);
    }
}

/* A wrong CHV, and a wrong value to hand PIN1 over to the universal PIN, cost a try wherever the
 * power goes once the card has compared. */
static void a_wrong_value_is_never_compared_for_free(void **state)
{
    static const struct cut_scene wrong[] = {
        {"VERIFY CHV", "A020000108 39393939FFFFFFFF", {NULL}, {NULL}},
        {"CHANGE CHV", "A024000110 39393939FFFFFFFF 35353535FFFFFFFF", {NULL}, {NULL}},
        {"DISABLE CHV", "A026000108 39393939FFFFFFFF", {NULL}, {NULL}},
        {"DISABLE PIN", "0026910108 39393939FFFFFFFF", {NULL}, {NULL}},
    };

    (void)state;
    make_card(SIZE_MAX);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        for (uint64_t cut = 1; cut_run(&rig, kb_flash_fault_arm, &wrong[i], cut, cut); cut++) {
            bool was_compared = rig.response[0] == 0x98 || rig.response[0] == 0x63;

            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            assert_true(rig_power(&rig));
            rig_send(&rig, "00200001");
            if (was_compared)
                assert_int_equal(rig.response[1], 0xC2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_leaves_the_state_before_or_after),
        cmocka_unit_test(a_wrong_value_is_never_compared_for_free),
    };

    return cmocka_run_group_tests_name("power cuts in class A0", tests, NULL, NULL);
}
