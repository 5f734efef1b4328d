/* SPDX-License-Identifier: Apache-2.0 */
/* Power cut at every program, erase and read of every command that writes: the card shows the state
 * before or the state after, a try once spent stays spent, and the card goes on working. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/card/cut.h"

static struct rig rig;

static void send_ok(const char *hex)
{
    assert_int_equal(rig_send(&rig, hex), 0x9000);
}

/* A card with one of everything, and so much garbage that only this much room is left: the next
 * commands compact the store. */
static void make_card(size_t room)
{
    rig_blank_small(&rig, 8);
    send_ok("80440020 (01030A03 31323334FFFFFFFF 3132333435363738)");
    send_ok("80440028 (030A01)");
    send_ok("00E00000 (62(82(7821) 83(3F00) 8A(05)))");
    send_ok("00E00000 (62(82(4121) 83(2F00) 8A(05) 80(0258) 88(38)))");
    send_ok("00E00000 (62(82(4621000203) 83(6F39) 8A(05) 80(0006) 88(50)))");
    send_ok("00DC0003 02 0001");
    while (cut_room_left(&rig) > room)
        send_ok("00D68700 08 0102030405060708");
    cut_save(&rig);
}

static const struct cut_scene scenes[] = {
    {"update binary", "00D68700 04 AABBCCDD", {"00B0870000"}, {NULL}},
    {"update binary over two objects",
     "00D687E0 20"
     "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
     {"00B08700000258"},
     {NULL}},
    {"update record of a cyclic file",
     "00DC0053 02 0002",
     {"00B2015402", "00B2025402", "00B2035402"},
     {NULL}},
    {"create file",
     "00E00000 (62(82(4121) 83(2F01) 8A(05) 80(0400) 88(40)))",
     {"00A40004022F0100", "00B0880000"},
     {NULL}},
    {"wrong pin", "00200001 08 39393939FFFFFFFF", {"00200001"}, {NULL}},
    {"put object", "80440028 (020A01)", {"00200001"}, {NULL}},
};

/* Every scene on a fresh memory and on one that is about to be compacted. */
static void a_cut_leaves_the_state_before_or_after(void **state)
{
    static const size_t rooms[] = {SIZE_MAX, 900, 500, 250};

    (void)state;
    for (size_t r = 0; r < sizeof(rooms) / sizeof(rooms[0]); r++) {
        make_card(rooms[r]);
        for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
            cut_check(&rig, &scenes[i]);
    }
}

/* --- Tries --- */

enum { OF_PIN, OF_UNBLOCK_CODE };

#define RIGHT "31323334FFFFFFFF"
#define WRONG "39393939FFFFFFFF"
#define OTHER "35353535FFFFFFFF"

/* A command that compares, with a wrong value and with the right one; what comes before it, and the
 * tries that it costs. */
static const struct guess {
    const char *before, *wrong, *right;
    size_t tries;
} guesses[] = {
    {NULL, "00200001 08" WRONG, "00200001 08" RIGHT, OF_PIN},
    {NULL, "00240001 10" WRONG OTHER, "00240001 10" RIGHT OTHER, OF_PIN},
    {NULL, "00260001 08" WRONG, "00260001 08" RIGHT, OF_PIN},
    {"00260001 08" RIGHT, "00280001 08" WRONG, "00280001 08" RIGHT, OF_PIN},
    {NULL, "002C0001 10 3939393939393939" OTHER, "002C0001 10 3132333435363738" OTHER,
     OF_UNBLOCK_CODE},
};

static const cut_arming armings[] = {kb_flash_fault_arm, kb_flash_fault_arm_reads};

static uint8_t tries_after_power_up(size_t which)
{
    uint8_t tries[KB_PIN_TRIES_OBJECT];

    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    assert_int_equal(kb_nvm_read(&rig.card.nvm, KB_OBJ_PIN_TRIES, 0, tries, KB_PIN_TRIES_OBJECT),
                     KB_OK);
    return tries[which];
}

/* A wrong value costs a try wherever the power goes: whoever has heard that it is wrong has paid.
 */
static void a_wrong_value_is_never_compared_for_free(void **state)
{
    (void)state;
    make_card(SIZE_MAX);
    for (size_t i = 0; i < 2 * sizeof(guesses) / sizeof(guesses[0]); i++) {
        const struct guess *guess = &guesses[i / 2];
        const struct cut_scene wrong = {"wrong", guess->wrong, {NULL}, {guess->before}};
        const uint8_t full = guess->tries == OF_PIN ? 3 : 10;

        for (uint64_t cut = 1; cut_run(&rig, armings[i % 2], &wrong, cut, cut); cut++) {
            bool is_told = rig.response[0] == 0x63;
            uint8_t left = tries_after_power_up(guess->tries);

            assert_in_range(left, full - 1, is_told ? full - 1 : full);
            assert_int_equal(rig_send(&rig, guess->right), 0x9000);
        }
    }
}

/* The right one, after a wrong one: tries are given back all at once, by who has proved it. */
static void a_right_value_gives_the_tries_back_or_not(void **state)
{
    (void)state;
    make_card(SIZE_MAX);
    for (size_t i = 0; i < 2 * sizeof(guesses) / sizeof(guesses[0]); i++) {
        const struct guess *guess = &guesses[i / 2];
        const struct cut_scene right = {
            "right", guess->right, {NULL}, {guess->wrong, guess->before, guess->wrong}};
        const uint8_t full = guess->tries == OF_PIN ? 3 : 10;

        for (uint64_t cut = 1; cut_run(&rig, armings[i % 2], &right, cut, cut); cut++) {
            bool is_done = rig.response[0] == 0x90;
            uint8_t left = tries_after_power_up(guess->tries);

            assert_in_range(left, is_done ? full : full - 2, full);
        }
    }
}

/* The right code, cut anywhere: at most the one try is lost, and the PIN is the old or the new one.
 */
static void a_cut_change_leaves_one_of_the_two_pins(void **state)
{
    static const struct cut_scene changes[] = {
        {"change", "00240001 10 31323334FFFFFFFF 35353535FFFFFFFF", {NULL}, {NULL}},
        {"unblock", "002C0001 10 3132333435363738 35353535FFFFFFFF", {NULL}, {NULL}},
    };

    (void)state;
    make_card(SIZE_MAX);
    for (size_t i = 0; i < 2; i++) {
        for (uint64_t cut = 1; cut_run(&rig, kb_flash_fault_arm, &changes[i], cut, cut); cut++) {
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
        cmocka_unit_test(a_wrong_value_is_never_compared_for_free),
        cmocka_unit_test(a_right_value_gives_the_tries_back_or_not),
        cmocka_unit_test(a_cut_change_leaves_one_of_the_two_pins),
    };

    return cmocka_run_group_tests_name("card power cuts", tests, NULL, NULL);
}
