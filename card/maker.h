/* SPDX-License-Identifier: Apache-2.0 */
/* The maker's commands beside CREATE FILE and LOAD ALGORITHM (docs/apdu.md clause 2): free access
 * while ADMINISTRATIVE. */
#ifndef KB_CARD_MAKER_H
#define KB_CARD_MAKER_H

#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_card;

/* 80 44: writes an object below the files. */
enum kb_sw kb_maker_put_object(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out);

/* 80 F0 80 0F: ADMINISTRATIVE to SECURED. */
enum kb_sw kb_maker_set_status(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out);

#endif
