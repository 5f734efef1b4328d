/* SPDX-License-Identifier: Apache-2.0 */
/* What SELECT and STATUS tell of a file: the FCP template (TS 102 221 clause 11.1.1.3). */

#include "card/card.h"
#include "card/files/bertlv.h"
#include "card/files/commands.h"
#include "card/files/tree.h"
#include "wire/tlv.h"

enum {
    DESCRIPTOR_SHAREABLE = 0x40,
    DATA_CODING = 0x21,          /* clause 11.1.1.4.3: second byte of the file descriptor */
    DER_ONLY = 0x01,             /* clause 11.1.1.4.6.5 */
    UICC_CHARACTERISTICS = 0x71, /* clause 11.1.1.4.6.1: clock stop allowed, no preferred level */
    SYSTEM_COMMANDS = 0x01,      /* clause 11.1.1.4.6.8: TERMINAL CAPABILITY */
};

/* File descriptor byte of each kind (table 11.5). */
static const uint8_t descriptors[] = {
    [KB_FILE_MF] = 0x38,          [KB_FILE_DF] = 0x38,           [KB_FILE_ADF] = 0x38,
    [KB_FILE_TRANSPARENT] = 0x01, [KB_FILE_LINEAR_FIXED] = 0x02, [KB_FILE_CYCLIC] = 0x06,
    [KB_FILE_BER_TLV] = 0x39,
};

static void put_descriptor(const struct kb_file *file, struct kb_writer *out)
{
    kb_wr_u8(out, 0x82);
    kb_wr_u8(out, kb_file_has_records(file) ? 5 : 2);
    kb_wr_u8(out, DESCRIPTOR_SHAREABLE | descriptors[file->kind]);
    kb_wr_u8(out, DATA_CODING);
    if (kb_file_has_records(file)) {
        kb_wr_u16(out, file->record_size);
        kb_wr_u8(out, file->record_count);
    }
}

static void put_df_parts(struct kb_card *card, const struct kb_file *file, struct kb_writer *out)
{
    uint8_t aid[KB_AID_MAX];
    size_t aid_len = kb_tree_aid(card, file, aid);
    size_t proprietary;

    if (aid_len)
        kb_tlv_put(out, 0x84, kb_span(aid, aid_len));
    if (file->kind == KB_FILE_DF)
        return;
    proprietary = kb_tlv_open(out, 0xA5);
    kb_tlv_put_u8(out, 0x80, UICC_CHARACTERISTICS);
    if (file->kind == KB_FILE_MF)
        kb_tlv_put_u8(out, 0x87, SYSTEM_COMMANDS);
    kb_tlv_close(out, proprietary);
}

/* Clause 11.1.1.4.6: what the data objects of a BER-TLV EF may take. */
static void put_bertlv_parts(const struct kb_file *file, struct kb_writer *out)
{
    size_t proprietary = kb_tlv_open(out, 0xA5);

    kb_tlv_put_u8(out, 0x84, DER_ONLY);
    kb_tlv_put_u16(out, 0x85, kb_bertlv_reserved(file));
    if (file->size != KB_BERTLV_UNLIMITED)
        kb_tlv_put_u16(out, 0x86, file->size);
    kb_tlv_close(out, proprietary);
}

/* Clause 11.1.1.4.1: of a BER-TLV EF what its data objects take. */
static void put_size(struct kb_card *card, const struct kb_file *file, struct kb_writer *out)
{
    bool is_bertlv = file->kind == KB_FILE_BER_TLV;

    kb_tlv_put_u16(out, 0x80, is_bertlv ? (uint16_t)kb_bertlv_used(card, file) : file->size);
}

/* Clause 11.1.1.4.8: absent means the five low bits of the FID, empty means that there is none. */
static void put_sfi(const struct kb_file *file, struct kb_writer *out)
{
    uint8_t coded = (uint8_t)(file->sfi << 3);

    if (!file->sfi || file->sfi != (file->fid & 0x1F))
        kb_tlv_put(out, 0x88, kb_span(&coded, file->sfi ? 1 : 0));
}

void kb_files_describe(struct kb_card *card, const struct kb_file *file, uint8_t tag,
                       struct kb_writer *out)
{
    size_t template = kb_tlv_open(out, tag);
    uint8_t rule[3] = {(uint8_t)(file->arr_file >> 8), (uint8_t)file->arr_file, file->arr_record};

    put_descriptor(file, out);
    if (file->kind != KB_FILE_ADF)
        kb_tlv_put_u16(out, 0x83, file->fid);
    if (kb_file_is_df(file))
        put_df_parts(card, file, out);
    else if (file->kind == KB_FILE_BER_TLV)
        put_bertlv_parts(file, out);
    kb_tlv_put_u8(out, 0x8A, file->lcs);
    if (file->arr_file)
        kb_tlv_put(out, 0x8B, kb_span(rule, sizeof(rule)));
    if (kb_file_is_df(file)) {
        kb_pin_status(card, out);
    } else {
        put_size(card, file, out);
        put_sfi(file, out);
    }
    kb_tlv_close(out, template);
}
