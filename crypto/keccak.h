/* SPDX-License-Identifier: Apache-2.0 */
/* The permutation Keccak-f[1600] (FIPS 202 clause 3), on a state of bytes as TS 35.231 numbers
 * them: bit n of the state is bit n % 8 of byte n / 8. Without look-ups or branches that depend on
 * the state. */
#ifndef KB_CRYPTO_KECCAK_H
#define KB_CRYPTO_KECCAK_H

#include <stdint.h>

enum { KB_KECCAK_STATE = 200 };

void kb_keccak(uint8_t state[KB_KECCAK_STATE]);

#endif
