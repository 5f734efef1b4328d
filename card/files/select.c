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
    BY_NAME = 0x04,           /* P1 */
    STATUS_TERMINATES = 0x02, /* P1 of STATUS */
    SFI_MAX = 30
};

enum kb_err kb_files_reset(struct kb_card *card)
{
    enum kb_err err;

    card->df.kind = KB_FILE_NONE;
    card->ef.kind = KB_FILE_NONE;
    card->adf.kind = KB_FILE_NONE;
    card->record = 0;
    card->transfer.ef = 0;
    if (!kb_nvm_has(&card->nvm, KB_OBJ_MF))
        return KB_OK;
    err = kb_tree_load(card, KB_OBJ_MF, &card->df);
    return err;
}

void kb_files_set_current(struct kb_card *card, const struct kb_file *file)
{
    card->record = 0;
    if (card->transfer.channel == card->channel)
        card->transfer.ef = 0;
    if (!kb_file_is_df(file)) {
        card->ef = *file;
        return;
    }
    card->df = *file;
    card->ef.kind = KB_FILE_NONE;
}

enum kb_sw kb_files_check_le(const struct kb_card *card, const struct kb_apdu *cmd, size_t len)
{
    bool is_exact = cmd->ne < 256 || (card->port->transport == KB_TRANSPORT_T0 && len < 256);

    if (cmd->has_le && is_exact && cmd->ne != len)
        return (enum kb_sw)(KB_SW_CORRECT_LENGTH | (len & 0xFF));
    return KB_SW_OK;
}

enum kb_sw kb_files_choose(struct kb_card *card, uint8_t sfi, struct kb_file **ef)
{
    struct kb_file found;

    *ef = &card->ef;
    if (sfi > SFI_MAX)
        return KB_SW_INCORRECT_P1_P2;
    if (!sfi)
        return card->ef.kind == KB_FILE_NONE ? KB_SW_NO_EF_SELECTED : KB_SW_OK;
    if (card->df.kind == KB_FILE_NONE || kb_tree_open_sfi(card, &card->df, sfi, &found))
        return KB_SW_FILE_NOT_FOUND;
    kb_files_set_current(card, &found);
    return KB_SW_OK;
}

static bool load(struct kb_card *card, const struct kb_file *named, struct kb_file *out)
{
    return named->kind != KB_FILE_NONE && !kb_tree_load(card, named->object, out);
}

/* Clause 8.4.1: a child, then a DF beside the current one, its parent, itself, the MF. */
static bool by_fid(struct kb_card *card, uint16_t fid, struct kb_file *out)
{
    struct kb_file parent;

    if (card->df.kind == KB_FILE_NONE)
        return false;
    if (fid == KB_FID_MF)
        return !kb_tree_load(card, KB_OBJ_MF, out);
    if (fid == FID_CURRENT_ADF)
        return load(card, &card->adf, out);
    if (!kb_tree_open(card, &card->df, fid, out))
        return true;
    if (fid == card->df.fid)
        return load(card, &card->df, out);
    if (!card->df.parent || kb_tree_load(card, card->df.parent, &parent))
        return false;
    if (fid == parent.fid) {
        *out = parent;
        return true;
    }
    return !kb_tree_open(card, &parent, fid, out) && kb_file_is_df(out);
}

static bool is_child_df(struct kb_card *card, uint16_t fid, struct kb_file *out)
{
    return card->df.kind != KB_FILE_NONE && !kb_tree_open(card, &card->df, fid, out) &&
           kb_file_is_df(out);
}

/* Clause 8.4.2: every step down from start; 7FFF in front stands for the current application. */
static bool by_path(struct kb_card *card, const struct kb_file *start, struct kb_span path,
                    struct kb_file *out)
{
    struct kb_cursor rd = kb_rd(path);

    if (!path.len || path.len % 2 || start->kind == KB_FILE_NONE)
        return false;
    *out = *start;
    for (bool is_first = true; kb_rd_left(&rd); is_first = false) {
        uint16_t fid = kb_rd_u16(&rd);

        if (is_first && fid == FID_CURRENT_ADF && load(card, &card->adf, out))
            continue;
        if (!kb_file_is_df(out) || kb_tree_open(card, out, fid, out))
            return false;
    }
    return true;
}

static bool from_mf(struct kb_card *card, struct kb_span path, struct kb_file *out)
{
    struct kb_file mf;

    return !kb_tree_load(card, KB_OBJ_MF, &mf) && by_path(card, &mf, path, out);
}

/* P1 of SELECT (table 11.1): the file that data names. */
enum kb_sw kb_files_find(struct kb_card *card, const struct kb_apdu *cmd, struct kb_file *out)
{
    struct kb_cursor rd = kb_rd(cmd->data);
    uint16_t fid, current;
    bool is_found;

    switch (cmd->p1) {
    case 0x00:
        if (cmd->data.len == 0) {
            is_found = by_fid(card, KB_FID_MF, out);
            break;
        }
        /* fall through */
    case 0x01:
        if (cmd->data.len != 2)
            return KB_SW_WRONG_LENGTH;
        fid = kb_rd_u16(&rd);
        is_found = cmd->p1 ? is_child_df(card, fid, out) : by_fid(card, fid, out);
        break;
    case 0x03:
        if (cmd->data.len)
            return KB_SW_WRONG_LENGTH;
        is_found = card->df.parent && !kb_tree_load(card, card->df.parent, out);
        break;
    case BY_NAME:
        if (cmd->data.len > KB_AID_MAX)
            return KB_SW_WRONG_LENGTH;
        current = card->adf.kind == KB_FILE_ADF ? card->adf.object : 0;
        is_found = !kb_tree_load(
            card, kb_tree_occurrence(card, cmd->data, cmd->p2 & OCCURRENCE_MASK, current), out);
        break;
    case 0x08:
        is_found = from_mf(card, cmd->data, out);
        break;
    case 0x09:
        is_found = by_path(card, &card->df, cmd->data, out);
        break;
    default:
        return KB_SW_INCORRECT_P1_P2;
    }
    return is_found ? KB_SW_OK : KB_SW_FILE_NOT_FOUND;
}

static bool is_current_application(const struct kb_card *card, uint16_t object)
{
    return card->adf.kind == KB_FILE_ADF && card->adf.object == object;
}

/* A DF becomes current, and the application it belongs to with it; outside of every application the
 * last one stays current (clause 8.5), and in a terminated one, which is none any more. */
static void enter(struct kb_card *card, const struct kb_file *df)
{
    struct kb_file application;

    kb_files_set_current(card, df);
    if (!kb_tree_application_of(card, df, &application) || application.lcs == KB_LCS_TERMINATED)
        return;
    if (card->adf.kind == KB_FILE_ADF && !is_current_application(card, application.object))
        kb_pin_leave_application(card);
    card->adf = application;
}

/* Clause 8.5: the session of the current application ends; the MF is current then. */
static enum kb_sw end_session(struct kb_card *card)
{
    kb_pin_leave_application(card);
    return kb_files_reset(card) ? KB_SW_MEMORY_PROBLEM : KB_SW_OK;
}

enum kb_err kb_files_go(struct kb_card *card, const struct kb_file *file)
{
    struct kb_file parent;
    enum kb_err err = KB_OK;

    if (kb_file_is_df(file)) {
        enter(card, file);
        return KB_OK;
    }
    if (file->parent != card->df.object) {
        err = kb_tree_load(card, file->parent, &parent);
        if (!err)
            enter(card, &parent);
    }
    if (!err)
        kb_files_set_current(card, file);
    return err;
}

enum kb_sw kb_files_select(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint8_t answer = cmd->p2 & ANSWER_MASK;
    struct kb_file file;
    bool ends_session = cmd->p1 == BY_NAME && (cmd->p2 & SESSION_MASK) == SESSION_TERMINATE;
    enum kb_sw sw;

    if (answer != ANSWER_FCI && answer != ANSWER_FCP && answer != ANSWER_NONE)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->p2 & 0x80 || (cmd->p2 & OCCURRENCE_MASK && cmd->p1 != BY_NAME))
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->p1 == BY_NAME && cmd->p2 & SESSION_RESERVED)
        return KB_SW_INCORRECT_P1_P2;
    sw = kb_files_find(card, cmd, &file);
    if (sw != KB_SW_OK)
        return sw;
    if (ends_session && !is_current_application(card, file.object))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (kb_files_go(card, &file))
        return KB_SW_MEMORY_PROBLEM;
    if (answer != ANSWER_NONE)
        kb_files_describe(card, &file, answer == ANSWER_FCP ? 0x62 : 0x6F, out);
    return ends_session ? end_session(card) : kb_files_warning(&file);
}

enum kb_sw kb_files_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint8_t aid[KB_AID_MAX];
    size_t aid_len;

    if (cmd->p1 > STATUS_TERMINATES)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    /* A terminal has initialised an application, or is about to end it: there must be one. */
    if (card->df.kind == KB_FILE_NONE || (cmd->p1 && card->adf.kind != KB_FILE_ADF))
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
