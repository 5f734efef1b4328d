/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a terminal asks of the UICC as a whole, whatever files it has (TS 102 221 clauses 11.1.18,
 * 11.1.19 and 11.1.22).
 *
 * A suspended card keeps its channels, their current files and security status, and what the
 * toolkit and its application know of the terminal, under KB_OBJ_SUSPENDED; the token that it gave
 * gets them back once, as the first command after the next power-up. Any other command drops them,
 * and so does a wrong token: it is spent before it is compared.
 */
#ifndef KB_CARD_UICC_UICC_H
#define KB_CARD_UICC_UICC_H

#include <stdbool.h>

#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_card;

enum { KB_UICC_TOKEN = 8 /* bytes */ };

enum kb_uicc_suspension {
    KB_UICC_AWAKE,
    KB_UICC_SUSPENDED, /* in this session: the power should go now */
    KB_UICC_RESUMABLE  /* in the last one, and no command came yet */
};

/* At reset. */
void kb_uicc_reset(struct kb_card *card);

/* Before every command of a card that is not awake: what was kept is dropped unless it is asked
 * for. false: that could not be written, and the command must not run. */
bool kb_uicc_hear(struct kb_card *card, const struct kb_apdu *cmd);

enum kb_sw kb_uicc_challenge(struct kb_card *card, const struct kb_apdu *cmd,
                             struct kb_writer *out); /* 11.1.18 */
enum kb_sw kb_uicc_capability(struct kb_card *card, const struct kb_apdu *cmd,
                              struct kb_writer *out); /* 11.1.19 */
enum kb_sw kb_uicc_suspend(struct kb_card *card, const struct kb_apdu *cmd,
                           struct kb_writer *out); /* 11.1.22 */

#endif
