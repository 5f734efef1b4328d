/* SPDX-License-Identifier: Apache-2.0 */
/* What a card tells of its personalization (GET PERSO STATE, docs/apdu.md clause 3). */
#ifndef KB_DESK_CARD_STATE_H
#define KB_DESK_CARD_STATE_H

#include "desk/record.h"
#include "desk/table.h"
#include "reader/exchange.h"

struct kb_card_state {
    char id[KB_ICCID_TEXT]; /* empty when the card has none */
    uint8_t life_cycle;     /* enum kb_life_cycle */
    bool has_field;         /* the field is in the card; state and tries are its own */
    uint8_t state;          /* enum kb_perso_state */
    uint8_t tries;
    struct kb_answer answer; /* the names lie in it */
    struct kb_span present, missing;
};

/* Asks a powered card about one field. KB_ERR_CARD: it refuses, or its answer makes no sense. */
enum kb_err kb_card_state_get(struct kb_reader *reader, const struct kb_entity_field *field,
                              struct kb_card_state *state, struct kb_report *why);

/* True when the card says that every value of the record is there, and no mandatory item is
 * missing. */
bool kb_card_state_has(const struct kb_card_state *state, const struct kb_record *record);

#endif
