/* SPDX-License-Identifier: Apache-2.0 */
/* What others may send to a card that waits: cut, changed, repeated, of another attempt, of another
 * card, with a wrong code, from an operator that nobody vouches for. */
#include "tests/cpa/world.h"

#include "wire/crc32.h"

static struct world saved;
static uint32_t sums[KB_NVM_OBJECTS];

static void start_over_the_air(void)
{
    const struct kb_session_message start = {.kind = KB_SESSION_COMMAND,
                                             .command = KB_COMMAND_START};

    provider_write(&world.provider, &start);
    world.provider.answer_kind = 0; /* it answers nothing */
}

static void begin_on(enum kb_curve curve)
{
    world_begin(curve);
    world.plan.starts = KB_CPA_BY_AIR;
}

static int begin(void **state)
{
    (void)state;
    begin_on(KB_CURVE_P256);
    return 0;
}

static void run(void)
{
    phone_run_on(&world.phone);
}

static void make_and_start(void)
{
    world_make();
    run();
    start_over_the_air();
    run();
}

/* --- What changed in the card's memory --- */

static uint32_t sum_of(uint16_t id)
{
    static uint8_t bytes[KB_NVM_OBJECT_MAX];
    size_t size = kb_nvm_size(&world.rig.card.nvm, id);

    if (!size)
        return 0;
    assert_int_equal(kb_nvm_read(&world.rig.card.nvm, id, 0, bytes, size), KB_OK);
    return kb_crc32((uint32_t)size, bytes, size);
}

static void remember(void)
{
    saved = world;
    for (uint16_t id = 1; id < KB_NVM_OBJECTS; id++)
        sums[id] = sum_of(id);
}

/* The counter of packets counts what is authentic; nothing else may change. */
static bool is_unchanged(void)
{
    for (uint16_t id = 1; id < KB_NVM_OBJECTS; id++) {
        if (id != KB_OBJ_CNTR_IN && sum_of(id) != sums[id])
            return false;
    }
    return world_state() == kb_cpa_state(&saved.rig.card);
}

static bool has_counted(void)
{
    return sum_of(KB_OBJ_CNTR_IN) != sums[KB_OBJ_CNTR_IN];
}

/* --- Messages --- */

/* Comes to where the answer of this kind waits to be delivered. */
static void come_to(enum kb_session_kind kind)
{
    world.phone.holds = (uint8_t)kind;
    make_and_start();
    assert_true(world.provider.packet_len);
    assert_int_equal(world.provider.answer_kind, kind);
    world.phone.holds = 0;
    remember();
}

static void deliver(struct kb_span message)
{
    provider_say(&world.provider, message);
    phone_deliver(&world.phone, kb_span(world.provider.packet, world.provider.packet_len));
    world.provider.packet_len = 0;
}

static void deliver_packet(void)
{
    phone_deliver(&world.phone, kb_span(world.provider.packet, world.provider.packet_len));
}

static void no_cut_message_counts(enum kb_session_kind kind)
{
    come_to(kind);
    for (size_t len = 0; len < saved.provider.answer_len; len++) {
        deliver(kb_span(saved.provider.answer, len));
        assert_true(is_unchanged());
    }
    deliver(kb_span(saved.provider.answer, saved.provider.answer_len));
    assert_false(is_unchanged());
    run();
    assert_personalized();
}

/* Whoever has the packet keys may say anything; a bit that is wrong ends in nothing, in a refusal,
 * or in the operator's own pair, whatever else was said. */
static void no_changed_message_does_harm(enum kb_session_kind kind)
{
    come_to(kind);
    world.phone.expiries_max = saved.phone.expiries_max = 12;
    for (size_t bit = 0; bit < 8 * saved.provider.answer_len; bit++) {
        uint8_t message[KB_SESSION_MAX];

        world = saved;
        memcpy(message, saved.provider.answer, saved.provider.answer_len);
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        deliver(kb_span(message, saved.provider.answer_len));
        world.provider.packet_len = 0;
        run();
        if (world_state() == KB_CPA_DONE)
            assert_personalized();
        else if (world_state() != KB_CPA_REPORTING)
            assert_temporary();
    }
}

static void no_changed_packet_leaves_a_trace(enum kb_session_kind kind)
{
    come_to(kind);
    for (size_t bit = 0; bit < 8 * saved.provider.packet_len; bit++) {
        world.provider = saved.provider;
        world.provider.packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
        deliver_packet();
        assert_true(is_unchanged());
        assert_false(has_counted());
    }
    world.provider = saved.provider;
    run();
    assert_personalized();
}

static void a_repeated_message_changes_nothing(enum kb_session_kind kind)
{
    static uint8_t packet[PROVIDER_PACKET], message[KB_SESSION_MAX];
    size_t packet_len, message_len;

    come_to(kind);
    packet_len = world.provider.packet_len;
    memcpy(packet, world.provider.packet, packet_len);
    message_len = world.provider.answer_len;
    memcpy(message, world.provider.answer, message_len);
    deliver_packet();
    world.provider.packet_len = 0;
    remember();
    /* The packet itself, from anybody; then the same under a fresh counter. */
    phone_deliver(&world.phone, kb_span(packet, packet_len));
    assert_true(is_unchanged());
    assert_false(has_counted());
    deliver(kb_span(message, message_len));
    assert_true(is_unchanged());
    assert_true(has_counted());
    run();
    assert_personalized();
    remember();
    deliver(kb_span(message, message_len));
    assert_true(is_unchanged());
}

static void say_of_session(uint32_t session)
{
    struct kb_session_message message;
    uint8_t bytes[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    assert_int_equal(
        kb_session_read(kb_span(saved.provider.answer, saved.provider.answer_len), &message),
        KB_OK);
    message.session = session;
    kb_session_write(&wr, &message);
    assert_false(wr.is_bad);
    deliver(kb_wr_span(&wr));
}

static void another_attempts_message_changes_nothing(enum kb_session_kind kind)
{
    static const uint32_t others[] = {0, 2, 3, 257, UINT32_MAX};

    come_to(kind);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        say_of_session(others[i]);
        assert_true(is_unchanged());
    }
    say_of_session(1);
    assert_false(is_unchanged());
}

static void another_cards_message_changes_nothing(enum kb_session_kind kind)
{
    come_to(kind);
    world.provider.keys.kic.value[0] ^= 1;
    deliver(kb_span(saved.provider.answer, saved.provider.answer_len));
    assert_true(is_unchanged() && !has_counted());
    world.provider.keys = saved.provider.keys;
    world.provider.keys.kid.value[15] ^= 1;
    deliver(kb_span(saved.provider.answer, saved.provider.answer_len));
    assert_true(is_unchanged() && !has_counted());
}

#define EACH_MESSAGE(check)                                                                        \
    static void check##_command(void **state)                                                      \
    {                                                                                              \
        (void)state;                                                                               \
        check(KB_SESSION_COMMAND);                                                                 \
    }                                                                                              \
    static void check##_identity(void **state)                                                     \
    {                                                                                              \
        (void)state;                                                                               \
        check(KB_SESSION_IDENTITY);                                                                \
    }                                                                                              \
    static void check##_confirm(void **state)                                                      \
    {                                                                                              \
        (void)state;                                                                               \
        check(KB_SESSION_CONFIRM);                                                                 \
    }

EACH_MESSAGE(no_cut_message_counts)
EACH_MESSAGE(no_changed_message_does_harm)
EACH_MESSAGE(no_changed_packet_leaves_a_trace)
EACH_MESSAGE(a_repeated_message_changes_nothing)
EACH_MESSAGE(another_attempts_message_changes_nothing)
EACH_MESSAGE(another_cards_message_changes_nothing)

/* Every message there is, in every state that does not wait for it. */
static void what_nobody_waits_for_changes_nothing(void **state)
{
    const struct kb_session_message messages[] = {
        {.kind = KB_SESSION_COMMAND,
         .session = 1,
         .command = KB_COMMAND_PERSONALIZE,
         .id_o = kb_span("001-01", 6),
         .admin_code = kb_span("31415926", 8),
         .agree = kb_span("\x41\x42", 2)},
        {.kind = KB_SESSION_COMMAND,
         .session = 1,
         .command = KB_COMMAND_CHOOSE,
         .operators = kb_span("\x82\x63"
                              "1-1\x61"
                              "A",
                              7)},
        {.kind = KB_SESSION_COMMAND, .command = KB_COMMAND_START},
        {.kind = KB_SESSION_AGREE, .session = 1, .agree = kb_span("\x41\x42", 2)},
        {.kind = KB_SESSION_IDENTITY, .session = 1, .sealed = kb_span("0123456789abcdef", 16)},
        {.kind = KB_SESSION_CONFIRM, .session = 1},
        {.kind = KB_SESSION_REFUSE, .session = 1, .reason = KB_REASON_BUSY},
    };
    /* Who takes which: COMMAND and REFUSE while REQUESTED, and so on. */
    static const struct {
        uint8_t kind;
        uint8_t ignored[8];
    } rows[] = {
        {KB_SESSION_COMMAND, {2, 3, 4, 5, 0xFF}},
        {KB_SESSION_IDENTITY, {0, 1, 2, 3, 4, 5, 0xFF}}, /* 4: under a seal that is none */
        {KB_SESSION_CONFIRM, {0, 1, 2, 3, 4, 6, 0xFF}},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(state);
        come_to((enum kb_session_kind)rows[i].kind);
        for (size_t j = 0; rows[i].ignored[j] != 0xFF; j++) {
            uint8_t bytes[KB_SESSION_MAX];
            struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

            kb_session_write(&wr, &messages[rows[i].ignored[j]]);
            assert_false(wr.is_bad);
            deliver(kb_wr_span(&wr));
            assert_true(is_unchanged());
        }
        world.provider = saved.provider;
        world.provider.sent += 10;
        provider_say(&world.provider, kb_span(world.provider.answer, world.provider.answer_len));
        run();
        assert_personalized();
    }
}

/* --- The admin code --- */

static void three_wrong_codes_block_the_card_for_ever(void **state)
{
    (void)state;
    world.provider.admin_code = "27182818";
    make_and_start();
    assert_int_equal(world.provider.heard.reason, KB_REASON_ADMIN_CODE);
    start_over_the_air();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_ADMIN_CODE);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    start_over_the_air();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_BLOCKED);
    assert_int_equal(world_state(), KB_CPA_BLOCKED);
    assert_int_equal(world.provider.requests, 3);
    world.provider.admin_code = "31415926";
    start_over_the_air();
    run();
    phone_on(&world.phone);
    start_over_the_air();
    run();
    assert_int_equal(world_state(), KB_CPA_BLOCKED);
    assert_int_equal(world.provider.requests, 3);
    assert_temporary();
}

static void the_right_code_gives_the_tries_back(void **state)
{
    (void)state;
    world.provider.admin_code = "3141592";
    make_and_start();
    world.provider.admin_code = "314159260";
    start_over_the_air();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_ADMIN_CODE);
    world.provider.admin_code = "31415926";
    world.provider.silent_at = KB_SESSION_AGREE;
    start_over_the_air();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_NO_ANSWER);
    world.provider.silent_at = 0;
    world.provider.admin_code = "31415927";
    for (int i = 0; i < 2; i++) {
        start_over_the_air();
        run();
        assert_int_equal(world_state(), KB_CPA_IDLE);
    }
    world.provider.admin_code = "31415926";
    start_over_the_air();
    run();
    assert_personalized();
}

/* --- Operators that nobody vouches for --- */

static void assert_not_believed(void)
{
    make_and_start();
    assert_int_equal(world.provider.agrees, 0);
    assert_int_equal(world.provider.heard.kind, KB_SESSION_REFUSE);
    assert_int_equal(world.provider.heard.reason, KB_REASON_CREDENTIAL);
    assert_int_equal(world_state(), KB_CPA_IDLE);
    assert_temporary();
    assert_false(world_has(KB_OBJ_CPA_AGREEMENT));
}

static void an_operator_under_another_root_is_refused(void **state)
{
    struct root other = world.provider.operators;

    (void)state;
    memcpy(other.private_key, world.provider.maker.private_key, sizeof(other.private_key));
    provider_issue(&world.provider, &other, "001-01", 0, 0);
    assert_not_believed();
    begin_on(KB_CURVE_X25519);
    provider_issue(&world.provider, &world.provider.maker, "001-01", 0, 0);
    assert_not_believed();
}

static void an_operator_whose_time_is_over_is_refused(void **state)
{
    (void)state;
    provider_issue(&world.provider, &world.provider.operators, "001-01", 0, PROVIDER_NOW - 1);
    assert_not_believed();
}

static void an_operator_whose_time_has_not_come_is_refused(void **state)
{
    (void)state;
    provider_issue(&world.provider, &world.provider.operators, "001-01", PROVIDER_NOW + 1, 0);
    assert_not_believed();
}

/* The card's clock does not go back, whatever it is told. */
static void a_time_that_was_told_cannot_be_taken_back(void **state)
{
    (void)state;
    world.provider.silent_at = KB_SESSION_AGREE;
    make_and_start();
    assert_true(world.provider.agrees > 0);
    provider_issue(&world.provider, &world.provider.operators, "001-01", 0, PROVIDER_NOW - 1);
    provider_ready(&world.provider);
    world.provider.time = PROVIDER_NOW - 1000;
    world.provider.agrees = 0;
    start_over_the_air();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_CREDENTIAL);
    assert_int_equal(world.provider.agrees, 0);
}

static void an_operator_with_another_name_is_refused(void **state)
{
    (void)state;
    provider_issue(&world.provider, &world.provider.operators, "001-011", 0, 0);
    assert_not_believed();
    begin_on(KB_CURVE_P256);
    provider_issue(&world.provider, &world.provider.operators, "001-0", 0, 0);
    assert_not_believed();
    begin_on(KB_CURVE_P256);
    provider_issue(&world.provider, &world.provider.operators, "262-01", 0, 0);
    assert_not_believed();
}

static void a_revoked_operator_is_refused(void **state)
{
    uint8_t list[400];
    size_t len;

    (void)state;
    /* As the maker put it in. */
    len = provider_revoke(&world.provider.operators, 7, &world.provider.own, list, sizeof(list));
    world_put(KB_OBJ_REVOKED, list, len);
    assert_not_believed();
    assert_int_equal(world.provider.requests, 1);

    /* As it came with the COMMAND, and stays. */
    begin_on(KB_CURVE_P256);
    len = provider_revoke(&world.provider.operators, 8, &world.provider.own, list, sizeof(list));
    world.provider.revoked = kb_span(list, len);
    assert_not_believed();
    world.provider.revoked = kb_span(NULL, 0);
    start_over_the_air();
    run();
    assert_int_equal(world.provider.heard.reason, KB_REASON_CREDENTIAL);
}

static void the_card_tells_which_list_it_has(void **state)
{
    uint8_t list[400];
    size_t len =
        provider_revoke(&world.provider.operators, 7, &world.provider.card, list, sizeof(list));

    (void)state;
    world_put(KB_OBJ_REVOKED, list, len);
    come_to(KB_SESSION_COMMAND);
    assert_int_equal(world.provider.heard.revoked_seen, 7);
    run();
    assert_personalized();
}

/* An older list, one of another root, one that is none: as if it had not come. */
static void a_list_that_is_not_newer_or_not_signed_is_not_taken(void **state)
{
    uint8_t had[400], list[400];
    size_t len =
        provider_revoke(&world.provider.operators, 7, &world.provider.card, had, sizeof(had));

    (void)state;
    for (int i = 0; i < 3; i++) {
        size_t came;

        begin_on(KB_CURVE_P256);
        world_put(KB_OBJ_REVOKED, had, len);
        came = provider_revoke(i == 1 ? &world.provider.maker : &world.provider.operators,
                               i == 0 ? 6 : 9, &world.provider.own, list, sizeof(list));
        if (i == 2)
            list[came / 2] ^= 1;
        world.provider.revoked = kb_span(list, came);
        make_and_start();
        assert_personalized();
    }
}

int main(void)
{
#define EACH(check)                                                                                \
    cmocka_unit_test_setup(check##_command, begin),                                                \
        cmocka_unit_test_setup(check##_identity, begin),                                           \
        cmocka_unit_test_setup(check##_confirm, begin)
    const struct CMUnitTest tests[] = {
        EACH(no_cut_message_counts),
        EACH(no_changed_message_does_harm),
        EACH(no_changed_packet_leaves_a_trace),
        EACH(a_repeated_message_changes_nothing),
        EACH(another_attempts_message_changes_nothing),
        EACH(another_cards_message_changes_nothing),
        cmocka_unit_test_setup(what_nobody_waits_for_changes_nothing, begin),
        cmocka_unit_test_setup(three_wrong_codes_block_the_card_for_ever, begin),
        cmocka_unit_test_setup(the_right_code_gives_the_tries_back, begin),
        cmocka_unit_test_setup(an_operator_under_another_root_is_refused, begin),
        cmocka_unit_test_setup(an_operator_whose_time_is_over_is_refused, begin),
        cmocka_unit_test_setup(an_operator_whose_time_has_not_come_is_refused, begin),
        cmocka_unit_test_setup(a_time_that_was_told_cannot_be_taken_back, begin),
        cmocka_unit_test_setup(an_operator_with_another_name_is_refused, begin),
        cmocka_unit_test_setup(a_revoked_operator_is_refused, begin),
        cmocka_unit_test_setup(the_card_tells_which_list_it_has, begin),
        cmocka_unit_test_setup(a_list_that_is_not_newer_or_not_signed_is_not_taken, begin),
    };

    return cmocka_run_group_tests_name("cpa hostile", tests, NULL, NULL);
}
