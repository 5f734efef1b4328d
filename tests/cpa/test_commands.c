/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the card's application, byte for byte: as 3GPP TS 31.124 and ETSI TS 102 384 have
 * them (clause 27.22.4, the sequence is named), and where their texts or numbers are not ours, put
 * together by hand from the tables of ETSI TS 102 223 clause 6.6. All have number 1 here. */
#include "tests/cpa/world.h"
#include "wire/hex.h"

enum { NUMBER = 4 }; /* place of the command's number when the outer length has one byte */

static const struct kb_cpa_operator operator_ = {
    {(const uint8_t *)"001-01", 6}, {(const uint8_t *)"Item 1", 6}, {(const uint8_t *)"77", 2}};

static size_t first_of(uint8_t type, uint8_t bytes[KB_CAT_MAX])
{
    size_t len = world.phone.first_lens[type], number;

    assert_true(len);
    memcpy(bytes, world.phone.firsts[type], len);
    number = bytes[1] == 0x81 ? NUMBER + 1 : NUMBER;
    assert_in_range(bytes[number], 1, 254);
    bytes[number] = 1;
    return len;
}

static void assert_first(uint8_t type, const char *hex)
{
    uint8_t bytes[KB_CAT_MAX];
    char got[2 * KB_CAT_MAX + 1];

    kb_hex_encode(kb_span(bytes, first_of(type, bytes)), got);
    assert_string_equal(got, hex);
}

/* What begins so, at a place. */
static void assert_first_has(uint8_t type, size_t at, const char *hex)
{
    uint8_t bytes[KB_CAT_MAX];
    char got[2 * KB_CAT_MAX + 1];

    kb_hex_encode(kb_span(bytes, first_of(type, bytes)), got);
    assert_memory_equal(got + 2 * at, hex, strlen(hex));
}

static void with_a_user(void)
{
    uint8_t bytes[KB_CPA_PLAN_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    world_begin(KB_CURVE_X25519);
    world.plan.starts = KB_CPA_BY_MENU | KB_CPA_BY_CODE;
    world.plan.asks_user = true;
    world.plan.title = kb_span("Toolkit Menu", 12);
    world.plan.centre = kb_span("+112233445566778", 16);
    kb_cpa_operators_write(&wr, &operator_, 1);
    world_put(KB_OBJ_CPA_OPERATORS, bytes, wr.len);
    world_make();
    phone_run_on(&world.phone);
    world.phone.item = KB_SESSION_OPERATORS + 1;
    world.phone.code = "77";
    phone_menu(&world.phone);
    phone_run_on(&world.phone);
    assert_personalized();
}

static void what_the_user_is_asked(void **state)
{
    (void)state;
    with_a_user();
    assert_first(KB_CAT_SET_UP_MENU, "D026810301250082028182" /* as SET UP MENU 1.1.1 */
                                     "850C546F6F6C6B6974204D656E75"
                                     "8F0D01546F6F6C6B6974204D656E75");
    assert_first(KB_CAT_SELECT_ITEM, "D032810301240082028182" /* as SELECT ITEM 1.1.1 */
                                     "850D596F7572206F70657261746F72"
                                     "8F07014974656D2031"
                                     "8F0F094F746865723A20627920636F6465");
    assert_first(KB_CAT_GET_INPUT, "D025810301230082028182" /* as GET INPUT 1.1.1: digits, shown */
                                   "8D1604436F6465206F6620796F7572206F70657261746F72"
                                   "91020110");
    assert_first(KB_CAT_GET_INKEY, "D02A810301220482028182" /* as GET INKEY 5.1.1: yes or no */
                                   "8D1F04"
                                   "4265636F6D65206120637573746F6D6572206F662054657374204E65743F");
    assert_first(KB_CAT_DISPLAY_TEXT, "D01F810301218182028102" /* as DISPLAY TEXT 1.1.1 */
                                      "8D1404596F7572206361726420697320726561"
                                      "64792E");
}

static void what_the_terminal_is_told(void **state)
{
    (void)state;
    with_a_user();
    assert_first(KB_CAT_SET_UP_EVENT_LIST, "D00D81030105008202818299020312");
    assert_first(KB_CAT_PROVIDE_LOCAL_INFORMATION, "D009810301260082028182"); /* 1.1.1 */
    assert_first(KB_CAT_TIMER_MANAGEMENT, "D011810301270082028182A40101A503000003");
    assert_first(KB_CAT_REFRESH, "D009810301010482028182"); /* REFRESH 1.5.1 */
}

/* SEND SHORT MESSAGE 1.1.1 has this centre; its text is shown, ours is not (clause 6.4.10). The
 * TPDU: TS 23.040 clause 9.2.2.2, without validity, with a header; its elements: TS 31.115 clause 4
 * and the ICCID of this card. */
static void how_a_short_message_leaves(void **state)
{
    (void)state;
    with_a_user();
    assert_first_has(KB_CAT_SEND_SHORT_MESSAGE, 3,
                     "810301130082028183"
                     "8500"
                     "86099111223344556677F8"
                     "8B");
    assert_first_has(KB_CAT_SEND_SHORT_MESSAGE, 27,
                     "4100079194710"
                     "0F000F6");
    assert_first_has(KB_CAT_SEND_SHORT_MESSAGE, 38, "0E7000800A988812090000107138F3");
}

/* OPEN CHANNEL 2.1.1 has this network, address and port; the bearer is the default one. */
static void how_a_channel_is_used(void **state)
{
    (void)state;
    world_begin(KB_CURVE_X25519);
    world.plan.bearer = KB_CPA_PACKET;
    world.plan.apn = kb_span("TestGp.rs", 9);
    world.plan.address = kb_span("\x01\x01\x01\x01", 4);
    world.plan.port = 44444;
    world.provider.bearer = KB_PACKET_CHANNEL;
    world_make();
    phone_run_on(&world.phone);
    assert_personalized();
    assert_first(KB_CAT_SET_UP_EVENT_LIST, "D00F810301050082028182990403"
                                           "12090A");
    assert_first(KB_CAT_OPEN_CHANNEL, "D02A8103014001820281828500"
                                      "35010339020200"
                                      "470A06546573744770027273"
                                      "3C0302AD9C"
                                      "3E052101010101");
    assert_first_has(KB_CAT_SEND_DATA, 2, "810301430182028121B6");     /* SEND DATA 1.1.1 */
    assert_first(KB_CAT_RECEIVE_DATA, "D00C810301420082028121B701C8"); /* RECEIVE DATA 1.1.1 */
    assert_first(KB_CAT_CLOSE_CHANNEL, "D009810301410082028121");      /* CLOSE CHANNEL 1.1.1 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_user_is_asked),
        cmocka_unit_test(what_the_terminal_is_told),
        cmocka_unit_test(how_a_short_message_leaves),
        cmocka_unit_test(how_a_channel_is_used),
    };

    return cmocka_run_group_tests_name("cpa/commands", tests, NULL, NULL);
}
