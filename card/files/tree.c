/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of files as objects hold it: headers, lists of children, names. */

#include "card/files/tree.h"

#include <string.h>

#include "card/card.h"

/* Header in NVM: kind, SFI, life cycle, record size, record count, newest record, rule record,
 * flags, then on two bytes each FID, parent, size, chunk, FID and object of EF.ARR; four bytes are
 * kept for later. */

enum { CHANGING_AT = 2, CHANGING = 6 }; /* life cycle to flags */

static void unpack(const uint8_t header[KB_FILE_HEADER], struct kb_file *out)
{
    struct kb_cursor rd = kb_rd(kb_span(header, KB_FILE_HEADER));

    out->kind = kb_rd_u8(&rd);
    out->sfi = kb_rd_u8(&rd);
    out->lcs = kb_rd_u8(&rd);
    out->record_size = kb_rd_u8(&rd);
    out->record_count = kb_rd_u8(&rd);
    out->newest = kb_rd_u8(&rd);
    out->arr_record = kb_rd_u8(&rd);
    out->flags = kb_rd_u8(&rd);
    out->fid = kb_rd_u16(&rd);
    out->parent = kb_rd_u16(&rd);
    out->size = kb_rd_u16(&rd);
    out->chunk = kb_rd_u16(&rd);
    out->arr_file = kb_rd_u16(&rd);
    out->arr_object = kb_rd_u16(&rd);
}

void kb_tree_pack(const struct kb_file *file, uint8_t header[KB_FILE_HEADER])
{
    struct kb_writer wr = kb_wr(header, KB_FILE_HEADER);

    kb_wr_u8(&wr, file->kind);
    kb_wr_u8(&wr, file->sfi);
    kb_wr_u8(&wr, file->lcs);
    kb_wr_u8(&wr, file->record_size);
    kb_wr_u8(&wr, file->record_count);
    kb_wr_u8(&wr, file->newest);
    kb_wr_u8(&wr, file->arr_record);
    kb_wr_u8(&wr, file->flags);
    kb_wr_u16(&wr, file->fid);
    kb_wr_u16(&wr, file->parent);
    kb_wr_u16(&wr, file->size);
    kb_wr_u16(&wr, file->chunk);
    kb_wr_u16(&wr, file->arr_file);
    kb_wr_u16(&wr, file->arr_object);
    kb_wr_fill(&wr, 0, 4);
}

enum kb_err kb_tree_load(struct kb_card *card, uint16_t object, struct kb_file *out)
{
    uint8_t header[KB_FILE_HEADER];
    enum kb_err err = kb_nvm_read(&card->nvm, object, 0, header, sizeof(header));

    if (err)
        return err;
    unpack(header, out);
    out->object = object;
    if (kb_file_is_df(out))
        out->size = (uint16_t)(kb_nvm_size(&card->nvm, object) - KB_FILE_HEADER);
    return KB_OK;
}

enum kb_err kb_tree_store(struct kb_card *card, const struct kb_file *file)
{
    uint8_t header[KB_FILE_HEADER];

    kb_tree_pack(file, header);
    return kb_nvm_patch(&card->nvm, file->object, 0, header, sizeof(header));
}

enum kb_err kb_tree_mark(struct kb_card *card, const struct kb_file *file)
{
    uint8_t header[KB_FILE_HEADER];

    kb_tree_pack(file, header);
    return kb_nvm_patch(&card->nvm, file->object, CHANGING_AT, header + CHANGING_AT, CHANGING);
}

/* Parts of an entry. */
enum { ENTRY_OBJECT = 0x07FF, ENTRY_SFI = 0x1F, ENTRY_SFI_SHIFT = 11, ENTRY_FID_SHIFT = 16 };

static uint32_t entry_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

uint16_t kb_tree_object_of(uint32_t entry)
{
    return entry & ENTRY_OBJECT;
}

uint16_t kb_tree_fid_of(uint32_t entry)
{
    return (uint16_t)(entry >> ENTRY_FID_SHIFT);
}

uint32_t kb_tree_next(struct kb_card *card, const struct kb_file *df, size_t *at)
{
    uint8_t bytes[KB_DF_CHILD];

    if (*at < KB_DF_AID)
        *at = KB_DF_AID;
    while (*at + KB_DF_CHILD <= df->size) {
        if (kb_nvm_read(&card->nvm, df->object, KB_FILE_HEADER + *at, bytes, sizeof(bytes)))
            return 0;
        *at += KB_DF_CHILD;
        if (entry_at(bytes))
            return entry_at(bytes);
    }
    return 0;
}

/* The first entry that has this value under this mask, and where it lies in the body; 0 when there
 * is none. */
static uint32_t find_entry(struct kb_card *card, const struct kb_file *df, uint32_t mask,
                           uint32_t value, size_t *at)
{
    uint8_t list[64 * KB_DF_CHILD];

    for (*at = KB_DF_AID; *at < df->size; *at += sizeof(list)) {
        size_t part = df->size - *at < sizeof(list) ? df->size - *at : sizeof(list);

        if (kb_nvm_read(&card->nvm, df->object, KB_FILE_HEADER + *at, list, part))
            return 0;
        for (size_t i = 0; i + KB_DF_CHILD <= part; i += KB_DF_CHILD)
            if ((entry_at(list + i) & mask) == value) {
                *at += i;
                return entry_at(list + i);
            }
    }
    return 0;
}

static uint32_t by_fid(struct kb_card *card, const struct kb_file *df, uint16_t fid, size_t *at)
{
    return find_entry(card, df, 0xFFFFu << ENTRY_FID_SHIFT, (uint32_t)fid << ENTRY_FID_SHIFT, at);
}

static uint32_t by_sfi(struct kb_card *card, const struct kb_file *df, uint8_t sfi, size_t *at)
{
    return find_entry(card, df, (uint32_t)ENTRY_SFI << ENTRY_SFI_SHIFT,
                      (uint32_t)sfi << ENTRY_SFI_SHIFT, at);
}

uint32_t kb_tree_entry(struct kb_card *card, const struct kb_file *df, uint16_t fid)
{
    size_t at;

    return by_fid(card, df, fid, &at);
}

uint16_t kb_tree_child(struct kb_card *card, const struct kb_file *df, uint16_t fid)
{
    size_t at;

    return kb_tree_object_of(by_fid(card, df, fid, &at));
}

uint16_t kb_tree_child_by_sfi(struct kb_card *card, const struct kb_file *df, uint8_t sfi)
{
    size_t at;

    return kb_tree_object_of(by_sfi(card, df, sfi, &at));
}

/* A link shows the name it has here, and lies in the DF it was reached by. Nothing is reached in a
 * terminated DF. */
static enum kb_err load_entry(struct kb_card *card, const struct kb_file *df, uint32_t entry,
                              struct kb_file *out)
{
    uint16_t parent = df->object;
    enum kb_err err = KB_ERR_ABSENT;

    if (entry && df->lcs != KB_LCS_TERMINATED)
        err = kb_tree_load(card, kb_tree_object_of(entry), out);
    if (err)
        return err;
    out->fid = kb_tree_fid_of(entry);
    out->sfi = entry >> ENTRY_SFI_SHIFT & ENTRY_SFI;
    out->parent = parent;
    return KB_OK;
}

enum kb_err kb_tree_open(struct kb_card *card, const struct kb_file *df, uint16_t fid,
                         struct kb_file *out)
{
    size_t at;

    return load_entry(card, df, by_fid(card, df, fid, &at), out);
}

enum kb_err kb_tree_open_sfi(struct kb_card *card, const struct kb_file *df, uint8_t sfi,
                             struct kb_file *out)
{
    size_t at;

    return load_entry(card, df, by_sfi(card, df, sfi, &at), out);
}

static bool has_aid(struct kb_card *card, uint16_t object, struct kb_span start)
{
    struct kb_file file;
    uint8_t aid[KB_AID_MAX];

    if (kb_tree_load(card, object, &file) || file.kind != KB_FILE_ADF)
        return false;
    return kb_tree_aid(card, &file, aid) >= start.len && !memcmp(aid, start.data, start.len);
}

uint16_t kb_tree_occurrence(struct kb_card *card, struct kb_span aid, enum kb_occurrence which,
                            uint16_t current)
{
    bool is_behind = which == KB_OCCURRENCE_FIRST || (which == KB_OCCURRENCE_NEXT && !current);
    uint16_t found = 0, object;
    struct kb_file mf;
    size_t at = 0;

    if (!aid.len || aid.len > KB_AID_MAX || kb_tree_load(card, KB_OBJ_MF, &mf))
        return 0;
    while ((object = kb_tree_object_of(kb_tree_next(card, &mf, &at))) != 0) {
        bool is_current = object == current;

        if (is_current && which == KB_OCCURRENCE_PREVIOUS)
            break;
        /* The last one so far, or the first one behind. */
        if ((is_behind || which & 1) && has_aid(card, object, aid))
            found = object;
        if (found && is_behind)
            break;
        is_behind = is_behind || (is_current && which == KB_OCCURRENCE_NEXT);
    }
    return found;
}

uint16_t kb_tree_application(struct kb_card *card, struct kb_span aid)
{
    return kb_tree_occurrence(card, aid, KB_OCCURRENCE_FIRST, 0);
}

bool kb_tree_application_of(struct kb_card *card, const struct kb_file *df, struct kb_file *adf)
{
    *adf = *df;
    while (adf->kind == KB_FILE_DF)
        if (kb_tree_load(card, adf->parent, adf))
            return false;
    return adf->kind == KB_FILE_ADF;
}

size_t kb_tree_aid(struct kb_card *card, const struct kb_file *adf, uint8_t aid[KB_AID_MAX])
{
    uint8_t field[KB_DF_AID];

    if (!kb_file_is_df(adf) ||
        kb_nvm_read(&card->nvm, adf->object, KB_FILE_HEADER, field, sizeof(field)))
        return 0;
    memcpy(aid, field + 1, KB_AID_MAX);
    return field[0] <= KB_AID_MAX ? field[0] : 0;
}

enum kb_err kb_tree_adopt(struct kb_card *card, const struct kb_file *df,
                          const struct kb_file *child)
{
    uint8_t entry[KB_DF_CHILD] = {(uint8_t)(child->fid >> 8), (uint8_t)child->fid,
                                  (uint8_t)(child->sfi << 3 | child->object >> 8),
                                  (uint8_t)child->object};
    enum kb_err err;
    size_t at;

    find_entry(card, df, UINT32_MAX, 0, &at); /* where a child was forgotten */
    if (at > df->size)
        at = df->size;
    err = kb_nvm_patch(&card->nvm, df->object, KB_FILE_HEADER + at, entry, sizeof(entry));
    return err == KB_ERR_TOO_LONG || err == KB_ERR_RANGE ? KB_ERR_NVM_FULL : err;
}

enum kb_err kb_tree_forget(struct kb_card *card, const struct kb_file *df, uint16_t fid)
{
    static const uint8_t nothing[KB_DF_CHILD];
    size_t at;

    if (!by_fid(card, df, fid, &at))
        return KB_ERR_ABSENT;
    return kb_nvm_patch(&card->nvm, df->object, KB_FILE_HEADER + at, nothing, sizeof(nothing));
}

uint16_t kb_tree_rule_file(struct kb_card *card, const struct kb_file *file)
{
    struct kb_file df = *file;
    uint16_t found = 0;

    if (file->arr_object || !file->arr_file)
        return file->arr_object;
    /* The MF has nothing above it: its own EF.ARR serves. */
    if (file->kind == KB_FILE_MF)
        return kb_tree_child(card, file, file->arr_file);
    while (!found && df.parent && !kb_tree_load(card, df.parent, &df))
        found = kb_tree_child(card, &df, file->arr_file);
    return found;
}
