/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that only the old world has, or has in a way of its own (3GPP TS 51.011 clauses 6.5
 * and 8). */
#include <string.h>

#include "card/files/access.h"
#include "card/files/commands.h"
#include "card/files/tree.h"
#include "card/gsm/inside.h"
#include "crypto/secret.h"

/* Clause 6.5: a child, a DF beside the current one, its parent, itself, the MF; as TS 102 221
 * clause 8.4.1 has it, but for the application 7FFF, which is none of this world's. DCS 1800
 * terminals of phase 1 ask for 7F21 and mean DF.GSM. */
static enum kb_sw find(struct kb_card *card, const struct kb_apdu *cmd, struct kb_file *file)
{
    static const uint8_t gsm[2] = {KB_FID_GSM >> 8, KB_FID_GSM & 0xFF};
    struct kb_apdu by_fid = {.data = cmd->data};
    struct kb_cursor rd = kb_rd(cmd->data);
    uint16_t fid = kb_rd_u16(&rd);
    enum kb_sw sw = KB_SW_FILE_NOT_FOUND;

    if (fid != KB_FID_CURRENT_ADF)
        sw = kb_files_find(card, &by_fid, file);
    if (sw != KB_SW_FILE_NOT_FOUND || fid != KB_FID_DCS1800)
        return sw;
    by_fid.data = kb_span(gsm, sizeof(gsm));
    return kb_files_find(card, &by_fid, file);
}

enum kb_sw kb_gsm_select(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_file file;
    enum kb_sw sw = find(card, cmd, &file);

    if (sw == KB_SW_OK)
        sw = kb_files_sw(kb_files_go(card, &file));
    if (sw != KB_SW_OK)
        return sw;
    /* Clause 6.4.3: the record that was written last. */
    if (file.kind == KB_FILE_CYCLIC)
        card->record = 1;
    kb_gsm_describe(card, &file, out);
    return KB_SW_OK;
}

enum kb_sw kb_gsm_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    (void)cmd;
    if (card->df.kind == KB_FILE_NONE)
        return KB_SW_FILE_NOT_FOUND;
    kb_gsm_describe(card, &card->df, out);
    return KB_SW_OK;
}

/* Where a SEEK begins, by the low digit of P2: at the first record, at the last one, behind the
 * current one, in front of it. */
static unsigned first_record(const struct kb_card *card, uint8_t mode)
{
    uint8_t last = card->ef.record_count;

    switch (mode) {
    case 0:
        return 1;
    case 2:
        return card->record + 1u;
    case 3:
        return card->record ? card->record - 1u : last;
    default:
        return last;
    }
}

/* Clause 8.7: the first record that begins with the pattern becomes the current one; type 2 (P2 1X)
 * tells its number. */
enum kb_sw kb_gsm_seek(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    const struct kb_file *ef = &card->ef;
    unsigned mode = cmd->p2 & 0x0F, type = cmd->p2 >> 4;
    unsigned number = first_record(card, (uint8_t)mode);
    uint8_t record[255];
    enum kb_sw sw;

    if (type > 1 || mode > 3)
        return KB_SW_INCORRECT_P1_P2;
    if (ef->kind != KB_FILE_LINEAR_FIXED)
        return KB_SW_INCOMPATIBLE_STRUCTURE;
    sw = kb_files_may(card, ef, KB_OP_READ);
    if (sw != KB_SW_OK)
        return sw;
    if (cmd->data.len > ef->record_size)
        return (enum kb_sw)(KB_SW_CORRECT_LENGTH | ef->record_size);
    for (; number >= 1 && number <= ef->record_count; number += mode & 1 ? -1u : 1u) {
        if (kb_files_read(card, ef, (size_t)(number - 1) * ef->record_size, record, cmd->data.len))
            return KB_SW_MEMORY_PROBLEM;
        if (memcmp(record, cmd->data.data, cmd->data.len) != 0)
            continue;
        card->record = (uint8_t)number;
        if (type)
            kb_wr_u8(out, card->record);
        return KB_SW_OK;
    }
    return KB_SW_END_OF_FILE;
}

/* Clause 8.16: DF.GSM or a DF below it is the current one, and CHV1 was right. */
enum kb_sw kb_gsm_run_algorithm(struct kb_card *card, const struct kb_apdu *cmd,
                                struct kb_writer *out)
{
    struct kb_file df = card->df;
    uint8_t sres[4], kc[8];
    enum kb_sw sw;

    while (df.fid != KB_FID_GSM)
        if (!df.parent || kb_tree_load(card, df.parent, &df))
            return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (kb_pin_find(card, KB_GSM_CHV1) >= 0 && !kb_access_has_pin(card, KB_GSM_CHV1))
        return KB_SW_SECURITY_NOT_SATISFIED;
    sw = kb_sim_gsm(card, cmd->data.data, sres, kc);
    if (sw == KB_SW_OK) {
        kb_wr_copy(out, sres, sizeof(sres));
        kb_wr_copy(out, kc, sizeof(kc));
    }
    kb_wipe(kc, sizeof(kc));
    return sw;
}

enum kb_sw kb_gsm_sleep(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    (void)card;
    (void)cmd;
    (void)out;
    return KB_SW_OK;
}
