/* SPDX-License-Identifier: Apache-2.0 */
/* Transparent EFs: READ BINARY and UPDATE BINARY (TS 102 221 clauses 11.1.3 and 11.1.4). */

#include "card/card.h"
#include "card/files/commands.h"
#include "card/files/tree.h"

/* P1 and P2: an offset of 15 bits in the current EF, or SFI and an offset of 8 bits. */
static enum kb_sw locate(struct kb_card *card, const struct kb_apdu *cmd, struct kb_file **ef,
                         size_t *offset)
{
    uint8_t sfi = 0;
    enum kb_sw sw;

    if (cmd->p1 & 0x80) {
        sfi = cmd->p1 & 0x1F;
        if (cmd->p1 & 0x60 || !sfi || sfi == 0x1F)
            return KB_SW_INCORRECT_P1_P2;
    }
    *offset = sfi ? cmd->p2 : kb_apdu_p1p2(cmd);
    sw = kb_files_choose(card, sfi, ef);
    if (sw != KB_SW_OK)
        return sw;
    return (*ef)->kind == KB_FILE_TRANSPARENT ? KB_SW_OK : KB_SW_INCOMPATIBLE_STRUCTURE;
}

enum kb_sw kb_files_sw(enum kb_err err)
{
    switch (err) {
    case KB_OK:
        return KB_SW_OK;
    case KB_ERR_NVM_FULL:
        return KB_SW_NOT_ENOUGH_MEMORY;
    case KB_ERR_ABSENT:
        return KB_SW_FILE_NOT_FOUND;
    default:
        return KB_SW_MEMORY_PROBLEM;
    }
}

enum kb_sw kb_files_read_binary(struct kb_card *card, const struct kb_apdu *cmd,
                                struct kb_writer *out)
{
    struct kb_file *ef;
    size_t offset, left, len;
    uint8_t *data;
    enum kb_sw sw = locate(card, cmd, &ef, &offset);

    if (sw != KB_SW_OK)
        return sw;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    sw = kb_files_may(card, ef, KB_OP_READ);
    if (sw != KB_SW_OK)
        return sw;
    if (offset >= ef->size)
        return KB_SW_WRONG_P1_P2;
    left = ef->size - offset;
    if (cmd->has_le && cmd->ne > left && left < 256 && cmd->ne < 256)
        return (enum kb_sw)(KB_SW_CORRECT_LENGTH | left);
    len = cmd->ne < left ? cmd->ne : left;
    if (len > KB_RESPONSE_DATA_MAX)
        len = KB_RESPONSE_DATA_MAX;
    data = kb_wr_reserve(out, len);
    return kb_files_sw(data ? kb_files_read(card, ef, offset, data, len) : KB_ERR_TOO_LONG);
}

enum kb_sw kb_files_update_binary(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out)
{
    struct kb_file *ef;
    size_t offset;
    enum kb_sw sw = locate(card, cmd, &ef, &offset);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (!cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    sw = kb_files_may(card, ef, KB_OP_UPDATE);
    if (sw != KB_SW_OK)
        return sw;
    if (offset >= ef->size)
        return KB_SW_WRONG_P1_P2;
    if (cmd->data.len > ef->size - offset)
        return KB_SW_WRONG_LENGTH;
    return kb_files_sw(kb_files_write(card, ef, offset, cmd->data.data, cmd->data.len));
}
