/* SPDX-License-Identifier: Apache-2.0 */
/* Data objects in an EF: their list, their values, the memory kept for them. */

#include "card/files/bertlv.h"

#include "card/card.h"
#include "card/files/body.h"

enum { PART = KB_NVM_OBJECT_MAX };

static unsigned parts_of(size_t len)
{
    return (unsigned)((len + PART - 1) / PART);
}

uint32_t kb_bertlv_read_tag(struct kb_cursor *rd)
{
    uint32_t tag = kb_rd_u8(rd);

    if ((tag & 0xC0) != 0x80)
        return 0;
    if ((tag & 0x1F) != 0x1F)
        return tag;
    tag = tag << 8 | kb_rd_u8(rd);
    if (!(tag & 0x80))
        return (tag & 0x7F) < 0x1F ? 0 : tag;
    if (!(tag & 0x7F))
        return 0;
    tag = tag << 8 | kb_rd_u8(rd);
    return tag & 0x80 || rd->is_bad ? 0 : tag;
}

void kb_bertlv_put_head(struct kb_writer *wr, const struct kb_bertlv *object)
{
    if (object->tag > 0xFFFF)
        kb_wr_u8(wr, (uint8_t)(object->tag >> 16));
    if (object->tag > 0xFF)
        kb_wr_u8(wr, (uint8_t)(object->tag >> 8));
    kb_wr_u8(wr, (uint8_t)object->tag);
    if (object->length > 0xFF) {
        kb_wr_u8(wr, 0x82);
        kb_wr_u8(wr, (uint8_t)(object->length >> 8));
    } else if (object->length > 0x7F) {
        kb_wr_u8(wr, 0x81);
    }
    kb_wr_u8(wr, (uint8_t)object->length);
}

static uint32_t size_of(const struct kb_bertlv *object)
{
    uint8_t head[KB_BERTLV_HEAD];
    struct kb_writer wr = kb_wr(head, sizeof(head));

    kb_bertlv_put_head(&wr, object);
    return (uint32_t)(wr.len + object->length);
}

static size_t place_of(unsigned index)
{
    return KB_FILE_HEADER + (size_t)index * KB_BERTLV_ENTRY;
}

bool kb_bertlv_load(struct kb_card *card, const struct kb_file *file, unsigned index,
                    struct kb_bertlv *out)
{
    uint8_t entry[KB_BERTLV_ENTRY];
    struct kb_cursor rd = kb_rd(kb_span(entry, sizeof(entry)));
    uint32_t word;

    if (kb_nvm_read(&card->nvm, file->object, place_of(index), entry, sizeof(entry)))
        return false;
    word = kb_rd_u32(&rd);
    out->tag = word >> 8;
    out->is_unwritten = word & 0xFF;
    out->length = kb_rd_u16(&rd);
    out->object = kb_rd_u16(&rd);
    out->index = (uint8_t)index;
    return true;
}

/* object NULL: the place becomes free. */
static enum kb_err store(struct kb_card *card, const struct kb_file *file, unsigned index,
                         const struct kb_bertlv *object)
{
    uint8_t entry[KB_BERTLV_ENTRY] = {0};
    struct kb_writer wr = kb_wr(entry, sizeof(entry));

    if (object) {
        kb_wr_u32(&wr, object->tag << 8 | object->is_unwritten);
        kb_wr_u16(&wr, object->length);
        kb_wr_u16(&wr, object->object);
    }
    return kb_nvm_patch(&card->nvm, file->object, place_of(index), entry, sizeof(entry));
}

bool kb_bertlv_find(struct kb_card *card, const struct kb_file *file, uint32_t tag,
                    bool is_unwritten, struct kb_bertlv *out)
{
    for (unsigned i = 0; kb_bertlv_load(card, file, i, out); i++)
        if (out->tag == tag && out->is_unwritten == is_unwritten)
            return true;
    return false;
}

uint32_t kb_bertlv_used(struct kb_card *card, const struct kb_file *file)
{
    struct kb_bertlv object;
    uint32_t used = 0;

    for (unsigned i = 0; kb_bertlv_load(card, file, i, &object); i++)
        if (object.tag)
            used += size_of(&object);
    return used;
}

/* What is reserved shrinks as the objects grow, and grows as they shrink. */
static enum kb_err balance(struct kb_card *card, const struct kb_file *file, uint32_t used)
{
    uint16_t reserved = kb_bertlv_reserved(file);
    size_t left = used < reserved ? reserved - used : 0;
    enum kb_err err = KB_OK;

    for (unsigned i = 0; i < parts_of(reserved) && !err; i++) {
        uint16_t object = (uint16_t)(file->chunk + i);
        size_t part = left < PART ? left : PART;

        if (!kb_nvm_has(&card->nvm, object) || kb_nvm_size(&card->nvm, object) != part)
            err = kb_nvm_fill(&card->nvm, object, 0xFF, part);
        left -= part;
    }
    return err;
}

enum kb_err kb_bertlv_reserve(struct kb_card *card, struct kb_file *file)
{
    unsigned parts = parts_of(kb_bertlv_reserved(file));

    file->chunk = parts ? kb_body_free_objects(card, parts) : 0;
    if (parts && !file->chunk)
        return KB_ERR_NVM_FULL;
    return balance(card, file, kb_bertlv_used(card, file));
}

enum kb_err kb_bertlv_add(struct kb_card *card, const struct kb_file *file,
                          struct kb_bertlv *object)
{
    uint32_t used = kb_bertlv_used(card, file) + size_of(object), replaced = 0;
    unsigned parts = parts_of(object->length);
    struct kb_bertlv place;
    enum kb_err err;

    if (kb_bertlv_find(card, file, object->tag, false, &place))
        replaced = size_of(&place);
    if (used - replaced > file->size)
        return KB_ERR_NVM_FULL;
    err = balance(card, file, used);
    object->object = parts ? kb_body_free_objects(card, parts) : 0;
    if (!err && parts && !object->object)
        err = KB_ERR_NVM_FULL;
    for (unsigned i = 0; i < parts && !err; i++)
        err = kb_nvm_fill(&card->nvm, (uint16_t)(object->object + i), 0, 0);
    for (object->index = 0; kb_bertlv_load(card, file, object->index, &place) && place.tag;)
        object->index++;
    if (!err)
        err = object->index < KB_BERTLV_OBJECTS ? store(card, file, object->index, object)
                                                : KB_ERR_NVM_FULL;
    return err;
}

static enum kb_err delete_value(struct kb_card *card, const struct kb_bertlv *object)
{
    enum kb_err err = KB_OK;

    for (unsigned i = 0; i < parts_of(object->length) && !err; i++)
        err = kb_nvm_delete(&card->nvm, (uint16_t)(object->object + i));
    return err;
}

enum kb_err kb_bertlv_remove(struct kb_card *card, const struct kb_file *file,
                             const struct kb_bertlv *object)
{
    enum kb_err err = store(card, file, object->index, NULL);

    if (!err)
        err = delete_value(card, object);
    return err ? err : balance(card, file, kb_bertlv_used(card, file));
}

enum kb_err kb_bertlv_finish(struct kb_card *card, const struct kb_file *file,
                             struct kb_bertlv *object)
{
    struct kb_bertlv old;
    enum kb_err err = KB_OK;

    if (kb_bertlv_find(card, file, object->tag, false, &old))
        err = kb_bertlv_remove(card, file, &old);
    object->is_unwritten = false;
    return err ? err : store(card, file, object->index, object);
}

enum kb_err kb_bertlv_release(struct kb_card *card, const struct kb_file *file)
{
    enum kb_err err = KB_OK;

    for (unsigned i = 0; i < parts_of(kb_bertlv_reserved(file)) && !err; i++)
        err = kb_nvm_delete(&card->nvm, (uint16_t)(file->chunk + i));
    return err;
}

enum kb_err kb_bertlv_delete(struct kb_card *card, const struct kb_file *file)
{
    struct kb_bertlv object;
    enum kb_err err = KB_OK;

    for (unsigned i = 0; !err && kb_bertlv_load(card, file, i, &object); i++)
        if (object.tag)
            err = delete_value(card, &object);
    return err ? err : kb_bertlv_release(card, file);
}

enum kb_err kb_bertlv_read(struct kb_card *card, const struct kb_bertlv *object, size_t offset,
                           uint8_t *out, size_t len)
{
    enum kb_err err = KB_OK;

    while (len && !err) {
        size_t at = offset % PART, part = len < PART - at ? len : PART - at;

        err = kb_nvm_read(&card->nvm, (uint16_t)(object->object + offset / PART), at, out, part);
        out += part;
        offset += part;
        len -= part;
    }
    return err;
}

enum kb_err kb_bertlv_write(struct kb_card *card, const struct kb_bertlv *object, size_t offset,
                            struct kb_span data)
{
    struct kb_cursor rd = kb_rd(data);
    enum kb_err err = KB_OK;

    while (kb_rd_left(&rd) && !err) {
        size_t at = offset % PART, left = kb_rd_left(&rd);
        struct kb_span part = kb_rd_span(&rd, left < PART - at ? left : PART - at);

        err = kb_nvm_patch(&card->nvm, (uint16_t)(object->object + offset / PART), at, part.data,
                           part.len);
        offset += part.len;
    }
    return err;
}
