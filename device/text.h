/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of cards as UTF-8 and back: the GSM alphabet packed and unpacked, UCS2 (3GPP TS 23.038),
 * and the three codings of UCS2 in alpha identifiers (ETSI TS 102 221 annex A). */
#ifndef KB_DEVICE_TEXT_H
#define KB_DEVICE_TEXT_H

#include "wire/cat.h"

/* Texts end with a zero and are cut off before a character that has no room in cap bytes. What is
 * no character becomes U+FFFD. */
void kb_terminal_text_decode(const struct kb_cat_text *text, char *out, size_t cap);
void kb_terminal_text_decode_alpha(struct kb_span alpha, char *out, size_t cap);

/* Writes the coded text without its coding scheme. KB_ERR_RANGE: a character the coding lacks.
 * KB_ERR_MALFORMED: no UTF-8. */
enum kb_err kb_terminal_text_encode(uint8_t dcs, const char *text, struct kb_writer *wr);

/* Characters of a text; SIZE_MAX when it is no UTF-8. */
size_t kb_terminal_text_count(const char *text);

#endif
