/* SPDX-License-Identifier: Apache-2.0 */
/* Proof of finished cards: each one in a folder or in readers is asked to authenticate with the
 * keys of a journal or of an export. The journal learns the sequence numbers, so that exports made
 * afterwards match the cards. */
#ifndef KB_DESK_VERIFY_H
#define KB_DESK_VERIFY_H

#include "desk/bureau.h"

struct kb_verify_options {
    struct kb_bureau_options work; /* dir or readers, jobs, wait_s, journal, audit, key, ... */
    const char *export;            /* NULL: the journal's keys */
    const uint8_t *transport_key;  /* KB_GCM_KEY bytes that open the export; NULL: it is clear */
};

/* summary: total: cards to prove; done: proven; failed: not. */
enum kb_err kb_verify(const struct kb_verify_options *options, struct kb_bureau_summary *summary,
                      struct kb_report *why);

/* Fills an empty journal with the cards of an export, all done. KB_ERR_USAGE: a format without
 * ICCIDs. */
enum kb_err kb_export_read(struct kb_journal *journal, const struct kb_seal *values,
                           const char *path, const uint8_t *transport_key, struct kb_report *why);

#endif
