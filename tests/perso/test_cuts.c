/* SPDX-License-Identifier: Apache-2.0 */
/* Power cut at every operation of every personalization command: a try is never given back, items
 * are wholly there or not at all, SECURED, LOCK and BLOCKED are for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/cmac.h"
#include "tests/perso/scene.h"

static struct rig rig, made, unfinished;
static struct builder builder;
static const uint8_t wrong_code[16] = {0xBA, 0xD0};

static int make_card(void **state)
{
    (void)state;
    sample_begin(&made, &builder);
    return 0;
}

static void nothing(void)
{
}

static void enable(void)
{
    sample_enable(&rig);
}

static void open(void)
{
    sample_open(&rig);
}

static uint16_t verify_wrong(void)
{
    return sample_send(&rig, 0x80420000, wrong_code, 16);
}

static uint16_t verify_right(void)
{
    return sample_send(&rig, 0x80420000, sample_code, 16);
}

static void expect_closed(void)
{
    assert_int_equal(sample_send_hex(&rig, 0x80480000, "8300"), 0x6985);
    assert_int_equal(sample_send(&rig, 0x804A0000, NULL, 0), 0x6985);
}

/* --- tries --- */

static void lose_a_try(void)
{
    enable();
    assert_int_equal(verify_wrong(), 0x63C2);
    assert_true(rig_power(&rig));
}

static void lose_two_tries(void)
{
    lose_a_try();
    enable();
    assert_int_equal(verify_wrong(), 0x63C1);
    assert_true(rig_power(&rig));
}

/* Whoever cuts the power in front of the count has learned nothing: not even that the code was
 * wrong. */
static void expect_counted(uint8_t before, uint16_t sw)
{
    struct sample_state state = sample_state(&rig, 0);

    if (state.tries == before) {
        assert_true(sw == 0x6581 || sw == 0x6985); /* the latter: not even the state was read */
        assert_int_equal(state.state, 0);
    } else {
        assert_int_equal(state.tries, before - 1);
        assert_int_equal(state.state, before == 1 ? 5 : 0);
    }
    expect_closed();
}

static void check_first_try(uint16_t sw)
{
    expect_counted(3, sw);
    sample_enable(&rig);
    assert_int_equal(verify_right(), 0x9000);
}

static void check_last_try(uint16_t sw)
{
    bool is_blocked;

    expect_counted(1, sw);
    is_blocked = sample_state(&rig, 0).state == 5;
    assert_int_equal(sample_send(&rig, 0x80400000, NULL, 0), is_blocked ? 0x6983 : 0x6110);
}

static void a_wrong_code_costs_a_try_wherever_the_power_goes(void **state)
{
    (void)state;
    scene_run(&rig, &made, &(struct scene){nothing, enable, verify_wrong, 0x63C2, check_first_try});
}

static void the_last_wrong_code_blocks_wherever_the_power_goes(void **state)
{
    (void)state;
    scene_run(&rig, &made,
              &(struct scene){lose_two_tries, enable, verify_wrong, 0x63C0, check_last_try});
}

/* The answer to the challenge of an ENABLE, with the right code or the wrong one. */
static uint8_t proof[32];

static void prove(const uint8_t code[16])
{
    struct kb_cmac cmac;

    assert_int_equal(rig_send(&rig, "8040000000"), 0x9000);
    assert_int_equal(kb_cmac_start(&cmac, &kb_crypto_openssl, code, 16), KB_OK);
    kb_cmac_update(&cmac, kb_span(rig.response, 16));
    kb_cmac_update(&cmac, kb_span(proof, 16));
    assert_int_equal(kb_cmac_finish(&cmac, proof + 16), KB_OK);
}

static void prove_wrong(void)
{
    prove(wrong_code);
}

static void prove_right(void)
{
    prove(sample_code);
}

static uint16_t verify_proof(void)
{
    return sample_send(&rig, 0x80420100, proof, sizeof proof);
}

static void a_wrong_answer_to_a_challenge_costs_a_try_too(void **state)
{
    (void)state;
    scene_run(&rig, &made,
              &(struct scene){nothing, prove_wrong, verify_proof, 0x63C2, check_first_try});
}

/* Before, counted, or all given back; and nothing is open behind the reset. */
static void check_right_code(uint16_t sw)
{
    struct sample_state state = sample_state(&rig, 0);

    assert_true(state.tries == 2 || state.tries == 1 || state.tries == 3);
    if (sw == 0x9000)
        assert_int_equal(state.tries, 3);
    assert_int_equal(state.state, 0);
    expect_closed();
}

static void check_right_code_at_last(uint16_t sw)
{
    struct sample_state state = sample_state(&rig, 0);

    assert_true(state.tries == 1 || state.tries == 0 || state.tries == 3);
    if (sw == 0x9000)
        assert_int_equal(state.tries, 3);
    assert_int_equal(state.state, state.tries == 0 ? 5 : 0);
    expect_closed();
}

static void a_right_code_gives_tries_back_all_at_once(void **state)
{
    (void)state;
    scene_run(&rig, &made,
              &(struct scene){lose_a_try, enable, verify_right, 0x9000, check_right_code});
    scene_run(
        &rig, &made,
        &(struct scene){lose_two_tries, enable, verify_right, 0x9000, check_right_code_at_last});
    scene_run(&rig, &made,
              &(struct scene){lose_a_try, prove_right, verify_proof, 0x9000, check_right_code});
}

/* Wrong codes with a cut each, at ever other operations: never more answers than tries. */
static void cuts_bring_no_further_guesses(void **state)
{
    (void)state;
    for (uint64_t cut = 1; cut < 12; cut++) {
        unsigned answers = 0;

        scene_power_from(&rig, &made);
        for (unsigned i = 0; i < 40; i++) {
            if (sample_send(&rig, 0x80400000, NULL, 0) == 0x6983)
                break;
            kb_flash_fault_arm(&rig.fault, 1 + (cut + i) % 12, cut * 40 + i);
            answers += (verify_wrong() & 0xFFF0) == 0x63C0;
            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            assert_true(rig_power(&rig));
        }
        assert_true(answers <= SAMPLE_TRIES);
    }
}

static void enable_and_state_write_nothing(void **state)
{
    uint64_t operations;

    (void)state;
    scene_power_from(&rig, &made);
    operations = rig.fault.operations;
    sample_enable(&rig);
    assert_int_equal(sample_state(&rig, 0).tries, SAMPLE_TRIES);
    assert_int_equal(rig.fault.operations, operations);
}

/* --- items --- */

/* All that a PUT can change. */
struct view {
    uint8_t imsi[9], acc[2], spn[17], data[600], present[8];
    uint8_t ki[16], pin[KB_PIN_OBJECT], tries[3];
    bool has_ki, has_sqn;
};

static void read_object(uint16_t object, void *out, size_t len)
{
    if (kb_nvm_has(&rig.card.nvm, object))
        assert_int_equal(kb_nvm_read(&rig.card.nvm, object, 0, out, len), KB_OK);
}

static void look(struct view *view)
{
    memset(view, 0, sizeof *view);
    sample_read_file(&rig, 0x6F07, 0, view->imsi, sizeof view->imsi);
    sample_read_file(&rig, 0x6F78, 0, view->acc, sizeof view->acc);
    sample_read_file(&rig, 0x6F46, 0, view->spn, sizeof view->spn);
    sample_read_file(&rig, 0x6F50, 0, view->data, sizeof view->data);
    read_object(KB_OBJ_PERSO_PRESENT, view->present, sizeof view->present);
    read_object(KB_OBJ_KI + 1, view->ki, sizeof view->ki);
    read_object(KB_OBJ_PIN, view->pin, sizeof view->pin);
    read_object(KB_OBJ_PIN_TRIES, view->tries, sizeof view->tries);
    view->has_ki = kb_nvm_has(&rig.card.nvm, KB_OBJ_KI + 1);
    view->has_sqn = kb_nvm_has(&rig.card.nvm, KB_OBJ_SQN + 32 + 7);
}

static struct view before, after;

static uint16_t put_all(void)
{
    uint8_t data[700];
    struct kb_writer wr = kb_wr(data, sizeof data);
    static const uint8_t head[] = {
        0x80, 6,    '0',  '0',  '1',  '0', '1', '7',                               /* imsi */
        0x81, 16,   9,    8,    7,    6,   5,   4,   3, 2, 1, 0, 1, 2, 3, 4, 5, 6, /* ki */
        0x83, 3,    'N',  'e',  'w',                                               /* spn */
        0x84, 4,    '7',  '7',  '7',  '7',                                         /* pin */
        0x9F, 0x10, 0x82, 0x02, 0x58,                                              /* long */
    };

    kb_wr_copy(&wr, head, sizeof head);
    kb_wr_fill(&wr, 0x3C, 600);
    assert_false(wr.is_bad);
    return sample_send(&rig, 0x80480000, data, wr.len);
}

static void put_earlier(void)
{
    static const uint8_t sqn[6] = {0, 0, 0, 0, 0, 1};

    open();
    sample_put_mandatory(&rig);
    assert_int_equal(sample_send_hex(&rig, 0x80480000, "8303 4F6C64 9F1002 1234"), 0x9000);
    assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_SQN + 32 + 7, sqn, sizeof sqn), KB_OK);
    assert_true(rig_power(&rig));
}

static void check_put(uint16_t sw)
{
    struct view now;

    look(&now);
    if (sw == 0x9000 || memcmp(&now, &before, sizeof now) != 0)
        assert_memory_equal(&now, &after, sizeof now);
    open();
    assert_int_equal(put_all(), 0x9000);
    look(&now);
    assert_memory_equal(&now, &after, sizeof now);
}

static void put_is_wholly_there_or_not_at_all(void **state)
{
    static void (*const pasts[])(void) = {nothing, put_earlier};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        scene_power_from(&rig, &made);
        pasts[i]();
        look(&before);
        open();
        assert_int_equal(put_all(), 0x9000);
        look(&after);
        assert_memory_not_equal(&before, &after, sizeof before);
        scene_run(&rig, &made, &(struct scene){pasts[i], open, put_all, 0x9000, check_put});
    }
}

/* The second field's ways: three items as data groupings, and one by a command of its own. */
static void open_second(void)
{
    sample_open_second(&rig);
}

static uint16_t put_groupings(void)
{
    return sample_send_hex(&rig, 0x84E20000, "010103 AABBCC 010202 0102 010304 01020304");
}

static uint16_t put_secret(void)
{
    return sample_send_hex(&rig, 0x80520000, "0102");
}

static void check_groupings(uint16_t sw)
{
    uint8_t group[3], slice[4];
    bool is_there = kb_nvm_has(&rig.card.nvm, KB_OBJ_SECRET + 3);

    assert_true(is_there || sw != 0x9000);
    sample_read_file(&rig, 0x6F01, 0, group, sizeof group);
    sample_read_file(&rig, 0x6F01, 40 + 8, slice, sizeof slice);
    assert_int_equal(!memcmp(group, "\xAA\xBB\xCC", 3), is_there);
    assert_int_equal(!memcmp(slice, "\x01\x02\x03\x04", 4), is_there);
    open_second();
    assert_int_equal(put_groupings(), 0x9000);
}

static void check_secret(uint16_t sw)
{
    assert_true(sw != 0x9000 || kb_nvm_has(&rig.card.nvm, KB_OBJ_SECRET + 3));
    open_second();
    assert_int_equal(put_secret(), 0x9000);
}

static void groupings_are_all_there_or_none(void **state)
{
    (void)state;
    scene_run(&rig, &made,
              &(struct scene){nothing, open_second, put_groupings, 0x9000, check_groupings});
    scene_run(&rig, &made, &(struct scene){nothing, open_second, put_secret, 0x9000, check_secret});
}

/* --- LOCK --- */

static uint16_t lock(void)
{
    return sample_send(&rig, 0x804A0000, NULL, 0);
}

static void check_lock(uint16_t sw)
{
    struct sample_state state = sample_state(&rig, 0);

    assert_int_equal(state.tries, 3);
    assert_true(state.state == 4 || (state.state == 0 && sw != 0x9000));
    if (state.state == 4) {
        assert_int_equal(sample_send(&rig, 0x80400000, NULL, 0), 0x6985);
        return;
    }
    open();
    assert_int_equal(lock(), 0x9000);
}

static void lock_is_for_ever_or_has_not_happened(void **state)
{
    (void)state;
    scene_run(&rig, &made, &(struct scene){put_earlier, open, lock, 0x9000, check_lock});
}

/* --- SET STATUS --- */

static uint16_t secure(void)
{
    return sample_send(&rig, 0x80F0800F, NULL, 0);
}

static void check_secured(uint16_t sw)
{
    uint16_t put = sample_send_hex(&rig, 0x80440028, "030A01"); /* PUT OBJECT */

    assert_true(put == 0x6985 || (put == 0x9000 && sw != 0x9000));
    assert_int_equal(secure(), put == 0x9000 ? 0x9000 : 0x6985);
    sample_open(&rig);
}

static void secured_is_for_ever_or_has_not_happened(void **state)
{
    static uint8_t image[BUILDER_IMAGE];

    (void)state;
    sample_prepare(&unfinished);
    assert_int_equal(sample_load(&unfinished, image, builder_image(&builder, sample_key, image)),
                     0x9000);
    scene_run(&rig, &unfinished, &(struct scene){nothing, nothing, secure, 0x9000, check_secured});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_code_costs_a_try_wherever_the_power_goes),
        cmocka_unit_test(a_wrong_answer_to_a_challenge_costs_a_try_too),
        cmocka_unit_test(the_last_wrong_code_blocks_wherever_the_power_goes),
        cmocka_unit_test(a_right_code_gives_tries_back_all_at_once),
        cmocka_unit_test(cuts_bring_no_further_guesses),
        cmocka_unit_test(enable_and_state_write_nothing),
        cmocka_unit_test(put_is_wholly_there_or_not_at_all),
        cmocka_unit_test(groupings_are_all_there_or_none),
        cmocka_unit_test(lock_is_for_ever_or_has_not_happened),
        cmocka_unit_test(secured_is_for_ever_or_has_not_happened),
    };

    return cmocka_run_group_tests(tests, make_card, NULL);
}
