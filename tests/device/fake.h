/* SPDX-License-Identifier: Apache-2.0 */
/* A card that says what a test wrote down, and a world around the terminal that keeps what it was
 * asked for. */
#ifndef KB_TESTS_DEVICE_FAKE_H
#define KB_TESTS_DEVICE_FAKE_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "device/terminal.h"

enum { FAKE_LOG = 16384, FAKE_QUEUE = 300 };

/* The card: a USIM with IMSI 001010123456789, and proactive commands in hexadecimal. */
struct fake_card {
    struct kb_reader reader; /* first */
    const char *imsi;        /* content of EF.IMSI in hexadecimal */
    const char *pin;         /* digits; NULL: disabled */
    unsigned pin_tries;
    bool is_verified, has_profile, has_no_usim, has_no_download;
    const char *queue[FAKE_QUEUE];
    size_t queued, fetched; /* those below fetched are gone */
    bool is_endless;        /* the last one again and again */
    bool is_fetched;        /* a response is owed */
    unsigned commands;      /* APDUs so far */
    unsigned fail_at;       /* at the n-th the card is pulled out; 0: never */
    bool is_gone;
    unsigned power_ups, ended;   /* sessions begun, and ended in good order */
    const char *envelope_answer; /* data and SW in hexadecimal; NULL: 9000 */
    const char *authenticate_answer;
    const char *fcp;  /* of the USIM; NULL: as pin says */
    char aid[40];     /* that was selected, in hexadecimal */
    uint16_t current; /* file */
    bool is_selected_usim;
    char said[FAKE_LOG]; /* TERMINAL RESPONSE, ENVELOPE and AUTHENTICATE as they came: one a line */
};

/* The world: each callback is a line. What it answers is prepared by the test. */
struct fake_world {
    struct kb_terminal_port port;
    struct kb_terminal *terminal;
    char log[FAKE_LOG];
    int64_t now;
    bool answers; /* asks are answered at once with reply, submits and opens with yes */
    struct kb_terminal_reply reply;
    bool attaches; /* attaches are answered at once with attached */
    struct kb_terminal_attached attached;
    struct kb_terminal_question asked; /* the last one; choice is not kept */
    uint32_t timers[KB_TERMINAL_TIMERS];
};

void fake_card_init(struct fake_card *card);
void fake_card_wants(struct fake_card *card, const char *command);
void fake_world_init(struct fake_world *world);

/* Both, and a terminal that is on. Memory is the test's: free(terminal). */
struct kb_terminal *fake_terminal(struct fake_world *world, struct fake_card *card);

/* The whole text, so that a difference is shown. */
void fake_clear(struct fake_world *world, struct fake_card *card);
bool fake_has(const char *log, const char *line);
void fake_bytes(const char *hex, uint8_t *out, size_t cap, size_t *len);

#endif
