/* SPDX-License-Identifier: Apache-2.0 */
/* What a PS wants of its operator's register, and what it hears; one way or another an adapter
 * turns it into what the register speaks. Every request may come twice and has the same effect. */
#ifndef KB_SERVICE_REGISTER_H
#define KB_SERVICE_REGISTER_H

#include "wire/cursor.h"
#include "wire/err.h"

enum kb_register_what {
    KB_REGISTER_CREATE = 1, /* a subscriber; or new keys for the one with this IMSI */
    KB_REGISTER_REMOVE = 2,
    KB_REGISTER_DONE = 3,   /* answer: it is so now */
    KB_REGISTER_FAILED = 4, /* answer: it is not, and will not be */
    KB_REGISTER_SEEN = 5    /* the subscriber authenticated */
};

struct kb_register_message {
    enum kb_register_what what;
    uint64_t request;    /* number of the request, repeated in its answer */
    struct kb_span imsi; /* digits */
    struct kb_span k;    /* CREATE only: 16 or 32 bytes */
    struct kb_span opc;  /* CREATE only: 16 bytes, or TOPc of 32 */
};

void kb_register_write(struct kb_writer *wr, const struct kb_register_message *message);
enum kb_err kb_register_read(struct kb_span bytes, struct kb_register_message *message);

#endif
