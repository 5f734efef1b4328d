/* SPDX-License-Identifier: Apache-2.0 */
/* The maker's commands beside CREATE FILE and LOAD ALGORITHM (docs/apdu.md clause 2): free access
 * while ADMINISTRATIVE. */
#ifndef KB_CARD_MAKER_H
#define KB_CARD_MAKER_H

#include <stdbool.h>

#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_card;

/* 80 44: writes an object below the files. */
enum kb_sw kb_maker_put_object(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out);

/* 80 F0 80 0F: ADMINISTRATIVE to SECURED. */
enum kb_sw kb_maker_set_status(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out);

/* 80 4E: draws the card's static key pair and answers its public half. */
enum kb_sw kb_maker_generate_key(struct kb_card *card, const struct kb_apdu *cmd,
                                 struct kb_writer *out);

/* Asked with the first link of a chain: an object may be longer than a short command. */
bool kb_maker_may_chain(const struct kb_card *card, const struct kb_apdu *cmd);

#endif
