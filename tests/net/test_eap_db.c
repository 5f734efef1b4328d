/* SPDX-License-Identifier: Apache-2.0 */
/* hostapd's questions for vectors. Milenage: 3GPP TS 35.208 clause 4.3, test set 1; the AUTS is one
 * that osmo-auc-gen takes for SQN_MS 23. */
#include "tests/crypto/backends.h"

#include <stdio.h>

#include "net/eap_db.h"

#define IMSI "001010123456789"
#define RAND "23553CBE9637A89D218AE64DAE47BF35"

/* The one subscriber there is, and what is written down of it. */
struct world {
    struct kb_eap_db db;
    struct kb_eap_subscriber subscriber;
    uint64_t kept;
    unsigned kept_count;
    enum kb_err keeping; /* what keep_seq answers */
    char answer[KB_EAP_DB_MAX + 1];
    enum kb_eap_db_result result;
};

static enum kb_err find(void *context, struct kb_span imsi, struct kb_eap_subscriber *subscriber)
{
    const struct world *world = context;

    if (imsi.len != strlen(IMSI) || memcmp(imsi.data, IMSI, imsi.len) != 0)
        return KB_ERR_ABSENT;
    *subscriber = world->subscriber;
    return KB_OK;
}

static enum kb_err keep_seq(void *context, struct kb_span imsi, uint64_t seq)
{
    struct world *world = context;

    assert_int_equal(imsi.len, strlen(IMSI));
    if (world->keeping)
        return world->keeping;
    world->kept = seq;
    world->kept_count++;
    world->subscriber.seq = seq;
    return KB_OK;
}

static enum kb_err draw(void *context, void *out, size_t len)
{
    (void)context;
    assert_int_equal(unhex(RAND, out, len), len);
    return KB_OK;
}

static void set_keys(struct world *world, const char *k, const char *top)
{
    world->subscriber.k_len = (uint8_t)unhex(k, world->subscriber.k, KB_AKA_KEY_MAX);
    world->subscriber.top_len = (uint8_t)unhex(top, world->subscriber.top, KB_AKA_KEY_MAX);
}

/* Test set 1: SQN FF9BB4D0B607 is SEQ 7FCDDA685B0 with IND 7. */
static void enter(struct world *world)
{
    *world = (struct world){
        .db = {.crypto = &kb_crypto_openssl,
               .random = {draw, NULL},
               .amf = {0xB9, 0xB9},
               .ind = 7,
               .find = find,
               .keep_seq = keep_seq},
        .subscriber = {.profile = {KB_AKA_MILENAGE, KB_GSM_CONVERTED, 8, 16, 16, 8, 1},
                       .seq = 0x7FCDDA685AF},
    };
    world->db.context = world;
    set_keys(world, "465B5CE8B199B49FAA5F0A2EE238A6BC", "CD63CB71954A9F4E48A5994E37A02BAF");
}

static const char *ask_bytes(struct world *world, const char *question, size_t len)
{
    struct kb_writer answer = kb_wr(world->answer, KB_EAP_DB_MAX);
    struct kb_span imsi;

    world->result = kb_eap_db_step(&world->db, kb_span(question, len), &answer, &imsi);
    assert_false(answer.is_bad);
    world->answer[answer.len] = '\0';
    return world->answer;
}

static const char *ask(struct world *world, const char *question)
{
    return ask_bytes(world, question, strlen(question));
}

static void a_vector_holds_rand_autn_ik_ck_and_res(void **state)
{
    struct world world;

    (void)state;
    enter(&world);
    assert_string_equal(ask(&world, "AKA-REQ-AUTH " IMSI),
                        "AKA-RESP-AUTH " IMSI " " RAND " 55F328B43577B9B94A9FFAC354DFAFB3"
                        " F769BCD751044604127672711C6D3441"
                        " B40BA9A3C58B2A05BBF0D987B21BF8CB A54211D5E3BA50BF");
    assert_int_equal(world.result, KB_EAP_DB_VECTOR);
}

static void its_number_is_kept_before_a_vector_leaves(void **state)
{
    struct world world;

    (void)state;
    enter(&world);
    ask(&world, "AKA-REQ-AUTH " IMSI);
    assert_int_equal(world.kept, 0x7FCDDA685B0);
    world.keeping = KB_ERR_IO;
    assert_string_equal(ask(&world, "AKA-REQ-AUTH " IMSI), "AKA-RESP-AUTH " IMSI " FAILURE");
    assert_int_equal(world.result, KB_EAP_DB_FAILURE);
}

static void numbers_end_before_they_begin_again(void **state)
{
    struct world world;

    (void)state;
    enter(&world);
    world.subscriber.seq = (1ull << 43) - 1;
    assert_string_equal(ask(&world, "AKA-REQ-AUTH " IMSI), "AKA-RESP-AUTH " IMSI " FAILURE");
    assert_int_equal(world.kept_count, 0);
}

static void triplets_are_kc_sres_and_rand(void **state)
{
    static const char triplet[] = " EAE4BE823AF9A08B:46F8416A:" RAND;
    struct world world;
    char expected[KB_EAP_DB_MAX];

    (void)state;
    enter(&world);
    snprintf(expected, sizeof(expected), "SIM-RESP-AUTH " IMSI "%s%s", triplet, triplet);
    assert_string_equal(ask(&world, "SIM-REQ-AUTH " IMSI " 2"), expected);
    assert_int_equal(world.result, KB_EAP_DB_TRIPLES);
    assert_int_equal(world.kept_count, 0);
}

/* RFC 4186 clause 10.9: two or three. */
static void no_more_than_three_triplets_are_given(void **state)
{
    struct world world;
    size_t count = 0;

    (void)state;
    enter(&world);
    for (const char *at = ask(&world, "SIM-REQ-AUTH " IMSI " 9"); (at = strstr(at, RAND)); at++)
        count++;
    assert_int_equal(count, KB_EAP_DB_TRIPLETS);
}

#define AUTS_KEYS(world)                                                                           \
    set_keys(world, "EB215756028D60E3275E613320AEC880", "FB2A3D1B360F599ABAB99DB8669F8308")
#define AUTS "AKA-AUTS " IMSI " 979498B1F72D3E28C59FA2E72F9C 39FA2F4E3D523D8619A73B4F65C3E14D"

static void an_auts_sets_the_number_to_the_cards(void **state)
{
    struct world world;

    (void)state;
    enter(&world);
    AUTS_KEYS(&world);
    assert_string_equal(ask(&world, AUTS), "");
    assert_int_equal(world.result, KB_EAP_DB_RESYNC);
    assert_int_equal(world.kept_count, 1);
    assert_int_equal(world.kept, 23 >> 5);
}

/* TS 33.102 clause 6.3.5: only a number the card would not take is changed. */
static void an_auts_that_comes_again_takes_no_number_back(void **state)
{
    struct world world;

    (void)state;
    enter(&world);
    AUTS_KEYS(&world);
    world.subscriber.seq = 1000;
    ask(&world, AUTS);
    assert_int_equal(world.result, KB_EAP_DB_RESYNC);
    assert_int_equal(world.kept_count, 0);
}

static void an_auts_with_a_wrong_mac_changes_nothing(void **state)
{
    struct world world;

    (void)state;
    enter(&world);
    ask(&world, AUTS);
    assert_int_equal(world.result, KB_EAP_DB_REFUSED);
    AUTS_KEYS(&world);
    ask(&world, "AKA-AUTS " IMSI " 979498B1F72D3E28C59FA2E72F9D 39FA2F4E3D523D8619A73B4F65C3E14D");
    assert_int_equal(world.result, KB_EAP_DB_REFUSED);
    assert_int_equal(world.kept_count, 0);
}

static void a_gsm_subscriber_has_triplets_only(void **state)
{
    struct world world;

    (void)state;
    enter(&world);
    world.subscriber.is_gsm = true;
    world.subscriber.profile.gsm = KB_GSM_COMP128_1;
    ask(&world, "SIM-REQ-AUTH " IMSI " 3");
    assert_int_equal(world.result, KB_EAP_DB_TRIPLES);
    assert_string_equal(ask(&world, "AKA-REQ-AUTH " IMSI), "AKA-RESP-AUTH " IMSI " FAILURE");
    assert_string_equal(ask(&world, AUTS), "");
    assert_int_equal(world.result, KB_EAP_DB_REFUSED);
    assert_int_equal(world.kept_count, 0);
}

/* EAP-AKA has room for CK and IK of 16 bytes (RFC 4187 clause 7), AUTN for a MAC of 8. */
static void keys_that_are_too_long_for_eap_are_a_failure(void **state)
{
    struct world world;

    (void)state;
    enter(&world);
    world.subscriber.profile = (struct kb_aka_profile){KB_AKA_TUAK, 0, 8, 32, 16, 8, 1};
    set_keys(&world, RAND, RAND RAND);
    assert_string_equal(ask(&world, "AKA-REQ-AUTH " IMSI), "AKA-RESP-AUTH " IMSI " FAILURE");
    world.subscriber.profile.ck_len = 16;
    ask(&world, "AKA-REQ-AUTH " IMSI);
    assert_int_equal(world.result, KB_EAP_DB_VECTOR);
}

static void a_question_that_cannot_be_answered_ends_in_failure(void **state)
{
    static const char *const questions[] = {
        "AKA-REQ-AUTH 001010123456780", "AKA-REQ-AUTH 0010101234567890123",
        "AKA-REQ-AUTH " IMSI " 1",      "SIM-REQ-AUTH " IMSI,
        "SIM-REQ-AUTH " IMSI " ",       "SIM-REQ-AUTH " IMSI " 0",
        "SIM-REQ-AUTH " IMSI " 03",     "SIM-REQ-AUTH " IMSI " x",
        "SIM-REQ-AUTH " IMSI " 3 3",
    };
    struct world world;

    (void)state;
    enter(&world);
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const char *answer = ask(&world, questions[i]);

        assert_int_equal(world.result, KB_EAP_DB_FAILURE);
        assert_non_null(strstr(answer, "-RESP-AUTH 0010101234567"));
        assert_string_equal(answer + strlen(answer) - 8, " FAILURE");
    }
}

static void what_is_no_question_gets_no_answer(void **state)
{
    static const char *const noise[] = {
        "",
        " ",
        "AKA-REQ-AUTH",
        "AKA-REQ-AUTH ",
        "AKA-REQ-AUTH  " IMSI,
        "AKA-REQ-AUTH " IMSI "\n",
        "AKA-REQ-AUTH 00101012345678901234",
        "AKA-REQ-AUTH %s%n",
        "aka-req-auth " IMSI,
        "AKA-RESP-AUTH " IMSI " FAILURE",
    };
    struct world world;

    (void)state;
    enter(&world);
    for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++) {
        assert_string_equal(ask(&world, noise[i]), "");
        assert_int_equal(world.result, KB_EAP_DB_IGNORED);
    }
    assert_string_equal(ask_bytes(&world, "AKA-REQ-AUTH " IMSI, 14 + strlen(IMSI)), "");
    assert_int_equal(world.kept_count, 0);
}

static void a_short_auts_is_refused(void **state)
{
    struct world world;

    (void)state;
    enter(&world);
    AUTS_KEYS(&world);
    for (size_t len = strlen("AKA-AUTS " IMSI); len < strlen(AUTS); len++) {
        assert_string_equal(ask_bytes(&world, AUTS, len), "");
        assert_int_equal(world.result, KB_EAP_DB_REFUSED);
    }
    assert_int_equal(world.kept_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vector_holds_rand_autn_ik_ck_and_res),
        cmocka_unit_test(its_number_is_kept_before_a_vector_leaves),
        cmocka_unit_test(numbers_end_before_they_begin_again),
        cmocka_unit_test(triplets_are_kc_sres_and_rand),
        cmocka_unit_test(no_more_than_three_triplets_are_given),
        cmocka_unit_test(an_auts_sets_the_number_to_the_cards),
        cmocka_unit_test(an_auts_that_comes_again_takes_no_number_back),
        cmocka_unit_test(an_auts_with_a_wrong_mac_changes_nothing),
        cmocka_unit_test(a_gsm_subscriber_has_triplets_only),
        cmocka_unit_test(keys_that_are_too_long_for_eap_are_a_failure),
        cmocka_unit_test(a_question_that_cannot_be_answered_ends_in_failure),
        cmocka_unit_test(what_is_no_question_gets_no_answer),
        cmocka_unit_test(a_short_auts_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
