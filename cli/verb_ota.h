/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of keyborn ota share. */
#ifndef KB_CLI_VERB_OTA_H
#define KB_CLI_VERB_OTA_H

#include "cli/cli.h"
#include "desk/script.h"

enum { KB_OTA_TAR = 0xB00000 };

struct kb_ota_work {
    const struct kb_cli *cli;
    struct kb_script script; /* empty: not known any more */
    enum kb_remote_format format;
    json_t *results; /* an array */
    bool is_refused; /* by the card, wholly or in part */
};

/* --script, or standard input; --format; an option of so many bytes in hexadecimal. */
enum kb_err kb_ota_take_script(struct kb_ota_work *work, struct kb_report *why);
enum kb_err kb_ota_take_format(struct kb_ota_work *work, struct kb_report *why);
enum kb_err kb_ota_take_hex(const struct kb_cli *cli, const char *option, uint32_t unless,
                            uint8_t *out, size_t len, struct kb_report *why);

/* Additional response data: a line for each result, which is appended to results. */
enum kb_err kb_ota_show_answer(struct kb_ota_work *work, struct kb_span answer,
                               struct kb_report *why);

/* Verbs on the store of an application server (ota_as.c). */
enum kb_exit kb_cli_ota_queue(struct kb_cli *cli);
enum kb_exit kb_cli_ota_list(struct kb_cli *cli);
enum kb_exit kb_cli_ota_show(struct kb_cli *cli);

#endif
