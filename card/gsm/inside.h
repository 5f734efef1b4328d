/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of card/gsm/ share. Status words are those of the ordinary handlers. */
#ifndef KB_CARD_GSM_INSIDE_H
#define KB_CARD_GSM_INSIDE_H

#include "card/card.h"

enum { KB_FID_GSM = 0x7F20, KB_FID_DCS1800 = 0x7F21, KB_FID_TELECOM = 0x7F10 };
enum { KB_GSM_CHV1 = 0x01, KB_GSM_CHV2 = 0x81 }; /* their key references */

/* What SELECT and STATUS tell of a file (TS 51.011 clause 9.2.1): of an MF or DF 22 bytes, of an EF
 * 15. */
void kb_gsm_describe(struct kb_card *card, const struct kb_file *file, struct kb_writer *out);

/* True when the current EF is EF.IMSI or EF.LOCI, fixed dialling is on, and the terminal has not
 * rehabilitated the file in this session: a terminal that knows nothing of fixed dialling shall not
 * get at them (clause 11.5.1). */
bool kb_gsm_is_withheld(struct kb_card *card);

enum kb_sw kb_gsm_select(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gsm_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gsm_seek(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gsm_invalidate(struct kb_card *card, const struct kb_apdu *cmd,
                             struct kb_writer *out);
enum kb_sw kb_gsm_rehabilitate(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out);
enum kb_sw kb_gsm_run_algorithm(struct kb_card *card, const struct kb_apdu *cmd,
                                struct kb_writer *out);
enum kb_sw kb_gsm_sleep(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);

#endif
