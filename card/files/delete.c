/* SPDX-License-Identifier: Apache-2.0 */
/* DELETE FILE (TS 102 222 clause 6.4): an EF, a link, or a DF with all below it. */

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/body.h"
#include "card/files/commands.h"
#include "card/files/tree.h"

/* Of a file and all below it; levels bounds every walk, so that a damaged list of children cannot
 * lead in circles. */
enum { LEVELS = KB_FILE_DEPTH + 1 };

/* A child by its entry; *is_link: the file's own name is another one. */
static enum kb_err open_child(struct kb_card *card, const struct kb_file *df, uint32_t entry,
                              struct kb_file *child, bool *is_link)
{
    enum kb_err err = kb_tree_load(card, kb_tree_object_of(entry), child);

    *is_link = child->parent != df->object || child->fid != kb_tree_fid_of(entry);
    return err;
}

static enum kb_err drop_link(struct kb_card *card, struct kb_file *target)
{
    if (target->flags & KB_FILE_LINKS)
        target->flags--;
    return kb_tree_mark(card, target);
}

/* The objects of a file and of all below it, in the caller's transaction. */
static enum kb_err drop(struct kb_card *card, const struct kb_file *file, unsigned levels)
{
    struct kb_file child;
    enum kb_err err = levels ? KB_OK : KB_ERR_NVM_DAMAGED;
    bool is_link;
    uint32_t entry;
    size_t at = 0;

    while (!err && kb_file_is_df(file) && (entry = kb_tree_next(card, file, &at)) != 0) {
        err = open_child(card, file, entry, &child, &is_link);
        if (!err)
            err = is_link ? drop_link(card, &child) : drop(card, &child, levels - 1);
    }
    if (!err)
        err = kb_body_delete(card, file);
    return err ? err : kb_nvm_delete(&card->nvm, file->object);
}

static enum kb_err remove_whole(struct kb_card *card, const struct kb_file *df, uint32_t entry)
{
    struct kb_file child;
    bool is_link;
    enum kb_err err = kb_nvm_begin(&card->nvm);

    if (!err)
        err = open_child(card, df, entry, &child, &is_link);
    if (!err)
        err = kb_tree_forget(card, df, kb_tree_fid_of(entry));
    if (!err)
        err = is_link ? drop_link(card, &child) : drop(card, &child, LEVELS);
    return kb_files_end(card, err);
}

/* Where the memory has no room for one transaction, a DF loses its children first, one after the
 * other: at every moment each entry that is left names a whole file. */
static enum kb_err remove_entry(struct kb_card *card, const struct kb_file *df, uint32_t entry,
                                unsigned levels)
{
    struct kb_file child;
    bool is_link;
    uint32_t below;
    size_t at = 0;
    enum kb_err err = remove_whole(card, df, entry);

    if (err != KB_ERR_NVM_FULL || open_child(card, df, entry, &child, &is_link) || !levels ||
        is_link || !kb_file_is_df(&child))
        return err;
    err = KB_OK;
    while (!err && (below = kb_tree_next(card, &child, &at)) != 0)
        err = remove_entry(card, &child, below, levels - 1);
    return err ? err : remove_whole(card, df, entry);
}

/* True when another name leads to the file or to one below it. */
static bool is_linked(struct kb_card *card, const struct kb_file *file, unsigned levels)
{
    struct kb_file child;
    bool is_link;
    uint32_t entry;
    size_t at = 0;

    if (!kb_file_is_df(file))
        return file->flags & KB_FILE_LINKS;
    while (levels && (entry = kb_tree_next(card, file, &at)) != 0)
        if (!open_child(card, file, entry, &child, &is_link) && !is_link &&
            is_linked(card, &child, levels - 1))
            return true;
    return false;
}

/* True when a file below this DF has its rule from this EF.ARR. Without it that file would follow
 * whatever EF comes to have the number of its object next. */
static bool is_rule(struct kb_card *card, const struct kb_file *df, uint16_t arr, unsigned levels)
{
    struct kb_file child;
    uint32_t entry;
    size_t at = 0;

    while (levels && (entry = kb_tree_next(card, df, &at)) != 0) {
        if (kb_tree_load(card, kb_tree_object_of(entry), &child) || child.object == arr)
            continue;
        if (child.arr_object == arr ||
            (kb_file_is_df(&child) && is_rule(card, &child, arr, levels - 1)))
            return true;
    }
    return false;
}

static void forget(struct kb_card *card, const struct kb_file *file, unsigned levels)
{
    struct kb_file child;
    uint32_t entry;
    size_t at = 0;

    while (levels && kb_file_is_df(file) && (entry = kb_tree_next(card, file, &at)) != 0)
        if (!kb_tree_load(card, kb_tree_object_of(entry), &child))
            forget(card, &child, levels - 1);
    kb_channel_forget(card, file->object);
}

void kb_files_forget(struct kb_card *card, const struct kb_file *file)
{
    struct kb_file copy = *file; /* it may be the current one, which goes */

    forget(card, &copy, LEVELS);
    kb_access_forget(card, 0);
}

/* The file that data name, below the current DF or that DF itself, and the DF with its entry. */
static enum kb_sw find(struct kb_card *card, const struct kb_apdu *cmd, struct kb_file *df,
                       uint32_t *entry)
{
    struct kb_cursor rd = kb_rd(cmd->data);
    uint16_t fid = kb_rd_u16(&rd);

    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (!kb_rd_is_done(&rd))
        return KB_SW_WRONG_LENGTH;
    if (card->df.kind == KB_FILE_NONE)
        return KB_SW_FILE_NOT_FOUND;
    *df = card->df;
    *entry = kb_tree_entry(card, df, fid);
    if (*entry || fid != df->fid)
        return *entry ? KB_SW_OK : KB_SW_FILE_NOT_FOUND;
    if (df->kind == KB_FILE_MF)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (kb_tree_load(card, card->df.parent, df))
        return KB_SW_MEMORY_PROBLEM;
    *entry = kb_tree_entry(card, df, fid);
    return *entry ? KB_SW_OK : KB_SW_FILE_NOT_FOUND;
}

enum kb_sw kb_files_delete(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_file df, file;
    uint32_t entry;
    bool is_link, is_self;
    enum kb_err err;
    enum kb_sw sw = find(card, cmd, &df, &entry);

    (void)out;
    if (sw != KB_SW_OK)
        return sw;
    is_self = df.object != card->df.object;
    if (open_child(card, &df, entry, &file, &is_link))
        return KB_SW_MEMORY_PROBLEM;
    if (!kb_access_granted(card, &file, KB_OP_DELETE))
        return KB_SW_SECURITY_NOT_SATISFIED;
    if (!is_link && (is_linked(card, &file, LEVELS) || is_rule(card, &df, file.object, LEVELS)))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    kb_files_forget(card, &file);
    err = remove_entry(card, &df, entry, LEVELS);
    if (!err && is_self)
        err = kb_tree_load(card, df.object, &df);
    if (!err && is_self)
        err = kb_files_go(card, &df);
    return kb_files_sw(err);
}
