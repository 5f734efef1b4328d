/* SPDX-License-Identifier: Apache-2.0 */
/* The application server: the way of a personalization, and whom it lets go it. */
#include "tests/service/as_rig.h"

#include <string.h>

#include "agree/revoked.h"
#include "service/as_inside.h"

static struct as_rig rig;
static struct letters answers;
static uint8_t room[RIG_MESSAGE];
static struct kb_session_message heard;

static int enter(void **state)
{
    (void)state;
    rig_enter(&rig);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    rig_leave(&rig);
    return 0;
}

static struct kb_span text_span(const char *text)
{
    return kb_span(text, strlen(text));
}

static void assert_span(struct kb_span actual, struct kb_span expected)
{
    assert_int_equal(actual.len, expected.len);
    if (expected.len)
        assert_memory_equal(actual.data, expected.data, expected.len);
}

/* The only letter is for this server; what it says. */
static struct kb_session_message told_server(const char *server)
{
    struct kb_session_message message;

    assert_int_equal(answers.count, 1);
    assert_int_equal(answers.at[0].mail.kind, KB_MAIL_SERVER);
    assert_string_equal(answers.at[0].mail.peer, server);
    assert_int_equal(kb_session_read(answers.at[0].mail.body, &message), KB_OK);
    return message;
}

static void told_card(struct fake_card *card, enum kb_session_kind kind, uint32_t session)
{
    assert_true(card_reads(card, &answers, room, &heard));
    assert_int_equal(heard.kind, kind);
    assert_int_equal(heard.session, session);
}

static void say(struct fake_card *card, enum kb_session_kind kind, uint32_t session)
{
    struct kb_session_message message = message_of(kind, session);

    card_says(&rig, card, &message, &answers);
}

static void answer(const struct fake_card *card, enum kb_session_kind kind, uint32_t session)
{
    struct kb_session_message message = server_message_of(kind, session, card);

    server_says(&rig, "ps-one", &message, &answers);
}

static void ask(struct fake_card *card, struct kb_session_message request)
{
    card_says(&rig, card, &request, &answers);
}

static void goes_the_way(struct fake_card card)
{
    struct kb_session_message asked;

    ask(&card, request_of(1, "001-01"));
    asked = told_server("ps-one");
    assert_int_equal(asked.kind, KB_SESSION_AGREE);
    assert_int_equal(asked.agreement, KB_SESSION_EDHOC);
    assert_span(asked.id_sc, text_span(card.id_sc));
    assert_span(asked.id_o, text_span("001-01"));
    assert_span(asked.agree, share_1);
    assert_span(asked.credential, text_span("the card's token"));
    answer(&card, KB_SESSION_AGREE, 1);
    assert_int_equal(answers.count, card.bearer == KB_MAIL_SMS ? 2 : 1);
    told_card(&card, KB_SESSION_COMMAND, 1);
    assert_int_equal(heard.command, KB_COMMAND_PERSONALIZE);
    assert_span(heard.id_o, text_span("001-01"));
    assert_span(heard.admin_code, text_span(card.code));
    assert_span(heard.agree, share_2);
    assert_int_equal(heard.time, rig.now);
    say(&card, KB_SESSION_AGREE, 1);
    asked = told_server("ps-one");
    assert_int_equal(asked.kind, KB_SESSION_AGREE);
    assert_span(asked.agree, share_3);
    assert_int_equal(asked.credential.len, 0);
    answer(&card, KB_SESSION_IDENTITY, 1);
    assert_int_equal(answers.count, 1);
    told_card(&card, KB_SESSION_IDENTITY, 1);
    assert_span(heard.sealed, sealed_identity);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_RELAYED);
    say(&card, KB_SESSION_CONFIRM, 1);
    asked = told_server("ps-one");
    assert_int_equal(asked.kind, KB_SESSION_CONFIRM);
    assert_span(asked.sealed, sealed_used);
    assert_true(rig_status(&rig, &card).has_admin_code);
    answer(&card, KB_SESSION_CONFIRM, 1);
    assert_int_equal(answers.count, 1);
    told_card(&card, KB_SESSION_CONFIRM, 1);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_FINISHED);
    assert_false(rig_status(&rig, &card).has_admin_code);
}

static void a_card_is_led_to_its_operator_by_short_messages(void **state)
{
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    goes_the_way(card);
}

static void a_card_is_led_to_its_operator_through_a_channel(void **state)
{
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    card.bearer = KB_MAIL_CHANNEL;
    goes_the_way(card);
}

static void a_card_with_old_keys_is_led_to_its_operator_under_triple_des(void **state)
{
    struct fake_card card;

    (void)state;
    rig_old_card(&rig, 1, &card);
    goes_the_way(card);
    rig_old_card(&rig, 2, &card);
    rig_close(&rig); /* and the store remembers what its keys are for */
    assert_int_equal(rig_open(&rig), KB_OK);
    card.bearer = KB_MAIL_CHANNEL;
    goes_the_way(card);
}

static void the_admin_code_is_never_readable_in_a_file_and_gone_after_success(void **state)
{
    struct fake_card card;
    struct kb_statement *st;
    uint8_t sealed[64];
    struct kb_span column;
    size_t len;

    (void)state;
    rig_card(&rig, 1, &card);
    st = kb_store_get(kb_as_store(rig.as), AS_CODE);
    kb_bind_text(st, 1, text_span(card.id_sc));
    assert_int_equal(kb_statement_step(st), KB_OK);
    column = kb_column_blob(st, 0);
    len = column.len;
    assert_in_range(len, strlen(card.code) + 1, sizeof(sealed));
    memcpy(sealed, column.data, len);
    kb_statement_end(st);
    assert_int_not_equal(rig_search(&rig, kb_span(sealed, len)), 0);
    rig_go(&rig, &card, 1, KB_AS_STEP_COMMANDED);
    assert_int_equal(rig_search(&rig, text_span(card.code)), 0);
    rig_close(&rig);
    assert_int_equal(rig_search(&rig, text_span(card.code)), 0);
    assert_int_not_equal(rig_search(&rig, kb_span(sealed, len)), 0);
    assert_int_equal(rig_open(&rig), KB_OK);
    rig_go(&rig, &card, 2, KB_AS_STEP_FINISHED);
    assert_false(rig_status(&rig, &card).has_admin_code);
    rig_close(&rig);
    assert_int_equal(rig_search(&rig, text_span(card.code)), 0);
    assert_int_equal(rig_search(&rig, kb_span(sealed, len)), 0);
    assert_int_equal(rig_search(&rig, kb_span(card.keys.kic.value, 16)), 0);
    assert_int_equal(rig_search(&rig, kb_span(card.keys.kid.value, 16)), 0);
}

static void is_refused(struct fake_card *card, struct kb_session_message request, uint8_t reason)
{
    ask(card, request);
    told_card(card, KB_SESSION_REFUSE, request.session);
    assert_int_equal(heard.reason, reason);
    assert_int_equal(rig_status(&rig, card).reason, reason);
}

static void an_operator_is_found_by_its_name_by_what_is_typed_and_by_the_makers_word(void **state)
{
    struct fake_card card, meant;
    struct kb_as_card known = {.operator= text_span("001-02"),
                               .admin_code = text_span("12345678"),
                               .credential = text_span("token")};

    (void)state;
    rig_card(&rig, 1, &card);
    ask(&card, request_of(1, "4711"));
    assert_span(told_server("ps-one").id_o, text_span("001-01"));
    is_refused(&card, request_of(2, "001-09"), KB_REASON_NO_OPERATOR);
    is_refused(&card, request_of(3, ""), KB_REASON_NO_OPERATOR);
    is_refused(&card, request_of(4, "001-03"), KB_REASON_NO_CONTRACT);
    meant = card;
    memcpy(meant.id_sc, "8949000010000000777", 20);
    known.id_sc = text_span(meant.id_sc);
    memcpy(known.kic, meant.keys.kic.value, 16);
    memcpy(known.kid, meant.keys.kid.value, 16);
    assert_int_equal(kb_as_add_card(rig.as, &known), KB_OK);
    ask(&meant, request_of(1, ""));
    assert_span(told_server("ps-two").id_o, text_span("001-02"));
}

static void a_card_without_a_token_cannot_have_the_agreement_that_needs_one(void **state)
{
    struct fake_card card;
    struct kb_as_card known = {.admin_code = text_span("12345678")};
    struct kb_session_message request = request_of(2, "001-01");

    (void)state;
    rig_card(&rig, 1, &card);
    memcpy(card.id_sc, "8949000010000000777", 20);
    known.id_sc = text_span(card.id_sc);
    memcpy(known.kic, card.keys.kic.value, 16);
    memcpy(known.kid, card.keys.kid.value, 16);
    assert_int_equal(kb_as_add_card(rig.as, &known), KB_OK);
    is_refused(&card, request_of(1, "001-01"), KB_REASON_CREDENTIAL);
    request.agreement = KB_SESSION_DH;
    ask(&card, request);
    assert_int_equal(told_server("ps-one").agreement, KB_SESSION_DH);
    assert_int_equal(told_server("ps-one").credential.len, 0);
}

static void a_user_who_has_not_chosen_is_offered_those_with_a_contract(void **state)
{
    struct fake_card card;
    struct kb_session_message wanting = {
        .kind = KB_SESSION_REQUEST, .session = 1, .wants_operators = true};
    struct kb_session_operator operators[KB_SESSION_OPERATORS];

    (void)state;
    rig_card(&rig, 1, &card);
    ask(&card, wanting);
    told_card(&card, KB_SESSION_COMMAND, 1);
    assert_int_equal(heard.command, KB_COMMAND_CHOOSE);
    assert_int_equal(heard.admin_code.len, 0);
    assert_int_equal(kb_session_operators_read(heard.operators, operators), 2);
    assert_span(operators[0].id_o, text_span("001-01"));
    assert_span(operators[0].name, text_span("Alder"));
    assert_span(operators[1].id_o, text_span("001-02"));
    ask(&card, request_of(2, "001-02"));
    assert_int_equal(told_server("ps-two").session, 2);
}

static void a_finished_card_is_refused_and_its_last_word_heard_again(void **state)
{
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    rig_go(&rig, &card, 1, KB_AS_STEP_FINISHED);
    ask(&card, request_of(2, "001-01"));
    told_card(&card, KB_SESSION_REFUSE, 2);
    assert_int_equal(heard.reason, KB_REASON_FINISHED);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_FINISHED);
    say(&card, KB_SESSION_CONFIRM, 1);
    told_card(&card, KB_SESSION_CONFIRM, 1);
    assert_int_equal(kb_as_start(rig.as, text_span(card.id_sc)), KB_ERR_RULE);
}

static void what_the_card_refuses_its_server_hears_and_the_card_is_answered(void **state)
{
    struct kb_session_message refuse = message_of(KB_SESSION_REFUSE, 1);
    struct kb_session_message told;
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    rig_go(&rig, &card, 1, KB_AS_STEP_RELAYED);
    refuse.reason = KB_REASON_NOT_ATTACHED;
    refuse.sealed = sealed_used;
    card_says(&rig, &card, &refuse, &answers);
    assert_int_equal(answers.count, 2);
    assert_int_equal(kb_session_read(answers.at[0].mail.body, &told), KB_OK);
    assert_int_equal(told.kind, KB_SESSION_REFUSE);
    assert_int_equal(told.reason, KB_REASON_NOT_ATTACHED);
    assert_span(told.sealed, sealed_used);
    told_card(&card, KB_SESSION_REFUSE, 1);
    assert_int_equal(heard.reason, KB_REASON_NOT_ATTACHED);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_REFUSED);
    assert_true(rig_status(&rig, &card).has_admin_code);
    rig_go(&rig, &card, 2, KB_AS_STEP_FINISHED);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_FINISHED);
}

static void what_the_server_refuses_the_card_hears_until_it_has_its_identity(void **state)
{
    static const unsigned steps[] = {KB_AS_STEP_ASKED, KB_AS_STEP_COMMANDED, KB_AS_STEP_AGREED};
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    for (uint32_t i = 0; i < 3; i++) {
        rig_go(&rig, &card, i + 1, steps[i]);
        answer(&card, KB_SESSION_REFUSE, i + 1);
        told_card(&card, KB_SESSION_REFUSE, i + 1);
        assert_int_equal(heard.reason, KB_REASON_NO_IDENTITY);
    }
    rig_go(&rig, &card, 4, KB_AS_STEP_RELAYED);
    answer(&card, KB_SESSION_REFUSE, 4);
    assert_int_equal(answers.count, 0);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_RELAYED);
}

/* A server that says so early, because its register saw the subscriber or because it lies. */
static void a_success_that_the_card_did_not_tell_of_is_none(void **state)
{
    struct kb_session_message refuse = message_of(KB_SESSION_REFUSE, 1);
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    rig_go(&rig, &card, 1, KB_AS_STEP_RELAYED);
    answer(&card, KB_SESSION_CONFIRM, 1);
    assert_int_equal(answers.count, 0);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_RELAYED);
    assert_true(rig_status(&rig, &card).has_admin_code);
    refuse.reason = KB_REASON_NOT_ATTACHED;
    refuse.sealed = sealed_used;
    card_says(&rig, &card, &refuse, &answers);
    told_card(&card, KB_SESSION_REFUSE, 1);
    rig_go(&rig, &card, 2, KB_AS_STEP_FINISHED);
    assert_false(rig_status(&rig, &card).has_admin_code);
}

/* A list with this number and so many entries; nobody here looks at its signature. */
static struct kb_span list_of(uint64_t number, uint64_t count, uint8_t *bytes, size_t cap)
{
    static const uint8_t key[KB_P256_PRIVATE] = {[KB_P256_PRIVATE - 1] = 7};
    static const uint8_t fingerprint[KB_REVOKED_FINGERPRINT];
    uint8_t entries[2000], claims[2200];
    struct kb_writer wr = kb_wr(entries, sizeof(entries)), all = kb_wr(claims, sizeof(claims)),
                     out = kb_wr(bytes, cap);
    struct kb_revoked list = {.issuer = text_span("Operators"), .issued = 1, .number = number};

    for (; list.count < count; list.count++)
        kb_revoked_put_entry(&wr, text_span("k"), fingerprint);
    list.entries = kb_wr_span(&wr);
    kb_revoked_put_claims(&all, &list);
    assert_int_equal(kb_sign1_put(&kb_crypto_openssl, key, kb_wr_span(&all), &out), KB_OK);
    assert_false(wr.is_bad || all.is_bad);
    return kb_wr_span(&out);
}

/* The list in a COMMAND to a card that has seen this one. */
static size_t list_sent(struct fake_card *card, uint32_t session, uint64_t seen)
{
    struct kb_session_message request = request_of(session, "001-01");

    request.revoked_seen = seen;
    ask(card, request);
    answer(card, KB_SESSION_AGREE, session);
    told_card(card, KB_SESSION_COMMAND, session);
    assert_span(heard.agree, share_2);
    return heard.revoked.len;
}

static void a_newer_list_of_revoked_operators_comes_with_the_command_if_it_fits(void **state)
{
    uint8_t bytes[2400];
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    assert_int_equal(list_sent(&card, 1, 0), 0);
    rig_close(&rig);
    rig.revoked = list_of(5, 3, bytes, sizeof(bytes));
    assert_int_equal(rig_open(&rig), KB_OK);
    assert_int_equal(list_sent(&card, 2, 0), rig.revoked.len);
    assert_memory_equal(heard.revoked.data, bytes, rig.revoked.len);
    assert_int_equal(list_sent(&card, 3, 4), rig.revoked.len);
    assert_int_equal(list_sent(&card, 4, 5), 0);
    assert_int_equal(list_sent(&card, 5, 6), 0);
    rig_close(&rig);
    rig.revoked = list_of(6, 80, bytes, sizeof(bytes));
    assert_int_equal(rig_open(&rig), KB_OK);
    assert_int_equal(list_sent(&card, 6, 5), 0);
    rig_close(&rig);
    rig.revoked.len--;
    assert_int_equal(rig_open(&rig), KB_ERR_MALFORMED);
    rig.revoked.len = 0;
    assert_int_equal(rig_open(&rig), KB_OK);
}

static void a_card_is_told_to_begin_at_the_number_its_maker_knew(void **state)
{
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    assert_int_equal(kb_as_start(rig.as, text_span(card.id_sc)), KB_OK);
    assert_int_equal(kb_as_start(rig.as, text_span("123")), KB_ERR_ABSENT);
    assert_int_equal(kb_as_commit(rig.as), KB_OK);
    answers.count = 0;
    assert_int_equal(rig_collect(&rig, &answers), KB_OK);
    assert_int_equal(answers.count, 1);
    told_card(&card, KB_SESSION_COMMAND, 0);
    assert_int_equal(heard.command, KB_COMMAND_START);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_NEW);
}

static void answers_go_to_where_the_newest_packet_came_from(void **state)
{
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    rig_go(&rig, &card, 1, KB_AS_STEP_COMMANDED);
    memcpy(card.number, "+999", 5);
    say(&card, KB_SESSION_AGREE, 1);
    answer(&card, KB_SESSION_IDENTITY, 1);
    assert_string_equal(answers.at[0].mail.peer, "+999");
}

static void a_card_may_be_made_known_twice_but_not_otherwise(void **state)
{
    struct kb_as_card card = {.id_sc = text_span("8949000010000000777"),
                              .admin_code = text_span("12345678"),
                              .kic = {1},
                              .kid = {2},
                              .number = text_span("+1")};

    (void)state;
    assert_int_equal(kb_as_add_card(rig.as, &card), KB_OK);
    assert_int_equal(kb_as_add_card(rig.as, &card), KB_OK);
    card.kid[15] = 1;
    assert_int_equal(kb_as_add_card(rig.as, &card), KB_ERR_EXISTS);
    card.kid[15] = 0;
    card.has_old_keys = true;
    assert_int_equal(kb_as_add_card(rig.as, &card), KB_ERR_EXISTS);
    card.has_old_keys = false;
    card.admin_code = text_span("12345679");
    assert_int_equal(kb_as_add_card(rig.as, &card), KB_ERR_EXISTS);
    card.admin_code = text_span("");
    assert_int_equal(kb_as_add_card(rig.as, &card), KB_ERR_MALFORMED);
    card.admin_code = text_span("1234567A");
    assert_int_equal(kb_as_add_card(rig.as, &card), KB_ERR_MALFORMED);
}

static void an_operators_code_is_its_alone(void **state)
{
    const struct kb_as_operator other = {.id_o = text_span("001-02"),
                                         .name = text_span("Birch"),
                                         .code = text_span("4711"),
                                         .server = text_span("ps-two"),
                                         .has_contract = true};

    (void)state;
    assert_int_equal(kb_as_set_operator(rig.as, &other), KB_ERR_EXISTS);
    assert_int_equal(kb_as_commit(rig.as), KB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
        TEST(a_card_is_led_to_its_operator_by_short_messages),
        TEST(a_card_is_led_to_its_operator_through_a_channel),
        TEST(a_card_with_old_keys_is_led_to_its_operator_under_triple_des),
        TEST(the_admin_code_is_never_readable_in_a_file_and_gone_after_success),
        TEST(an_operator_is_found_by_its_name_by_what_is_typed_and_by_the_makers_word),
        TEST(a_card_without_a_token_cannot_have_the_agreement_that_needs_one),
        TEST(a_user_who_has_not_chosen_is_offered_those_with_a_contract),
        TEST(a_finished_card_is_refused_and_its_last_word_heard_again),
        TEST(what_the_card_refuses_its_server_hears_and_the_card_is_answered),
        TEST(what_the_server_refuses_the_card_hears_until_it_has_its_identity),
        TEST(a_success_that_the_card_did_not_tell_of_is_none),
        TEST(a_newer_list_of_revoked_operators_comes_with_the_command_if_it_fits),
        TEST(a_card_is_told_to_begin_at_the_number_its_maker_knew),
        TEST(answers_go_to_where_the_newest_packet_came_from),
        TEST(a_card_may_be_made_known_twice_but_not_otherwise),
        TEST(an_operators_code_is_its_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
