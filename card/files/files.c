/* SPDX-License-Identifier: Apache-2.0 */
/* Files for other rooms: found by path, counted, their bodies read and written (TS 102 221 clause
 * 8). */

#include "card/files/files.h"

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/tree.h"

enum kb_err kb_files_open(struct kb_card *card, const struct kb_path *path, struct kb_file *out)
{
    enum kb_err err = kb_tree_load(card, KB_OBJ_MF, out);

    for (uint8_t i = 0; !err && i < path->depth; i++)
        err = kb_file_is_df(out) ? kb_tree_open(card, out, path->fid[i], out) : KB_ERR_ABSENT;
    return err;
}

/* levels bounds the walk: a damaged list of children cannot lead in circles. */
static unsigned count_from(struct kb_card *card, uint16_t object, unsigned levels)
{
    struct kb_file file;
    uint32_t entry;
    unsigned count = 1;
    size_t at = 0;

    if (!levels || kb_tree_load(card, object, &file))
        return 0;
    while (kb_file_is_df(&file) && (entry = kb_tree_next(card, &file, &at)))
        count += count_from(card, kb_tree_object_of(entry), levels - 1);
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
