/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders: from a value as the entity sends it to the bytes the card keeps. Pure functions. */
#ifndef KB_CARD_PERSO_ENCODE_H
#define KB_CARD_PERSO_ENCODE_H

#include "card/perso/image.h"
#include "wire/cursor.h"

/* True when the value has the format and passes the check. Lengths are the caller's business. */
bool kb_format_accepts(enum kb_item_format format, struct kb_span value);
bool kb_check_accepts(enum kb_item_check check, struct kb_span value);

/* Writes exactly size bytes to out. KB_ERR_MALFORMED, KB_ERR_RANGE, KB_ERR_CHECK_DIGIT: the value;
 * KB_ERR_TOO_LONG: does not fit in size; KB_ERR_USAGE: the encoder never fills this size. */
enum kb_err kb_encode(enum kb_encoder encoder, uint8_t argument, struct kb_span value, uint8_t *out,
                      size_t size);

/* Sizes an encoder can fill: 0 when any, else the only one allowed (9 for IMSI). For the plan
 * compiler and the loader. */
size_t kb_encoder_size(enum kb_encoder encoder);

/* True when a write of this length suits the encoder: its only size, whole entries of a list. */
bool kb_encoder_fills(enum kb_encoder encoder, size_t size);

#endif
