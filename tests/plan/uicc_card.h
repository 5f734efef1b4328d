/* SPDX-License-Identifier: Apache-2.0 */
/* A finished card of examples/plans/uicc.yaml in memory. */
#ifndef KB_TESTS_PLAN_UICC_CARD_H
#define KB_TESTS_PLAN_UICC_CARD_H

#include "card/card.h"
#include "plan/plan.h"

/* Makes it, or fails the test; once in a process. */
void uicc_make(void);
void uicc_end(void);

/* A new session of the card. */
void uicc_power_up(void);
const struct kb_plan *uicc_plan(void);

/* An object of the card's memory, which no command shows; returns its length. */
size_t uicc_object(unsigned object, uint8_t *bytes, size_t size);

/* One APDU; returns SW, the answer without it is in *answer until the next one. */
uint16_t uicc_transmit(struct kb_span command, struct kb_span *answer);

/* The same from hexadecimal with blanks. answer may be NULL. */
uint16_t uicc_send(const char *hex, struct kb_span *answer);

/* SELECT by path from the MF ("7FF0/6F07"; "" for the MF itself) with the FCP. */
uint16_t uicc_select(const char *path, struct kb_span *fcp);

#endif
