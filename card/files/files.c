/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of files on the object store (TS 102 221 clause 8). */

#include "card/files/files.h"

#include <string.h>

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/tree.h"

/* Header in NVM: kind, SFI, life cycle, record size, record count, newest record, rule record, 0,
 * then on two bytes each FID, parent, size, chunk, FID and object of EF.ARR; four bytes are kept
 * for later. */

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
    kb_rd_u8(&rd);
    out->fid = kb_rd_u16(&rd);
    out->parent = kb_rd_u16(&rd);
    out->size = kb_rd_u16(&rd);
    out->chunk = kb_rd_u16(&rd);
    out->arr_file = kb_rd_u16(&rd);
    out->arr_object = kb_rd_u16(&rd);
}

static void pack(const struct kb_file *file, uint8_t header[KB_FILE_HEADER])
{
    struct kb_writer wr = kb_wr(header, KB_FILE_HEADER);

    kb_wr_u8(&wr, file->kind);
    kb_wr_u8(&wr, file->sfi);
    kb_wr_u8(&wr, file->lcs);
    kb_wr_u8(&wr, file->record_size);
    kb_wr_u8(&wr, file->record_count);
    kb_wr_u8(&wr, file->newest);
    kb_wr_u8(&wr, file->arr_record);
    kb_wr_u8(&wr, 0);
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

    pack(file, header);
    return kb_nvm_patch(&card->nvm, file->object, 0, header, sizeof(header));
}

/* An entry of a list of children is a number of 32 bits: FID, SFI, object. */
enum { ENTRY_OBJECT = 0x07FF, ENTRY_SFI_SHIFT = 11, ENTRY_FID_SHIFT = 16 };

static uint32_t entry_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The first child whose entry has this value under this mask. */
static uint16_t find_child(struct kb_card *card, const struct kb_file *df, uint32_t mask,
                           uint32_t value)
{
    uint8_t list[64 * KB_DF_CHILD];

    for (size_t at = KB_DF_AID; at < df->size;) {
        size_t part = df->size - at < sizeof(list) ? df->size - at : sizeof(list);

        if (kb_nvm_read(&card->nvm, df->object, KB_FILE_HEADER + at, list, part))
            return 0;
        for (size_t i = 0; i + KB_DF_CHILD <= part; i += KB_DF_CHILD)
            if ((entry_at(list + i) & mask) == value)
                return entry_at(list + i) & ENTRY_OBJECT;
        at += part;
    }
    return 0;
}

uint16_t kb_tree_child(struct kb_card *card, const struct kb_file *df, uint16_t fid)
{
    return find_child(card, df, 0xFFFFu << ENTRY_FID_SHIFT, (uint32_t)fid << ENTRY_FID_SHIFT);
}

uint16_t kb_tree_child_by_sfi(struct kb_card *card, const struct kb_file *df, uint8_t sfi)
{
    return find_child(card, df, 0x1Fu << ENTRY_SFI_SHIFT, (uint32_t)sfi << ENTRY_SFI_SHIFT);
}

static bool has_aid(struct kb_card *card, uint16_t object, struct kb_span start)
{
    struct kb_file file;
    uint8_t aid[KB_AID_MAX];

    if (kb_tree_load(card, object, &file) || file.kind != KB_FILE_ADF)
        return false;
    return kb_tree_aid(card, &file, aid) >= start.len && !memcmp(aid, start.data, start.len);
}

uint16_t kb_tree_application(struct kb_card *card, struct kb_span aid)
{
    uint8_t entry[KB_DF_CHILD];
    struct kb_file mf;

    if (!aid.len || aid.len > KB_AID_MAX || kb_tree_load(card, KB_OBJ_MF, &mf))
        return 0;
    for (size_t at = KB_DF_AID; at < mf.size; at += sizeof(entry)) {
        if (kb_nvm_read(&card->nvm, mf.object, KB_FILE_HEADER + at, entry, sizeof(entry)))
            return 0;
        if (has_aid(card, entry_at(entry) & ENTRY_OBJECT, aid))
            return entry_at(entry) & ENTRY_OBJECT;
    }
    return 0;
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
    enum kb_err err = kb_nvm_patch(&card->nvm, df->object, (size_t)KB_FILE_HEADER + df->size, entry,
                                   sizeof(entry));

    return err == KB_ERR_TOO_LONG || err == KB_ERR_RANGE ? KB_ERR_NVM_FULL : err;
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

enum kb_err kb_files_open(struct kb_card *card, const struct kb_path *path, struct kb_file *out)
{
    enum kb_err err = kb_tree_load(card, KB_OBJ_MF, out);

    for (uint8_t i = 0; !err && i < path->depth; i++) {
        uint16_t child = kb_file_is_df(out) ? kb_tree_child(card, out, path->fid[i]) : 0;

        err = child ? kb_tree_load(card, child, out) : KB_ERR_ABSENT;
    }
    return err;
}

/* levels bounds the walk: a damaged list of children cannot lead in circles. */
static unsigned count_from(struct kb_card *card, uint16_t object, unsigned levels)
{
    uint8_t entry[KB_DF_CHILD];
    struct kb_file file;
    unsigned count = 1;

    if (!levels || kb_tree_load(card, object, &file))
        return 0;
    if (!kb_file_is_df(&file))
        return count;
    for (size_t at = KB_DF_AID; at < file.size; at += sizeof(entry)) {
        if (kb_nvm_read(&card->nvm, file.object, KB_FILE_HEADER + at, entry, sizeof(entry)))
            return count;
        count += count_from(card, entry_at(entry) & ENTRY_OBJECT, levels - 1);
    }
    return count;
}

unsigned kb_files_count(struct kb_card *card)
{
    return count_from(card, KB_OBJ_MF, KB_FILE_DEPTH + 1);
}

/* Where a byte of the body lies, and how many follow it in the same object. */
struct place {
    uint16_t object;
    size_t offset;
    size_t left;
};

static struct place place_of(const struct kb_file *file, size_t offset)
{
    size_t beyond;

    if (offset < KB_FILE_FIRST)
        return (struct place){file->object, KB_FILE_HEADER + offset, KB_FILE_FIRST - offset};
    beyond = offset - KB_FILE_FIRST;
    return (struct place){(uint16_t)(file->chunk + beyond / KB_FILE_CHUNK), beyond % KB_FILE_CHUNK,
                          KB_FILE_CHUNK - beyond % KB_FILE_CHUNK};
}

enum kb_err kb_files_read(struct kb_card *card, const struct kb_file *file, size_t offset,
                          void *out, size_t len)
{
    uint8_t *to = out;
    enum kb_err err = KB_OK;

    if (kb_file_is_df(file) || offset > file->size || len > file->size - offset)
        return KB_ERR_RANGE;
    while (len && !err) {
        struct place place = place_of(file, offset);
        size_t part = len < place.left ? len : place.left;

        err = kb_nvm_read(&card->nvm, place.object, place.offset, to, part);
        to += part;
        offset += part;
        len -= part;
    }
    return err;
}

static enum kb_err write_parts(struct kb_card *card, const struct kb_file *file, size_t offset,
                               const uint8_t *from, size_t len)
{
    enum kb_err err = KB_OK;

    while (len && !err) {
        struct place place = place_of(file, offset);
        size_t part = len < place.left ? len : place.left;

        err = kb_nvm_patch(&card->nvm, place.object, place.offset, from, part);
        from += part;
        offset += part;
        len -= part;
    }
    return err;
}

enum kb_err kb_files_write(struct kb_card *card, const struct kb_file *file, size_t offset,
                           const void *data, size_t len)
{
    bool is_own = !card->nvm.is_open;
    enum kb_err err = KB_OK;

    if (kb_file_is_df(file) || offset > file->size || len > file->size - offset)
        return KB_ERR_RANGE;
    kb_access_forget(card, file->object);
    /* One object, no transaction around it: the write is a transaction of its own. */
    if (len <= place_of(file, offset).left)
        is_own = false;
    if (is_own)
        err = kb_nvm_begin(&card->nvm);
    if (!err)
        err = write_parts(card, file, offset, data, len);
    if (!is_own)
        return err;
    if (!err)
        return kb_nvm_commit(&card->nvm);
    kb_nvm_rollback(&card->nvm);
    return err;
}
