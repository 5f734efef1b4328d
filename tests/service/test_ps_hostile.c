/* SPDX-License-Identifier: Apache-2.0 */
/* A PS among others who lie: nothing that is not a card's own word moves an identity, and nothing
 * that a maker has not certified agrees on keys. */
#include "tests/service/ps_world.h"

#include "agree/revoked.h"

enum { POOL = 2 };

static struct world world;

static void open_world(void)
{
    world_open(&world, NULL, POOL);
}

static void personalize(struct world_card *card)
{
    world_start(&world, card);
    world_run(&world);
}

/* The attempt came to nothing: no request to the register, nothing taken. */
static void nothing_happened(enum kb_session_reason reason)
{
    assert_false(world.cards[0].has_identity);
    assert_int_equal(world.cards[0].refused, reason);
    assert_int_equal(world.to_register, 0);
    assert_int_equal(world_count(&world, KB_PS_FREE), POOL);
    world_close(&world);
}

/* --- Credentials --- */

static void the_token_of_another_card_is_refused(void **state)
{
    (void)state;
    open_world();
    world.cards[0].token = world.cards[1].token;
    personalize(&world.cards[0]);
    nothing_happened(KB_REASON_CREDENTIAL);
}

static void a_card_that_speaks_for_another_one_is_refused(void **state)
{
    (void)state;
    open_world();
    /* The token is right; who agrees does not have its key. */
    world.cards[0].rig.card.edhoc.identities = world.cards[1].rig.card.identities;
    personalize(&world.cards[0]);
    nothing_happened(KB_REASON_AGREEMENT);
}

static void without_a_token_there_is_no_edhoc(void **state)
{
    (void)state;
    open_world();
    world.cards[0].token = kb_span(NULL, 0);
    personalize(&world.cards[0]);
    nothing_happened(KB_REASON_CREDENTIAL);
}

static void a_card_of_a_maker_that_nobody_trusts_is_refused(void **state)
{
    struct world_card *card = &world.cards[0];

    (void)state;
    open_world();
    rig_issue(&kb_crypto_mbedtls, &card->rig.operators, &card->rig.card, card->id_sc, 0, 0,
              RIG_BY_KID, 0x05);
    card->token = card->rig.card.identities[0].cred;
    personalize(card);
    nothing_happened(KB_REASON_CREDENTIAL);
}

static void a_token_that_bears_the_makers_name_but_not_its_signature_is_refused(void **state)
{
    struct world_card *card = &world.cards[0];
    struct rig_root forged;

    (void)state;
    open_world();
    forged = card->rig.operators;
    forged.root.name = card->rig.maker.root.name;
    rig_issue(&kb_crypto_mbedtls, &forged, &card->rig.card, card->id_sc, 0, 0, RIG_BY_KID, 0x05);
    card->token = card->rig.card.identities[0].cred;
    personalize(card);
    nothing_happened(KB_REASON_CREDENTIAL);
}

static void a_token_out_of_its_time_is_refused(void **state)
{
    struct world_card *card = &world.cards[0];

    (void)state;
    open_world();
    rig_issue(&kb_crypto_mbedtls, &card->rig.maker, &card->rig.card, card->id_sc, 0, RIG_NOW - 1,
              RIG_BY_KID, 0x05);
    card->token = card->rig.card.identities[0].cred;
    personalize(card);
    nothing_happened(KB_REASON_CREDENTIAL);
}

/* The list as its maker signs it, with the first card on it. */
static struct kb_span revoke(const struct rig_root *root, uint8_t *room, size_t cap)
{
    const struct rig_party *party = &world.cards[0].rig.card;
    uint8_t entries[64], claims[256], fingerprint[KB_REVOKED_FINGERPRINT];
    struct kb_writer entry = kb_wr(entries, sizeof(entries)), wr = kb_wr(claims, sizeof(claims));
    struct kb_writer out = kb_wr(room, cap);
    uint8_t public_key[KB_P256_PUBLIC];

    assert_int_equal(kb_crypto_openssl.p256_public(party->private_keys[0], public_key), KB_OK);
    assert_int_equal(kb_credential_fingerprint(&kb_crypto_openssl, public_key, fingerprint), KB_OK);
    kb_revoked_put_entry(&entry, kb_span("\x05", 1), fingerprint);
    kb_revoked_put_claims(&wr, &(struct kb_revoked){.issuer = root->root.name,
                                                    .issued = RIG_NOW,
                                                    .number = 1,
                                                    .entries = kb_wr_span(&entry),
                                                    .count = 1});
    assert_int_equal(kb_sign1_put(&kb_crypto_mbedtls, root->private_key, kb_wr_span(&wr), &out),
                     KB_OK);
    return kb_wr_span(&out);
}

static void a_card_that_its_maker_took_back_is_refused_and_others_are_not(void **state)
{
    uint8_t list[512];

    (void)state;
    open_world();
    world.config.revoked = revoke(&world.operators.maker, list, sizeof(list));
    world_reopen(&world);
    assert_int_equal(kb_ps_add_identities(world.ps, kb_span(WORLD_FIRST, 15), POOL), KB_OK);
    world_start(&world, &world.cards[0]);
    personalize(&world.cards[1]);
    world_is_personalized(&world, &world.cards[1]);
    assert_false(world.cards[0].has_identity);
    assert_int_equal(world.cards[0].refused, KB_REASON_CREDENTIAL);
    world_close(&world);
}

static void a_list_that_no_maker_signed_opens_no_server(void **state)
{
    struct kb_report why = {0};
    struct kb_ps *ps = NULL;
    uint8_t list[512];

    (void)state;
    open_world();
    world.config.revoked = revoke(&world.operators.operators, list, sizeof(list));
    assert_int_equal(kb_ps_open(&world.config, &ps, &why), KB_ERR_RULE);
    assert_null(ps);
    assert_true(strlen(why.text) > 0);
    world_close(&world);
}

/* --- Words --- */

/* A card that has an identity and says nothing. */
static struct world_card *issue(void)
{
    struct world_card *card = &world.cards[0];

    open_world();
    card->mood = CARD_IS_SILENT;
    personalize(card);
    assert_true(card->has_identity);
    return card;
}

static void still_released(const struct world_card *card)
{
    world_run(&world);
    assert_false(card->is_confirmed);
    assert_int_equal(world_count(&world, KB_PS_RELEASED), 1);
    assert_int_equal(world_count(&world, KB_PS_FREE), POOL - 1);
    assert_int_equal(world.to_register, 1);
}

static void a_forged_success_is_no_success(void **state)
{
    struct world_card *card = issue();

    (void)state;
    world_say(&world, card, KB_SEALED_USED, true);
    still_released(card);
    world_say(&world, card, KB_SEALED_USED, false);
    world_run(&world);
    world_is_personalized(&world, card);
    world_close(&world);
}

static void a_forged_drop_brings_no_identity_back(void **state)
{
    struct world_card *card = issue();
    struct kb_session_message message = world_message(card, KB_SESSION_REFUSE);

    (void)state;
    world_say(&world, card, KB_SEALED_DROPPED, true);
    still_released(card);
    message.reason = KB_REASON_NOT_ATTACHED; /* and one without a seal */
    world_send_message(&world, &message);
    still_released(card);
    world_close(&world);
}

/* Each word has a nonce of its own. */
static void a_success_cannot_be_turned_into_a_drop(void **state)
{
    struct world_card *card = issue();
    struct kb_session_message message;

    (void)state;
    world_say(&world, card, KB_SEALED_USED, false);
    assert_int_equal(kb_session_read(world.inbox[0].mail.body, &message), KB_OK);
    world.inbox_len = 0;
    message.kind = KB_SESSION_REFUSE;
    message.reason = KB_REASON_NOT_ATTACHED;
    world_send_message(&world, &message);
    still_released(card);
    world_close(&world);
}

static void the_word_of_one_attempt_says_nothing_of_another(void **state)
{
    struct world_card *card = issue();
    struct world_letter dropped;

    (void)state;
    world_say(&world, card, KB_SEALED_DROPPED, false);
    dropped = world.inbox[0];
    world.inbox_len = 0; /* kept back */
    personalize(card);
    assert_true(card->has_identity);
    world_send(&world, KB_MAIL_SERVER, "as", kb_span(dropped.body, dropped.mail.body.len));
    world_run(&world);
    assert_int_equal(world_count(&world, KB_PS_RELEASED), 1);
    assert_int_equal(world.to_register, 2);
    world_close(&world);
}

static void the_register_answers_only_what_it_was_asked(void **state)
{
    struct world_card *card = &world.cards[0];
    uint8_t body[KB_REGISTER_MAX];
    struct kb_writer wr = kb_wr(body, sizeof(body));
    struct kb_register_message done = {.what = KB_REGISTER_DONE, .request = 99};

    (void)state;
    open_world();
    world.register_is_silent = true;
    personalize(card);
    done.imsi = kb_span(WORLD_FIRST, 15);
    kb_register_write(&wr, &done);
    world_send(&world, KB_MAIL_REGISTER, "register", kb_wr_span(&wr));
    world_run(&world);
    assert_false(card->has_identity);
    assert_int_equal(world_count(&world, KB_PS_TAKEN), 1);
    world_close(&world);
}

/* --- Who is served --- */

static void a_server_that_is_not_listed_gets_no_answer(void **state)
{
    struct world_letter letter;

    (void)state;
    open_world();
    world_start(&world, &world.cards[0]);
    letter = world.inbox[0];
    world.inbox_len = 0;
    world_send(&world, KB_MAIL_SERVER, "as2", kb_span(letter.body, letter.mail.body.len));
    world_send(&world, KB_MAIL_SERVER, "", kb_span(letter.body, letter.mail.body.len));
    world_send(&world, KB_MAIL_SMS, "as", kb_span(letter.body, letter.mail.body.len));
    world_run(&world);
    assert_int_equal(world.sent_to_as, 0);
    nothing_happened(KB_REASON_NONE);
}

static void another_operator_is_none_of_ours(void **state)
{
    struct kb_session_message message;
    struct world_letter letter;

    (void)state;
    open_world();
    world_start(&world, &world.cards[0]);
    letter = world.inbox[0];
    world.inbox_len = 0;
    assert_int_equal(kb_session_read(kb_span(letter.body, letter.mail.body.len), &message), KB_OK);
    message.id_o = kb_span("999-99", 6);
    world_send_message(&world, &message);
    world_run(&world);
    nothing_happened(KB_REASON_NO_OPERATOR);
}

/* --- Every message changed --- */

typedef void change(uint8_t *body, size_t *len, size_t number);

static void flip(uint8_t *body, size_t *len, size_t number)
{
    (void)len;
    body[number / 8] ^= (uint8_t)(1u << number % 8);
}

static void cut(uint8_t *body, size_t *len, size_t number)
{
    (void)body;
    *len = number;
}

/* What waits for the PS comes in another shape. */
static void hurt(change *how, size_t number)
{
    struct world_letter *letter = &world.inbox[0];

    how(letter->body, &letter->mail.body.len, number);
}

/* A server that knows nothing yet. */
static void start_over(struct world_card *card)
{
    world.inbox_len = world.history_len = 0;
    world.seen_by_as = 0;
    world_reopen(&world);
    assert_int_equal(kb_ps_add_identities(world.ps, kb_span(WORLD_FIRST, 15), POOL), KB_OK);
    world_start(&world, card);
}

/* Of the first message, and of the last one, whose predecessor was answered as it should be. */
static void hurt_agreement(bool is_last, change *how, size_t unit, size_t step)
{
    struct world_card *card = &world.cards[0];
    size_t count = 1;

    open_world();
    for (size_t number = 0; number < count; number += step) {
        start_over(card);
        if (is_last) {
            uint8_t room[KB_MAIL_BODY_MAX];
            struct kb_mail mail;

            world_deliver(&world);
            assert_int_equal(kb_ps_outbox(world.ps, 0, &mail, room), KB_OK);
            world_as(&world, &mail);
            assert_int_equal(kb_ps_sent(world.ps, mail.id), KB_OK);
        }
        assert_int_equal(world.inbox_len, 1);
        count = world.inbox[0].mail.body.len * unit;
        hurt(how, number);
        world_run(&world);
        if (card->has_identity || world.to_register)
            fail_msg("change %zu of the %s message went through", number,
                     is_last ? "last" : "first");
    }
    world_close(&world);
}

static void a_first_message_that_was_changed_leads_nowhere(void **state)
{
    (void)state;
    hurt_agreement(false, flip, 8, 1);
    hurt_agreement(false, cut, 1, 1);
}

static void a_last_message_that_was_changed_leads_nowhere(void **state)
{
    (void)state;
    hurt_agreement(true, flip, 8, 1);
    hurt_agreement(true, cut, 1, 1);
}

static void hurt_word(enum kb_sealed_what what, change *how, size_t unit)
{
    struct world_card *card = issue();
    size_t count = 1;

    for (size_t number = 0; number < count; number++) {
        world.history_len = 0;
        world_say(&world, card, what, false);
        count = world.inbox[0].mail.body.len * unit;
        hurt(how, number);
        world_run(&world);
        if (world_count(&world, KB_PS_RELEASED) != 1)
            fail_msg("change %zu went through", number);
    }
    world_close(&world);
}

/* But for the reason in the clear, which nobody here reads. */
static void a_word_that_was_changed_says_nothing(void **state)
{
    (void)state;
    hurt_word(KB_SEALED_USED, flip, 8);
    hurt_word(KB_SEALED_USED, cut, 1);
    hurt_word(KB_SEALED_DROPPED, cut, 1);
}

/* It says something else now, or what it said, of this request. */
static bool is_an_answer(struct kb_span bytes, const struct kb_register_message *done)
{
    struct kb_register_message message;

    return !kb_register_read(bytes, &message) && message.request == done->request &&
           message.imsi.len == done->imsi.len &&
           !memcmp(message.imsi.data, done->imsi.data, done->imsi.len);
}

static void hurt_answer(const struct kb_register_message *done, change *how, size_t unit)
{
    size_t count = 1;

    for (size_t number = 0; number < count; number++) {
        uint8_t body[KB_REGISTER_MAX];
        struct kb_writer wr = kb_wr(body, sizeof(body));

        kb_register_write(&wr, done);
        assert_false(wr.is_bad);
        count = wr.len * unit;
        how(body, &wr.len, number);
        if (is_an_answer(kb_wr_span(&wr), done))
            continue;
        world.history_len = 0;
        world_send(&world, KB_MAIL_REGISTER, "register", kb_wr_span(&wr));
        world_run(&world);
        if (world.cards[0].has_identity || world_count(&world, KB_PS_TAKEN) != 1)
            fail_msg("change %zu went through", number);
    }
}

static void an_answer_of_the_register_that_was_changed_is_none(void **state)
{
    struct kb_register_message done = {
        .what = KB_REGISTER_DONE, .request = 1, .imsi = kb_span(WORLD_FIRST, 15)};
    uint8_t body[KB_REGISTER_MAX];
    struct kb_writer wr = kb_wr(body, sizeof(body));

    (void)state;
    open_world();
    world.register_is_silent = true;
    personalize(&world.cards[0]);
    hurt_answer(&done, flip, 8);
    hurt_answer(&done, cut, 1);
    kb_register_write(&wr, &done);
    world_send(&world, KB_MAIL_REGISTER, "register", kb_wr_span(&wr));
    world_deliver(&world);
    assert_int_equal(world_count(&world, KB_PS_RELEASED), 1);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_of_another_card_is_refused),
        cmocka_unit_test(a_card_that_speaks_for_another_one_is_refused),
        cmocka_unit_test(without_a_token_there_is_no_edhoc),
        cmocka_unit_test(a_card_of_a_maker_that_nobody_trusts_is_refused),
        cmocka_unit_test(a_token_that_bears_the_makers_name_but_not_its_signature_is_refused),
        cmocka_unit_test(a_token_out_of_its_time_is_refused),
        cmocka_unit_test(a_card_that_its_maker_took_back_is_refused_and_others_are_not),
        cmocka_unit_test(a_list_that_no_maker_signed_opens_no_server),
        cmocka_unit_test(a_forged_success_is_no_success),
        cmocka_unit_test(a_forged_drop_brings_no_identity_back),
        cmocka_unit_test(a_success_cannot_be_turned_into_a_drop),
        cmocka_unit_test(the_word_of_one_attempt_says_nothing_of_another),
        cmocka_unit_test(the_register_answers_only_what_it_was_asked),
        cmocka_unit_test(a_server_that_is_not_listed_gets_no_answer),
        cmocka_unit_test(another_operator_is_none_of_ours),
        cmocka_unit_test(a_first_message_that_was_changed_leads_nowhere),
        cmocka_unit_test(a_last_message_that_was_changed_leads_nowhere),
        cmocka_unit_test(a_word_that_was_changed_says_nothing),
        cmocka_unit_test(an_answer_of_the_register_that_was_changed_is_none),
    };

    return cmocka_run_group_tests_name("ps hostile", tests, NULL, NULL);
}
