/* SPDX-License-Identifier: Apache-2.0 */
/* The application server among lost, doubled, late, damaged and forged messages. */
#include "tests/service/as_rig.h"

#include <stdio.h>
#include <string.h>

#include "service/as_inside.h"

static struct as_rig rig;
static struct letters mine, answers, before;
static uint8_t room[RIG_MESSAGE], first_room[RIG_MESSAGE];

static int enter(void **state)
{
    (void)state;
    rig_enter(&rig);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    rig_leave(&rig);
    return 0;
}

static struct kb_as_counts counts(void)
{
    struct kb_as_counts now;

    kb_as_counts(rig.as, &now);
    return now;
}

static void collect(void)
{
    answers.count = 0;
    assert_int_equal(rig_collect(&rig, &answers), KB_OK);
}

/* The card's messages on its way, in their order. */
static const uint8_t card_kinds[] = {KB_SESSION_REQUEST, KB_SESSION_AGREE, KB_SESSION_CONFIRM};
/* Where the AS stands before each. */
static const uint8_t steps_before[] = {KB_AS_STEP_IDLE, KB_AS_STEP_COMMANDED, KB_AS_STEP_RELAYED};

static struct kb_session_message card_message(size_t i, uint32_t session)
{
    return i == 0 ? request_of(session, "001-01")
                  : message_of((enum kb_session_kind)card_kinds[i], session);
}

static struct kb_session_message server_message(size_t i, uint32_t session,
                                                const struct fake_card *card)
{
    static const uint8_t kinds[] = {KB_SESSION_AGREE, KB_SESSION_IDENTITY, KB_SESSION_CONFIRM};

    return server_message_of((enum kb_session_kind)kinds[i], session, card);
}

/* A card that goes on from where rig_go left it off, with a packet for its next message. */
static void write_next(struct fake_card *card, size_t i)
{
    struct kb_session_message message = card_message(i, 1);

    mine.count = 0;
    card_writes(card, &message, &mine);
}

static void a_message_sent_again_gets_its_answer_again_in_a_new_packet(void **state)
{
    struct fake_card card;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct kb_session_message answer, first, again;

        rig_card(&rig, (unsigned)i, &card);
        rig_go(&rig, &card, 1, steps_before[i]);
        write_next(&card, i);
        rig_deliver(&rig, &mine);
        collect();
        assert_int_equal(answers.count, 1);
        rig_deliver(&rig, &mine); /* the server has not answered yet */
        collect();
        assert_int_equal(answers.count, 0);
        answer = server_message(i, 1, &card);
        server_says(&rig, "ps-one", &answer, &before);
        assert_true(card_reads(&card, &before, first_room, &first));
        for (int n = 0; n < 3; n++) {
            rig_deliver(&rig, &mine);
            collect();
            assert_int_equal(answers.count, before.count);
            assert_memory_not_equal(answers.at[0].body, before.at[0].body, 100);
            assert_true(card_reads(&card, &answers, room, &again));
            assert_int_equal(again.kind, first.kind);
            assert_int_equal(again.admin_code.len, first.admin_code.len);
        }
    }
    assert_int_equal(counts().repeated, 12);
}

static void an_answer_is_not_given_again_for_ever(void **state)
{
    struct fake_card card;
    size_t given = 0;

    (void)state;
    rig_card(&rig, 1, &card);
    write_next(&card, 0);
    rig_deliver(&rig, &mine);
    collect();
    for (int n = 0; n < 2 * KB_AS_REPEATS; n++) {
        rig_deliver(&rig, &mine);
        collect();
        given++;
    }
    assert_int_equal(counts().repeated, KB_AS_REPEATS);
    assert_int_equal(counts().stale, given - KB_AS_REPEATS);
}

/* From whatever number the newest packet is sent again: its answer goes to the card, and so does
 * all that follows. */
static void a_repeated_packet_does_not_say_where_its_card_is(void **state)
{
    struct fake_card card;
    struct kb_session_message message;

    (void)state;
    rig_card(&rig, 1, &card);
    write_next(&card, 0);
    rig_deliver(&rig, &mine);
    collect();
    for (size_t i = 0; i < mine.count; i++)
        strcpy(mine.at[i].mail.peer, "4915199");
    rig_deliver(&rig, &mine);
    message = server_message_of(KB_SESSION_AGREE, 1, &card);
    server_says(&rig, "ps-one", &message, &answers);
    assert_string_equal(answers.at[0].mail.peer, card.number);
    rig_deliver(&rig, &mine);
    collect();
    assert_int_equal(answers.count, 2);
    assert_string_equal(answers.at[0].mail.peer, card.number);
    assert_int_equal(kb_as_start(rig.as, kb_span(card.id_sc, strlen(card.id_sc))), KB_OK);
    assert_int_equal(kb_as_commit(rig.as), KB_OK);
    collect();
    assert_string_equal(answers.at[answers.count - 1].mail.peer, card.number);
}

static void an_old_packet_changes_nothing(void **state)
{
    struct fake_card card;
    static struct letters old;
    struct kb_session_message message = card_message(0, 1);
    unsigned points;

    (void)state;
    rig_card(&rig, 1, &card);
    old.count = 0;
    card_writes(&card, &message, &old);
    rig_deliver(&rig, &old);
    rig_go(&rig, &card, 1, KB_AS_STEP_AGREED);
    points = rig.points;
    assert_int_equal(kb_as_receive(rig.as, &old.at[0].mail, NULL), KB_OK);
    assert_int_equal(rig.points, points);
    collect();
    assert_int_equal(answers.count, 0);
    assert_int_equal(counts().stale, 1);
}

static void messages_of_the_card_out_of_place_are_dropped(void **state)
{
    struct fake_card card;
    struct kb_session_message message;

    (void)state;
    rig_card(&rig, 1, &card);
    for (unsigned step = KB_AS_STEP_IDLE; step <= KB_AS_STEP_COMMANDED; step++) {
        if (step == KB_AS_STEP_OFFERED)
            continue;
        rig_go(&rig, &card, step + 2, step);
        message = message_of(KB_SESSION_CONFIRM, step + 2);
        card_says(&rig, &card, &message, &answers);
        assert_int_equal(answers.count, 0);
        message = message_of(KB_SESSION_AGREE, step + 3);
        card_says(&rig, &card, &message, &answers);
        assert_int_equal(answers.count, 0);
        message = request_of(step + 1, "001-01");
        if (step != KB_AS_STEP_IDLE) {
            card_says(&rig, &card, &message, &answers);
            assert_int_equal(answers.count, 0);
        }
    }
    rig_go(&rig, &card, 9, KB_AS_STEP_FINISHED);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_FINISHED);
}

static void what_servers_say_late_or_in_anothers_name_is_dropped(void **state)
{
    struct fake_card card, other;
    struct kb_session_message message;

    (void)state;
    rig_card(&rig, 1, &card);
    rig_card(&rig, 2, &other);
    rig_go(&rig, &card, 1, KB_AS_STEP_ASKED);
    rig_go(&rig, &card, 2, KB_AS_STEP_ASKED);
    message = server_message_of(KB_SESSION_AGREE, 1, &card);
    server_says(&rig, "ps-one", &message, &answers);
    assert_int_equal(answers.count, 0);
    message.session = 2;
    server_says(&rig, "ps-two", &message, &answers);
    assert_int_equal(answers.count, 0);
    message.id_o = kb_span("001-02", 6);
    server_says(&rig, "ps-one", &message, &answers);
    assert_int_equal(answers.count, 0);
    message = server_message_of(KB_SESSION_AGREE, 2, &other);
    server_says(&rig, "ps-one", &message, &answers);
    assert_int_equal(answers.count, 0);
    message = server_message_of(KB_SESSION_IDENTITY, 2, &card);
    server_says(&rig, "ps-one", &message, &answers);
    assert_int_equal(answers.count, 0);
    message = request_of(2, "001-01");
    server_says(&rig, "ps-one", &message, &answers);
    assert_int_equal(answers.count, 0);
    assert_int_equal(counts().dropped, 5);
    assert_int_equal(counts().malformed, 1);
    message = server_message_of(KB_SESSION_AGREE, 2, &card);
    server_says(&rig, "ps-one", &message, &answers);
    assert_int_equal(answers.count, 2);
}

static void mail_of_a_server_counts_once(void **state)
{
    struct fake_card card;
    struct kb_session_message message;

    (void)state;
    rig_card(&rig, 1, &card);
    rig_go(&rig, &card, 1, KB_AS_STEP_ASKED);
    message = server_message_of(KB_SESSION_AGREE, 1, &card);
    mine.count = 0;
    server_writes("ps-one", 7, &message, &mine);
    for (int n = 0; n < 3; n++) {
        rig_deliver(&rig, &mine);
        collect();
        assert_int_equal(answers.count, n ? 0 : 2);
    }
    assert_int_equal(counts().dropped, 0);
}

static void of_a_server_without_a_part_in_it_nothing_is_kept(void **state)
{
    struct fake_card card;
    struct kb_session_message message;

    (void)state;
    rig_card(&rig, 1, &card);
    rig_go(&rig, &card, 1, KB_AS_STEP_ASKED);
    message = server_message_of(KB_SESSION_AGREE, 1, &card);
    server_says(&rig, "a stranger", &message, &answers);
    assert_int_equal(answers.count, 0);
    assert_int_equal(counts().dropped, 1);
    assert_int_equal(rig_search(&rig, kb_span("a stranger", 10)), 0);
    server_says(&rig, "ps-one", &message, &answers);
    assert_int_equal(answers.count, 2);
}

/* Nothing came of it: no step begun but for the line that counts such packets, no mail. */
static void leaves_no_trace(const struct kb_mail *mail)
{
    unsigned points = rig.points;

    assert_int_equal(kb_as_receive(rig.as, mail, NULL), KB_OK);
    assert_int_equal(rig.points, points);
}

static void damaged_packets_leave_no_trace(enum kb_mail_kind bearer)
{
    struct fake_card card;
    static struct letters damaged;

    rig_card(&rig, 1, &card);
    card.bearer = bearer;
    write_next(&card, 0);
    assert_int_equal(mine.count, 1);
    damaged = mine;
    damaged.at[0].mail.body.data = damaged.at[0].body;
    damaged.at[0].body[mine.at[0].mail.body.len - 1] ^= 1;
    assert_int_equal(rig_give(&rig, &damaged.at[0].mail), KB_OK); /* writes its line */
    assert_int_equal(counts().forged, 1);
    for (size_t bit = 0; bit < 8 * mine.at[0].mail.body.len; bit++) {
        memcpy(damaged.at[0].body, mine.at[0].body, mine.at[0].mail.body.len);
        damaged.at[0].body[bit / 8] ^= (uint8_t)(1 << bit % 8);
        leaves_no_trace(&damaged.at[0].mail);
    }
    memcpy(damaged.at[0].body, mine.at[0].body, mine.at[0].mail.body.len);
    for (size_t len = 0; len < mine.at[0].mail.body.len; len++) {
        damaged.at[0].mail.body.len = len;
        leaves_no_trace(&damaged.at[0].mail);
    }
    collect();
    assert_int_equal(answers.count, 0);
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_NEW);
    rig_deliver(&rig, &mine);
    collect();
    assert_int_equal(answers.count, 1);
}

static void a_short_message_cut_or_with_a_bit_flipped_leaves_no_trace(void **state)
{
    (void)state;
    damaged_packets_leave_no_trace(KB_MAIL_SMS);
}

static void a_frame_cut_or_with_a_bit_flipped_leaves_no_trace(void **state)
{
    (void)state;
    damaged_packets_leave_no_trace(KB_MAIL_CHANNEL);
}

static void a_packet_in_another_cards_name_leaves_no_trace(void **state)
{
    struct fake_card card, other;

    (void)state;
    rig_card(&rig, 1, &card);
    rig_card(&rig, 2, &other);
    write_next(&other, 0);
    rig_deliver(&rig, &mine);
    memcpy(other.id_sc, card.id_sc, sizeof(other.id_sc));
    write_next(&other, 0);
    rig_deliver(&rig, &mine);
    assert_int_equal(counts().forged, 1);
    leaves_no_trace(&mine.at[0].mail);
    assert_int_equal(rig_status(&rig, &card).session, 0);
}

static void a_packet_to_a_card_is_none_from_a_card(void **state)
{
    struct fake_card card;
    struct kb_mail back;

    (void)state;
    rig_card(&rig, 1, &card);
    card.bearer = KB_MAIL_CHANNEL;
    rig_go(&rig, &card, 1, KB_AS_STEP_ASKED);
    before.count = 0;
    {
        struct kb_session_message message = server_message_of(KB_SESSION_AGREE, 1, &card);

        server_says(&rig, "ps-one", &message, &before);
    }
    back = before.at[0].mail;
    leaves_no_trace(&back);
    assert_int_equal(counts().stale, 1);
}

static void a_flood_of_forged_packets_writes_one_line_a_minute(void **state)
{
    struct fake_card card;
    uint64_t line;

    (void)state;
    rig_card(&rig, 1, &card);
    write_next(&card, 0);
    mine.at[0].body[100] ^= 1;
    for (int n = 0; n < 1000; n++) {
        unsigned points = rig.points;

        assert_int_equal(kb_as_receive(rig.as, &mine.at[0].mail, NULL), KB_OK);
        if (n % 500)
            assert_int_equal(rig.points, points);
        else
            assert_int_equal(rig.points, points + 2); /* begin, end */
        if (n == 499)
            rig.now += 61;
    }
    assert_int_equal(counts().forged, 1000);
    assert_int_equal(kb_as_commit(rig.as), KB_OK);
    assert_int_equal(kb_store_audit_check(kb_as_store(rig.as), &line), KB_OK);
    assert_int_equal(line, 3 + 1 + 2);
}

/* A small generator (Lehmer), so that a failure comes back. */
static unsigned draw(uint32_t *seed, unsigned below)
{
    *seed = (uint32_t)((uint64_t)*seed * 48271 % 0x7FFFFFFF);
    return *seed % below;
}

static void many_cards_at_once_do_not_disturb_each_other(void **state)
{
    enum { CARDS = 60 };
    static struct fake_card cards[CARDS];
    uint8_t at[CARDS] = {0};
    uint32_t seed = 31115;
    unsigned left = 3 * CARDS;
    struct kb_session_message message, heard;

    (void)state;
    for (unsigned i = 0; i < CARDS; i++)
        rig_card(&rig, i, &cards[i]);
    while (left) {
        unsigned i = draw(&seed, CARDS);

        if (at[i] == 3)
            continue;
        message = card_message(at[i], 1);
        card_says(&rig, &cards[i], &message, &answers);
        message = server_message(at[i], 1, &cards[i]);
        server_says(&rig, "ps-one", &message, &answers);
        assert_true(card_reads(&cards[i], &answers, room, &heard));
        if (at[i] == 0)
            assert_memory_equal(heard.admin_code.data, cards[i].code, KB_ADMIN_CODE_MAX);
        at[i]++;
        left--;
    }
    for (unsigned i = 0; i < CARDS; i++) {
        assert_int_equal(rig_status(&rig, &cards[i]).state, KB_AS_FINISHED);
        assert_false(rig_status(&rig, &cards[i]).has_admin_code);
    }
}

/* All that a dishonest network can do to one message of the way, and the way goes on. */
static void whatever_is_sent_in_between_the_way_is_gone(void **state)
{
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    for (size_t i = 0; i < 3; i++) {
        struct kb_session_message message = server_message(i, 1, &card);

        write_next(&card, i);
        for (size_t len = 0; len < mine.at[0].mail.body.len; len++) {
            struct kb_mail cut = mine.at[0].mail;

            cut.body.len = len;
            assert_int_equal(rig_give(&rig, &cut), KB_OK);
        }
        rig_deliver(&rig, &mine);
        collect();
        assert_int_equal(answers.count, 1);
        server_says(&rig, "ps-one", &message, &answers);
        server_says(&rig, "ps-one", &message, &before);
        assert_int_equal(before.count, 0);
        assert_true(card_reads(&card, &answers, room, &message));
        assert_int_equal(rig_status(&rig, &card).session, 1);
    }
    assert_int_equal(rig_status(&rig, &card).state, KB_AS_FINISHED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
        TEST(a_message_sent_again_gets_its_answer_again_in_a_new_packet),
        TEST(an_answer_is_not_given_again_for_ever),
        TEST(a_repeated_packet_does_not_say_where_its_card_is),
        TEST(an_old_packet_changes_nothing),
        TEST(messages_of_the_card_out_of_place_are_dropped),
        TEST(what_servers_say_late_or_in_anothers_name_is_dropped),
        TEST(mail_of_a_server_counts_once),
        TEST(of_a_server_without_a_part_in_it_nothing_is_kept),
        TEST(a_short_message_cut_or_with_a_bit_flipped_leaves_no_trace),
        TEST(a_frame_cut_or_with_a_bit_flipped_leaves_no_trace),
        TEST(a_packet_in_another_cards_name_leaves_no_trace),
        TEST(a_packet_to_a_card_is_none_from_a_card),
        TEST(a_flood_of_forged_packets_writes_one_line_a_minute),
        TEST(many_cards_at_once_do_not_disturb_each_other),
        TEST(whatever_is_sent_in_between_the_way_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
