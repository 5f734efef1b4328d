/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of one card in this process: speed, wear, memory. */
#ifndef KB_BENCH_IN_PROCESS_H
#define KB_BENCH_IN_PROCESS_H

/* path: a personalized SIM with the keys of Milenage's test set 1 (3GPP TS 35.208 clause 4.3) and
 * PIN 1 1234. */
void kb_bench_in_process(const char *path);

#endif
