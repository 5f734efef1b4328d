/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE FILE (TS 102 222 clause 6.3): the maker builds the tree while the card is ADMINISTRATIVE.
 */

#include <string.h>

#include "card/card.h"
#include "card/files/commands.h"
#include "card/files/tree.h"
#include "wire/tlv.h"

/* What the FCP asks for. */
struct wanted {
    struct kb_file file;
    struct kb_span aid;
    struct kb_span fill;   /* A5 C1: start of the body or of each record, its last byte the rest */
    struct kb_span repeat; /* A5 C2: over and over; neither: FF */
    bool has_size, has_sfi;
};

static const struct {
    uint8_t descriptor; /* with the shareable bit masked out */
    uint8_t kind;
    uint8_t len; /* of the value of DO 82 */
} descriptors[] = {
    {0x38, KB_FILE_DF, 2},
    {0x01, KB_FILE_TRANSPARENT, 2},
    {0x02, KB_FILE_LINEAR_FIXED, 0},
    {0x06, KB_FILE_CYCLIC, 0},
};

static bool take_descriptor(struct wanted *want, struct kb_span value)
{
    struct kb_cursor rd = kb_rd(value);
    uint8_t descriptor = kb_rd_u8(&rd) & 0xBF;
    uint16_t record_size;

    kb_rd_u8(&rd); /* data coding byte: 21 is the only one there is */
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
        if (descriptor == descriptors[i].descriptor)
            want->file.kind = descriptors[i].kind;
    if (!want->file.kind)
        return false;
    if (!kb_file_has_records(&want->file))
        return kb_rd_is_done(&rd);
    record_size = kb_rd_u16(&rd);
    want->file.record_size = (uint8_t)record_size;
    /* The number of records may be left to the size of the file. */
    if (kb_rd_left(&rd))
        want->file.record_count = kb_rd_u8(&rd);
    return kb_rd_is_done(&rd) && record_size >= 1 && record_size <= 255;
}

static bool take_u16(struct kb_span value, uint16_t *out)
{
    struct kb_cursor rd = kb_rd(value);

    *out = kb_rd_u16(&rd);
    return kb_rd_is_done(&rd);
}

static bool take_fid(struct wanted *want, struct kb_span value)
{
    uint16_t fid;

    if (!take_u16(value, &fid) || fid == KB_FID_CURRENT_ADF || fid == 0xFFFF || fid == 0)
        return false;
    want->file.fid = fid;
    return true;
}

static bool take_aid(struct wanted *want, struct kb_span value)
{
    want->aid = value;
    return value.len >= 5 && value.len <= KB_AID_MAX; /* RID at least: TS 101 220 clause 4 */
}

static bool take_life_cycle(struct wanted *want, struct kb_span value)
{
    /* Clause 6.3: creation, initialisation or activated; the card has no use for a difference. */
    (void)want;
    return value.len == 1 &&
           (value.data[0] == KB_LCS_CREATION || value.data[0] == KB_LCS_INITIALISATION ||
            value.data[0] == KB_LCS_ACTIVATED);
}

static bool take_rule(struct wanted *want, struct kb_span value)
{
    struct kb_cursor rd = kb_rd(value);

    want->file.arr_file = kb_rd_u16(&rd);
    want->file.arr_record = kb_rd_u8(&rd);
    return kb_rd_is_done(&rd) && want->file.arr_file && want->file.arr_record;
}

static bool take_size(struct wanted *want, struct kb_span value)
{
    want->has_size = true;
    return take_u16(value, &want->file.size) && want->file.size;
}

static bool take_sfi(struct wanted *want, struct kb_span value)
{
    want->has_sfi = true;
    if (!value.len)
        return true;
    want->file.sfi = value.data[0] >> 3;
    return value.len == 1 && !(value.data[0] & 7) && want->file.sfi >= 1 && want->file.sfi <= 30;
}

/* Table 4a. C0, how often the file is going to be written, changes nothing here. */
static bool take_proprietary(struct wanted *want, struct kb_span value)
{
    struct kb_cursor rd = kb_rd(value);
    struct kb_tlv tlv;

    while (kb_tlv_next(&rd, &tlv)) {
        if (tlv.tag == 0xC1)
            want->fill = tlv.value;
        else if (tlv.tag == 0xC2)
            want->repeat = tlv.value;
    }
    return kb_rd_is_done(&rd) && !(want->fill.len && want->repeat.len);
}

static bool take_and_forget(struct wanted *want, struct kb_span value)
{
    (void)want, (void)value;
    return true;
}

/* The data objects of the template (table 4). PIN status and total size say what this card knows by
 * itself. */
static const struct {
    uint32_t tag;
    bool (*take)(struct wanted *want, struct kb_span value);
} parts[] = {
    {0x82, take_descriptor}, {0x83, take_fid},  {0x84, take_aid},
    {0x8A, take_life_cycle}, {0x8B, take_rule}, {0x80, take_size},
    {0x81, take_and_forget}, {0x88, take_sfi},  {0xA5, take_proprietary},
    {0xC6, take_and_forget},
};

static bool take_part(struct wanted *want, const struct kb_tlv *tlv)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (tlv->tag == parts[i].tag)
            return parts[i].take(want, tlv->value);
    return false;
}

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

static bool settle(struct wanted *want)
{
    struct kb_file *file = &want->file;

    if (!file->kind || !file->fid)
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
    if (kb_file_has_records(file))
        return settle_records(file, want->has_size);
    return want->has_size;
}

static enum kb_sw parse(struct kb_span data, struct wanted *want)
{
    struct kb_cursor rd = kb_rd(data);
    struct kb_tlv tlv;
    struct kb_cursor inner;

    memset(want, 0, sizeof(*want));
    if (!kb_tlv_next(&rd, &tlv) || tlv.tag != 0x62 || !kb_rd_is_done(&rd))
        return KB_SW_INCORRECT_DATA;
    inner = kb_rd(tlv.value);
    while (kb_tlv_next(&inner, &tlv))
        if (!take_part(want, &tlv))
            return KB_SW_INCORRECT_DATA;
    return kb_rd_is_done(&inner) && settle(want) ? KB_SW_OK : KB_SW_INCORRECT_DATA;
}

/* Two files of a DF never share an SFI: one asked for is refused, one that would only follow from
 * the FID is not given. */
static enum kb_sw settle_sfi(struct kb_card *card, struct wanted *want)
{
    if (!want->file.sfi || !kb_tree_child_by_sfi(card, &card->df, want->file.sfi))
        return KB_SW_OK;
    want->file.sfi = 0;
    return want->has_sfi ? KB_SW_FILE_EXISTS : KB_SW_OK;
}

/* Nothing may stand where the new file goes: the FID beside it or above it, AID anywhere. */
static enum kb_sw check_place(struct kb_card *card, struct wanted *want)
{
    bool is_blank = card->df.kind == KB_FILE_NONE;

    if (is_blank != (want->file.kind == KB_FILE_MF))
        return is_blank ? KB_SW_CONDITIONS_NOT_SATISFIED : KB_SW_FILE_EXISTS;
    if (is_blank)
        return KB_SW_OK;
    if (want->file.kind == KB_FILE_ADF && card->df.kind != KB_FILE_MF)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (want->file.fid == card->df.fid || kb_tree_child(card, &card->df, want->file.fid))
        return KB_SW_FILE_EXISTS;
    if (want->aid.len && kb_tree_application(card, want->aid))
        return KB_SW_DF_NAME_EXISTS;
    return settle_sfi(card, want);
}

/* The first of count object numbers in a row that nothing uses; 0 when there are none. */
static uint16_t free_objects(const struct kb_card *card, unsigned count)
{
    unsigned run = 0;

    for (uint16_t id = KB_OBJ_MF; id < KB_NVM_OBJECTS; id++) {
        run = kb_nvm_has(&card->nvm, id) ? 0 : run + 1;
        if (run == count)
            return (uint16_t)(id + 1 - count);
    }
    return 0;
}

static unsigned further_chunks(const struct kb_file *file)
{
    if (kb_file_is_df(file) || file->size <= KB_FILE_FIRST)
        return 0;
    return ((unsigned)file->size - KB_FILE_FIRST + KB_FILE_CHUNK - 1) / KB_FILE_CHUNK;
}

/* Table 4a: byte at of a transparent body or of a record. */
static uint8_t pattern_byte(const struct wanted *want, size_t at)
{
    if (want->repeat.len)
        return want->repeat.data[at % want->repeat.len];
    return want->fill.data[at < want->fill.len ? at : want->fill.len - 1];
}

static enum kb_err fill_body(struct kb_card *card, const struct wanted *want)
{
    const struct kb_file *file = &want->file;
    size_t unit = kb_file_has_records(file) ? file->record_size : file->size;
    uint8_t part[64];
    enum kb_err err = KB_OK;

    if (!want->fill.len && !want->repeat.len)
        return KB_OK;
    for (size_t at = 0; at < file->size && !err; at += sizeof(part)) {
        size_t len = file->size - at < sizeof(part) ? file->size - at : sizeof(part);

        for (size_t i = 0; i < len; i++)
            part[i] = pattern_byte(want, (at + i) % unit);
        err = kb_files_write(card, file, at, part, len);
    }
    return err;
}

/* The objects of an EF: header and first part of the body, then whole chunks and a last one. */
static enum kb_err make_ef(struct kb_card *card, struct wanted *want)
{
    struct kb_file *file = &want->file;
    size_t first = file->size < KB_FILE_FIRST ? file->size : KB_FILE_FIRST;
    size_t rest = file->size - first;
    unsigned chunks = further_chunks(file);
    enum kb_err err = kb_nvm_fill(&card->nvm, file->object, 0xFF, KB_FILE_HEADER + first);

    if (!err && chunks)
        file->chunk = free_objects(card, chunks);
    if (chunks && !file->chunk)
        return KB_ERR_NVM_FULL;
    for (unsigned i = 0; i < chunks && !err; i++) {
        size_t part = rest < KB_FILE_CHUNK ? rest : KB_FILE_CHUNK;

        err = kb_nvm_fill(&card->nvm, (uint16_t)(file->chunk + i), 0xFF, part);
        rest -= part;
    }
    if (!err)
        err = kb_tree_store(card, file);
    return err ? err : fill_body(card, want);
}

static enum kb_err make_df(struct kb_card *card, const struct wanted *want)
{
    uint8_t aid[KB_DF_AID] = {(uint8_t)want->aid.len};
    enum kb_err err = kb_nvm_fill(&card->nvm, want->file.object, 0x00, KB_FILE_HEADER);

    if (want->aid.len)
        memcpy(aid + 1, want->aid.data, want->aid.len);
    if (!err)
        err = kb_nvm_patch(&card->nvm, want->file.object, KB_FILE_HEADER, aid, sizeof(aid));
    return err ? err : kb_tree_store(card, &want->file);
}

static enum kb_err make(struct kb_card *card, struct wanted *want)
{
    struct kb_file *file = &want->file;
    enum kb_err err;

    file->object = file->kind == KB_FILE_MF ? KB_OBJ_MF : free_objects(card, 1);
    if (!file->object)
        return KB_ERR_NVM_FULL;
    file->parent = file->kind == KB_FILE_MF ? 0 : card->df.object;
    file->lcs = KB_LCS_ACTIVATED;
    file->arr_object = file->kind == KB_FILE_MF ? 0 : kb_tree_rule_file(card, file);
    err = kb_nvm_begin(&card->nvm);
    if (!err)
        err = kb_file_is_df(file) ? make_df(card, want) : make_ef(card, want);
    if (!err && file->parent)
        err = kb_tree_adopt(card, &card->df, file);
    if (!err)
        err = kb_nvm_commit(&card->nvm);
    if (err)
        kb_nvm_rollback(&card->nvm);
    return err;
}

enum kb_sw kb_files_create(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct wanted want;
    enum kb_err err;
    enum kb_sw sw;

    (void)out;
    if (card->life_cycle != KB_LIFE_ADMINISTRATIVE)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    sw = parse(cmd->data, &want);
    if (sw == KB_SW_OK)
        sw = check_place(card, &want);
    if (sw != KB_SW_OK)
        return sw;
    err = make(card, &want);
    if (err)
        return kb_files_sw(err);
    if (!kb_file_is_df(&want.file) && kb_tree_load(card, card->df.object, &card->df))
        return KB_SW_MEMORY_PROBLEM;
    if (kb_tree_load(card, want.file.object, &want.file))
        return KB_SW_MEMORY_PROBLEM;
    kb_files_set_current(card, &want.file);
    return KB_SW_OK;
}
