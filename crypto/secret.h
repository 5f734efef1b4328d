/* SPDX-License-Identifier: Apache-2.0 */
/* Handling of secrets: wiping that no compiler removes, comparison in constant time. */
#ifndef KB_CRYPTO_SECRET_H
#define KB_CRYPTO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

void kb_wipe(void *data, size_t len);

/* True when equal; the time depends on len alone. */
bool kb_is_equal(const void *a, const void *b, size_t len);

#endif
