/* SPDX-License-Identifier: Apache-2.0 */
/* The commands on files, as the dispatcher calls them. Answers go to out; any status but KB_SW_OK
 * drops them. */
#ifndef KB_CARD_FILES_COMMANDS_H
#define KB_CARD_FILES_COMMANDS_H

#include "card/files/files.h"

/* TS 102 221 */
enum kb_sw kb_files_select(struct kb_card *card, const struct kb_apdu *cmd,
                           struct kb_writer *out); /* 11.1.1 */
enum kb_sw kb_files_status(struct kb_card *card, const struct kb_apdu *cmd,
                           struct kb_writer *out); /* 11.1.2 */
enum kb_sw kb_files_read_binary(struct kb_card *card, const struct kb_apdu *cmd,
                                struct kb_writer *out); /* 11.1.3 */
enum kb_sw kb_files_update_binary(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out); /* 11.1.4 */
enum kb_sw kb_files_read_record(struct kb_card *card, const struct kb_apdu *cmd,
                                struct kb_writer *out); /* 11.1.5 */
enum kb_sw kb_files_update_record(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out); /* 11.1.6 */
enum kb_sw kb_files_search_record(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out); /* 11.1.7 */

/* TS 102 222 clause 6.3 */
enum kb_sw kb_files_create(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);

/* Makes the MF current and forgets EF, application and record; at reset. */
enum kb_err kb_files_reset(struct kb_card *card);

/* Makes a file current: an EF under its DF, or a DF. */
void kb_files_set_current(struct kb_card *card, const struct kb_file *file);

/* The EF that a command with an optional SFI speaks of; selects it when the SFI is not 0. */
enum kb_sw kb_files_choose(struct kb_card *card, uint8_t sfi, struct kb_file **ef);

/* The status word for an error of the store. */
enum kb_sw kb_files_sw(enum kb_err err);

/* The FCP template 62, or FCI 6F, of a file (clause 11.1.1.3). */
void kb_files_describe(struct kb_card *card, const struct kb_file *file, uint8_t tag,
                       struct kb_writer *out);

#endif
