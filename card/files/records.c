/* SPDX-License-Identifier: Apache-2.0 */
/* EFs of records: READ, UPDATE and SEARCH RECORD (TS 102 221 clauses 11.1.5 - 11.1.7). */

#include <string.h>

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/commands.h"
#include "card/files/tree.h"

enum { NEXT = 2, PREVIOUS = 3, ABSOLUTE = 4, FORWARD = 4, BACKWARD = 5 };

/* P2: SFI in the five high bits, mode in the three low ones. */
static enum kb_sw locate(struct kb_card *card, const struct kb_apdu *cmd, enum kb_operation op,
                         struct kb_file **ef)
{
    enum kb_sw sw;

    if (cmd->p2 >> 3 == 0x1F)
        return KB_SW_INCORRECT_P1_P2;
    sw = kb_files_choose(card, cmd->p2 >> 3, ef);
    if (sw != KB_SW_OK)
        return sw;
    if (!kb_file_has_records(*ef))
        return KB_SW_INCOMPATIBLE_STRUCTURE;
    if (!kb_access_granted(card, *ef, op))
        return KB_SW_SECURITY_NOT_SATISFIED;
    return (*ef)->lcs == KB_LCS_DEACTIVATED ? KB_SW_REFERENCED_DATA_INVALIDATED : KB_SW_OK;
}

/* Where record number (from 1) lies. Record 1 of a cyclic file is the one written last. */
static size_t offset_of(const struct kb_file *ef, unsigned number)
{
    unsigned index = number - 1;

    if (ef->kind == KB_FILE_CYCLIC)
        index = (ef->newest + ef->record_count - index) % ef->record_count;
    return (size_t)index * ef->record_size;
}

/* The record that P1 and the mode mean; clause 8.2.2.2: next and previous go round in a cyclic
 * file. Their P1 is not looked at (clause 11.1.5.2). */
static enum kb_sw record_number(const struct kb_card *card, const struct kb_file *ef,
                                const struct kb_apdu *cmd, uint8_t *number)
{
    bool is_cyclic = ef->kind == KB_FILE_CYCLIC;
    uint8_t last = ef->record_count;

    switch (cmd->p2 & 7) {
    case ABSOLUTE:
        *number = cmd->p1 ? cmd->p1 : card->record;
        return !*number || *number > last ? KB_SW_RECORD_NOT_FOUND : KB_SW_OK;
    case NEXT:
        if (card->record == last && !is_cyclic)
            return KB_SW_RECORD_NOT_FOUND;
        *number = card->record >= last ? 1 : (uint8_t)(card->record + 1);
        return KB_SW_OK;
    case PREVIOUS:
        if (card->record == 1 && !is_cyclic)
            return KB_SW_RECORD_NOT_FOUND;
        *number = card->record <= 1 ? last : (uint8_t)(card->record - 1);
        return KB_SW_OK;
    default:
        return KB_SW_INCORRECT_P1_P2;
    }
}

enum kb_sw kb_files_read_record(struct kb_card *card, const struct kb_apdu *cmd,
                                struct kb_writer *out)
{
    struct kb_file *ef;
    uint8_t number, *data;
    enum kb_err err;
    enum kb_sw sw = locate(card, cmd, KB_OP_READ, &ef);

    if (sw == KB_SW_OK)
        sw = record_number(card, ef, cmd, &number);
    if (sw != KB_SW_OK)
        return sw;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (cmd->has_le && cmd->ne < 256 && cmd->ne != ef->record_size)
        return (enum kb_sw)(KB_SW_CORRECT_LENGTH | ef->record_size);
    data = kb_wr_reserve(out, ef->record_size);
    if (!data)
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    err = kb_files_read(card, ef, offset_of(ef, number), data, ef->record_size);
    if (!err && (cmd->p2 & 7) != ABSOLUTE)
        card->record = number;
    return kb_files_sw(err);
}

/* The oldest record of a cyclic file is overwritten and becomes number 1, in one transaction. */
static enum kb_err append_cyclic(struct kb_card *card, struct kb_file *ef, struct kb_span record)
{
    struct kb_file after = *ef;
    enum kb_err err = kb_nvm_begin(&card->nvm);

    after.newest = (uint8_t)((ef->newest + 1) % ef->record_count);
    if (!err)
        err = kb_files_write(card, ef, (size_t)after.newest * ef->record_size, record.data,
                             record.len);
    if (!err)
        err = kb_tree_store(card, &after);
    if (!err)
        err = kb_nvm_commit(&card->nvm);
    if (err)
        kb_nvm_rollback(&card->nvm);
    else
        *ef = after;
    return err;
}

enum kb_sw kb_files_update_record(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out)
{
    struct kb_file *ef;
    uint8_t number;
    enum kb_err err;
    enum kb_sw sw = locate(card, cmd, KB_OP_UPDATE, &ef);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (cmd->data.len != ef->record_size)
        return KB_SW_WRONG_LENGTH;
    if (ef->kind == KB_FILE_CYCLIC) {
        if ((cmd->p2 & 7) != PREVIOUS)
            return KB_SW_INCORRECT_P1_P2;
        err = append_cyclic(card, ef, cmd->data);
        if (!err)
            card->record = 1;
        return kb_files_sw(err);
    }
    sw = record_number(card, ef, cmd, &number);
    if (sw != KB_SW_OK)
        return sw;
    err = kb_files_write(card, ef, offset_of(ef, number), cmd->data.data, cmd->data.len);
    if (!err && (cmd->p2 & 7) != ABSOLUTE)
        card->record = number;
    return kb_files_sw(err);
}

static bool contains(const uint8_t *record, size_t len, struct kb_span pattern)
{
    for (size_t at = 0; at + pattern.len <= len; at++)
        if (!memcmp(record + at, pattern.data, pattern.len))
            return true;
    return false;
}

/* Simple search (table 11.12): from the record indicated to the end or the start. */
static enum kb_err search(struct kb_card *card, const struct kb_file *ef, const struct kb_apdu *cmd,
                          int first, struct kb_writer *out)
{
    int step = (cmd->p2 & 7) == FORWARD ? 1 : -1;
    uint8_t record[255];
    enum kb_err err = KB_OK;

    for (int number = first; number >= 1 && number <= ef->record_count && !err; number += step) {
        err = kb_files_read(card, ef, offset_of(ef, (unsigned)number), record, ef->record_size);
        if (!err && contains(record, ef->record_size, cmd->data))
            kb_wr_u8(out, (uint8_t)number);
    }
    return err;
}

enum kb_sw kb_files_search_record(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out)
{
    uint8_t mode = cmd->p2 & 7;
    struct kb_file *ef;
    enum kb_err err;
    enum kb_sw sw = locate(card, cmd, KB_OP_READ, &ef);
    uint8_t first;

    if (sw != KB_SW_OK)
        return sw;
    first = cmd->p1 ? cmd->p1 : card->record;
    if (mode != FORWARD && mode != BACKWARD)
        return KB_SW_INCORRECT_P1_P2;
    if (!cmd->data.len || cmd->data.len > ef->record_size)
        return KB_SW_WRONG_LENGTH;
    if (!first || first > ef->record_count)
        return KB_SW_RECORD_NOT_FOUND;
    err = search(card, ef, cmd, first, out);
    if (err)
        return kb_files_sw(err);
    if (!out->len)
        return KB_SW_END_OF_FILE;
    card->record = out->data[0];
    return KB_SW_OK;
}
