/* SPDX-License-Identifier: Apache-2.0 */
/* The entity view of a field the maker fills itself, straight from the plan. */
#ifndef KB_DESK_MAKER_FIELD_H
#define KB_DESK_MAKER_FIELD_H

#include "desk/fresh.h"
#include "plan/entity.h"

struct kb_maker_field {
    struct kb_entity_field view;
    struct kb_entity_item items[KB_FIELD_ITEMS];
    uint8_t index; /* in the plan */
};

/* KB_ERR_RULE: the field lacks a command that is needed. */
enum kb_err kb_maker_field_make(struct kb_maker_field *field, const struct kb_plan *plan,
                                uint8_t index, struct kb_report *why);

/* The values of one card for this field. */
enum kb_err kb_maker_field_values(const struct kb_maker_field *field, const struct kb_plan *plan,
                                  const struct kb_fresh *fresh, struct kb_record *record,
                                  struct kb_report *why);

#endif
