/* SPDX-License-Identifier: Apache-2.0 */
/* EDHOC between two parties (RFC 9528): all suites, both backends against one another, credentials
 * named and sent, negotiation, EAD. */
#include "tests/agree/rig.h"
#include "wire/cbor.h"

static const int16_t all_suites[] = {0, 1, 2, 3};

static void assert_same_keys(const struct rig *rig)
{
    uint8_t left[32], right[32];

    assert_int_equal(kb_agree_export(&rig->card.agree, 0x9000, kb_span("x", 1), left, 32), KB_OK);
    assert_int_equal(kb_agree_export(&rig->operator_.agree, 0x9000, kb_span("x", 1), right, 32),
                     KB_OK);
    assert_memory_equal(left, right, sizeof(left));
}

/* Bytes of message 1-4 by kid and by value, with the credentials of the rig (docs/agree.md). */
static const struct {
    size_t by_kid[5], by_value[5];
} sizes[] = {
    {{0, 37, 45, 19, 9}, {0, 37, 195, 167, 9}},
    {{0, 37, 53, 36, 17}, {0, 37, 203, 183, 17}},
    {{0, 37, 45, 19, 9}, {0, 37, 197, 169, 9}},
    {{0, 37, 53, 36, 17}, {0, 37, 205, 185, 17}},
};

static void both_backends_agree_in_every_suite(void **state)
{
    const struct kb_crypto *card = backend_of(state);
    const struct kb_crypto *operator_ =
        card == &kb_crypto_openssl ? &kb_crypto_mbedtls : &kb_crypto_openssl;
    struct rig_message messages[6];
    struct rig rig;

    for (int names = RIG_BY_KID; names <= RIG_BY_VALUE; names++) {
        rig_set_up(&rig, card, operator_, (enum rig_names)names);
        for (size_t i = 0; i < 4; i++) {
            const size_t *expected = names == RIG_BY_KID ? sizes[i].by_kid : sizes[i].by_value;

            rig_offer(&rig, &all_suites[i], 1);
            rig_start_edhoc(&rig);
            assert_int_equal(rig_run(&rig, messages), 4);
            assert_int_equal(kb_agree_suite(&rig.card.agree), all_suites[i]);
            assert_same_keys(&rig);
            for (size_t number = 1; number <= 4; number++) {
                if (messages[number].len != expected[number])
                    fail_msg("suite %zu, message_%zu: %zu bytes", i, number, messages[number].len);
            }
        }
        assert_int_equal(rig.card.trust.subject_len, 6);
        assert_memory_equal(rig.card.trust.subject, "001-01", 6);
        assert_memory_equal(rig.operator_.trust.subject, "8988219000000117833", 19);
    }
}

/* Believes whatever key comes, as a caller may that pins the key or learns it at first sight. */
static enum kb_err take_claims(void *context, struct kb_span id_cred, struct kb_edhoc_peer *peer)
{
    enum kb_credential_header header;
    struct kb_credential credential;

    (void)context;
    assert_int_equal(kb_credential_read_id(id_cred, &header, &peer->cred), KB_OK);
    assert_int_equal(header, KB_CREDENTIAL_KCCS);
    assert_int_equal(kb_credential_read_claims(peer->cred, &credential), KB_OK);
    peer->curve = credential.curve;
    memcpy(peer->public_key, credential.public_key, sizeof(peer->public_key));
    return KB_OK;
}

/* The claims inside of a token of the rig, as { 14: CCS }. */
static void show_claims(struct rig_party *party, size_t curve, uint8_t id_cred[256])
{
    struct kb_edhoc_identity *identity = &party->identities[curve];
    struct kb_cursor rd = kb_rd(identity->cred);
    struct kb_writer wr = kb_wr(id_cred, 256);
    struct kb_span claims;

    kb_cbor_head(&rd, KB_CBOR_ARRAY);
    kb_cbor_bstr(&rd);
    kb_cbor_item(&rd);
    claims = kb_cbor_bstr(&rd);
    kb_credential_put_id(&wr, KB_CREDENTIAL_KCCS, claims);
    identity->id_cred = kb_wr_span(&wr);
    identity->cred = kb_span(id_cred + 2, claims.len);
    party->edhoc.find_peer = take_claims;
}

static void claims_that_nobody_signed_can_be_sent_as_well(void **state)
{
    struct rig_message messages[6];
    uint8_t card[256], operator_[256];
    struct rig rig;

    for (size_t curve = 0; curve < RIG_CURVES; curve++) {
        rig_set_up(&rig, backend_of(state), &kb_crypto_openssl, RIG_BY_VALUE);
        show_claims(&rig.card, curve, card);
        show_claims(&rig.operator_, curve, operator_);
        rig_offer(&rig, &all_suites[2 - 2 * curve], 1);
        rig_start_edhoc(&rig);
        assert_int_equal(rig_run(&rig, messages), 4);
        assert_same_keys(&rig);
    }
}

static void without_message_4_both_are_done_after_three(void **state)
{
    struct rig_message messages[6];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), &kb_crypto_openssl, RIG_BY_KID);
    rig_offer(&rig, all_suites, 4);
    rig.card.edhoc.has_message_4 = rig.operator_.edhoc.has_message_4 = false;
    rig_start_edhoc(&rig);
    assert_int_equal(rig_run(&rig, messages), 3);
    assert_same_keys(&rig);
}

static void identifiers_of_every_shape_reach_the_other_side(void **state)
{
    static const uint8_t identifiers[][8] = {{0},    {0x00},       {0x17},    {0x18},
                                             {0x1F}, {0x20},       {0x37},    {0x38},
                                             {0xFF}, {0x00, 0x01}, "12345678"};
    static const size_t lengths[] = {0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 8};
    struct rig_message messages[6];
    struct rig rig;

    rig_set_up(&rig, &kb_crypto_openssl, &kb_crypto_openssl, RIG_BY_KID);
    rig_offer(&rig, all_suites, 1);
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        const struct kb_edhoc_identifier *heard = &rig.operator_.agree.as.edhoc.peer_connection;
        size_t other = sizeof(lengths) / sizeof(lengths[0]) - 1 - i;

        rig.card.edhoc.connection = kb_span(identifiers[i], lengths[i]);
        rig.operator_.edhoc.connection = kb_span(identifiers[other], lengths[other]);
        rig_start_edhoc(&rig);
        rig_run(&rig, messages);
        assert_int_equal(heard->len, lengths[i]);
        assert_memory_equal(heard->bytes, identifiers[i], 8);
        heard = &rig.card.agree.as.edhoc.peer_connection;
        assert_int_equal(heard->len, lengths[other]);
        assert_memory_equal(heard->bytes, identifiers[other], 8);
    }
}

static enum kb_err step(struct rig_party *party, struct kb_span in, struct kb_writer *out,
                        uint8_t buffer[KB_AGREE_MESSAGE_MAX])
{
    *out = kb_wr(buffer, KB_AGREE_MESSAGE_MAX);
    return kb_agree_step(&party->agree, in, out);
}

/* Clause 6.3.2, example 1: suite 0 is refused, 2 is named; the second message_1 has [0, 2]. */
static void a_refused_suite_is_followed_by_one_that_the_responder_named(void **state)
{
    static const int16_t card[] = {0, 2, 3}, operator_[] = {3, 2};
    uint8_t a[KB_AGREE_MESSAGE_MAX], b[KB_AGREE_MESSAGE_MAX];
    struct kb_writer out;
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, card, 3);
    rig.operator_.edhoc.suites = operator_;
    rig.operator_.edhoc.suite_count = 2;
    rig_start_edhoc(&rig);
    assert_int_equal(step(&rig.card, kb_span(NULL, 0), &out, a), KB_OK);
    assert_memory_equal(a, "\x03\x00\x58\x20", 4);
    assert_int_equal(step(&rig.operator_, kb_wr_span(&out), &out, b), KB_ERR_VERSION);
    assert_int_equal(out.len, 4);
    assert_memory_equal(b, "\x02\x82\x03\x02", 4);
    assert_int_equal(step(&rig.card, kb_wr_span(&out), &out, a), KB_OK);
    assert_memory_equal(a, "\x03\x82\x00\x02\x58\x20", 6);
    /* A new agreement on the other side takes it from there. */
    assert_int_equal(kb_agree_edhoc(&rig.operator_.agree, KB_AGREE_RESPONDER, &rig.operator_.edhoc),
                     KB_OK);
    rig_deliver(&rig, 1, kb_wr_span(&out));
    assert_true(rig_is_done(&rig.card) && rig_is_done(&rig.operator_));
    assert_int_equal(kb_agree_suite(&rig.card.agree), 2);
    assert_same_keys(&rig);
}

/* Clause 5.2.3: whoever takes preferred suites out of the list, or puts some in, is found out. */
static void a_responder_insists_on_the_first_suite_both_have(void **state)
{
    static const struct {
        const char *offer, *answer;
        size_t offer_len, answer_len;
    } cases[] = {
        {"\x03\x82\x00\x02", "\x02\x82\x00\x02", 4, 4},     /* [0, 2], and 0 would do */
        {"\x03\x82\x02\x18\x19", "\x02\x82\x00\x02", 5, 4}, /* [2, 25] */
        {"\x03\x18\x18", "\x02\x82\x00\x02", 3, 4},         /* 24 */
        {"\x03\x34", "\x02\x82\x00\x02", 2, 4},             /* -21, of private use */
    };
    static const int16_t suites[] = {0, 2};
    uint8_t message[64] = {0}, buffer[KB_AGREE_MESSAGE_MAX];
    struct kb_writer out;
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, suites, 2);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kb_writer wr = kb_wr(message, sizeof(message));

        rig_start_edhoc(&rig);
        kb_wr_copy(&wr, cases[i].offer, cases[i].offer_len);
        kb_wr_u16(&wr, 0x5820);
        kb_wr_fill(&wr, 9, 32);
        kb_wr_u8(&wr, 0x0E);
        assert_int_equal(step(&rig.operator_, kb_wr_span(&wr), &out, buffer), KB_ERR_VERSION);
        assert_int_equal(out.len, cases[i].answer_len);
        assert_memory_equal(buffer, cases[i].answer, out.len);
    }
}

static void an_initiator_gives_up_when_no_suite_is_left(void **state)
{
    static const struct {
        const char *error;
        size_t len;
        enum kb_err err;
    } errors[] = {
        {"\x02\x03", 2, KB_ERR_VERSION}, /* suite 3, which it does not have */
        {"\x02\x00", 2, KB_ERR_PEER},    /* suite 0, just refused */
        {"\x02\x82\x18\x18\x18\x19", 6, KB_ERR_VERSION},
        {"\x02\x81\x02", 3, KB_ERR_PEER}, /* an array of one */
        {"\x01\x60", 2, KB_ERR_PEER},
        {"\x03\xF5", 2, KB_ERR_PEER},
        {"\x03\xF4", 2, KB_ERR_PEER},
        {"\x00\xF6", 2, KB_ERR_PEER},
        {"\x38\x63\xA0", 3, KB_ERR_PEER}, /* -100, for whatever */
        {"\x02", 1, KB_ERR_PEER},
        {"\x02\x02\x02", 3, KB_ERR_PEER},
    };
    static const int16_t suites[] = {0, 2};
    uint8_t buffer[KB_AGREE_MESSAGE_MAX];
    struct kb_writer out;
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, suites, 2);
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        rig_start_edhoc(&rig);
        assert_int_equal(step(&rig.card, kb_span(NULL, 0), &out, buffer), KB_OK);
        assert_int_equal(step(&rig.card, kb_span(errors[i].error, errors[i].len), &out, buffer),
                         errors[i].err);
        assert_int_equal(out.len, 0); /* an error is not answered */
        assert_int_equal(kb_agree_state(&rig.card.agree), KB_AGREE_FAILED);
        assert_int_equal(step(&rig.card, kb_span(NULL, 0), &out, buffer), KB_ERR_USAGE);
    }
}

static void an_initiator_starts_over_only_once(void **state)
{
    static const int16_t suites[] = {0, 2, 3};
    uint8_t buffer[KB_AGREE_MESSAGE_MAX];
    struct kb_writer out;
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, suites, 3);
    rig_start_edhoc(&rig);
    assert_int_equal(step(&rig.card, kb_span(NULL, 0), &out, buffer), KB_OK);
    assert_int_equal(step(&rig.card, kb_span("\x02\x02", 2), &out, buffer), KB_OK);
    assert_int_equal(step(&rig.card, kb_span("\x02\x03", 2), &out, buffer), KB_ERR_PEER);
}

/* What each side was handed. */
struct heard {
    unsigned message, count;
    uint16_t label;
    bool is_critical;
    uint8_t value[8];
    size_t len;
};

static enum kb_err hear(void *context, unsigned message, const struct kb_ead *item)
{
    struct heard *heard = context;

    if (item->label != 100)
        return KB_ERR_ABSENT;
    heard[message].message = message;
    heard[message].count++;
    heard[message].label = item->label;
    heard[message].is_critical = item->is_critical;
    heard[message].len = item->value.len;
    if (item->value.len)
        memcpy(heard[message].value, item->value.data, item->value.len);
    return KB_OK;
}

static void data_of_the_application_travels_in_every_message(void **state)
{
    const struct kb_ead items[4][3] = {
        {{0, false, false, {NULL, 0}}, {100, false, true, kb_span("one", 3)}},
        {{100, true, true, kb_span("two", 3)}, {0, false, true, kb_span("pad", 3)}},
        {{100, true, false, {NULL, 0}}, {7, false, true, kb_span("unknown", 7)}},
        {{7, false, false, {NULL, 0}}, {100, false, true, kb_span("four", 4)}}};
    struct heard by_card[5], by_operator[5];
    struct rig_message messages[6];
    struct rig rig;

    memset(by_card, 0, sizeof(by_card));
    memset(by_operator, 0, sizeof(by_operator));
    rig_set_up(&rig, backend_of(state), &kb_crypto_openssl, RIG_BY_KID);
    rig_offer(&rig, all_suites, 4);
    for (size_t i = 0; i < 4; i++) {
        struct rig_party *from = i % 2 ? &rig.operator_ : &rig.card;

        from->edhoc.ead[i] = (struct kb_ead_list){items[i], 2};
    }
    rig.card.edhoc.take_ead = rig.operator_.edhoc.take_ead = hear;
    rig.card.edhoc.take_context = by_card;
    rig.operator_.edhoc.take_context = by_operator;
    rig_start_edhoc(&rig);
    assert_int_equal(rig_run(&rig, messages), 4);
    assert_same_keys(&rig);
    assert_memory_equal(by_operator[1].value, "one", 3);
    assert_memory_equal(by_card[2].value, "two", 3);
    assert_true(by_card[2].is_critical && by_operator[3].is_critical);
    assert_int_equal(by_operator[3].len, 0);
    assert_memory_equal(by_card[4].value, "four", 4);
    for (size_t i = 1; i <= 4; i++)
        assert_int_equal((i % 2 ? by_operator : by_card)[i].count, 1);
}

static void a_critical_item_that_nobody_knows_ends_the_agreement(void **state)
{
    const struct kb_ead unknown = {8, true, true, kb_span("?", 1)};
    struct rig rig;

    rig_set_up(&rig, backend_of(state), &kb_crypto_openssl, RIG_BY_KID);
    rig_offer(&rig, all_suites, 4);
    for (size_t i = 0; i < 4; i++) {
        struct rig_party *from = i % 2 ? &rig.operator_ : &rig.card;

        from->edhoc.ead[i] = (struct kb_ead_list){&unknown, 1};
        rig_start_edhoc(&rig);
        rig_deliver(&rig, 0, kb_span(NULL, 0));
        assert_false(rig_is_done(&rig.card));
        /* Nobody tells the operator that message_4 was not welcome but the error that follows. */
        assert_int_equal(rig_is_done(&rig.operator_), i == 3);
        from->edhoc.ead[i] = (struct kb_ead_list){NULL, 0};
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(both_backends_agree_in_every_suite),
        BOTH(claims_that_nobody_signed_can_be_sent_as_well),
        BOTH(without_message_4_both_are_done_after_three),
        cmocka_unit_test(identifiers_of_every_shape_reach_the_other_side),
        BOTH(a_refused_suite_is_followed_by_one_that_the_responder_named),
        BOTH(a_responder_insists_on_the_first_suite_both_have),
        BOTH(an_initiator_gives_up_when_no_suite_is_left),
        BOTH(an_initiator_starts_over_only_once),
        BOTH(data_of_the_application_travels_in_every_message),
        BOTH(a_critical_item_that_nobody_knows_ends_the_agreement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
