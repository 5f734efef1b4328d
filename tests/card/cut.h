/* SPDX-License-Identifier: Apache-2.0 */
/* Power cut at every program, erase and read of a command, and what the card shows afterwards. */
#ifndef KB_TESTS_CARD_CUT_H
#define KB_TESTS_CARD_CUT_H

#include "tests/card/rig.h"

enum { CUT_SHOWN = 8, CUT_BEFORE = 4 };

/* A command that writes, the commands that lead to it after power-up, and those whose answers show
 * what it left. */
struct cut_scene {
    const char *name;
    const char *command;
    const char *shown[CUT_SHOWN];
    const char *before[CUT_BEFORE];
};

/* Keeps the memory of the card as it is: every run begins with it. */
void cut_save(const struct rig *rig);

/* Bytes left in the active bank of the store. */
size_t cut_room_left(const struct rig *rig);

/* kb_flash_fault_arm, or kb_flash_fault_arm_reads. */
typedef void (*cut_arming)(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed);

/* Runs the command from the saved card with power cut at operation cut; false when it ran to its
 * end. */
bool cut_run(struct rig *rig, cut_arming arm, const struct cut_scene *scene, uint64_t cut,
             uint64_t seed);

/* Cuts at every operation: the card shows the state before or the state after, and takes the
 * command again. */
void cut_check(struct rig *rig, const struct cut_scene *scene);

#endif
