/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card's half of the application toolkit (ETSI TS 102 223; commands: TS 102 221 clauses 11.2.1
 * - 11.2.4): tells the terminal by 91XX that a command waits, gives it on FETCH, takes the TERMINAL
 * RESPONSE, hands ENVELOPEs on. No proactive command is kept: the application is asked for it again
 * on FETCH.
 */
#ifndef KB_CARD_TOOLKIT_TOOLKIT_H
#define KB_CARD_TOOLKIT_TOOLKIT_H

#include "card/application.h"
#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_toolkit {
    bool has_profile; /* TERMINAL PROFILE came since the last reset */
    bool is_fetched;  /* a command is with the terminal, which owes a response */
    bool is_report;   /* that one is the inbox's, not the application's */
    uint8_t number;   /* of that command, or of the last one; 1 .. 254 */
    uint8_t type;     /* of that command */
    uint8_t waiting;  /* bytes of the command that 91XX announced, 0: none */
};

void kb_toolkit_reset(struct kb_card *card);

/* After a command that ended with sw: when something waits 91XX if it ended well, 62F2 or 63F2
 * between the blocks of a data object; else sw. */
enum kb_sw kb_toolkit_announce(struct kb_card *card, enum kb_sw sw);

enum kb_sw kb_toolkit_profile(struct kb_card *card, const struct kb_apdu *cmd,
                              struct kb_writer *out); /* 11.2.1 */
enum kb_sw kb_toolkit_envelope(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out); /* 11.2.2 */
enum kb_sw kb_toolkit_fetch(struct kb_card *card, const struct kb_apdu *cmd,
                            struct kb_writer *out); /* 11.2.3 */
enum kb_sw kb_toolkit_response(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out); /* 11.2.4 */

#endif
