/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed values of a journal's cards. */
#ifndef KB_DESK_VALUES_H
#define KB_DESK_VALUES_H

#include "desk/journal.h"
#include "desk/seal.h"

/* record: emptied and filled. sealed: scratch, KB_JOURNAL_SEALED_MAX bytes. KB_ERR_INTEGRITY: the
 * journal belongs to another bureau key. */
enum kb_err kb_values_open(struct kb_journal *journal, const struct kb_seal *seal,
                           const char *iccid, struct kb_record *record, uint8_t *sealed,
                           struct kb_report *why);
enum kb_err kb_values_close(struct kb_journal *journal, const struct kb_seal *seal,
                            const char *iccid, const struct kb_record *record, uint8_t *sealed,
                            struct kb_report *why);

#endif
