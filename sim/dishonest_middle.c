/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server in the middle: to the card it is the operator, to the operator it is the card. With dh
 * both believe it, and it has the key that the register has. With edhoc it has no credential that
 * either would take, whatever it forges.
 */
#include <string.h>

#include "agree/export.h"
#include "crypto/secret.h"
#include "sim/dishonest_inside.h"
#include "sim/maker.h"

static const int16_t suites[] = {2, 3, 0, 1};
static const int16_t groups[] = {23, 29, 256, 257, 258};
static const uint8_t connection[] = {0x0A};

enum { SUITES = sizeof(suites) / sizeof(suites[0]), GROUPS = sizeof(groups) / sizeof(groups[0]) };

/* Credentials that look like an operator's, under a root that nobody knows. */
enum kb_err kb_liar_forge(struct kb_sim_dishonest *liar)
{
    static const char issuer[] = "Operators", subject[] = "001-01";
    static const enum kb_curve curves[KB_SIM_CURVES] = {KB_CURVE_P256, KB_CURVE_X25519};
    const struct kb_crypto *crypto = liar->world->crypto;
    struct kb_sim_credentials *own = &liar->forged;
    uint8_t root[KB_P256_PRIVATE];
    enum kb_err err = KB_OK;

    kb_chance_fill(&liar->chance, root, sizeof(root));
    for (size_t i = 0; i < KB_SIM_CURVES && !err; i++) {
        struct kb_credential claims = {.issuer = kb_span(issuer, sizeof(issuer) - 1),
                                       .subject = kb_span(subject, sizeof(subject) - 1),
                                       .curve = curves[i]};
        struct kb_writer token = kb_wr(own->token[i], sizeof(own->token[i]));
        struct kb_writer id = kb_wr(own->id[i], sizeof(own->id[i]));

        err = kb_curve_keypair(crypto, &liar->random, curves[i], own->private_key[i],
                               claims.public_key);
        if (!err)
            err = kb_credential_sign(crypto, root, &claims, &token);
        kb_credential_put_id(&id, KB_CREDENTIAL_KCWT, kb_wr_span(&token));
        own->identities[i] = (struct kb_edhoc_identity){curves[i], own->private_key[i],
                                                        kb_wr_span(&id), kb_wr_span(&token)};
    }
    kb_wipe(root, sizeof(root));
    return err;
}

/* It does not care whom it speaks to, but needs the peer's key: from the token, unverified. */
static enum kb_err believe_anybody(void *context, struct kb_span id_cred,
                                   struct kb_edhoc_peer *peer)
{
    struct kb_liar_card *card = context;
    enum kb_credential_header header;
    struct kb_credential claims;
    struct kb_sign1 token;
    struct kb_span value;
    enum kb_err err = kb_credential_read_id(id_cred, &header, &value);

    if (err)
        return err;
    if (header == KB_CREDENTIAL_KID)
        value = kb_span(card->credential.bytes, card->credential.len);
    err = kb_sign1_read(value, &token);
    if (!err)
        err = kb_credential_read_claims(token.payload, &claims);
    if (err)
        return err;
    memcpy(peer->public_key, claims.public_key, sizeof(peer->public_key));
    peer->curve = claims.curve;
    peer->cred = value;
    return KB_OK;
}

/* --- One side --- */

static enum kb_err begin(struct kb_sim_dishonest *liar, struct kb_liar_card *card,
                         struct kb_liar_side *side, enum kb_agree_role role, struct kb_span id_o,
                         uint8_t agreement)
{
    struct kb_writer binding = kb_wr(side->binding, sizeof(side->binding));
    const struct kb_crypto *crypto = liar->world->crypto;

    if (side->agree.kind)
        kb_agree_end(&side->agree);
    memset(side, 0, sizeof(*side));
    memcpy(side->id_sc, card->id_sc, sizeof(side->id_sc));
    memcpy(side->id_o, id_o.data, id_o.len < sizeof(side->id_o) ? id_o.len : 0);
    kb_wr_copy(&binding, side->id_sc, strlen(side->id_sc));
    kb_wr_u8(&binding, 0);
    kb_wr_copy(&binding, side->id_o, strlen(side->id_o));
    side->dh = (struct kb_dh_config){.crypto = crypto,
                                     .random = liar->random,
                                     .groups = groups,
                                     .group_count = GROUPS,
                                     .binding = kb_wr_span(&binding)};
    side->edhoc = (struct kb_edhoc_config){.crypto = crypto,
                                           .random = liar->random,
                                           .suites = suites,
                                           .suite_count = SUITES,
                                           .identities = liar->forged.identities,
                                           .identity_count = KB_SIM_CURVES,
                                           .connection = kb_span(connection, sizeof(connection)),
                                           .find_peer = believe_anybody,
                                           .find_context = card};
    side->is_running = true;
    return agreement == KB_SESSION_DH ? kb_agree_dh(&side->agree, role, &side->dh)
                                      : kb_agree_edhoc(&side->agree, role, &side->edhoc);
}

static void step(struct kb_liar_side *side, struct kb_span message)
{
    struct kb_writer wr = kb_wr(side->answer, sizeof(side->answer));

    if (side->is_running && kb_agree_step(&side->agree, message, &wr))
        side->is_running = false;
    side->answer_len = wr.len;
}

static bool export_key(const struct kb_liar_side *side, enum kb_export_what what,
                       uint8_t key[KB_LIAR_KEY])
{
    const struct kb_export_binding binding = {kb_span(side->id_sc, strlen(side->id_sc)),
                                              kb_span(side->id_o, strlen(side->id_o))};

    return side->is_running && !kb_export(&side->agree, &binding, what, 0, key, KB_LIAR_KEY);
}

static void put_answer(const struct kb_liar_side *side, struct kb_session_message *message)
{
    if (side->answer_len)
        message->agree = kb_span(side->answer, side->answer_len);
}

/* --- Up --- */

void kb_liar_middle_up(struct kb_sim_dishonest *liar, struct kb_liar_card *card,
                       struct kb_session_message *message)
{
    if (message->kind != KB_SESSION_AGREE)
        return;
    if (message->agreement) {
        if (begin(liar, card, &card->towards_card, KB_AGREE_RESPONDER, message->id_o,
                  message->agreement) ||
            begin(liar, card, &card->towards_server, KB_AGREE_INITIATOR, message->id_o,
                  message->agreement))
            return;
        liar->lies++;
        step(&card->towards_card, message->agree);
        step(&card->towards_server, kb_span(NULL, 0));
        put_answer(&card->towards_server, message);
        return;
    }
    /* The card's last message ends its side; what goes on is the last one of the other. */
    if (card->towards_card.is_running)
        step(&card->towards_card, message->agree);
    put_answer(&card->towards_server, message);
}

/* --- Down --- */

struct frame {
    uint8_t session[4], nonce[KB_CCM_NONCE];
};

static struct frame frame_of(uint32_t session)
{
    struct frame frame = {{0}, {0}};
    struct kb_writer wr = kb_wr(frame.session, sizeof(frame.session));

    kb_wr_u32(&wr, session);
    frame.nonce[KB_CCM_NONCE - 1] = KB_SEALED_IDENTITY;
    return frame;
}

static void keep_pair(struct kb_liar_card *card, struct kb_span plain)
{
    struct kb_identity identity;

    if (kb_identity_read(plain, &identity) || identity.imsi.len > KB_IMSI_MAX)
        return;
    memset(card->imsi, 0, sizeof(card->imsi));
    memcpy(card->imsi, identity.imsi.data, identity.imsi.len);
    card->knows_pair = export_key(&card->towards_server, KB_EXPORT_K, card->k) &&
                       export_key(&card->towards_server, KB_EXPORT_OPC, card->opc);
}

/* Reads what the operator sealed for the card, and seals it for the card. */
static void reseal(struct kb_sim_dishonest *liar, struct kb_liar_card *card,
                   struct kb_session_message *message)
{
    static uint8_t room[KB_SESSION_SEALED_MAX]; /* until the message is written */
    const struct kb_crypto *crypto = liar->world->crypto;
    const struct frame frame = frame_of(message->session);
    const struct kb_span aad = {frame.session, sizeof(frame.session)};
    uint8_t theirs[KB_LIAR_KEY], ours[KB_LIAR_KEY], plain[KB_SESSION_SEALED_MAX];
    size_t len = message->sealed.len - KB_SEALED_TAG;

    if (message->sealed.len <= KB_SEALED_TAG || message->sealed.len > sizeof(room) ||
        !export_key(&card->towards_server, KB_EXPORT_IDENTITY, theirs) ||
        !export_key(&card->towards_card, KB_EXPORT_IDENTITY, ours) ||
        crypto->ccm_open(theirs, frame.nonce, aad, kb_span(message->sealed.data, len),
                         message->sealed.data + len, KB_SEALED_TAG, plain))
        return;
    keep_pair(card, kb_span(plain, len));
    if (!crypto->ccm_seal(ours, frame.nonce, aad, kb_span(plain, len), room, room + len,
                          KB_SEALED_TAG))
        message->sealed = kb_span(room, len + KB_SEALED_TAG);
    kb_wipe(theirs, sizeof(theirs));
    kb_wipe(ours, sizeof(ours));
}

void kb_liar_middle_down(struct kb_sim_dishonest *liar, struct kb_liar_card *card,
                         struct kb_session_message *message)
{
    if (message->kind == KB_SESSION_IDENTITY) {
        reseal(liar, card, message);
    } else if (message->kind == KB_SESSION_AGREE) {
        step(&card->towards_server, message->agree);
        put_answer(&card->towards_card, message);
    }
}
