/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of EFs as objects hold them: made, made anew in another size, deleted. Private to files/.
 */
#ifndef KB_CARD_FILES_BODY_H
#define KB_CARD_FILES_BODY_H

#include "card/files/files.h"

/* What a new body, or each of its records, is filled with (TS 102 222 table 4a). Both empty: FF. */
struct kb_pattern {
    struct kb_span fill;   /* its start; its last byte goes on to the end */
    struct kb_span repeat; /* over and over */
};

/* The first of count object numbers in a row that nothing uses; 0 when there are none. */
uint16_t kb_body_free_objects(const struct kb_card *card, unsigned count);

/* Writes header and body of an EF whose object exists, in the caller's transaction, and sets its
 * chunk. old: what of this body is kept, NULL when nothing is; its further objects are gone
 * afterwards. */
enum kb_err kb_body_build(struct kb_card *card, const struct kb_file *old, struct kb_file *file,
                          const struct kb_pattern *pattern);

/* Deletes the further objects of a file, if it has any. */
enum kb_err kb_body_delete(struct kb_card *card, const struct kb_file *file);

#endif
