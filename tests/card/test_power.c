/* SPDX-License-Identifier: Apache-2.0 */
/* Power cut at every program and erase of every command that writes: the card shows the state
 * before or the state after, a try once spent stays spent, and the card goes on working. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/card/rig.h"
#include "wire/hex.h"

enum { SEEDS = 3, SHOWN = 8 };

/* A command that writes, and the commands whose answers show what it left. */
struct scene {
    const char *name;
    const char *command;
    const char *shown[SHOWN];
    bool is_spending; /* a cut may leave more than before and after: see at least what is spent */
};

static struct rig rig, saved;

static void copy_rig(struct rig *to, const struct rig *from)
{
    memcpy(to->memory, from->memory, sizeof(to->memory));
}

static void send_ok(const char *hex)
{
    assert_int_equal(rig_send(&rig, hex), 0x9000);
}

/* Bytes left in the active bank of the store. */
static size_t room_left(void)
{
    const struct kb_nvm *nvm = &rig.card.nvm;

    return (size_t)(nvm->bank.units - nvm->tail) << nvm->bank.unit_shift;
}

/* A card with one of everything, and so much garbage that only this much room is left: the next
 * commands compact the store. */
static void make_card(size_t room)
{
    rig_blank(&rig);
    send_ok("80440020 (01030A03 31323334FFFFFFFF 3132333435363738)");
    send_ok("80440028 (030A01)");
    send_ok("00E00000 (62(82(7821) 83(3F00) 8A(05)))");
    send_ok("00E00000 (62(82(4121) 83(2F00) 8A(05) 80(0258) 88(38)))");
    send_ok("00E00000 (62(82(4621000203) 83(6F39) 8A(05) 80(0006) 88(50)))");
    send_ok("00DC0003 02 0001");
    while (room_left() > room)
        send_ok("00D68700 08 0102030405060708");
    copy_rig(&saved, &rig);
}

static void show(const struct scene *scene, char *out, size_t cap)
{
    out[0] = 0;
    assert_true(rig_power(&rig));
    for (size_t i = 0; i < SHOWN && scene->shown[i]; i++) {
        size_t at = strlen(out);

        rig_send(&rig, scene->shown[i]);
        assert_true(at + 2 * rig.response_len + 1 < cap);
        kb_hex_encode(kb_span(rig.response, rig.response_len), out + at);
    }
}

/* Runs the command from the saved card with power cut at operation cut; false when it ran to its
 * end. */
static bool run_cut(const struct scene *scene, uint64_t cut, uint64_t seed)
{
    copy_rig(&rig, &saved);
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    kb_flash_fault_arm(&rig.fault, cut, seed);
    rig_send(&rig, scene->command);
    return rig.fault.is_off;
}

static void check_scene(const struct scene *scene)
{
    static char before[8192], after[8192], now[8192];
    uint64_t cut;

    copy_rig(&rig, &saved);
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    show(scene, before, sizeof(before));
    run_cut(scene, KB_FLASH_NEVER, 0);
    show(scene, after, sizeof(after));
    assert_string_not_equal(before, after);
    for (cut = 1; run_cut(scene, cut, 0); cut++) {
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            run_cut(scene, cut, seed);
            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            show(scene, now, sizeof(now));
            if (strcmp(now, before) != 0)
                assert_string_equal(now, after);
            /* And the same command works, from wherever the cut left it. */
            assert_true(rig_power(&rig));
            rig_send(&rig, scene->command);
            assert_int_not_equal(rig.response[0], 0x65);
        }
    }
    assert_true(cut > 1);
}

static const struct scene scenes[] = {
    {"update binary", "00D68700 04 AABBCCDD", {"00B0870000"}, false},
    {"update binary over two objects",
     "00D687E0 20"
     "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
     {"00B08700000258"},
     false},
    {"update record of a cyclic file",
     "00DC0053 02 0002",
     {"00B2015402", "00B2025402", "00B2035402"},
     false},
    {"create file",
     "00E00000 (62(82(4121) 83(2F01) 8A(05) 80(0400) 88(40)))",
     {"00A40004022F0100", "00B0880000"},
     false},
    {"wrong pin", "00200001 08 39393939FFFFFFFF", {"00200001"}, false},
    {"change pin",
     "00240001 10 31323334FFFFFFFF 35353535FFFFFFFF",
     {"00200001 08 31323334FFFFFFFF"},
     true},
    {"unblock pin",
     "002C0001 10 3132333435363738 35353535FFFFFFFF",
     {"00200001 08 31323334FFFFFFFF"},
     true},
    {"put object", "80440002 (30303030303030303030)", {"80F2000C"}, true},
};

/* Every scene on a fresh memory and on one that is about to be compacted. */
static void a_cut_leaves_the_state_before_or_after(void **state)
{
    static const size_t rooms[] = {SIZE_MAX, 900, 500, 250};

    (void)state;
    for (size_t r = 0; r < sizeof(rooms) / sizeof(rooms[0]); r++) {
        make_card(rooms[r]);
        for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
            if (!scenes[i].is_spending)
                check_scene(&scenes[i]);
    }
}

/* A wrong code costs a try wherever the power goes: once the card compared, the try is gone for
 * good. */
static void a_wrong_pin_is_never_compared_for_free(void **state)
{
    const struct scene wrong = {"wrong pin", "00200001 08 39393939FFFFFFFF", {NULL}, true};

    (void)state;
    make_card(SIZE_MAX);
    for (uint64_t cut = 1; run_cut(&wrong, cut, cut); cut++) {
        bool was_compared = rig.response[0] == 0x63;

        kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
        assert_true(rig_power(&rig));
        rig_send(&rig, "00200001");
        if (was_compared)
            assert_int_equal(rig.response[1], 0xC2);
    }
}

/* The right code, cut anywhere: at most the one try is lost, and the PIN is the old or the new one.
 */
static void a_cut_change_leaves_one_of_the_two_pins(void **state)
{
    static const struct scene changes[] = {
        {"change", "00240001 10 31323334FFFFFFFF 35353535FFFFFFFF", {NULL}, true},
        {"unblock", "002C0001 10 3132333435363738 35353535FFFFFFFF", {NULL}, true},
    };

    (void)state;
    make_card(SIZE_MAX);
    for (size_t i = 0; i < 2; i++) {
        for (uint64_t cut = 1; run_cut(&changes[i], cut, cut); cut++) {
            uint16_t old_pin, new_pin;

            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            assert_true(rig_power(&rig));
            old_pin = rig_send(&rig, "00200001 08 31323334FFFFFFFF");
            new_pin = rig_send(&rig, "00200001 08 35353535FFFFFFFF");
            assert_true((old_pin == 0x9000) != (new_pin == 0x9000));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_leaves_the_state_before_or_after),
        cmocka_unit_test(a_wrong_pin_is_never_compared_for_free),
        cmocka_unit_test(a_cut_change_leaves_one_of_the_two_pins),
    };

    return cmocka_run_group_tests_name("card power cuts", tests, NULL, NULL);
}
