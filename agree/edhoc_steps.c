/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of EDHOC, one after the other (RFC 9528 clause 5). */
#include "agree/edhoc_inside.h"

#include <string.h>

#include "crypto/secret.h"
#include "wire/cbor.h"

/* The text of one message while it is in clear, and what it was made of. */
struct work {
    uint8_t text[KB_EDHOC_PLAINTEXT_MAX];
    uint8_t prk[KB_PRK_SIZE]; /* the key before the one in the agreement */
    struct kb_edhoc_plaintext read;
};

/* message_1 = ( METHOD, SUITES_I, G_X, C_I, ? EAD_1 ), clause 5.2. */
enum kb_err kb_edhoc_write_1(struct kb_edhoc *e, const struct kb_offer *limits,
                             struct kb_writer *out)
{
    const struct kb_edhoc_config *config = e->config;
    uint8_t g_x[KB_CURVE_SIZE];
    struct kb_offer offer;
    struct kb_span message;
    size_t start = out->len;
    enum kb_err err;

    if (!kb_offer_make(config->suites, config->suite_count, kb_edhoc_supports, config, limits,
                       &offer))
        return KB_ERR_VERSION;
    e->suite = kb_offer_selected(&offer);
    err = kb_curve_keypair(config->crypto, &config->random, kb_edhoc_suite_of(e)->curve,
                           e->private_key, g_x);
    if (err)
        return err;
    kb_cbor_put_int(out, KB_EDHOC_METHOD);
    kb_offer_put(out, &offer);
    kb_cbor_put_bstr(out, kb_span(g_x, sizeof(g_x)));
    kb_edhoc_put_identifier(out, config->connection);
    kb_ead_put(out, &config->ead[0]);
    if (out->is_bad)
        return KB_ERR_TOO_LONG;
    message = kb_span(out->data + start, out->len - start);
    e->state = KB_AGREE_WAIT_2;
    return kb_schedule_hash(config->crypto, &message, 1, e->th);
}

static enum kb_err read_1(struct kb_edhoc *e, struct kb_span message, const uint8_t **g_x)
{
    struct kb_cursor rd = kb_rd(message);
    int64_t method = kb_cbor_int(&rd);
    struct kb_span share, connection;
    struct kb_offer offer;

    kb_offer_read(&rd, &offer);
    share = kb_cbor_bstr(&rd);
    connection = kb_edhoc_read_identifier(&rd);
    if (rd.is_bad)
        return KB_ERR_MALFORMED;
    if (method != KB_EDHOC_METHOD)
        return KB_ERR_RULE;
    /* Of a suite that is not known the share may have any length. */
    if (!kb_offer_is_acceptable(&offer, kb_edhoc_supports, e->config))
        return KB_ERR_VERSION;
    if (share.len != KB_CURVE_SIZE || connection.len > KB_EDHOC_IDENTIFIER_MAX)
        return KB_ERR_MALFORMED;
    e->suite = kb_offer_selected(&offer);
    kb_edhoc_keep_identifier(&e->peer_connection, connection);
    *g_x = share.data;
    return kb_ead_deliver(kb_rd_span(&rd, kb_rd_left(&rd)), 1, e->config->take_ead,
                          e->config->take_context);
}

/* message_2 = bstr( G_Y || CIPHERTEXT_2 ), clause 5.3.1. */
static enum kb_err put_2(const struct kb_edhoc *e, const uint8_t *g_y, const struct work *work,
                         struct kb_span plaintext, struct kb_writer *out)
{
    uint8_t *text;

    kb_cbor_put_head(out, KB_CBOR_BSTR, KB_CURVE_SIZE + plaintext.len);
    kb_wr_copy(out, g_y, KB_CURVE_SIZE);
    text = kb_wr_reserve(out, plaintext.len);
    if (!text)
        return KB_ERR_TOO_LONG;
    memcpy(text, plaintext.data, plaintext.len);
    return kb_edhoc_stream(e, work->prk, text, plaintext.len);
}

/* Clause 5.3.2, after message_1 was read. */
static enum kb_err write_2(struct kb_edhoc *e, const uint8_t *g_x, struct work *work,
                           struct kb_writer *out)
{
    const struct kb_edhoc_config *config = e->config;
    const struct kb_edhoc_identity *own = kb_edhoc_identity_of(e);
    struct kb_writer plaintext = kb_wr(work->text, sizeof(work->text));
    uint8_t g_y[KB_CURVE_SIZE];
    enum kb_err err = kb_curve_keypair(config->crypto, &config->random, kb_edhoc_suite_of(e)->curve,
                                       e->private_key, g_y);

    if (!err)
        err = kb_edhoc_agree(e, g_y, g_x);
    if (err)
        return err;
    memcpy(work->prk, e->prk, sizeof(work->prk));
    err = kb_edhoc_mix(e, KB_EDHOC_SALT_3E2M, own->private_key, g_x);
    if (!err)
        err = kb_edhoc_compose(e, KB_EDHOC_MAC_2, &config->ead[1], &plaintext);
    if (!err)
        err = put_2(e, g_y, work, kb_wr_span(&plaintext), out);
    if (!err)
        err = kb_edhoc_extend(e, kb_wr_span(&plaintext), own->cred);
    e->state = KB_AGREE_WAIT_3;
    return err;
}

enum kb_err kb_edhoc_take_1(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out)
{
    const uint8_t *g_x = NULL;
    struct work work;
    enum kb_err err = read_1(e, message, &g_x);

    if (!err)
        err = kb_schedule_hash(e->config->crypto, &message, 1, e->th);
    if (!err)
        err = write_2(e, g_x, &work, out);
    kb_wipe(&work, sizeof(work));
    return err;
}

/* The peer's credential must be on the suite's curve. Our own one comes back from somebody who
 * reflects our messages, or is on the way to talk us into talking with ourselves. */
static enum kb_err find_peer(const struct kb_edhoc *e, struct kb_span id_cred,
                             struct kb_edhoc_peer *peer)
{
    const struct kb_edhoc_config *config = e->config;
    const struct kb_edhoc_identity *own = kb_edhoc_identity_of(e);
    enum kb_err err =
        config->find_peer ? config->find_peer(config->find_context, id_cred, peer) : KB_ERR_ABSENT;

    if (err)
        return err;
    if (peer->curve != own->curve)
        return KB_ERR_RULE;
    if (peer->cred.len == own->cred.len && !memcmp(peer->cred.data, own->cred.data, own->cred.len))
        return KB_ERR_RULE;
    return KB_OK;
}

/* Reads a plaintext, finds whose it is, verifies the MAC with the key that comes of it, and takes
 * transcript and EAD: alike for both sides (clauses 5.3.3 and 5.4.3). */
static enum kb_err accept(struct kb_edhoc *e, enum kb_edhoc_label mac_label,
                          enum kb_edhoc_label salt_label, struct kb_span plaintext,
                          struct work *work)
{
    unsigned number = mac_label == KB_EDHOC_MAC_2 ? 2 : 3;
    struct kb_edhoc_plaintext *read = &work->read;
    struct kb_edhoc_peer peer;
    enum kb_err err = kb_edhoc_parse(e, mac_label, plaintext, read);

    if (!err)
        err = find_peer(e, read->parts.id_cred, &peer);
    if (err)
        return err;
    read->parts.cred = peer.cred;
    err = kb_edhoc_mix(e, salt_label, e->private_key, peer.public_key);
    if (!err)
        err = kb_edhoc_check_mac(e, mac_label, read);
    if (!err)
        err = kb_edhoc_extend(e, plaintext, peer.cred);
    if (!err)
        err = kb_ead_deliver(read->parts.ead, number, e->config->take_ead, e->config->take_context);
    return err;
}

/* Clause 5.4.2: MAC_3 is made with PRK_4e3m, the message sealed with PRK_3e2m. */
static enum kb_err write_3(struct kb_edhoc *e, const uint8_t *g_y, struct work *work,
                           struct kb_writer *out)
{
    const struct kb_edhoc_identity *own = kb_edhoc_identity_of(e);
    struct kb_writer plaintext = kb_wr(work->text, sizeof(work->text));
    enum kb_err err;

    memcpy(work->prk, e->prk, sizeof(work->prk));
    err = kb_edhoc_mix(e, KB_EDHOC_SALT_4E3M, own->private_key, g_y);
    if (!err)
        err = kb_edhoc_compose(e, KB_EDHOC_MAC_3, &e->config->ead[2], &plaintext);
    if (!err)
        err = kb_edhoc_seal(e, work->prk, KB_EDHOC_K_3, kb_wr_span(&plaintext), out);
    if (!err)
        err = kb_edhoc_extend(e, kb_wr_span(&plaintext), own->cred);
    kb_wipe(e->private_key, sizeof(e->private_key));
    if (err)
        return err;
    e->state = KB_AGREE_WAIT_4;
    return e->config->has_message_4 ? KB_OK : kb_edhoc_finish(e);
}

enum kb_err kb_edhoc_take_2(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out)
{
    struct kb_cursor rd = kb_rd(message);
    struct kb_span body = kb_cbor_bstr(&rd);
    struct kb_cursor parts = kb_rd(body);
    struct kb_span g_y = kb_rd_span(&parts, KB_CURVE_SIZE);
    size_t len = kb_rd_left(&parts);
    struct work work;
    enum kb_err err;

    if (!kb_rd_is_done(&rd) || len == 0)
        return KB_ERR_MALFORMED;
    if (len > sizeof(work.text))
        return KB_ERR_TOO_LONG;
    kb_rd_copy(&parts, work.text, len);
    err = kb_edhoc_agree(e, g_y.data, g_y.data);
    if (!err)
        err = kb_edhoc_stream(e, e->prk, work.text, len);
    if (!err)
        err = accept(e, KB_EDHOC_MAC_2, KB_EDHOC_SALT_3E2M, kb_span(work.text, len), &work);
    if (!err) {
        e->peer_connection = work.read.connection;
        err = write_3(e, g_y.data, &work, out);
    }
    kb_wipe(&work, sizeof(work));
    return err;
}

/* Clause 5.5.2. */
static enum kb_err write_4(const struct kb_edhoc *e, struct work *work, struct kb_writer *out)
{
    struct kb_writer plaintext = kb_wr(work->text, sizeof(work->text));

    kb_ead_put(&plaintext, &e->config->ead[3]);
    if (plaintext.is_bad)
        return KB_ERR_TOO_LONG;
    return kb_edhoc_seal(e, e->prk, KB_EDHOC_K_4, kb_wr_span(&plaintext), out);
}

enum kb_err kb_edhoc_take_3(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out)
{
    struct work work;
    struct kb_writer plaintext = kb_wr(work.text, sizeof(work.text));
    enum kb_err err = kb_edhoc_open(e, e->prk, KB_EDHOC_K_3, message, &plaintext);

    if (!err)
        err = accept(e, KB_EDHOC_MAC_3, KB_EDHOC_SALT_4E3M, kb_wr_span(&plaintext), &work);
    if (!err && e->config->has_message_4)
        err = write_4(e, &work, out);
    if (!err)
        err = kb_edhoc_finish(e);
    kb_wipe(&work, sizeof(work));
    return err;
}

enum kb_err kb_edhoc_take_4(struct kb_edhoc *e, struct kb_span message, struct kb_writer *out)
{
    struct work work;
    struct kb_writer plaintext = kb_wr(work.text, sizeof(work.text));
    enum kb_err err = kb_edhoc_open(e, e->prk, KB_EDHOC_K_4, message, &plaintext);

    (void)out;
    if (!err)
        err =
            kb_ead_deliver(kb_wr_span(&plaintext), 4, e->config->take_ead, e->config->take_context);
    if (!err)
        err = kb_edhoc_finish(e);
    kb_wipe(&work, sizeof(work));
    return err;
}
