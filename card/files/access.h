/* SPDX-License-Identifier: Apache-2.0 */
/* Access rules of EF.ARR in expanded format (TS 102 221 clause 9.2.7, ISO/IEC 7816-4 clause 9.3.5).
 */
#ifndef KB_CARD_FILES_ACCESS_H
#define KB_CARD_FILES_ACCESS_H

#include "card/files/files.h"

enum kb_rule_mode {
    KB_RULE_NEVER,
    KB_RULE_ALWAYS,
    KB_RULE_ANY, /* one of the PINs */
    KB_RULE_ALL  /* every one of them */
};

/* True when the file's rule allows the operation now; everything is allowed while the card is
 * ADMINISTRATIVE. */
bool kb_access_granted(struct kb_card *card, const struct kb_file *file,
                       enum kb_operation operation);

/* What the file's rule asks for: the PINs are those of KB_RULE_ANY and KB_RULE_ALL, bit n: PIN
 * object n. */
enum kb_rule_mode kb_access_rule(struct kb_card *card, const struct kb_file *file,
                                 enum kb_operation operation, uint8_t *pins);

/* True when a PIN of this key reference is verified, disabled, or replaced by one that is. */
bool kb_access_has_pin(const struct kb_card *card, uint8_t reference);

/* Forgets what was resolved from this EF.ARR; 0: from every one. */
void kb_access_forget(struct kb_card *card, uint16_t arr_object);

#endif
