/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside of message_2 and message_3: connection identifier, name of the credential, MAC,
 * EAD (RFC 9528 clauses 5.3.2 and 5.4.2). */
#include "agree/edhoc_inside.h"

#include <string.h>

#include "crypto/secret.h"
#include "wire/cbor.h"

enum { KID = 4, MAP_OF_ONE = 0xA1 }; /* RFC 9052 clause 3.1 */

/* True for the encodings of -24 .. 23 in one byte. */
static bool is_small_int(struct kb_span bytes)
{
    return bytes.len == 1 &&
           (bytes.data[0] <= 0x17 || (bytes.data[0] >= 0x20 && bytes.data[0] <= 0x37));
}

void kb_edhoc_put_identifier(struct kb_writer *wr, struct kb_span identifier)
{
    if (is_small_int(identifier))
        kb_wr_u8(wr, identifier.data[0]);
    else
        kb_cbor_put_bstr(wr, identifier);
}

struct kb_span kb_edhoc_read_identifier(struct kb_cursor *rd)
{
    struct kb_span identifier;

    if (kb_cbor_is_int(rd)) {
        identifier = kb_cbor_item(rd);
        if (!is_small_int(identifier))
            rd->is_bad = true;
        return identifier;
    }
    identifier = kb_cbor_bstr(rd);
    if (is_small_int(identifier))
        rd->is_bad = true;
    return identifier;
}

void kb_edhoc_keep_identifier(struct kb_edhoc_identifier *to, struct kb_span from)
{
    to->len = (uint8_t)from.len;
    if (from.len)
        memcpy(to->bytes, from.data, from.len);
}

/* The kid, when the map is { 4 : kid } and nothing else. */
static bool find_kid(struct kb_span id_cred, struct kb_span *kid)
{
    struct kb_cursor rd = kb_rd(id_cred);

    if (kb_cbor_head(&rd, KB_CBOR_MAP) != 1 || kb_cbor_int(&rd) != KID)
        return false;
    *kid = kb_cbor_bstr(&rd);
    return kb_rd_is_done(&rd);
}

/* Clause 3.5.3.2: of a map that holds only a kid, only the kid is sent. */
static void put_id_cred(struct kb_writer *wr, struct kb_span id_cred)
{
    struct kb_span kid;

    if (find_kid(id_cred, &kid))
        kb_edhoc_put_identifier(wr, kid);
    else
        kb_wr_copy(wr, id_cred.data, id_cred.len);
}

static void read_id_cred(struct kb_cursor *rd, struct kb_edhoc_plaintext *out)
{
    struct kb_writer map = kb_wr(out->kid_map, sizeof(out->kid_map));
    struct kb_span kid;

    if (kb_cbor_peek(rd) == KB_CBOR_MAP) {
        out->parts.id_cred = kb_cbor_item(rd);
        if (find_kid(out->parts.id_cred, &kid)) /* the shorter form is a must */
            rd->is_bad = true;
        return;
    }
    kb_wr_u8(&map, MAP_OF_ONE);
    kb_wr_u8(&map, KID);
    kb_cbor_put_bstr(&map, kb_edhoc_read_identifier(rd));
    if (map.is_bad)
        rd->is_bad = true;
    out->parts.id_cred = kb_wr_span(&map);
}

/* context_2 = << C_R, ID_CRED_R, TH_2, CRED_R, ? EAD_2 >>; context_3 is the same without C_R. */
static enum kb_err compute_mac(const struct kb_edhoc *e, enum kb_edhoc_label label,
                               const struct kb_edhoc_parts *parts, uint8_t *mac)
{
    uint8_t th[KB_TH_ITEM_SIZE];
    const struct kb_span context[] = {parts->connection, parts->id_cred, kb_span(th, sizeof(th)),
                                      parts->cred, parts->ead};

    kb_schedule_th_item(e->th, th);
    return kb_schedule_kdf(e->config->crypto, e->prk, label, context,
                           sizeof(context) / sizeof(context[0]), mac,
                           kb_edhoc_suite_of(e)->mac_len);
}

enum kb_err kb_edhoc_compose(const struct kb_edhoc *e, enum kb_edhoc_label label,
                             const struct kb_ead_list *ead, struct kb_writer *plaintext)
{
    const struct kb_edhoc_identity *own = kb_edhoc_identity_of(e);
    size_t mac_len = kb_edhoc_suite_of(e)->mac_len, start = plaintext->len, ead_start;
    struct kb_edhoc_parts parts = {.id_cred = own->id_cred, .cred = own->cred};
    uint8_t *mac;

    if (label == KB_EDHOC_MAC_2) {
        kb_edhoc_put_identifier(plaintext, e->config->connection);
        parts.connection = kb_span(plaintext->data + start, plaintext->len - start);
    }
    put_id_cred(plaintext, own->id_cred);
    kb_cbor_put_head(plaintext, KB_CBOR_BSTR, mac_len);
    mac = kb_wr_reserve(plaintext, mac_len);
    ead_start = plaintext->len;
    kb_ead_put(plaintext, ead);
    if (plaintext->is_bad)
        return KB_ERR_TOO_LONG;
    parts.ead = kb_span(plaintext->data + ead_start, plaintext->len - ead_start);
    return compute_mac(e, label, &parts, mac);
}

enum kb_err kb_edhoc_parse(const struct kb_edhoc *e, enum kb_edhoc_label label,
                           struct kb_span plaintext, struct kb_edhoc_plaintext *out)
{
    struct kb_cursor rd = kb_rd(plaintext);
    struct kb_span connection = {plaintext.data, 0};

    if (label == KB_EDHOC_MAC_2)
        connection = kb_edhoc_read_identifier(&rd);
    out->parts.connection = kb_span(plaintext.data, rd.is_bad ? 0 : rd.at);
    read_id_cred(&rd, out);
    out->mac = kb_cbor_bstr(&rd);
    if (rd.is_bad || out->mac.len != kb_edhoc_suite_of(e)->mac_len ||
        connection.len > KB_EDHOC_IDENTIFIER_MAX)
        return KB_ERR_MALFORMED;
    kb_edhoc_keep_identifier(&out->connection, connection);
    out->parts.ead = kb_rd_span(&rd, kb_rd_left(&rd));
    return KB_OK;
}

enum kb_err kb_edhoc_check_mac(const struct kb_edhoc *e, enum kb_edhoc_label label,
                               const struct kb_edhoc_plaintext *plaintext)
{
    uint8_t expected[KB_EDHOC_MAC_MAX];
    enum kb_err err = compute_mac(e, label, &plaintext->parts, expected);

    if (!err && !kb_is_equal(expected, plaintext->mac.data, plaintext->mac.len))
        err = KB_ERR_INTEGRITY;
    kb_wipe(expected, sizeof(expected));
    return err;
}
