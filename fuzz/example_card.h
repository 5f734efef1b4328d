/* SPDX-License-Identifier: Apache-2.0 */
/* A card of the example plan with three fields, as the factory makes it, for fuzz targets to start
 * from. */
#ifndef KB_FUZZ_EXAMPLE_CARD_H
#define KB_FUZZ_EXAMPLE_CARD_H

#include "desk/fresh.h"
#include "tests/card/rig.h"

enum { KB_EXAMPLE_SECRET = 16 };

/* Builds the card; is_secured false leaves it ADMINISTRATIVE. fresh: its codes. Ends the process
 * when that fails. */
void kb_example_card(struct rig *rig, struct kb_fresh *fresh, bool is_secured);

/* Plants the same key as Ki and OPc of the temporary pair. */
void kb_example_secret(struct rig *rig, uint8_t secret[KB_EXAMPLE_SECRET]);

#endif
