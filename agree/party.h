/* SPDX-License-Identifier: Apache-2.0 */
/* What both agreements have in common: roles, and where random numbers come from. */
#ifndef KB_AGREE_PARTY_H
#define KB_AGREE_PARTY_H

#include "crypto/crypto.h"

enum kb_agree_role { KB_AGREE_INITIATOR = 1, KB_AGREE_RESPONDER = 2 };

/* Where an agreement stands. In each state one message is awaited, named by its number; an
 * initiator in START awaits nothing and speaks first. */
enum kb_agree_state {
    KB_AGREE_START = 0,
    KB_AGREE_WAIT_2 = 2,
    KB_AGREE_WAIT_3 = 3,
    KB_AGREE_WAIT_4 = 4,
    KB_AGREE_DONE = 5,
    KB_AGREE_FAILED = 6 /* for ever; what was secret is wiped */
};

/* A source of random numbers. fill NULL: the port's own generator, which is what everybody but a
 * test and a simulation wants. */
struct kb_random {
    enum kb_err (*fill)(void *context, void *out, size_t len);
    void *context;
};

static inline enum kb_err kb_random(const struct kb_crypto *crypto, const struct kb_random *source,
                                    void *out, size_t len)
{
    return source->fill ? source->fill(source->context, out, len) : crypto->random(out, len);
}

#endif
