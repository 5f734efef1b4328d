/* SPDX-License-Identifier: Apache-2.0 */
/* The cards and the register of the world. */
#include "tests/service/ps_world.h"

#include "agree/export.h"

/* Nonce, associated data and order of text and tag as docs/protocol.md has them. */
static void seal(const struct world_card *card, enum kb_sealed_what what, struct kb_span text,
                 uint8_t *out)
{
    const uint8_t nonce[KB_CCM_NONCE] = {[KB_CCM_NONCE - 1] = (uint8_t)what};
    const uint8_t session[4] = {(uint8_t)(card->session >> 24), (uint8_t)(card->session >> 16),
                                (uint8_t)(card->session >> 8), (uint8_t)card->session};

    assert_int_equal(kb_crypto_mbedtls.ccm_seal(card->seal, nonce, kb_span(session, 4), text, out,
                                                out + text.len, KB_SEALED_TAG),
                     KB_OK);
}

void world_say(struct world *world, struct world_card *card, enum kb_sealed_what what,
               bool is_forged)
{
    bool is_drop = what == KB_SEALED_DROPPED;
    struct kb_session_message message =
        world_message(card, is_drop ? KB_SESSION_REFUSE : KB_SESSION_CONFIRM);
    const uint8_t reason = KB_REASON_NOT_ATTACHED;
    uint8_t sealed[1 + KB_SEALED_TAG];

    seal(card, what, kb_span(&reason, is_drop), sealed);
    sealed[0] ^= is_forged;
    message.sealed = kb_span(sealed, (size_t)is_drop + KB_SEALED_TAG);
    message.reason = is_drop ? reason : 0;
    card->has_identity &= !is_drop || is_forged;
    world_send_message(world, &message);
}

static void answer(struct world *world, enum kb_register_what what,
                   const struct kb_register_message *request)
{
    const struct kb_register_message message = {what, request->request, request->imsi, {0}, {0}};
    uint8_t body[KB_REGISTER_MAX];
    struct kb_writer wr = kb_wr(body, sizeof(body));

    kb_register_write(&wr, &message);
    assert_false(wr.is_bad);
    world_send(world, KB_MAIL_REGISTER, "register", kb_wr_span(&wr));
}

void world_report_seen(struct world *world, const char *imsi, uint64_t request)
{
    answer(world, KB_REGISTER_SEEN,
           &(struct kb_register_message){.request = request, .imsi = kb_span(imsi, strlen(imsi))});
}

/* --- The register --- */

const struct world_subscriber *world_subscriber(const struct world *world, const char *imsi)
{
    for (size_t i = 0; i < WORLD_SUBSCRIBERS; i++) {
        if (strcmp(world->subscribers[i].imsi, imsi) == 0)
            return &world->subscribers[i];
    }
    return NULL;
}

static struct world_subscriber *place_for(struct world *world, struct kb_span imsi)
{
    char text[16] = "";
    size_t i = 0;

    memcpy(text, imsi.data, imsi.len < 15 ? imsi.len : 15);
    while (world->subscribers[i].imsi[0] && strcmp(world->subscribers[i].imsi, text) != 0)
        assert_in_range(++i, 0, WORLD_SUBSCRIBERS - 1);
    memcpy(world->subscribers[i].imsi, text, sizeof(text));
    return &world->subscribers[i];
}

void world_register(struct world *world, const struct kb_mail *mail)
{
    struct kb_register_message request;
    struct world_subscriber *place;

    assert_int_equal(kb_register_read(mail->body, &request), KB_OK);
    world->to_register++;
    place = place_for(world, request.imsi);
    if (world->register_is_silent)
        return;
    if (world->register_fails || request.request < place->request) {
        answer(world, KB_REGISTER_FAILED, &request);
        return;
    }
    place->request = request.request;
    place->is_there = request.what == KB_REGISTER_CREATE;
    if (place->is_there) {
        assert_int_equal(request.k.len, WORLD_KEY);
        memcpy(place->k, request.k.data, WORLD_KEY);
        memcpy(place->opc, request.opc.data, WORLD_KEY);
    }
    answer(world, KB_REGISTER_DONE, &request);
}

/* --- The card --- */

static void export_keys(struct world_card *card)
{
    const struct kb_export_binding binding = {kb_span(card->id_sc, strlen(card->id_sc)),
                                              kb_span("001-01", 6)};

    assert_int_equal(kb_export(&card->agree, &binding, KB_EXPORT_K, 0, card->k, 16), KB_OK);
    assert_int_equal(kb_export(&card->agree, &binding, KB_EXPORT_OPC, 0, card->opc, 16), KB_OK);
    assert_int_equal(kb_export(&card->agree, &binding, KB_EXPORT_KIC, 2, card->kic, 16), KB_OK);
    assert_int_equal(kb_export(&card->agree, &binding, KB_EXPORT_IDENTITY, 0, card->seal, 16),
                     KB_OK);
}

static void card_takes_agree(struct world *world, struct world_card *card,
                             const struct kb_session_message *from)
{
    struct kb_session_message message = world_message(card, KB_SESSION_AGREE);
    uint8_t room[KB_AGREE_MESSAGE_MAX];
    struct kb_writer wr = kb_wr(room, sizeof(room));

    if (kb_agree_state(&card->agree) != KB_AGREE_WAIT_2)
        return; /* once more: it was answered */
    if (kb_agree_step(&card->agree, from->agree, &wr) != KB_OK)
        return;
    card->offers += kb_agree_state(&card->agree) == KB_AGREE_WAIT_2;
    message.agree = kb_wr_span(&wr);
    if (kb_agree_state(&card->agree) == KB_AGREE_DONE) {
        card->is_agreed = true;
        export_keys(card);
    }
    world_send_message(world, &message);
}

static void card_takes_identity(struct world *world, struct world_card *card,
                                const struct kb_session_message *from)
{
    const uint8_t nonce[KB_CCM_NONCE] = {[KB_CCM_NONCE - 1] = KB_SEALED_IDENTITY};
    const uint8_t session[4] = {(uint8_t)(card->session >> 24), (uint8_t)(card->session >> 16),
                                (uint8_t)(card->session >> 8), (uint8_t)card->session};
    size_t len = from->sealed.len - KB_SEALED_TAG;
    const struct world_subscriber *subscriber;
    struct kb_identity identity;
    uint8_t plain[KB_SESSION_SEALED_MAX];

    card->identities++;
    assert_int_equal(kb_crypto_mbedtls.ccm_open(card->seal, nonce, kb_span(session, 4),
                                                kb_span(from->sealed.data, len),
                                                from->sealed.data + len, KB_SEALED_TAG, plain),
                     KB_OK);
    assert_int_equal(kb_identity_read(kb_span(plain, len), &identity), KB_OK);
    assert_int_equal(identity.mnc_length, 2);
    memset(card->imsi, 0, sizeof(card->imsi));
    memcpy(card->imsi, identity.imsi.data, identity.imsi.len);
    /* IDENTITY never leaves before the register has these very keys. */
    subscriber = world_subscriber(world, card->imsi);
    assert_non_null(subscriber);
    assert_true(subscriber->is_there);
    assert_memory_equal(subscriber->k, card->k, WORLD_KEY);
    assert_memory_equal(subscriber->opc, card->opc, WORLD_KEY);
    if (card->identities > 1)
        return;
    card->has_identity = true;
    if (world->register_reports)
        world_report_seen(world, card->imsi, subscriber->request);
    if (card->mood == CARD_CONFIRMS)
        world_say(world, card, KB_SEALED_USED, false);
    if (card->mood == CARD_DROPS)
        world_say(world, card, KB_SEALED_DROPPED, false);
}

void world_as(struct world *world, const struct kb_mail *mail)
{
    struct kb_session_message message;

    assert_int_equal(kb_session_read(mail->body, &message), KB_OK);
    world->sent_to_as++;
    if (mail->id <= world->seen_by_as)
        return;
    world->seen_by_as = mail->id;
    for (size_t i = 0; i < WORLD_CARDS; i++) {
        struct world_card *card = &world->cards[i];

        if (message.id_sc.len != strlen(card->id_sc) || message.session != card->session ||
            memcmp(message.id_sc.data, card->id_sc, message.id_sc.len) != 0)
            continue;
        if (message.kind == KB_SESSION_AGREE)
            card_takes_agree(world, card, &message);
        else if (message.kind == KB_SESSION_IDENTITY)
            card_takes_identity(world, card, &message);
        else if (message.kind == KB_SESSION_CONFIRM)
            card->is_confirmed = true;
        else if (message.kind == KB_SESSION_REFUSE)
            card->refused = (enum kb_session_reason)message.reason;
    }
}
