/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/perso/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    SEEDS = 3,
    SESSION = 200, /* bytes that a session writes in front of the command */
    FILLER_OBJECT = KB_OBJ_SECRET + 31,
    FILLER = 100
};

static struct rig start; /* the card as the past left it */

void scene_power_from(struct rig *rig, const struct rig *from)
{
    kb_flash_fault_arm(&rig->fault, KB_FLASH_NEVER, 0);
    sample_copy(rig, from);
    assert_true(rig_power(rig));
}

static size_t room_left(const struct rig *rig)
{
    const struct kb_nvm *nvm = &rig->card.nvm;

    return (size_t)(nvm->bank.units - nvm->tail) << nvm->bank.unit_shift;
}

/* Writes what is soon garbage until no more than this is left in the active bank, so that the
 * commands behind it compact the store. */
static void leave_room(struct rig *rig, size_t room)
{
    static const uint8_t filler[FILLER];

    while (room_left(rig) > room) {
        size_t len = room_left(rig) > room + 2 * FILLER ? FILLER : 1;

        assert_int_equal(kb_nvm_put(&rig->card.nvm, FILLER_OBJECT, filler, len), KB_OK);
    }
}

typedef void (*arming)(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed);

/* Runs the command with power cut at this operation; false when the command ended before it. */
static bool run_cut(struct rig *rig, arming arm, const struct scene *scene, size_t room,
                    uint64_t cut, uint64_t seed)
{
    bool is_cut;
    uint16_t sw;

    scene_power_from(rig, &start);
    scene->session();
    leave_room(rig, room);
    arm(&rig->fault, cut, seed);
    sw = scene->command();
    is_cut = rig->fault.is_off;
    if (!is_cut)
        assert_int_equal(sw, scene->sw);
    kb_flash_fault_arm(&rig->fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(rig));
    scene->check(sw);
    return is_cut;
}

void scene_run(struct rig *rig, const struct rig *made, const struct scene *scene)
{
    /* As much as there is, too little for a PUT, too little for anything. */
    static const size_t rooms[] = {RIG_SECTOR * RIG_SECTORS, 400, 23};

    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        uint64_t cut = 1;

        scene_power_from(rig, made);
        scene->past();
        leave_room(rig, rooms[i] + SESSION);
        sample_copy(&start, rig);
        while (run_cut(rig, kb_flash_fault_arm, scene, rooms[i], cut, 0)) {
            for (uint64_t seed = 1; seed < SEEDS; seed++)
                run_cut(rig, kb_flash_fault_arm, scene, rooms[i], cut, seed);
            cut++;
        }
        assert_true(cut > 1);
        for (cut = 1; i == 0 && run_cut(rig, kb_flash_fault_arm_reads, scene, rooms[i], cut, 0);)
            cut++;
    }
}
