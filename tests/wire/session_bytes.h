/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of messages for tests: from hex, and without what nobody knows. */
#ifndef KB_TESTS_WIRE_SESSION_BYTES_H
#define KB_TESTS_WIRE_SESSION_BYTES_H

#include <string.h>

#include "wire/cbor.h"
#include "wire/hex.h"

enum { MOST = 256 };

static inline size_t from_hex(const char *hex, uint8_t out[MOST])
{
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), out, MOST, &len), KB_OK);
    return len;
}

/* The items in front of the map, then the map without the pairs whose key is above what is known.
 */
static inline size_t without_unknown(struct kb_span bytes, unsigned before, unsigned known,
                                     uint8_t out[MOST])
{
    struct kb_cursor rd = kb_rd(bytes);
    uint8_t rest[MOST];
    struct kb_writer wr = kb_wr(out, MOST), kept = kb_wr(rest, MOST);
    uint64_t pairs, count = 0;

    for (unsigned i = 0; i < before; i++) {
        struct kb_span item = kb_cbor_item(&rd);

        kb_wr_copy(&wr, item.data, item.len);
    }
    for (pairs = kb_cbor_head(&rd, KB_CBOR_MAP); pairs > 0; pairs--) {
        struct kb_span key = kb_cbor_item(&rd), value = kb_cbor_item(&rd);

        if (key.len != 1 || key.data[0] < 1 || key.data[0] > known)
            continue;
        kb_wr_copy(&kept, key.data, key.len);
        kb_wr_copy(&kept, value.data, value.len);
        count++;
    }
    kb_cbor_put_head(&wr, KB_CBOR_MAP, count);
    kb_wr_copy(&wr, kept.data, kept.len);
    assert_true(kb_rd_is_done(&rd) && !wr.is_bad && !kept.is_bad);
    return wr.len;
}

#endif
