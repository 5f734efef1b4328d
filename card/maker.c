/* SPDX-License-Identifier: Apache-2.0 */
/* PUT OBJECT, SET STATUS and GENERATE KEY (docs/apdu.md clauses 2.2, 2.4 and 2.5). */

#include "card/maker.h"

#include "agree/revoked.h"
#include "card/card.h"
#include "card/cpa/plan.h"
#include "card/files/commands.h"
#include "card/ota/remote_keys.h"
#include "card/perso/profile.h"
#include "crypto/secret.h"

enum {
    CLA = 0x80,
    INS_PUT_OBJECT = 0x44,
    P1_CARD = 0x80,
    STATIC_KEY = 1 + KB_CURVE_SIZE, /* curve, private key */
    CREDENTIAL_MAX = 1 + KB_KID_MAX + KB_CREDENTIAL_MAX,
    ROOT_MAX = 1 + KB_CREDENTIAL_NAME_MAX + KB_P256_PUBLIC,
    OPERATORS_MAX = 255,
    COUNTER = 5,
    DRAWS_MAX = 8 /* one number in 2^32 is no private key on P-256 */
};

/* The objects a maker fills, and how long they are; LOAD ALGORITHM, GENERATE KEY and the card
 * itself write the others. */
static const struct {
    uint16_t first, count, min, max;
} writable[] = {
    {KB_OBJ_SERIAL, 1, 1, 20},
    {KB_OBJ_MAKER_KEY, 1, KB_P256_PUBLIC, KB_P256_PUBLIC},
    {KB_OBJ_ATR, 1, 2, KB_ATR_MAX},
    {KB_OBJ_PERSO_TRIES, KB_FIELDS, 2, 2},
    {KB_OBJ_PERSO_CODE, KB_FIELDS, 16, 16},
    {KB_OBJ_PIN, KB_PINS, KB_PIN_OBJECT, KB_PIN_OBJECT},
    {KB_OBJ_PIN_TRIES, KB_PINS, KB_PIN_TRIES_OBJECT, KB_PIN_TRIES_OBJECT},
    {KB_OBJ_KI, KB_SUBSCRIPTIONS, KB_KI_SHORT, KB_KI_LONG},
    {KB_OBJ_OPC, KB_SUBSCRIPTIONS, KB_KI_SHORT, KB_KI_LONG},
    {KB_OBJ_AKA, KB_SUBSCRIPTIONS, KB_PROFILE_SIZE, KB_PROFILE_SIZE},
    {KB_OBJ_CNTR_IN, 1, COUNTER, COUNTER},
    {KB_OBJ_CNTR_OUT, 1, COUNTER, COUNTER},
    {KB_OBJ_CREDENTIAL, 1, 3, CREDENTIAL_MAX},
    {KB_OBJ_OPERATORS_ROOT, 1, 1 + 1 + KB_P256_PUBLIC, ROOT_MAX},
    {KB_OBJ_REVOKED, 1, 1, KB_NVM_OBJECT_MAX},
    {KB_OBJ_CPA_PLAN, 1, 1, KB_CPA_PLAN_MAX},
    {KB_OBJ_CPA_OPERATORS, 1, 1, OPERATORS_MAX},
    {KB_OBJ_SECRET, KB_SECRETS_OF_PLANS, 1, 255},
    {KB_OBJ_REMOTE_KEYS, KB_REMOTE_SETS, KB_REMOTE_HEAD, KB_REMOTE_SET_MAX},
    {KB_OBJ_REMOTE_CNTR, KB_REMOTE_SETS, COUNTER, COUNTER},
    {KB_OBJ_CPLC, 1, KB_GP_CPLC, KB_GP_CPLC},
    {KB_OBJ_GP_KEYS, KB_GP_SETS, 2, 2 + KB_GP_KEYS *KB_SCP03_KEY_MAX},
    {KB_OBJ_GP_DATA, KB_GP_DATA, 1, 255},
};

/* What a card with a plan for the air does not leave its maker without. */
static const struct {
    uint16_t object;
    bool is_for_edhoc; /* the agreement without credentials goes without */
} needed[] = {{KB_OBJ_CNTR_IN, false},
              {KB_OBJ_CNTR_OUT, false},
              {KB_OBJ_STATIC_KEY, true},
              {KB_OBJ_CREDENTIAL, true},
              {KB_OBJ_OPERATORS_ROOT, true}};

/* --- PUT OBJECT --- */

static bool is_zero(struct kb_span value)
{
    unsigned any = 0;

    for (size_t i = 0; i < value.len; i++)
        any |= value.data[i];
    return any == 0;
}

static bool is_counter(uint16_t object)
{
    return object == KB_OBJ_CNTR_IN || object == KB_OBJ_CNTR_OUT ||
           (object >= KB_OBJ_REMOTE_CNTR && object < KB_OBJ_REMOTE_CNTR + KB_REMOTE_SETS);
}

/* Further rules of single objects. */
static enum kb_sw check_value(const struct kb_card *card, uint16_t object, struct kb_span value)
{
    struct kb_cpa_plan plan;

    if (object == KB_OBJ_MAKER_KEY && kb_nvm_has(&card->nvm, object))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (object == KB_OBJ_CPA_PLAN && kb_cpa_plan_read(value, &plan))
        return KB_SW_INCORRECT_DATA;
    if (object >= KB_OBJ_KI && object < KB_OBJ_OPC + KB_SUBSCRIPTIONS && value.len % 16)
        return KB_SW_INCORRECT_DATA;
    if (object >= KB_OBJ_AKA && object < KB_OBJ_AKA + KB_SUBSCRIPTIONS && kb_sim_check_aka(value))
        return KB_SW_INCORRECT_DATA;
    if (is_counter(object) && !is_zero(value))
        return KB_SW_INCORRECT_DATA;
    if (object >= KB_OBJ_REMOTE_KEYS && object < KB_OBJ_REMOTE_CNTR && kb_remote_set_check(value))
        return KB_SW_INCORRECT_DATA;
    if (object >= KB_OBJ_GP_KEYS && object < KB_OBJ_GP_KEYS + KB_GP_SETS && !kb_gp_is_set(value))
        return KB_SW_INCORRECT_DATA;
    return KB_SW_OK;
}

static enum kb_sw check_object(const struct kb_card *card, uint16_t object, struct kb_span value)
{
    for (size_t i = 0; i < sizeof(writable) / sizeof(writable[0]); i++) {
        if (object < writable[i].first || object >= writable[i].first + writable[i].count)
            continue;
        if (value.len < writable[i].min || value.len > writable[i].max)
            return KB_SW_INCORRECT_DATA;
        return check_value(card, object, value);
    }
    return KB_SW_REFERENCED_DATA_NOT_FOUND;
}

enum kb_sw kb_maker_put_object(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    uint16_t object = kb_apdu_p1p2(cmd);
    enum kb_err err;
    enum kb_sw sw;

    (void)out;
    if (card->life_cycle != KB_LIFE_ADMINISTRATIVE)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    sw = check_object(card, object, cmd->data);
    if (sw != KB_SW_OK)
        return sw;
    err = kb_nvm_put(&card->nvm, object, cmd->data.data, cmd->data.len);
    if (err)
        return kb_files_sw(err);
    kb_sim_reset(card);
    return kb_pin_reset(card) ? KB_SW_MEMORY_PROBLEM : KB_SW_OK;
}

bool kb_maker_may_chain(const struct kb_card *card, const struct kb_apdu *cmd)
{
    return card->life_cycle == KB_LIFE_ADMINISTRATIVE && cmd->cla == CLA &&
           cmd->ins == INS_PUT_OBJECT;
}

/* --- SET STATUS --- */

/* KB_SW_CONDITIONS_NOT_SATISFIED: the card has a plan for the air, and lacks what that needs. */
static enum kb_sw check_air(struct kb_nvm *nvm)
{
    uint8_t bytes[KB_CPA_PLAN_MAX];
    size_t len = kb_nvm_size(nvm, KB_OBJ_CPA_PLAN);
    struct kb_cpa_plan plan;

    if (!len)
        return KB_SW_OK;
    if (len > sizeof(bytes) || kb_nvm_read(nvm, KB_OBJ_CPA_PLAN, 0, bytes, len) ||
        kb_cpa_plan_read(kb_span(bytes, len), &plan))
        return KB_SW_MEMORY_PROBLEM;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (needed[i].is_for_edhoc && plan.agreement != KB_SESSION_EDHOC)
            continue;
        if (!kb_nvm_has(nvm, needed[i].object))
            return KB_SW_CONDITIONS_NOT_SATISFIED;
    }
    return KB_SW_OK;
}

enum kb_sw kb_maker_set_status(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    const uint8_t secured = KB_LIFE_SECURED;
    enum kb_err err;
    enum kb_sw sw;

    (void)out;
    if (cmd->p1 != P1_CARD || cmd->p2 != KB_LIFE_SECURED)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (card->life_cycle != KB_LIFE_ADMINISTRATIVE || !card->perso.image_size)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    sw = check_air(&card->nvm);
    if (sw != KB_SW_OK)
        return sw;
    err = kb_nvm_put(&card->nvm, KB_OBJ_LIFE_CYCLE, &secured, 1);
    if (!err)
        card->life_cycle = secured;
    return kb_files_sw(err);
}

/* --- GENERATE KEY --- */

static size_t public_size(uint8_t curve)
{
    if (curve == KB_CURVE_P256)
        return KB_P256_PUBLIC;
    return curve == KB_CURVE_X25519 ? KB_X25519_SIZE : 0;
}

/* Draws from the card's own generator until the number is a private key. */
static enum kb_err draw_key(const struct kb_card_port *port, uint8_t curve,
                            uint8_t private_key[KB_CURVE_SIZE], uint8_t public_key[KB_P256_PUBLIC])
{
    enum kb_err err = KB_ERR_RANGE;

    for (unsigned draw = 0; draw < DRAWS_MAX && err == KB_ERR_RANGE; draw++) {
        err = port->random(port->random_ctx, private_key, KB_CURVE_SIZE);
        if (!err && curve == KB_CURVE_P256)
            err = port->crypto->p256_public(private_key, public_key);
        else if (!err)
            err = port->crypto->x25519_public(private_key, public_key);
    }
    return err;
}

/* A credential speaks of the key that was there before, and goes with it. */
static enum kb_err keep_key(struct kb_nvm *nvm, const uint8_t key[STATIC_KEY])
{
    enum kb_err err = kb_nvm_begin(nvm);

    if (!err)
        err = kb_nvm_put(nvm, KB_OBJ_STATIC_KEY, key, STATIC_KEY);
    if (!err && kb_nvm_has(nvm, KB_OBJ_CREDENTIAL))
        err = kb_nvm_delete(nvm, KB_OBJ_CREDENTIAL);
    if (!err)
        err = kb_nvm_commit(nvm);
    if (err)
        kb_nvm_rollback(nvm);
    return err;
}

enum kb_sw kb_maker_generate_key(struct kb_card *card, const struct kb_apdu *cmd,
                                 struct kb_writer *out)
{
    uint8_t key[STATIC_KEY], public_key[KB_P256_PUBLIC];
    enum kb_sw sw = KB_SW_NO_PRECISE_DIAGNOSIS;

    if (card->life_cycle != KB_LIFE_ADMINISTRATIVE)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len != 1)
        return KB_SW_WRONG_LENGTH;
    key[0] = cmd->data.data[0];
    if (!public_size(key[0]))
        return KB_SW_INCORRECT_DATA;
    if (!draw_key(card->port, key[0], key + 1, public_key)) {
        sw = kb_files_sw(keep_key(&card->nvm, key));
        kb_wr_copy(out, public_key, public_size(key[0]));
    }
    kb_wipe(key, sizeof(key));
    return sw;
}
