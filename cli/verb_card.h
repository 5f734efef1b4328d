/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs on one card kept in a file; their rows stand in verb_card.c. */
#ifndef KB_CLI_VERB_CARD_H
#define KB_CLI_VERB_CARD_H

#include "cli/cli.h"

enum kb_exit kb_cli_card_apdu(struct kb_cli *cli);
enum kb_exit kb_cli_card_serve(struct kb_cli *cli);
enum kb_exit kb_cli_card_show(struct kb_cli *cli);

#endif
