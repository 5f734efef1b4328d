/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to a card, with refusals told in words. */
#ifndef KB_DESK_TALK_H
#define KB_DESK_TALK_H

#include "reader/exchange.h"

/* What a status word means, for messages; never NULL. */
const char *kb_sw_text(uint16_t sw);

/* Sends CLA INS P1 P2 with data; wants_answer adds an Le. 0 even when the card refuses. */
enum kb_err kb_talk(struct kb_reader *reader, const uint8_t header[4], struct kb_span data,
                    bool wants_answer, struct kb_answer *answer, struct kb_report *why);

/* As kb_talk, and any answer but 9000 is KB_ERR_CARD: "what: refused with 6985 (...)". */
enum kb_err kb_talk_ok(struct kb_reader *reader, const char *what, const uint8_t header[4],
                       struct kb_span data, bool wants_answer, struct kb_answer *answer,
                       struct kb_report *why);

/* The report of a refusal. */
enum kb_err kb_talk_refused(struct kb_report *why, const char *what, uint16_t sw);

/* Powers the card up. */
enum kb_err kb_talk_power_up(struct kb_reader *reader, struct kb_report *why);

#endif
