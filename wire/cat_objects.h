/* SPDX-License-Identifier: Apache-2.0 */
/* COMPREHENSION-TLV data objects one by one (ETSI TS 101 220 clause 7.1.1): the part of wire/cat.h
 * that commands, responses and envelopes share. */
#ifndef KB_WIRE_CAT_OBJECTS_H
#define KB_WIRE_CAT_OBJECTS_H

#include "wire/cat.h"

/* Tags without their comprehension bit. */
enum {
    KB_CAT_TAG_COMMAND_DETAILS = 0x01,
    KB_CAT_TAG_DEVICES = 0x02,
    KB_CAT_TAG_RESULT = 0x03,
    KB_CAT_TAG_ITEM = 0x0F,
    KB_CAT_COMPREHENSION = 0x80
};

struct kb_cat_tlv {
    uint16_t tag; /* without its comprehension bit */
    bool wants_comprehension;
    struct kb_span value;
    struct kb_span whole; /* with tag and length */
};

/* Tag of one byte or of three, length of one byte or behind 81 or 82. false at the end, and on
 * malformed input, which marks the cursor bad. */
bool kb_cat_tlv_next(struct kb_cursor *rd, struct kb_cat_tlv *tlv);

/* The length of what follows, in its shortest form. */
void kb_cat_put_length(struct kb_writer *wr, size_t len);

/* Writes those that are there and whose bit is in mask, in the order in which the standard lists
 * them. */
void kb_cat_objects_write(struct kb_writer *wr, const struct kb_cat_objects *objects,
                          uint32_t mask);

/* Takes one that has a place in the struct; items are the caller's. Errors as in wire/cat.h. Of an
 * object that comes twice the first counts. */
enum kb_err kb_cat_objects_take(struct kb_cat_objects *objects, const struct kb_cat_tlv *tlv);

#endif
