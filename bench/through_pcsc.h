/* SPDX-License-Identifier: Apache-2.0 */
/* APDUs a second through a PC/SC reader. */
#ifndef KB_BENCH_THROUGH_PCSC_H
#define KB_BENCH_THROUGH_PCSC_H

/* reader: its name; a card must be, or come, in it. */
void kb_bench_through_pcsc(const char *reader);

#endif
