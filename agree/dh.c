/* SPDX-License-Identifier: Apache-2.0 */
/* Diffie-Hellman in a negotiated group, confirmed by a MAC from each side. */
#include "agree/dh.h"

#include <string.h>

#include "crypto/hkdf.h"
#include "crypto/secret.h"
#include "wire/cbor.h"

enum { NO_GROUP = -1 };

bool kb_dh_supports(const void *party, int16_t group)
{
    const struct kb_dh_config *config = party;

    if (!kb_dh_group(group))
        return false;
    for (size_t i = 0; i < config->group_count; i++) {
        if (config->groups[i] == group)
            return true;
    }
    return false;
}

enum kb_err kb_dh_start(struct kb_dh *dh, enum kb_agree_role role,
                        const struct kb_dh_config *config)
{
    struct kb_offer all;

    memset(dh, 0, sizeof(*dh));
    dh->config = config;
    dh->role = (uint8_t)role;
    dh->state = KB_AGREE_FAILED;
    dh->group = NO_GROUP;
    kb_offer_all(config->groups, config->group_count, kb_dh_supports, config, &all);
    if (!all.count || config->group_count > KB_OFFER_MAX)
        return KB_ERR_USAGE;
    dh->state = KB_AGREE_START;
    return KB_OK;
}

static enum kb_err write_1(struct kb_dh *dh, const struct kb_offer *limits, struct kb_writer *out)
{
    const struct kb_dh_config *config = dh->config;
    const struct kb_dh_group *group;
    struct kb_offer offer;
    struct kb_span message;
    size_t start = out->len;
    uint8_t *share;
    enum kb_err err;

    if (!kb_offer_make(config->groups, config->group_count, kb_dh_supports, config, limits, &offer))
        return KB_ERR_VERSION;
    dh->group = kb_offer_selected(&offer);
    group = kb_dh_group(dh->group);
    kb_offer_put(out, &offer);
    kb_cbor_put_head(out, KB_CBOR_BSTR, group->share_len);
    share = kb_wr_reserve(out, group->share_len);
    if (!share)
        return KB_ERR_TOO_LONG;
    err = kb_dh_keypair(config->crypto, &config->random, group, dh->private_key, share);
    message = kb_span(out->data + start, out->len - start);
    if (!err)
        err = kb_schedule_hash(config->crypto, &message, 1, dh->th);
    dh->state = KB_AGREE_WAIT_2;
    return err;
}

/* TH, with both shares in it, and PRK. */
static enum kb_err mix(struct kb_dh *dh, struct kb_span b, struct kb_span peer)
{
    const struct kb_crypto *crypto = dh->config->crypto;
    const struct kb_dh_group *group = kb_dh_group(dh->group);
    uint8_t before[32], hash[KB_TH_ITEM_SIZE], head[KB_CBOR_HEAD_MAX], secret[KB_DH_SHARE_MAX];
    struct kb_writer name = kb_wr(before, sizeof(before)), of_b = kb_wr(head, sizeof(head));
    enum kb_err err = kb_dh_shared(crypto, group, dh->private_key, peer, secret);

    kb_cbor_put_tstr(&name, kb_span("Keyborn DH", 10));
    kb_cbor_put_head(&name, KB_CBOR_BSTR, dh->config->binding.len);
    kb_schedule_th_item(dh->th, hash);
    kb_cbor_put_head(&of_b, KB_CBOR_BSTR, b.len);
    if (!err) {
        const struct kb_span input[] = {kb_wr_span(&name), dh->config->binding,
                                        kb_span(hash, sizeof(hash)), kb_wr_span(&of_b), b};

        err = kb_schedule_hash(crypto, input, sizeof(input) / sizeof(input[0]), dh->th);
    }
    if (!err)
        err = kb_hkdf_extract(crypto, kb_span(dh->th, sizeof(dh->th)),
                              kb_span(secret, group->share_len), dh->prk);
    kb_wipe(secret, sizeof(secret));
    kb_wipe(dh->private_key, sizeof(dh->private_key));
    return err;
}

static enum kb_err put_mac(const struct kb_dh *dh, enum kb_edhoc_label label, struct kb_writer *out)
{
    uint8_t *mac;

    kb_cbor_put_head(out, KB_CBOR_BSTR, KB_DH_MAC_SIZE);
    mac = kb_wr_reserve(out, KB_DH_MAC_SIZE);
    if (!mac)
        return KB_ERR_TOO_LONG;
    return kb_schedule_kdf_th(dh->config->crypto, dh->prk, label, dh->th, mac, KB_DH_MAC_SIZE);
}

/* The last item of a message. */
static enum kb_err check_mac(const struct kb_dh *dh, enum kb_edhoc_label label, struct kb_span mac)
{
    uint8_t expected[KB_DH_MAC_SIZE];
    enum kb_err err =
        kb_schedule_kdf_th(dh->config->crypto, dh->prk, label, dh->th, expected, sizeof(expected));

    if (!err && !kb_is_equal(expected, mac.data, sizeof(expected)))
        err = KB_ERR_INTEGRITY;
    kb_wipe(expected, sizeof(expected));
    return err;
}

static enum kb_err finish(struct kb_dh *dh)
{
    uint8_t prk_out[KB_PRK_SIZE];
    enum kb_err err = kb_schedule_kdf_th(dh->config->crypto, dh->prk, KB_EDHOC_PRK_OUT, dh->th,
                                         prk_out, sizeof(prk_out));

    if (!err)
        memcpy(dh->prk, prk_out, sizeof(prk_out));
    kb_wipe(prk_out, sizeof(prk_out));
    dh->state = KB_AGREE_DONE;
    return err;
}

static enum kb_err take_1(struct kb_dh *dh, struct kb_span message, struct kb_writer *out)
{
    const struct kb_dh_config *config = dh->config;
    const struct kb_dh_group *group;
    struct kb_cursor rd = kb_rd(message);
    struct kb_offer offer;
    struct kb_span a;
    uint8_t *share;
    enum kb_err err;

    kb_offer_read(&rd, &offer);
    a = kb_cbor_bstr(&rd);
    if (!kb_rd_is_done(&rd))
        return KB_ERR_MALFORMED;
    if (!kb_offer_is_acceptable(&offer, kb_dh_supports, config))
        return KB_ERR_VERSION;
    dh->group = kb_offer_selected(&offer);
    group = kb_dh_group(dh->group);
    kb_cbor_put_head(out, KB_CBOR_BSTR, group->share_len);
    share = kb_wr_reserve(out, group->share_len);
    if (!share)
        return KB_ERR_TOO_LONG;
    err = kb_schedule_hash(config->crypto, &message, 1, dh->th);
    if (!err)
        err = kb_dh_keypair(config->crypto, &config->random, group, dh->private_key, share);
    if (!err)
        err = mix(dh, kb_span(share, group->share_len), a);
    dh->state = KB_AGREE_WAIT_3;
    return err ? err : put_mac(dh, KB_EDHOC_MAC_2, out);
}

static enum kb_err take_2(struct kb_dh *dh, struct kb_span message, struct kb_writer *out)
{
    struct kb_cursor rd = kb_rd(message);
    struct kb_span b = kb_cbor_bstr(&rd);
    struct kb_span mac = kb_cbor_bstr(&rd);
    enum kb_err err;

    if (!kb_rd_is_done(&rd) || mac.len != KB_DH_MAC_SIZE)
        return KB_ERR_MALFORMED;
    err = mix(dh, b, b);
    if (!err)
        err = check_mac(dh, KB_EDHOC_MAC_2, mac);
    if (!err)
        err = put_mac(dh, KB_EDHOC_MAC_3, out);
    return err ? err : finish(dh);
}

static enum kb_err take_3(struct kb_dh *dh, struct kb_span message)
{
    struct kb_cursor rd = kb_rd(message);
    struct kb_span mac = kb_cbor_bstr(&rd);
    enum kb_err err;

    if (!kb_rd_is_done(&rd) || mac.len != KB_DH_MAC_SIZE)
        return KB_ERR_MALFORMED;
    err = check_mac(dh, KB_EDHOC_MAC_3, mac);
    return err ? err : finish(dh);
}

static enum kb_err take_refusal(struct kb_dh *dh, struct kb_span message, struct kb_writer *out)
{
    bool may_retry = dh->state == KB_AGREE_WAIT_2 && !dh->has_retried;
    int16_t refused = dh->group;
    struct kb_offer supported;
    enum kb_err err = kb_refusal_take(message, may_retry, &supported);

    if (err)
        return err;
    dh->has_retried = true;
    err = write_1(dh, &supported, out);
    return !err && dh->group == refused ? KB_ERR_PEER : err;
}

static enum kb_err take(struct kb_dh *dh, struct kb_span message, struct kb_writer *out)
{
    if (dh->state == KB_AGREE_WAIT_2)
        return take_2(dh, message, out);
    if (dh->state == KB_AGREE_WAIT_3)
        return take_3(dh, message);
    if (dh->role == KB_AGREE_RESPONDER)
        return take_1(dh, message, out);
    return message.len ? KB_ERR_MALFORMED : write_1(dh, NULL, out);
}

enum kb_err kb_dh_step(struct kb_dh *dh, struct kb_span message, struct kb_writer *out)
{
    const struct kb_dh_config *config = dh->config;
    bool is_reply = dh->state != KB_AGREE_START;
    bool is_refusal = is_reply && kb_refusal_is_one(message);
    bool is_silent = is_refusal || (!is_reply && dh->role == KB_AGREE_INITIATOR);
    size_t start = out->len;
    struct kb_offer supported;
    enum kb_err err;

    if (dh->state > KB_AGREE_WAIT_3 || out->is_bad)
        return KB_ERR_USAGE;
    err = is_refusal ? take_refusal(dh, message, out) : take(dh, message, out);
    if (!err)
        return KB_OK;
    kb_offer_all(config->groups, is_reply ? 0 : config->group_count, kb_dh_supports, config,
                 &supported);
    kb_refusal_replace(out, start, is_silent ? KB_ERR_PEER : err, &supported);
    kb_dh_end(dh);
    return err;
}

enum kb_err kb_dh_export(const struct kb_dh *dh, uint16_t label, struct kb_span context,
                         uint8_t *out, size_t out_len)
{
    if (dh->state != KB_AGREE_DONE) {
        kb_wipe(out, out_len);
        return KB_ERR_USAGE;
    }
    return kb_schedule_export(dh->config->crypto, dh->prk, label, context, out, out_len);
}

enum kb_err kb_dh_update(struct kb_dh *dh, struct kb_span context)
{
    if (dh->state != KB_AGREE_DONE)
        return KB_ERR_USAGE;
    return kb_schedule_update(dh->config->crypto, dh->prk, context);
}

void kb_dh_end(struct kb_dh *dh)
{
    const struct kb_dh_config *config = dh->config;
    uint8_t role = dh->role;

    kb_wipe(dh, sizeof(*dh));
    dh->config = config;
    dh->role = role;
    dh->state = KB_AGREE_FAILED;
    dh->group = NO_GROUP;
}
