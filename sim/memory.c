/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_COUNT = 16, EXIT_SYSTEM = 5 };

static void *or_end(void *memory)
{
    if (memory)
        return memory;
    fputs("keyborn: out of memory\n", stderr);
    exit(EXIT_SYSTEM);
}

void *kb_sim_allocate(size_t count, size_t size)
{
    return or_end(calloc(count ? count : 1, size ? size : 1));
}

void *kb_sim_grow(void *old, size_t *count, size_t size)
{
    size_t wanted = *count ? 2 * *count : FIRST_COUNT;
    char *memory = or_end(reallocarray(old, wanted, size));

    memset(memory + *count * size, 0, (wanted - *count) * size);
    *count = wanted;
    return memory;
}
