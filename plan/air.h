/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the section 'air' of a plan. Private to the room. */
#ifndef KB_PLAN_AIR_H
#define KB_PLAN_AIR_H

#include "card/cpa/plan.h"
#include "plan/build.h"

/* air.c: text that every terminal shows; an operator's identifier. */
enum kb_err kb_plan_air_shown(struct kb_plan_build *build, const yaml_node_t *node,
                              const char *what, char *out, size_t size);
enum kb_err kb_plan_air_id_o(struct kb_plan_build *build, const yaml_node_t *node, const char *what,
                             char out[KB_ID_O_MAX + 1]);

/* air_operators.c: the operators a card offers; list may be NULL. */
enum kb_err kb_plan_air_operators(struct kb_plan_build *build, const yaml_node_t *list);

/* air_fields.c: the maker's fields put all that a card needs over the air. */
enum kb_err kb_plan_air_check_fields(struct kb_plan_build *build, const yaml_node_t *node);

#endif
