/* SPDX-License-Identifier: Apache-2.0 */
/* Handling of secrets. */
#include "crypto/secret.h"

#include <stdint.h>
#include <string.h>

void kb_wipe(void *data, size_t len)
{
    if (len == 0)
        return;
    memset(data, 0, len);
    /* Tells the compiler that somebody reads the memory, so that the zeros are really written. */
    __asm__ __volatile__("" : : "r"(data) : "memory");
}

bool kb_is_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    unsigned difference = 0;

    for (size_t i = 0; i < len; i++)
        difference |= (unsigned)left[i] ^ right[i];
    return difference == 0;
}
