/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of keyborn ca share. */
#ifndef KB_CLI_VERB_CA_H
#define KB_CLI_VERB_CA_H

#include "cli/cli.h"
#include "desk/ca.h"

enum kb_exit kb_cli_ca_issue(struct kb_cli *cli);

/* The last day on which it is valid, or "no end". */
enum { KB_CLI_CA_DAY = 32 };
void kb_cli_ca_last_day_text(int64_t expires, char text[KB_CLI_CA_DAY]);

json_t *kb_cli_ca_row_json(const struct kb_ca_row *row, int64_t now);

#endif
