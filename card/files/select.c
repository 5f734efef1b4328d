/* SPDX-License-Identifier: Apache-2.0 */
/* SELECT and STATUS: which file is current (TS 102 221 clauses 8.4, 11.1.1, 11.1.2). */

#include "card/card.h"
#include "card/files/commands.h"
#include "card/files/tree.h"
#include "wire/tlv.h"

enum {
    FID_CURRENT_ADF = KB_FID_CURRENT_ADF,
    ANSWER_MASK = 0x1C, /* bits 5-3 of P2 */
    ANSWER_FCI = 0x00,
    ANSWER_FCP = 0x04,
    ANSWER_NONE = 0x0C,
    OCCURRENCE_MASK = 0x03,
    SESSION_MASK = 0x60, /* bits 7 and 6, by DF name only (table 11.2) */
    SESSION_TERMINATE = 0x40,
    SESSION_RESERVED = 0x20,
    BY_NAME = 0x04 /* P1 */
};

enum kb_err kb_files_reset(struct kb_card *card)
{
    enum kb_err err;

    card->df.kind = KB_FILE_NONE;
    card->ef.kind = KB_FILE_NONE;
    card->adf.kind = KB_FILE_NONE;
    card->record = 0;
    if (!kb_nvm_has(&card->nvm, KB_OBJ_MF))
        return KB_OK;
    err = kb_tree_load(card, KB_OBJ_MF, &card->df);
    return err;
}

void kb_files_set_current(struct kb_card *card, const struct kb_file *file)
{
    card->record = 0;
    if (!kb_file_is_df(file)) {
        card->ef = *file;
        return;
    }
    card->df = *file;
    card->ef.kind = KB_FILE_NONE;
}

enum kb_sw kb_files_choose(struct kb_card *card, uint8_t sfi, struct kb_file **ef)
{
    struct kb_file found;
    uint16_t object;

    *ef = &card->ef;
    if (!sfi)
        return card->ef.kind == KB_FILE_NONE ? KB_SW_NO_EF_SELECTED : KB_SW_OK;
    object = card->df.kind == KB_FILE_NONE ? 0 : kb_tree_child_by_sfi(card, &card->df, sfi);
    if (!object || kb_tree_load(card, object, &found))
        return KB_SW_FILE_NOT_FOUND;
    kb_files_set_current(card, &found);
    return KB_SW_OK;
}

/* Clause 8.4.1: a child, then a DF beside the current one, its parent, itself, the MF. */
static uint16_t by_fid(struct kb_card *card, uint16_t fid)
{
    struct kb_file parent;
    uint16_t object;

    if (fid == KB_FID_MF)
        return card->df.kind == KB_FILE_NONE ? 0 : KB_OBJ_MF;
    if (fid == FID_CURRENT_ADF)
        return card->adf.kind == KB_FILE_NONE ? 0 : card->adf.object;
    object = kb_tree_child(card, &card->df, fid);
    if (object)
        return object;
    if (fid == card->df.fid)
        return card->df.object;
    if (!card->df.parent || kb_tree_load(card, card->df.parent, &parent))
        return 0;
    if (fid == parent.fid)
        return parent.object;
    object = kb_tree_child(card, &parent, fid);
    if (object && !kb_tree_load(card, object, &parent) && kb_file_is_df(&parent))
        return object;
    return 0;
}

/* Clause 8.4.2: every step down from start; 7FFF in front stands for the current application. */
static uint16_t by_path(struct kb_card *card, struct kb_file at, struct kb_span path)
{
    struct kb_cursor rd = kb_rd(path);

    if (!path.len || path.len % 2)
        return 0;
    for (bool is_first = true; kb_rd_left(&rd); is_first = false) {
        uint16_t fid = kb_rd_u16(&rd);
        uint16_t object;

        if (is_first && fid == FID_CURRENT_ADF && card->adf.kind != KB_FILE_NONE)
            object = card->adf.object;
        else
            object = kb_file_is_df(&at) ? kb_tree_child(card, &at, fid) : 0;
        if (!object || kb_tree_load(card, object, &at))
            return 0;
    }
    return at.object;
}

static uint16_t from_mf(struct kb_card *card, struct kb_span path)
{
    struct kb_file mf;

    return kb_tree_load(card, KB_OBJ_MF, &mf) ? 0 : by_path(card, mf, path);
}

/* P1 of SELECT (table 11.1): the file that data names. 0: not found; KB_OBJ_NONE never is a file.
 */
static enum kb_sw find(struct kb_card *card, const struct kb_apdu *cmd, uint16_t *object)
{
    struct kb_cursor rd = kb_rd(cmd->data);

    *object = 0;
    switch (cmd->p1) {
    case 0x00:
        if (cmd->data.len == 0) {
            *object = card->df.kind == KB_FILE_NONE ? 0 : KB_OBJ_MF;
            return KB_SW_OK;
        }
        /* fall through */
    case 0x01:
        if (cmd->data.len != 2)
            return KB_SW_WRONG_LENGTH;
        *object =
            cmd->p1 ? kb_tree_child(card, &card->df, kb_rd_u16(&rd)) : by_fid(card, kb_rd_u16(&rd));
        return KB_SW_OK;
    case 0x03:
        *object = card->df.parent;
        return cmd->data.len ? KB_SW_WRONG_LENGTH : KB_SW_OK;
    case BY_NAME:
        *object = kb_tree_application(card, cmd->data);
        return cmd->data.len > KB_AID_MAX ? KB_SW_WRONG_LENGTH : KB_SW_OK;
    case 0x08:
        *object = from_mf(card, cmd->data);
        return KB_SW_OK;
    case 0x09:
        *object = by_path(card, card->df, cmd->data);
        return KB_SW_OK;
    default:
        return KB_SW_INCORRECT_P1_P2;
    }
}

static bool is_current_application(const struct kb_card *card, uint16_t object)
{
    return card->adf.kind == KB_FILE_ADF && card->adf.object == object;
}

/* A DF becomes current, and the application it belongs to with it; outside of every application the
 * last one stays current (clause 8.5). */
static void enter(struct kb_card *card, const struct kb_file *df)
{
    struct kb_file application;

    kb_files_set_current(card, df);
    if (!kb_tree_application_of(card, df, &application))
        return;
    if (card->adf.kind == KB_FILE_ADF && !is_current_application(card, application.object))
        kb_pin_leave_application(card);
    card->adf = application;
    kb_sim_reset(card);
}

/* Clause 8.5: the session of the current application ends; the MF is current then. */
static enum kb_sw end_session(struct kb_card *card)
{
    kb_pin_leave_application(card);
    return kb_files_reset(card) ? KB_SW_MEMORY_PROBLEM : KB_SW_OK;
}

/* An EF found by path becomes current together with the DF it lies in. */
static enum kb_err enter_parent(struct kb_card *card, const struct kb_file *file)
{
    struct kb_file parent;
    enum kb_err err;

    if (kb_file_is_df(file) || file->parent == card->df.object)
        return KB_OK;
    err = kb_tree_load(card, file->parent, &parent);
    if (!err)
        enter(card, &parent);
    return err;
}

enum kb_sw kb_files_select(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint8_t answer = cmd->p2 & ANSWER_MASK;
    struct kb_file file;
    uint16_t object;
    bool ends_session = cmd->p1 == BY_NAME && (cmd->p2 & SESSION_MASK) == SESSION_TERMINATE;
    enum kb_sw sw;

    if (answer != ANSWER_FCI && answer != ANSWER_FCP && answer != ANSWER_NONE)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->p2 & 0x80 || (cmd->p2 & OCCURRENCE_MASK && cmd->p1 != BY_NAME))
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->p1 == BY_NAME && cmd->p2 & SESSION_RESERVED)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->p2 & OCCURRENCE_MASK)
        return KB_SW_FUNCTION_NOT_SUPPORTED;
    sw = find(card, cmd, &object);
    if (sw != KB_SW_OK)
        return sw;
    if (!object || kb_tree_load(card, object, &file))
        return KB_SW_FILE_NOT_FOUND;
    if (cmd->p1 == 0x01 && !kb_file_is_df(&file))
        return KB_SW_FILE_NOT_FOUND;
    if (ends_session && !is_current_application(card, object))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (enter_parent(card, &file))
        return KB_SW_MEMORY_PROBLEM;
    if (kb_file_is_df(&file))
        enter(card, &file);
    else
        kb_files_set_current(card, &file);
    if (answer != ANSWER_NONE)
        kb_files_describe(card, &file, answer == ANSWER_FCP ? 0x62 : 0x6F, out);
    return ends_session ? end_session(card) : KB_SW_OK;
}

enum kb_sw kb_files_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint8_t aid[KB_AID_MAX];
    size_t aid_len;

    if (cmd->p1 > 0x02)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (card->df.kind == KB_FILE_NONE)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    switch (cmd->p2) {
    case 0x00:
        kb_files_describe(card, &card->df, 0x62, out);
        return KB_SW_OK;
    case 0x01:
        if (card->adf.kind == KB_FILE_NONE)
            return KB_SW_CONDITIONS_NOT_SATISFIED;
        aid_len = kb_tree_aid(card, &card->adf, aid);
        kb_tlv_put(out, 0x84, kb_span(aid, aid_len));
        return KB_SW_OK;
    case 0x0C:
        return KB_SW_OK;
    default:
        return KB_SW_INCORRECT_P1_P2;
    }
}
