/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys as COSE_Key (RFC 9053 clause 7). */
#include "agree/cose_key.h"

#include <string.h>

#include "wire/cbor.h"

/* RFC 9052 clause 7.1; RFC 9053 clauses 7.1.1 and 7.2. */
enum { KTY = 1, CRV = -1, X = -2, Y = -3, D = -4 };
enum { KTY_OKP = 1, KTY_EC2 = 2 };

void kb_cose_key_put(struct kb_writer *wr, enum kb_curve curve, const uint8_t x[KB_CURVE_SIZE],
                     bool is_odd)
{
    bool is_point = curve == KB_CURVE_P256;

    kb_cbor_put_head(wr, KB_CBOR_MAP, is_point ? 4 : 3);
    kb_cbor_put_int(wr, KTY);
    kb_cbor_put_int(wr, is_point ? KTY_EC2 : KTY_OKP);
    kb_cbor_put_int(wr, CRV);
    kb_cbor_put_int(wr, curve);
    kb_cbor_put_int(wr, X);
    kb_cbor_put_bstr(wr, kb_span(x, KB_CURVE_SIZE));
    if (is_point) {
        kb_cbor_put_int(wr, Y);
        kb_cbor_put_head(wr, KB_CBOR_SIMPLE, is_odd ? KB_CBOR_TRUE : KB_CBOR_FALSE);
    }
}

static void read_x(struct kb_cursor *rd, uint8_t x[KB_CURVE_SIZE])
{
    struct kb_span bytes = kb_cbor_bstr(rd);

    if (bytes.len == KB_CURVE_SIZE)
        memcpy(x, bytes.data, KB_CURVE_SIZE);
    else
        rd->is_bad = true;
}

static void read_y(struct kb_cursor *rd)
{
    uint64_t sign;

    if (kb_cbor_peek(rd) == KB_CBOR_BSTR) {
        rd->is_bad |= kb_cbor_bstr(rd).len != KB_CURVE_SIZE;
        return;
    }
    sign = kb_cbor_head(rd, KB_CBOR_SIMPLE);
    rd->is_bad |= sign != KB_CBOR_FALSE && sign != KB_CBOR_TRUE;
}

struct key {
    int64_t kty, crv;
    bool has_x, has_y;
};

static void read_parameter(struct kb_cursor *rd, struct key *key, uint8_t *x)
{
    int64_t label = kb_cbor_int(rd);

    if (label == KTY) {
        key->kty = kb_cbor_int(rd);
    } else if (label == CRV) {
        key->crv = kb_cbor_int(rd);
    } else if (label == X) {
        read_x(rd, x);
        key->has_x = true;
    } else if (label == Y) {
        read_y(rd);
        key->has_y = true;
    } else {
        kb_cbor_item(rd);
        rd->is_bad |= label == D;
    }
}

void kb_cose_key_read(struct kb_cursor *rd, enum kb_curve *curve, uint8_t x[KB_CURVE_SIZE])
{
    struct kb_span whole = kb_cbor_item(rd); /* its keys are in order, each once */
    struct kb_cursor inside = kb_rd(whole);
    uint64_t count = kb_cbor_head(&inside, KB_CBOR_MAP);
    struct key key = {0, 0, false, false};

    while (count-- > 0 && !inside.is_bad)
        read_parameter(&inside, &key, x);
    *curve = key.crv == KB_CURVE_X25519 ? KB_CURVE_X25519 : KB_CURVE_P256;
    if (inside.is_bad || !key.has_x || key.crv != *curve ||
        key.kty != (*curve == KB_CURVE_P256 ? KTY_EC2 : KTY_OKP) ||
        (key.has_y && *curve == KB_CURVE_X25519))
        rd->is_bad = true;
}
