/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys as COSE_Key (RFC 9052 clause 7, RFC 9053 clause 7). */
#ifndef KB_AGREE_COSE_KEY_H
#define KB_AGREE_COSE_KEY_H

#include "agree/curve.h"

/* { 1: 2, -1: 1, -2: x, -3: is_odd } or { 1: 1, -1: 4, -2: x }. The Y of a point is given by its
 * sign, in one byte; for a Diffie-Hellman key either sign will do. */
void kb_cose_key_put(struct kb_writer *wr, enum kb_curve curve, const uint8_t x[KB_CURVE_SIZE],
                     bool is_odd);

/* Reads a key on one of the two curves; what else the map holds (kid, alg) is passed over. Bad:
 * another type or curve, a coordinate of another size, or a private key among them. The Y is looked
 * at for its shape only. */
void kb_cose_key_read(struct kb_cursor *rd, enum kb_curve *curve, uint8_t x[KB_CURVE_SIZE]);

#endif
