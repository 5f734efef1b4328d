/* SPDX-License-Identifier: Apache-2.0 */
/* One field of one card: ENABLE, VERIFY, PUT in as few commands as fit, LOCK. Knows names and
 * values; where they go is the card's business. */
#ifndef KB_DESK_PERSONALIZE_H
#define KB_DESK_PERSONALIZE_H

#include "agree/party.h"
#include "desk/record.h"
#include "plan/entity.h"
#include "reader/reader.h"

enum { KB_PERSO_CODE = 16 };

/* How a card is personalized. */
enum {
    KB_PERSONALIZE_LOCK = 0x01,
    KB_PERSONALIZE_SECURE = 0x02 /* through a secure channel, also where the field has other ways */
};

/* Personalizes a powered card. random: for the host challenge, NULL: crypto's own. KB_ERR_CARD: the
 * card refuses, with the item's name when it was a value; KB_ERR_INTEGRITY: an answer was not the
 * card's; KB_ERR_NO_CARD, KB_ERR_READER: it went away. */
enum kb_err kb_personalize(struct kb_reader *reader, const struct kb_crypto *crypto,
                           const struct kb_random *random, const struct kb_entity_field *field,
                           const uint8_t code[KB_PERSO_CODE], const struct kb_record *record,
                           unsigned how, struct kb_report *why);

#endif
