/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the bureau, one file each. */
#ifndef KB_CLI_VERB_BUREAU_H
#define KB_CLI_VERB_BUREAU_H

#include "cli/verb_desk.h"
#include "desk/bureau.h"

/* Names made from others; they live as long as the options. */
struct kb_bureau_names {
    char journal[KB_BUREAU_PATH];
    char audit[KB_BUREAU_PATH];
};

/* --journal; else the one named after --batch, or, without a batch, the only *.journal of this
 * folder. KB_ERR_ABSENT and KB_ERR_USAGE: there is none, or several. */
enum kb_err kb_cli_journal(const struct kb_cli *cli, struct kb_bureau_names *names,
                           const char **journal, struct kb_report *why);

/* --dir, --reader, --jobs, --wait, --journal, --audit. */
enum kb_err kb_cli_bureau_options(const struct kb_cli *cli, struct kb_bureau_options *options,
                                  struct kb_bureau_names *names, struct kb_report *why);

enum kb_exit kb_cli_bureau_run(struct kb_cli *cli);    /* bureau_run.c */
enum kb_exit kb_cli_bureau_verify(struct kb_cli *cli); /* bureau_verify.c */
enum kb_exit kb_cli_bureau_export(struct kb_cli *cli); /* bureau_export.c */
enum kb_exit kb_cli_bureau_open(struct kb_cli *cli);   /* bureau_export.c */

#endif
