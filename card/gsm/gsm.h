/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card as a SIM of 2G sees it: the commands of class A0 (3GPP TS 51.011) over the same files,
 * PINs and toolkit as every other class. CHV1 is PIN1 (key reference 01), CHV2 is PIN2 (81). What
 * the two worlds have in common runs in the ordinary handlers, and their status words are
 * translated; what is here is what only the old one has. Basic channel alone.
 */
#ifndef KB_CARD_GSM_GSM_H
#define KB_CARD_GSM_GSM_H

#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_card;

/* Forgets which of EF.IMSI and EF.LOCI the terminal has rehabilitated; at reset. */
void kb_gsm_reset(struct kb_card *card);

/* One command of class A0. 9FXX (KB_SW_GSM_BYTES): the XX bytes in out wait for GET RESPONSE; any
 * other status but KB_SW_OK drops them. What comes with KB_SW_OK has the length that was asked for.
 */
enum kb_sw kb_gsm_run(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);

#endif
