/* SPDX-License-Identifier: Apache-2.0 */
/* A value of RFC 9529, and how to find it. */
#ifndef KB_TESTS_AGREE_RFC9529_VALUE_H
#define KB_TESTS_AGREE_RFC9529_VALUE_H

#include "tests/crypto/backends.h"

struct rfc9529_value {
    const char *part, *name, *hex;
};

/* The first value of that name, from a certain part on. */
static inline struct kb_span rfc9529_find(const struct rfc9529_value *values, size_t count,
                                          const char *part, const char *name, uint8_t bytes[512])
{
    bool is_there = false;

    for (size_t i = 0; i < count; i++) {
        is_there = is_there || strcmp(values[i].part, part) == 0;
        if (is_there && strcmp(values[i].name, name) == 0)
            return kb_span(bytes, unhex(values[i].hex, bytes, 512));
    }
    fail_msg("RFC 9529 has no %s in %s", name, part);
    return kb_span(bytes, 0);
}

#endif
