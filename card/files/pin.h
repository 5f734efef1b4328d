/* SPDX-License-Identifier: Apache-2.0 */
/* PINs and administrative codes (TS 102 221 clauses 9.5 and 11.1.9 - 11.1.13). A try is counted,
 * and the count committed, before the comparison; the comparison takes constant time. */
#ifndef KB_CARD_FILES_PIN_H
#define KB_CARD_FILES_PIN_H

#include "card/files/files.h"

enum {
    KB_PIN_SIZE = 8,
    KB_PIN_OBJECT = 20, /* key reference, limit, unblock limit, flags, PIN (8), unblock code (8) */
    KB_PIN_TRIES_OBJECT = 3, /* tries left, unblock tries left, 0 disabled, 1 enabled, 2 the
                                universal PIN replaces it */
    KB_PIN_MAY_DISABLE = 0x01,
    KB_PIN_HAS_UNBLOCK = 0x02,
    KB_PIN_SHARED = 0x04 /* verified on one logical channel, it counts on all of them */
};

/* Sets PIN (is_unblock false) or unblock code of the PIN object index, with fresh tries; part of
 * the caller's transaction. KB_ERR_ABSENT: the card has no such PIN. */
enum kb_err kb_pin_set(struct kb_card *card, uint8_t index, bool is_unblock,
                       const uint8_t value[KB_PIN_SIZE]);

/* Reads which PINs the card has, and the state of each; at reset. */
enum kb_err kb_pin_reset(struct kb_card *card);

/* Index of the PIN object with this key reference, or -1. */
int kb_pin_find(const struct kb_card *card, uint8_t reference);

/* The PINs whose holder may go on, on the channel in use: verified or disabled ones, and those that
 * the universal PIN replaces when it is one of these (clause 9.4.1). Bit n: PIN object n. */
uint8_t kb_pin_satisfied(const struct kb_card *card);

/* Tries left of a PIN and of its unblock code, as TS 51.011 clause 9.3 codes them: bit 8 with the
 * tries, 0 for a code that the card does not have. */
enum kb_err kb_pin_tries(struct kb_card *card, uint8_t index, uint8_t tries[2]);

/* The local PINs (key references 81-8E). Bit n: PIN object n. */
uint8_t kb_pin_local(const struct kb_card *card);

/* Forgets that local PINs (key references 81-8E) were verified: they belong to the application that
 * ends or gives way to another one (ISO/IEC 7816-4: application-specific security status). */
void kb_pin_leave_application(struct kb_card *card);

/* The PIN status template DO C6 of an FCP (clause 11.1.1.4.10). */
void kb_pin_status(struct kb_card *card, struct kb_writer *out);

enum kb_sw kb_pin_verify(struct kb_card *card, const struct kb_apdu *cmd,
                         struct kb_writer *out); /* 11.1.9 */
enum kb_sw kb_pin_change(struct kb_card *card, const struct kb_apdu *cmd,
                         struct kb_writer *out); /* 11.1.10 */
enum kb_sw kb_pin_disable(struct kb_card *card, const struct kb_apdu *cmd,
                          struct kb_writer *out); /* 11.1.11 */
enum kb_sw kb_pin_enable(struct kb_card *card, const struct kb_apdu *cmd,
                         struct kb_writer *out); /* 11.1.12 */
enum kb_sw kb_pin_unblock(struct kb_card *card, const struct kb_apdu *cmd,
                          struct kb_writer *out); /* 11.1.13 */

#endif
