/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one card from blank to locked, as factory and bureau lead it, in memory and with
 * power that can fail. */
#ifndef KB_TESTS_LIFE_LIFE_H
#define KB_TESTS_LIFE_LIFE_H

#include "desk/blueprint.h"
#include "desk/maker_field.h"
#include "desk/static_key.h"
#include "tests/card/rig_reader.h"

/* Everything that is decided before the card is touched: the same for every life compared. */
struct life {
    struct kb_plan *plan;
    struct kb_fresh fresh;
    struct kb_commands making;
    struct kb_maker_field
        fields[KB_FIELDS]; /* every field of the plan, made or left to the bureau */
    struct kb_record *records[KB_FIELDS];
    size_t field_count;
};

/* Prepares a life by this plan; values for the bureau's items are made up to fit their formats.
 * False, with words on standard error. */
bool life_prepare(struct life *life, const char *plan_path);
void life_end(struct life *life);

/* The factory's part: a blank card becomes SECURED. False when power failed. */
bool life_make(struct life *life, struct rig *rig);

/* The other part: every field that is not locked yet is personalized and locked. False when power
 * failed. */
bool life_personalize(struct life *life, struct rig *rig);

#endif
