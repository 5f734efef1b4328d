/* SPDX-License-Identifier: Apache-2.0 */
/* A suspended card is as it was when it is resumed, once, and by its token alone (TS 102 221 clause
 * 11.1.22). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/card/asking.h"
#include "tests/card/rig.h"
#include "wire/hex.h"

enum { SEEDS = 3 };

#define SUSPEND "8076000004 0001010A 00"

static struct rig rig, saved;
static char resume[64];

static void send_ok(const char *hex)
{
    assert_int_equal(rig_send(&rig, hex), 0x9000);
}

static void expect(const char *hex, const char *answer)
{
    char got[2 * KB_RESPONSE_MAX + 1];

    rig_send(&rig, hex);
    kb_hex_encode(kb_span(rig.response, rig.response_len), got);
    assert_string_equal(got, answer);
}

static void copy_memory(struct rig *to, const struct rig *from)
{
    memcpy(to->memory, from->memory, sizeof(to->memory));
}

/* A card with PIN1, an EF read with it, one of records; PIN1 verified, the first EF current on the
 * basic channel; the second record of the other one on channel 1. */
static int start(void **state)
{
    (void)state;
    asking_clear();
    rig_blank(&rig);
    send_ok("80440020 (01030A03 31323334FFFFFFFF 3132333435363738)");
    send_ok("80440028 (030A01)");
    send_ok("00E00000 (62(82(7821) 83(3F00) 8A(05) 8B(2F0601)))");
    send_ok("00E00000 (62(82(4221000803) 83(2F06) 8A(05) 8B(2F0601) 80(0018) 88()))");
    send_ok("00DC0104 (800103 9000 FFFFFF)");
    send_ok("00DC0204 (800101 A4(830101))");
    send_ok("00E00000 (62(82(4121) 83(2F10) 8A(05) 8B(2F0602) 80(0004) 88()))");
    send_ok("00E00000 (62(82(7821) 83(7F10) 8A(05) 8B(2F0601)))");
    send_ok("00E00000 (62(82(4221000203) 83(6F3A) 8A(05) 8B(2F0601) 80(0006) 88(20)))");
    send_ok("00DC0204 02 AABB");
    rig_secure(&rig);
    send_ok("0020000108 31323334FFFFFFFF");
    send_ok("00A4000C022F10");
    assert_int_equal(rig_send(&rig, "0070000001"), 0x9000);
    send_ok("01A4080C047F106F3A");
    send_ok("01A2010402AABB00");
    return 0;
}

/* SUSPEND; the command that resumes goes to resume. */
static void suspend(void)
{
    char token[17];

    assert_int_equal(rig_send(&rig, SUSPEND), 0x9000);
    assert_int_equal(rig.response_len, 12);
    assert_memory_equal(rig.response, "\x01\x0A", 2);
    kb_hex_encode(kb_span(rig.response + 2, 8), token);
    snprintf(resume, sizeof(resume), "8076010008%s", token);
}

static void expect_all_back(void)
{
    expect("00B0000004", "FFFFFFFF9000");
    expect("01B2000402", "AABB9000");
    expect("01B0000001", "6981");
    expect("02B0000001", "6881");
}

static void expect_fresh(void)
{
    expect("01B2000402", "6881");
    expect("00B0000004", "6986");
    send_ok("00A4000C022F10");
    expect("00B0000004", "6982");
}

static void test_the_token_brings_channels_files_and_rights_back(void **state)
{
    (void)state;
    suspend();
    assert_true(rig_power(&rig));
    send_ok(resume);
    expect_all_back();
}

static void test_a_warm_reset_is_a_power_up_as_well(void **state)
{
    uint8_t atr[KB_ATR_MAX];
    size_t len;

    (void)state;
    suspend();
    assert_int_equal(kb_card_reset(&rig.card, atr, &len), 0);
    send_ok(resume);
    expect_all_back();
}

static void test_it_may_be_suspended_and_resumed_again(void **state)
{
    char before[sizeof(resume)];

    (void)state;
    suspend();
    assert_true(rig_power(&rig));
    send_ok(resume);
    memcpy(before, resume, sizeof(before));
    suspend();
    assert_string_not_equal(resume, before);
    assert_true(rig_power(&rig));
    send_ok(resume);
    expect_all_back();
}

static void test_it_is_resumed_once(void **state)
{
    (void)state;
    suspend();
    assert_true(rig_power(&rig));
    send_ok(resume);
    expect(resume, "6985");
    expect_all_back();
    assert_true(rig_power(&rig));
    expect(resume, "6985");
    expect_fresh();
}

static void test_a_token_of_one_wrong_bit_ends_it(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint8_t command[13];
        size_t len;

        start(NULL);
        suspend();
        assert_true(rig_power(&rig));
        kb_hex_decode(kb_span(resume, strlen(resume)), command, sizeof(command), &len);
        command[5 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(rig_send_bytes(&rig, kb_span(command, len)), 0x6982);
        assert_true(rig_power(&rig));
        expect(resume, "6985");
        expect_fresh();
    }
}

/* Whatever it is, and whatever becomes of it. */
static void test_any_other_command_before_ends_it(void **state)
{
    static const char *const commands[] = {"80F2000C",
                                           "00A4000C022FFF",
                                           "002400010831323334FFFFFFFF",
                                           "00FF0000",
                                           "FFA40000",
                                           "8176010008 0000000000000000",
                                           "8076010108 0000000000000000",
                                           "00C0000010",
                                           "8076000004",
                                           "01B2000402",
                                           "A0F2000016"};

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        bool is_no_class = commands[i][0] == 'F';

        start(NULL);
        suspend();
        assert_true(rig_power(&rig));
        rig_send(&rig, commands[i]);
        assert_int_equal(kb_nvm_has(&rig.card.nvm, KB_OBJ_SUSPENDED), is_no_class);
        expect(resume, is_no_class ? "9000" : "6985");
    }
}

static void test_what_comes_after_suspend_in_the_same_session_ends_it(void **state)
{
    (void)state;
    suspend();
    expect(resume, "6985");
    expect_all_back();
    suspend();
    expect("80F2000C", "9000");
    assert_true(rig_power(&rig));
    expect(resume, "6985");
    expect_fresh();
}

/* The terminal that resumes does not tell its profile again (clause 11.1.22.1). */
static void test_the_toolkit_knows_the_terminal_still(void **state)
{
    (void)state;
    rig.port.application = &asking;
    assert_true(rig_power(&rig));
    send_ok("8010000003 FFFFFF");
    suspend();
    assert_true(rig_power(&rig));
    send_ok(resume);
    asking_add("D009810301210082028182");
    rig_send(&rig, "80F2000C");
    assert_int_equal(rig.response[0], 0x91);
    assert_true(rig_power(&rig));
    rig_send(&rig, "80F2000C");
    assert_int_equal(rig.response[0], 0x90);
}

static void test_a_proactive_command_under_way_forbids_it(void **state)
{
    (void)state;
    rig.port.application = &asking;
    assert_true(rig_power(&rig));
    send_ok("8010000003 FFFFFF");
    asking_add("D009810301210082028182");
    rig_send(&rig, "80F2000C");
    assert_int_equal(rig.response[0], 0x91);
    expect(SUSPEND, "6985");
}

static void test_a_response_that_is_owed_forbids_it(void **state)
{
    (void)state;
    rig.port.application = &asking;
    assert_true(rig_power(&rig));
    send_ok("8010000003 FFFFFF");
    asking_add("D009810301210082028182");
    rig_send(&rig, "80F2000C");
    send_ok("8012000000");
    expect(SUSPEND, "6985");
    send_ok("80140000 (8103012100 82028281 830100)");
    suspend();
}

/* One of two parts: what came of it is in memory that forgets. */
static void test_a_message_in_parts_forbids_it(void **state)
{
    (void)state;
    rig_send(&rig, "80C20000 (D1(82028381 8B(440481 2143 7FF6 00000000000000"
                   "0A 07 0003010201 7000 AABB)))");
    assert_int_equal(rig.response[0], 0x90);
    expect(SUSPEND, "6985");
}

static void test_a_personalization_or_a_security_domain_in_use_forbids_it(void **state)
{
    (void)state;
    rig.card.perso.state = KB_PERSO_READY;
    expect(SUSPEND, "6985");
    rig.card.perso.state = KB_PERSO_IDLE;
    rig_send(&rig, "00A4040C08 A000000151000000");
    assert_int_equal(rig.response[0], 0x90);
    expect(SUSPEND, "6985");
}

static enum kb_err no_random(void *ctx, void *out, size_t len)
{
    (void)ctx, (void)out, (void)len;
    return KB_ERR_RANDOM;
}

static void test_without_random_numbers_there_is_neither_token_nor_challenge(void **state)
{
    (void)state;
    rig.port.random = no_random;
    expect(SUSPEND, "6F00");
    expect("0084000008", "6F00");
    assert_false(kb_nvm_has(&rig.card.nvm, KB_OBJ_SUSPENDED));
}

static const char *const wrong_token = "8076010008 0000000000000000";

/* Runs a command from the saved memory with power cut at operation cut. false: it ran to its end.
 */
static bool run_cut(const char *command, uint64_t cut, uint64_t seed)
{
    copy_memory(&rig, &saved);
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    if (!strcmp(command, SUSPEND))
        send_ok("0020000108 31323334FFFFFFFF");
    kb_flash_fault_arm(&rig.fault, cut, seed);
    rig_send(&rig, command);
    return rig.fault.is_off;
}

/* After every cut the card comes up, and its token brings back either all or nothing. */
static void check_cuts(const char *command, bool may_stay)
{
    uint64_t cut;

    for (cut = 1; run_cut(command, cut, 0); cut++) {
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            run_cut(command, cut, seed);
            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            assert_true(rig_power(&rig));
            if (rig_send(&rig, resume) == 0x9000) {
                assert_true(may_stay);
                expect_all_back();
                continue;
            }
            assert_int_equal(rig.response[0], 0x69);
            assert_int_equal(rig.response[1], 0x85);
            expect_fresh();
        }
    }
    assert_true(cut > 1);
}

static void test_a_power_cut_while_it_wakes_leaves_all_or_nothing(void **state)
{
    (void)state;
    suspend();
    copy_memory(&saved, &rig);
    check_cuts(resume, true);
    check_cuts("80F2000C", true);
    check_cuts(wrong_token, true);
}

/* The card's random numbers are those of the rig's seed, which goes on: no token fits. */
static void test_a_power_cut_while_it_falls_asleep_leaves_no_token(void **state)
{
    (void)state;
    snprintf(resume, sizeof(resume), "%s", wrong_token);
    for (uint64_t cut = 1; copy_memory(&saved, &rig), true; cut++) {
        bool is_cut;

        kb_flash_fault_arm(&rig.fault, cut, cut);
        rig_send(&rig, SUSPEND);
        is_cut = rig.fault.is_off;
        assert_int_equal(rig.response[0], is_cut ? 0x65 : 0x01);
        kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
        assert_true(rig_power(&rig));
        rig_send(&rig, resume);
        assert_int_equal(rig.response[0], 0x69);
        expect_fresh();
        if (!is_cut)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_token_brings_channels_files_and_rights_back, start),
        cmocka_unit_test_setup(test_a_warm_reset_is_a_power_up_as_well, start),
        cmocka_unit_test_setup(test_it_may_be_suspended_and_resumed_again, start),
        cmocka_unit_test_setup(test_it_is_resumed_once, start),
        cmocka_unit_test(test_a_token_of_one_wrong_bit_ends_it),
        cmocka_unit_test(test_any_other_command_before_ends_it),
        cmocka_unit_test_setup(test_what_comes_after_suspend_in_the_same_session_ends_it, start),
        cmocka_unit_test_setup(test_the_toolkit_knows_the_terminal_still, start),
        cmocka_unit_test_setup(test_a_proactive_command_under_way_forbids_it, start),
        cmocka_unit_test_setup(test_a_response_that_is_owed_forbids_it, start),
        cmocka_unit_test_setup(test_a_message_in_parts_forbids_it, start),
        cmocka_unit_test_setup(test_a_personalization_or_a_security_domain_in_use_forbids_it,
                               start),
        cmocka_unit_test_setup(test_without_random_numbers_there_is_neither_token_nor_challenge,
                               start),
        cmocka_unit_test_setup(test_a_power_cut_while_it_wakes_leaves_all_or_nothing, start),
        cmocka_unit_test_setup(test_a_power_cut_while_it_falls_asleep_leaves_no_token, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
