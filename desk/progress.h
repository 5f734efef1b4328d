/* SPDX-License-Identifier: Apache-2.0 */
/* How far a batch is: a bar with rate and time left on a terminal, a plain line now and then
 * elsewhere. Callers that share one hold a lock. */
#ifndef KB_DESK_PROGRESS_H
#define KB_DESK_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct kb_progress {
    FILE *out; /* NULL: silent */
    bool is_terminal;
    const char *what; /* "cards" */
    uint64_t total, done, failed;
    double started, shown; /* seconds of a clock that never jumps */
    unsigned tenth;        /* the last one announced */
};

void kb_progress_start(struct kb_progress *progress, FILE *out, const char *what, uint64_t total);
void kb_progress_step(struct kb_progress *progress, bool is_failed);

/* One less to do. */
void kb_progress_skip(struct kb_progress *progress);

/* Clears the bar so that a message can be printed; the next step draws it again. */
void kb_progress_hide(struct kb_progress *progress);

void kb_progress_end(struct kb_progress *progress);

/* Seconds of a clock that never jumps. */
double kb_clock(void);

#endif
