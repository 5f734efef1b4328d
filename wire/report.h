/* SPDX-License-Identifier: Apache-2.0 */
/* An error on its way up, with the words a person needs: what was wrong, where, and what would be
 * right
 * ("batch.csv:17: iccid: check digit is 3, should be 5"). Host side only: the card core does not
 * use it. */
#ifndef KB_WIRE_REPORT_H
#define KB_WIRE_REPORT_H

#include "wire/err.h"

struct kb_report {
    enum kb_err err;
    char text[512];
};

/* Fills the report and returns err, so that a function can end with: return kb_report(why,
 * KB_ERR_RANGE, "...", ...). why may be NULL. Never hand in a secret. */
enum kb_err kb_report(struct kb_report *why, enum kb_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts context in front of a report that is already filled: "context: text". Returns its error;
 * KB_ERR_USAGE when why is NULL. */
enum kb_err kb_report_in(struct kb_report *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
