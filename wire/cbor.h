/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR items in their one deterministic encoding (RFC 8949 clause 4.2.1): arguments in the shortest
 * form, no indefinite lengths, keys of a map in ascending order of their bytes and each once. What
 * is encoded otherwise is malformed. Floating point has no use here and is refused. */
#ifndef KB_WIRE_CBOR_H
#define KB_WIRE_CBOR_H

#include "wire/cursor.h"

/* RFC 8949 clause 3.1. */
enum kb_cbor_major {
    KB_CBOR_UINT = 0,
    KB_CBOR_NINT = 1,
    KB_CBOR_BSTR = 2,
    KB_CBOR_TSTR = 3,
    KB_CBOR_ARRAY = 4,
    KB_CBOR_MAP = 5,
    KB_CBOR_TAG = 6,
    KB_CBOR_SIMPLE = 7
};

/* RFC 8949 clause 3.3. */
enum kb_cbor_simple { KB_CBOR_FALSE = 20, KB_CBOR_TRUE = 21, KB_CBOR_NULL = 22 };

/* The longest head: one byte and an argument of eight. */
enum { KB_CBOR_HEAD_MAX = 9, KB_CBOR_DEPTH_MAX = 8 };

/* Writing. A head without what belongs to it: the length of a string, the number of items of an
 * array, of pairs of a map, a tag, a simple value. */
void kb_cbor_put_head(struct kb_writer *wr, enum kb_cbor_major major, uint64_t argument);
void kb_cbor_put_int(struct kb_writer *wr, int64_t value);
void kb_cbor_put_bstr(struct kb_writer *wr, struct kb_span bytes);
void kb_cbor_put_tstr(struct kb_writer *wr, struct kb_span text);

/* Reading. Another kind of item than the one asked for marks the cursor bad and gives zero or an
 * empty span. Of strings, arrays and maps kb_cbor_head reads the head alone and gives their length.
 */
uint64_t kb_cbor_head(struct kb_cursor *rd, enum kb_cbor_major major);
int64_t kb_cbor_int(struct kb_cursor *rd);
struct kb_span kb_cbor_bstr(struct kb_cursor *rd);
struct kb_span kb_cbor_tstr(struct kb_cursor *rd);

/* The kind of the next item, without reading it; at the end KB_CBOR_UINT, and reading fails. */
enum kb_cbor_major kb_cbor_peek(const struct kb_cursor *rd);
bool kb_cbor_is_int(const struct kb_cursor *rd);

/* The next item whole, with all that it holds, as it is encoded. Bad: not deterministic, or nested
 * deeper than KB_CBOR_DEPTH_MAX. */
struct kb_span kb_cbor_item(struct kb_cursor *rd);

#endif
