/* SPDX-License-Identifier: Apache-2.0 */
/* Agreements written down between two steps. The form is our own: a version, a letter for the kind,
 * then the fields of the struct in their order, each of a fixed size. */
#ifndef KB_AGREE_SAVED_H
#define KB_AGREE_SAVED_H

#include "agree/dh.h"
#include "agree/edhoc.h"

/* What these are for: kb_agree_save and kb_agree_restore_edhoc or _dh (agree/agree.h). */
void kb_edhoc_save(const struct kb_edhoc *edhoc, struct kb_writer *out);
enum kb_err kb_edhoc_restore(struct kb_edhoc *edhoc, const struct kb_edhoc_config *config,
                             struct kb_span saved);
void kb_dh_save(const struct kb_dh *dh, struct kb_writer *out);
enum kb_err kb_dh_restore(struct kb_dh *dh, const struct kb_dh_config *config,
                          struct kb_span saved);

#endif
