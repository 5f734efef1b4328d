/* SPDX-License-Identifier: Apache-2.0 */
/* Power cut at every operation of AUTHENTICATE: whoever has heard an answer never hears one to the
 * same challenge again (TS 33.102 clause 6.3.3). Challenge of TS 35.208 clause 4.3, test set 1. */
#include "tests/card/cut.h"
#include "tests/sim_card/subscriber.h"

#define SELECT_USIM "00A4040C07A0000000871002"
#define CHALLENGE                                                                                  \
    "00880081 (10 23553CBE9637A89D218AE64DAE47BF35 10 55F328B43577 B9B9 4A9FFAC354DFAFB3) 00"

static const uint8_t k[16] = {0x46, 0x5B, 0x5C, 0xE8, 0xB1, 0x99, 0xB4, 0x9F,
                              0xAA, 0x5F, 0x0A, 0x2E, 0xE2, 0x38, 0xA6, 0xBC};
static const uint8_t opc[16] = {0xCD, 0x63, 0xCB, 0x71, 0x95, 0x4A, 0x9F, 0x4E,
                                0x48, 0xA5, 0x99, 0x4E, 0x37, 0xA0, 0x2B, 0xAF};

static const struct cut_scene scene = {
    "AUTHENTICATE", CHALLENGE, {SELECT_USIM, CHALLENGE}, {SELECT_USIM}};

static struct rig rig;

/* The number of the challenge is far from 0: no limit to a jump. */
static void make_card(size_t room)
{
    struct options options = usual_options;

    options.flags = 0;
    make_applications(&rig);
    put_object(&rig, KB_OBJ_KI, k, sizeof(k));
    put_object(&rig, KB_OBJ_OPC, opc, sizeof(opc));
    assert_int_equal(put_options(&rig, &options), 0x9000);
    while (cut_room_left(&rig) > room)
        put_object(&rig, KB_OBJ_OPC, opc, sizeof(opc));
    cut_save(&rig);
}

static void a_cut_authenticate_has_used_its_number_or_not(void **state)
{
    (void)state;
    make_card(SIZE_MAX);
    cut_check(&rig, &scene);
    make_card(23);
    cut_check(&rig, &scene);
}

static void no_challenge_is_answered_twice(void **state)
{
    static const cut_arming armings[] = {kb_flash_fault_arm, kb_flash_fault_arm_reads};

    (void)state;
    make_card(SIZE_MAX);
    for (size_t i = 0; i < 2; i++)
        for (uint64_t cut = 1, more = true; more; cut++) {
            unsigned answers = 0;

            more = cut_run(&rig, armings[i], &scene, cut, cut);
            answers += rig.response[0] == 0xDB;
            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            assert_true(rig_power(&rig));
            select_usim(&rig);
            for (unsigned again = 0; again < 2; again++) {
                assert_int_equal(rig_send(&rig, CHALLENGE), 0x9000);
                answers += rig.response[0] == 0xDB;
            }
            assert_in_range(answers, more ? 0 : 1, 1);
            assert_int_equal(rig.response[0], 0xDC);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_authenticate_has_used_its_number_or_not),
        cmocka_unit_test(no_challenge_is_answered_twice),
    };

    return cmocka_run_group_tests_name("AUTHENTICATE under power cuts", tests, NULL, NULL);
}
