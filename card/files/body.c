/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of EFs: a first part in the file's own object, the rest in chunks with numbers in a row. A
 * small body has small chunks, since a change writes its chunk anew; a large one has few. */

#include "card/files/body.h"

#include "card/card.h"
#include "card/files/access.h"
#include "card/files/bertlv.h"
#include "card/files/commands.h"
#include "card/files/tree.h"

/* Where a byte of the body lies, and how many follow it in the same object. */
struct place {
    uint16_t object;
    size_t offset;
    size_t left;
};

static size_t chunk_size(const struct kb_file *file)
{
    return file->size > KB_FILE_LARGE ? KB_NVM_OBJECT_MAX : KB_FILE_CHUNK;
}

static struct place place_of(const struct kb_file *file, size_t offset)
{
    size_t beyond, chunk;

    if (offset < KB_FILE_FIRST)
        return (struct place){file->object, KB_FILE_HEADER + offset, KB_FILE_FIRST - offset};
    beyond = offset - KB_FILE_FIRST;
    chunk = chunk_size(file);
    return (struct place){(uint16_t)(file->chunk + beyond / chunk), beyond % chunk,
                          chunk - beyond % chunk};
}

/* Bytes that the file's body takes in this way: none that is a list of children or of data objects.
 */
static size_t body_size(const struct kb_file *file)
{
    return kb_file_is_df(file) || file->kind == KB_FILE_BER_TLV ? 0 : file->size;
}

static bool is_inside(const struct kb_file *file, size_t offset, size_t len)
{
    size_t size = body_size(file);

    return offset <= size && len <= size - offset;
}

static unsigned chunks_of(const struct kb_file *file)
{
    size_t size = body_size(file), chunk = chunk_size(file);

    return size > KB_FILE_FIRST ? (unsigned)((size - KB_FILE_FIRST + chunk - 1) / chunk) : 0;
}

enum kb_err kb_files_read(struct kb_card *card, const struct kb_file *file, size_t offset,
                          void *out, size_t len)
{
    uint8_t *to = out;
    enum kb_err err = KB_OK;

    if (!is_inside(file, offset, len))
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

    if (!is_inside(file, offset, len))
        return KB_ERR_RANGE;
    kb_access_forget(card, file->object);
    /* One object, no transaction around it: the write is a transaction of its own. */
    if (len <= place_of(file, offset).left)
        is_own = false;
    if (is_own)
        err = kb_nvm_begin(&card->nvm);
    if (!err)
        err = write_parts(card, file, offset, data, len);
    return is_own ? kb_files_end(card, err) : err;
}

uint16_t kb_body_free_objects(const struct kb_card *card, unsigned count)
{
    unsigned run = 0;

    for (uint16_t id = KB_OBJ_MF; id < KB_NVM_OBJECTS; id++) {
        run = kb_nvm_has(&card->nvm, id) ? 0 : run + 1;
        if (run == count)
            return (uint16_t)(id + 1 - count);
    }
    return 0;
}

static uint8_t pattern_byte(const struct kb_pattern *pattern, size_t at)
{
    if (pattern->repeat.len)
        return pattern->repeat.data[at % pattern->repeat.len];
    if (pattern->fill.len)
        return pattern->fill.data[at < pattern->fill.len ? at : pattern->fill.len - 1];
    return 0xFF;
}

/* Bytes at .. at + len of a new body: the old ones as far as they go, behind them the pattern,
 * which begins anew in each record. */
static enum kb_err compose(struct kb_card *card, const struct kb_file *old,
                           const struct kb_file *file, const struct kb_pattern *pattern, size_t at,
                           uint8_t *out, size_t len)
{
    size_t old_size = old ? body_size(old) : 0;
    size_t kept = at < old_size ? old_size - at : 0;
    size_t start = kb_file_has_records(file) ? 0 : old_size;
    size_t unit = kb_file_has_records(file) ? file->record_size : file->size;

    if (kept > len)
        kept = len;
    for (size_t i = kept; i < len; i++)
        out[i] = pattern_byte(pattern, (at + i - start) % unit);
    return kept ? kb_files_read(card, old, at, out, kept) : KB_OK;
}

enum kb_err kb_body_build(struct kb_card *card, const struct kb_file *old, struct kb_file *file,
                          const struct kb_pattern *pattern)
{
    size_t size = body_size(file), at = size < KB_FILE_FIRST ? size : KB_FILE_FIRST, part;
    uint8_t bytes[KB_FILE_HEADER + KB_FILE_FIRST];
    unsigned chunks = chunks_of(file);
    enum kb_err err;

    if (file->kind != KB_FILE_BER_TLV)
        file->chunk = chunks ? kb_body_free_objects(card, chunks) : 0;
    if (chunks && !file->chunk)
        return KB_ERR_NVM_FULL;
    kb_tree_pack(file, bytes);
    err = compose(card, old, file, pattern, 0, bytes + KB_FILE_HEADER, at);
    if (!err)
        err = kb_nvm_put(&card->nvm, file->object, bytes, KB_FILE_HEADER + at);
    for (; at < size && !err; at += part) {
        struct place place = place_of(file, at);

        part = size - at < place.left ? size - at : place.left;
        if (part > sizeof(bytes))
            part = sizeof(bytes);
        err = compose(card, old, file, pattern, at, bytes, part);
        if (!err && place.offset)
            err = kb_nvm_patch(&card->nvm, place.object, place.offset, bytes, part);
        else if (!err)
            err = kb_nvm_put(&card->nvm, place.object, bytes, part);
    }
    return err || !old ? err : kb_body_delete(card, old);
}

enum kb_err kb_body_delete(struct kb_card *card, const struct kb_file *file)
{
    enum kb_err err = KB_OK;

    if (file->kind == KB_FILE_BER_TLV)
        return kb_bertlv_delete(card, file);
    for (unsigned i = chunks_of(file); i > 0 && !err; i--)
        err = kb_nvm_delete(&card->nvm, (uint16_t)(file->chunk + i - 1));
    return err;
}
