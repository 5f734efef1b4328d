/* SPDX-License-Identifier: Apache-2.0 */
/* RESIZE FILE (TS 102 222 clause 6.10). */

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/bertlv.h"
#include "card/files/commands.h"
#include "card/files/tree.h"
#include "card/files/wanted.h"

enum { EMPTY_WHEN_TOO_SMALL = 0x01 }; /* P1: mode 1, for BER-TLV EFs */

/* Records are added and taken away at the end, whole ones. */
static bool settle_size(const struct kb_wanted *want, struct kb_file *file)
{
    unsigned records;

    file->size = want->file.size;
    if (file->kind == KB_FILE_TRANSPARENT)
        return file->size;
    records = (unsigned)file->size / file->record_size;
    file->record_count = (uint8_t)records;
    return records >= 1 && records <= 254 && file->size == records * file->record_size;
}

static enum kb_err resize_body(struct kb_card *card, const struct kb_file *old,
                               const struct kb_wanted *want, struct kb_file *file)
{
    if (!settle_size(want, file))
        return KB_ERR_RANGE;
    return kb_body_build(card, old, file, &want->pattern);
}

/* Reserved and greatest size, each where it is said. */
static enum kb_err resize_bertlv(struct kb_card *card, const struct kb_file *old,
                                 const struct kb_wanted *want, struct kb_file *file, bool may_empty)
{
    enum kb_err err = KB_OK;

    if (want->has_size)
        kb_bertlv_set_reserved(file, want->file.size);
    if (want->max_size)
        file->size = want->max_size;
    if (kb_bertlv_reserved(file) > file->size)
        return KB_ERR_RANGE;
    if (kb_bertlv_used(card, old) > file->size) {
        if (!may_empty)
            return KB_ERR_RANGE;
        err = kb_bertlv_delete(card, old);
        if (!err)
            err = kb_nvm_fill(&card->nvm, file->object, 0, KB_FILE_HEADER);
    } else {
        err = kb_bertlv_release(card, old);
    }
    if (!err)
        err = kb_bertlv_reserve(card, file);
    return err ? err : kb_tree_store(card, file);
}

static enum kb_err resize(struct kb_card *card, const struct kb_file *old,
                          const struct kb_wanted *want, bool may_empty)
{
    struct kb_file file = *old;
    enum kb_err err = kb_nvm_begin(&card->nvm);

    if (!err && file.kind == KB_FILE_BER_TLV)
        err = resize_bertlv(card, old, want, &file, may_empty);
    else if (!err)
        err = resize_body(card, old, want, &file);
    return kb_files_end(card, err);
}

/* The file below the current DF that 83 names; a DF takes any size, since its children take what
 * the card has. The EF is the current one afterwards, without a current record. */
enum kb_sw kb_files_resize(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_wanted want;
    struct kb_file named, file;
    enum kb_err err;
    enum kb_sw sw;

    (void)out;
    if (cmd->p2 || cmd->p1 & ~EMPTY_WHEN_TOO_SMALL)
        return KB_SW_INCORRECT_P1_P2;
    sw = kb_wanted_parse(cmd->data, &want);
    if (sw != KB_SW_OK)
        return sw;
    if (card->df.kind == KB_FILE_NONE || kb_tree_open(card, &card->df, want.file.fid, &named))
        return KB_SW_FILE_NOT_FOUND;
    if (!kb_access_granted(card, &named, KB_OP_RESIZE))
        return KB_SW_SECURITY_NOT_SATISFIED;
    if (named.lcs == KB_LCS_TERMINATED)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (kb_file_is_df(&named))
        return KB_SW_OK;
    if (named.kind == KB_FILE_CYCLIC)
        return KB_SW_INCOMPATIBLE_STRUCTURE;
    /* The header that is written is that of the file, not of a link to it. */
    err = kb_tree_load(card, named.object, &file);
    if (!err)
        err = resize(card, &file, &want, cmd->p1 & EMPTY_WHEN_TOO_SMALL);
    if (err == KB_ERR_RANGE)
        return KB_SW_INCORRECT_DATA;
    if (err)
        return kb_files_sw(err);
    kb_access_forget(card, file.object);
    if (card->transfer.ef == file.object)
        card->transfer.ef = 0;
    kb_channel_rewind(card, file.object);
    err = kb_tree_open(card, &card->df, want.file.fid, &named);
    if (!err)
        kb_files_set_current(card, &named);
    return kb_files_sw(err);
}
