/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proactive commands and the responses to them. Bytes of the sequences of 3GPP TS 31.124 and ETSI
 * TS 102 384 (clause 27.22.4); where a sequence of theirs ends with a choice of the tester, the
 * reply stands here.
 */
#include "tests/device/fake.h"

#include <stdlib.h>

static struct fake_card card;
static struct fake_world world;

#define TEXT_TOOLKIT_TEST "546F6F6C6B69742054657374"

struct sequence {
    const char *name, *command;
    struct kb_terminal_reply reply;
    const char *response; /* as the card gets it */
    const char *log;      /* a line the world saw; NULL: none */
};

static const struct sequence sequences[] = {
    /* --- DISPLAY TEXT, 27.22.4.1 --- */
    {"DISPLAY TEXT 1.1.1",
     "D01A8103012180820281028D0F04" TEXT_TOOLKIT_TEST "2031",
     {0},
     "810301218082028281830100",
     "ask show Toolkit Test 1 "},
    {"DISPLAY TEXT 1.3.1",
     "D01A8103012181820281028D0F04" TEXT_TOOLKIT_TEST "2032",
     {0},
     "810301218182028281830100",
     "ask show Toolkit Test 2 "},
    {"DISPLAY TEXT 1.4.1, packed",
     "D0198103012180820281028D0E00D4F79BBD4ED341D4F29C0E9A01",
     {0},
     "810301218082028281830100",
     "ask show Toolkit Test 3 "},
    {"DISPLAY TEXT 1.5.1, cleared after a while",
     "D01A8103012100820281028D0F04" TEXT_TOOLKIT_TEST "2034",
     {0},
     "810301210082028281830100",
     "show Toolkit Test 4\n"},
    {"DISPLAY TEXT 1.7.1, back",
     "D01A8103012180820281028D0F043C474F2D4241434B57415244533E",
     {.result = KB_CAT_BACKWARD_MOVE},
     "810301218082028281830111",
     "ask show <GO-BACKWARDS> "},
    {"DISPLAY TEXT 1.8.1, ended",
     "D0138103012180820281028D08043C41424F52543E",
     {.result = KB_CAT_SESSION_TERMINATED_BY_USER},
     "810301218082028281830110",
     "ask show <ABORT> "},
    {"DISPLAY TEXT 1.9.1, an icon and no text",
     "D00F8103012180820281028D009E020001",
     {0},
     "810301218082028281830132",
     NULL},
    {"DISPLAY TEXT 2.1.1, time out",
     "D0168103012180820281028D0B043C54494D452D4F55543E",
     {.result = KB_CAT_NO_RESPONSE_FROM_USER},
     "810301218082028281830112",
     "ask show <TIME-OUT> "},
    {"DISPLAY TEXT 6.1.1, Cyrillic",
     "D0248103012180820281028D1908041704140420041004120421042204120423041904220415",
     {0},
     "810301218082028281830100",
     "ask show ЗДРАВСТВУЙТЕ "},
    {"DISPLAY TEXT 9.1.1, Chinese",
     "D0108103012180820281028D05084F60597D",
     {0},
     "810301218082028281830100",
     "ask show 你好 "},
    {"DISPLAY TEXT 10.1.1, Katakana",
     "D0128103012180820281028D07080038003030EB",
     {0},
     "810301218082028281830100",
     "ask show 80ル "},

    /* --- GET INKEY, 27.22.4.2 --- */
    {"GET INKEY 1.1.1",
     "D0158103012200820281828D0A04456E74657220222B22",
     {.text = "+"},
     "8103012200820282818301008D02042B",
     "ask key Enter \"+\" 1-1 digits"},
    {"GET INKEY 1.2.1, packed",
     "D0148103012200820281828D09004537BD2C07896022",
     {.text = "0"},
     "8103012200820282818301008D020430",
     "ask key Enter \"0\" 1-1 digits"},
    {"GET INKEY 1.3.1, back",
     "D01A8103012200820281828D0F043C474F2D4241434B57415244533E",
     {.result = KB_CAT_BACKWARD_MOVE},
     "810301220082028281830111",
     "ask key"},
    {"GET INKEY 1.5.1, letters",
     "D0158103012201820281828D0A04456E74657220227122",
     {.text = "q"},
     "8103012201820282818301008D020471",
     "ask key Enter \"q\" 1-1\n"},
    {"GET INKEY 3.1.1, Cyrillic question",
     "D0248103012200820281828D1908041704140420041004120421042204120423041904220415",
     {.text = "+"},
     "8103012200820282818301008D02042B",
     "ask key ЗДРАВСТВУЙТЕ 1-1 digits"},
    {"GET INKEY, yes",
     "D0148103012204820281828D0904456E746572202B21",
     {.text = "+"},
     "8103012204820282818301008D020401",
     "ask yes-no"},
    {"GET INKEY, no",
     "D0148103012204820281828D0904456E746572202B21",
     {.text = "-"},
     "8103012204820282818301008D020400",
     "ask yes-no"},
    {"GET INKEY, UCS2 answer",
     "D0158103012203820281828D0A04456E74657220227122",
     {.text = "\xD0\x94"},
     "8103012203820282818301008D03080414",
     "ask key"},

    /* --- GET INPUT, 27.22.4.3 --- */
    {"GET INPUT 1.1.1",
     "D01B8103012300820281828D0C04456E746572203132333435"
     "91020505",
     {.text = "12345"},
     "8103012300820282818301008D06043132333435",
     "ask input Enter 12345 5-5 digits"},
    {"GET INPUT 1.2.1, packed answer",
     "D01B8103012308820281828D0C04456E7465722036372A232B"
     "91020505",
     {.text = "67*#+"},
     "8103012308820282818301008D0600B69B6AB402",
     "ask input Enter 67*#+ 5-5"},
    {"GET INPUT 1.4.1, hidden",
     "D01D8103012304820281828D0E0454797065203132333435363738"
     "91020408",
     {.text = "2345678"},
     "8103012304820282818301008D080432333435363738",
     " digits hidden"},
    {"GET INPUT, proposal",
     "D0238103012300820281828D0C04456E746572203132333435910205051706043132"
     "333435",
     {.text = "12345"},
     "8103012300820282818301008D06043132333435",
     "ask input Enter 12345 5-5 digits proposal 12345\n"},
    {"GET INPUT, an answer of the wrong length counts as none",
     "D01B8103012300820281828D0C04456E74657220313233343591020505",
     {.text = "1234"},
     "810301230082028281830112",
     "ask input"},

    /* --- MORE TIME, POLL INTERVAL, POLLING OFF, 27.22.4.4, 6, 14 --- */
    {"MORE TIME 1.1.1", "D009810301020082028182", {0}, "810301020082028281830100", NULL},
    {"POLL INTERVAL 1.1.1",
     "D00D8103010300820281828402"
     "0114",
     {0},
     "81030103008202828183010084020114",
     NULL},
    {"POLLING OFF 1.1.1", "D009810301040082028182", {0}, "810301040082028281830100", NULL},

    /* --- SET UP MENU, SELECT ITEM, 27.22.4.8, 9 --- */
    {"SET UP MENU 1.1.1",
     "D03B810301250082028182850C546F6F6C6B6974204D656E758F07014974656D20318F07024974656D2032"
     "8F07034974656D20338F07044974656D2034",
     {0},
     "810301250082028281830100",
     "menu Toolkit Menu: 1=Item 1 2=Item 2 3=Item 3 4=Item 4\n"},
    {"SET UP MENU 1.1.3, removed",
     "D00D8103012500820281828500"
     "8F00",
     {0},
     "810301250082028281830100",
     "menu none:\n"},
    {"SELECT ITEM 1.1.1",
     "D03D810301240082028182850E546F6F6C6B69742053656C6563748F07014974656D20318F07024974656D2032"
     "8F07034974656D20338F07044974656D2034",
     {.item = 2},
     "810301240082028281830100900102",
     "ask select Toolkit Select 0-0 1=Item 1 2=Item 2 3=Item 3 4=Item 4\n"},
    {"SELECT ITEM, one that is not there",
     "D03D810301240082028182850E546F6F6C6B69742053656C6563748F07014974656D20318F07024974656D2032"
     "8F07034974656D20338F07044974656D2034",
     {.item = 9},
     "810301240082028281830112",
     "ask select"},

    /* --- SET UP EVENT LIST, 27.22.4.16; PROVIDE LOCAL INFORMATION, 27.22.4.15 --- */
    {"SET UP EVENT LIST 1.1.1",
     "D00C810301050082028182990104",
     {0},
     "810301050082028281830100",
     NULL},
    {"PROVIDE LOCAL INFORMATION 1.1.1",
     "D009810301260082028182",
     {0},
     "8103012600820282818301009307"
     "00F11000010001",
     NULL},
    {"PROVIDE LOCAL INFORMATION 1.2.1, IMEI",
     "D009810301260182028182",
     {0},
     "8103012601820282818301009408"
     "1A32547698103254",
     NULL},
    {"PROVIDE LOCAL INFORMATION, date and time",
     "D009810301260382028182",
     {0},
     "810301260382028281830100A607"
     "32114122310200",
     NULL},
    {"PROVIDE LOCAL INFORMATION, access technology",
     "D009810301260682028182",
     {0},
     "810301260682028281830130",
     NULL},

    /* --- TIMER MANAGEMENT, 27.22.4.21 --- */
    {"TIMER MANAGEMENT 1.1.1",
     "D011810301270082028182A40101A503005000",
     {0},
     "810301270082028281830100A40101",
     NULL},
    {"TIMER MANAGEMENT 1.2, value of one that does not run",
     "D00C810301270282028182A40108",
     {0},
     "810301270282028281830124A40108",
     NULL},
    {"TIMER MANAGEMENT 1.3, deactivates one that does not run",
     "D00C810301270182028182A40108",
     {0},
     "810301270182028281830124A40108",
     NULL},
    {"TIMER MANAGEMENT, no value",
     "D00C810301270082028182A40101",
     {0},
     "810301270082028281830136",
     NULL},
    {"TIMER MANAGEMENT, no time at all",
     "D011810301270082028182A40101A503000000",
     {0},
     "810301270082028281830132",
     NULL},
    {"TIMER MANAGEMENT, another kind of it",
     "D00C810301270382028182A40101",
     {0},
     "810301270382028281830132",
     NULL},
    {"GET INKEY, a letter that the coding lacks",
     "D0158103012201820281828D0A04456E74657220227122",
     {.text = "\xD0\x94"},
     "810301220182028281830112",
     "ask key"},
    {"GET INPUT, more than one can type",
     "D01B8103012301820281828D0C04456E746572203132333435910250FF",
     {0},
     "810301230182028281830130",
     NULL},
    {"GET INPUT, no length is short and long enough",
     "D01B8103012300820281828D0C04456E746572203132333435910205"
     "04",
     {0},
     "810301230082028281830132",
     NULL},
    {"SELECT ITEM, more items than one can show",
     "D04D810301240082028182"
     "8F0101"
     "8F0102"
     "8F0103"
     "8F0104"
     "8F0105"
     "8F0106"
     "8F0107"
     "8F0108"
     "8F0109"
     "8F010A"
     "8F010B"
     "8F010C"
     "8F010D"
     "8F010E"
     "8F010F"
     "8F0110"
     "8F0111"
     "850F"
     "313233343536373839303132333435",
     {0},
     "810301240082028281830130",
     NULL},
    {"SET UP MENU, no item", "D00B8103012500820281828500", {0}, "810301250082028281830136", NULL},
    {"TIMER MANAGEMENT, no timer", "D009810301270182028182", {0}, "810301270182028281830136", NULL},

    /* --- What is not understood, TS 102 223 clauses 6.8, 6.10, 6.11 and 8.12 --- */
    {"a type that does not exist", "D009810301F10082028182", {0}, "810301F10082028281830131", NULL},
    {"a type this terminal does not do: PLAY TONE",
     "D009810301200082028103",
     {0},
     "810301200082028281830131",
     NULL},
    {"a data object that wants comprehension",
     "D00D8103010200820281828F"
     "00ED00",
     {0},
     "810301020082028281830132",
     NULL},
    {"a data object that does not want it",
     "D00B8103010200820281826D00",
     {0},
     "810301020082028281830100",
     NULL},
    {"a text is missing", "D009810301218082028102", {0}, "810301218082028281830136", NULL},
    {"a length beyond the end",
     "D00B8103012180820281028D7F",
     {0},
     "810301218082028281830132",
     NULL},
    {"no device identities", "D0058103012180", {0}, "810301218082028281830132", NULL},
    {"no command details", "D00482028102", {0}, "810300000082028281830132", NULL},
    {"another tag than D0",
     "D1098103010200820281"
     "82",
     {0},
     "810301020082028281830132",
     NULL},
    {"nothing but a tag", "D000", {0}, "810300000082028281830132", NULL},
    {"one byte", "D0", {0}, "810300000082028281830132", NULL},
};

static void run(const struct sequence *sequence)
{
    char response[512] = "RESPONSE ";

    fake_card_init(&card);
    fake_world_init(&world);
    world.answers = true;
    fake_terminal(&world, &card);
    fake_clear(&world, &card);
    world.reply = sequence->reply;
    fake_card_wants(&card, sequence->command);
    kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
    strcat(response, sequence->response);
    strcat(response, "\n");
    if (strcmp(card.said, response) != 0 || (sequence->log && !fake_has(world.log, sequence->log)))
        print_error("%s\nlog: %s", sequence->name, world.log);
    assert_string_equal(card.said, response);
    if (sequence->log)
        assert_true(fake_has(world.log, sequence->log));
    free(world.terminal);
}

static void each_command_gets_the_response_of_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
        run(&sequences[i]);
}

/* --- Commands that are damaged --- */

/* How many responses the card got; each has to be one. */
static size_t count_responses(void)
{
    size_t count = 0;

    for (char *at = card.said; (at = strstr(at, "RESPONSE ")); count++) {
        struct kb_cat_response response;
        uint8_t bytes[256];
        size_t len;

        at += strlen("RESPONSE ");
        *strchr(at, '\n') = 0;
        fake_bytes(at, bytes, sizeof(bytes), &len);
        assert_int_equal(kb_cat_response_read(kb_span(bytes, len), &response), KB_OK);
        at += strlen(at) + 1;
    }
    return count;
}

static void run_damaged(const char *command)
{
    unsigned before;

    fake_card_init(&card);
    fake_world_init(&world);
    world.answers = true;
    fake_terminal(&world, &card);
    fake_clear(&world, &card);
    fake_card_wants(&card, command);
    before = card.power_ups;
    kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
    assert_true(kb_terminal_is_on(world.terminal));
    assert_int_equal(count_responses() + card.power_ups - before, 1);
    free(world.terminal);
}

static void a_command_cut_anywhere_is_answered_once(void **state)
{
    char command[512];

    (void)state;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
        for (size_t len = strlen(sequences[i].command); len > 2; len -= 2) {
            memcpy(command, sequences[i].command, len - 2);
            command[len - 2] = 0;
            run_damaged(command);
        }
}

static void a_command_with_any_bit_flipped_is_answered_once(void **state)
{
    static const char digits[] = "0123456789ABCDEF";
    char command[512];

    (void)state;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
        for (size_t at = 0; at < 4 * strlen(sequences[i].command); at++) {
            size_t value;

            strcpy(command, sequences[i].command);
            value = (size_t)(strchr(digits, command[at / 4]) - digits);
            command[at / 4] = digits[value ^ (1u << at % 4)];
            run_damaged(command);
        }
}

/* --- Commands that wait for the network --- */

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
    fake_card_wants(&card, command);
    kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
}

#define SEND_SM                                                                                    \
    "D0378103011300820281838507"                                                                   \
    "53656E6420534D"                                                                               \
    "8609"                                                                                         \
    "9111223344556677F8"                                                                           \
    "8B18"                                                                                         \
    "0100099110325476F840F40C54657374204D657373616765"

static void a_short_message_is_submitted_to_the_centre_named(void **state)
{
    (void)state;
    want(SEND_SM);
    assert_string_equal(world.log, "show Send SM\n"
                                   "submit 0100099110325476F840F40C54657374204D657373616765\n"
                                   "to 9111223344556677F8\n");
    assert_string_equal(card.said, "");
    kb_terminal_submitted(world.terminal, true, 0);
    assert_string_equal(card.said, "RESPONSE 810301130082028281830100\n");
}

static void without_an_address_it_goes_to_the_centre_of_the_card(void **state)
{
    (void)state;
    want("D0258103011300820281838B1A0100099110325476F8"
         "40F40E54657374204D65737361676520"
         "21");
    assert_true(fake_has(world.log, "to 9100214365F7\n"));
}

/* SEND SHORT MESSAGE 1.1: "Short Message", 13 characters, packed by the terminal. */
static void a_text_is_packed_when_the_card_wants_it(void **state)
{
    (void)state;
    want("D0388103011301820281838507"
         "53656E6420534D"
         "8609"
         "9111223344556677F8"
         "8B19"
         "0100099110325476F840F40D53686F7274204D657373616765");
    assert_true(fake_has(world.log, "submit 0100099110325476F840F00D53F45B4E0735CBF379F85C06\n"));
    kb_terminal_submitted(world.terminal, true, 0);
    assert_string_equal(card.said, "RESPONSE 810301130182028281830100\n");
}

/* With a validity behind the coding scheme; a header, or a text of another coding. */
static void what_cannot_be_packed_is_not_sent(void **state)
{
    (void)state;
    want("D01C810301130182028183"
         "8B11"
         "1100099110325476F84004A70453686F72");
    assert_true(fake_has(world.log, "submit 1100099110325476F84000A70453F45B0E\n"));
    kb_terminal_submitted(world.terminal, true, 0);
    fake_clear(&world, &card);
    want("D01B810301130182028183"
         "8B10"
         "4100099110325476F84004"
         "0402700041");
    want("D019810301130182028183"
         "8B0E"
         "0100099110325476F84008"
         "020041");
    want("D00D810301130182028183"
         "8B02"
         "0100");
    assert_string_equal(world.log, "");
    assert_string_equal(card.said, "RESPONSE 810301130182028281830132\n"
                                   "RESPONSE 810301130182028281830132\n"
                                   "RESPONSE 810301130182028281830132\n");
}

static void a_refused_short_message_names_the_cause(void **state)
{
    (void)state;
    want(SEND_SM);
    kb_terminal_submitted(world.terminal, false, 38);
    assert_string_equal(card.said, "RESPONSE 81030113008202828183023526\n");
}

static void without_service_no_short_message_is_sent(void **state)
{
    const struct kb_terminal_attached lost = {.service = KB_CAT_NO_SERVICE};

    (void)state;
    kb_terminal_attached(world.terminal, &lost);
    want(SEND_SM);
    assert_string_equal(world.log, "");
    assert_string_equal(card.said, "RESPONSE 81030113008202828183022004\n");
}

static void an_answer_nobody_waits_for_is_passed_over(void **state)
{
    struct kb_terminal_reply reply = {.text = "+"};

    (void)state;
    kb_terminal_submitted(world.terminal, true, 0);
    kb_terminal_answer(world.terminal, &reply);
    kb_terminal_channel_opened(world.terminal, true);
    assert_string_equal(card.said, "");
}

/* --- REFRESH, 27.22.4.7 --- */

static void refresh_reset_starts_the_card_again_and_attaches_the_new_subscriber(void **state)
{
    (void)state;
    card.imsi = "080910101032547608"; /* 001010123456780 */
    want("D009810301010482028182");
    assert_int_equal(card.power_ups, 2);
    assert_true(fake_has(world.log, "detach\n"));
    assert_true(fake_has(world.log, "attach 001010123456780\n"));
    assert_false(fake_has(card.said, "RESPONSE"));
    assert_true(fake_has(card.said, "PROFILE"));
}

static void refresh_of_files_reads_the_new_subscriber_without_a_reset(void **state)
{
    static const char *const modes[] = {"D009810301010082028182",
                                        "D0128103010101820281829207013F007FFF6F07",
                                        "D009810301010282028182", "D009810301010382028182"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        fake_clear(&world, &card);
        card.imsi = i & 1 ? "080910101032547698" : "080910101032547608";
        want(modes[i]);
        assert_int_equal(card.power_ups, 1);
        assert_true(fake_has(world.log, i & 1 ? "detach\nattach 001010123456789\n"
                                              : "detach\nattach 001010123456780\n"));
        assert_true(fake_has(card.said, "0082028281830100\n") ||
                    fake_has(card.said, "82028281830100\n"));
    }
}

static void a_refresh_that_changes_nothing_leaves_the_network_alone(void **state)
{
    (void)state;
    want("D009810301010082028182");
    assert_string_equal(world.log, "");
    assert_string_equal(card.said, "RESPONSE 810301010082028281830100\n");
}

static void steering_of_roaming_is_beyond_this_terminal(void **state)
{
    (void)state;
    want("D009810301010782028182");
    assert_string_equal(card.said, "RESPONSE 810301010782028281830130\n");
}

static void a_card_gone_during_refresh_leaves_the_terminal_off(void **state)
{
    (void)state;
    card.fail_at = card.commands + 3;
    want("D009810301010482028182");
    assert_false(kb_terminal_is_on(world.terminal));
}

/* --- Storms --- */

static void a_card_that_always_has_another_command_is_bounded(void **state)
{
    (void)state;
    for (int event = 1; event <= 3; event++) {
        unsigned before = card.commands;

        card.is_endless = true;
        if (event == 1)
            fake_card_wants(&card, "D009810301020082028182");
        kb_terminal_expired(world.terminal, KB_TERMINAL_POLL);
        assert_int_equal(card.commands - before, 1 + 2 * KB_TERMINAL_COMMANDS);
    }
}

static void a_card_that_resets_for_ever_is_bounded(void **state)
{
    (void)state;
    card.is_endless = true;
    want("D009810301010482028182");
    assert_in_range(card.power_ups, 2, 2 + KB_TERMINAL_COMMANDS);
    assert_true(kb_terminal_is_on(world.terminal));
}

static void a_storm_without_polls_is_looked_at_again(void **state)
{
    (void)state;
    fake_card_wants(&card, "D009810301040082028182");
    card.is_endless = true;
    want("D009810301020082028182");
    assert_int_equal(world.timers[KB_TERMINAL_POLL], 30);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_gets_the_response_of_the_standard),
        cmocka_unit_test(a_command_cut_anywhere_is_answered_once),
        cmocka_unit_test(a_command_with_any_bit_flipped_is_answered_once),
        WITH(a_short_message_is_submitted_to_the_centre_named),
        WITH(without_an_address_it_goes_to_the_centre_of_the_card),
        WITH(a_text_is_packed_when_the_card_wants_it),
        WITH(what_cannot_be_packed_is_not_sent),
        WITH(a_refused_short_message_names_the_cause),
        WITH(without_service_no_short_message_is_sent),
        WITH(an_answer_nobody_waits_for_is_passed_over),
        WITH(refresh_reset_starts_the_card_again_and_attaches_the_new_subscriber),
        WITH(refresh_of_files_reads_the_new_subscriber_without_a_reset),
        WITH(a_refresh_that_changes_nothing_leaves_the_network_alone),
        WITH(steering_of_roaming_is_beyond_this_terminal),
        WITH(a_card_gone_during_refresh_leaves_the_terminal_off),
        WITH(a_card_that_always_has_another_command_is_bounded),
        WITH(a_card_that_resets_for_ever_is_bounded),
        WITH(a_storm_without_polls_is_looked_at_again),
    };

    return cmocka_run_group_tests_name("device/commands", tests, NULL, NULL);
}
