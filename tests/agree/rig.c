/* SPDX-License-Identifier: Apache-2.0 */
/* A card and an operator that can agree. */
#include "tests/agree/rig.h"

static const enum kb_curve curves[RIG_CURVES] = {KB_CURVE_P256, KB_CURVE_X25519};

static enum kb_err fill(void *context, void *out, size_t len)
{
    struct rig_party *party = context;

    fill_from_seed(&party->seed, out, len);
    return KB_OK;
}

/* The tokens of the peer, known by their kid. */
static enum kb_err look_up(void *context, struct kb_span kid, struct kb_span *token)
{
    const struct rig_party *party = context;

    for (size_t i = 0; i < RIG_CURVES; i++) {
        const struct kb_span id = party->peer->identities[i].id_cred;

        if (kid.len == 1 && id.data[id.len - 1] == kid.data[0]) {
            *token = party->peer->identities[i].cred;
            return KB_OK;
        }
    }
    return KB_ERR_ABSENT;
}

static void issue_one(const struct kb_crypto *crypto, const struct rig_root *root,
                      struct rig_party *party, struct kb_credential *claims, size_t i,
                      enum rig_names names, uint8_t kid)
{
    struct kb_writer token = kb_wr(party->tokens[i], sizeof(party->tokens[i]));
    struct kb_writer id = kb_wr(party->id_creds[i], sizeof(party->id_creds[i]));
    const struct kb_random random = {fill, party};

    claims->curve = curves[i];
    assert_int_equal(
        kb_curve_keypair(crypto, &random, curves[i], party->private_keys[i], claims->public_key),
        KB_OK);
    assert_int_equal(kb_credential_sign(crypto, root->private_key, claims, &token), KB_OK);
    if (names == RIG_BY_KID)
        kb_credential_put_id(&id, KB_CREDENTIAL_KID, kb_span(&kid, 1));
    else
        kb_credential_put_id(&id, KB_CREDENTIAL_KCWT, kb_wr_span(&token));
    assert_false(id.is_bad);
    party->identities[i] = (struct kb_edhoc_identity){
        .curve = curves[i],
        .private_key = party->private_keys[i],
        .id_cred = kb_wr_span(&id),
        .cred = kb_wr_span(&token),
    };
}

void rig_issue(const struct kb_crypto *crypto, const struct rig_root *root, struct rig_party *party,
               const char *subject, int64_t not_before, int64_t expires, enum rig_names names,
               char kid)
{
    struct kb_credential claims = {
        .issuer = root->root.name,
        .subject = kb_span(subject, strlen(subject)),
        .not_before = not_before,
        .expires = expires,
    };

    /* A kid for each curve: two keys, two names. */
    for (size_t i = 0; i < RIG_CURVES; i++)
        issue_one(crypto, root, party, &claims, i, names, (uint8_t)((size_t)kid + i));
}

static void make_root(struct rig_root *root, const char *name, uint64_t seed)
{
    fill_from_seed(&seed, root->private_key, sizeof(root->private_key));
    assert_int_equal(kb_crypto_openssl.p256_public(root->private_key, root->public_key), KB_OK);
    root->root.name = kb_span(name, strlen(name));
    root->root.public_key = root->public_key;
}

static void set_up_party(struct rig *rig, struct rig_party *party, const struct kb_crypto *crypto,
                         const struct rig_root *root, const struct rig_party *peer)
{
    static const uint8_t connections[] = {0x0E, 0x27};

    party->peer = peer;
    party->trust = (struct kb_trust){
        .crypto = crypto,
        .roots = &root->root,
        .root_count = 1,
        .now = &rig->now,
        .look_up = look_up,
        .context = party,
    };
    party->edhoc = (struct kb_edhoc_config){
        .crypto = crypto,
        .random = {fill, party},
        .identities = party->identities,
        .identity_count = RIG_CURVES,
        .connection = kb_span(&connections[party == &rig->card], 1),
        .has_message_4 = true,
        .find_peer = kb_trust_find_peer,
        .find_context = &party->trust,
    };
    party->dh = (struct kb_dh_config){
        .crypto = crypto,
        .random = {fill, party},
        .binding = kb_span("8988219000000117833/001-01", 26),
    };
}

void rig_set_up(struct rig *rig, const struct kb_crypto *card, const struct kb_crypto *operator_,
                enum rig_names names)
{
    memset(rig, 0, sizeof(*rig));
    rig->now = RIG_NOW;
    rig->card.seed = 0x63617264;
    rig->operator_.seed = 0x6F706572;
    make_root(&rig->maker, "Maker", 0x6D616B65);
    make_root(&rig->operators, "Operators", 0x726F6F74);
    /* mbed TLS signs with the nonce of RFC 6979, so that a rig is always the same. */
    rig_issue(&kb_crypto_mbedtls, &rig->maker, &rig->card, "8988219000000117833", 0, 0, names,
              0x05);
    rig_issue(&kb_crypto_mbedtls, &rig->operators, &rig->operator_, "001-01", RIG_NOW - 1000,
              RIG_NOW + 1000, names, 0x2B);
    set_up_party(rig, &rig->card, card, &rig->operators, &rig->operator_);
    set_up_party(rig, &rig->operator_, operator_, &rig->maker, &rig->card);
}

void rig_offer(struct rig *rig, const int16_t *values, size_t count)
{
    struct rig_party *const parties[] = {&rig->card, &rig->operator_};

    for (size_t i = 0; i < 2; i++) {
        parties[i]->edhoc.suites = parties[i]->dh.groups = values;
        parties[i]->edhoc.suite_count = parties[i]->dh.group_count = count;
    }
}

static void reseed(struct rig *rig)
{
    rig->card.seed = 0x63617265;
    rig->operator_.seed = 0x6F706573;
}

void rig_start_edhoc(struct rig *rig)
{
    reseed(rig);
    assert_int_equal(kb_agree_edhoc(&rig->card.agree, KB_AGREE_INITIATOR, &rig->card.edhoc), KB_OK);
    assert_int_equal(
        kb_agree_edhoc(&rig->operator_.agree, KB_AGREE_RESPONDER, &rig->operator_.edhoc), KB_OK);
}

void rig_start_dh(struct rig *rig)
{
    reseed(rig);
    assert_int_equal(kb_agree_dh(&rig->card.agree, KB_AGREE_INITIATOR, &rig->card.dh), KB_OK);
    assert_int_equal(kb_agree_dh(&rig->operator_.agree, KB_AGREE_RESPONDER, &rig->operator_.dh),
                     KB_OK);
}

bool rig_is_done(const struct rig_party *party)
{
    return kb_agree_state(&party->agree) == KB_AGREE_DONE;
}

size_t rig_run(struct rig *rig, struct rig_message *messages)
{
    struct kb_span in = {NULL, 0};
    size_t number = 0;

    do {
        struct rig_message *message = &messages[++number];
        struct kb_agree *to = number % 2 ? &rig->card.agree : &rig->operator_.agree;
        struct kb_writer out = kb_wr(message->bytes, sizeof(message->bytes));

        assert_in_range(number, 1, 5);
        assert_int_equal(kb_agree_step(to, in, &out), KB_OK);
        message->len = out.len;
        message->card = rig->card.agree;
        message->operator_ = rig->operator_.agree;
        in = kb_wr_span(&out);
    } while (in.len);
    assert_true(rig_is_done(&rig->card) && rig_is_done(&rig->operator_));
    return number - 1;
}

void rig_deliver(struct rig *rig, size_t number, struct kb_span message)
{
    uint8_t buffers[2][KB_AGREE_MESSAGE_MAX];

    /* The first answer may be an error; nothing answers an error but a second start. */
    for (size_t round = 0; round < 8; round++, number++) {
        struct kb_agree *to = number % 2 ? &rig->operator_.agree : &rig->card.agree;
        struct kb_writer out = kb_wr(buffers[round % 2], sizeof(buffers[0]));

        (void)kb_agree_step(to, message, &out);
        message = kb_wr_span(&out);
        if (!message.len)
            return;
    }
    fail_msg("the exchange does not end");
}
