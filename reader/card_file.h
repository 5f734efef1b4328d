/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card kept in a file: a header with the geometry, then the raw flash. The file is locked while
 * it is open, so no two programs power the same card. Programs reach the file at once (a killed
 * process loses nothing); sync and close make it durable.
 */
#ifndef KB_READER_CARD_FILE_H
#define KB_READER_CARD_FILE_H

#include "card/card.h"
#include "wire/report.h"

struct kb_card_file; /* owns the mapping, the device, the port and a struct kb_card */

/* Makes a blank ADMINISTRATIVE card. KB_ERR_EXISTS: the file is there already. */
enum kb_err kb_card_file_create(const char *path, uint32_t sector_size, uint32_t sector_count,
                                uint32_t program_size, struct kb_card_file **file,
                                struct kb_report *why);

/* Opens a card; it is not powered yet. KB_ERR_NVM_DAMAGED: not a card file, cut short, or of
 * another version. */
enum kb_err kb_card_file_open(const char *path, struct kb_card_file **file, struct kb_report *why);

struct kb_card *kb_card_file_card(struct kb_card_file *file);
const struct kb_card_port *kb_card_file_port(const struct kb_card_file *file);

/* Makes what was written durable, unlocks and frees. */
void kb_card_file_close(struct kb_card_file *file);

#endif
