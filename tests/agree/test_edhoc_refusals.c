/* SPDX-License-Identifier: Apache-2.0 */
/* What EDHOC must not accept: changed messages, others' messages, credentials that are not good. */
#include "tests/agree/hurt.h"

#include <stdlib.h>

static const int16_t all_suites[] = {2, 3, 0, 1};

static void a_message_changed_anywhere_is_refused(void **state)
{
    struct rig_message messages[6];
    struct rig rig;
    enum rig_names names = *state ? RIG_BY_VALUE : RIG_BY_KID;

    rig_set_up(&rig, &kb_crypto_openssl, &kb_crypto_openssl, names);
    for (size_t i = 0; i < 4; i++) {
        rig_offer(&rig, &all_suites[i], 1);
        rig_start_edhoc(&rig);
        assert_int_equal(rig_run(&rig, messages), 4);
        /* Long messages in one suite bit by bit, in the others at one place in five. */
        hurt_everything(&rig, messages, 4, names == RIG_BY_KID || i == 0 ? 1 : 5);
    }
}

/* On the chip's backend, fewer of them. */
static void a_changed_message_is_refused_by_mbed_tls_too(void **state)
{
    struct rig_message messages[6];
    struct rig rig;

    (void)state;
    rig_set_up(&rig, &kb_crypto_mbedtls, &kb_crypto_mbedtls, RIG_BY_KID);
    rig_offer(&rig, all_suites, 1);
    rig_start_edhoc(&rig);
    rig_run(&rig, messages);
    for (size_t number = 1; number <= 4; number++) {
        for (size_t bit = 0; bit < 8 * messages[number].len; bit += 37) {
            uint8_t bytes[KB_AGREE_MESSAGE_MAX];

            memcpy(bytes, messages[number].bytes, messages[number].len);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(
                hurt_is_refused(&rig, messages, number, kb_span(bytes, messages[number].len)));
        }
    }
}

static void messages_of_another_session_are_refused(void **state)
{
    struct rig_message first[6], second[6];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, all_suites, 4);
    rig_start_edhoc(&rig);
    rig_run(&rig, first);
    rig_start_edhoc(&rig);
    rig.card.seed++;
    rig.operator_.seed++;
    rig_run(&rig, second);
    for (size_t number = 2; number <= 4; number++)
        assert_true(hurt_is_refused(&rig, first, number,
                                    kb_span(second[number].bytes, second[number].len)));
}

static void a_message_out_of_turn_is_refused(void **state)
{
    struct rig_message messages[6];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, all_suites, 4);
    rig_start_edhoc(&rig);
    rig_run(&rig, messages);
    for (size_t number = 1; number <= 4; number++) {
        for (size_t other = 1; other <= 4; other++) {
            if (other != number)
                assert_true(hurt_is_refused(&rig, messages, number,
                                            kb_span(messages[other].bytes, messages[other].len)));
        }
    }
}

static void an_initiator_refuses_its_own_message_back(void **state)
{
    struct rig_message messages[6];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, all_suites, 4);
    rig_start_edhoc(&rig);
    rig_run(&rig, messages);
    /* message_1 starts like an error with code 3; message_3 is not message_4. */
    assert_true(hurt_is_refused(&rig, messages, 2, kb_span(messages[1].bytes, messages[1].len)));
    assert_true(hurt_is_refused(&rig, messages, 4, kb_span(messages[3].bytes, messages[3].len)));
}

/* Both ends of the line are the same card: somebody reflects what it says to another session of it.
 * The roots would be fine with that. */
static void a_party_does_not_agree_with_itself(void **state)
{
    struct rig rig;

    for (int names = RIG_BY_KID; names <= RIG_BY_VALUE; names++) {
        rig_set_up(&rig, backend_of(state), backend_of(state), (enum rig_names)names);
        rig_offer(&rig, all_suites, 4);
        rig.card.trust.roots = &rig.maker.root;
        rig.card.peer = &rig.card;
        rig_start_edhoc(&rig);
        assert_int_equal(kb_agree_edhoc(&rig.operator_.agree, KB_AGREE_RESPONDER, &rig.card.edhoc),
                         KB_OK);
        rig_deliver(&rig, 0, kb_span(NULL, 0));
        assert_false(rig_is_done(&rig.card) || rig_is_done(&rig.operator_));
    }
}

/* Runs until both stop; the first one to refuse says why. */
static enum kb_err first_refusal(struct rig *rig)
{
    uint8_t buffers[2][KB_AGREE_MESSAGE_MAX];
    struct kb_span in = {NULL, 0};

    rig_start_edhoc(rig);
    for (size_t number = 0; number < 6; number++) {
        struct kb_agree *to = number % 2 ? &rig->operator_.agree : &rig->card.agree;
        struct kb_writer out = kb_wr(buffers[number % 2], sizeof(buffers[0]));
        enum kb_err err = kb_agree_step(to, in, &out);

        if (err) {
            rig_deliver(rig, number + 1, kb_wr_span(&out));
            assert_false(rig_is_done(&rig->card) || rig_is_done(&rig->operator_));
            return err;
        }
        in = kb_wr_span(&out);
        if (!in.len)
            break;
    }
    return KB_OK;
}

static void a_credential_of_another_root_is_refused(void **state)
{
    struct rig rig;

    for (int names = RIG_BY_KID; names <= RIG_BY_VALUE; names++) {
        rig_set_up(&rig, backend_of(state), backend_of(state), (enum rig_names)names);
        rig_offer(&rig, all_suites, 4);
        assert_int_equal(first_refusal(&rig), KB_OK);
        /* Cards for operators, operators for cards: by the name of the issuer. */
        rig.card.trust.roots = &rig.maker.root;
        assert_int_equal(first_refusal(&rig), KB_ERR_RULE);
        /* The right name, another key. */
        rig.card.trust.roots = &rig.operators.root;
        memcpy(rig.operators.public_key, rig.maker.public_key, sizeof(rig.maker.public_key));
        assert_int_equal(first_refusal(&rig), KB_ERR_INTEGRITY);
    }
}

static void a_credential_counts_only_in_its_time(void **state)
{
    static const struct {
        int64_t now;
        enum kb_err err;
    } times[] = {{RIG_NOW - 1001, KB_ERR_RANGE},
                 {RIG_NOW - 1000, KB_OK},
                 {RIG_NOW + 999, KB_OK},
                 {RIG_NOW + 1000, KB_ERR_RANGE}};
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_VALUE);
    rig_offer(&rig, all_suites, 4);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        rig.now = times[i].now;
        assert_int_equal(first_refusal(&rig), times[i].err);
    }
    rig.card.trust.now = NULL; /* a card without a clock */
    assert_int_equal(first_refusal(&rig), KB_OK);
}

static void a_kid_that_nobody_knows_is_told_with_error_3(void **state)
{
    uint8_t a[KB_AGREE_MESSAGE_MAX], b[KB_AGREE_MESSAGE_MAX];
    struct kb_writer out = kb_wr(a, sizeof(a)), answer = kb_wr(b, sizeof(b));
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    rig_offer(&rig, all_suites, 4);
    rig.card.peer = &rig.card; /* knows its own kid only */
    rig_start_edhoc(&rig);
    assert_int_equal(kb_agree_step(&rig.card.agree, kb_span(NULL, 0), &out), KB_OK);
    assert_int_equal(kb_agree_step(&rig.operator_.agree, kb_wr_span(&out), &answer), KB_OK);
    out = kb_wr(a, sizeof(a));
    assert_int_equal(kb_agree_step(&rig.card.agree, kb_wr_span(&answer), &out), KB_ERR_ABSENT);
    assert_int_equal(out.len, 2);
    assert_memory_equal(a, "\x03\xF5", 2);
    answer = kb_wr(b, sizeof(b));
    assert_int_equal(kb_agree_step(&rig.operator_.agree, kb_wr_span(&out), &answer), KB_ERR_PEER);
    assert_int_equal(answer.len, 0);
}

/* Somebody shows another one's credential and has not its key. */
static void a_credential_without_its_key_is_refused(void **state)
{
    struct rig_party *party;
    struct rig rig;

    for (size_t i = 0; i < 2; i++) {
        for (size_t curve = 0; curve < RIG_CURVES; curve++) {
            rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_VALUE);
            rig_offer(&rig, &all_suites[2 * curve], 1);
            party = i ? &rig.card : &rig.operator_;
            party->private_keys[curve][5] ^= 1;
            assert_int_equal(first_refusal(&rig), KB_ERR_INTEGRITY);
        }
    }
}

static void a_credential_on_another_curve_is_refused(void **state)
{
    struct kb_edhoc_identity *identity;
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_VALUE);
    rig_offer(&rig, all_suites, 1);
    identity = &rig.operator_.identities[0];
    identity->id_cred = rig.operator_.identities[1].id_cred;
    identity->cred = rig.operator_.identities[1].cred;
    assert_int_equal(first_refusal(&rig), KB_ERR_RULE);
}

static enum kb_err dislike(void *context, const struct kb_credential *credential)
{
    (void)context;
    assert_int_equal(credential->subject.len, 6);
    return KB_ERR_RULE;
}

static void the_caller_has_the_last_word_on_a_credential(void **state)
{
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_VALUE);
    rig_offer(&rig, all_suites, 1);
    rig.card.trust.judge = dislike;
    assert_int_equal(first_refusal(&rig), KB_ERR_RULE);
    assert_int_equal(rig.card.trust.subject_len, 0);
}

/* G_X and G_Y that are no points, or of low order: the share of message_1 and of message_2. */
static void degenerate_shares_are_refused(void **state)
{
    static const uint8_t shares[][32] = {
        {0},
        {1},
        {[31] = 1},
        {[31] = 7}, /* P-256: no point; X25519: order 4, 1, ... */
        {0xED, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
         0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
         0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F},
        {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
         0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
         0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}};
    struct rig_message messages[6];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_KID);
    for (size_t i = 0; i < 4; i++) {
        rig_offer(&rig, &all_suites[i], 1);
        rig_start_edhoc(&rig);
        rig_run(&rig, messages);
        for (size_t s = 0; s < sizeof(shares) / sizeof(shares[0]); s++) {
            for (size_t number = 1; number <= 2; number++) {
                uint8_t bytes[KB_AGREE_MESSAGE_MAX];

                memcpy(bytes, messages[number].bytes, messages[number].len);
                memcpy(bytes + (number == 1 ? 4 : 2), shares[s], 32);
                assert_true(
                    hurt_is_refused(&rig, messages, number, kb_span(bytes, messages[number].len)));
            }
        }
    }
}

static void no_room_for_an_answer_is_an_error_and_not_an_overflow(void **state)
{
    struct rig_message messages[6];
    struct rig rig;

    rig_set_up(&rig, &kb_crypto_openssl, &kb_crypto_openssl, RIG_BY_VALUE);
    rig_offer(&rig, all_suites, 1);
    (void)state;
    rig_start_edhoc(&rig);
    rig_run(&rig, messages);
    for (size_t number = 1; number <= 3; number++) {
        for (size_t cap = 0; cap < messages[number + 1].len; cap += 3) {
            struct kb_agree to = number % 2 ? messages[number].operator_ : messages[number].card;
            uint8_t *room = malloc(cap + 1);
            struct kb_writer out = kb_wr(room, cap);

            assert_int_equal(
                kb_agree_step(&to, kb_span(messages[number].bytes, messages[number].len), &out),
                KB_ERR_TOO_LONG);
            assert_int_equal(out.len, cap < 9 ? 0 : 9);
            assert_false(out.is_bad);
            free(room);
        }
    }
}

/* After a failure nothing secret is left in the struct. */
static void a_failed_agreement_is_wiped(void **state)
{
    static const uint8_t zeros[KB_CURVE_SIZE];
    uint8_t out[16];
    struct rig rig;

    rig_set_up(&rig, backend_of(state), backend_of(state), RIG_BY_VALUE);
    rig_offer(&rig, all_suites, 1);
    rig.card.trust.roots = &rig.maker.root;
    assert_int_equal(first_refusal(&rig), KB_ERR_RULE);
    for (size_t i = 0; i < 2; i++) {
        const struct kb_agree *agree = i ? &rig.card.agree : &rig.operator_.agree;

        assert_memory_equal(agree->as.edhoc.private_key, zeros, sizeof(zeros));
        assert_memory_equal(agree->as.edhoc.prk, zeros, sizeof(zeros));
        assert_memory_equal(agree->as.edhoc.th, zeros, sizeof(zeros));
        assert_int_equal(kb_agree_export(agree, 1, kb_span(NULL, 0), out, 16), KB_ERR_USAGE);
        assert_int_equal(kb_agree_update(&rig.card.agree, kb_span(NULL, 0)), KB_ERR_USAGE);
    }
}

int main(void)
{
    static int by_value;
    const struct CMUnitTest tests[] = {
        {"a_message_changed_anywhere_is_refused: by kid", a_message_changed_anywhere_is_refused,
         NULL, NULL, NULL},
        {"a_message_changed_anywhere_is_refused: by value", a_message_changed_anywhere_is_refused,
         NULL, NULL, &by_value},
        cmocka_unit_test(a_changed_message_is_refused_by_mbed_tls_too),
        BOTH(messages_of_another_session_are_refused),
        BOTH(a_message_out_of_turn_is_refused),
        BOTH(an_initiator_refuses_its_own_message_back),
        BOTH(a_party_does_not_agree_with_itself),
        BOTH(a_credential_of_another_root_is_refused),
        BOTH(a_credential_counts_only_in_its_time),
        BOTH(a_kid_that_nobody_knows_is_told_with_error_3),
        BOTH(a_credential_without_its_key_is_refused),
        BOTH(a_credential_on_another_curve_is_refused),
        BOTH(the_caller_has_the_last_word_on_a_credential),
        BOTH(degenerate_shares_are_refused),
        cmocka_unit_test(no_room_for_an_answer_is_an_error_and_not_an_overflow),
        BOTH(a_failed_agreement_is_wiped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
