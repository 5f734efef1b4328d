/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the bureau, one file each. */
#ifndef KB_CLI_VERB_BUREAU_H
#define KB_CLI_VERB_BUREAU_H

#include "cli/verb_desk.h"

enum kb_exit kb_cli_bureau_run(struct kb_cli *cli); /* bureau_run.c */

#endif
