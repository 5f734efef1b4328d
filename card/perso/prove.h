/* SPDX-License-Identifier: Apache-2.0 */
/* The proof of an algorithm image in parts (docs/loader.md lists the rules). Each rule reads the
 * image where it lies and returns KB_OK, the error of kb_perso_prove, or one of the memory. Private
 * to card/perso. */
#ifndef KB_CARD_PERSO_PROVE_H
#define KB_CARD_PERSO_PROVE_H

#include "card/perso/rows.h"

enum { KB_TRIES_MAX = 15 }; /* what 63CX can tell */

typedef enum kb_err (*kb_rule_of_image)(struct kb_card *card, const struct kb_image *image);

/* prove_machine.c: the table of transitions. */
enum kb_err kb_prove_transitions(struct kb_card *card, const struct kb_image *image);

/* prove_commands.c: the rows of the command table, and that no two can be confused. */
enum kb_err kb_prove_commands(struct kb_card *card, const struct kb_image *image);
enum kb_err kb_prove_commands_differ(struct kb_card *card, const struct kb_image *image);

/* prove_items.c: fields, items, their names, tags and limits. */
bool kb_prove_name(const struct kb_image *image, uint16_t offset, uint8_t *len);
enum kb_err kb_prove_fields(struct kb_card *card, const struct kb_image *image);
enum kb_err kb_prove_items(struct kb_card *card, const struct kb_image *image);
enum kb_err kb_prove_tags(struct kb_card *card, const struct kb_image *image);

/* prove_writes.c: every place exists, takes what is written, and belongs to one item. */
enum kb_err kb_prove_writes(struct kb_card *card, const struct kb_image *image);
enum kb_err kb_prove_places(struct kb_card *card, const struct kb_image *image);

/* The file of one write, when all of it has its place there. What was proven when the image was
 * loaded is asked again before a write: files may have been deleted since, and made anew. */
enum kb_err kb_prove_place(struct kb_card *card, const struct kb_image_write *row,
                           struct kb_file *file);

enum { KB_KEY_SET_HEADER = 2 }; /* version and kind, in front of the keys */

/* Whether the key set of one write is there, and its keys are as long as the write says. Asked
 * again before a write as well. */
enum kb_err kb_prove_key_set(struct kb_card *card, const struct kb_image_write *row);

#endif
