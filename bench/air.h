/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of personalizations over the air: short messages and bytes, rates, what the servers'
 * work costs beside its public-key operations, and what a card costs in worlds of any size. */
#ifndef KB_BENCH_AIR_H
#define KB_BENCH_AIR_H

#include <stdint.h>

/* most: cards of the largest world; the smallest has 1,000, each next one ten times as many. */
void kb_bench_air(uint64_t most);

#endif
