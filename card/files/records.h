/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands on records share. Private to files/. */
#ifndef KB_CARD_FILES_RECORDS_H
#define KB_CARD_FILES_RECORDS_H

#include "card/files/files.h"

/* The EF of records that a command speaks of, when the operation on it is allowed now. sfi 0: the
 * current EF. */
enum kb_sw kb_record_locate(struct kb_card *card, uint8_t sfi, enum kb_operation op,
                            struct kb_file **ef);

/* Where record number (from 1) lies. Record 1 of a cyclic file is the one written last. */
size_t kb_record_offset(const struct kb_file *ef, unsigned number);

/* The oldest record of a cyclic file is overwritten and becomes number 1, the current one, in one
 * transaction. record: as long as the file's records. */
enum kb_err kb_record_append(struct kb_card *card, struct kb_file *ef, const uint8_t *record);

#endif
