/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

void kb_row(const char *what, double value, const char *unit, double goal, enum kb_better better)
{
    printf("%s\t%.10g\t%s\t%.10g\t%s\n", what, value, unit, goal,
           better == KB_MORE_IS_BETTER ? "more" : "less");
    fflush(stdout);
}

void kb_give_up(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

double kb_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double kb_processor_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

uint64_t kb_peak_bytes(void)
{
    struct rusage usage = {0};

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_maxrss * 1024;
}

static double seconds_of(kb_work work, void *ctx, uint64_t times)
{
    double start = kb_seconds();

    if (!work(ctx, times))
        kb_give_up("the measured work failed");
    return kb_seconds() - start;
}

double kb_rate(kb_work work, void *ctx, double seconds)
{
    uint64_t times = 1;
    double best = 0;

    /* Find how often fills a tenth of a round; that also warms caches and clocks. */
    while (seconds_of(work, ctx, times) < seconds / 30)
        times *= 2;
    times *= 10;
    for (int round = 0; round < 3; round++) {
        double rate = (double)times / seconds_of(work, ctx, times);

        best = rate > best ? rate : best;
    }
    return best;
}
