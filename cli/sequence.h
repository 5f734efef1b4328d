/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence diagram as SVG: a column for each party, an arrow for each message, from top to bottom
 * in the order in which they crossed their link. */
#ifndef KB_CLI_SEQUENCE_H
#define KB_CLI_SEQUENCE_H

#include <stddef.h>
#include <stdio.h>

struct kb_sequence_arrow {
    size_t from, to;   /* columns; the same one: something that happens inside of a party */
    const char *label; /* what it is; on the arrow */
    const char *note;  /* bytes, time; below the arrow in small letters; may be empty */
};

struct kb_sequence {
    const char *title;
    const char *const *parties;
    size_t party_count;
    const struct kb_sequence_arrow *arrows;
    size_t arrow_count;
};

/* Writes the whole document. Texts may hold anything; they are escaped. */
void kb_sequence_draw(const struct kb_sequence *sequence, FILE *out);

#endif
