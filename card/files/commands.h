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

enum kb_sw kb_files_increase(struct kb_card *card, const struct kb_apdu *cmd,
                             struct kb_writer *out); /* 11.1.8 */
enum kb_sw kb_files_deactivate(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out); /* 11.1.14 */
enum kb_sw kb_files_activate(struct kb_card *card, const struct kb_apdu *cmd,
                             struct kb_writer *out); /* 11.1.15 */

enum kb_sw kb_files_retrieve_data(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out); /* 11.3.1 */
enum kb_sw kb_files_set_data(struct kb_card *card, const struct kb_apdu *cmd,
                             struct kb_writer *out); /* 11.3.2 */

/* TS 102 222 */
enum kb_sw kb_files_create(struct kb_card *card, const struct kb_apdu *cmd,
                           struct kb_writer *out); /* 6.3 */
enum kb_sw kb_files_delete(struct kb_card *card, const struct kb_apdu *cmd,
                           struct kb_writer *out); /* 6.4 */
enum kb_sw kb_files_terminate_df(struct kb_card *card, const struct kb_apdu *cmd,
                                 struct kb_writer *out); /* 6.7 */
enum kb_sw kb_files_terminate_ef(struct kb_card *card, const struct kb_apdu *cmd,
                                 struct kb_writer *out); /* 6.8 */
enum kb_sw kb_files_terminate_card(struct kb_card *card, const struct kb_apdu *cmd,
                                   struct kb_writer *out); /* 6.9 */
enum kb_sw kb_files_resize(struct kb_card *card, const struct kb_apdu *cmd,
                           struct kb_writer *out); /* 6.10 */

/* Makes the MF current and forgets EF, application and record; at reset. */
enum kb_err kb_files_reset(struct kb_card *card);

/* Makes a file current: an EF under its DF, or a DF. */
void kb_files_set_current(struct kb_card *card, const struct kb_file *file);

/* The file that P1 and data of a SELECT name (table 11.1). */
enum kb_sw kb_files_find(struct kb_card *card, const struct kb_apdu *cmd, struct kb_file *out);

/* Makes a file current, wherever it lies, with the DF and the application it lies in. */
enum kb_err kb_files_go(struct kb_card *card, const struct kb_file *file);

/* 6283 or 6285 behind the answer of a command that selected a file which is deactivated or
 * terminated. */
enum kb_sw kb_files_warning(const struct kb_file *file);

/* The EF that a command with an optional SFI speaks of; selects it when the SFI is not 0. */
enum kb_sw kb_files_choose(struct kb_card *card, uint8_t sfi, struct kb_file **ef);

/* Whether the file's rule and life cycle let an operation on its body go on now. */
enum kb_sw kb_files_may(struct kb_card *card, const struct kb_file *file, enum kb_operation op);

/* A file is gone or terminated, and all below it: no channel has any of them current any more. */
void kb_files_forget(struct kb_card *card, const struct kb_file *file);

/* Ends the transaction that is open: committed when all went well, else rolled back. */
enum kb_err kb_files_end(struct kb_card *card, enum kb_err err);

/* The status word for an error of the store. */
enum kb_sw kb_files_sw(enum kb_err err);

/* 6CXX when a command without data asks for another length than the answer has in a way that the
 * transport does not take; to be asked before such a command moves a pointer, since it comes again.
 */
enum kb_sw kb_files_check_le(const struct kb_card *card, const struct kb_apdu *cmd, size_t len);

/* The FCP template 62, or FCI 6F, of a file (clause 11.1.1.3). */
void kb_files_describe(struct kb_card *card, const struct kb_file *file, uint8_t tag,
                       struct kb_writer *out);

#endif
