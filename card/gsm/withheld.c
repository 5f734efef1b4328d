/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed dialling: EF.IMSI and EF.LOCI count as invalidated until the terminal rehabilitates them,
 * which one that knows nothing of fixed dialling does not (3GPP TS 51.011 clause 11.5.1). */
#include "card/files/access.h"
#include "card/files/commands.h"
#include "card/files/tree.h"
#include "card/gsm/gsm.h"
#include "card/gsm/inside.h"

void kb_gsm_reset(struct kb_card *card)
{
    card->gsm_rehabilitated = 0;
}

/* True when in this DF the EF of tables has these bits in its first byte. */
static bool has_service(struct kb_card *card, const struct kb_file *df, uint16_t fid, uint8_t bits)
{
    struct kb_file table;
    uint8_t byte;

    return !kb_tree_open(card, df, fid, &table) && !kb_files_read(card, &table, 0, &byte, 1) &&
           (byte & bits) == bits;
}

/* By the USIM: service 2 of EF.UST is there, and 1 of EF.EST is on (TS 31.102 clauses 4.2.8 and
 * 4.2.47). By the SIM: service 3 of EF.SST is there and on, and EF.ADN is invalidated (TS 51.011
 * clauses 10.3.7 and 11.5.1). */
static bool has_fixed_dialling(struct kb_card *card)
{
    static const uint8_t usim[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
    static const struct kb_path gsm = {1, {KB_FID_GSM}}, adn = {2, {KB_FID_TELECOM, 0x6F3A}};
    uint16_t object = kb_tree_application(card, kb_span(usim, sizeof(usim)));
    struct kb_file file;

    if (object && !kb_tree_load(card, object, &file) && has_service(card, &file, 0x6F38, 0x02) &&
        has_service(card, &file, 0x6F56, 0x01))
        return true;
    return !kb_files_open(card, &gsm, &file) && has_service(card, &file, 0x6F38, 0x30) &&
           !kb_files_open(card, &adn, &file) && file.lcs == KB_LCS_DEACTIVATED;
}

/* The bit of the current EF in gsm_rehabilitated: EF.IMSI, EF.LOCI of DF.GSM; 0 for another. */
static uint8_t withheld_bit(const struct kb_card *card)
{
    if (card->ef.kind == KB_FILE_NONE || card->df.fid != KB_FID_GSM)
        return 0;
    return card->ef.fid == 0x6F07 ? 0x01 : card->ef.fid == 0x6F7E ? 0x02 : 0;
}

bool kb_gsm_is_withheld(struct kb_card *card)
{
    uint8_t bit = withheld_bit(card);

    return bit && !(card->gsm_rehabilitated & bit) && has_fixed_dialling(card);
}

/* Clause 8.14. What is invalidated cannot be so again. */
enum kb_sw kb_gsm_invalidate(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    if (card->ef.lcs != KB_LCS_ACTIVATED || kb_gsm_is_withheld(card))
        return KB_SW_REFERENCED_DATA_INVALIDATED;
    return kb_files_deactivate(card, cmd, out);
}

/* Clause 8.15. A file that is only withheld comes back for the session, one that is invalidated for
 * good. For the first CHV1 does, as clauses 10.3.2 and 10.3.17 have it, whoever may activate the
 * file for the USIM. */
enum kb_sw kb_gsm_rehabilitate(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    if (kb_gsm_is_withheld(card)) {
        if (!kb_access_has_pin(card, KB_GSM_CHV1) &&
            !kb_access_granted(card, &card->ef, KB_OP_ACTIVATE))
            return KB_SW_SECURITY_NOT_SATISFIED;
        card->gsm_rehabilitated |= withheld_bit(card);
        if (card->ef.lcs == KB_LCS_ACTIVATED)
            return KB_SW_OK;
    }
    if (card->ef.lcs != KB_LCS_DEACTIVATED)
        return KB_SW_REFERENCED_DATA_INVALIDATED;
    return kb_files_activate(card, cmd, out);
}
