/* SPDX-License-Identifier: Apache-2.0 */
/* Digits on cards: swapped BCD (low nibble first, TS 102 221 clause 13.2), IMSI (TS 31.102
 * clause 4.2.2), ICCID with its Luhn check digit (ITU-T E.118; ISO/IEC 7812-1 annex B). Digits are
 * ASCII '0'-'9', without a terminating zero. */
#ifndef KB_WIRE_BCD_H
#define KB_WIRE_BCD_H

#include "wire/cursor.h"
#include "wire/err.h"

enum { KB_IMSI_MIN = 6, KB_IMSI_MAX = 15, KB_ICCID_MIN = 18, KB_ICCID_MAX = 20 };

/* True when every byte is an ASCII digit; true for an empty span. */
bool kb_is_digits(struct kb_span digits);

/* Writes digits as swapped BCD into exactly size bytes, unused nibbles F. KB_ERR_MALFORMED: not
 * digits; KB_ERR_TOO_LONG. */
enum kb_err kb_bcd_encode(struct kb_span digits, uint8_t *out, size_t size);

/* Reads swapped BCD up to the first F nibble; out receives at most cap digits. KB_ERR_MALFORMED: a
 * nibble A-E or digits behind F; KB_ERR_TOO_LONG: more than cap. */
enum kb_err kb_bcd_decode(struct kb_span bcd, char *out, size_t cap, size_t *len);

/* EF.IMSI, 9 bytes: length, parity and first digit in one byte, the rest swapped. */
enum kb_err kb_imsi_encode(struct kb_span digits, uint8_t out[9]);
enum kb_err kb_imsi_decode(const uint8_t in[9], char out[KB_IMSI_MAX], size_t *len);

/* The Luhn digit ('0'-'9') that completes these digits. */
char kb_luhn_digit(struct kb_span digits);

/* KB_ERR_RANGE: not 18-20 digits; KB_ERR_MALFORMED: not digits; KB_ERR_CHECK_DIGIT: the last digit
 * is not the Luhn digit. */
enum kb_err kb_iccid_check(struct kb_span digits);

/* EF.ACC of a subscriber: one bit for access class 0-9, the last digit of the IMSI (TS 22.011
 * clause 4.2). */
enum kb_err kb_acc_from_imsi(struct kb_span digits, uint8_t out[2]);

#endif
