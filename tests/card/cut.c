/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/hex.h"

enum { SEEDS = 3, SHOWN_MAX = 16384 };

static uint8_t saved[RIG_SECTOR * RIG_SECTORS];

void cut_save(const struct rig *rig)
{
    memcpy(saved, rig->memory, sizeof(saved));
}

size_t cut_room_left(const struct rig *rig)
{
    const struct kb_nvm *nvm = &rig->card.nvm;

    return (size_t)(nvm->bank.units - nvm->tail) << nvm->bank.unit_shift;
}

static void start(struct rig *rig, const struct cut_scene *scene)
{
    memcpy(rig->memory, saved, sizeof(saved));
    kb_flash_fault_arm(&rig->fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(rig));
    for (size_t i = 0; i < CUT_BEFORE && scene->before[i]; i++)
        rig_send(rig, scene->before[i]);
}

bool cut_run(struct rig *rig, cut_arming arm, const struct cut_scene *scene, uint64_t cut,
             uint64_t seed)
{
    start(rig, scene);
    arm(&rig->fault, cut, seed);
    rig_send(rig, scene->command);
    return rig->fault.is_off;
}

static void show(struct rig *rig, const struct cut_scene *scene, char out[SHOWN_MAX])
{
    kb_flash_fault_arm(&rig->fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(rig));
    out[0] = 0;
    for (size_t i = 0; i < CUT_SHOWN && scene->shown[i]; i++) {
        size_t at = strlen(out);

        rig_send(rig, scene->shown[i]);
        assert_true(at + 2 * rig->response_len + 1 < SHOWN_MAX);
        kb_hex_encode(kb_span(rig->response, rig->response_len), out + at);
    }
}

/* What the card shows before and after the command. */
struct sights {
    char before[SHOWN_MAX], after[SHOWN_MAX];
};

static void check_cut(struct rig *rig, cut_arming arm, const struct cut_scene *scene,
                      const struct sights *sights, uint64_t cut, uint64_t seed)
{
    static char now[SHOWN_MAX];

    cut_run(rig, arm, scene, cut, seed);
    show(rig, scene, now);
    if (strcmp(now, sights->before) != 0 && strcmp(now, sights->after) != 0)
        fail_msg("%s, cut at %u: %s, neither %s nor %s", scene->name, (unsigned)cut, now,
                 sights->before, sights->after);
    /* And the same command works, from wherever the cut left it. */
    assert_true(rig_power(rig));
    rig_send(rig, scene->command);
    assert_int_not_equal(rig->response[0], 0x65);
}

void cut_check(struct rig *rig, const struct cut_scene *scene)
{
    static struct sights sights;
    uint64_t cut;

    start(rig, scene);
    show(rig, scene, sights.before);
    cut_run(rig, kb_flash_fault_arm, scene, KB_FLASH_NEVER, 0);
    show(rig, scene, sights.after);
    if (strcmp(sights.before, sights.after) == 0)
        fail_msg("%s: nothing is seen of it", scene->name);
    for (cut = 1; cut_run(rig, kb_flash_fault_arm, scene, cut, 0); cut++)
        for (uint64_t seed = 0; seed < SEEDS; seed++)
            check_cut(rig, kb_flash_fault_arm, scene, &sights, cut, seed);
    assert_true(cut > 1);
    for (cut = 1; cut_run(rig, kb_flash_fault_arm_reads, scene, cut, 0); cut++)
        check_cut(rig, kb_flash_fault_arm_reads, scene, &sights, cut, 0);
}
