/* SPDX-License-Identifier: Apache-2.0 */
/* Where a sealed value may stand in an export: in its own column, on the line of the subscriber it
 * was made for, and nowhere else. Who changes a sealed export can then take values away, but not
 * give one subscriber the keys of another. */
#ifndef KB_DESK_EXPORT_PLACE_H
#define KB_DESK_EXPORT_PLACE_H

#include <stdbool.h>

#include "wire/cursor.h"

enum { KB_EXPORT_NAMES = 512 };

/* What the lines before tell; zero at the beginning of a file. */
struct kb_export_places {
    bool is_begun;
    char names[KB_EXPORT_NAMES]; /* of a table's columns; empty: this is none */
};

/* To be told each line of the file, before its values are asked for. */
void kb_export_places_line(struct kb_export_places *places, const char *line);

/* True when the token, which is part of the line, is the value of this column ("ki", "opc",
 * "adm1", "pin1" ...) of the subscriber with this IMSI. */
bool kb_export_place_is_own(const struct kb_export_places *places, const char *line,
                            struct kb_span token, const char *imsi, const char *column);

#endif
