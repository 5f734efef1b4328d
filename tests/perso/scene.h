/* SPDX-License-Identifier: Apache-2.0 */
/* Power cut, torn, at every program, erase and read of a personalization command, with room in the
 * memory and with none left. */
#ifndef KB_TESTS_PERSO_SCENE_H
#define KB_TESTS_PERSO_SCENE_H

#include "tests/perso/sample.h"

/* A command, what happened before it, and what must hold whatever a cut left of it. */
struct scene {
    void (*past)(void);    /* leaves its traces in the memory */
    void (*session)(void); /* after power-up, in front of the command */
    uint16_t (*command)(void);
    uint16_t sw;                /* when nothing is cut */
    void (*check)(uint16_t sw); /* after power is back; sw is what the cut command answered */
};

/* The memory of this card, and power. */
void scene_power_from(struct rig *rig, const struct rig *from);

/* Runs it on a card made like that, cut at every operation. */
void scene_run(struct rig *rig, const struct rig *made, const struct scene *scene);

#endif
