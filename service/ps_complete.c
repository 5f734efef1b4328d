/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an agreement: keys, an identity, the register, and at last IDENTITY. */
#include "service/ps_inside.h"

#include <string.h>

#include "crypto/secret.h"

/* The identity that the card has already, whatever became of an earlier attempt, or a free one. */
static enum kb_err find_identity(struct kb_ps_turn *turn)
{
    struct kb_ps_holding *holding = &turn->holding;
    struct kb_store *store = turn->ps->store;
    enum kb_err err = kb_ps_pool_of_card(store, kb_ps_text(turn->session.server),
                                         kb_ps_text(turn->session.id_sc), holding);

    if (err != KB_ERR_ABSENT)
        return err;
    err = kb_ps_pool_free(store, holding);
    if (err == KB_ERR_ABSENT) {
        turn->refused = KB_REASON_NO_IDENTITY;
        return KB_OK;
    }
    if (err)
        return err;
    memcpy(holding->server, turn->session.server, sizeof(holding->server));
    memcpy(holding->id_sc, turn->session.id_sc, sizeof(holding->id_sc));
    return kb_ps_note_identity(turn, "taken");
}

/* IDENTITY as it will leave once the register has answered. */
static enum kb_err write_identity(struct kb_ps_turn *turn, const struct kb_ps_keys *keys)
{
    const struct kb_ps_config *config = &turn->ps->config;
    const struct kb_identity identity = {
        .imsi = kb_ps_text(turn->holding.imsi),
        .mnc_length = config->mnc_length,
        .name = config->name,
        .centre = config->centre,
    };
    uint8_t plain[KB_SESSION_SEALED_MAX - KB_SEALED_TAG], room[KB_SESSION_SEALED_MAX];
    struct kb_writer wr = kb_wr(plain, sizeof(plain)), sealed = kb_wr(room, sizeof(room));
    struct kb_session_message message =
        kb_ps_message(turn, KB_SESSION_IDENTITY, turn->session.number);
    enum kb_err err;

    kb_identity_write(&wr, &identity);
    if (wr.is_bad)
        return KB_ERR_TOO_LONG;
    err = kb_ps_seal(config->crypto, keys->identity, KB_SEALED_IDENTITY, turn->session.number,
                     kb_wr_span(&wr), &sealed);
    message.sealed = kb_wr_span(&sealed);
    return err ? err : kb_ps_keep_answer(turn, &message);
}

static enum kb_err provision(struct kb_ps_turn *turn, const struct kb_ps_keys *keys)
{
    struct kb_register_message request = {
        .what = KB_REGISTER_CREATE,
        .k = kb_span(keys->k, sizeof(keys->k)),
        .opc = kb_span(keys->opc, sizeof(keys->opc)),
    };
    struct kb_store *store = turn->ps->store;
    enum kb_err err = kb_ps_pool_request(store, &request.request);

    turn->holding.number = turn->session.number;
    turn->holding.request = request.request;
    if (!err)
        err = kb_ps_pool_give(store, &turn->holding, keys);
    if (!err)
        err = kb_ps_ask_register(turn, &request);
    return err ? err : write_identity(turn, keys);
}

enum kb_err kb_ps_complete(struct kb_ps_turn *turn)
{
    struct kb_ps_session *session = &turn->session;
    struct kb_ps_parties parties = kb_ps_parties_of(turn);
    struct kb_ps_keys keys;
    enum kb_err err;

    turn->refused = kb_ps_agree_last(&parties, kb_span(session->saved, session->saved_len),
                                     turn->message->agree, &keys);
    kb_wipe(session->saved, sizeof(session->saved));
    session->saved_len = session->credential_len = session->answer_len = 0;
    if (turn->refused)
        return KB_OK;
    err = find_identity(turn);
    if (!err && !turn->refused)
        err = provision(turn, &keys);
    kb_wipe(&keys, sizeof(keys));
    return err;
}

enum kb_err kb_ps_release(struct kb_ps_turn *turn)
{
    enum kb_err err = kb_ps_pool_use(turn->ps->store, &turn->holding, KB_PS_USE_RELEASE, 0);

    if (!err)
        err = kb_ps_note_identity(turn, "released");
    return err ? err : kb_ps_send(turn, kb_span(turn->session.answer, turn->session.answer_len));
}
