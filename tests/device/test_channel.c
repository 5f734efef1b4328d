/* SPDX-License-Identifier: Apache-2.0 */
/* The bearer independent protocol (ETSI TS 102 223 clauses 6.4.27 - 6.4.31); sequences of ETSI TS
 * 102 384 clauses 27.22.4.27 - 31. */
#include "tests/device/fake.h"

#include <stdio.h>
#include <stdlib.h>

static struct fake_card card;
static struct fake_world world;

/* OPEN CHANNEL 2.1.1, buffer of 100 bytes: GPRS, TestGp.rs, TCP client, port 44444, 1.1.1.1. */
#define OPEN(size)                                                                                 \
    "D042810301400182028182"                                                                       \
    "3507020304030"                                                                                \
    "41F02"                                                                                        \
    "3902" size "470A06546573744770027273"                                                         \
    "0D08F4557365724C6F67"                                                                         \
    "0D08F455736572507764"                                                                         \
    "3C0302AD9C"                                                                                   \
    "3E052101010101"
#define OPENED(result, size)                                                                       \
    "RESPONSE 8103014001820282818301" result "B8028100"                                            \
    "35070203040304"                                                                               \
    "1F02"                                                                                         \
    "3902" size "\n"

static int begin(void **state)
{
    (void)state;
    fake_card_init(&card);
    fake_world_init(&world);
    fake_terminal(&world, &card);
    fake_clear(&world, &card);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(world.terminal);
    return 0;
}

static void want(const char *command)
{
    fake_clear(&world, &card);
    fake_card_wants(&card, command);
    kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
}

static void open_channel(void)
{
    want("D00E81030105008202818299"
         "03090A03");
    want(OPEN("0064"));
    kb_terminal_channel_opened(world.terminal, true);
}

static void a_channel_is_opened_where_the_card_says(void **state)
{
    (void)state;
    want(OPEN("0064"));
    assert_string_equal(world.log, "open TestGp.rs protocol 2 port 44444 address 2101010101\n");
    assert_string_equal(card.said, "");
    kb_terminal_channel_opened(world.terminal, true);
    assert_string_equal(card.said, OPENED("00", "0064"));
}

static void a_buffer_of_this_size_is_not_to_be_had(void **state)
{
    (void)state;
    want(OPEN("03E8"));
    kb_terminal_channel_opened(world.terminal, true);
    assert_string_equal(card.said, OPENED("07", "0200"));
}

static void a_channel_the_network_does_not_open_is_told(void **state)
{
    (void)state;
    want(OPEN("0064"));
    kb_terminal_channel_opened(world.terminal, false);
    assert_string_equal(card.said, "RESPONSE 81030140018202828183022100"
                                   "350702030403041F02"
                                   "39020064\n");
    want(OPEN("0064"));
    kb_terminal_channel_opened(world.terminal, true);
    assert_string_equal(card.said, OPENED("00", "0064"));
}

static void a_second_channel_is_one_too_many(void **state)
{
    (void)state;
    open_channel();
    want(OPEN("0064"));
    assert_string_equal(card.said, "RESPONSE 81030140018202828183023A01\n");
}

static void without_service_no_channel_is_opened(void **state)
{
    const struct kb_terminal_attached lost = {.service = KB_CAT_LIMITED_SERVICE, .cause = 2};

    (void)state;
    kb_terminal_attached(world.terminal, &lost);
    want(OPEN("0064"));
    assert_string_equal(card.said, "RESPONSE 81030140018202828183022004\n");
}

/* Bluetooth; a server; no destination; a name whose label does not fit. */
static void channels_of_another_kind_are_beyond_this_terminal(void **state)
{
    (void)state;
    want("D01C810301400182028182"
         "350110"
         "39020064"
         "3C0302AD9C"
         "3E052101010101");
    assert_true(fake_has(card.said, "830130\n"));
    want("D01C810301400182028182"
         "350103"
         "39020064"
         "3C0303AD9C"
         "3E052101010101");
    assert_true(fake_has(card.said, "830130\n"));
    want("D015810301400182028182"
         "350103"
         "39020064"
         "3C0302AD9C");
    assert_true(fake_has(card.said, "830136\n"));
    want("D020810301400182028182"
         "350103"
         "39020064"
         "47020941"
         "3C0302AD9C"
         "3E052101010101");
    assert_true(fake_has(card.said, "830132\n"));
    assert_string_equal(world.log, "");
}

/* --- Data --- */

static void data_is_sent_at_once_or_gathered(void **state)
{
    (void)state;
    open_channel();
    want("D013810301430182028121"
         "B608"
         "0001020304050607"); /* SEND DATA 1.1.1 */
    assert_string_equal(world.log, "send 0001020304050607\n");
    assert_string_equal(card.said, "RESPONSE 810301430182028281830100B70164\n");
    want("D00E810301430082028121"
         "B603"
         "414243");
    assert_string_equal(world.log, "");
    assert_string_equal(card.said, "RESPONSE 810301430082028281830100B70161\n");
    want("D00C810301430182028121"
         "B601"
         "44");
    assert_string_equal(world.log, "send 41424344\n");
}

static void more_than_the_buffer_holds_is_refused(void **state)
{
    char command[512] = "D07081030143008202812"
                        "1B665";

    (void)state;
    open_channel();
    for (int i = 0; i < 101; i++)
        strcat(command, "55");
    want(command);
    assert_string_equal(card.said, "RESPONSE 81030143008202828183023A04\n");
}

static void received_data_is_announced_once_and_fetched_in_pieces(void **state)
{
    uint8_t data[60] = {1, 2, 3, 4, 5};

    (void)state;
    open_channel();
    fake_clear(&world, &card);
    assert_int_equal(kb_terminal_channel_received(world.terminal, kb_span(data, 3)), 3);
    assert_int_equal(kb_terminal_channel_received(world.terminal, kb_span(data + 3, 2)), 2);
    assert_string_equal(card.said, "ENVELOPE D60E99010982028281B8028100B70103\n");
    want("D00C810301420082028121B70104");
    assert_string_equal(card.said, "RESPONSE 810301420082028281830100B60401020304B70101\n");
    want("D00C810301420082028121B70104");
    assert_string_equal(card.said, "RESPONSE 810301420082028281830102B60105B70100\n");
}

static void what_finds_no_room_may_come_again(void **state)
{
    uint8_t data[150];

    (void)state;
    memset(data, 0x55, sizeof(data));
    open_channel();
    assert_int_equal(kb_terminal_channel_received(world.terminal, kb_span(data, 150)), 100);
    assert_int_equal(kb_terminal_channel_received(world.terminal, kb_span(data, 50)), 0);
    want("D00C810301420082028121B70132");
    assert_string_equal(world.log, "room\n");
    assert_int_equal(kb_terminal_channel_received(world.terminal, kb_span(data, 50)), 50);
    want("D00C810301420082028121B701FF");
    assert_string_equal(world.log, "");
    assert_true(fake_has(card.said, "830102B664"));
}

/* Data that came during a question and was fetched before the card heard of it. */
static void what_the_card_has_already_is_not_announced(void **state)
{
    struct kb_terminal_reply read = {0};
    uint8_t data[3] = {1, 2, 3};

    (void)state;
    open_channel();
    want("D00E8103012180820281028D03044142");
    kb_terminal_channel_received(world.terminal, kb_span(data, 3));
    fake_card_wants(&card, "D00C810301420082028121B70103");
    kb_terminal_answer(world.terminal, &read);
    assert_true(fake_has(card.said, "B603010203B70100\n"));
    assert_false(fake_has(card.said, "ENVELOPE"));
}

/* --- The end of a channel --- */

static void a_closed_channel_is_gone(void **state)
{
    (void)state;
    open_channel();
    want("D009810301440082028182"); /* GET CHANNEL STATUS 1.2.1 */
    assert_string_equal(card.said, "RESPONSE 810301440082028281830100B8028100\n");
    want("D009810301410082028121");
    assert_string_equal(world.log, "close\n");
    assert_string_equal(card.said, "RESPONSE 810301410082028281830100\n");
    want("D009810301410082028121");
    assert_string_equal(card.said, "RESPONSE 81030141008202828183023A03\n");
    want("D009810301440082028182");
    assert_string_equal(card.said, "RESPONSE 810301440082028281830100B8020000\n");
}

static void another_channel_number_is_none(void **state)
{
    (void)state;
    open_channel();
    want("D009810301410082028122");
    assert_string_equal(card.said, "RESPONSE 81030141008202828183023A03\n");
}

static void a_dropped_link_is_told_and_what_had_come_can_still_be_read(void **state)
{
    uint8_t data[2] = {7, 8};

    (void)state;
    open_channel();
    kb_terminal_channel_received(world.terminal, kb_span(data, 2));
    fake_clear(&world, &card);
    kb_terminal_channel_lost(world.terminal);
    assert_string_equal(card.said, "ENVELOPE D60B99010A82028281B8020105\n");
    want("D009810301440082028182");
    assert_string_equal(card.said, "RESPONSE 810301440082028281830100B8020105\n");
    want("D00C810301420082028121B70102");
    assert_string_equal(card.said, "RESPONSE 810301420082028281830100B6020708B70100\n");
    want("D00C810301430182028121B60144");
    assert_string_equal(card.said, "RESPONSE 81030143018202828183023A02\n");
    want(OPEN("0064"));
    kb_terminal_channel_opened(world.terminal, true);
    assert_string_equal(card.said, OPENED("00", "0064"));
}

static void a_reset_closes_the_channel(void **state)
{
    (void)state;
    open_channel();
    want("D009810301010482028182");
    assert_true(fake_has(world.log, "close\n"));
    assert_int_equal(kb_terminal_channel_received(world.terminal, kb_span("x", 1)), 0);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH(a_channel_is_opened_where_the_card_says),
        WITH(a_buffer_of_this_size_is_not_to_be_had),
        WITH(a_channel_the_network_does_not_open_is_told),
        WITH(a_second_channel_is_one_too_many),
        WITH(without_service_no_channel_is_opened),
        WITH(channels_of_another_kind_are_beyond_this_terminal),
        WITH(data_is_sent_at_once_or_gathered),
        WITH(more_than_the_buffer_holds_is_refused),
        WITH(received_data_is_announced_once_and_fetched_in_pieces),
        WITH(what_finds_no_room_may_come_again),
        WITH(what_the_card_has_already_is_not_announced),
        WITH(a_closed_channel_is_gone),
        WITH(another_channel_number_is_none),
        WITH(a_dropped_link_is_told_and_what_had_come_can_still_be_read),
        WITH(a_reset_closes_the_channel),
    };

    return cmocka_run_group_tests_name("device/channel", tests, NULL, NULL);
}
