/* SPDX-License-Identifier: Apache-2.0 */
/* Secured packets by short message: joined, opened, handed on and acknowledged (3GPP TS 31.115
 * clause 4, TS 31.111 clause 7.1.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/toolkit/sending.h"

static struct rig rig;
static struct sender sender, other;
static uint8_t numbers[600];

static int start(void **state)
{
    (void)state;
    rig_blank(&rig);
    rig.port.application = &asking;
    asking_clear();
    sender_start(&sender, &rig);
    other = sender;
    other.reference = 77;
    for (size_t i = 0; i < sizeof(numbers); i++)
        numbers[i] = (uint8_t)(i * 7);
    return 0;
}

static struct kb_span two(void)
{
    return kb_span("\xAA\xBB", 2);
}

static struct kb_span answer(void)
{
    return kb_span(rig.response, rig.response_len - 2);
}

static void assert_heard(const char *words)
{
    assert_string_equal(asking_heard(), words);
}

static void assert_heard_numbers(size_t len)
{
    char expected[2 * sizeof(numbers) + 16] = "packet ";

    for (size_t i = 0; i < len; i++)
        snprintf(expected + strlen(expected), 3, "%02X", numbers[i]);
    assert_heard(expected);
}

/* The packet of the Java library gsm0348 (tests/ota/vectors.h) has key set 1, as this card. Its SPI
 * wants a proof of receipt by submit, unprotected: TS 102 225 clause 5.2 in an SMS-SUBMIT of TS
 * 23.040 to where the message came from. */
static void a_packet_made_by_others_is_taken_and_acknowledged(void **state)
{
    static const uint8_t key[] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
                                  0x99, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16};
    struct kb_application application = asking;

    (void)state;
    memcpy(application.target.tar, "\x01\x02\x03", 3);
    application.target.minimum = CC | CIPHERED;
    rig.port.application = &application;
    sender_put_keys(&rig, key, key);
    assert_int_equal(rig_send(&rig, "80C20000 (D1 (82028381 8B (400881214365877FF622705200000000"
                                    "(027000 001815062112120102034814CE84CBDEBC1A0DF20A5EE20E74C6)"
                                    ")))"),
                     0x9000);
    assert_heard("packet AABB");
    assert_int_equal(rig_send(&rig, "80100000 (FF)"), 0x9128);
    assert_int_equal(rig_send(&rig, "8012000028"), 0x9000);
    assert_answer(&rig, "D0268103011300820281838B1B"
                        "410008812143658700F610"
                        "027100000B0A010203000000000000"
                        "00");
}

static void a_packet_in_one_message_is_taken_at_once(void **state)
{
    (void)state;
    sender_make(&sender, FULL, POR_NEVER, two());
    assert_int_equal(sender_parts(&sender), 1);
    assert_int_equal(sender_send(&sender, &rig, 1), 0x9000);
    assert_int_equal(rig.response_len, 2);
    assert_heard("packet AABB");
}

static void parts_are_joined_in_every_order_and_doubled(void **state)
{
    static const unsigned orders[][6] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},         {2, 3, 1},
                                         {3, 1, 2}, {3, 2, 1}, {3, 3, 1, 3, 1, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        sender_make(&sender, FULL, POR_NEVER, kb_span(numbers, 300));
        assert_int_equal(sender_parts(&sender), 3);
        for (size_t k = 0; k < 6 && orders[i][k]; k++) {
            assert_heard("");
            assert_int_equal(sender_send(&sender, &rig, orders[i][k]), 0x9000);
        }
        assert_heard_numbers(300);
    }
}

static void the_longest_packet_fills_the_room(void **state)
{
    (void)state;
    sender_make(&sender, FULL, POR_NEVER, kb_span(numbers, sizeof(numbers)));
    assert_int_equal(sender_send_all(&sender, &rig), 0x9000);
    assert_heard_numbers(sizeof(numbers));
}

static void a_packet_longer_than_the_room_is_not_taken(void **state)
{
    static uint8_t much[KB_INBOX_ROOM];

    (void)state;
    sender_make(&sender, FULL, POR_NEVER, kb_span(much, sizeof(much)));
    assert_int_equal(sender_send_all(&sender, &rig), 0x9000);
    assert_heard("");
    sender_make(&sender, FULL, POR_NEVER, kb_span(numbers, 300));
    assert_int_equal(sender_send_all(&sender, &rig), 0x9000);
    assert_heard_numbers(300);
}

/* Two contents of two parts, their parts mixed, and a short one in between. */
static void parts_of_other_contents_may_come_in_between(void **state)
{
    struct sender third = sender;

    (void)state;
    sender_make(&sender, FULL, POR_NEVER, kb_span(numbers, 200));
    other.cntr = sender.cntr;
    sender_make(&other, FULL, POR_NEVER, kb_span(numbers, 150));
    third.cntr = other.cntr;
    sender_make(&third, FULL, POR_NEVER, two());
    sender_send(&sender, &rig, 2);
    sender_send(&other, &rig, 1);
    assert_heard("");
    sender_send(&sender, &rig, 1);
    assert_heard_numbers(200);
    sender_send(&other, &rig, 2);
    assert_heard_numbers(150);
    sender_send(&third, &rig, 1);
    assert_heard("packet AABB");
}

static void a_short_packet_does_not_disturb_one_of_many_parts(void **state)
{
    (void)state;
    other.cntr = 10;
    sender_make(&other, FULL, POR_NEVER, kb_span(numbers, 500));
    sender_make(&sender, FULL, POR_NEVER, two());
    for (unsigned part = 1; part < sender_parts(&other); part++)
        sender_send(&other, &rig, part);
    sender_send(&sender, &rig, 1);
    assert_heard("packet AABB");
    sender_send(&other, &rig, sender_parts(&other));
    assert_heard_numbers(500);
}

static void a_reset_forgets_parts(void **state)
{
    (void)state;
    sender_make(&sender, FULL, POR_NEVER, kb_span(numbers, 200));
    sender_send(&sender, &rig, 1);
    assert_true(rig_power(&rig));
    sender_send(&sender, &rig, 2);
    assert_heard("reset");
}

static void a_deliver_report_bears_the_proof(void **state)
{
    (void)state;
    asking_answer("6985CAFE");
    sender_make(&sender, FULL, POR_DELIVER, two());
    assert_int_equal(sender_send(&sender, &rig, 1), 0x9000);
    assert_heard("packet AABB");
    assert_report(&sender, answer(), KB_STATUS_POR_OK, "6985CAFE");
}

static void the_longest_answer_fits_in_a_deliver_report(void **state)
{
    char hex[201] = "";

    (void)state;
    for (int i = 0; i < 100; i++)
        strcat(hex, "5A");
    asking_answer(hex);
    sender_make(&sender, FULL, POR_DELIVER, kb_span(numbers, 300));
    assert_int_equal(sender_send_all(&sender, &rig), 0x9000);
    assert_heard_numbers(300);
    assert_true(answer().len <= KB_SMS_USER_DATA);
    assert_report(&sender, answer(), KB_STATUS_POR_OK, hex);
}

static void a_proof_on_error_only_comes_with_an_error(void **state)
{
    (void)state;
    sender_make(&sender, FULL, POR_ON_ERROR, two());
    assert_int_equal(sender_send(&sender, &rig, 1), 0x9000);
    assert_int_equal(rig.response_len, 2);
    assert_heard("packet AABB");
    sender.cntr = 0;
    sender_make(&sender, FULL, POR_ON_ERROR, two());
    assert_int_equal(sender_send(&sender, &rig, 1), 0x9000);
    assert_report(&sender, answer(), KB_STATUS_CNTR_LOW, "");
}

/* Replayed: the newest is known as such, so that whoever answered may answer again; older ones are
 * of no interest to anybody. */
static void a_replay_is_told_from_a_packet(void **state)
{
    struct sender first;

    (void)state;
    sender_make(&sender, FULL, POR_NEVER, two());
    sender_send(&sender, &rig, 1);
    first = sender;
    assert_heard("packet AABB");
    sender_send(&sender, &rig, 1);
    assert_heard("packet again");
    sender_make(&sender, FULL, POR_NEVER, two());
    sender_send(&sender, &rig, 1);
    assert_heard("packet AABB");
    sender_send(&first, &rig, 1);
    assert_heard("");
    assert_true(rig_power(&rig));
    sender_send(&first, &rig, 1);
    assert_heard("reset");
    sender_send(&sender, &rig, 1);
    assert_heard("packet again");
}

/* Fetches what waits and gives the TPDU inside. */
static struct kb_sms fetch_submit(uint8_t length)
{
    struct kb_cat_command command;
    struct kb_sms sms;
    char hex[16];

    snprintf(hex, sizeof(hex), "80120000%02X", length);
    assert_int_equal(rig_send(&rig, hex), 0x9000);
    assert_int_equal(kb_cat_command_read(answer(), &command), KB_OK);
    assert_int_equal(command.type, KB_CAT_SEND_SHORT_MESSAGE);
    assert_int_equal(command.destination, KB_CAT_NETWORK);
    assert_int_equal(kb_sms_parse(command.with.tpdu, KB_SMS_SUBMIT, &sms), KB_OK);
    return sms;
}

/* The proof goes before what the application wants, waits until it is fetched, and is gone when the
 * terminal has responded, whatever it says. */
static void a_proof_by_submit_waits_for_the_terminal(void **state)
{
    char digits[KB_SMS_ADDRESS_DIGITS];
    struct kb_sms sms;
    uint16_t sw;

    (void)state;
    asking_answer("CAFE");
    sender_make(&sender, FULL, POR_SUBMIT, two());
    assert_int_equal(sender_send(&sender, &rig, 1), 0x9000);
    assert_int_equal(rig.response_len, 2);
    asking_add("D009810301020082028182");
    sw = rig_send(&rig, "80100000 (FF)");
    assert_int_equal(sw >> 8, 0x91);
    assert_int_equal(rig_send(&rig, "00E00000 (62(82(7821) 83(3F00) 8A(05)))"), sw);
    other.cntr = sender.cntr;
    sender_make(&other, FULL, POR_NEVER, kb_span(numbers, 500));
    assert_int_equal(sender_send_all(&other, &rig), sw);

    sms = fetch_submit((uint8_t)sw);
    assert_int_equal(kb_sms_address_digits(&sms.address, digits), 8);
    assert_memory_equal(digits, "12345678", 8);
    assert_int_equal(sms.flags, KB_SMS_HAS_HEADER);
    assert_int_equal(sms.pid, 0);
    assert_int_equal(sms.dcs, KB_SMS_DCS_USIM_8BIT);
    assert_report(&sender, sms.user_data, KB_STATUS_POR_OK, "CAFE");
    asking_heard();
    assert_int_equal(rig_send(&rig, "80140000 (8103011300 82028281 8301)"), 0x6A80);
    assert_int_equal(rig_send(&rig, "80140000 (8103011300 82028281 8302 2001)"), 0x910B);
    assert_heard("");
    assert_int_equal(rig_send(&rig, "801200000B"), 0x9000);
    assert_answer(&rig, "D009810302020082028182");
}

/* A proof that comes up while the application's command is with the terminal waits behind it. */
static void a_proof_does_not_take_the_response_to_a_command(void **state)
{
    (void)state;
    asking_add("D009810301020082028182");
    assert_int_equal(rig_send(&rig, "80100000 (FF)"), 0x910B);
    assert_int_equal(rig_send(&rig, "801200000B"), 0x9000);
    sender_make(&sender, FULL, POR_SUBMIT, two());
    assert_int_equal(sender_send(&sender, &rig, 1), 0x9000);
    assert_int_equal(rig_send(&rig, "801200000B"), 0x9000);
    assert_answer(&rig, "D009810301020082028182");
    assert_int_equal(rig_send(&rig, "80140000 (8103010200 82028281 830100)") >> 8, 0x91);
    assert_heard("profile FF; packet AABB; done 02 result 00");
    fetch_submit(0);
}

/* While a channel uses the room, short packets are taken and long ones are not. */
static void a_stream_has_the_room_for_itself(void **state)
{
    (void)state;
    sender_make(&sender, FULL, POR_NEVER, kb_span(numbers, 200));
    sender_send(&sender, &rig, 1);
    kb_inbox_stream(&rig.card, true);
    memset(rig.card.inbox.room, 0x5A, KB_INBOX_ROOM);
    sender_send(&sender, &rig, 1);
    sender_send(&sender, &rig, 2);
    assert_heard("");
    for (size_t i = 0; i < KB_INBOX_ROOM; i++)
        assert_int_equal(rig.card.inbox.room[i], 0x5A);
    sender_make(&sender, FULL, POR_NEVER, two());
    sender_send(&sender, &rig, 1);
    assert_heard("packet AABB");
    kb_inbox_stream(&rig.card, false);
    sender_make(&sender, FULL, POR_NEVER, kb_span(numbers, 200));
    sender_send_all(&sender, &rig);
    assert_heard_numbers(200);
}

static void a_packet_from_a_channel_is_opened_where_it_lies(void **state)
{
    (void)state;
    sender_make(&sender, FULL, POR_DELIVER, two());
    sender.command.bearer = KB_PACKET_CHANNEL;
    sender_seal(&sender);
    kb_inbox_packet(&rig.card, sender.packet, sender.len);
    assert_heard("packet AABB");
    for (size_t i = 0; i < sender.len; i++)
        assert_int_equal(sender.packet[i], 0);
    assert_false(kb_inbox_has_report(&rig.card));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_packet_made_by_others_is_taken_and_acknowledged, start),
        cmocka_unit_test_setup(a_packet_in_one_message_is_taken_at_once, start),
        cmocka_unit_test_setup(parts_are_joined_in_every_order_and_doubled, start),
        cmocka_unit_test_setup(the_longest_packet_fills_the_room, start),
        cmocka_unit_test_setup(a_packet_longer_than_the_room_is_not_taken, start),
        cmocka_unit_test_setup(parts_of_other_contents_may_come_in_between, start),
        cmocka_unit_test_setup(a_short_packet_does_not_disturb_one_of_many_parts, start),
        cmocka_unit_test_setup(a_reset_forgets_parts, start),
        cmocka_unit_test_setup(a_deliver_report_bears_the_proof, start),
        cmocka_unit_test_setup(the_longest_answer_fits_in_a_deliver_report, start),
        cmocka_unit_test_setup(a_proof_on_error_only_comes_with_an_error, start),
        cmocka_unit_test_setup(a_replay_is_told_from_a_packet, start),
        cmocka_unit_test_setup(a_proof_by_submit_waits_for_the_terminal, start),
        cmocka_unit_test_setup(a_proof_does_not_take_the_response_to_a_command, start),
        cmocka_unit_test_setup(a_stream_has_the_room_for_itself, start),
        cmocka_unit_test_setup(a_packet_from_a_channel_is_opened_where_it_lies, start),
    };

    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
