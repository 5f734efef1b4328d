/* SPDX-License-Identifier: Apache-2.0 */
/* The words that plans and entity views use for the numbers of card/perso/image.h; each list is in
 * the order of its enum and ended by NULL. */
#ifndef KB_PLAN_WORDS_H
#define KB_PLAN_WORDS_H

#include <stdbool.h>
#include <stddef.h>

extern const char *const kb_words_format[];    /* enum kb_item_format */
extern const char *const kb_words_check[];     /* enum kb_item_check */
extern const char *const kb_words_encoder[];   /* enum kb_encoder */
extern const char *const kb_words_algorithm[]; /* enum kb_aka_algorithm */
extern const char *const kb_words_gsm[];       /* enum kb_aka_gsm_algorithm */
extern const char *const kb_words_aka[];       /* enum kb_profile_part */
extern const char *const kb_words_aka_role[];  /* what items with these parts mean to the proof */
extern const char *const kb_words_method[];    /* enum kb_verify_method */
extern const char *const kb_words_data[];      /* what PUT takes: tlv, dgi */
extern const char *const kb_words_state[];     /* enum kb_perso_state */
extern const char *const kb_words_event[];     /* enum kb_perso_event */
extern const char *const kb_words_role[];      /* what an item means to exports */

bool kb_words_has(const char *const *words, const char *text);

/* Writes "a, b or c", shortened when it does not fit. */
void kb_words_list(const char *const *words, char *out, size_t size);

/* The word that was probably meant, or NULL when none is near. */
const char *kb_words_nearest(const char *text, const char *const *words);

#endif
