/* SPDX-License-Identifier: Apache-2.0 */
/* EFs of records: READ RECORD, UPDATE RECORD and INCREASE (TS 102 221 clauses 11.1.5, 11.1.6 and
 * 11.1.8). */

#include "card/files/records.h"

#include "card/card.h"
#include "card/files/commands.h"
#include "card/files/tree.h"

enum { NEXT = 2, PREVIOUS = 3, ABSOLUTE = 4, INCREASE_MAX = 127 };

enum kb_sw kb_record_locate(struct kb_card *card, uint8_t sfi, enum kb_operation op,
                            struct kb_file **ef)
{
    enum kb_sw sw = kb_files_choose(card, sfi, ef);

    if (sw != KB_SW_OK)
        return sw;
    return kb_file_has_records(*ef) ? kb_files_may(card, *ef, op) : KB_SW_INCOMPATIBLE_STRUCTURE;
}

size_t kb_record_offset(const struct kb_file *ef, unsigned number)
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
    enum kb_sw sw = kb_record_locate(card, cmd->p2 >> 3, KB_OP_READ, &ef);

    if (sw == KB_SW_OK)
        sw = record_number(card, ef, cmd, &number);
    if (sw != KB_SW_OK)
        return sw;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    sw = kb_files_check_le(card, cmd, ef->record_size);
    if (sw != KB_SW_OK)
        return sw;
    data = kb_wr_reserve(out, ef->record_size);
    if (!data)
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    err = kb_files_read(card, ef, kb_record_offset(ef, number), data, ef->record_size);
    if (!err && (cmd->p2 & 7) != ABSOLUTE)
        card->record = number;
    return kb_files_sw(err);
}

enum kb_err kb_record_append(struct kb_card *card, struct kb_file *ef, const uint8_t *record)
{
    struct kb_file after = *ef;
    enum kb_err err = kb_nvm_begin(&card->nvm);

    after.newest = (uint8_t)((ef->newest + 1) % ef->record_count);
    if (!err)
        err = kb_files_write(card, ef, (size_t)after.newest * ef->record_size, record,
                             ef->record_size);
    if (!err)
        err = kb_tree_mark(card, &after);
    err = kb_files_end(card, err);
    if (!err) {
        ef->newest = after.newest;
        card->record = 1;
    }
    return err;
}

enum kb_sw kb_files_update_record(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out)
{
    struct kb_file *ef;
    uint8_t number;
    enum kb_err err;
    enum kb_sw sw = kb_record_locate(card, cmd->p2 >> 3, KB_OP_UPDATE, &ef);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (cmd->data.len != ef->record_size)
        return KB_SW_WRONG_LENGTH;
    if (ef->kind == KB_FILE_CYCLIC) {
        if ((cmd->p2 & 7) != PREVIOUS)
            return KB_SW_INCORRECT_P1_P2;
        return kb_files_sw(kb_record_append(card, ef, cmd->data.data));
    }
    sw = record_number(card, ef, cmd, &number);
    if (sw != KB_SW_OK)
        return sw;
    err = kb_files_write(card, ef, kb_record_offset(ef, number), cmd->data.data, cmd->data.len);
    if (!err && (cmd->p2 & 7) != ABSOLUTE)
        card->record = number;
    return kb_files_sw(err);
}

/* record += value, both numbers with their most significant byte first. False when the sum has more
 * bytes than the record, which is then of no use. */
static bool add(uint8_t *record, size_t size, struct kb_span value)
{
    unsigned carry = 0;

    for (size_t i = 1; i <= size; i++) {
        carry += record[size - i];
        if (i <= value.len)
            carry += value.data[value.len - i];
        record[size - i] = (uint8_t)carry;
        carry >>= 8;
    }
    return !carry;
}

/* P1: 00, or 80 and an SFI. */
enum kb_sw kb_files_increase(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint8_t record[INCREASE_MAX];
    struct kb_file *ef;
    enum kb_err err;
    enum kb_sw sw;

    if (cmd->p2 || (cmd->p1 && (cmd->p1 & 0xE0) != 0x80))
        return KB_SW_INCORRECT_P1_P2;
    sw = kb_record_locate(card, cmd->p1 & 0x1F, KB_OP_INCREASE, &ef);
    if (sw != KB_SW_OK)
        return sw;
    if (ef->kind != KB_FILE_CYCLIC || ef->record_size > INCREASE_MAX)
        return KB_SW_INCOMPATIBLE_STRUCTURE;
    if (!cmd->data.len || cmd->data.len > ef->record_size)
        return KB_SW_WRONG_LENGTH;
    err = kb_files_read(card, ef, kb_record_offset(ef, 1), record, ef->record_size);
    if (err)
        return kb_files_sw(err);
    if (!add(record, ef->record_size, cmd->data))
        return KB_SW_MAX_VALUE_REACHED;
    kb_wr_copy(out, record, ef->record_size);
    kb_wr_copy(out, cmd->data.data, cmd->data.len);
    return kb_files_sw(kb_record_append(card, ef, record));
}
