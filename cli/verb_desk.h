/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of the desk share: keys from files, asking to stop, the table of cards. */
#ifndef KB_CLI_VERB_DESK_H
#define KB_CLI_VERB_DESK_H

#include <signal.h>

#include "cli/cli.h"
#include "desk/journal.h"
#include "desk/key_file.h"

/* The key of an option, or of its default file, made when it is not there yet; says so on standard
 * error. */
enum kb_err kb_cli_need_key(const struct kb_cli *cli, const char *option, const char *default_name,
                            kb_key_maker make, uint8_t key[32], struct kb_report *why);

/* As kb_cli_need_key, but the key has to be there. */
enum kb_err kb_cli_read_key(const struct kb_cli *cli, const char *option, const char *default_name,
                            uint8_t key[32], struct kb_report *why);

/* Not 0 once SIGINT or SIGTERM came; the first call starts to listen. */
const volatile sig_atomic_t *kb_cli_stop_flag(void);

/* Where progress goes. */
FILE *kb_cli_progress(const struct kb_cli *cli);

/* Prints a table of the journal's cards, done, open and failed, up to a limit of each. Adds "cards"
 * to the object. */
enum kb_err kb_cli_list_cards(const struct kb_cli *cli, struct kb_journal *journal, json_t *object,
                              struct kb_report *why);

#endif
