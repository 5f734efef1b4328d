/* SPDX-License-Identifier: Apache-2.0 */
/* Files for other rooms: found by path, counted (TS 102 221 clause 8). */

#include "card/files/files.h"

#include "card/card.h"
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
