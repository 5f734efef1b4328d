/* SPDX-License-Identifier: Apache-2.0 */
/* The port over a library that refuses one call: what no backend does with good arguments, and
 * callers are ready for all the same. One for the process. */
#ifndef KB_TESTS_CRYPTO_REFUSING_H
#define KB_TESTS_CRYPTO_REFUSING_H

#include "crypto/crypto.h"

/* The port; below does the work. Never refuses until refusing_arm. */
const struct kb_crypto *refusing_over(const struct kb_crypto *below);

/* The at-th call from now (from 1) that may fail is refused; 0: none is. */
void refusing_arm(uint64_t at);
bool refusing_is_over(void); /* the refusal happened */

#endif
