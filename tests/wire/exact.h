/* SPDX-License-Identifier: Apache-2.0 */
/* Input in memory of exactly its size, so that a sanitizer sees the first byte read behind it. */
#ifndef KB_TESTS_WIRE_EXACT_H
#define KB_TESTS_WIRE_EXACT_H

#include <stdlib.h>
#include <string.h>

#include "wire/cursor.h"

/* The caller frees data; it is not NULL for an empty span either. */
static inline uint8_t *exact_copy(const void *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        abort();
    if (len)
        memcpy(copy, data, len);
    return copy;
}

#endif
