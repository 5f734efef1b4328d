/* SPDX-License-Identifier: Apache-2.0 */
/* AUTHENTICATE against libosmogsm as authentication centre (TS 31.102 clause 7.1, TS 33.102 annex
 * C). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <osmocom/crypt/auth.h>

#include "tests/card/rig.h"
#include "wire/hex.h"

static struct rig rig;
static struct osmo_sub_auth_data centre;

static void draw(void *out, size_t len)
{
    rig.port.random(rig.port.random_ctx, out, len);
}

static void put_object(uint16_t object, const uint8_t *data, size_t len)
{
    uint8_t command[64] = {0x80, 0x44, (uint8_t)(object >> 8), (uint8_t)object, (uint8_t)len};

    memcpy(command + 5, data, len);
    assert_int_equal(rig_send_bytes(&rig, kb_span(command, 5 + len)), 0x9000);
}

/* A card with fresh keys known to the centre, and the USIM selected. */
static int make_card(void **state)
{
    (void)state;
    rig_blank(&rig);
    assert_int_equal(rig_send(&rig, "00E00000 (62(82(7821) 83(3F00) 8A(05)))"), 0x9000);
    assert_int_equal(rig_send(&rig, "00E00000 (62(82(7821) 83(7FF0) 84(A0000000871002) 8A(05)))"),
                     0x9000);
    memset(&centre, 0, sizeof(centre));
    centre.type = OSMO_AUTH_TYPE_UMTS;
    centre.algo = OSMO_AUTH_ALG_MILENAGE;
    centre.u.umts.opc_is_op = 0;
    centre.u.umts.ind_bitlen = 5;
    draw(centre.u.umts.k, 16);
    draw(centre.u.umts.opc, 16);
    centre.u.umts.amf[0] = 0x80;
    put_object(KB_OBJ_KI, centre.u.umts.k, 16);
    put_object(KB_OBJ_OPC, centre.u.umts.opc, 16);
    assert_int_equal(rig_send(&rig, "00A4040C07A0000000871002"), 0x9000);
    return 0;
}

/* A vector whose sequence number has this IND; the centre counts SEQ up by itself. */
static struct osmo_auth_vector vector_of(unsigned ind)
{
    struct osmo_auth_vector vector;
    uint8_t rand[16];

    draw(rand, sizeof(rand));
    memset(&vector, 0, sizeof(vector));
    centre.u.umts.ind = ind;
    assert_int_equal(osmo_auth_gen_vec(&vector, &centre, rand), 0);
    return vector;
}

static uint16_t challenge(const struct osmo_auth_vector *vector)
{
    uint8_t command[40] = {0x00, 0x88, 0x00, 0x81, 0x22, 0x10};

    memcpy(command + 6, vector->rand, 16);
    command[22] = 0x10;
    memcpy(command + 23, vector->autn, 16);
    return rig_send_bytes(&rig, kb_span(command, 40)); /* Le 00 */
}

static void assert_success(const struct osmo_auth_vector *vector)
{
    assert_int_equal(challenge(vector), 0x9000);
    assert_int_equal(rig.response_len, 2 + 8 + 1 + 16 + 1 + 16 + 1 + 1);
    assert_int_equal(rig.response[0], 0xDB);
    assert_int_equal(rig.response[1], vector->res_len);
    assert_memory_equal(rig.response + 2, vector->res, 8);
    assert_memory_equal(rig.response + 11, vector->ck, 16);
    assert_memory_equal(rig.response + 28, vector->ik, 16);
}

/* The card asks for resynchronisation; the centre accepts what it sends. */
static void assert_resynchronises(const struct osmo_auth_vector *vector)
{
    struct osmo_auth_vector next;
    uint8_t rand[16];

    assert_int_equal(challenge(vector), 0x9000);
    assert_int_equal(rig.response_len, 18);
    assert_int_equal(rig.response[0], 0xDC);
    assert_int_equal(rig.response[1], 14);
    draw(rand, sizeof(rand));
    memset(&next, 0, sizeof(next));
    assert_int_equal(osmo_auth_gen_vec_auts(&next, &centre, rig.response + 2, vector->rand, rand),
                     0);
    assert_success(&next);
}

static void res_ck_ik_are_the_centres(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct osmo_auth_vector vector = vector_of((unsigned)rand() % 32);

        assert_success(&vector);
    }
}

static void a_vector_is_good_once(void **state)
{
    struct osmo_auth_vector vector = vector_of(3);

    (void)state;
    assert_success(&vector);
    assert_resynchronises(&vector);
}

static void vectors_of_different_ind_may_come_out_of_order(void **state)
{
    struct osmo_auth_vector vectors[KB_SQN_SLOTS];

    (void)state;
    for (unsigned ind = 0; ind < KB_SQN_SLOTS; ind++)
        vectors[ind] = vector_of(ind);
    for (unsigned ind = KB_SQN_SLOTS; ind-- > 0;)
        assert_success(&vectors[ind]);
    for (unsigned ind = 0; ind < KB_SQN_SLOTS; ind++) {
        assert_int_equal(challenge(&vectors[ind]), 0x9000);
        assert_int_equal(rig.response[0], 0xDC);
    }
}

static void the_same_ind_must_count_up(void **state)
{
    struct osmo_auth_vector older = vector_of(7), newer = vector_of(7);

    (void)state;
    assert_success(&newer);
    assert_resynchronises(&older);
}

static void a_jump_of_2_28_is_accepted_and_one_more_is_not(void **state)
{
    struct osmo_auth_vector vector;

    (void)state;
    /* The centre's next SEQ is the one after (2^28 - 1). */
    centre.u.umts.sqn = ((uint64_t)(1 << 28) - 1) << 5;
    vector = vector_of(0);
    assert_success(&vector);
    centre.u.umts.sqn = ((uint64_t)(1 << 28) * 2) << 5;
    vector = vector_of(0);
    assert_resynchronises(&vector);
}

static void sequence_numbers_survive_power_off(void **state)
{
    struct osmo_auth_vector vector = vector_of(9);

    (void)state;
    assert_success(&vector);
    assert_true(rig_power(&rig));
    assert_int_equal(rig_send(&rig, "00A4040C07A0000000871002"), 0x9000);
    assert_resynchronises(&vector);
}

static void a_wrong_mac_is_refused_and_spends_nothing(void **state)
{
    struct osmo_auth_vector vector = vector_of(1);

    (void)state;
    for (size_t byte = 0; byte < 16; byte++) {
        struct osmo_auth_vector wrong = vector;

        wrong.autn[byte] ^= 0x01;
        assert_int_equal(challenge(&wrong), 0x9862);
        assert_int_equal(rig.response_len, 2);
    }
    assert_success(&vector);
}

static void the_gsm_context_gives_sres_and_kc(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct osmo_auth_vector vector = vector_of(0);
        uint8_t command[23] = {0x00, 0x88, 0x00, 0x80, 0x11, 0x10};

        memcpy(command + 6, vector.rand, 16);
        assert_int_equal(rig_send_bytes(&rig, kb_span(command, 23)), 0x9000);
        assert_int_equal(rig.response_len, 1 + 4 + 1 + 8 + 2);
        assert_memory_equal(rig.response + 1, vector.sres, 4);
        assert_memory_equal(rig.response + 6, vector.kc, 8);
    }
}

static void the_operators_pair_comes_before_the_temporary_one(void **state)
{
    struct osmo_auth_vector vector;

    (void)state;
    draw(centre.u.umts.k, 16);
    draw(centre.u.umts.opc, 16);
    put_object(KB_OBJ_KI + 1, centre.u.umts.k, 16);
    put_object(KB_OBJ_OPC + 1, centre.u.umts.opc, 16);
    vector = vector_of(0);
    assert_success(&vector);
}

/* EF.UST with the services 1 to 40, of which 27 is the third bit of the fourth byte. */
static void service_27_adds_kc_as_ef_ust_has_it_now(void **state)
{
    struct osmo_auth_vector vector;

    (void)state;
    assert_int_equal(rig_send(&rig, "00E00000 (62(82(4121) 83(6F38) 8A(05) 80(0005) A5(C1(00))))"),
                     0x9000);
    vector = vector_of(0);
    assert_success(&vector);
    assert_int_equal(rig_send(&rig, "00D60003 01 04"), 0x9000);
    vector = vector_of(0);
    assert_int_equal(challenge(&vector), 0x9000);
    assert_int_equal(rig.response_len, 2 + 8 + 1 + 16 + 1 + 16 + 1 + 8 + 2);
    assert_int_equal(rig.response[44], 8);
    assert_memory_equal(rig.response + 45, vector.kc, 8);
    assert_int_equal(rig_send(&rig, "00D60003 01 00"), 0x9000);
    vector = vector_of(0);
    assert_success(&vector);
}

/* Session keys are in the answer and nowhere else, and with the next command they are gone. */
static void session_keys_do_not_outlive_their_answer(void **state)
{
    struct osmo_auth_vector vector = vector_of(0);

    (void)state;
    rig.port.transport = KB_TRANSPORT_T0;
    assert_int_equal(challenge(&vector), 0x612C);
    for (size_t i = 2; i < sizeof(rig.response) - 16; i++)
        assert_memory_not_equal(rig.response + i, vector.ck, 16);
    assert_int_equal(rig_send(&rig, "00C000002C"), 0x9000);
    assert_memory_equal(rig.response + 11, vector.ck, 16);
    assert_int_equal(rig_send(&rig, "00C000002C"), 0x6F00);
    for (size_t i = 0; i < sizeof(rig.card.buffer) - 16; i++)
        assert_memory_not_equal(rig.card.buffer + i, vector.ck, 16);
}

static void a_wrong_shape_is_refused(void **state)
{
    (void)state;
    assert_int_equal(rig_send(&rig, "0088008100"), 0x6700);
    assert_int_equal(rig_send(&rig, "00880081 01 10"), 0x6700);
    assert_int_equal(rig_send(&rig, "00880081 02 0F00"), 0x6700);
    assert_int_equal(rig_send(&rig, "00880081 02 0000"), 0x6A80);
    assert_int_equal(rig_send(&rig, "00880080 01 00"), 0x6A80);
    assert_int_equal(rig_send(&rig, "00880082 01 00"), 0x9864);
    assert_int_equal(rig_send(&rig, "00880083 01 00"), 0x6A86);
    assert_int_equal(rig_send(&rig, "00880181 01 00"), 0x6A86);
    assert_int_equal(rig_send(&rig, "00A4000C023F00"), 0x9000);
    assert_int_equal(rig_send(&rig, "00A4044C07A0000000871002"), 0x9000);
    assert_int_equal(rig_send(&rig, "00880081 01 00"), 0x6985);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(res_ck_ik_are_the_centres, make_card),
        cmocka_unit_test_setup(a_vector_is_good_once, make_card),
        cmocka_unit_test_setup(vectors_of_different_ind_may_come_out_of_order, make_card),
        cmocka_unit_test_setup(the_same_ind_must_count_up, make_card),
        cmocka_unit_test_setup(a_jump_of_2_28_is_accepted_and_one_more_is_not, make_card),
        cmocka_unit_test_setup(sequence_numbers_survive_power_off, make_card),
        cmocka_unit_test_setup(a_wrong_mac_is_refused_and_spends_nothing, make_card),
        cmocka_unit_test_setup(the_gsm_context_gives_sres_and_kc, make_card),
        cmocka_unit_test_setup(the_operators_pair_comes_before_the_temporary_one, make_card),
        cmocka_unit_test_setup(service_27_adds_kc_as_ef_ust_has_it_now, make_card),
        cmocka_unit_test_setup(session_keys_do_not_outlive_their_answer, make_card),
        cmocka_unit_test_setup(a_wrong_shape_is_refused, make_card),
    };

    return cmocka_run_group_tests_name("authenticate", tests, NULL, NULL);
}
