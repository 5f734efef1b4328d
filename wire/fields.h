/* SPDX-License-Identifier: Apache-2.0 */
/* A struct as a CBOR map: one row for each member says its key, what it is, how much of it there
 * may be, and in which forms of the struct it must or may be there. A number that is 0, an empty
 * string and a false flag are as not there, so that each struct has one encoding. */
#ifndef KB_WIRE_FIELDS_H
#define KB_WIRE_FIELDS_H

#include "wire/cursor.h"

enum kb_field_kind {
    /* Members of struct kb_span; max: bytes. */
    KB_FIELD_DIGITS, /* tstr of '0'-'9' */
    KB_FIELD_PHONE,  /* tstr of digits, perhaps behind one '+' */
    KB_FIELD_NAME,   /* tstr of printable ASCII: it may be a key of a store, or stand in a log */
    KB_FIELD_TEXT,   /* tstr */
    KB_FIELD_BYTES,  /* bstr */
    KB_FIELD_ITEM,   /* any item, as it is encoded */
    /* Members of uint8_t; max: the highest value. */
    KB_FIELD_CODE,
    /* Members of uint64_t, up to what an int64_t takes. */
    KB_FIELD_NUMBER,
    /* Members of bool. */
    KB_FIELD_FLAG
};

struct kb_field {
    uint8_t key; /* below 24; rows in ascending order */
    uint8_t kind;
    uint16_t where; /* offset of the member */
    uint16_t max;
    uint16_t must, may; /* bits of forms */
};

/* True when everything is there that must be in this form, nothing that has no place in it, and all
 * values are what they may be. */
bool kb_fields_are_good(const struct kb_field *fields, size_t count, unsigned form,
                        const void *record);

void kb_fields_write(struct kb_writer *wr, const struct kb_field *fields, size_t count,
                     const void *record);

/* Fills a record of zeros from the next item. Fields that are not known are passed over. Bad: no
 * map in deterministic encoding, a value that is as not there or that does not fit; who calls
 * checks the whole by kb_fields_are_good. Spans point into the input. */
void kb_fields_read(struct kb_cursor *rd, const struct kb_field *fields, size_t count,
                    void *record);

#endif
