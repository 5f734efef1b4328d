/* SPDX-License-Identifier: Apache-2.0 */
/* Progress of a batch on standard error. */

#include "desk/progress.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 30 };

double kb_clock(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

void kb_progress_start(struct kb_progress *progress, FILE *out, const char *what, uint64_t total)
{
    *progress = (struct kb_progress){.out = out, .what = what, .total = total};
    progress->is_terminal = out && isatty(fileno(out));
    progress->started = progress->shown = kb_clock();
}

static unsigned long long whole(uint64_t number)
{
    return (unsigned long long)number;
}

static void print_rate(const struct kb_progress *progress, double seconds)
{
    double rate = seconds > 0 ? (double)progress->done / seconds : 0;
    double left = rate > 0 ? (double)(progress->total - progress->done) / rate : 0;
    unsigned long rest = (unsigned long)(left + 0.5);

    fprintf(progress->out, "%.1f/s, %lu:%02lu:%02lu left", rate, rest / 3600, rest / 60 % 60,
            rest % 60);
}

static void draw(struct kb_progress *progress)
{
    static const char full[BAR + 1] = "##############################";
    static const char none[BAR + 1] = "..............................";
    int filled = progress->total ? (int)(progress->done * BAR / progress->total) : 0;

    fprintf(progress->out, "\r\033[K[%.*s%.*s] %llu/%llu %s, ", filled, full, BAR - filled, none,
            whole(progress->done), whole(progress->total), progress->what);
    print_rate(progress, progress->shown - progress->started);
    if (progress->failed)
        fprintf(progress->out, ", %llu failed", whole(progress->failed));
    fflush(progress->out);
}

static void announce(struct kb_progress *progress)
{
    unsigned tenth = progress->total ? (unsigned)(progress->done * 10 / progress->total) : 0;

    if (tenth <= progress->tenth)
        return;
    progress->tenth = tenth;
    fprintf(progress->out, "%llu/%llu %s, ", whole(progress->done), whole(progress->total),
            progress->what);
    print_rate(progress, progress->shown - progress->started);
    fprintf(progress->out, ", %llu failed\n", whole(progress->failed));
    fflush(progress->out);
}

void kb_progress_step(struct kb_progress *progress, bool is_failed)
{
    double at = kb_clock();

    if (progress->done < progress->total)
        progress->done++;
    progress->failed += is_failed;
    if (!progress->out)
        return;
    if (progress->is_terminal && at - progress->shown < 0.1 && progress->done < progress->total)
        return;
    progress->shown = at;
    if (progress->is_terminal)
        draw(progress);
    else
        announce(progress);
}

void kb_progress_skip(struct kb_progress *progress)
{
    progress->total -= progress->total > progress->done;
}

void kb_progress_hide(struct kb_progress *progress)
{
    if (!progress->out || !progress->is_terminal)
        return;
    fputs("\r\033[K", progress->out);
    fflush(progress->out);
}

void kb_progress_end(struct kb_progress *progress)
{
    if (!progress->out || !progress->is_terminal)
        return;
    progress->shown = kb_clock();
    draw(progress);
    fputc('\n', progress->out);
}
