/* SPDX-License-Identifier: Apache-2.0 */
/* A card with key sets of remote management, and the operator that sends it scripts. */
#ifndef KB_TESTS_OTA_REMOTE_WORLD_H
#define KB_TESTS_OTA_REMOTE_WORLD_H

#include "tests/toolkit/sending.h"

/* PIN objects of the card: PIN1 "1234" (01), which counts on every channel, and ADM1 (0A). */
enum { PIN1 = 0, ADM1 = 1 };

/* Key sets: OPERATOR (number 3) may do what ADM1 may, at the MF and in the USIM; GUEST (number 4)
 * has its targets and nothing granted; MADE (number 2) has the keys made with the operator. */
enum { OPERATOR, GUEST, MADE };

/* Files: 2F05 free to read (5 bytes 0102030405), 2F10 of 300 bytes, 2F11 for PIN1 to read and ADM1
 * to update, 2F12 cyclic with four records of two bytes; ADF 7FF1 with 6F07 as 2F11. */

extern struct rig rig;
extern struct sender sender;

/* Makes the card, and sends TERMINAL PROFILE. For cmocka's setup. */
int remote_start(void **state);

/* The sender's next packets are under the keys of this set, to this TAR. */
void remote_use(unsigned set, uint32_t tar);

/* Puts the sender's keys into the card as secret and the one behind it. */
void remote_put_keys(unsigned secret);

/* Seals and sends a script in hex, blanks and brackets as in transcripts; the last SW. */
uint16_t remote_send(const char *script, uint8_t spi2);

/* The same, with a proof of receipt in the deliver report, whose data are these. */
void remote_expect(const char *script, const char *answer);

#endif
