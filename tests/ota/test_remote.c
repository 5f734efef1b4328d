/* SPDX-License-Identifier: Apache-2.0 */
/* Remote file management by short message: what a script may do, and what it leaves behind (ETSI
 * TS 102 226 clauses 5 to 7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "card/channel.h"
#include "tests/ota/remote_world.h"
#include "wire/hex.h"

static void must(const char *command)
{
    assert_int_equal(rig_send(&rig, command), 0x9000);
}

/* --- What a script does --- */

/* Clause 5.1: as cards answered that pySim was tested with, 61XX stands where data could be had. */
static void select_says_how_much_there_is_to_fetch(void **state)
{
    char fcp[200], expected[220];

    (void)state;
    assert_int_equal(rig_send(&rig, "00A40004 (3F00) 00"), 0x9000);
    kb_hex_encode(kb_span(rig.response, rig.response_len - 2), fcp);
    snprintf(expected, sizeof(expected), "0161%02X", (unsigned)rig.response_len - 2);
    remote_expect("00A40004023F00", expected);
    snprintf(expected, sizeof(expected), "029000%s", fcp);
    remote_expect("00A40004023F00 00C0000000", expected);
    snprintf(expected, sizeof(expected),
             "AB%02X8001012"
             "3%02X%s9000",
             (unsigned)strlen(fcp) / 2 + 7, (unsigned)strlen(fcp) / 2 + 2, fcp);
    remote_expect("AA(22(00A40004023F0000))", expected);
}

static void the_mf_is_selected_when_a_script_begins(void **state)
{
    (void)state;
    remote_expect("00A4010C027FF1 00A4000C023F00", "029000");
    remote_expect("00A4000C022F05 00B0000000", "0290000102030405");
}

/* TAR of an application: clause 7.3. */
static void an_application_is_selected_by_its_tar(void **state)
{
    (void)state;
    remote_use(OPERATOR, 0xB00001);
    remote_expect("00A4000C026F07 00D6000002CAFE", "029000");
    must("00A4040C (A0000000871002)");
    must("00A4000C (6F07)");
    assert_int_equal(rig_send(&rig, "00200001 (31323334FFFFFFFF)"), 0x9000);
    assert_int_equal(rig_send(&rig, "00B0000002"), 0x9000);
    assert_answer(&rig, "CAFE");
}

/* Clause 5.2.2: R-APDUs for commands with Le and for the last one, and what else is told. */
static void an_expanded_script_has_an_answer_to_each_command_that_asks(void **state)
{
    (void)state;
    remote_expect("AA(22(00A4000C022F05) 22(00B0000002) 22(00B0000400))",
                  "AB0E8001032304010290002303059000");
    remote_expect("AE80 22(00A4000C022F05) 22(00B0000002) 0000", "AF80230290002304010290000000");
    remote_expect("AA(22(00A4000C022F05) 24(00))", "AB0A8001012302900090"
                                                   "0101");
    remote_expect("AA(22(00A400))", "AB0780010123026700");
    remote_expect("AA(820022(00A4000C022F05))", "AB0780010223029000");
    remote_expect("AA(810181 22(00A4000C022F05))", "AB0780010223029000");
    remote_expect("AA(810182 22(00A4000C022F05))", "AB06800100810101");
    remote_expect("AA(22(00A4000C022F05) 830101)", "AB0A8001012302900083"
                                                   "0103");
}

/* 3GPP TS 51.011 over the same files: what the terminal would be told is told by the script. */
static void a_2g_script_has_the_status_words_of_2g(void **state)
{
    char expected[80], answer[60];
    uint16_t sw;

    (void)state;
    sw = rig_send(&rig, "A0A40000 (3F00)");
    assert_int_equal(sw >> 8, 0x9F);
    snprintf(expected, sizeof(expected), "01%04X", sw);
    remote_expect("A0A40000023F00", expected);
    assert_int_equal(rig_send(&rig, "A0A40000 (3F00)"), sw);
    snprintf(answer, sizeof(answer), "A0C00000%02X", sw & 0xFF);
    assert_int_equal(rig_send(&rig, answer), 0x9000);
    kb_hex_encode(kb_span(rig.response, rig.response_len - 2), answer);
    snprintf(expected, sizeof(expected), "029000%s", answer);
    remote_expect("A0A40000023F00 A0C0000000", expected);
    remote_expect("A0A40000022F05 A0B0000000", "0290000102030405");
    remote_expect("A0A40000022F05 A0B0000002", "0290000102");
    remote_expect("A0A40000022F05 A0D600000105 A0A4000002FFFF", "039404");
    remote_expect("A0A40000022F11 A0B0000002", "029804");
    remote_expect("A088000010 000102030405060708090A0B0C0D0E0F", "016D00");
}

static void a_script_ends_with_the_first_command_that_fails(void **state)
{
    (void)state;
    remote_expect("00A4000C022F05 00A4000C022FFF 00D600000109", "026A82");
    remote_expect("AA(22(00A4000C022FFF) 22(00A4000C022F05))", "AB0780010123026A82");
    remote_expect("00A4000C022F05 00B0000001", "02900001");
    remote_expect("00A4000C022F05 00D6", "016700");
    remote_expect("", "009000");
}

/* TS 102 226 clause 7.1, and our promise: nothing else, whoever asks. */
static void commands_that_are_none_of_files_are_not_known(void **state)
{
    static const char *const others[] = {
        "00880081 (00)",   "80100000 (FF)", "80C20000 (D100)", "80120000 (00)",   "80140000 (00)",
        "80F20000 (00)",   "00700000 (00)", "80440020 (00)",   "80460000 (00)",   "80F0800F (00)",
        "804E0000 (01)",   "80400000 (00)", "80480000 (00)",   "80500000 (00)",   "84820000 (00)",
        "80E80000 (00)",   "80D80000 (00)", "80CA0000 (00)",   "01A4000C (2F05)", "10A4000C (2F05)",
        "04A4000C (2F05)", "A0100000 (FF)", "00FE0000 (00)",   "80760000 (00)",   "00840000 (00)"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        remote_expect(others[i], "016D00");
        asking_heard();
    }
    remote_expect("00C0000010", "016F00");
}

/* --- Security status --- */

static void what_the_key_set_grants_needs_no_code(void **state)
{
    (void)state;
    remote_expect("00A4000C022F11 00D60000021234", "029000");
    remote_expect("00A4000C022F11 00B0000002", "026982");
    remote_use(GUEST, 0xB00000);
    remote_expect("00A4000C022F11 00D60000025678", "026982");
}

static void a_code_the_terminal_verified_does_not_count(void **state)
{
    (void)state;
    must("00200001 (31323334FFFFFFFF)");
    must("0020000A (4142434445464748)");
    must("00A4000C (2F11)");
    assert_int_equal(rig_send(&rig, "00B0000002"), 0x9000);
    remote_use(GUEST, 0xB00000);
    remote_expect("00A4000C022F11 00B0000002", "026982");
    remote_expect("00A4000C022F11 00D60000025678", "026982");
}

static void a_code_that_a_script_verified_counts_in_it_and_nowhere_else(void **state)
{
    (void)state;
    remote_expect("0020000108 31323334FFFFFFFF 00A4000C022F11 00B0000002", "039000FFFF");
    remote_expect("00A4000C022F11 00B0000002", "026982");
    must("00A4000C (2F11)");
    assert_int_equal(rig_send(&rig, "00B0000002"), 0x6982);
    assert_int_equal(rig_send(&rig, "01A4000C (2F11)"), 0x6881);
    must("00700001");
    must("01A4000C (2F11)");
    assert_int_equal(rig_send(&rig, "01B0000002"), 0x6982);
}

static void tries_of_a_code_count_for_scripts_too(void **state)
{
    (void)state;
    for (unsigned left = 3; left-- > 0;) {
        char expected[16];

        snprintf(expected, sizeof(expected), "0163C%X", left);
        remote_expect("0020000108 3030303030303030", expected);
    }
    remote_expect("0020000108 31323334FFFFFFFF", "016983");
    assert_int_equal(rig_send(&rig, "00200001"), 0x6983);
}

static void the_terminal_stays_where_it_was(void **state)
{
    (void)state;
    must("00A4000C (2F05)");
    remote_expect("00A4000C027FF1 00A4000C026F07 00D60000020001", "039000");
    assert_int_equal(rig_send(&rig, "00B0000005"), 0x9000);
    assert_answer(&rig, "0102030405");
    /* And it is not in the application that the script was in. */
    assert_int_equal(rig_send(&rig, "80F2000100"), 0x6985);
}

/* --- Long answers --- */

static const char *long_file(void)
{
    static char hex[601];

    for (unsigned i = 0; i < 300; i++)
        snprintf(hex + 2 * i, 3, "%02X", i & 0xFF);
    return hex;
}

static void fill_long_file(void)
{
    char script[900];

    snprintf(script, sizeof(script), "00A4000C022F10 00D60000C8%.400s 00D600C864%s", long_file(),
             long_file() + 400);
    remote_expect(script, "039000");
}

/* Clause 5.1.1: what finds no place in a deliver report is lost, and SW is 62F1. */
static void an_answer_that_is_too_long_for_a_report_is_cut(void **state)
{
    char expected[300];

    (void)state;
    fill_long_file();
    snprintf(expected, sizeof(expected), "0262F1%.186s", long_file());
    remote_expect("00A4000C022F10 00B0000000", expected);
}

/* 3GPP TS 31.115 clause 4.4: in as many short messages as it takes. */
static void a_long_answer_goes_by_submit_in_parts(void **state)
{
    static uint8_t room[800], packet[800];
    struct kb_sms_join place = {.room = room, .cap = sizeof(room)}, *whole = NULL;
    struct kb_ota_response response;
    char hex[700], expected[700];
    unsigned parts = 0;
    uint16_t sw;

    (void)state;
    fill_long_file();
    sw = remote_send("00A4000C022F10 00B0000000", POR_SUBMIT);
    while (sw >> 8 == 0x91) {
        char fetch[64];
        struct kb_cat_command command;
        struct kb_sms sms;

        snprintf(fetch, sizeof(fetch), "80120000%02X", sw & 0xFF);
        must(fetch);
        assert_int_equal(kb_cat_command_read(kb_span(rig.response, rig.response_len - 2), &command),
                         KB_OK);
        assert_int_equal(kb_sms_parse(command.with.tpdu, KB_SMS_SUBMIT, &sms), KB_OK);
        assert_null(whole);
        assert_int_equal(kb_sms_join(&place, 1, &sms.address, true, sms.user_data, &whole), KB_OK);
        parts++;
        snprintf(fetch, sizeof(fetch), "80140000 (8103%02X1300 82028281 830100)", command.number);
        sw = rig_send(&rig, fetch);
    }
    assert_int_equal(sw, 0x9000);
    assert_int_equal(parts, 3);
    assert_non_null(whole);
    assert_int_equal(whole->header.packet, KB_SMS_RESPONSE_PACKET);
    memcpy(packet, whole->contents.data, whole->contents.len);
    assert_int_equal(kb_ota_open_response(&kb_crypto_mbedtls, &sender.keys, &sender.command, packet,
                                          whole->contents.len, &response),
                     KB_OK);
    kb_hex_encode(response.data, hex);
    snprintf(expected, sizeof(expected), "029000%s", long_file());
    assert_string_equal(hex, expected);
    for (size_t i = 0; i < KB_INBOX_ROOM; i++)
        assert_int_equal(rig.card.inbox.room[i], 0);
    remote_expect("00A4000C022F05 00B0000000", "0290000102030405");
}

/* --- Chains of scripts, clause 5.2.1.4 --- */

static void a_chain_keeps_what_is_selected_and_verified(void **state)
{
    (void)state;
    remote_expect("AA(830101 22(00A4000C022F11) 22(002000010831323334FFFFFFFF))",
                  "AB0780010323029000");
    remote_expect("AA(830102 22(00B0000002))", "AB098001022304FFFF9000");
    remote_expect("AA(830103 22(00B0000002))", "AB098001022304FFFF9000");
    remote_expect("AA(830103 22(00B0000002))", "AB06800100830101");
    remote_expect("AA(22(00A4000C022F11) 22(00B0000002))", "AB0780010223026982");
}

static void a_chain_ends_with_a_reset_an_error_or_another_script(void **state)
{
    static const char *const first = "AA(830101 22(00A4000C022F11))",
                             *const next = "AA(830102 22(00D60000021234))";

    (void)state;
    remote_expect(first, "AB0780010223029000");
    remote_expect(next, "AB0780010223029000");
    remote_use(GUEST, 0xB00000);
    remote_expect(next, "AB06800100830101");
    remote_use(OPERATOR, 0xB00000);
    remote_expect(next, "AB06800100830101");
    remote_expect(first, "AB0780010223029000");
    assert_true(rig_power(&rig));
    must("80100000 (FF)");
    remote_expect(next, "AB06800100830101");
    remote_expect(first, "AB0780010223029000");
    remote_expect("AA(830102 22(00A4000C022FFF))", "AB0780010223026A82");
    remote_expect(next, "AB06800100830101");
    remote_expect("AA(830111 22(00A4000C022F11))", "AB06800100830103");
}

/* A file that another channel deleted is not what a chain has selected. */
static void a_chain_does_not_hold_a_file_that_is_gone(void **state)
{
    (void)state;
    remote_expect("AA(830101 22(00A4000C022F05))", "AB0780010223029000");
    kb_channel_forget(&rig.card, rig.card.channels[KB_CHANNEL_REMOTE].ef);
    remote_expect("AA(830102 22(00B0000001))", "AB0780010223026986");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(select_says_how_much_there_is_to_fetch, remote_start),
        cmocka_unit_test_setup(the_mf_is_selected_when_a_script_begins, remote_start),
        cmocka_unit_test_setup(an_application_is_selected_by_its_tar, remote_start),
        cmocka_unit_test_setup(an_expanded_script_has_an_answer_to_each_command_that_asks,
                               remote_start),
        cmocka_unit_test_setup(a_2g_script_has_the_status_words_of_2g, remote_start),
        cmocka_unit_test_setup(a_script_ends_with_the_first_command_that_fails, remote_start),
        cmocka_unit_test_setup(commands_that_are_none_of_files_are_not_known, remote_start),
        cmocka_unit_test_setup(what_the_key_set_grants_needs_no_code, remote_start),
        cmocka_unit_test_setup(a_code_the_terminal_verified_does_not_count, remote_start),
        cmocka_unit_test_setup(a_code_that_a_script_verified_counts_in_it_and_nowhere_else,
                               remote_start),
        cmocka_unit_test_setup(tries_of_a_code_count_for_scripts_too, remote_start),
        cmocka_unit_test_setup(the_terminal_stays_where_it_was, remote_start),
        cmocka_unit_test_setup(an_answer_that_is_too_long_for_a_report_is_cut, remote_start),
        cmocka_unit_test_setup(a_long_answer_goes_by_submit_in_parts, remote_start),
        cmocka_unit_test_setup(a_chain_keeps_what_is_selected_and_verified, remote_start),
        cmocka_unit_test_setup(a_chain_ends_with_a_reset_an_error_or_another_script, remote_start),
        cmocka_unit_test_setup(a_chain_does_not_hold_a_file_that_is_gone, remote_start),
    };

    return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}
