/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a file: DEACTIVATE and ACTIVATE FILE (TS 102 221 clauses 11.1.14 and 11.1.15),
 * TERMINATE DF, TERMINATE EF and TERMINATE CARD USAGE (TS 102 222 clauses 6.7 - 6.9), and what they
 * leave of the other commands. */

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/commands.h"
#include "card/files/tree.h"

enum { BY_FID = 0x00, FROM_MF = 0x08, FROM_DF = 0x09 }; /* P1 of ACTIVATE and DEACTIVATE */

enum kb_sw kb_files_may(struct kb_card *card, const struct kb_file *file, enum kb_operation op)
{
    if (!kb_access_granted(card, file, op))
        return KB_SW_SECURITY_NOT_SATISFIED;
    if (file->lcs == KB_LCS_ACTIVATED)
        return KB_SW_OK;
    if (file->lcs != KB_LCS_DEACTIVATED)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    return file->flags & KB_FILE_READABLE ? KB_SW_OK : KB_SW_REFERENCED_DATA_INVALIDATED;
}

enum kb_err kb_files_end(struct kb_card *card, enum kb_err err)
{
    if (!err)
        err = kb_nvm_commit(&card->nvm);
    if (err)
        kb_nvm_rollback(&card->nvm);
    return err;
}

enum kb_sw kb_files_warning(const struct kb_file *file)
{
    if (file->lcs == KB_LCS_DEACTIVATED)
        return KB_SW_SELECTED_FILE_INVALIDATED;
    return file->lcs == KB_LCS_TERMINATED ? KB_SW_SELECTED_FILE_TERMINATED : KB_SW_OK;
}

/* A terminated file stays so. */
static enum kb_sw change(struct kb_card *card, struct kb_file *file, enum kb_operation op,
                         enum kb_file_lcs lcs)
{
    if (!kb_access_granted(card, file, op))
        return KB_SW_SECURITY_NOT_SATISFIED;
    if (file->lcs == KB_LCS_TERMINATED)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (file->lcs == lcs)
        return KB_SW_OK;
    file->lcs = (uint8_t)lcs;
    return kb_files_sw(kb_tree_mark(card, file));
}

/* The EF named, or the current one when the data are empty; it is the current EF afterwards. */
static enum kb_sw change_ef(struct kb_card *card, const struct kb_apdu *cmd, enum kb_operation op,
                            enum kb_file_lcs lcs)
{
    struct kb_file file;
    enum kb_sw sw;

    if (cmd->p2 || (cmd->p1 != BY_FID && cmd->p1 != FROM_MF && cmd->p1 != FROM_DF))
        return KB_SW_INCORRECT_P1_P2;
    if (!cmd->data.len)
        return card->ef.kind == KB_FILE_NONE ? KB_SW_NO_EF_SELECTED
                                             : change(card, &card->ef, op, lcs);
    sw = kb_files_find(card, cmd, &file);
    if (sw == KB_SW_OK && kb_file_is_df(&file))
        sw = KB_SW_INCOMPATIBLE_STRUCTURE;
    if (sw == KB_SW_OK)
        sw = change(card, &file, op, lcs);
    if (sw != KB_SW_OK)
        return sw;
    return kb_files_sw(kb_files_go(card, &file));
}

enum kb_sw kb_files_deactivate(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    (void)out;
    return change_ef(card, cmd, KB_OP_DEACTIVATE, KB_LCS_DEACTIVATED);
}

enum kb_sw kb_files_activate(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    (void)out;
    return change_ef(card, cmd, KB_OP_ACTIVATE, KB_LCS_ACTIVATED);
}

static enum kb_sw terminate(struct kb_card *card, const struct kb_apdu *cmd, bool is_df)
{
    struct kb_file file;
    enum kb_sw sw;

    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len != 2)
        return KB_SW_WRONG_LENGTH;
    sw = kb_files_find(card, cmd, &file);
    if (sw != KB_SW_OK)
        return sw;
    if (kb_file_is_df(&file) != is_df || file.kind == KB_FILE_MF)
        return KB_SW_FILE_NOT_FOUND;
    sw = change(card, &file, KB_OP_TERMINATE, KB_LCS_TERMINATED);
    if (sw == KB_SW_OK)
        kb_files_forget(card, &file);
    return sw;
}

enum kb_sw kb_files_terminate_df(struct kb_card *card, const struct kb_apdu *cmd,
                                 struct kb_writer *out)
{
    (void)out;
    return terminate(card, cmd, true);
}

enum kb_sw kb_files_terminate_ef(struct kb_card *card, const struct kb_apdu *cmd,
                                 struct kb_writer *out)
{
    (void)out;
    return terminate(card, cmd, false);
}

/* The MF's rule says who may. Nothing is left of the card but this answer. */
enum kb_sw kb_files_terminate_card(struct kb_card *card, const struct kb_apdu *cmd,
                                   struct kb_writer *out)
{
    const uint8_t terminated = KB_LIFE_TERMINATED;
    struct kb_file mf;
    enum kb_err err;

    (void)out;
    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    err = kb_tree_load(card, KB_OBJ_MF, &mf);
    if (err)
        return kb_files_sw(err);
    if (!kb_access_granted(card, &mf, KB_OP_TERMINATE))
        return KB_SW_SECURITY_NOT_SATISFIED;
    err = kb_nvm_put(&card->nvm, KB_OBJ_LIFE_CYCLE, &terminated, 1);
    if (!err)
        card->life_cycle = terminated;
    return kb_files_sw(err);
}
