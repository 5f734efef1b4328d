/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that come in several short messages, before anybody knows whose they are. */
#include "tests/service/as_rig.h"

#include <string.h>

#include "service/as_inside.h"

static struct as_rig rig;
static struct letters mine, answers;

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

static void collect(void)
{
    answers.count = 0;
    assert_int_equal(rig_collect(&rig, &answers), KB_OK);
}

/* Nothing came of it: no step begun, no mail. */
static void leaves_no_trace(const struct kb_mail *mail)
{
    unsigned points = rig.points;

    assert_int_equal(kb_as_receive(rig.as, mail, NULL), KB_OK);
    assert_int_equal(rig.points, points);
}

static void strangers_are_not_heard_and_their_parts_not_kept(void **state)
{
    struct fake_card stranger;
    struct kb_as_counts counts;
    struct kb_session_message message = request_of(1, "001-01");
    uint8_t share[300] = {1};

    (void)state;
    rig_card(&rig, 1, &stranger);
    memcpy(stranger.id_sc, "8949000010000000777", 20);
    mine.count = 0;
    card_writes(&stranger, &message, &mine);
    leaves_no_trace(&mine.at[0].mail);
    message.agree = kb_span(share, sizeof(share));
    mine.count = 0;
    card_writes(&stranger, &message, &mine);
    assert_int_equal(mine.count, 3);
    leaves_no_trace(&mine.at[0].mail);
    kb_as_counts(rig.as, &counts);
    assert_int_equal(counts.unknown, 2);
}

static void parts_are_joined_in_any_order_and_with_others_in_between(void **state)
{
    struct fake_card cards[2];
    struct kb_session_message message = request_of(1, "001-01");
    static struct letters parts[2];
    static const uint8_t order[] = {2, 0, 0, 2, 1};
    uint8_t share[300];

    (void)state;
    memset(share, 0xA5, sizeof(share));
    message.agree = kb_span(share, sizeof(share));
    for (unsigned i = 0; i < 2; i++) {
        rig_card(&rig, i, &cards[i]);
        parts[i].count = 0;
        card_writes(&cards[i], &message, &parts[i]);
        assert_int_equal(parts[i].count, 3);
    }
    for (size_t i = 0; i < sizeof(order); i++) {
        assert_int_equal(rig_give(&rig, &parts[0].at[order[i]].mail), KB_OK);
        assert_int_equal(rig_give(&rig, &parts[1].at[2 - order[i]].mail), KB_OK);
        if (i == 2) { /* what was acknowledged outlives the process */
            rig_close(&rig);
            assert_int_equal(rig_open(&rig), KB_OK);
        }
    }
    collect();
    assert_int_equal(answers.count, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(kb_session_read(answers.at[i].mail.body, &message), KB_OK);
        assert_int_equal(message.agree.len, sizeof(share));
        assert_memory_equal(message.agree.data, share, sizeof(share));
    }
}

static void parts_that_find_no_others_do_not_fill_the_store(void **state)
{
    struct fake_card card;
    struct kb_session_message message = request_of(1, "001-01");
    struct kb_statement *st;
    uint8_t share[300] = {1};

    (void)state;
    rig_card(&rig, 1, &card);
    message.agree = kb_span(share, sizeof(share));
    for (int n = 0; n < 100; n++) {
        mine.count = 0;
        card_writes(&card, &message, &mine);
        assert_int_equal(rig_give(&rig, &mine.at[n % 3].mail), KB_OK);
    }
    st = kb_store_get(kb_as_store(rig.as), AS_ALL_PARTS);
    assert_int_equal(kb_statement_step(st), KB_OK);
    assert_in_range(kb_column_int(st, 0), 0, KB_AS_PEER_PARTS);
    kb_statement_end(st);
    mine.count = 0;
    card_writes(&card, &message, &mine);
    rig_deliver(&rig, &mine);
    collect();
    assert_int_equal(answers.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
        TEST(strangers_are_not_heard_and_their_parts_not_kept),
        TEST(parts_are_joined_in_any_order_and_with_others_in_between),
        TEST(parts_that_find_no_others_do_not_fill_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
