/* SPDX-License-Identifier: Apache-2.0 */
/* Text on cards: from UTF-8 to the GSM default alphabet (TS 23.038 clause 6.2.1) or to UCS2 in the
 * coding 80 of TS 102 221 annex A. */
#ifndef KB_CARD_PERSO_TEXT_H
#define KB_CARD_PERSO_TEXT_H

#include "wire/cursor.h"
#include "wire/err.h"

/* True for well-formed UTF-8: shortest forms only, no surrogates, nothing above 10FFFF. */
bool kb_text_is_utf8(struct kb_span text);

/* Fills size bytes: one byte a character with bit 8 clear when the whole text is in the default
 * alphabet, else 80 and two bytes a character; unused bytes FF. KB_ERR_RANGE: a character beyond
 * UCS2. */
enum kb_err kb_text_encode(struct kb_span text, uint8_t *out, size_t size);

#endif
