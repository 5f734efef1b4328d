/* SPDX-License-Identifier: Apache-2.0 */
/* The maker's commands (docs/apdu.md clause 2) for the cards of a plan: those that are the same for
 * all, and those of one card. */
#ifndef KB_DESK_BLUEPRINT_H
#define KB_DESK_BLUEPRINT_H

#include "desk/commands.h"
#include "desk/fresh.h"
#include "plan/plan.h"

/* Maker's key, ATR, tries, PINs, files and their contents, the algorithm. */
void kb_blueprint_common(struct kb_commands *list, const struct kb_plan *plan,
                         const uint8_t maker_public[KB_P256_PUBLIC], struct kb_span image);

/* Identifier, codes, random PINs, the files that show ICCID and temporary identity. */
void kb_blueprint_card(struct kb_commands *list, const struct kb_plan *plan,
                       const struct kb_fresh *fresh);

/* ADMINISTRATIVE to SECURED. */
void kb_blueprint_secure(struct kb_commands *list);

#endif
