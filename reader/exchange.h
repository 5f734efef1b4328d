/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal does around an APDU: asks again on 6CXX, fetches on 61XX, splits long data into a
 * chain. */
#ifndef KB_READER_EXCHANGE_H
#define KB_READER_EXCHANGE_H

#include "reader/reader.h"
#include "wire/sw.h"

struct kb_answer {
    uint8_t data[4096];
    size_t len; /* of data, without SW */
    uint16_t sw;
};

/* Sends a command; data longer than 255 bytes goes as a chain (CLA with bit 10). 0 even when the
 * card refuses: look at sw. The answer may hold a secret (a response to AUTHENTICATE): the caller
 * wipes it. */
enum kb_err kb_exchange(struct kb_reader *reader, const struct kb_apdu *cmd,
                        struct kb_answer *answer, struct kb_report *why);

#endif
