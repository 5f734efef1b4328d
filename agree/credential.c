/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: CBOR Web Tokens (RFC 8392) in COSE_Sign1 (RFC 9052 clause 4.2). */
#include "agree/credential.h"

#include <string.h>

#include "agree/cose_key.h"
#include "wire/cbor.h"

/* RFC 8392 clause 3.1, RFC 8747 clause 3.1. */
enum { ISS = 1, SUB = 2, EXP = 4, NBF = 5, CNF = 8, CNF_COSE_KEY = 1 };

static void put_time(struct kb_writer *wr, int64_t claim, int64_t value)
{
    if (!value)
        return;
    kb_cbor_put_int(wr, claim);
    kb_cbor_put_int(wr, value);
}

static void put_name(struct kb_writer *wr, int64_t claim, struct kb_span name)
{
    if (!name.len)
        return;
    if (name.len > KB_CREDENTIAL_NAME_MAX)
        wr->is_bad = true;
    kb_cbor_put_int(wr, claim);
    kb_cbor_put_tstr(wr, name);
}

void kb_credential_put_claims(struct kb_writer *wr, const struct kb_credential *credential)
{
    uint64_t count = 1u + (credential->issuer.len != 0) + (credential->subject.len != 0) +
                     (credential->expires != 0) + (credential->not_before != 0);

    kb_cbor_put_head(wr, KB_CBOR_MAP, count);
    put_name(wr, ISS, credential->issuer);
    put_name(wr, SUB, credential->subject);
    put_time(wr, EXP, credential->expires);
    put_time(wr, NBF, credential->not_before);
    kb_cbor_put_int(wr, CNF);
    kb_cbor_put_head(wr, KB_CBOR_MAP, 1);
    kb_cbor_put_int(wr, CNF_COSE_KEY);
    kb_cose_key_put(wr, credential->curve, credential->public_key, credential->is_odd);
}

static struct kb_span read_name(struct kb_cursor *rd)
{
    struct kb_span name = kb_cbor_tstr(rd);

    if (!name.len || name.len > KB_CREDENTIAL_NAME_MAX)
        rd->is_bad = true;
    return name;
}

static void read_cnf(struct kb_cursor *rd, struct kb_credential *credential)
{
    if (kb_cbor_head(rd, KB_CBOR_MAP) != 1 || kb_cbor_int(rd) != CNF_COSE_KEY)
        rd->is_bad = true;
    kb_cose_key_read(rd, &credential->curve, credential->public_key);
}

/* True when it was the key. */
static bool read_claim(struct kb_cursor *rd, struct kb_credential *credential)
{
    int64_t claim;

    if (!kb_cbor_is_int(rd)) { /* names of private claims may be text */
        kb_cbor_tstr(rd);
        kb_cbor_item(rd);
        return false;
    }
    claim = kb_cbor_int(rd);
    if (claim == ISS)
        credential->issuer = read_name(rd);
    else if (claim == SUB)
        credential->subject = read_name(rd);
    else if (claim == EXP)
        credential->expires = kb_cbor_int(rd);
    else if (claim == NBF)
        credential->not_before = kb_cbor_int(rd);
    else if (claim == CNF)
        read_cnf(rd, credential);
    else
        kb_cbor_item(rd);
    return claim == CNF;
}

enum kb_err kb_credential_read_claims(struct kb_span claims, struct kb_credential *credential)
{
    struct kb_cursor order = kb_rd(claims), rd = order;
    bool has_key = false;
    uint64_t count;

    memset(credential, 0, sizeof(*credential));
    kb_cbor_item(&order); /* keys are in order and each once */
    count = kb_cbor_head(&rd, KB_CBOR_MAP);
    while (count-- > 0 && !rd.is_bad)
        has_key |= read_claim(&rd, credential);
    if (!kb_rd_is_done(&order) || !kb_rd_is_done(&rd) || !has_key || !credential->subject.len ||
        credential->expires < 0 || credential->not_before < 0)
        return KB_ERR_MALFORMED;
    return KB_OK;
}

enum kb_err kb_credential_sign(const struct kb_crypto *crypto,
                               const uint8_t root_key[KB_P256_PRIVATE],
                               const struct kb_credential *credential, struct kb_writer *out)
{
    uint8_t claims[KB_CREDENTIAL_CLAIMS_MAX];
    struct kb_writer wr = kb_wr(claims, sizeof(claims));

    kb_credential_put_claims(&wr, credential);
    if (wr.is_bad)
        return KB_ERR_TOO_LONG;
    return kb_sign1_put(crypto, root_key, kb_wr_span(&wr), out);
}

static bool is_same(struct kb_span a, struct kb_span b)
{
    return a.len == b.len && a.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool is_in_time(const struct kb_credential *credential, int64_t now)
{
    return now >= credential->not_before && (!credential->expires || now < credential->expires);
}

enum kb_err kb_credential_verify(const struct kb_crypto *crypto,
                                 const struct kb_credential_root *root, const int64_t *now,
                                 struct kb_span bytes, struct kb_credential *credential)
{
    struct kb_sign1 token;
    enum kb_err err = kb_sign1_read(bytes, &token);

    if (!err)
        err = kb_credential_read_claims(token.payload, credential);
    if (!err && !is_same(credential->issuer, root->name))
        err = KB_ERR_RULE;
    if (!err)
        err = kb_sign1_verify(crypto, root->public_key, &token);
    if (!err && now && !is_in_time(credential, *now))
        err = KB_ERR_RANGE;
    if (err)
        memset(credential, 0, sizeof(*credential));
    return err;
}

void kb_credential_put_id(struct kb_writer *wr, enum kb_credential_header header,
                          struct kb_span value)
{
    kb_cbor_put_head(wr, KB_CBOR_MAP, 1);
    kb_cbor_put_int(wr, header);
    if (header == KB_CREDENTIAL_KID)
        kb_cbor_put_bstr(wr, value);
    else
        kb_wr_copy(wr, value.data, value.len);
}

enum kb_err kb_credential_read_id(struct kb_span id_cred, enum kb_credential_header *header,
                                  struct kb_span *value)
{
    struct kb_cursor rd = kb_rd(id_cred);
    uint64_t count = kb_cbor_head(&rd, KB_CBOR_MAP);
    int64_t label = kb_cbor_int(&rd);

    if (count != 1 ||
        (label != KB_CREDENTIAL_KID && label != KB_CREDENTIAL_KCWT && label != KB_CREDENTIAL_KCCS))
        return KB_ERR_ABSENT;
    *header = (enum kb_credential_header)label;
    *value = label == KB_CREDENTIAL_KID ? kb_cbor_bstr(&rd) : kb_cbor_item(&rd);
    return kb_rd_is_done(&rd) ? KB_OK : KB_ERR_MALFORMED;
}
