/* SPDX-License-Identifier: Apache-2.0 */
/* RETRIEVE DATA and SET DATA on EFs of BER-TLV structure, in one block or several (TS 102 221
 * clauses 11.3.1 and 11.3.2). A new value counts when its last byte is there, until then the old
 * one does; where a transfer stands is told by card->transfer, so that a reset ends it. */

#include "card/card.h"
#include "card/files/bertlv.h"
#include "card/files/commands.h"
#include "card/files/tree.h"

enum {
    FIRST_BLOCK = 0x80, /* P2 (tables 11.33 and 11.35) */
    NEXT_BLOCK = 0x00,
    SAME_BLOCK = 0x40, /* the previous one once more */
    BLOCK_MASK = 0xE0,
    SFI_MASK = 0x1F,
    TAG_LIST = 0x5C,
    LIST = 0xFF, /* in place of an object's index: the list of tags */
    BLOCK_MAX = 256
};

static enum kb_sw locate(struct kb_card *card, const struct kb_apdu *cmd, enum kb_operation op,
                         struct kb_file **ef)
{
    uint8_t block = cmd->p2 & BLOCK_MASK;
    enum kb_sw sw;

    if (cmd->p1 || (block != FIRST_BLOCK && block != NEXT_BLOCK && block != SAME_BLOCK) ||
        (block != FIRST_BLOCK && cmd->p2 & SFI_MASK))
        return KB_SW_INCORRECT_P1_P2;
    sw = kb_files_choose(card, cmd->p2 & SFI_MASK, ef);
    if (sw != KB_SW_OK)
        return sw;
    if ((*ef)->kind != KB_FILE_BER_TLV)
        return KB_SW_INCOMPATIBLE_STRUCTURE;
    return kb_files_may(card, *ef, op);
}

static void start(struct kb_card *card, const struct kb_file *ef, uint8_t index, bool is_set)
{
    card->transfer = (struct kb_transfer){
        .ef = ef->object, .channel = card->channel, .index = index, .is_set = is_set};
}

/* False when no transfer of this kind is under way on this channel. */
static bool is_under_way(const struct kb_card *card, const struct kb_file *ef, bool is_set)
{
    return card->transfer.ef == ef->object && card->transfer.channel == card->channel &&
           card->transfer.is_set == is_set;
}

/* --- RETRIEVE DATA --- */

/* What an answer of one block is cut from: bytes are counted, and written when they are in it. */
struct window {
    struct kb_writer *out;
    size_t skip, len;
};

static void pass(struct window *window, struct kb_span bytes)
{
    struct kb_cursor rd = kb_rd(bytes);
    size_t skipped = bytes.len < window->skip ? bytes.len : window->skip;
    struct kb_span rest;

    kb_rd_span(&rd, skipped);
    window->skip -= skipped;
    rest = kb_rd_span(&rd, kb_rd_left(&rd) < window->len ? kb_rd_left(&rd) : window->len);
    kb_wr_copy(window->out, rest.data, rest.len);
    window->len -= rest.len;
}

/* Bytes of all tags; shown through the window when there is one. */
static size_t list_tags(struct kb_card *card, const struct kb_file *ef, struct window *window)
{
    struct kb_bertlv object;
    size_t len = 0;

    for (unsigned i = 0; kb_bertlv_load(card, ef, i, &object); i++) {
        uint8_t head[KB_BERTLV_HEAD];
        struct kb_writer wr = kb_wr(head, sizeof(head));

        if (!object.tag || object.is_unwritten)
            continue;
        object.length = 0;
        kb_bertlv_put_head(&wr, &object);
        len += wr.len - 1;
        if (window)
            pass(window, kb_span(head, wr.len - 1));
    }
    return len;
}

/* Tag, length and value of the object, bytes at .. at + len. */
static enum kb_err show(struct kb_card *card, const struct kb_file *ef,
                        const struct kb_bertlv *object, struct kb_span head, struct window *window)
{
    uint8_t *value;

    pass(window, head);
    if (object->tag == TAG_LIST) {
        list_tags(card, ef, window);
        return KB_OK;
    }
    value = kb_wr_reserve(window->out, window->len);
    return value ? kb_bertlv_read(card, object, window->skip, value, window->len) : KB_ERR_TOO_LONG;
}

static enum kb_sw find_object(struct kb_card *card, const struct kb_apdu *cmd,
                              const struct kb_file *ef)
{
    struct kb_cursor rd = kb_rd(cmd->data);
    struct kb_bertlv object;
    uint32_t tag;

    if (cmd->data.len == 1 && cmd->data.data[0] == TAG_LIST) {
        start(card, ef, LIST, false);
        return KB_SW_OK;
    }
    tag = kb_bertlv_read_tag(&rd);
    if (!tag || !kb_rd_is_done(&rd))
        return KB_SW_INCORRECT_DATA;
    if (!kb_bertlv_find(card, ef, tag, false, &object))
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    start(card, ef, object.index, false);
    return KB_SW_OK;
}

static bool load_object(struct kb_card *card, const struct kb_file *ef, struct kb_bertlv *object)
{
    if (card->transfer.index != LIST)
        return kb_bertlv_load(card, ef, card->transfer.index, object) && object->tag;
    *object = (struct kb_bertlv){.tag = TAG_LIST, .length = (uint16_t)list_tags(card, ef, NULL)};
    return true;
}

enum kb_sw kb_files_retrieve_data(struct kb_card *card, const struct kb_apdu *cmd,
                                  struct kb_writer *out)
{
    uint8_t block = cmd->p2 & BLOCK_MASK, bytes[KB_BERTLV_HEAD];
    struct kb_writer head = kb_wr(bytes, sizeof(bytes));
    struct kb_bertlv object;
    struct kb_file *ef;
    size_t at, left, len;
    enum kb_err err;
    enum kb_sw sw = locate(card, cmd, KB_OP_READ, &ef);

    if (sw == KB_SW_OK && block == FIRST_BLOCK)
        sw = find_object(card, cmd, ef);
    else if (sw == KB_SW_OK && cmd->data.len)
        sw = KB_SW_WRONG_LENGTH;
    if (sw != KB_SW_OK)
        return sw;
    if (!is_under_way(card, ef, false) || !load_object(card, ef, &object))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    kb_bertlv_put_head(&head, &object);
    at = (size_t)card->transfer.at + (block == NEXT_BLOCK ? card->transfer.len : 0u);
    left = head.len + object.length - at;
    len = cmd->has_le ? cmd->ne : BLOCK_MAX;
    if (len > left)
        len = left;
    if (len > out->cap - out->len)
        len = out->cap - out->len;
    if (!left)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (block != FIRST_BLOCK)
        sw = kb_files_check_le(card, cmd, len);
    if (sw != KB_SW_OK)
        return sw;
    err = show(card, ef, &object, kb_wr_span(&head), &(struct window){out, at, len});
    if (err)
        return kb_files_sw(err);
    card->transfer.at = (uint16_t)at;
    card->transfer.len = (uint16_t)len;
    return len < left ? KB_SW_MORE_DATA_AVAILABLE : KB_SW_OK;
}

/* --- SET DATA --- */

/* Length in DER, as short as can be. false: it is not; or more than an object holds. */
static bool read_length(struct kb_cursor *rd, uint16_t *len)
{
    uint8_t first = kb_rd_u8(rd);

    *len = first;
    if (first < 0x80)
        return !rd->is_bad;
    *len = first == 0x81 ? kb_rd_u8(rd) : kb_rd_u16(rd);
    if (first == 0x81)
        return *len > 0x7F;
    return first == 0x82 && *len > 0xFF;
}

/* What another transfer left unfinished in the file. */
static enum kb_err drop_unwritten(struct kb_card *card, const struct kb_file *ef)
{
    struct kb_bertlv object;
    enum kb_err err = KB_OK;

    for (unsigned i = 0; !err && kb_bertlv_load(card, ef, i, &object); i++)
        if (object.tag && object.is_unwritten)
            err = kb_bertlv_remove(card, ef, &object);
    return err;
}

/* A block of the value, in the open transaction. The last one makes the object count. */
static enum kb_err take_block(struct kb_card *card, const struct kb_file *ef,
                              struct kb_bertlv *object, size_t at, struct kb_span data)
{
    enum kb_err err = kb_bertlv_write(card, object, at, data);

    if (!err && at + data.len == object->length)
        err = kb_bertlv_finish(card, ef, object);
    return kb_files_end(card, err);
}

static enum kb_sw after_block(struct kb_card *card, const struct kb_bertlv *object, size_t at,
                              size_t len, enum kb_err err)
{
    card->transfer.at = (uint16_t)at;
    card->transfer.len = (uint16_t)len;
    if (!err && at + len < object->length)
        return KB_SW_MORE_DATA_EXPECTED;
    card->transfer.ef = 0;
    return kb_files_sw(err);
}

static enum kb_sw delete_object(struct kb_card *card, const struct kb_file *ef, uint32_t tag)
{
    struct kb_bertlv object;
    enum kb_err err;

    if (!kb_bertlv_find(card, ef, tag, false, &object))
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    err = kb_nvm_begin(&card->nvm);
    if (!err)
        err = kb_bertlv_remove(card, ef, &object);
    return kb_files_sw(kb_files_end(card, err));
}

static enum kb_sw set_first(struct kb_card *card, const struct kb_file *ef, struct kb_span data)
{
    struct kb_cursor rd = kb_rd(data);
    struct kb_bertlv object = {.tag = kb_bertlv_read_tag(&rd), .is_unwritten = true};
    struct kb_span value;
    enum kb_err err;

    card->transfer.ef = 0;
    if (!object.tag)
        return KB_SW_INCORRECT_DATA;
    if (kb_rd_is_done(&rd))
        return delete_object(card, ef, object.tag);
    if (!read_length(&rd, &object.length))
        return KB_SW_INCORRECT_DATA;
    value = kb_rd_span(&rd, kb_rd_left(&rd));
    if (value.len > object.length)
        return KB_SW_INCORRECT_DATA;
    err = kb_nvm_begin(&card->nvm);
    if (!err)
        err = drop_unwritten(card, ef);
    if (!err)
        err = kb_bertlv_add(card, ef, &object);
    if (err)
        return kb_files_sw(kb_files_end(card, err));
    err = take_block(card, ef, &object, 0, value);
    start(card, ef, object.index, true);
    card->transfer.is_first = true;
    return after_block(card, &object, 0, value.len, err);
}

static enum kb_sw set_next(struct kb_card *card, const struct kb_file *ef, bool is_same,
                           struct kb_span data)
{
    size_t at = (size_t)card->transfer.at + (is_same ? 0u : card->transfer.len);
    struct kb_bertlv object;
    enum kb_err err;

    if (!is_under_way(card, ef, true) || !kb_bertlv_load(card, ef, card->transfer.index, &object) ||
        !object.is_unwritten)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (is_same && card->transfer.is_first)
        return set_first(card, ef, data);
    if (data.len > object.length - at)
        return KB_SW_INCORRECT_DATA;
    card->transfer.is_first = false;
    err = kb_nvm_begin(&card->nvm);
    if (err)
        return kb_files_sw(err);
    err = take_block(card, ef, &object, at, data);
    return after_block(card, &object, at, data.len, err);
}

enum kb_sw kb_files_set_data(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint8_t block = cmd->p2 & BLOCK_MASK;
    struct kb_file *ef;
    enum kb_sw sw = locate(card, cmd, KB_OP_UPDATE, &ef);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    if (!cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (block == FIRST_BLOCK)
        return set_first(card, ef, cmd->data);
    return set_next(card, ef, block == SAME_BLOCK, cmd->data);
}
