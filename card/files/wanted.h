/* SPDX-License-Identifier: Apache-2.0 */
/* The template 62 of CREATE FILE and RESIZE FILE (TS 102 222 clauses 6.3.2 and 6.10.2). Private to
 * files/. */
#ifndef KB_CARD_FILES_WANTED_H
#define KB_CARD_FILES_WANTED_H

#include "card/files/body.h"

/* What a template asks for. The spans lie in the command. */
struct kb_wanted {
    struct kb_file file; /* of a BER-TLV EF: size is what 80 says */
    struct kb_span aid;
    struct kb_span link; /* path from below the MF of the file that is to have another name */
    struct kb_pattern pattern;
    uint16_t max_size; /* of a BER-TLV EF, 0 when it is not said */
    bool has_size, has_sfi;
};

/* KB_SW_INCORRECT_DATA: malformed, or with what the card does not know. */
enum kb_sw kb_wanted_parse(struct kb_span data, struct kb_wanted *want);

#endif
