/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of credentials that were taken back. */
#include "agree/revoked.h"

#include <string.h>

#include "agree/schedule.h"
#include "wire/cbor.h"

/* RFC 8392 clause 3.1, and two for private use (clause 9.1). */
enum { ISS = 1, IAT = 6, NUMBER = -65537, ENTRIES = -65538 };

enum kb_err kb_credential_fingerprint(const struct kb_crypto *crypto,
                                      const uint8_t public_key[KB_CURVE_SIZE],
                                      uint8_t fingerprint[KB_REVOKED_FINGERPRINT])
{
    const struct kb_span key = kb_span(public_key, KB_CURVE_SIZE);
    uint8_t digest[KB_SHA256_SIZE];
    enum kb_err err = kb_schedule_hash(crypto, &key, 1, digest);

    if (!err)
        memcpy(fingerprint, digest, KB_REVOKED_FINGERPRINT);
    return err;
}

void kb_revoked_put_entry(struct kb_writer *wr, struct kb_span kid,
                          const uint8_t fingerprint[KB_REVOKED_FINGERPRINT])
{
    kb_cbor_put_bstr(wr, kid);
    kb_cbor_put_bstr(wr, kb_span(fingerprint, KB_REVOKED_FINGERPRINT));
}

void kb_revoked_put_claims(struct kb_writer *wr, const struct kb_revoked *list)
{
    kb_cbor_put_head(wr, KB_CBOR_MAP, 4);
    kb_cbor_put_int(wr, ISS);
    kb_cbor_put_tstr(wr, list->issuer);
    kb_cbor_put_int(wr, IAT);
    kb_cbor_put_int(wr, list->issued);
    kb_cbor_put_int(wr, NUMBER);
    kb_cbor_put_int(wr, (int64_t)list->number);
    kb_cbor_put_int(wr, ENTRIES);
    kb_cbor_put_head(wr, KB_CBOR_ARRAY, 2 * list->count);
    kb_wr_copy(wr, list->entries.data, list->entries.len);
}

static void want(struct kb_cursor *rd, int64_t claim)
{
    if (kb_cbor_int(rd) != claim)
        rd->is_bad = true;
}

static uint64_t read_unsigned(struct kb_cursor *rd)
{
    int64_t value = kb_cbor_int(rd);

    if (value < 0)
        rd->is_bad = true;
    return rd->is_bad ? 0 : (uint64_t)value;
}

static struct kb_span read_fingerprint(struct kb_cursor *rd)
{
    struct kb_span kid = kb_cbor_bstr(rd), fingerprint = kb_cbor_bstr(rd);

    if (!kid.len || kid.len > KB_KID_MAX || fingerprint.len != KB_REVOKED_FINGERPRINT)
        rd->is_bad = true;
    return fingerprint;
}

static enum kb_err read_claims(struct kb_span claims, struct kb_revoked *list)
{
    struct kb_cursor rd = kb_rd(claims);
    uint64_t items;
    size_t start;

    if (kb_cbor_head(&rd, KB_CBOR_MAP) != 4)
        return KB_ERR_MALFORMED;
    want(&rd, ISS);
    list->issuer = kb_cbor_tstr(&rd);
    want(&rd, IAT);
    list->issued = (int64_t)read_unsigned(&rd);
    want(&rd, NUMBER);
    list->number = read_unsigned(&rd);
    want(&rd, ENTRIES);
    items = kb_cbor_head(&rd, KB_CBOR_ARRAY);
    list->count = items / 2;
    start = rd.at;
    for (uint64_t i = 0; i < list->count && !rd.is_bad; i++)
        read_fingerprint(&rd);
    if (!kb_rd_is_done(&rd) || items % 2)
        return KB_ERR_MALFORMED;
    list->entries = kb_span(claims.data + start, claims.len - start);
    return KB_OK;
}

static bool is_same(struct kb_span a, struct kb_span b)
{
    return a.len == b.len && a.len && memcmp(a.data, b.data, a.len) == 0;
}

enum kb_err kb_revoked_read(const struct kb_crypto *crypto, const struct kb_credential_root *root,
                            uint64_t lowest, struct kb_span bytes, struct kb_revoked *list)
{
    struct kb_sign1 message;
    enum kb_err err = kb_sign1_read(bytes, &message);

    memset(list, 0, sizeof(*list));
    if (!err)
        err = kb_sign1_verify(crypto, root->public_key, &message);
    if (!err)
        err = read_claims(message.payload, list);
    if (!err && !is_same(list->issuer, root->name))
        err = KB_ERR_RULE;
    if (!err && list->number < lowest)
        err = KB_ERR_VERSION;
    if (err)
        memset(list, 0, sizeof(*list));
    return err;
}

enum kb_err kb_revoked_reread(struct kb_span bytes, struct kb_revoked *list)
{
    struct kb_sign1 message;
    enum kb_err err = kb_sign1_read(bytes, &message);

    memset(list, 0, sizeof(*list));
    return err ? err : read_claims(message.payload, list);
}

enum kb_err kb_revoked_judge(const struct kb_crypto *crypto, const struct kb_revoked *list,
                             const struct kb_credential *credential)
{
    struct kb_cursor rd = kb_rd(list->entries);
    uint8_t fingerprint[KB_REVOKED_FINGERPRINT];
    enum kb_err err = KB_OK;

    if (!is_same(list->issuer, credential->issuer))
        return KB_OK;
    err = kb_credential_fingerprint(crypto, credential->public_key, fingerprint);
    while (!err && !rd.is_bad && kb_rd_left(&rd))
        if (is_same(read_fingerprint(&rd), kb_span(fingerprint, sizeof(fingerprint))))
            err = KB_ERR_RULE;
    return !err && rd.is_bad ? KB_ERR_MALFORMED : err;
}
