/* SPDX-License-Identifier: Apache-2.0 */
/* What the public-key operations of a server cost alone, measured in this run: the yardstick for
 * what a whole personalization costs it. */
#ifndef KB_BENCH_PUBLIC_KEY_H
#define KB_BENCH_PUBLIC_KEY_H

#include <stdint.h>

/* Seconds for those of an EDHOC responder with method 3: a key pair, three shared secrets (with the
 * ephemeral keys, and each static key with the other side's ephemeral one; RFC 9528 clause 4.1.1),
 * and the ES256 signature of the peer's credential. */
double kb_bench_edhoc_seconds(int16_t suite);

/* Seconds for those of a DH responder: a pair and a secret. */
double kb_bench_dh_seconds(int16_t group);

#endif
