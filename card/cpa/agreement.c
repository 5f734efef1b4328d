/* SPDX-License-Identifier: Apache-2.0 */
/* The agreement with the operator, as initiator: message_1 for a REQUEST, then what a COMMAND
 * brought, and the keys out of it. Between the two it lies in the card's memory. */
#include <string.h>

#include "agree/export.h"
#include "agree/trust.h"
#include "card/cpa/inside.h"
#include "crypto/secret.h"

enum {
    STATIC_KEY = 1 + KB_CURVE_SIZE,
    TOKEN_MAX = 1 + KB_EDHOC_KID_MAX + KB_CREDENTIAL_MAX,
    ID_CRED_MAX = KB_EDHOC_KID_MAX + 4,
    OPERATOR_KEY_SET = 2
};

static const uint8_t connection[] = {0x0E}; /* C_I; nothing but this agreement goes on here */

/* All that the card brings to an agreement, and what it learns of the other side. */
struct party {
    struct kb_card *card;
    struct kb_cpa_loaded plan;
    struct kb_agree agree;
    union {
        struct {
            struct kb_edhoc_config config;
            struct kb_edhoc_identity identity;
            struct kb_cpa_root root;
            struct kb_trust trust;
            int64_t now;
            struct kb_span id_o; /* who alone will do */
            bool is_refused;     /* the operator's credential */
            uint8_t operators_key[KB_CURVE_SIZE];
            uint8_t static_key[STATIC_KEY];
            uint8_t token[TOKEN_MAX];
            uint8_t id_cred[ID_CRED_MAX];
        } edhoc;
        struct {
            struct kb_dh_config config;
            uint8_t binding[KB_ID_SC_MAX + 1 + KB_ID_O_MAX];
        } dh;
    } as;
};

static struct kb_random random_of(const struct kb_card *card)
{
    return (struct kb_random){card->port->random, card->port->random_ctx};
}

/* Reads an object of up to max bytes. */
static enum kb_err load(struct kb_card *card, uint16_t object, uint8_t *bytes, size_t max,
                        struct kb_span *read)
{
    size_t size = kb_nvm_size(&card->nvm, object);

    *read = kb_span(bytes, size);
    return size > max ? KB_ERR_TOO_LONG : kb_nvm_read(&card->nvm, object, 0, bytes, size);
}

static struct kb_span id_sc_of(struct kb_card *card, uint8_t bytes[KB_ID_SC_MAX])
{
    struct kb_span id_sc;

    return load(card, KB_OBJ_SERIAL, bytes, KB_ID_SC_MAX, &id_sc) ? kb_span(bytes, 0) : id_sc;
}

/* --- edhoc --- */

/* Called by the trust for a token under the root and within its time. The list of those who were
 * taken back is longer than this stack should bear; it is asked after the step. */
static enum kb_err judge(void *context, const struct kb_credential *credential)
{
    struct party *party = context;
    const struct kb_span wanted = party->as.edhoc.id_o;

    memcpy(party->as.edhoc.operators_key, credential->public_key, KB_CURVE_SIZE);
    return credential->subject.len == wanted.len &&
                   memcmp(credential->subject.data, wanted.data, wanted.len) == 0
               ? KB_OK
               : KB_ERR_RULE;
}

static enum kb_err find_peer(void *context, struct kb_span id_cred, struct kb_edhoc_peer *peer)
{
    struct party *party = context;
    enum kb_err err = kb_trust_find_peer(&party->as.edhoc.trust, id_cred, peer);

    party->as.edhoc.is_refused = err != KB_OK;
    return err;
}

/* The card's own key and credential; the operator has the token by its kid. */
static enum kb_err load_identity(struct party *party)
{
    struct kb_edhoc_identity *identity = &party->as.edhoc.identity;
    struct kb_writer id = kb_wr(party->as.edhoc.id_cred, ID_CRED_MAX);
    struct kb_span key, credential, kid;
    struct kb_cursor rd;
    enum kb_err err =
        load(party->card, KB_OBJ_STATIC_KEY, party->as.edhoc.static_key, STATIC_KEY, &key);

    if (!err)
        err = load(party->card, KB_OBJ_CREDENTIAL, party->as.edhoc.token, TOKEN_MAX, &credential);
    if (err)
        return err;
    rd = kb_rd(credential);
    kid = kb_rd_span(&rd, kb_rd_u8(&rd));
    kb_credential_put_id(&id, KB_CREDENTIAL_KID, kid);
    identity->curve = (enum kb_curve)key.data[0];
    identity->private_key = key.data + 1;
    identity->id_cred = kb_wr_span(&id);
    identity->cred = kb_rd_span(&rd, kb_rd_left(&rd));
    return key.len == STATIC_KEY && !rd.is_bad && !id.is_bad ? KB_OK : KB_ERR_MALFORMED;
}

static enum kb_err prepare_edhoc(struct party *party)
{
    struct kb_card *card = party->card;
    enum kb_err err = load_identity(party);

    if (!err)
        err = kb_cpa_root_load(card, &party->as.edhoc.root);
    party->as.edhoc.trust = (struct kb_trust){
        .crypto = card->port->crypto,
        .roots = &party->as.edhoc.root.is,
        .root_count = 1,
        .now = party->as.edhoc.now ? &party->as.edhoc.now : NULL,
        .judge = judge,
        .context = party,
    };
    party->as.edhoc.config = (struct kb_edhoc_config){
        .crypto = card->port->crypto,
        .random = random_of(card),
        .suites = party->plan.plan.suites,
        .suite_count = party->plan.plan.suite_count,
        .identities = &party->as.edhoc.identity,
        .identity_count = 1,
        .connection = kb_span(connection, sizeof(connection)),
        .find_peer = find_peer,
        .find_context = party,
    };
    return err;
}

/* --- dh --- */

/* binding = IdSC || 0 || IdO. */
static enum kb_err prepare_dh(struct party *party, struct kb_span id_o)
{
    struct kb_card *card = party->card;
    struct kb_writer binding = kb_wr(party->as.dh.binding, sizeof(party->as.dh.binding));
    uint8_t digits[KB_ID_SC_MAX];
    const struct kb_span id_sc = id_sc_of(card, digits);

    kb_wr_copy(&binding, id_sc.data, id_sc.len);
    kb_wr_u8(&binding, 0);
    kb_wr_copy(&binding, id_o.data, id_o.len);
    party->as.dh.config = (struct kb_dh_config){
        .crypto = card->port->crypto,
        .random = random_of(card),
        .groups = party->plan.plan.suites,
        .group_count = party->plan.plan.suite_count,
        .binding = kb_wr_span(&binding),
    };
    return binding.is_bad ? KB_ERR_TOO_LONG : KB_OK;
}

/* --- Both --- */

static enum kb_err prepare(struct kb_card *card, struct kb_span id_o, uint64_t told,
                           struct party *party)
{
    enum kb_err err;

    memset(party, 0, sizeof(*party));
    party->card = card;
    err = kb_cpa_plan_load(card, &party->plan);
    if (err)
        return err;
    if (party->plan.plan.agreement == KB_SESSION_DH)
        return prepare_dh(party, id_o);
    party->as.edhoc.now = kb_cpa_clock(card, told);
    party->as.edhoc.id_o = id_o;
    return prepare_edhoc(party);
}

static enum kb_err begin(struct party *party)
{
    if (party->plan.plan.agreement == KB_SESSION_DH)
        return kb_agree_dh(&party->agree, KB_AGREE_INITIATOR, &party->as.dh.config);
    return kb_agree_edhoc(&party->agree, KB_AGREE_INITIATOR, &party->as.edhoc.config);
}

static enum kb_err restore(struct party *party)
{
    uint8_t saved[KB_AGREE_SAVED_MAX];
    struct kb_span bytes;
    enum kb_err err = load(party->card, KB_OBJ_CPA_AGREEMENT, saved, sizeof(saved), &bytes);

    if (!err && party->plan.plan.agreement == KB_SESSION_DH)
        err = kb_agree_restore_dh(&party->agree, &party->as.dh.config, bytes);
    else if (!err)
        err = kb_agree_restore_edhoc(&party->agree, &party->as.edhoc.config, bytes);
    kb_wipe(saved, sizeof(saved));
    return err;
}

static void leave(struct party *party)
{
    if (party->agree.kind)
        kb_agree_end(&party->agree);
    kb_wipe(party, sizeof(*party));
}

enum kb_err kb_cpa_agreement_start(struct kb_card *card, uint8_t *kind, struct kb_writer *message,
                                   struct kb_writer *saved)
{
    struct party party;
    enum kb_err err = prepare(card, kb_span(NULL, 0), 0, &party);

    if (!err)
        err = begin(&party);
    if (!err)
        err = kb_agree_step(&party.agree, kb_span(NULL, 0), message);
    if (!err)
        kb_agree_save(&party.agree, saved);
    *kind = party.plan.plan.agreement;
    leave(&party);
    return err || !saved->is_bad ? err : KB_ERR_TOO_LONG;
}

static enum kb_err export_keys(const struct kb_agree *agree,
                               const struct kb_export_binding *binding, struct kb_writer *out)
{
    static const struct {
        uint16_t what;
        uint8_t number;
    } keys[] = {
        /* In the order of struct kb_cpa_keys. */
        {KB_EXPORT_IDENTITY, 0},
        {KB_EXPORT_K, 0},
        {KB_EXPORT_OPC, 0},
        {KB_EXPORT_KIC, OPERATOR_KEY_SET},
        {KB_EXPORT_KID, OPERATOR_KEY_SET},
        {KB_EXPORT_KIK, OPERATOR_KEY_SET},
    };
    enum kb_err err = KB_OK;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !err; i++) {
        uint8_t *key = kb_wr_reserve(out, KB_CPA_KEY);

        err = key ? kb_export(agree, binding, (enum kb_export_what)keys[i].what, keys[i].number,
                              key, KB_CPA_KEY)
                  : KB_ERR_TOO_LONG;
    }
    return err;
}

/* What came out of a step that went well. */
static enum kb_err gather(struct party *party, struct kb_span id_o, struct kb_cpa_agreed *agreed)
{
    uint8_t digits[KB_ID_SC_MAX];
    const struct kb_export_binding binding = {id_sc_of(party->card, digits), id_o};

    agreed->kind = party->plan.plan.agreement;
    agreed->is_again = kb_agree_state(&party->agree) != KB_AGREE_DONE;
    if (!agreed->is_again)
        return export_keys(&party->agree, &binding, &agreed->saved);
    kb_agree_save(&party->agree, &agreed->saved);
    return agreed->saved.is_bad ? KB_ERR_TOO_LONG : KB_OK;
}

/* Its own frame: the party is gone before the list of those taken back is read. */
static enum kb_session_reason step(struct kb_card *card, const struct kb_session_message *command,
                                   struct kb_cpa_agreed *agreed,
                                   uint8_t operators_key[KB_CURVE_SIZE], bool *has_key)
{
    enum kb_session_reason reason = KB_REASON_NONE;
    struct party party;
    enum kb_err err = prepare(card, command->id_o, command->time, &party);
    bool is_edhoc = party.plan.plan.agreement == KB_SESSION_EDHOC;

    if (!err)
        err = restore(&party);
    if (!err)
        err = kb_agree_step(&party.agree, command->agree, &agreed->message);
    if (!err)
        err = gather(&party, command->id_o, agreed);
    if (err)
        reason = is_edhoc && party.as.edhoc.is_refused ? KB_REASON_CREDENTIAL : KB_REASON_AGREEMENT;
    *has_key = !err && is_edhoc && !agreed->is_again;
    if (*has_key)
        memcpy(operators_key, party.as.edhoc.operators_key, KB_CURVE_SIZE);
    leave(&party);
    return reason;
}

enum kb_session_reason kb_cpa_agreement_take(struct kb_card *card,
                                             const struct kb_session_message *command,
                                             struct kb_cpa_agreed *agreed)
{
    uint8_t operators_key[KB_CURVE_SIZE];
    bool has_key;
    enum kb_session_reason reason = step(card, command, agreed, operators_key, &has_key);

    if (!reason && has_key && kb_cpa_revoked_judge(card, operators_key))
        reason = KB_REASON_CREDENTIAL;
    return reason;
}
