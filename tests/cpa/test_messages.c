/* SPDX-License-Identifier: Apache-2.0 */
/* What others may send to a card that waits: cut, changed, repeated, of another attempt, of another
 * card. */
#include "tests/cpa/world.h"

#include "wire/crc32.h"

static struct world saved;
static uint32_t sums[KB_NVM_OBJECTS];

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
    world_start();
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
    /* Who takes which: a COMMAND that was asked for and REFUSE while REQUESTED, and so on. */
    static const struct {
        uint8_t kind;
        uint8_t ignored[8];
    } rows[] = {
        {KB_SESSION_COMMAND, {1, 2, 3, 4, 5, 0xFF}},
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

/* The bytes of its keys under the other cipher, in an order to begin and in an answer. */
static void hears_its_own_cipher_only(bool has_old_keys)
{
    world.plan.has_old_keys = has_old_keys;
    provider_use_old_keys(&world.provider, has_old_keys);
    come_to(KB_SESSION_COMMAND);
    provider_use_old_keys(&world.provider, !has_old_keys);
    world_start();
    deliver_packet();
    assert_true(is_unchanged() && !has_counted());
    deliver(kb_span(saved.provider.answer, saved.provider.answer_len));
    assert_true(is_unchanged() && !has_counted());
    provider_use_old_keys(&world.provider, has_old_keys);
    deliver(kb_span(saved.provider.answer, saved.provider.answer_len));
    run();
    assert_personalized();
}

static void a_card_is_silent_to_packets_under_triple_des(void **state)
{
    (void)state;
    hears_its_own_cipher_only(false);
}

static void a_card_with_old_keys_is_silent_to_packets_under_aes(void **state)
{
    (void)state;
    hears_its_own_cipher_only(true);
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
        cmocka_unit_test_setup(a_card_is_silent_to_packets_under_triple_des, begin),
        cmocka_unit_test_setup(a_card_with_old_keys_is_silent_to_packets_under_aes, begin),
    };

    return cmocka_run_group_tests_name("cpa messages", tests, NULL, NULL);
}
