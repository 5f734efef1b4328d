/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal text. */
#ifndef KB_WIRE_HEX_H
#define KB_WIRE_HEX_H

#include "wire/cursor.h"
#include "wire/err.h"

/* Decodes text of either case; blanks, tabs and colons between bytes are skipped. KB_ERR_MALFORMED:
 * another character or half a byte; KB_ERR_TOO_LONG: more than cap bytes. */
enum kb_err kb_hex_decode(struct kb_span text, uint8_t *out, size_t cap, size_t *len);

/* Writes 2 * data.len characters and a terminating zero; upper case. out: 2 * data.len + 1 bytes.
 */
void kb_hex_encode(struct kb_span data, char *out);

#endif
