/* SPDX-License-Identifier: Apache-2.0 */
/* RUN GSM ALGORITHM against libosmogsm as authentication centre (3GPP TS 51.011 clause 8.16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <osmocom/crypt/auth.h>

#include "tests/card/rig.h"

enum { ROUNDS = 200, AKA = 21 };

static struct rig rig;

static void draw(void *out, size_t len)
{
    uint8_t *bytes = out;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)rand();
}

static void send_ok(const char *hex)
{
    assert_int_equal(rig_send(&rig, hex), 0x9000);
}

static void put_object(unsigned object, const uint8_t *data, size_t len)
{
    uint8_t command[64] = {0x80, 0x44, (uint8_t)(object >> 8), (uint8_t)object, (uint8_t)len};

    memcpy(command + 5, data, len);
    assert_int_equal(rig_send_bytes(&rig, kb_span(command, 5 + len)), 0x9000);
}

/* A card with CHV1 "1234", DF.GSM with a DF of its own, DF.TELECOM, and a key. */
static void make_card(const uint8_t ki[16])
{
    rig_blank(&rig);
    send_ok("80440020 (01030A03 31323334FFFFFFFF 3132333435363738)");
    send_ok("80440028 (030A01)");
    send_ok("00E00000 (62(82(7821) 83(3F00) 8A(05)))");
    send_ok("00E00000 (62(82(7821) 83(7F10) 8A(05)))");
    send_ok("00A4000C023F00");
    send_ok("00E00000 (62(82(7821) 83(7F20) 8A(05)))");
    send_ok("00E00000 (62(82(7821) 83(5F30) 8A(05)))");
    put_object(KB_OBJ_KI, ki, 16);
}

static uint16_t run(const uint8_t challenge[16])
{
    uint8_t command[21] = {0xA0, 0x88, 0x00, 0x00, 0x10};

    memcpy(command + 5, challenge, 16);
    return rig_send_bytes(&rig, kb_span(command, sizeof(command)));
}

/* The card is in DF.GSM, CHV1 was right: SRES, then Kc, wait behind 9F0C. */
static void assert_answers(const struct osmo_auth_vector *vector, const uint8_t challenge[16])
{
    assert_int_equal(run(challenge), 0x9F0C);
    assert_int_equal(rig_send(&rig, "A0C000000C"), 0x9000);
    assert_int_equal(rig.response_len, 14);
    assert_memory_equal(rig.response, vector->sres, 4);
    assert_memory_equal(rig.response + 4, vector->kc, 8);
}

static void enter(void)
{
    assert_int_equal(rig_send(&rig, "A0A40000023F00"), 0x9F16);
    assert_int_equal(rig_send(&rig, "A0A40000027F20"), 0x9F16);
    send_ok("A020000108 31323334FFFFFFFF");
}

static void compare(struct osmo_sub_auth_data *centre)
{
    struct osmo_auth_vector vector;
    uint8_t challenge[16];

    enter();
    for (int i = 0; i < ROUNDS; i++) {
        draw(challenge, sizeof(challenge));
        memset(&vector, 0, sizeof(vector));
        assert_int_equal(osmo_auth_gen_vec(&vector, centre, challenge), 0);
        assert_answers(&vector, challenge);
    }
}

static void sres_and_kc_come_from_milenage_by_conversion(void **state)
{
    struct osmo_sub_auth_data centre = {.type = OSMO_AUTH_TYPE_UMTS,
                                        .algo = OSMO_AUTH_ALG_MILENAGE};

    (void)state;
    draw(centre.u.umts.k, 16);
    draw(centre.u.umts.opc, 16);
    centre.u.umts.ind_bitlen = 5;
    make_card(centre.u.umts.k);
    put_object(KB_OBJ_OPC, centre.u.umts.opc, 16);
    compare(&centre);
}

/* A card of 2G alone: no OPc, an algorithm of its own. */
static void compare_comp128(enum osmo_auth_algo algorithm, uint8_t version)
{
    struct osmo_sub_auth_data centre = {.type = OSMO_AUTH_TYPE_GSM, .algo = algorithm};
    const uint8_t aka[AKA] = {0, version, 8, 16, 16, 8, 1, 5, 1, 0, 0, 0x10};

    draw(centre.u.gsm.ki, 16);
    make_card(centre.u.gsm.ki);
    put_object(KB_OBJ_AKA, aka, sizeof(aka));
    compare(&centre);
}

static void sres_and_kc_are_those_of_comp128(void **state)
{
    (void)state;
    compare_comp128(OSMO_AUTH_ALG_COMP128v1, 1);
    compare_comp128(OSMO_AUTH_ALG_COMP128v2, 2);
    compare_comp128(OSMO_AUTH_ALG_COMP128v3, 3);
}

/* Clause 8.16: only with DF.GSM or a DF below it as the current directory, and after CHV1. */
static void it_runs_in_df_gsm_and_after_chv1(void **state)
{
    static const uint8_t ki[16] = {1}, challenge[16] = {2};

    (void)state;
    make_card(ki);
    put_object(KB_OBJ_OPC, ki, 16);
    assert_int_equal(rig_send(&rig, "A0A40000023F00"), 0x9F16);
    assert_int_equal(rig_send(&rig, "A0A40000027F20"), 0x9F16);
    assert_int_equal(run(challenge), 0x9804);
    send_ok("A020000108 31323334FFFFFFFF");
    assert_int_equal(run(challenge), 0x9F0C);
    assert_int_equal(rig_send(&rig, "A0A40000025F30"), 0x9F16);
    assert_int_equal(run(challenge), 0x9F0C);
    assert_int_equal(rig_send(&rig, "A0A40000023F00"), 0x9F16);
    assert_int_equal(run(challenge), 0x9408);
    assert_int_equal(rig_send(&rig, "A0A40000027F10"), 0x9F16);
    assert_int_equal(run(challenge), 0x9408);
}

static void it_wants_sixteen_bytes(void **state)
{
    static const uint8_t ki[16] = {1};

    (void)state;
    make_card(ki);
    put_object(KB_OBJ_OPC, ki, 16);
    enter();
    assert_int_equal(rig_send(&rig, "A08800000F 000102030405060708090A0B0C0D0E"), 0x6710);
    assert_int_equal(rig_send(&rig, "A088000110 000102030405060708090A0B0C0D0E0F"), 0x6B00);
}

/* What was not fetched is gone with the next command. */
static void an_answer_waits_for_get_response_alone(void **state)
{
    static const uint8_t ki[16] = {1}, challenge[16] = {2};

    (void)state;
    make_card(ki);
    put_object(KB_OBJ_OPC, ki, 16);
    enter();
    assert_int_equal(run(challenge), 0x9F0C);
    assert_int_equal(rig_send(&rig, "A0F2000002"), 0x9000);
    assert_int_equal(rig_send(&rig, "A0C000000C"), 0x6F00);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sres_and_kc_come_from_milenage_by_conversion),
        cmocka_unit_test(sres_and_kc_are_those_of_comp128),
        cmocka_unit_test(it_runs_in_df_gsm_and_after_chv1),
        cmocka_unit_test(it_wants_sixteen_bytes),
        cmocka_unit_test(an_answer_waits_for_get_response_alone),
    };

    return cmocka_run_group_tests_name("RUN GSM ALGORITHM", tests, NULL, NULL);
}
