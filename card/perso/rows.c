/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the algorithm image (image.h), read across the blocks that hold it. */

#include "card/perso/rows.h"

#include "wire/cursor.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

enum kb_err kb_image_read(const struct kb_image *image, uint32_t offset, void *out, size_t len)
{
    struct kb_writer wr = kb_wr(out, len);

    if (offset > image->total || len > image->total - offset)
        return KB_ERR_RANGE;
    while (wr.len < len) {
        uint32_t at = offset + (uint32_t)wr.len;
        size_t inside = at % KB_IMAGE_PAGE;
        size_t part = smaller(len - wr.len, KB_IMAGE_PAGE - inside);
        enum kb_err err = kb_nvm_read(image->nvm, (uint16_t)(KB_OBJ_IMAGE + at / KB_IMAGE_PAGE),
                                      inside, kb_wr_reserve(&wr, part), part);

        if (err)
            return err;
    }
    return KB_OK;
}

static void unpack_header(struct kb_cursor *rd, struct kb_image *image)
{
    image->magic = kb_rd_u32(rd);
    image->version = kb_rd_u16(rd);
    image->length = kb_rd_u16(rd);
    image->states = kb_rd_u8(rd);
    image->transitions = kb_rd_u8(rd);
    image->fields = kb_rd_u8(rd);
    image->commands = kb_rd_u8(rd);
    image->items = kb_rd_u8(rd);
    image->writes = kb_rd_u8(rd);
    image->names_len = kb_rd_u16(rd);
    image->name = kb_rd_u16(rd);
    image->reserved = kb_rd_u16(rd);
}

/* The tables follow each other without gaps. */
static enum kb_err place_tables(struct kb_image *image)
{
    const struct {
        uint16_t *start;
        uint32_t size;
    } tables[] = {
        {&image->transitions_at, (uint32_t)image->transitions * KB_IMAGE_TRANSITION},
        {&image->fields_at, (uint32_t)image->fields * KB_IMAGE_FIELD},
        {&image->commands_at, (uint32_t)image->commands * KB_IMAGE_COMMAND},
        {&image->items_at, (uint32_t)image->items * KB_IMAGE_ITEM},
        {&image->writes_at, (uint32_t)image->writes * KB_IMAGE_WRITE},
        {&image->names_at, image->names_len},
    };
    uint32_t at = KB_IMAGE_HEADER;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        *tables[i].start = (uint16_t)at;
        at += tables[i].size;
        if (at > image->total)
            return KB_ERR_MALFORMED;
    }
    image->content_end = (uint16_t)at;
    return KB_OK;
}

enum kb_err kb_image_open(struct kb_nvm *nvm, uint16_t total, struct kb_image *image)
{
    uint8_t header[KB_IMAGE_HEADER];
    struct kb_cursor rd = kb_rd(kb_span(header, sizeof header));
    enum kb_err err;

    *image = (struct kb_image){.nvm = nvm, .total = total};
    if (total < KB_IMAGE_HEADER || total > KB_IMAGE_MAX)
        return KB_ERR_MALFORMED;
    err = kb_image_read(image, 0, header, sizeof header);
    if (err)
        return err;
    unpack_header(&rd, image);
    return place_tables(image);
}

enum kb_err kb_image_transition(const struct kb_image *image, uint8_t index,
                                struct kb_image_transition *out)
{
    uint8_t row[KB_IMAGE_TRANSITION];
    struct kb_cursor rd = kb_rd(kb_span(row, sizeof row));
    enum kb_err err = kb_image_read(
        image, image->transitions_at + (uint32_t)index * KB_IMAGE_TRANSITION, row, sizeof row);

    if (err)
        return err;
    out->from = kb_rd_u8(&rd);
    out->event = kb_rd_u8(&rd);
    out->to = kb_rd_u8(&rd);
    return KB_OK;
}

enum kb_err kb_image_field(const struct kb_image *image, uint8_t index, struct kb_image_field *out)
{
    uint8_t row[KB_IMAGE_FIELD];
    struct kb_cursor rd = kb_rd(kb_span(row, sizeof row));
    enum kb_err err =
        kb_image_read(image, image->fields_at + (uint32_t)index * KB_IMAGE_FIELD, row, sizeof row);

    if (err)
        return err;
    out->number = kb_rd_u8(&rd);
    out->tries = kb_rd_u8(&rd);
    out->first_item = kb_rd_u8(&rd);
    out->items = kb_rd_u8(&rd);
    out->first_command = kb_rd_u8(&rd);
    out->commands = kb_rd_u8(&rd);
    out->name = kb_rd_u16(&rd);
    out->reserved = kb_rd_u16(&rd);
    return KB_OK;
}

enum kb_err kb_image_command(const struct kb_image *image, uint8_t index,
                             struct kb_image_command *out)
{
    uint8_t row[KB_IMAGE_COMMAND];
    struct kb_cursor rd = kb_rd(kb_span(row, sizeof row));
    enum kb_err err = kb_image_read(image, image->commands_at + (uint32_t)index * KB_IMAGE_COMMAND,
                                    row, sizeof row);

    if (err)
        return err;
    out->cla = kb_rd_u8(&rd);
    out->ins = kb_rd_u8(&rd);
    out->p1 = kb_rd_u8(&rd);
    out->p1_mask = kb_rd_u8(&rd);
    out->p2 = kb_rd_u8(&rd);
    out->p2_mask = kb_rd_u8(&rd);
    out->action = kb_rd_u8(&rd);
    out->argument = kb_rd_u8(&rd);
    return KB_OK;
}

enum kb_err kb_image_item(const struct kb_image *image, uint8_t index, struct kb_image_item *out)
{
    uint8_t row[KB_IMAGE_ITEM];
    struct kb_cursor rd = kb_rd(kb_span(row, sizeof row));
    enum kb_err err =
        kb_image_read(image, image->items_at + (uint32_t)index * KB_IMAGE_ITEM, row, sizeof row);

    if (err)
        return err;
    out->tag = kb_rd_u16(&rd);
    out->flags = kb_rd_u8(&rd);
    out->format = kb_rd_u8(&rd);
    out->min = kb_rd_u16(&rd);
    out->max = kb_rd_u16(&rd);
    out->check = kb_rd_u8(&rd);
    out->first_write = kb_rd_u8(&rd);
    out->writes = kb_rd_u8(&rd);
    out->name = kb_rd_u16(&rd);
    out->reserved = kb_rd_u8(&rd);
    return KB_OK;
}

/* The eight bytes of a place: FIDs for a file, an object's index and zeros for the others. The
 * bytes that have no meaning for the target land where prove.c sees that they are zero. */
static void unpack_place(struct kb_cursor *rd, struct kb_image_write *out)
{
    for (size_t i = 0; i < KB_FILE_DEPTH; i++)
        out->path.fid[i] = kb_rd_u16(rd);
    out->object = 0;
    if (out->target == KB_TARGET_FILE)
        return;
    out->object = out->path.fid[0];
    out->path.fid[0] = 0;
}

enum kb_err kb_image_write(const struct kb_image *image, uint8_t index, struct kb_image_write *out)
{
    uint8_t row[KB_IMAGE_WRITE];
    struct kb_cursor rd = kb_rd(kb_span(row, sizeof row));
    enum kb_err err =
        kb_image_read(image, image->writes_at + (uint32_t)index * KB_IMAGE_WRITE, row, sizeof row);

    if (err)
        return err;
    out->encoder = kb_rd_u8(&rd);
    out->target = kb_rd_u8(&rd);
    out->path.depth = kb_rd_u8(&rd);
    unpack_place(&rd, out);
    out->record = kb_rd_u8(&rd);
    out->offset = kb_rd_u16(&rd);
    out->length = kb_rd_u16(&rd);
    out->argument = kb_rd_u8(&rd);
    out->reserved = kb_rd_u8(&rd);
    return KB_OK;
}

enum kb_err kb_image_name(const struct kb_image *image, uint16_t offset, uint8_t out[KB_NAME_MAX],
                          uint8_t *len)
{
    enum kb_err err;

    *len = 0;
    if (offset >= image->names_len)
        return KB_ERR_RANGE;
    err = kb_image_read(image, (uint32_t)image->names_at + offset, len, 1);
    if (err)
        return err;
    if (*len == 0 || *len > KB_NAME_MAX)
        return KB_ERR_MALFORMED;
    if (*len >= image->names_len - offset)
        return KB_ERR_RANGE;
    return kb_image_read(image, (uint32_t)image->names_at + offset + 1, out, *len);
}
