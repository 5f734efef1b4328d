/* SPDX-License-Identifier: Apache-2.0 */
/* BER-TLV as smart cards use it: tags of 1-3 bytes, definite lengths up to 65535 (ISO/IEC 8825-1;
 * TS 101 220 clause 7.1.1), and the data groupings of payment cards (DGI: 2-byte identifier, length
 * of 1 or 3 bytes; EMV CPS clause 2.2). */
#ifndef KB_WIRE_TLV_H
#define KB_WIRE_TLV_H

#include "wire/cursor.h"

struct kb_tlv {
    uint32_t tag; /* as written: 0x82, 0x5F2D, ... */
    struct kb_span value;
};

/* Reads one data object. false at the end of the input, and on malformed input, which marks the
 * cursor bad. Neither 00 nor FF FF FF is a tag: padding is the caller's to see (kb_rd_peek). */
bool kb_tlv_next(struct kb_cursor *rd, struct kb_tlv *out);

/* Finds the first data object with this tag at the top level of a span; false when absent or
 * malformed before it. */
bool kb_tlv_find(struct kb_span input, uint32_t tag, struct kb_span *value);

/* Reads one data grouping: identifier in tag. Length FF means that two length bytes follow. */
bool kb_dgi_next(struct kb_cursor *rd, struct kb_tlv *out);

void kb_tlv_put(struct kb_writer *wr, uint32_t tag, struct kb_span value);
void kb_tlv_put_u8(struct kb_writer *wr, uint32_t tag, uint8_t value);
void kb_tlv_put_u16(struct kb_writer *wr, uint32_t tag, uint16_t value);
void kb_dgi_put(struct kb_writer *wr, uint16_t identifier, struct kb_span value);

/* A constructed object whose length is not yet known: the mark goes to kb_tlv_close, which moves
 * the content when its length needs more than one byte. */
size_t kb_tlv_open(struct kb_writer *wr, uint32_t tag);
void kb_tlv_close(struct kb_writer *wr, size_t mark);

#endif
