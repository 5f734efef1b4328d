/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE FILE (TS 102 222 clause 6.3): files of every kind, and links. */

#include <string.h>

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/bertlv.h"
#include "card/files/body.h"
#include "card/files/commands.h"
#include "card/files/tree.h"
#include "card/files/wanted.h"

/* Record files: count and size must agree; the one that is missing follows from the other. */
static bool settle_records(struct kb_file *file, bool has_size)
{
    if (!file->record_count) {
        if (!has_size || file->size / file->record_size > 254)
            return false;
        file->record_count = (uint8_t)(file->size / file->record_size);
    }
    if (!has_size)
        file->size = (uint16_t)(file->record_size * file->record_count);
    /* A cyclic file's first record is the last one in memory, so that the next goes to the start.
     */
    if (file->kind == KB_FILE_CYCLIC)
        file->newest = (uint8_t)(file->record_count - 1);
    return file->record_count && file->record_count <= 254 &&
           file->size == file->record_size * file->record_count;
}

/* What 80 says is reserved; without a greatest size the file takes what the card has. */
static bool settle_bertlv(struct kb_wanted *want)
{
    kb_bertlv_set_reserved(&want->file, want->file.size);
    want->file.size = want->max_size ? want->max_size : KB_BERTLV_UNLIMITED;
    return kb_bertlv_reserved(&want->file) <= want->file.size;
}

static bool settle(struct kb_wanted *want)
{
    struct kb_file *file = &want->file;

    if (!file->kind || !file->fid)
        return false;
    if (want->link.len && (file->kind == KB_FILE_DF || file->arr_file))
        return false;
    if (file->kind == KB_FILE_DF) {
        if (file->fid == KB_FID_MF)
            file->kind = KB_FILE_MF;
        else if (want->aid.len)
            file->kind = KB_FILE_ADF;
        file->sfi = 0;
        return !want->has_size;
    }
    if (!want->has_sfi)
        file->sfi = file->fid & 0x1F;
    if (file->sfi == 0x1F)
        file->sfi = 0;
    if (want->aid.len || file->fid == KB_FID_MF)
        return false;
    if (want->link.len)
        return true;
    if (kb_file_has_records(file))
        return settle_records(file, want->has_size);
    return file->kind == KB_FILE_BER_TLV ? settle_bertlv(want) : file->size;
}

/* Two files of a DF never share an SFI: one asked for is refused, one that would only follow from
 * the FID is not given. */
static enum kb_sw settle_sfi(struct kb_card *card, struct kb_wanted *want)
{
    if (!want->file.sfi || !kb_tree_child_by_sfi(card, &card->df, want->file.sfi))
        return KB_SW_OK;
    want->file.sfi = 0;
    return want->has_sfi ? KB_SW_FILE_EXISTS : KB_SW_OK;
}

/* Everything has to be within reach of a path. */
static bool is_too_deep(struct kb_card *card, const struct kb_file *file)
{
    struct kb_file df = card->df;
    unsigned levels = kb_file_is_df(file) ? 2 : 1;

    for (; df.parent && levels <= KB_FILE_DEPTH; levels++)
        if (kb_tree_load(card, df.parent, &df))
            return true;
    return levels > KB_FILE_DEPTH;
}

/* Nothing may stand where the new file goes: the FID beside it or above it, AID anywhere. */
static enum kb_sw check_place(struct kb_card *card, struct kb_wanted *want)
{
    bool is_blank = card->df.kind == KB_FILE_NONE;

    if (is_blank != (want->file.kind == KB_FILE_MF))
        return is_blank ? KB_SW_CONDITIONS_NOT_SATISFIED : KB_SW_FILE_EXISTS;
    if (is_blank)
        return KB_SW_OK;
    if (card->df.lcs == KB_LCS_TERMINATED || is_too_deep(card, &want->file))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (want->file.kind == KB_FILE_ADF && card->df.kind != KB_FILE_MF)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (want->file.fid == card->df.fid || kb_tree_child(card, &card->df, want->file.fid))
        return KB_SW_FILE_EXISTS;
    if (want->aid.len && kb_tree_application(card, want->aid))
        return KB_SW_DF_NAME_EXISTS;
    return settle_sfi(card, want);
}

static enum kb_err make_df(struct kb_card *card, const struct kb_wanted *want)
{
    uint8_t aid[KB_DF_AID] = {(uint8_t)want->aid.len};

    if (want->aid.len)
        memcpy(aid + 1, want->aid.data, want->aid.len);
    return kb_nvm_patch(&card->nvm, want->file.object, KB_FILE_HEADER, aid, sizeof(aid));
}

static enum kb_err make_ef(struct kb_card *card, struct kb_wanted *want)
{
    enum kb_err err = KB_OK;

    if (want->file.kind == KB_FILE_BER_TLV)
        err = kb_bertlv_reserve(card, &want->file);
    return err ? err : kb_body_build(card, NULL, &want->file, &want->pattern);
}

static enum kb_err make(struct kb_card *card, struct kb_wanted *want)
{
    struct kb_file *file = &want->file;
    uint8_t header[KB_FILE_HEADER];
    enum kb_err err;

    file->object = file->kind == KB_FILE_MF ? KB_OBJ_MF : kb_body_free_objects(card, 1);
    if (!file->object)
        return KB_ERR_NVM_FULL;
    file->parent = file->kind == KB_FILE_MF ? 0 : card->df.object;
    file->arr_object = file->kind == KB_FILE_MF ? 0 : kb_tree_rule_file(card, file);
    kb_tree_pack(file, header);
    err = kb_nvm_put(&card->nvm, file->object, header, sizeof(header));
    if (!err)
        err = kb_file_is_df(file) ? make_df(card, want) : make_ef(card, want);
    return err;
}

/* Another name for the EF that the path leads to: its object, one link more. Its rule has to be
 * found from where it lies, since that is where it is looked for. */
static enum kb_err make_link(struct kb_card *card, struct kb_wanted *want)
{
    struct kb_cursor rd = kb_rd(want->link);
    struct kb_path path = {0};
    struct kb_file file;
    enum kb_err err;

    while (kb_rd_left(&rd))
        path.fid[path.depth++] = kb_rd_u16(&rd);
    err = kb_files_open(card, &path, &file);
    if (!err)
        err = kb_tree_load(card, file.object, &file);
    if (err)
        return err;
    if (file.kind != want->file.kind)
        return KB_ERR_ABSENT;
    file.arr_object = kb_tree_rule_file(card, &file);
    if (file.arr_file && !file.arr_object)
        return KB_ERR_ABSENT;
    if ((file.flags & KB_FILE_LINKS) == KB_FILE_LINKS)
        return KB_ERR_NVM_FULL;
    file.flags++;
    want->file.object = file.object;
    return kb_tree_store(card, &file);
}

static enum kb_sw may_create(struct kb_card *card, const struct kb_file *file)
{
    enum kb_operation op = kb_file_is_df(file) ? KB_OP_CREATE_DF : KB_OP_CREATE;

    if (card->life_cycle == KB_LIFE_ADMINISTRATIVE)
        return KB_SW_OK;
    if (card->df.kind == KB_FILE_NONE || !kb_access_granted(card, &card->df, op))
        return KB_SW_SECURITY_NOT_SATISFIED;
    return KB_SW_OK;
}

/* A new DF is the current DF, a new EF the current EF (clause 6.3.1). */
static enum kb_err enter_new(struct kb_card *card, const struct kb_file *file)
{
    struct kb_file made;
    enum kb_err err = KB_OK;

    if (card->df.kind != KB_FILE_NONE)
        err = kb_tree_load(card, card->df.object, &card->df);
    if (!err && file->kind == KB_FILE_MF)
        err = kb_tree_load(card, KB_OBJ_MF, &made);
    else if (!err)
        err = kb_tree_open(card, &card->df, file->fid, &made);
    if (!err)
        kb_files_set_current(card, &made);
    return err;
}

enum kb_sw kb_files_create(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_wanted want;
    enum kb_err err;
    enum kb_sw sw;

    (void)out;
    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    sw = kb_wanted_parse(cmd->data, &want);
    if (sw == KB_SW_OK && !settle(&want))
        sw = KB_SW_INCORRECT_DATA;
    if (sw == KB_SW_OK)
        sw = may_create(card, &want.file);
    if (sw == KB_SW_OK)
        sw = check_place(card, &want);
    if (sw != KB_SW_OK)
        return sw;
    err = kb_nvm_begin(&card->nvm);
    if (!err)
        err = want.link.len ? make_link(card, &want) : make(card, &want);
    if (!err && want.file.kind != KB_FILE_MF)
        err = kb_tree_adopt(card, &card->df, &want.file);
    err = kb_files_end(card, err);
    return kb_files_sw(err ? err : enter_new(card, &want.file));
}
