/* SPDX-License-Identifier: Apache-2.0 */
/* One command of a plan while it is interpreted, and the pieces the interpreter is made of. Private
 * to card/perso. */
#ifndef KB_CARD_PERSO_SESSION_H
#define KB_CARD_PERSO_SESSION_H

#include "card/card.h"
#include "card/perso/rows.h"

/* A command with the row of the image it matched, and the field the row belongs to. */
struct kb_request {
    struct kb_card *card;
    const struct kb_apdu *cmd;
    struct kb_image image;
    struct kb_image_command command;
    struct kb_image_field field;
    uint8_t field_index;
};

typedef enum kb_sw (*kb_perso_handler)(struct kb_request *request, struct kb_writer *out);

/* --- condition.c: what a field remembers for ever --- */

enum kb_condition_kind { KB_CONDITION_OPEN = 0, KB_CONDITION_LOCKED = 1, KB_CONDITION_BLOCKED = 2 };

struct kb_condition {
    uint8_t tries; /* left */
    uint8_t kind;  /* enum kb_condition_kind; no tries left reads as blocked */
};

/* A field whose object the maker did not write is open with all its tries. */
enum kb_err kb_condition_read(struct kb_card *card, const struct kb_image_field *field,
                              struct kb_condition *out);
enum kb_err kb_condition_write(struct kb_card *card, const struct kb_image_field *field,
                               const struct kb_condition *condition);

/* KB_SW_OK for an open field, else what an ENABLE, VERIFY, PUT or LOCK of it gets. */
enum kb_sw kb_condition_check(struct kb_request *request, struct kb_condition *out);

/* --- machine.c: the table of transitions, and the rules that hold whatever it says --- */

/* KB_ERR_ABSENT when the current state has no transition for the event. */
enum kb_err kb_machine_next(const struct kb_request *request, enum kb_perso_event event,
                            uint8_t *to);

/* Goes to a state. PERSO is refused while nothing was verified: the session ends instead. */
void kb_machine_enter(struct kb_card *card, uint8_t to);

/* Forgets challenge, verification and field. */
void kb_machine_end(struct kb_card *card);

/* --- which items are there --- */

struct kb_present {
    uint8_t bits[KB_FIELD_ITEMS / 8];
};

enum kb_err kb_present_read(struct kb_card *card, const struct kb_image_field *field,
                            struct kb_present *out);
enum kb_err kb_present_write(struct kb_card *card, const struct kb_image_field *field,
                             const struct kb_present *present);

static inline bool kb_present_has(const struct kb_present *present, uint8_t item)
{
    return present->bits[item / 8] & 1 << item % 8;
}

static inline void kb_present_add(struct kb_present *present, uint8_t item)
{
    present->bits[item / 8] |= (uint8_t)(1 << item % 8);
}

/* --- store.c: from a value to its places --- */

/* Whether every write of the item takes the value; nothing is written. */
enum kb_err kb_store_check(struct kb_request *request, const struct kb_image_item *item,
                           struct kb_span value);

/* Writes the value to all its places, in the caller's transaction. */
enum kb_err kb_store_value(struct kb_request *request, const struct kb_image_item *item,
                           struct kb_span value);

/* Whether the command came in the way the field was verified: through the secure channel, where
 * that did it. */
static inline bool kb_perso_is_protected(const struct kb_card *card)
{
    return !card->perso.is_secured || card->gp.is_secured;
}

/* --- put.c --- */

/* Whether the field takes data now, and the state it goes to. */
enum kb_sw kb_perso_put_allowed(struct kb_request *request, uint8_t *to);

/* --- handlers, one for each enum kb_perso_action --- */

enum kb_sw kb_perso_enable(struct kb_request *request, struct kb_writer *out);
enum kb_sw kb_perso_verify(struct kb_request *request, struct kb_writer *out);
enum kb_sw kb_perso_put_tlv(struct kb_request *request, struct kb_writer *out);
enum kb_sw kb_perso_put_dgi(struct kb_request *request, struct kb_writer *out);
enum kb_sw kb_perso_put_item(struct kb_request *request, struct kb_writer *out);
enum kb_sw kb_perso_lock(struct kb_request *request, struct kb_writer *out);
enum kb_sw kb_perso_state_of_card(struct kb_request *request, struct kb_writer *out);

/* The status of an error of memory, image or value; never tells a place. */
enum kb_sw kb_perso_sw(enum kb_err err);

#endif
