/* SPDX-License-Identifier: Apache-2.0 */
/* keyborn device in pieces: its table and start (verb_device.c), the loop between user, clock and
 * radio side (verb_device_loop.c), and what is printed (verb_device_tell.c). */
#ifndef KB_CLI_VERB_DEVICE_H
#define KB_CLI_VERB_DEVICE_H

#include "cli/cli.h"
#include "device/dpa_front.h"
#include "device/dpa_script.h"

struct kb_cli_device {
    const struct kb_cli *cli;
    struct kb_dpa *dpa;
    struct kb_dpa_script script; /* of the scripted front end; else only its ear is used */
    const char *script_path;     /* NULL: another front end */
    bool is_automatic;
    int64_t until; /* when it is switched off, KB_DPA_NEVER: when the user leaves */
};

/* Milliseconds of the day's clock. */
int64_t kb_cli_device_now(void);

/* For struct kb_dpa_settings; ctx is a struct kb_cli_device. */
void kb_cli_device_tell(void *ctx, const struct kb_dpa *dpa, const struct kb_dpa_news *news);
void kb_cli_device_trace(void *ctx, struct kb_span command, struct kb_span answer);

/* Until the user leaves, the time is up, the script ends, or the card is gone. */
enum kb_err kb_cli_device_loop(struct kb_cli_device *device, struct kb_report *why);

#endif
