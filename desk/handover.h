/* SPDX-License-Identifier: Apache-2.0 */
/* The maker's handover: iccid, field, perso_code (hex), one line for each card and field. */
#ifndef KB_DESK_HANDOVER_H
#define KB_DESK_HANDOVER_H

#include "desk/csv.h"
#include "desk/personalize.h"
#include "desk/table.h"

struct kb_handover {
    struct kb_csv *csv;
    size_t iccid, field, code; /* columns */
};

enum kb_err kb_handover_open(struct kb_handover *handover, const char *path, struct kb_report *why);
void kb_handover_close(struct kb_handover *handover);

/* The next card of this field, its ICCID and code checked; the code itself is not kept. iccid:
 * KB_ICCID_TEXT bytes. */
enum kb_err kb_handover_next(struct kb_handover *handover, const char *field, char *iccid,
                             bool *is_row, struct kb_report *why);

/* The code of the row that starts at place. KB_ERR_INTEGRITY: the row is another card's now. */
enum kb_err kb_handover_code(struct kb_handover *handover, struct kb_csv_place place,
                             const char *iccid, uint8_t code[KB_PERSO_CODE], struct kb_report *why);

#endif
