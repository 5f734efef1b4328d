/* SPDX-License-Identifier: Apache-2.0 */
/* COSE_Sign1 with ES256 (RFC 9052 clauses 4.2 and 4.4). */
#include "agree/sign1.h"

#include <string.h>

#include "agree/schedule.h"
#include "wire/cbor.h"

/* { 1: -7 }: ES256, the only algorithm. */
static const uint8_t es256[] = {0xA1, 0x01, 0x26};

/* The hash of Sig_structure = [ "Signature1", protected, h'', payload ] (RFC 9052 clause 4.4).
 * payload: as an item. */
static enum kb_err hash_to_sign(const struct kb_crypto *crypto, struct kb_span payload,
                                uint8_t digest[KB_SHA256_SIZE])
{
    static const uint8_t head[] = {0x84, 0x6A, 'S', 'i',  'g',  'n',  'a',  't', 'u',
                                   'r',  'e',  '1', 0x43, 0xA1, 0x01, 0x26, 0x40};
    const struct kb_span parts[] = {kb_span(head, sizeof(head)), payload};

    return kb_schedule_hash(crypto, parts, 2, digest);
}

enum kb_err kb_sign1_put(const struct kb_crypto *crypto, const uint8_t key[KB_P256_PRIVATE],
                         struct kb_span payload, struct kb_writer *out)
{
    uint8_t digest[KB_SHA256_SIZE], signature[KB_P256_SIGNATURE];
    size_t start;
    enum kb_err err;

    kb_cbor_put_head(out, KB_CBOR_ARRAY, 4);
    kb_cbor_put_bstr(out, kb_span(es256, sizeof(es256)));
    kb_cbor_put_head(out, KB_CBOR_MAP, 0);
    start = out->len;
    kb_cbor_put_bstr(out, payload);
    if (out->is_bad)
        return KB_ERR_TOO_LONG;
    err = hash_to_sign(crypto, kb_span(out->data + start, out->len - start), digest);
    if (!err)
        err = crypto->p256_sign(key, digest, signature);
    if (err)
        return err;
    kb_cbor_put_bstr(out, kb_span(signature, sizeof(signature)));
    return out->is_bad ? KB_ERR_TOO_LONG : KB_OK;
}

enum kb_err kb_sign1_read(struct kb_span bytes, struct kb_sign1 *message)
{
    struct kb_cursor rd = kb_rd(bytes), inside;
    struct kb_span protected_header;

    if (kb_cbor_head(&rd, KB_CBOR_ARRAY) != 4)
        return KB_ERR_MALFORMED;
    protected_header = kb_cbor_bstr(&rd);
    if (kb_cbor_peek(&rd) != KB_CBOR_MAP)
        return KB_ERR_MALFORMED;
    kb_cbor_item(&rd); /* unprotected: whatever it says, nobody vouches for it */
    message->payload_item = kb_cbor_item(&rd);
    inside = kb_rd(message->payload_item);
    message->payload = kb_cbor_bstr(&inside);
    message->signature = kb_cbor_bstr(&rd);
    if (!kb_rd_is_done(&rd) || inside.is_bad || message->signature.len != KB_P256_SIGNATURE ||
        protected_header.len != sizeof(es256) ||
        memcmp(protected_header.data, es256, sizeof(es256)) != 0)
        return KB_ERR_MALFORMED;
    return KB_OK;
}

enum kb_err kb_sign1_verify(const struct kb_crypto *crypto,
                            const uint8_t public_key[KB_P256_PUBLIC],
                            const struct kb_sign1 *message)
{
    uint8_t digest[KB_SHA256_SIZE];
    enum kb_err err = hash_to_sign(crypto, message->payload_item, digest);

    return err ? err : crypto->p256_verify(public_key, digest, message->signature.data);
}
