/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cpa/provider.h"

#include "agree/revoked.h"
#include "card/cpa/cpa.h"
#include "card/ota/inbox.h"

static const uint8_t card_kid[] = {0x2A};

/* --- People --- */

static enum kb_err fill(void *context, void *out, size_t len)
{
    struct provider *provider = context;

    fill_from_seed(&provider->seed, out, len);
    return KB_OK;
}

static void make_root(struct provider *provider, struct root *root, const char *name)
{
    fill(provider, root->private_key, sizeof(root->private_key));
    assert_int_equal(kb_crypto_openssl.p256_public(root->private_key, root->public_key), KB_OK);
    root->is = (struct kb_credential_root){kb_span(name, strlen(name)), root->public_key};
}

static void make_key(struct provider *provider, struct party *party, enum kb_curve curve)
{
    const struct kb_random random = {fill, provider};

    party->curve = curve;
    assert_int_equal(
        kb_curve_keypair(&kb_crypto_openssl, &random, curve, party->private_key, party->public_key),
        KB_OK);
}

static void issue(const struct root *root, struct party *party, const char *subject,
                  int64_t not_before, int64_t expires)
{
    struct kb_writer token = kb_wr(party->token_bytes, sizeof(party->token_bytes));
    struct kb_credential claims = {.issuer = root->is.name,
                                   .subject = kb_span(subject, strlen(subject)),
                                   .not_before = not_before,
                                   .expires = expires,
                                   .curve = party->curve};

    memcpy(claims.public_key, party->public_key, sizeof(claims.public_key));
    assert_int_equal(kb_credential_sign(&kb_crypto_mbedtls, root->private_key, &claims, &token),
                     KB_OK);
    party->token = kb_wr_span(&token);
}

void provider_issue(struct provider *provider, const struct root *root, const char *subject,
                    int64_t not_before, int64_t expires)
{
    issue(root, &provider->own, subject, not_before, expires);
}

size_t provider_revoke(const struct root *root, uint64_t number, const struct party *who,
                       uint8_t *bytes, size_t cap)
{
    uint8_t fingerprint[KB_REVOKED_FINGERPRINT], entry[64], claims[256];
    struct kb_writer entries = kb_wr(entry, sizeof(entry)), wr = kb_wr(claims, sizeof(claims));
    struct kb_writer out = kb_wr(bytes, cap);
    struct kb_revoked list = {.issuer = root->is.name, .issued = 1, .number = number, .count = 1};

    assert_int_equal(kb_credential_fingerprint(&kb_crypto_openssl, who->public_key, fingerprint),
                     KB_OK);
    kb_revoked_put_entry(&entries, kb_span("\x01", 1), fingerprint);
    list.entries = kb_wr_span(&entries);
    kb_revoked_put_claims(&wr, &list);
    assert_int_equal(kb_sign1_put(&kb_crypto_mbedtls, root->private_key, kb_wr_span(&wr), &out),
                     KB_OK);
    return out.len;
}

void provider_start(struct provider *provider, enum kb_curve curve)
{
    memset(provider, 0, sizeof(*provider));
    provider->seed = 0x70726F76;
    provider->id_sc = "8988219000000117833";
    provider->id_o = "001-01";
    provider->admin_code = "31415926";
    provider->agreement = KB_SESSION_EDHOC;
    provider->suites[0] = curve == KB_CURVE_P256 ? 2 : 0;
    provider->suite_count = 1;
    provider->time = PROVIDER_NOW;
    provider->gives = (struct kb_identity){.imsi = kb_span("001010123456789", 15),
                                           .mnc_length = 2,
                                           .name = kb_span("Test Net", 8),
                                           .centre = kb_span("+49170123", 9)};
    make_root(provider, &provider->maker, "Maker");
    make_root(provider, &provider->operators, "Operators");
    make_key(provider, &provider->card, curve);
    make_key(provider, &provider->own, curve);
    issue(&provider->maker, &provider->card, provider->id_sc, 0, 0);
    provider_issue(provider, &provider->operators, provider->id_o, PROVIDER_NOW - 1000,
                   PROVIDER_NOW + 1000);
    provider->keys.number = KB_OTA_KEY_SET;
    provider->keys.cc_len = 8;
    provider_use_old_keys(provider, false);
    provider->keys.kic.len = provider->keys.kid.len = 16;
    fill(provider, provider->keys.kic.value, 16);
    fill(provider, provider->keys.kid.value, 16);
    provider_ready(provider);
}

void provider_use_old_keys(struct provider *provider, bool is_old)
{
    provider->keys.is_old = is_old;
    provider->keys.kic.algorithm = provider->keys.kid.algorithm =
        is_old ? KB_ALGORITHM_3DES2 : KB_ALGORITHM_AES;
}

static enum kb_err look_up(void *context, struct kb_span kid, struct kb_span *token)
{
    const struct provider *provider = context;

    if (kid.len != sizeof(card_kid) || kid.data[0] != card_kid[0])
        return KB_ERR_ABSENT;
    *token = provider->card.token;
    return KB_OK;
}

static void ready_dh(struct provider *provider)
{
    size_t len = strlen(provider->id_sc);

    memcpy(provider->binding, provider->id_sc, len + 1);
    memcpy(provider->binding + len + 1, provider->id_o, strlen(provider->id_o));
    provider->dh = (struct kb_dh_config){
        .crypto = &kb_crypto_openssl,
        .random = {fill, provider},
        .groups = provider->suites,
        .group_count = provider->suite_count,
        .binding = kb_span(provider->binding, len + 1 + strlen(provider->id_o))};
}

void provider_ready(struct provider *provider)
{
    static const uint8_t connection[] = {0x27};
    struct kb_writer id = kb_wr(provider->id_cred, sizeof(provider->id_cred));

    kb_credential_put_id(&id, KB_CREDENTIAL_KCWT, provider->own.token);
    provider->now = PROVIDER_NOW;
    provider->identity = (struct kb_edhoc_identity){.curve = provider->own.curve,
                                                    .private_key = provider->own.private_key,
                                                    .id_cred = kb_wr_span(&id),
                                                    .cred = provider->own.token};
    provider->trust = (struct kb_trust){.crypto = &kb_crypto_openssl,
                                        .roots = &provider->maker.is,
                                        .root_count = 1,
                                        .now = &provider->now,
                                        .look_up = look_up,
                                        .context = provider};
    provider->edhoc = (struct kb_edhoc_config){.crypto = &kb_crypto_openssl,
                                               .random = {fill, provider},
                                               .suites = provider->suites,
                                               .suite_count = provider->suite_count,
                                               .identities = &provider->identity,
                                               .identity_count = 1,
                                               .connection = kb_span(connection, 1),
                                               .find_peer = kb_trust_find_peer,
                                               .find_context = &provider->trust};
    ready_dh(provider);
}

/* --- Packets --- */

void provider_say(struct provider *provider, struct kb_span message)
{
    struct kb_writer wr = kb_wr(provider->packet, sizeof(provider->packet));
    struct kb_ota_command command = {
        .bearer = provider->bearer, .tar = KB_TAR_CPA, .cntr = ++provider->sent, .data = message};

    kb_spi_set(command.spi, KB_SPI_CHECK, KB_CHECK_CC);
    kb_spi_set(command.spi, KB_SPI_CIPHERING, 1);
    kb_spi_set(command.spi, KB_SPI_COUNTER, KB_COUNTER_HIGHER);
    kb_ota_command_name_keys(&command, &provider->keys);
    assert_int_equal(kb_ota_protect(&kb_crypto_openssl, &provider->keys, &command, &wr), KB_OK);
    provider->packet_len = wr.len;
}

static void say_again(struct provider *provider)
{
    if (provider->answer_len)
        provider_say(provider, kb_span(provider->answer, provider->answer_len));
}

void provider_write(struct provider *provider, const struct kb_session_message *message)
{
    struct kb_writer wr = kb_wr(provider->answer, sizeof(provider->answer));

    kb_session_write(&wr, message);
    assert_false(wr.is_bad);
    if (provider->change)
        provider->change(provider, &wr);
    provider->answer_len = wr.len;
    provider->answer_kind = (uint8_t)message->kind;
    say_again(provider);
}

/* --- Answers --- */

static void refuse(struct provider *provider, enum kb_session_reason reason)
{
    const struct kb_session_message message = {
        .kind = KB_SESSION_REFUSE, .session = provider->session, .reason = (uint8_t)reason};

    provider_write(provider, &message);
}

static struct kb_span step(struct provider *provider, struct kb_span in, uint8_t *out, size_t cap)
{
    struct kb_writer wr = kb_wr(out, cap);

    (void)kb_agree_step(&provider->agree, in, &wr);
    return kb_wr_span(&wr);
}

static void answer_request(struct provider *provider)
{
    const struct kb_session_message *request = &provider->heard;
    uint8_t out[KB_AGREE_MESSAGE_MAX];
    struct kb_session_message command = {.kind = KB_SESSION_COMMAND,
                                         .session = request->session,
                                         .command = KB_COMMAND_CHOOSE,
                                         .time = provider->time};

    provider->has_agreed = false;
    if (provider->refuses) {
        refuse(provider, provider->refuses);
        return;
    }
    if (request->wants_operators) {
        command.operators = provider->choice;
    } else {
        assert_int_equal(request->agreement, provider->agreement);
        if (provider->agreement == KB_SESSION_DH)
            assert_int_equal(kb_agree_dh(&provider->agree, KB_AGREE_RESPONDER, &provider->dh),
                             KB_OK);
        else
            assert_int_equal(kb_agree_edhoc(&provider->agree, KB_AGREE_RESPONDER, &provider->edhoc),
                             KB_OK);
        command.command = KB_COMMAND_PERSONALIZE;
        command.agree = step(provider, request->agree, out, sizeof(out));
        command.id_o = kb_span(provider->id_o, strlen(provider->id_o));
        command.admin_code = kb_span(provider->admin_code, strlen(provider->admin_code));
        command.revoked = provider->revoked;
    }
    provider_write(provider, &command);
}

static void take_secrets(struct provider *provider)
{
    static const uint16_t labels[] = {KB_EXPORT_IDENTITY, KB_EXPORT_K,   KB_EXPORT_OPC,
                                      KB_EXPORT_KIC,      KB_EXPORT_KID, KB_EXPORT_KIK};
    const struct kb_export_binding binding = {kb_span(provider->id_sc, strlen(provider->id_sc)),
                                              kb_span(provider->id_o, strlen(provider->id_o))};
    uint8_t *out = provider->secrets.seal;

    for (size_t i = 0; i < 6; i++)
        assert_int_equal(kb_export(&provider->agree, &binding, (enum kb_export_what)labels[i],
                                   i > 2 ? 2 : 0, out + 16 * i, 16),
                         KB_OK);
}

static void about(uint32_t session, enum kb_sealed_what what, uint8_t aad[4],
                  uint8_t nonce[KB_CCM_NONCE])
{
    struct kb_writer wr = kb_wr(aad, 4);

    kb_wr_u32(&wr, session);
    memset(nonce, 0, KB_CCM_NONCE);
    nonce[KB_CCM_NONCE - 1] = (uint8_t)what;
}

static void answer_agree(struct provider *provider)
{
    uint8_t out[KB_AGREE_MESSAGE_MAX], plain[KB_SESSION_SEALED_MAX], sealed[sizeof(plain) + 8];
    uint8_t aad[4], nonce[KB_CCM_NONCE];
    struct kb_writer wr = kb_wr(plain, sizeof(plain));
    struct kb_session_message message = {.kind = KB_SESSION_IDENTITY, .session = provider->session};

    step(provider, provider->heard.agree, out, sizeof(out));
    if (kb_agree_state(&provider->agree) != KB_AGREE_DONE) {
        refuse(provider, KB_REASON_AGREEMENT);
        return;
    }
    take_secrets(provider);
    provider->has_agreed = true;
    kb_identity_write(&wr, &provider->gives);
    assert_false(wr.is_bad);
    about(provider->session, KB_SEALED_IDENTITY, aad, nonce);
    assert_int_equal(kb_crypto_openssl.ccm_seal(provider->secrets.seal, nonce, kb_span(aad, 4),
                                                kb_wr_span(&wr), sealed, sealed + wr.len, 8),
                     KB_OK);
    message.sealed = kb_span(sealed, wr.len + 8);
    provider->has_released = true;
    provider_write(provider, &message);
}

static void assert_last_word(struct provider *provider, enum kb_sealed_what what, size_t len)
{
    const struct kb_span sealed = provider->heard.sealed;
    uint8_t aad[4], nonce[KB_CCM_NONCE], plain[8];

    assert_int_equal(sealed.len, len + 8);
    about(provider->session, what, aad, nonce);
    assert_int_equal(kb_crypto_openssl.ccm_open(provider->secrets.seal, nonce, kb_span(aad, 4),
                                                kb_span(sealed.data, len), sealed.data + len, 8,
                                                plain),
                     KB_OK);
    if (len)
        assert_int_equal(plain[0], provider->heard.reason);
}

static void answer_confirm(struct provider *provider)
{
    const struct kb_session_message message = {.kind = KB_SESSION_CONFIRM,
                                               .session = provider->session};

    assert_last_word(provider, KB_SEALED_USED, 0);
    provider_write(provider, &message);
}

static void answer_refuse(struct provider *provider)
{
    /* A card may give up with an AGREE on its way that nobody has heard. */
    if (provider->heard.sealed.len && provider->has_agreed) {
        assert_last_word(provider, KB_SEALED_DROPPED, 1);
        provider->dropped_seals++;
        provider->has_released = false;
    }
    refuse(provider, (enum kb_session_reason)provider->heard.reason);
}

static void hear(struct provider *provider, struct kb_span data)
{
    assert_true(data.len <= sizeof(provider->heard_bytes));
    memcpy(provider->heard_bytes, data.data, data.len);
    assert_int_equal(kb_session_read(kb_span(provider->heard_bytes, data.len), &provider->heard),
                     KB_OK);
}

static void answer(struct provider *provider)
{
    static void (*const answers[KB_SESSION_KINDS])(struct provider *) = {
        [KB_SESSION_REQUEST] = answer_request,
        [KB_SESSION_AGREE] = answer_agree,
        [KB_SESSION_CONFIRM] = answer_confirm,
        [KB_SESSION_REFUSE] = answer_refuse,
    };

    assert_non_null(answers[provider->heard.kind]);
    if (provider->heard.kind == KB_SESSION_REQUEST)
        assert_true(provider->heard.session > provider->session);
    provider->session = provider->heard.session;
    answers[provider->heard.kind](provider);
    if (provider->silent_at == provider->heard.kind)
        provider->packet_len = provider->answer_len = 0;
}

void provider_take_packet(struct provider *provider, uint8_t *packet, size_t len)
{
    struct kb_packet parsed;
    struct kb_packet_body body;
    struct kb_ota_protection protection;
    static const uint8_t tar[] = KB_TAR_SERVICE;

    if (provider->is_deaf)
        return;
    assert_int_equal(
        kb_packet_parse(kb_span(packet, len), provider->bearer, KB_PACKET_COMMAND, &parsed), KB_OK);
    assert_memory_equal(parsed.tar, tar, sizeof(tar));
    protection = kb_ota_protection(&kb_crypto_openssl, &provider->keys, parsed.spi, parsed.kid,
                                   KB_PACKET_COMMAND);
    assert_int_equal(
        kb_ota_unseal(&protection, &parsed, packet + (parsed.body.data - packet), &body), KB_OK);
    assert_int_equal(kb_ota_unpad(&protection, &body), KB_OK);
    hear(provider, body.data);
    provider->requests += provider->heard.kind == KB_SESSION_REQUEST;
    provider->agrees += provider->heard.kind == KB_SESSION_AGREE;
    provider->confirms += provider->heard.kind == KB_SESSION_CONFIRM;
    provider->refusals += provider->heard.kind == KB_SESSION_REFUSE;
    if (body.cntr == provider->taken) {
        say_again(provider);
    } else {
        assert_true(body.cntr > provider->taken);
        provider->taken = body.cntr;
        answer(provider);
    }
}

void provider_take_short_message(struct provider *provider, struct kb_span tpdu)
{
    struct kb_sms_join *whole = NULL;
    struct kb_sms sms;
    char id_sc[KB_ID_SC_MAX];

    provider->join.room = provider->join_room;
    provider->join.cap = sizeof(provider->join_room);
    assert_int_equal(kb_sms_parse(tpdu, KB_SMS_SUBMIT, &sms), KB_OK);
    assert_int_equal(sms.flags, KB_SMS_HAS_HEADER);
    assert_int_equal(sms.dcs, KB_SMS_DCS_USIM_8BIT);
    assert_int_equal(sms.pid, 0);
    assert_int_equal(kb_sms_join(&provider->join, 1, &sms.address, true, sms.user_data, &whole),
                     KB_OK);
    if (!whole)
        return;
    assert_int_equal(whole->header.packet, KB_SMS_COMMAND_PACKET);
    assert_true(whole->header.has_sender);
    assert_int_equal(kb_session_sender_digits(whole->header.sender, id_sc),
                     strlen(provider->id_sc));
    assert_memory_equal(id_sc, provider->id_sc, strlen(provider->id_sc));
    provider_take_packet(provider, whole->room, whole->contents.len);
    kb_sms_join_forget(whole);
}
