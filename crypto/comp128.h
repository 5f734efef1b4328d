/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COMP128 version 1, 2 and 3: A3 and A8 of GSM (TS 43.020 annex C.2 and C.3) as networks use them
 * although no standard prints them. For old 2G subscriptions alone: version 1 gives its key away to
 * who may ask it some ten thousand questions, and versions 1 and 2 leave 10 bits of Kc zero.
 *
 * The algorithms look up bytes that depend on the key. Every look-up here reads its whole table, so
 * that neither caches nor buses tell which byte it was; one answer costs some 250,000 (version 1)
 * or 650,000 (2 and 3) byte reads.
 */
#ifndef KB_CRYPTO_COMP128_H
#define KB_CRYPTO_COMP128_H

#include <stdint.h>

/* version: 1, 2 or 3. */
void kb_comp128(unsigned version, const uint8_t ki[16], const uint8_t rand[16], uint8_t sres[4],
                uint8_t kc[8]);

#endif
