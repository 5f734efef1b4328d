/* SPDX-License-Identifier: Apache-2.0 */
/* SEARCH RECORD: simple and enhanced (TS 102 221 clause 11.1.7). */

#include <string.h>

#include "card/card.h"
#include "card/files/commands.h"
#include "card/files/records.h"

/* Modes of P2 (table 11.13) and of the search indication (table 11.14), which has the other two as
 * well. */
enum {
    FORWARD = 4,  /* from the record indicated */
    BACKWARD = 5, /* from the record indicated */
    FROM_NEXT = 6,
    FROM_PREVIOUS = 7,
    ENHANCED = 6, /* P2 alone */
    AFTER_VALUE = 0x08,
    INDICATION = 2 /* bytes of it in front of the pattern */
};

struct search {
    struct kb_span pattern;
    uint8_t mode;
    bool is_after_value; /* bound is a byte to search behind, otherwise an offset to search from */
    uint8_t bound;
};

static enum kb_sw parse(const struct kb_apdu *cmd, struct search *search)
{
    struct kb_cursor rd = kb_rd(cmd->data);
    uint8_t indication;

    *search = (struct search){.pattern = cmd->data, .mode = cmd->p2 & 7};
    if (search->mode == FORWARD || search->mode == BACKWARD)
        return cmd->data.len ? KB_SW_OK : KB_SW_WRONG_LENGTH;
    if (search->mode != ENHANCED)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len <= INDICATION)
        return KB_SW_WRONG_LENGTH;
    indication = kb_rd_u8(&rd);
    search->bound = kb_rd_u8(&rd);
    search->pattern = kb_rd_span(&rd, cmd->data.len - INDICATION);
    search->mode = indication & 7;
    search->is_after_value = indication & AFTER_VALUE;
    return indication & 0xF0 || search->mode < FORWARD ? KB_SW_INCORRECT_DATA : KB_SW_OK;
}

/* Where a search begins, 0 or beyond the last record when there is nothing to search. Next and
 * previous have a meaning without a current record, as they have in READ RECORD. */
static int first_record(const struct kb_file *ef, uint8_t mode, uint8_t indicated)
{
    if (mode == FROM_NEXT)
        return indicated + 1;
    if (mode == FROM_PREVIOUS)
        return indicated ? indicated - 1 : ef->record_count;
    return indicated;
}

static bool is_in(const uint8_t *record, size_t len, const struct search *search)
{
    size_t at = search->bound;

    if (search->is_after_value) {
        for (at = 0; at < len && record[at] != search->bound; at++)
            ;
        at++;
    }
    for (; at + search->pattern.len <= len; at++)
        if (!memcmp(record + at, search->pattern.data, search->pattern.len))
            return true;
    return false;
}

static enum kb_err run(struct kb_card *card, const struct kb_file *ef, const struct search *search,
                       int first, struct kb_writer *out)
{
    int step = search->mode & 1 ? -1 : 1;
    uint8_t record[255];
    enum kb_err err = KB_OK;

    for (int number = first; number >= 1 && number <= ef->record_count && !err; number += step) {
        err = kb_files_read(card, ef, kb_record_offset(ef, (unsigned)number), record,
                            ef->record_size);
        if (!err && is_in(record, ef->record_size, search))
            kb_wr_u8(out, (uint8_t)number);
    }
    return err;
}

enum kb_sw kb_files_search_record(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out)
{
    struct search search;
    struct kb_file *ef;
    enum kb_err err;
    enum kb_sw sw = kb_record_locate(card, cmd->p2 >> 3, KB_OP_READ, &ef);
    uint8_t indicated;

    if (sw == KB_SW_OK)
        sw = parse(cmd, &search);
    if (sw != KB_SW_OK)
        return sw;
    indicated = cmd->p1 ? cmd->p1 : card->record;
    if (search.pattern.len > ef->record_size)
        return KB_SW_WRONG_LENGTH;
    if (indicated > ef->record_count || (!indicated && search.mode < FROM_NEXT))
        return KB_SW_RECORD_NOT_FOUND;
    err = run(card, ef, &search, first_record(ef, search.mode, indicated), out);
    if (err)
        return kb_files_sw(err);
    if (!out->len)
        return KB_SW_END_OF_FILE;
    card->record = out->data[0];
    return KB_SW_OK;
}
