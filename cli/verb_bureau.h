/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the bureau, one file each. */
#ifndef KB_CLI_VERB_BUREAU_H
#define KB_CLI_VERB_BUREAU_H

#include "cli/verb_desk.h"
#include "desk/bureau.h"

extern const char kb_cli_default_journal[];

/* Names made from others; they live as long as the options. */
struct kb_bureau_names {
    char audit[KB_BUREAU_PATH];
};

/* --dir, --reader, --jobs, --wait, --journal, --audit. */
enum kb_err kb_cli_bureau_options(const struct kb_cli *cli, struct kb_bureau_options *options,
                                  struct kb_bureau_names *names, struct kb_report *why);

enum kb_exit kb_cli_bureau_run(struct kb_cli *cli);    /* bureau_run.c */
enum kb_exit kb_cli_bureau_verify(struct kb_cli *cli); /* bureau_verify.c */
enum kb_exit kb_cli_bureau_export(struct kb_cli *cli); /* bureau_export.c */
enum kb_exit kb_cli_bureau_open(struct kb_cli *cli);   /* bureau_export.c */

#endif
