/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user written down, for tests and for machines that know what will be asked. One line each;
 * empty lines and what stands behind # at the beginning of a line are passed over.
 *
 *     menu N | menu TEXT      chooses from the card's menu: by number, or the item that has the
 * text select N | select TEXT  chooses from a list yes, no                 answers a yes-or-no key
 * C, input TEXT       types; "input" alone types nothing read                    a text that waits
 * was read back, end, silence      leaves a question: one step back, the whole dialogue, no
 * response wait SECONDS            lets the time pass expect TEXT             something with TEXT
 * in it was shown, asked or told since the last expect off, on                 switches the device
 */
#ifndef KB_DEVICE_DPA_SCRIPT_H
#define KB_DEVICE_DPA_SCRIPT_H

#include <stdio.h>

#include "device/dpa.h"

enum { KB_DPA_SCRIPT_HEARD = 8192 };

struct kb_dpa_script {
    const char *name; /* of the file, for errors */
    unsigned line;
    int64_t now;                     /* of its own clock, which stands still but for wait */
    char heard[KB_DPA_SCRIPT_HEARD]; /* what was told since the last expect */
};

/* Keeps what was told: call it from the teller. */
void kb_dpa_script_hear(struct kb_dpa_script *script, const struct kb_dpa *dpa,
                        const struct kb_dpa_news *news);

/* Carries out one line, without its end. KB_ERR_MALFORMED: no such word. KB_ERR_RULE: it does not
 * fit what the card asks. Both begin with the name of the file and the line's number. */
enum kb_err kb_dpa_script_line(struct kb_dpa_script *script, struct kb_dpa *dpa, const char *line,
                               struct kb_report *why);

/* All lines of the file. KB_ERR_RULE also when a question is left at the end. */
enum kb_err kb_dpa_script_run(struct kb_dpa_script *script, struct kb_dpa *dpa, FILE *file,
                              struct kb_report *why);

#endif
