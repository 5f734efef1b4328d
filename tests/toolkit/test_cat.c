/* SPDX-License-Identifier: Apache-2.0 */
/* Toolkit commands, responses and envelopes against the sequences by which terminals are certified
 * (3GPP TS 31.124 clauses 27.22.4 - 27.22.7, ETSI TS 102 384), as they stand in the tests of oFono,
 * Qtopia and Gecko. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "wire/cat.h"
#include "wire/hex.h"

#define TEXT(words) kb_span(words, sizeof(words) - 1)

struct bytes {
    uint8_t data[300];
    size_t len;
};

static struct bytes unhex(const char *hex)
{
    struct bytes b;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), b.data, sizeof(b.data), &b.len),
                     KB_OK);
    return b;
}

static struct kb_span span_of(const struct bytes *b)
{
    return kb_span(b->data, b->len);
}

static void assert_written(const struct kb_writer *wr, const char *hex)
{
    struct bytes expected = unhex(hex);

    assert_false(wr->is_bad);
    assert_int_equal(wr->len, expected.len);
    assert_memory_equal(wr->data, expected.data, expected.len);
}

static const char *const commands[] = {
    "D01A8103012180820281028D0F04546F6F6C6B697420546573742031", /* DISPLAY TEXT 1.1.1 */
    "D0198103012180820281028D0E00D4F79BBD4ED341D4F29C0E9A01",   /* 1.4.1, packed */
    "D009810301010482028182",                                   /* REFRESH, reset */
    "D0108103010101820281829205013F002FE2",                     /* REFRESH, a file */
    "D009810301020082028182",                                   /* MORE TIME 1.1.1 */
    "D00D81030103008202818284020114",                           /* POLL INTERVAL 1.1.1 */
    "D009810301040082028182",                                   /* POLLING OFF 1.1.1 */
    "D00C810301050082028182990104",                             /* SET UP EVENT LIST */
    "D037810301130082028183850753656E6420534D86099111223344556677F88B180100099110325476F840F40C5465"
    "7374204D657373616765",                                       /* SEND SHORT MESSAGE 1.1.1 */
    "D0158103012200820281828D0A04456E74657220222B22",             /* GET INKEY 1.1.1 */
    "D01B8103012300820281828D0C04456E74657220313233343591020505", /* GET INPUT 1.1.1 */
    "D03D810301240082028182850E546F6F6C6B69742053656C6563748F07014974656D20318F07024974656D20328F07"
    "034974656D20338F07044974656D2034", /* SELECT ITEM 1.1.1 */
    "D03B810301250082028182850C546F6F6C6B6974204D656E758F07014974656D20318F07024974656D20328F070349"
    "74656D20338F07044974656D2034",               /* SET UP MENU 1.1.1 */
    "D00D81030125008202818285008F00",             /* SET UP MENU, removed */
    "D009810301260182028182",                     /* PROVIDE LOCAL INFORMATION, IMEI */
    "D011810301270082028182A40101A503000050",     /* TIMER MANAGEMENT 1.6.1 */
    "D00C810301270182028182A40101",               /* TIMER MANAGEMENT 1.5.1 */
    "D0108103014100820281828505436C6F7365",       /* CLOSE CHANNEL with an alpha identifier */
    "D00C810301420082028121B701C8",               /* RECEIVE DATA 1.1.1 */
    "D013810301430182028121B6080001020304050607", /* SEND DATA 1.1.1 */
    "D009810301440082028182",                     /* GET CHANNEL STATUS 1.1.1 */
};

static const char *const responses[] = {
    "810301218082028281830100",                   /* DISPLAY TEXT */
    "81030121808202828183022001",                 /* screen is busy, with additional information */
    "8103012200820282818301008D02042B",           /* GET INKEY: + */
    "8103012300820282818301008D06043132333435",   /* GET INPUT: 12345 */
    "810301240082028281830100900102",             /* SELECT ITEM: 2 */
    "81030103008202828183010084020114",           /* POLL INTERVAL: 20 s */
    "810301260082028281830100930700F11000010001", /* PROVIDE LOCAL INFORMATION: where it is */
    "81030126018202828183010094081332547698103254",       /* IMEI */
    "810301260382028281830100A60702111311404404",         /* date, time and time zone */
    "810301270082028281830100A40101",                     /* TIMER MANAGEMENT */
    "810301270182028281830124A40101",                     /* in contradiction with its state */
    "810301420082028281830100B6080001020304050607B70100", /* RECEIVE DATA */
    "810301430182028281830100B701FF",                     /* SEND DATA */
    "810301440082028281830100B8028100",                   /* GET CHANNEL STATUS */
    "81030143018202828183023A03",                         /* no channel of that number */
};

static const char *const envelopes[] = {
    "D30782020181900102",               /* MENU SELECTION 1.1.1 */
    "D309820201819001021500",           /* with a request for help */
    "D70C82028281A40101A503000001",     /* TIMER EXPIRATION 2.1.1 */
    "D60799010482028281",               /* user activity */
    "D60E99010982028281B8028100B701FF", /* data available */
    "D60B99010A82028281B8020105",       /* channel status: link dropped */
    "D60A990103820282819B0102",         /* location status: no service */
};

static void commands_are_read_and_written_as_certified(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct bytes b = unhex(commands[i]);
        uint8_t out[KB_CAT_MAX];
        struct kb_writer wr = kb_wr(out, sizeof(out));
        struct kb_cat_command command;

        assert_int_equal(kb_cat_command_read(span_of(&b), &command), KB_OK);
        assert_int_equal(command.number, 1);
        kb_cat_command_write(&wr, &command);
        assert_written(&wr, commands[i]);
    }
}

static void responses_are_read_and_written_as_certified(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
        struct bytes b = unhex(responses[i]);
        uint8_t out[KB_CAT_MAX];
        struct kb_writer wr = kb_wr(out, sizeof(out));
        struct kb_cat_response response;

        assert_int_equal(kb_cat_response_read(span_of(&b), &response), KB_OK);
        assert_int_equal(response.number, 1);
        kb_cat_response_write(&wr, &response);
        assert_written(&wr, responses[i]);
    }
}

static void envelopes_are_read_and_written_as_certified(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++) {
        struct bytes b = unhex(envelopes[i]);
        uint8_t out[KB_CAT_MAX];
        struct kb_writer wr = kb_wr(out, sizeof(out));
        struct kb_cat_envelope envelope;

        assert_int_equal(kb_cat_envelope_read(span_of(&b), &envelope), KB_OK);
        kb_cat_envelope_write(&wr, &envelope);
        assert_written(&wr, envelopes[i]);
    }
}

static void a_text_is_written_from_its_words(void **state)
{
    struct kb_cat_command command = {.number = 1,
                                     .type = KB_CAT_DISPLAY_TEXT,
                                     .qualifier = KB_CAT_TEXT_WAIT_FOR_USER,
                                     .destination = KB_CAT_DISPLAY};
    uint8_t out[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    (void)state;
    command.with.text = (struct kb_cat_text){KB_CAT_DCS_8BIT, TEXT("Toolkit Test 1")};
    kb_cat_add(&command.with, KB_CAT_TEXT);
    kb_cat_command_write(&wr, &command);
    assert_written(&wr, commands[0]);
}

/* DISPLAY TEXT 1.6.1: outer object and text both need two bytes of length. */
static void a_text_of_160_characters_has_lengths_of_two_bytes(void **state)
{
    static const char words[] =
        "This command instructs the ME to display a text message. It allows the SIM to define the "
        "priority of that message, and the text string format. Two types of prio";
    static const uint8_t head[] = {0xD0, 0x81, 0xAD, 0x81, 0x03, 0x01, 0x21, 0x80,
                                   0x82, 0x02, 0x81, 0x02, 0x8D, 0x81, 0xA1, 0x04};
    struct kb_cat_command command = {.number = 1,
                                     .type = KB_CAT_DISPLAY_TEXT,
                                     .qualifier = KB_CAT_TEXT_WAIT_FOR_USER,
                                     .destination = KB_CAT_DISPLAY};
    struct kb_cat_command again;
    uint8_t out[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    (void)state;
    command.with.text = (struct kb_cat_text){KB_CAT_DCS_8BIT, TEXT(words)};
    kb_cat_add(&command.with, KB_CAT_TEXT);
    kb_cat_command_write(&wr, &command);
    assert_int_equal(wr.len, sizeof(head) + 160);
    assert_memory_equal(out, head, sizeof(head));
    assert_memory_equal(out + sizeof(head), words, 160);
    assert_int_equal(kb_cat_command_read(kb_wr_span(&wr), &again), KB_OK);
    assert_int_equal(again.with.text.bytes.len, 160);
}

static void a_menu_is_put_together_from_its_items(void **state)
{
    static const char *const words[] = {"Item 1", "Item 2", "Item 3", "Item 4"};
    struct kb_cat_command command = {
        .number = 1, .type = KB_CAT_SET_UP_MENU, .destination = KB_CAT_TERMINAL};
    uint8_t run[64], out[KB_CAT_MAX], id;
    struct kb_writer items = kb_wr(run, sizeof(run)), wr = kb_wr(out, sizeof(out));
    struct kb_cat_command again;
    struct kb_cursor rd;
    struct kb_span text;

    (void)state;
    for (uint8_t i = 0; i < 4; i++)
        kb_cat_put_item(&items, (uint8_t)(i + 1), kb_span(words[i], strlen(words[i])));
    command.with.alpha = TEXT("Toolkit Menu");
    command.with.items = kb_wr_span(&items);
    kb_cat_add(&command.with, KB_CAT_ALPHA);
    kb_cat_command_write(&wr, &command);
    assert_written(&wr, commands[12]);

    assert_int_equal(kb_cat_command_read(kb_wr_span(&wr), &again), KB_OK);
    rd = kb_rd(again.with.items);
    for (uint8_t i = 0; i < 4; i++) {
        assert_true(kb_cat_next_item(&rd, &id, &text));
        assert_int_equal(id, i + 1);
        assert_int_equal(text.len, 6);
        assert_memory_equal(text.data, words[i], 6);
    }
    assert_false(kb_cat_next_item(&rd, &id, &text));
    assert_true(kb_rd_is_done(&rd));
}

static void an_empty_item_takes_the_menu_away(void **state)
{
    struct bytes b = unhex("D00D81030125008202818285008F00");
    uint8_t item[8], id;
    struct kb_writer wr = kb_wr(item, sizeof(item));
    struct kb_cat_command command;
    struct kb_cursor rd;
    struct kb_span text;

    (void)state;
    assert_int_equal(kb_cat_command_read(span_of(&b), &command), KB_OK);
    rd = kb_rd(command.with.items);
    assert_true(kb_cat_next_item(&rd, &id, &text));
    assert_int_equal(id, 0);
    assert_int_equal(text.len, 0);
    kb_cat_put_item(&wr, 0, kb_span(NULL, 0));
    assert_written(&wr, "8F00");
}

/* OPEN CHANNEL as Gecko's tests have it, with the user's login and password between the network's
 * name and the transport: the first text counts. */
static void a_channel_says_where_it_leads(void **state)
{
    struct bytes b =
        unhex("D0448103014001820281820500350702030403041F0239020578470A065465737447700272730D08F455"
              "7365724C6F670D08F4557365725077643C0301AD9C3E052101010101");
    struct kb_cat_command command;

    (void)state;
    assert_int_equal(kb_cat_command_read(span_of(&b), &command), KB_OK);
    assert_int_equal(command.type, KB_CAT_OPEN_CHANNEL);
    assert_int_equal(command.qualifier, KB_CAT_SEND_IMMEDIATELY);
    assert_true(kb_cat_has(&command.with, KB_CAT_ALPHA));
    assert_int_equal(command.with.alpha.len, 0);
    assert_int_equal(command.with.bearer.len, 7);
    assert_int_equal(command.with.buffer_size, 1400);
    assert_int_equal(command.with.network_name.len, 10);
    assert_memory_equal(command.with.network_name.data, "\x06TestGp\x02rs", 10);
    assert_memory_equal(command.with.text.bytes.data, "UserLog", 7);
    assert_int_equal(command.with.transport_protocol, 1);
    assert_int_equal(command.with.transport_port, 44444);
    assert_memory_equal(command.with.other_address.data, "\x21\x01\x01\x01\x01", 5);
}

/* The response that the test suite of a modem maker gives. */
static void an_opened_channel_says_its_number(void **state)
{
    struct bytes b = unhex("8103014001020282818301003802810035070200000300000239020578");
    struct kb_cat_response response;

    (void)state;
    assert_int_equal(kb_cat_response_read(span_of(&b), &response), KB_OK);
    assert_int_equal(response.result, KB_CAT_OK);
    assert_int_equal(response.with.channel_status[0], 0x81);
    assert_int_equal(response.with.buffer_size, 1400);
    assert_int_equal(response.with.bearer.len, 7);
}

/* Two location status events met in the field, one of them without comprehension bits; and a
 * network rejection as 3GPP TS 31.111 clause 7.5.2 lists its objects. */
static void events_say_where_the_terminal_is_and_why_not(void **state)
{
    struct bytes known = unhex("D615990103820282819B0100130902F801BAB8A33B008F");
    struct bytes plain = unhex("D613190103020282811B0100130705060101020304");
    struct bytes rejected = unhex("D61999011282028381130500F11000013F0103740109750106"
                                  "7D00");
    struct kb_cat_envelope envelope;

    (void)state;
    assert_int_equal(kb_cat_envelope_read(span_of(&known), &envelope), KB_OK);
    assert_int_equal(envelope.with.events.data[0], KB_CAT_EVENT_LOCATION_STATUS);
    assert_int_equal(envelope.with.location_status, KB_CAT_NORMAL_SERVICE);
    assert_int_equal(envelope.with.location.len, 9);
    assert_int_equal(kb_cat_envelope_read(span_of(&plain), &envelope), KB_OK);
    assert_int_equal(envelope.source, KB_CAT_TERMINAL);
    assert_int_equal(envelope.with.location.len, 7);
    assert_int_equal(kb_cat_envelope_read(span_of(&rejected), &envelope), KB_OK);
    assert_int_equal(envelope.source, KB_CAT_NETWORK);
    assert_int_equal(envelope.with.technology.data[0], 3);
    assert_int_equal(envelope.with.update_type, 9);
    assert_int_equal(envelope.with.rejection_cause, 6);
}

static void timers_count_hours_minutes_and_seconds(void **state)
{
    static const struct {
        uint32_t seconds;
        const char *object;
    } times[] = {{5, "000050"}, {90, "001003"}, {86399, "329595"}, {86400, "420000"}};

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct kb_cat_command command = {
            .number = 1, .type = KB_CAT_TIMER_MANAGEMENT, .destination = KB_CAT_TERMINAL};
        char hex[64] = "D011810301270082028182A40101A503";
        uint8_t out[KB_CAT_MAX];
        struct kb_writer wr = kb_wr(out, sizeof(out));
        struct kb_cat_command again;

        command.with.timer = 1;
        command.with.timer_seconds = times[i].seconds;
        kb_cat_add(&command.with, KB_CAT_TIMER);
        kb_cat_add(&command.with, KB_CAT_TIMER_SECONDS);
        kb_cat_command_write(&wr, &command);
        strcat(hex, times[i].object);
        assert_written(&wr, hex);
        assert_int_equal(kb_cat_command_read(kb_wr_span(&wr), &again), KB_OK);
        assert_int_equal(again.with.timer_seconds, times[i].seconds);
    }
}

static void an_empty_text_is_the_null_text_string(void **state)
{
    struct bytes b = unhex("8103012300820282818301008D00");
    struct kb_cat_response response;
    uint8_t out[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    (void)state;
    assert_int_equal(kb_cat_response_read(span_of(&b), &response), KB_OK);
    assert_true(kb_cat_has(&response.with, KB_CAT_TEXT));
    assert_int_equal(response.with.text.bytes.len, 0);
    response.with.text.dcs = KB_CAT_DCS_UCS2;
    kb_cat_response_write(&wr, &response);
    assert_written(&wr, "8103012300820282818301008D00");
}

/* Clause 6.10.5: an object that is not known is passed over, unless it wants comprehension. */
static void an_unknown_object_counts_only_if_it_wants_comprehension(void **state)
{
    static const struct {
        const char *hex;
        enum kb_err err;
    } cases[] = {
        {"D00D8103010200820281824E02AABB", KB_OK},
        {"D00D810301020082028182CE02AABB", KB_ERR_VERSION},
        {"D00F8103010200820281827F012302AABB", KB_OK},
        {"D00F8103010200820281827F812302AABB", KB_ERR_VERSION},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes b = unhex(cases[i].hex);
        struct kb_cat_command command;

        assert_int_equal(kb_cat_command_read(span_of(&b), &command), cases[i].err);
        assert_int_equal(command.type, KB_CAT_MORE_TIME);
        assert_int_equal(command.destination, KB_CAT_TERMINAL);
    }
}

static void impossible_values_are_malformed(void **state)
{
    static const char *const hex[] = {
        "",
        "D0",
        "D000",
        "D109810301020082028182",                 /* not a command */
        "D00482028182",                           /* no command details */
        "D0058103010200",                         /* no device identities */
        "D00A81040102000082028182",               /* command details of four bytes */
        "D00A81030102008203818200",               /* three devices */
        "D0820009810301020082028182",             /* a length of two bytes: never so long */
        "D00A81030102008202818200",               /* 00 is no tag */
        "D00D8103010300820281828402011400",       /* behind the end */
        "D00D81030103008202818284020100",         /* no time at all */
        "D00D81030103008202818284020314",         /* no such unit */
        "D00C810301270082028182A40100",           /* timers are 1 .. 8 */
        "D00C810301270082028182A40109",           /* */
        "D011810301270082028182A40101A50300000A", /* no digit */
        "D011810301270082028182A40101A503000006", /* sixty seconds */
        "D00D810301270082028182A4020101",         /* too long */
        "D00B810301270082028182A400",             /* too short */
        "D00C810301420082028121B702C8",           /* behind the end */
        "D00E8103014001820281823C020102",         /* half a port */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(hex) / sizeof(hex[0]); i++) {
        struct bytes b = unhex(hex[i]);
        struct kb_cat_command command;

        assert_int_equal(kb_cat_command_read(span_of(&b), &command), KB_ERR_MALFORMED);
    }
}

/* Every byte that is read is inside of what was given: the sanitizer sees the others. */
static void what_is_cut_off_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct bytes b = unhex(commands[i]);

        for (size_t len = 0; len < b.len; len++) {
            uint8_t *copy = exact_copy(b.data, len);
            struct kb_cat_command command;

            assert_int_equal(kb_cat_command_read(kb_span(copy, len), &command), KB_ERR_MALFORMED);
            free(copy);
        }
    }
    for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++) {
        struct bytes b = unhex(envelopes[i]);

        for (size_t len = 0; len < b.len; len++) {
            uint8_t *copy = exact_copy(b.data, len);
            struct kb_cat_envelope envelope;

            assert_int_equal(kb_cat_envelope_read(kb_span(copy, len), &envelope), KB_ERR_MALFORMED);
            free(copy);
        }
    }
}

static void a_response_needs_details_devices_and_a_result(void **state)
{
    static const char *const hex[] = {"", "82028281830100", "8103012180830100",
                                      "810301218082028281", "8103012180820282818300"};

    (void)state;
    for (size_t i = 0; i < sizeof(hex) / sizeof(hex[0]); i++) {
        struct bytes b = unhex(hex[i]);
        struct kb_cat_response response;

        assert_int_equal(kb_cat_response_read(span_of(&b), &response), KB_ERR_MALFORMED);
    }
}

static void what_does_not_fit_makes_the_writer_bad(void **state)
{
    static uint8_t data[KB_CAT_MAX];
    struct kb_cat_command command = {
        .number = 1, .type = KB_CAT_SEND_DATA, .destination = KB_CAT_CHANNEL_1};
    uint8_t out[2 * KB_CAT_MAX];

    (void)state;
    kb_cat_add(&command.with, KB_CAT_CHANNEL_DATA);
    for (size_t len = 0; len <= sizeof(data); len++) {
        struct kb_writer wr = kb_wr(out, sizeof(out));
        struct kb_cat_command again;

        command.with.channel_data = kb_span(data, len);
        kb_cat_command_write(&wr, &command);
        assert_int_equal(wr.is_bad, len > KB_CAT_MAX - 3 - 9 - 3);
        if (wr.is_bad)
            continue;
        assert_true(wr.len <= KB_CAT_MAX);
        assert_int_equal(kb_cat_command_read(kb_wr_span(&wr), &again), KB_OK);
        assert_int_equal(again.with.channel_data.len, len);
    }
    assert_true(KB_CAT_DATA_MAX <= KB_CAT_MAX - 3 - 9 - 3);
}

/* TS 101 220 clause 7.1.1: one byte, or 81 and one, or 82 and two. */
static void lengths_have_one_two_or_three_bytes(void **state)
{
    static const char *const same[] = {"D00F810301218082028102 8D0404544553",
                                       "D010810301218082028102 8D810404544553",
                                       "D011810301218082028102 8D82000404544553"};
    static const char *const wrong[] = {"D012810301218082028102 8D8300000404544553",
                                        "D00E810301218082028102 8D800404544553"};
    struct kb_cat_command command;

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        struct bytes b = unhex(same[i]);

        assert_int_equal(kb_cat_command_read(span_of(&b), &command), KB_OK);
        assert_int_equal(command.with.text.bytes.len, 3);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct bytes b = unhex(wrong[i]);

        assert_int_equal(kb_cat_command_read(span_of(&b), &command), KB_ERR_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_read_and_written_as_certified),
        cmocka_unit_test(responses_are_read_and_written_as_certified),
        cmocka_unit_test(envelopes_are_read_and_written_as_certified),
        cmocka_unit_test(a_text_is_written_from_its_words),
        cmocka_unit_test(a_text_of_160_characters_has_lengths_of_two_bytes),
        cmocka_unit_test(a_menu_is_put_together_from_its_items),
        cmocka_unit_test(an_empty_item_takes_the_menu_away),
        cmocka_unit_test(a_channel_says_where_it_leads),
        cmocka_unit_test(an_opened_channel_says_its_number),
        cmocka_unit_test(events_say_where_the_terminal_is_and_why_not),
        cmocka_unit_test(timers_count_hours_minutes_and_seconds),
        cmocka_unit_test(an_empty_text_is_the_null_text_string),
        cmocka_unit_test(an_unknown_object_counts_only_if_it_wants_comprehension),
        cmocka_unit_test(impossible_values_are_malformed),
        cmocka_unit_test(what_is_cut_off_is_malformed),
        cmocka_unit_test(a_response_needs_details_devices_and_a_result),
        cmocka_unit_test(what_does_not_fit_makes_the_writer_bad),
        cmocka_unit_test(lengths_have_one_two_or_three_bytes),
    };

    return cmocka_run_group_tests_name("toolkit objects", tests, NULL, NULL);
}
