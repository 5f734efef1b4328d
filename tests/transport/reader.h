/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal: whole commands through the bytes of T=0 and T=1 (TS 102 221 clause 7.3.1). */
#ifndef KB_TESTS_TRANSPORT_READER_H
#define KB_TESTS_TRANSPORT_READER_H

#include "tests/transport/line.h"

struct reader {
    struct line *line;
    unsigned number;  /* T=1: N(S) of its next block */
    uint8_t ifsd;     /* T=1: 0 until it was told to the card */
    size_t link_size; /* T=1: bytes of a block */
    uint8_t answer[KB_RESPONSE_MAX + 256];
    size_t len;
};

/* One command of at most 255 bytes of data; the answer comes with SW. GET RESPONSE and the second
 * try for a better Le are made here (clause 7.3.1.1.1 and following). */
void reader_t0(struct reader *reader, struct kb_span command);

/* One command of any length. */
void reader_t1(struct reader *reader, struct kb_span command);

#endif
