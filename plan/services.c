/* SPDX-License-Identifier: Apache-2.0 */
/* Which service makes which file of a USIM or an ISIM exist (TS 31.102 clauses 4.2 and 4.4,
 * TS 31.103 clause 4.2), held against a plan. */
#include <string.h>

#include "plan/plan.h"

enum application { USIM, ISIM };

static const struct row {
    uint8_t application;
    uint16_t folder, fid;  /* folder 0: the application itself */
    uint8_t service, also; /* both have to be available; also 0: one service */
} rows[] = {
    /* clang-format off */
    {USIM, 0, 0x6F60, 20, 0}, /* EF.PLMNwAcT */
    {USIM, 0, 0x6F37, 13, 0}, /* EF.ACMmax */
    {USIM, 0, 0x6F39, 13, 0}, /* EF.ACM */
    {USIM, 0, 0x6F3E, 17, 0}, /* EF.GID1 */
    {USIM, 0, 0x6F3F, 18, 0}, /* EF.GID2 */
    {USIM, 0, 0x6F46, 19, 0}, /* EF.SPN */
    {USIM, 0, 0x6F41, 13, 0}, /* EF.PUCT */
    {USIM, 0, 0x6F45, 15, 0}, /* EF.CBMI */
    {USIM, 0, 0x6F48, 29, 0}, /* EF.CBMID */
    {USIM, 0, 0x6F50, 16, 0}, /* EF.CBMIR */
    {USIM, 0, 0x6F3B, 2, 0}, /* EF.FDN */
    {USIM, 0, 0x6F3B, 89, 0}, /* EF.FDN */
    {USIM, 0, 0x6F3C, 10, 0}, /* EF.SMS */
    {USIM, 0, 0x6F40, 21, 0}, /* EF.MSISDN */
    {USIM, 0, 0x6F42, 12, 0}, /* EF.SMSP */
    {USIM, 0, 0x6F43, 10, 0}, /* EF.SMSS */
    {USIM, 0, 0x6F49, 4, 0}, /* EF.SDN */
    {USIM, 0, 0x6F49, 89, 0}, /* EF.SDN */
    {USIM, 0, 0x6F4B, 3, 0}, /* EF.EXT2 */
    {USIM, 0, 0x6F4C, 5, 0}, /* EF.EXT3 */
    {USIM, 0, 0x6F47, 11, 0}, /* EF.SMSR */
    {USIM, 0, 0x6F80, 9, 0}, /* EF.ICI */
    {USIM, 0, 0x6F81, 8, 0}, /* EF.OCI */
    {USIM, 0, 0x6F82, 9, 0}, /* EF.ICT */
    {USIM, 0, 0x6F83, 8, 0}, /* EF.OCT */
    {USIM, 0, 0x6F4E, 44, 0}, /* EF.EXT5 */
    {USIM, 0, 0x6F4F, 14, 0}, /* EF.CCP2 */
    {USIM, 0, 0x6FB5, 24, 0}, /* EF.eMLPP */
    {USIM, 0, 0x6FB6, 25, 0}, /* EF.AAeM */
    {USIM, 0, 0x6F4D, 6, 0}, /* EF.BDN */
    {USIM, 0, 0x6F55, 7, 0}, /* EF.EXT4 */
    {USIM, 0, 0x6F58, 6, 0}, /* EF.CMI */
    {USIM, 0, 0x6F56, 2, 0}, /* EF.EST */
    {USIM, 0, 0x6F56, 6, 0}, /* EF.EST */
    {USIM, 0, 0x6F56, 34, 0}, /* EF.EST */
    {USIM, 0, 0x6F56, 35, 0}, /* EF.EST */
    {USIM, 0, 0x6F57, 35, 0}, /* EF.ACL */
    {USIM, 0, 0x6F2C, 36, 0}, /* EF.DCK */
    {USIM, 0, 0x6F32, 37, 0}, /* EF.CNL */
    {USIM, 0, 0x6F61, 42, 0}, /* EF.OPLMNwAcT */
    {USIM, 0, 0x6F62, 43, 0}, /* EF.HPLMNwAcT */
    {USIM, 0, 0x6FC5, 45, 0}, /* EF.PNN */
    {USIM, 0, 0x6FC6, 46, 0}, /* EF.OPL */
    {USIM, 0, 0x6FC7, 47, 0}, /* EF.MBDN */
    {USIM, 0, 0x6FC9, 47, 0}, /* EF.MBI */
    {USIM, 0, 0x6FCA, 48, 0}, /* EF.MWIS */
    {USIM, 0, 0x6FCB, 49, 0}, /* EF.CFIS */
    {USIM, 0, 0x6FCD, 51, 0}, /* EF.SPDI */
    {USIM, 0, 0x6FCE, 52, 0}, /* EF.MMSN */
    {USIM, 0, 0x6FCF, 53, 0}, /* EF.EXT8 */
    {USIM, 0, 0x6FD0, 52, 0}, /* EF.MMSICP */
    {USIM, 0, 0x6FD1, 52, 0}, /* EF.MMSUP */
    {USIM, 0, 0x6FD2, 52, 55}, /* EF.MMSUCP */
    {USIM, 0, 0x6FD3, 56, 0}, /* EF.NIA */
    {USIM, 0, 0x6FB1, 57, 0}, /* EF.VGCS */
    {USIM, 0, 0x6FB2, 57, 0}, /* EF.VGCSS */
    {USIM, 0, 0x6FB3, 58, 0}, /* EF.VBS */
    {USIM, 0, 0x6FB4, 58, 0}, /* EF.VBSS */
    {USIM, 0, 0x6FD4, 64, 0}, /* EF.VGCSCA */
    {USIM, 0, 0x6FD5, 65, 0}, /* EF.VBSCA */
    {USIM, 0, 0x6FD6, 68, 0}, /* EF.GBABP */
    {USIM, 0, 0x6FD7, 69, 0}, /* EF.MSK */
    {USIM, 0, 0x6FD8, 69, 0}, /* EF.MUK */
    {USIM, 0, 0x6FDA, 68, 0}, /* EF.GBANL */
    {USIM, 0, 0x6FD9, 71, 0}, /* EF.EHPLMN */
    {USIM, 0, 0x6FDB, 71, 73}, /* EF.EHPLMNPI */
    {USIM, 0, 0x6FDD, 68, 76}, /* EF.NAFKCA */
    {USIM, 0, 0x6FDE, 78, 0}, /* EF.SPNI */
    {USIM, 0, 0x6FDF, 79, 0}, /* EF.PNNI */
    {USIM, 0, 0x6FE2, 80, 0}, /* EF.NCP-IP */
    {USIM, 0, 0x6FE3, 85, 0}, /* EF.EPSLOCI */
    {USIM, 0, 0x6FE4, 85, 0}, /* EF.EPSNSC */
    {USIM, 0, 0x6FE8, 96, 0}, /* EF.NASCONFIG */
    {USIM, 0, 0x6FEC, 97, 0}, /* EF.PWS */
    {USIM, 0, 0x6FED, 2, 99}, /* EF.FDNURI */
    {USIM, 0, 0x6FEE, 6, 99}, /* EF.BDNURI */
    {USIM, 0, 0x6FEF, 4, 99}, /* EF.SDNURI */
    {USIM, 0, 0x6FF3, 106, 107}, /* EF.ePDGId */
    {USIM, 0, 0x6FF4, 106, 107}, /* EF.ePDGSelection */
    {USIM, 0, 0x6FF5, 110, 111}, /* EF.ePDGIdEm */
    {USIM, 0, 0x6FF6, 110, 111}, /* EF.ePDGSelectionEm */
    {USIM, 0, 0x6FF7, 114, 0}, /* EF.FromPreferred */
    {USIM, 0, 0x6FF8, 115, 0}, /* EF.IMSConfigData */
    {USIM, 0, 0x6FFC, 120, 0}, /* EF.XCAPConfigData */
    {USIM, 0, 0x6FFE, 134, 0}, /* EF.MuDMiDConfigData */
    {USIM, 0, 0x6F02, 148, 0}, /* EF.OCST */
    {USIM, 0, 0x6F0A, 68, 0}, /* EF.GBAUAPI */
    {USIM, 0, 0x6F0B, 150, 0}, /* EF.IMSDCI */
    {USIM, 0x5F3B, 0x4F20, 27, 0}, /* EF.Kc */
    {USIM, 0x5F3B, 0x4F52, 27, 0}, /* EF.KcGPRS */
    {USIM, 0x5F3B, 0x4F63, 39, 0}, /* EF.CPBCCH */
    {USIM, 0x5F3B, 0x4F64, 40, 0}, /* EF.InvScan */
    {USIM, 0x5F40, 0x4F41, 59, 0}, /* EF.Pseudo */
    {USIM, 0x5F40, 0x4F42, 60, 0}, /* EF.UPLMNWLAN */
    {USIM, 0x5F40, 0x4F43, 61, 0}, /* EF.OPLMNWLAN */
    {USIM, 0x5F40, 0x4F44, 62, 0}, /* EF.UWSIDL */
    {USIM, 0x5F40, 0x4F45, 63, 0}, /* EF.OWSIDL */
    {USIM, 0x5F40, 0x4F46, 66, 0}, /* EF.WRI */
    {USIM, 0x5F40, 0x4F47, 81, 0}, /* EF.HWSIDL */
    {USIM, 0x5F40, 0x4F48, 82, 0}, /* EF.WEHPLMNPI */
    {USIM, 0x5F40, 0x4F49, 83, 0}, /* EF.WHPI */
    {USIM, 0x5F40, 0x4F4A, 84, 0}, /* EF.WLRPLMN */
    {USIM, 0x5F40, 0x4F4B, 88, 0}, /* EF.HPLMNDAI */
    {USIM, 0x5F50, 0x4F81, 86, 0}, /* EF.ACSGL */
    {USIM, 0x5F50, 0x4F82, 86, 0}, /* EF.CSGT */
    {USIM, 0x5F50, 0x4F83, 86, 0}, /* EF.HNBN */
    {USIM, 0x5F50, 0x4F84, 90, 0}, /* EF.OCSGL */
    {USIM, 0x5F50, 0x4F85, 90, 0}, /* EF.OCSGT */
    {USIM, 0x5F50, 0x4F86, 90, 0}, /* EF.OHNBN */
    {USIM, 0x5FC0, 0x4F01, 122, 0}, /* EF.5GS3GPPLOCI */
    {USIM, 0x5FC0, 0x4F02, 122, 0}, /* EF.5GSN3GPPLOCI */
    {USIM, 0x5FC0, 0x4F03, 122, 0}, /* EF.5GS3GPPNSC */
    {USIM, 0x5FC0, 0x4F04, 122, 0}, /* EF.5GSN3GPPNSC */
    {USIM, 0x5FC0, 0x4F05, 123, 0}, /* EF.5GAUTHKEYS */
    {USIM, 0x5FC0, 0x4F06, 126, 0}, /* EF.UAC_AIC */
    {USIM, 0x5FC0, 0x4F07, 124, 0}, /* EF.SUCI_Calc_Info */
    {USIM, 0x5FC0, 0x4F08, 129, 0}, /* EF.OPL5G */
    {USIM, 0x5FC0, 0x4F09, 130, 0}, /* EF.SUPI_NAI */
    {USIM, 0x5FC0, 0x4F0A, 124, 0}, /* EF.Routing_Indicator */
    {USIM, 0x5FC0, 0x4F0B, 132, 0}, /* EF.URSP */
    {USIM, 0x5FC0, 0x4F0C, 133, 0}, /* EF.TN3GPPSNN */
    {USIM, 0x5FC0, 0x4F0D, 137, 0}, /* EF.CAG */
    {USIM, 0x5FC0, 0x4F0E, 138, 0}, /* EF.SOR-CMCI */
    {USIM, 0x5FC0, 0x4F0F, 140, 0}, /* EF.DRI */
    {USIM, 0x5FC0, 0x4F10, 141, 0}, /* EF.5GSEDRX */
    {USIM, 0x5FC0, 0x4F11, 142, 0}, /* EF.5GNSWO_CONF */
    {USIM, 0x5FC0, 0x4F15, 144, 0}, /* EF.MCHPPLMN */
    {USIM, 0x5FC0, 0x4F16, 145, 0}, /* EF.KAUSF_DERIVATION */
    {USIM, 0x5FE0, 0x4F01, 143, 0}, /* EF.PWS_SNPN */
    {USIM, 0x5FE0, 0x4F02, 146, 0}, /* EF.NID */
    {ISIM, 0, 0x6F09, 5, 0}, /* EF.P-CSCF */
    {ISIM, 0, 0x6FD5, 2, 0}, /* EF.GBABP */
    {ISIM, 0, 0x6FD7, 2, 0}, /* EF.GBANL */
    {ISIM, 0, 0x6FDD, 2, 0}, /* EF.NAFKCA */
    {ISIM, 0, 0x6F3C, 6, 8}, /* EF.SMS */
    {ISIM, 0, 0x6F43, 6, 8}, /* EF.SMSS */
    {ISIM, 0, 0x6F47, 7, 8}, /* EF.SMSR */
    {ISIM, 0, 0x6F42, 8, 0}, /* EF.SMSP */
    {ISIM, 0, 0x6FE7, 10, 0}, /* EF.UICCIARI */
    {ISIM, 0, 0x6FF7, 17, 0}, /* EF.FromPreferred */
    {ISIM, 0, 0x6FF8, 18, 0}, /* EF.IMSConfigData */
    {ISIM, 0, 0x6FFC, 19, 0}, /* EF.XCAPConfigData */
    {ISIM, 0, 0x6FFA, 20, 0}, /* EF.WebRTCURI */
    {ISIM, 0, 0x6FFE, 21, 0}, /* EF.MuDMiDConfigData */
    {ISIM, 0, 0x6F0A, 2, 0}, /* EF.GBAUAPI */
    {ISIM, 0, 0x6F0B, 22, 0}, /* EF.IMSDCI */
    /* clang-format on */
};

/* The start of the AID (TS 101 220 annex E), the service table. */
static const struct {
    uint8_t aid[7];
    uint16_t table;
    const char *name;
} applications[] = {
    [USIM] = {{0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02}, 0x6F38, "EF.UST"},
    [ISIM] = {{0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x04}, 0x6F07, "EF.IST"},
};

static const struct kb_plan_file *find(const struct kb_plan *plan, const struct kb_path *above,
                                       uint16_t folder, uint16_t fid)
{
    struct kb_path path = *above;

    if (folder)
        path.fid[path.depth++] = folder;
    path.fid[path.depth++] = fid;
    for (size_t i = 0; i < plan->file_count; i++)
        if (plan->files[i].path.depth == path.depth &&
            !memcmp(plan->files[i].path.fid, path.fid, path.depth * sizeof path.fid[0]))
            return &plan->files[i];
    return NULL;
}

static bool is_available(const struct kb_plan_file *table, uint8_t service)
{
    size_t byte = (service - 1u) / 8;

    return !service || (table && table->content && byte < table->content_len &&
                        table->content[byte] >> (service - 1) % 8 & 1);
}

static bool is_missing(const struct kb_plan *plan, const struct kb_plan_file *adf,
                       const struct row *row, struct kb_report *why)
{
    const struct kb_plan_file *table =
        find(plan, &adf->path, 0, applications[row->application].table);

    if (!is_available(table, row->service) || !is_available(table, row->also) ||
        find(plan, &adf->path, row->folder, row->fid))
        return false;
    kb_report(why, KB_ERR_RULE,
              "%s:%d: %s of %s says that service %u is available; the file %04X that comes with it "
              "is not in this plan",
              plan->path, table->line, applications[row->application].name, adf->name, row->service,
              row->fid);
    return true;
}

bool kb_plan_next_warning(const struct kb_plan *plan, size_t *at, struct kb_report *why)
{
    size_t count = sizeof rows / sizeof *rows;

    for (; *at < plan->file_count * count; (*at)++) {
        const struct kb_plan_file *adf = &plan->files[*at / count];
        const struct row *row = &rows[*at % count];

        if (adf->kind != KB_FILE_ADF || adf->aid_len < sizeof applications[0].aid ||
            memcmp(adf->aid, applications[row->application].aid, sizeof applications[0].aid))
            continue;
        if (is_missing(plan, adf, row, why)) {
            (*at)++;
            return true;
        }
    }
    return false;
}
