/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PS wants of its operator's register, and what it hears; one way or another an adapter
 * turns it into what the register speaks. Every request may come twice and has the same effect.
 *
 *     message = ( what : uint, request : uint, { 1: IMSI : tstr, 2: K : bstr, 3: OPc : bstr } )
 *
 * Requests are numbered upwards. One with a lower number than the last that was carried out for the
 * same IMSI has been overtaken: it changes nothing, and is answered KB_REGISTER_FAILED.
 */
#ifndef KB_SERVICE_REGISTER_H
#define KB_SERVICE_REGISTER_H

#include "wire/cursor.h"
#include "wire/err.h"

enum { KB_REGISTER_MAX = 128 }; /* bytes of any message */

enum kb_register_what {
    KB_REGISTER_CREATE = 1, /* a subscriber; or new keys for the one with this IMSI */
    KB_REGISTER_REMOVE = 2,
    KB_REGISTER_DONE = 3,   /* answer: it is so now */
    KB_REGISTER_FAILED = 4, /* answer: it is not, and will not be */
    KB_REGISTER_SEEN = 5    /* the subscriber authenticated */
};

struct kb_register_message {
    enum kb_register_what what;
    uint64_t request;    /* number of the request, repeated in its answer. SEEN: of the CREATE whose
                            keys were used, 0 when that is not known */
    struct kb_span imsi; /* 14 or 15 digits */
    struct kb_span k;    /* CREATE only: 16 or 32 bytes */
    struct kb_span opc;  /* CREATE only: 16 bytes, or TOPc of 32 */
};

/* The writer turns bad when there is no room or the message is none of those above. */
void kb_register_write(struct kb_writer *wr, const struct kb_register_message *message);
/* KB_ERR_MALFORMED: not deterministic, or none of those above. Spans point into the bytes. */
enum kb_err kb_register_read(struct kb_span bytes, struct kb_register_message *message);

#endif
