/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EFs of BER-TLV structure as objects hold them (TS 102 221 clause 8.2.2.4). Private to files/.
 *
 * Behind the header of the file's object stands a list of its data objects: tag (3), whether the
 * object is still being written (1), length of the value (2), first object of the value (2); a tag
 * of zeros is a free place. Values lie in objects of up to KB_NVM_OBJECT_MAX bytes with numbers in
 * a row. In struct kb_file size is the greatest number of bytes the file may take, chunk the first
 * of the objects of FF that keep reserved memory until data take it.
 */
#ifndef KB_CARD_FILES_BERTLV_H
#define KB_CARD_FILES_BERTLV_H

#include "card/files/files.h"

enum {
    KB_BERTLV_ENTRY = 8,
    KB_BERTLV_OBJECTS = (KB_NVM_OBJECT_MAX - KB_FILE_HEADER) / KB_BERTLV_ENTRY,
    KB_BERTLV_UNLIMITED = 0xFFFF, /* size */
    KB_BERTLV_HEAD = 6            /* greatest tag and length */
};

struct kb_bertlv {
    uint32_t tag;
    uint16_t length, object;
    uint8_t index;     /* place in the list */
    bool is_unwritten; /* parts of its value are still to come */
};

static inline uint16_t kb_bertlv_reserved(const struct kb_file *file)
{
    return (uint16_t)(file->record_size << 8 | file->record_count);
}

static inline void kb_bertlv_set_reserved(struct kb_file *file, uint16_t size)
{
    file->record_size = (uint8_t)(size >> 8);
    file->record_count = (uint8_t)size;
}

/* Reads a tag that these files may hold: context-specific, of 1 to 3 bytes (clause 11.3). 0: it is
 * none of them. */
uint32_t kb_bertlv_read_tag(struct kb_cursor *rd);

/* Writes tag and DER length of an object. */
void kb_bertlv_put_head(struct kb_writer *wr, const struct kb_bertlv *object);

/* The object at a place of the list; false past its end. A free place has the tag 0. */
bool kb_bertlv_load(struct kb_card *card, const struct kb_file *file, unsigned index,
                    struct kb_bertlv *out);

/* The object with this tag, written or not. */
bool kb_bertlv_find(struct kb_card *card, const struct kb_file *file, uint32_t tag,
                    bool is_unwritten, struct kb_bertlv *out);

/* Bytes that the objects take with their tags and lengths. */
uint32_t kb_bertlv_used(struct kb_card *card, const struct kb_file *file);

/* The following work in the caller's transaction. add: tag and length are given, and where the
 * object came is told. KB_ERR_NVM_FULL: the list, the memory or what the file may take is at its
 * end. */
enum kb_err kb_bertlv_add(struct kb_card *card, const struct kb_file *file,
                          struct kb_bertlv *object);
enum kb_err kb_bertlv_remove(struct kb_card *card, const struct kb_file *file,
                             const struct kb_bertlv *object);

/* The object counts from now on, in place of the one that had its tag. */
enum kb_err kb_bertlv_finish(struct kb_card *card, const struct kb_file *file,
                             struct kb_bertlv *object);

/* Gives the file the numbers of objects that its reserved memory needs, and the memory; and takes
 * them away. */
enum kb_err kb_bertlv_reserve(struct kb_card *card, struct kb_file *file);
enum kb_err kb_bertlv_release(struct kb_card *card, const struct kb_file *file);

/* Deletes all objects and what is reserved. */
enum kb_err kb_bertlv_delete(struct kb_card *card, const struct kb_file *file);

/* Inside the value. */
enum kb_err kb_bertlv_read(struct kb_card *card, const struct kb_bertlv *object, size_t offset,
                           uint8_t *out, size_t len);
enum kb_err kb_bertlv_write(struct kb_card *card, const struct kb_bertlv *object, size_t offset,
                            struct kb_span data);

#endif
