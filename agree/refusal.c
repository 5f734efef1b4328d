/* SPDX-License-Identifier: Apache-2.0 */
/* Error messages (RFC 9528 clause 6). */
#include "agree/refusal.h"

#include "crypto/secret.h"
#include "wire/cbor.h"

bool kb_refusal_is_one(struct kb_span message)
{
    struct kb_cursor rd = kb_rd(message);

    return kb_cbor_is_int(&rd);
}

enum kb_err kb_refusal_read(struct kb_span message, struct kb_refusal *refusal)
{
    struct kb_cursor rd = kb_rd(message);

    refusal->supported.count = 0;
    refusal->code = kb_cbor_int(&rd);
    if (refusal->code == KB_REFUSAL_UNSPECIFIED)
        kb_cbor_tstr(&rd);
    else if (refusal->code == KB_REFUSAL_WRONG_SUITE)
        kb_offer_read(&rd, &refusal->supported);
    else if (refusal->code == KB_REFUSAL_UNKNOWN_CREDENTIAL)
        rd.is_bad |= kb_cbor_head(&rd, KB_CBOR_SIMPLE) != KB_CBOR_TRUE;
    else
        kb_cbor_item(&rd);
    return kb_rd_is_done(&rd) ? KB_OK : KB_ERR_MALFORMED;
}

enum kb_err kb_refusal_take(struct kb_span message, bool may_retry, struct kb_offer *supported)
{
    struct kb_refusal refusal;

    if (kb_refusal_read(message, &refusal) || refusal.code != KB_REFUSAL_WRONG_SUITE || !may_retry)
        return KB_ERR_PEER;
    *supported = refusal.supported;
    return KB_OK;
}

static void put(struct kb_writer *wr, enum kb_err why, const struct kb_offer *supported)
{
    if (why == KB_ERR_VERSION && supported->count) {
        kb_cbor_put_int(wr, KB_REFUSAL_WRONG_SUITE);
        kb_offer_put(wr, supported);
    } else if (why == KB_ERR_ABSENT) {
        kb_cbor_put_int(wr, KB_REFUSAL_UNKNOWN_CREDENTIAL);
        kb_cbor_put_head(wr, KB_CBOR_SIMPLE, KB_CBOR_TRUE);
    } else {
        kb_cbor_put_int(wr, KB_REFUSAL_UNSPECIFIED);
        kb_cbor_put_tstr(wr, kb_span("refused", 7));
    }
}

void kb_refusal_replace(struct kb_writer *wr, size_t start, enum kb_err why,
                        const struct kb_offer *supported)
{
    if (wr->len > start)
        kb_wipe(wr->data + start, wr->len - start);
    *wr = (struct kb_writer){wr->data, wr->cap, start, false};
    if (why == KB_ERR_PEER)
        return;
    put(wr, why, supported);
    if (wr->is_bad)
        *wr = (struct kb_writer){wr->data, wr->cap, start, false};
}
