/* SPDX-License-Identifier: Apache-2.0 */
/* The pass over handover and batch before any card is touched: every row checked, each card of the
 * batch matched with its code, and the places of both noted in the journal; constant memory. */
#ifndef KB_DESK_IMPORT_H
#define KB_DESK_IMPORT_H

#include "crypto/crypto.h"
#include "desk/handover.h"
#include "desk/journal.h"

/* Imports into an empty journal, all or nothing. A journal that has this batch already is left as
 * it is. KB_ERR_EXISTS: the journal is of another batch, or a card has two rows. */
enum kb_err kb_import(struct kb_journal *journal, const struct kb_crypto *crypto, const char *plan,
                      struct kb_handover *handover, struct kb_table *table, struct kb_report *why);

#endif
