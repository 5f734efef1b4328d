/* SPDX-License-Identifier: Apache-2.0 */
/* What a benchmark prints: one line a figure, its columns separated by tabs; tools/bench makes the
 * table. */
#ifndef KB_BENCH_ROWS_H
#define KB_BENCH_ROWS_H

#include <stdbool.h>
#include <stdint.h>

enum kb_better { KB_MORE_IS_BETTER, KB_LESS_IS_BETTER };

/* goal 0: the figure is told for information. */
void kb_row(const char *what, double value, const char *unit, double goal, enum kb_better better);

/* Prints a reason to standard error and ends the program. */
void kb_give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Does the work `times` times; false: it did not do what it should. */
typedef bool (*kb_work)(void *ctx, uint64_t times);

/* How often a second the work is done: the best of three rounds of about seconds / 3 each. */
double kb_rate(kb_work work, void *ctx, double seconds);

double kb_seconds(void);

/* Of this process, all threads. */
double kb_processor_seconds(void);
uint64_t kb_peak_bytes(void); /* the most memory it ever had */

#endif
