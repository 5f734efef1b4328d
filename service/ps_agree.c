/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's side of an agreement. */
#include "service/ps_agree.h"

#include <string.h>

#include "agree/export.h"
#include "crypto/secret.h"

/* Both sides hold one agreement at a time, so any connection identifier will do. */
static const uint8_t connection[] = {0x0E};

/* What runs in one step. It points into itself. */
struct run {
    struct kb_agree agree;
    struct kb_ps_trust trust;
    struct kb_edhoc_config edhoc;
    struct kb_dh_config dh;
    uint8_t binding[KB_ID_SC_MAX + 1 + KB_ID_O_MAX];
    bool is_dh;
};

static void prepare(struct run *run, const struct kb_ps_parties *parties)
{
    const struct kb_ps_config *config = parties->config;
    struct kb_writer binding = kb_wr(run->binding, sizeof(run->binding));

    kb_wr_copy(&binding, parties->id_sc.data, parties->id_sc.len);
    kb_wr_u8(&binding, 0);
    kb_wr_copy(&binding, config->id_o.data, config->id_o.len);
    run->is_dh = parties->agreement == KB_SESSION_DH;
    run->dh = (struct kb_dh_config){
        .crypto = config->crypto,
        .random = config->random,
        .groups = config->groups,
        .group_count = config->group_count,
        .binding = kb_wr_span(&binding),
    };
    kb_ps_trust_start(&run->trust, parties->makers, parties->id_sc, parties->credential,
                      parties->now);
    run->edhoc = (struct kb_edhoc_config){
        .crypto = config->crypto,
        .random = config->random,
        .suites = config->suites,
        .suite_count = config->suite_count,
        .identities = config->identities,
        .identity_count = config->identity_count,
        .connection = kb_span(connection, sizeof(connection)),
        .find_peer = kb_ps_trust_find,
        .find_context = &run->trust,
    };
}

static enum kb_session_reason reason_of(const struct run *run, enum kb_err err)
{
    if (!err)
        return KB_REASON_NONE;
    if (err == KB_ERR_RANDOM || err == KB_ERR_MEMORY)
        return KB_REASON_INTERNAL;
    return run->trust.has_refused ? KB_REASON_CREDENTIAL : KB_REASON_AGREEMENT;
}

static enum kb_err start(struct run *run)
{
    enum kb_err err;

    if (run->is_dh)
        return kb_agree_dh(&run->agree, KB_AGREE_RESPONDER, &run->dh);
    err = kb_ps_trust_look(&run->trust);
    if (err) {
        run->trust.has_refused = true;
        return err;
    }
    return kb_agree_edhoc(&run->agree, KB_AGREE_RESPONDER, &run->edhoc);
}

enum kb_session_reason kb_ps_agree_first(const struct kb_ps_parties *parties,
                                         struct kb_span message, struct kb_writer *answer,
                                         struct kb_writer *saved, bool *is_offer)
{
    struct run run = {0};
    size_t begin = answer->len;
    enum kb_err err;

    prepare(&run, parties);
    *is_offer = false;
    err = start(&run);
    if (!err) {
        err = kb_agree_step(&run.agree, message, answer);
        *is_offer = err == KB_ERR_VERSION && answer->len > begin;
    }
    if (!err)
        kb_agree_save(&run.agree, saved);
    if (!err && saved->is_bad)
        err = KB_ERR_MEMORY;
    if (err && !*is_offer)
        answer->len = begin;
    kb_wipe(&run.agree, sizeof(run.agree));
    return *is_offer ? KB_REASON_NONE : reason_of(&run, err);
}

static enum kb_err export_all(const struct run *run, const struct kb_ps_parties *parties,
                              struct kb_ps_keys *keys)
{
    const struct kb_export_binding binding = {parties->id_sc, parties->config->id_o};
    const struct {
        enum kb_export_what what;
        uint8_t number;
        uint8_t *out;
    } wanted[] = {
        {KB_EXPORT_K, 0, keys->k},
        {KB_EXPORT_OPC, 0, keys->opc},
        {KB_EXPORT_KIC, 2, keys->packets},
        {KB_EXPORT_KID, 2, keys->packets + KB_PS_KEY},
        {KB_EXPORT_KIK, 2, keys->packets + 2 * KB_PS_KEY},
        {KB_EXPORT_IDENTITY, 0, keys->identity},
    };
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && !err; i++)
        err = kb_export(&run->agree, &binding, wanted[i].what, wanted[i].number, wanted[i].out,
                        KB_PS_KEY);
    return err;
}

enum kb_session_reason kb_ps_agree_last(const struct kb_ps_parties *parties, struct kb_span saved,
                                        struct kb_span message, struct kb_ps_keys *keys)
{
    uint8_t nothing[KB_AGREE_MESSAGE_MAX]; /* a refusal for the peer, which REFUSE stands for */
    struct kb_writer out = kb_wr(nothing, sizeof(nothing));
    struct run run = {0};
    enum kb_err err;

    prepare(&run, parties);
    err = run.is_dh ? kb_agree_restore_dh(&run.agree, &run.dh, saved)
                    : kb_agree_restore_edhoc(&run.agree, &run.edhoc, saved);
    if (!err)
        err = kb_agree_step(&run.agree, message, &out);
    if (!err)
        err = export_all(&run, parties, keys);
    kb_wipe(&run.agree, sizeof(run.agree));
    if (err)
        kb_wipe(keys, sizeof(*keys));
    return reason_of(&run, err);
}

/* --- What is sealed under the key that came of it --- */

struct frame {
    uint8_t nonce[KB_CCM_NONCE], session[4];
};

static void make_frame(struct frame *frame, enum kb_sealed_what what, uint32_t session)
{
    struct kb_writer wr = kb_wr(frame->session, sizeof(frame->session));

    memset(frame->nonce, 0, sizeof(frame->nonce));
    frame->nonce[KB_CCM_NONCE - 1] = (uint8_t)what;
    kb_wr_u32(&wr, session);
}

enum kb_err kb_ps_seal(const struct kb_crypto *crypto, const uint8_t key[KB_PS_KEY],
                       enum kb_sealed_what what, uint32_t session, struct kb_span text,
                       struct kb_writer *sealed)
{
    uint8_t *out = kb_wr_reserve(sealed, text.len + KB_SEALED_TAG);
    struct frame frame;

    if (!out)
        return KB_ERR_TOO_LONG;
    make_frame(&frame, what, session);
    return crypto->ccm_seal(key, frame.nonce, kb_span(frame.session, sizeof(frame.session)), text,
                            out, out + text.len, KB_SEALED_TAG);
}

enum kb_err kb_ps_unseal(const struct kb_crypto *crypto, const uint8_t key[KB_PS_KEY],
                         enum kb_sealed_what what, uint32_t session, struct kb_span sealed,
                         uint8_t *text, size_t cap, size_t *len)
{
    struct frame frame;
    enum kb_err err;

    *len = 0;
    if (sealed.len < KB_SEALED_TAG)
        return KB_ERR_INTEGRITY;
    if (sealed.len - KB_SEALED_TAG > cap)
        return KB_ERR_TOO_LONG;
    sealed.len -= KB_SEALED_TAG;
    make_frame(&frame, what, session);
    err = crypto->ccm_open(key, frame.nonce, kb_span(frame.session, sizeof(frame.session)), sealed,
                           sealed.data + sealed.len, KB_SEALED_TAG, text);
    if (!err)
        *len = sealed.len;
    return err;
}
