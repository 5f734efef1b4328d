/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions of every algorithm and length, against libosmogsm as authentication centre; for
 * TUAK, which that one does not have, against crypto/tuak.h, which is held to TS 35.233. The
 * executable links that library and is GPL as a whole; it is never installed. */
#include "tests/sim_card/subscriber.h"

#include <osmocom/crypt/auth.h>

#include "crypto/aka.h"

static struct rig rig;
static struct osmo_sub_auth_data centre;

static int make_card(void **state)
{
    (void)state;
    make_applications(&rig);
    memset(&centre, 0, sizeof(centre));
    centre.type = OSMO_AUTH_TYPE_UMTS;
    centre.algo = OSMO_AUTH_ALG_MILENAGE;
    centre.u.umts.ind_bitlen = 5;
    draw(&rig, centre.u.umts.k, 16);
    draw(&rig, centre.u.umts.opc, 16);
    centre.u.umts.amf[0] = 0x80;
    put_object(&rig, KB_OBJ_KI, centre.u.umts.k, 16);
    put_object(&rig, KB_OBJ_OPC, centre.u.umts.opc, 16);
    return 0;
}

/* Ready for these options, with sequence numbers that start again. */
static void use(const struct options *options)
{
    make_card(NULL);
    assert_int_equal(put_options(&rig, options), 0x9000);
    if (options->algorithm == KB_AKA_XOR)
        centre.algo = OSMO_AUTH_ALG_XOR;
    centre.u.umts.ind_bitlen = options->ind_bits;
}

/* A vector with this SEQ and IND. The library counts up by itself, but not for XOR. */
static struct osmo_auth_vector vector_of(uint64_t seq, unsigned ind)
{
    struct osmo_auth_vector vector;
    uint8_t rand[16];

    draw(&rig, rand, sizeof(rand));
    memset(&vector, 0, sizeof(vector));
    centre.u.umts.ind = ind;
    if (centre.algo == OSMO_AUTH_ALG_XOR)
        centre.u.umts.sqn = seq << centre.u.umts.ind_bitlen | ind;
    else
        centre.u.umts.sqn = (seq - 1) << centre.u.umts.ind_bitlen;
    assert_int_equal(osmo_auth_gen_vec(&vector, &centre, rand), 0);
    return vector;
}

static uint16_t challenge(const struct osmo_auth_vector *vector)
{
    return authenticate(&rig, UMTS, 0, kb_span(vector->rand, 16), kb_span(vector->autn, 16));
}

static void assert_accepts(const struct osmo_auth_vector *vector, uint8_t res_len)
{
    const uint8_t *at = rig.response;

    assert_int_equal(challenge(vector), 0x9000);
    assert_int_equal(rig.response_len, 1 + 1 + res_len + 17 + 17 + 9 + 2);
    assert_int_equal(at[0], 0xDB);
    assert_int_equal(at[1], res_len);
    assert_memory_equal(at + 2, vector->res, res_len);
    at += 2 + res_len;
    assert_int_equal(at[0], 16);
    assert_memory_equal(at + 1, vector->ck, 16);
    assert_int_equal(at[17], 16);
    assert_memory_equal(at + 18, vector->ik, 16);
    assert_int_equal(at[34], 8);
    assert_memory_equal(at + 35, vector->kc, 8);
}

/* The library takes AUTS, and reads SQN_MS out of it. */
static void assert_refuses(const struct osmo_auth_vector *vector, uint64_t sqn_ms)
{
    struct osmo_auth_vector next;

    assert_int_equal(challenge(vector), 0x9000);
    assert_int_equal(rig.response_len, 18);
    assert_int_equal(rig.response[0], 0xDC);
    assert_int_equal(rig.response[1], 14);
    memset(&next, 0, sizeof(next));
    assert_int_equal(
        osmo_auth_gen_vec_auts(&next, &centre, rig.response + 2, vector->rand, vector->rand), 0);
    assert_int_equal(centre.u.umts.sqn_ms, sqn_ms);
}

static void res_has_its_length_and_ind_its_bits(void **state)
{
    static const struct {
        uint8_t algorithm, res_max;
    } algorithms[] = {{KB_AKA_MILENAGE, 8}, {KB_AKA_XOR, 16}};
    struct options options = usual_options;

    (void)state;
    for (size_t a = 0; a < 2; a++) {
        options.algorithm = algorithms[a].algorithm;
        for (options.res = 4; options.res <= algorithms[a].res_max; options.res++) {
            options.ind_bits = options.res % 6;
            use(&options);
            for (uint64_t seq = 1; seq < 40; seq++) {
                unsigned ind = (unsigned)seq % (1u << options.ind_bits);
                struct osmo_auth_vector vector = vector_of(seq, ind);

                assert_accepts(&vector, options.res);
                assert_refuses(&vector, seq << options.ind_bits | ind);
            }
        }
    }
}

/* Annex C.2.2: each IND counts for itself, and without bits for IND there is one count. */
static void each_ind_counts_for_itself(void **state)
{
    struct options options = usual_options;

    (void)state;
    for (options.ind_bits = 0; options.ind_bits <= 5; options.ind_bits++) {
        unsigned slots = 1u << options.ind_bits;

        use(&options);
        for (unsigned ind = 0; ind < slots; ind++) {
            struct osmo_auth_vector older = vector_of(100 - ind, ind);

            assert_accepts(&older, 8);
            assert_refuses(&older, (uint64_t)100 << options.ind_bits);
        }
        for (unsigned ind = 0; ind < slots; ind++) {
            struct osmo_auth_vector older = vector_of(99 - ind, ind),
                                    newer = vector_of(101 - ind, ind);

            assert_int_equal(challenge(&older), 0x9000);
            assert_int_equal(rig.response[0], 0xDC);
            assert_accepts(&newer, 8);
        }
    }
}

/* Annex C.2.1: SEQ - SEQ_MS <= delta. */
static void delta_limits_the_jump(void **state)
{
    static const uint64_t deltas[] = {1, 100, 1 << 28, ((uint64_t)1 << 40) + 7};
    struct options options = usual_options;

    (void)state;
    for (size_t i = 0; i < sizeof(deltas) / sizeof(deltas[0]); i++) {
        struct osmo_auth_vector vector;

        options.delta = deltas[i];
        use(&options);
        vector = vector_of(deltas[i] + 1, 0);
        assert_refuses(&vector, 0);
        vector = vector_of(deltas[i], 0);
        assert_accepts(&vector, 8);
        vector = vector_of(2 * deltas[i] + 1, 1);
        assert_refuses(&vector, deltas[i] << 5);
        vector = vector_of(2 * deltas[i], 1);
        assert_accepts(&vector, 8);
    }
}

static void without_delta_any_jump_is_taken(void **state)
{
    struct options options = usual_options;
    struct osmo_auth_vector vector;

    (void)state;
    options.flags = 0;
    use(&options);
    vector = vector_of(((uint64_t)1 << 43) - 1, 0);
    assert_accepts(&vector, 8);
}

/* Annex C.2.1: SEQ_MS - SEQ <= L. */
static void what_is_older_than_l_is_refused(void **state)
{
    struct options options = usual_options;
    struct osmo_auth_vector newest, at_limit, beyond;

    (void)state;
    options.flags = 0x03;
    options.age_limit = 10;
    use(&options);
    newest = vector_of(100, 0);
    at_limit = vector_of(90, 1);
    beyond = vector_of(89, 2);
    assert_accepts(&newest, 8);
    assert_accepts(&at_limit, 8);
    assert_refuses(&beyond, 100 << 5);
    options.flags = 0x01;
    assert_int_equal(put_options(&rig, &options), 0x9000);
    assert_accepts(&beyond, 8);
}

/* --- TUAK --- */

struct tuak_centre {
    struct kb_tuak tuak;
    uint8_t sqn[6], autn[8 + 32];
    uint8_t res[32], ck[32], ik[32], ak[6];
};

static void make_tuak(struct tuak_centre *c, const struct options *o, uint8_t k_len)
{
    memset(c, 0, sizeof(*c));
    c->tuak.k_len = k_len;
    c->tuak.iterations = o->iterations;
    draw(&rig, c->tuak.k, k_len);
    draw(&rig, c->tuak.topc, 32);
    put_object(&rig, KB_OBJ_KI, c->tuak.k, k_len);
    put_object(&rig, KB_OBJ_OPC, c->tuak.topc, 32);
}

static void next_tuak(struct tuak_centre *c, const struct options *o)
{
    static const uint8_t amf[2] = {0x80, 0x00};

    draw(&rig, c->tuak.rand, 16);
    c->sqn[5] = (uint8_t)(c->sqn[5] + 32);
    kb_tuak_f2345(&c->tuak, c->res, o->res, c->ck, o->ck, c->ik, o->ik, c->ak);
    kb_tuak_f1(&c->tuak, false, c->sqn, amf, c->autn + 8, o->mac);
    memcpy(c->autn + 6, amf, 2);
    for (size_t i = 0; i < 6; i++)
        c->autn[i] = c->sqn[i] ^ c->ak[i];
}

static uint16_t challenge_tuak(const struct tuak_centre *c, const struct options *o)
{
    return authenticate(&rig, UMTS, 0, kb_span(c->tuak.rand, 16), kb_span(c->autn, 8u + o->mac));
}

static void check_tuak(const struct options *o, uint8_t k_len)
{
    static const uint8_t amf[2] = {0, 0};
    uint8_t auts[6 + 32], kc[8] = {0};
    struct tuak_centre c;
    struct kb_cursor rd;

    use(o);
    make_tuak(&c, o, k_len);
    next_tuak(&c, o);
    assert_int_equal(challenge_tuak(&c, o), 0x9000);
    rd = kb_rd(kb_span(rig.response, rig.response_len - 2));
    assert_int_equal(kb_rd_u8(&rd), 0xDB);
    assert_int_equal(kb_rd_u8(&rd), o->res);
    assert_memory_equal(kb_rd_span(&rd, o->res).data, c.res, o->res);
    assert_int_equal(kb_rd_u8(&rd), o->ck);
    assert_memory_equal(kb_rd_span(&rd, o->ck).data, c.ck, o->ck);
    assert_int_equal(kb_rd_u8(&rd), o->ik);
    assert_memory_equal(kb_rd_span(&rd, o->ik).data, c.ik, o->ik);
    assert_int_equal(kb_rd_u8(&rd), 8);
    for (size_t i = 0; i < 32; i++)
        kc[i % 8] ^= (uint8_t)((i < o->ck ? c.ck[i] : 0) ^ (i < o->ik ? c.ik[i] : 0));
    assert_memory_equal(kb_rd_span(&rd, 8).data, kc, 8);
    assert_true(kb_rd_is_done(&rd));
    /* The same again: SQN_MS is its number. */
    assert_int_equal(challenge_tuak(&c, o), 0x9000);
    kb_tuak_f5star(&c.tuak, auts);
    for (size_t i = 0; i < 6; i++)
        auts[i] ^= c.sqn[i];
    kb_tuak_f1(&c.tuak, true, c.sqn, amf, auts + 6, o->mac);
    assert_int_equal(rig.response[0], 0xDC);
    assert_int_equal(rig.response[1], 6 + o->mac);
    assert_memory_equal(rig.response + 2, auts, 6u + o->mac);
    next_tuak(&c, o);
    c.autn[8 + o->mac - 1] ^= 1;
    assert_int_equal(challenge_tuak(&c, o), 0x9862);
}

static void tuak_answers_with_every_length(void **state)
{
    static const uint8_t keys[] = {16, 32}, macs[] = {8, 16, 32}, responses[] = {4, 8, 16};
    struct options options = usual_options;

    (void)state;
    options.algorithm = KB_AKA_TUAK;
    for (size_t n = 0; n < 2 * 2 * 2 * 3 * 3; n++) {
        options.ck = keys[n % 2];
        options.ik = keys[n / 2 % 2];
        options.mac = macs[n / 8 % 3];
        options.res = responses[n / 24];
        options.iterations = (uint8_t)(1 + n % 3);
        check_tuak(&options, keys[n / 4 % 2]);
    }
}

/* AUTN is 16 bytes with a MAC of 8, and longer with a longer one. */
static void an_autn_of_another_length_is_refused(void **state)
{
    struct options options = usual_options;
    struct tuak_centre c;

    (void)state;
    options.algorithm = KB_AKA_TUAK;
    options.mac = 16;
    use(&options);
    make_tuak(&c, &options, 16);
    next_tuak(&c, &options);
    options.mac = 8;
    assert_int_equal(challenge_tuak(&c, &options), 0x6A80);
    options.mac = 32;
    assert_int_equal(challenge_tuak(&c, &options), 0x6A80);
    options.mac = 16;
    assert_int_equal(challenge_tuak(&c, &options), 0x9000);
}

/* --- 2G --- */

static void assert_gsm(const uint8_t rand[16], const uint8_t sres[4], const uint8_t kc[8])
{
    uint8_t direct[12];

    assert_int_equal(authenticate(&rig, GSM, 0, kb_span(rand, 16), kb_span(NULL, 0)), 0x9000);
    assert_int_equal(rig.response_len, 1 + 4 + 1 + 8 + 2);
    assert_int_equal(rig.response[0], 4);
    assert_memory_equal(rig.response + 1, sres, 4);
    assert_int_equal(rig.response[5], 8);
    assert_memory_equal(rig.response + 6, kc, 8);
    assert_int_equal(kb_sim_gsm(&rig.card, rand, direct, direct + 4), KB_SW_OK);
    assert_memory_equal(direct, sres, 4);
    assert_memory_equal(direct + 4, kc, 8);
}

static void delete_object(uint16_t object)
{
    assert_int_equal(kb_nvm_delete(&rig.card.nvm, object), KB_OK);
    kb_sim_reset(&rig.card);
}

/* A subscription without OPc: COMP128 answers in the GSM context, and there is no 3G context. */
static void a_subscription_of_2g_has_the_gsm_context_alone(void **state)
{
    static const enum osmo_auth_algo versions[] = {OSMO_AUTH_ALG_COMP128v1, OSMO_AUTH_ALG_COMP128v2,
                                                   OSMO_AUTH_ALG_COMP128v3};
    struct options options = usual_options;

    (void)state;
    for (uint8_t n = 0; n < 3; n++) {
        struct osmo_sub_auth_data register_2g = {.type = OSMO_AUTH_TYPE_GSM, .algo = versions[n]};
        struct osmo_auth_vector vector;
        uint8_t rand[16];

        options.gsm = (uint8_t)(KB_GSM_COMP128_1 + n);
        use(&options);
        delete_object(KB_OBJ_OPC);
        memcpy(register_2g.u.gsm.ki, centre.u.umts.k, 16);
        draw(&rig, rand, sizeof(rand));
        memset(&vector, 0, sizeof(vector));
        assert_int_equal(osmo_auth_gen_vec(&vector, &register_2g, rand), 0);
        assert_gsm(rand, vector.sres, vector.kc);
        vector = vector_of(1, 0);
        assert_int_equal(challenge(&vector), 0x9864);
    }
}

/* With OPc the same subscription has both, each by its algorithm. */
static void a_subscription_may_have_an_algorithm_for_each(void **state)
{
    struct osmo_sub_auth_data register_2g = {.type = OSMO_AUTH_TYPE_GSM,
                                             .algo = OSMO_AUTH_ALG_COMP128v3};
    struct options options = usual_options;
    struct osmo_auth_vector vector;
    uint8_t rand[16];

    (void)state;
    options.gsm = KB_GSM_COMP128_3;
    use(&options);
    memcpy(register_2g.u.gsm.ki, centre.u.umts.k, 16);
    draw(&rig, rand, sizeof(rand));
    memset(&vector, 0, sizeof(vector));
    assert_int_equal(osmo_auth_gen_vec(&vector, &register_2g, rand), 0);
    assert_gsm(rand, vector.sres, vector.kc);
    vector = vector_of(1, 0);
    assert_accepts(&vector, 8);
}

/* XOR has no OPc; what it converts is the library's answer for GSM. */
static void xor_needs_k_alone(void **state)
{
    struct options options = usual_options;
    struct osmo_auth_vector vector;

    (void)state;
    options.algorithm = KB_AKA_XOR;
    options.res = 16;
    use(&options);
    delete_object(KB_OBJ_OPC);
    vector = vector_of(1, 3);
    assert_accepts(&vector, 16);
    assert_gsm(vector.rand, vector.sres, vector.kc);
    /* TS 51.010-1 annex 4: cut from K xor RAND. */
    options.gsm = KB_GSM_XOR;
    assert_int_equal(put_options(&rig, &options), 0x9000);
    for (size_t i = 0; i < 16; i++)
        vector.res[i] = centre.u.umts.k[i] ^ vector.rand[i];
    assert_gsm(vector.rand, vector.res, vector.res + 4);
}

static void without_keys_no_context_is_there(void **state)
{
    struct osmo_auth_vector vector = vector_of(1, 0);
    uint8_t sres[4], kc[8];

    (void)state;
    delete_object(KB_OBJ_OPC);
    assert_int_equal(challenge(&vector), 0x6985);
    assert_int_equal(kb_sim_gsm(&rig.card, vector.rand, sres, kc), KB_SW_CONDITIONS_NOT_SATISFIED);
    delete_object(KB_OBJ_KI);
    assert_int_equal(challenge(&vector), 0x6985);
    assert_int_equal(kb_sim_gsm(&rig.card, vector.rand, sres, kc), KB_SW_CONDITIONS_NOT_SATISFIED);
    /* K of 256 bits is TUAK's alone. */
    put_object(&rig, KB_OBJ_KI, rig.memory, 32);
    put_object(&rig, KB_OBJ_OPC, rig.memory, 16);
    assert_int_equal(challenge(&vector), 0x6985);
}

/* --- Applications --- */

/* TS 31.103 clause 7.1: the same keys and numbers, no GSM context, and no Kc. */
static void the_isim_is_the_same_subscriber(void **state)
{
    struct osmo_auth_vector vector = vector_of(1, 0);

    (void)state;
    assert_accepts(&vector, 8);
    select_isim(&rig);
    assert_refuses(&vector, 1 << 5);
    vector = vector_of(2, 0);
    assert_int_equal(challenge(&vector), 0x9000);
    assert_int_equal(rig.response_len, 2 + 8 + 17 + 17 + 2);
    assert_memory_equal(rig.response + 2, vector.res, 8);
    assert_int_equal(authenticate(&rig, GSM, 0, kb_span(vector.rand, 16), kb_span(NULL, 0)),
                     0x9864);
    select_usim(&rig);
    assert_refuses(&vector, 2 << 5);
}

/* Clause 7.1.2: contexts that need what this card has not; 6A86 for what is no context. */
static void contexts_that_are_not_there_are_told(void **state)
{
    static const uint8_t known[] = {0x82, 0x85, 0x86}, unknown[] = {0x00, 0x01, 0x83, 0x87, 0xFF};

    (void)state;
    for (size_t i = 0; i < sizeof(known); i++)
        assert_int_equal(authenticate(&rig, known[i], 0, kb_span(known, 1), kb_span(NULL, 0)),
                         0x9864);
    for (size_t i = 0; i < sizeof(unknown); i++)
        assert_int_equal(authenticate(&rig, unknown[i], 0, kb_span(known, 1), kb_span(NULL, 0)),
                         0x6A86);
}

/* What the maker writes has to be something the card can follow. */
static void the_maker_cannot_ask_for_what_no_algorithm_has(void **state)
{
    struct options options = usual_options;

    (void)state;
    for (unsigned algorithm = 0; algorithm < 5; algorithm++) {
        options.algorithm = (uint8_t)algorithm;
        assert_int_equal(put_options(&rig, &options), algorithm < 3 ? 0x9000 : 0x6A80);
    }
    options = usual_options;
    options.gsm = 5;
    assert_int_equal(put_options(&rig, &options), 0x6A80);
    options = usual_options;
    options.res = 16;
    assert_int_equal(put_options(&rig, &options), 0x6A80);
    options = usual_options;
    options.ind_bits = 6;
    assert_int_equal(put_options(&rig, &options), 0x6A80);
    options = usual_options;
    options.flags = 0x04;
    assert_int_equal(put_options(&rig, &options), 0x6A80);
    assert_int_equal(rig_send(&rig, "804400AC 01 00"), 0x6A80);
    assert_int_equal(rig_send(&rig, "80440030 (000102030405060708090A0B0C0D0E0F10)"), 0x6A80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(res_has_its_length_and_ind_its_bits, make_card),
        cmocka_unit_test_setup(each_ind_counts_for_itself, make_card),
        cmocka_unit_test_setup(delta_limits_the_jump, make_card),
        cmocka_unit_test_setup(without_delta_any_jump_is_taken, make_card),
        cmocka_unit_test_setup(what_is_older_than_l_is_refused, make_card),
        cmocka_unit_test_setup(tuak_answers_with_every_length, make_card),
        cmocka_unit_test_setup(an_autn_of_another_length_is_refused, make_card),
        cmocka_unit_test_setup(a_subscription_of_2g_has_the_gsm_context_alone, make_card),
        cmocka_unit_test_setup(a_subscription_may_have_an_algorithm_for_each, make_card),
        cmocka_unit_test_setup(xor_needs_k_alone, make_card),
        cmocka_unit_test_setup(without_keys_no_context_is_there, make_card),
        cmocka_unit_test_setup(the_isim_is_the_same_subscriber, make_card),
        cmocka_unit_test_setup(contexts_that_are_not_there_are_told, make_card),
        cmocka_unit_test_setup(the_maker_cannot_ask_for_what_no_algorithm_has, make_card),
    };

    return cmocka_run_group_tests_name("subscriptions", tests, NULL, NULL);
}
