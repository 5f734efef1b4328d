/* SPDX-License-Identifier: Apache-2.0 */
/* An application that asks the terminal for what a test tells it, one after the other, and writes
 * down what it hears: one for the whole process. */
#ifndef KB_TESTS_CARD_ASKING_H
#define KB_TESTS_CARD_ASKING_H

#include "card/application.h"

enum { ASKING_HEARD = 4096 };

/* TAR B00011; takes packets with a CC and a counter that must be higher, 12 (hex) in its SPI. */
extern const struct kb_application asking;

void asking_clear(void);

/* A proactive command as it goes to the terminal, in hex; its number does not count. */
void asking_add(const char *hex);

/* What the application puts into proofs of receipt, in hex. */
void asking_answer(const char *hex);

/*
 * What it heard since the last time, a word or several for each, separated by "; ":
 *     reset
 *     profile FFFF
 *     done 21 result 00              type of command, result, and text, item or data when there
 *     item 02                        or: event 03, timer 01
 *     packet AABB                    or: packet again
 */
const char *asking_heard(void);

#endif
