/* SPDX-License-Identifier: Apache-2.0 */
/* Every message that comes to the application server, cut at every length and with every bit
 * flipped: the card's packets, what stands in them under the right keys, and what servers say. */
#include "tests/service/as_rig.h"

#include <string.h>

#include "service/as_inside.h"

static struct as_rig rig;
static struct letters mine, answers;
static unsigned cards;
static uint64_t mails;

static int enter(void **state)
{
    (void)state;
    rig_enter_memory(&rig);
    cards = 0;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    rig_leave(&rig);
    return 0;
}

/* Each message of the way, who says it, and where the AS stands before. */
static const struct row {
    uint8_t kind;
    bool is_servers;
    uint8_t step_before;
} rows[] = {
    {KB_SESSION_REQUEST, false, KB_AS_STEP_IDLE},
    {KB_SESSION_AGREE, false, KB_AS_STEP_COMMANDED},
    {KB_SESSION_CONFIRM, false, KB_AS_STEP_RELAYED},
    {KB_SESSION_REFUSE, false, KB_AS_STEP_COMMANDED},
    {KB_SESSION_AGREE, true, KB_AS_STEP_ASKED},
    {KB_SESSION_IDENTITY, true, KB_AS_STEP_AGREED},
    {KB_SESSION_CONFIRM, true, KB_AS_STEP_CONFIRMED},
    {KB_SESSION_REFUSE, true, KB_AS_STEP_ASKED},
};

static uint64_t malformed(void)
{
    struct kb_as_counts now;

    kb_as_counts(rig.as, &now);
    return now.malformed;
}

static size_t collect(void)
{
    answers.count = 0;
    assert_int_equal(rig_collect(&rig, &answers), KB_OK);
    return answers.count;
}

/* A new card, of which the AS has everything but this message. */
static void begin(const struct row *row, enum kb_mail_kind bearer, struct fake_card *card)
{
    rig_card(&rig, cards++, card);
    card->bearer = bearer;
    rig_go(&rig, card, 1, row->step_before);
    collect();
}

static struct kb_session_message message_of_row(const struct row *row, const struct fake_card *card)
{
    if (row->is_servers && row->kind == KB_SESSION_REFUSE) {
        struct kb_session_message message = server_message_of(KB_SESSION_CONFIRM, 1, card);

        message.kind = KB_SESSION_REFUSE;
        message.reason = KB_REASON_BUSY;
        return message;
    }
    if (row->is_servers)
        return server_message_of((enum kb_session_kind)row->kind, 1, card);
    return row->kind == KB_SESSION_REQUEST ? request_of(1, "001-01")
                                           : message_of((enum kb_session_kind)row->kind, 1);
}

/* --- Packets --- */

/* The way is not a step further, and nothing but the line that counts such packets was written. */
static void leaves_no_trace(const struct kb_mail *mail)
{
    unsigned points = rig.points;

    assert_int_equal(kb_as_receive(rig.as, mail, NULL), KB_OK);
    assert_int_equal(rig.points, points);
}

static uint64_t forged(void)
{
    struct kb_as_counts now;

    kb_as_counts(rig.as, &now);
    return now.forged;
}

/* Nor does the card find its own in what comes from the AS. */
static void takes_no_other_cipher(struct fake_card *card)
{
    static uint8_t room[RIG_MESSAGE];
    struct kb_session_message message = request_of(1, "001-01"), heard;
    uint64_t before = forged();

    card_changes_cipher(card);
    mine.count = 0;
    card_writes(card, &message, &mine);
    assert_int_equal(rig_give(&rig, &mine.at[0].mail), KB_OK);
    assert_int_equal(collect(), 0);
    assert_int_equal(forged(), before + 1);
    assert_int_equal(rig_status(&rig, card).state, KB_AS_NEW);
    card_changes_cipher(card);
    card_says(&rig, card, &message, &answers);
    message = server_message_of(KB_SESSION_AGREE, 1, card);
    server_says(&rig, "ps-one", &message, &answers);
    card_changes_cipher(card);
    assert_false(card_reads(card, &answers, room, &heard));
    card_changes_cipher(card);
    assert_true(card_reads(card, &answers, room, &heard));
    assert_int_equal(heard.kind, KB_SESSION_COMMAND);
}

static void a_packet_under_another_cipher_than_the_cards_counts_as_forged(void **state)
{
    struct fake_card card;

    (void)state;
    rig_card(&rig, 1, &card);
    takes_no_other_cipher(&card);
    rig_old_card(&rig, 2, &card);
    takes_no_other_cipher(&card);
}

static void damage_packet(const struct row *row, enum kb_mail_kind bearer)
{
    struct fake_card card;
    struct kb_session_message message;
    static struct letter damaged;
    struct kb_span whole;

    begin(row, bearer, &card);
    message = message_of_row(row, &card);
    mine.count = 0;
    card_writes(&card, &message, &mine);
    assert_int_equal(mine.count, 1);
    whole = mine.at[0].mail.body;
    damaged = mine.at[0];
    damaged.mail.body.data = damaged.body;
    damaged.body[whole.len - 1] ^= 1;
    assert_int_equal(rig_give(&rig, &damaged.mail), KB_OK); /* may write the minute's line */
    for (size_t bit = 0; bit < 8 * whole.len; bit++) {
        memcpy(damaged.body, whole.data, whole.len);
        damaged.body[bit / 8] ^= (uint8_t)(1u << bit % 8);
        leaves_no_trace(&damaged.mail);
    }
    memcpy(damaged.body, whole.data, whole.len);
    for (damaged.mail.body.len = 0; damaged.mail.body.len < whole.len; damaged.mail.body.len++)
        leaves_no_trace(&damaged.mail);
    assert_int_equal(collect(), 0);
    rig_deliver(&rig, &mine);
    assert_int_not_equal(collect(), 0);
}

static void each_packet_of_a_card_cut_or_with_a_bit_flipped_leaves_no_trace(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].is_servers)
            continue;
        damage_packet(&rows[i], KB_MAIL_SMS);
        damage_packet(&rows[i], KB_MAIL_CHANNEL);
    }
}

/* --- Messages --- */

/* Who is entitled to say it says these bytes. */
static void say(const struct row *row, struct fake_card *card, struct kb_span bytes)
{
    struct kb_mail mail = {.kind = KB_MAIL_SERVER, .peer = "ps-one", .body = bytes};

    mine.count = 0;
    if (row->is_servers) {
        mail.id = (UINT64_C(1) << 40) + ++mails;
        assert_int_equal(rig_give(&rig, &mail), KB_OK);
    } else {
        card_writes_bytes(card, bytes, &mine);
        rig_deliver(&rig, &mine);
    }
    collect();
}

static bool is_same(struct kb_span a, struct kb_span b)
{
    return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

/* It still is about this attempt of this card, and is to be listened to. */
static bool is_about_this(const struct kb_session_message *now,
                          const struct kb_session_message *before, bool is_servers)
{
    if (!is_servers)
        return true; /* the card may say what it likes */
    return now->kind == before->kind && now->session == before->session &&
           is_same(now->id_sc, before->id_sc) &&
           (!now->id_o.len || is_same(now->id_o, before->id_o));
}

/* True: it was taken for what it says, and the card has gone on. */
static bool say_changed(const struct row *row, struct fake_card *card, struct kb_span bytes,
                        const struct kb_session_message *before)
{
    struct kb_session_message now;
    uint64_t count = malformed();
    unsigned step = (unsigned)rig_status(&rig, card).state;

    say(row, card, bytes);
    if (kb_session_read(bytes, &now)) {
        assert_int_equal(malformed(), count + 1);
    } else if (is_about_this(&now, before, row->is_servers)) {
        return true;
    }
    assert_int_equal(answers.count, 0);
    assert_int_equal(rig_status(&rig, card).state, step);
    return false;
}

static void damage_message(const struct row *row)
{
    struct fake_card card;
    struct kb_session_message message;
    uint8_t whole[RIG_MESSAGE], changed[RIG_MESSAGE];
    size_t len, bits = 8;

    for (size_t bit = 0; bit < bits; bit++) {
        struct kb_writer wr = kb_wr(whole, sizeof(whole));

        begin(row, KB_MAIL_SMS, &card);
        message = message_of_row(row, &card);
        kb_session_write(&wr, &message);
        assert_false(wr.is_bad);
        len = wr.len;
        bits = 8 * len;
        for (size_t cut = 0; bit == 0 && cut < len; cut++)
            assert_false(say_changed(row, &card, kb_span(whole, cut), &message));
        for (; bit < bits; bit++) {
            memcpy(changed, whole, len);
            changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (say_changed(row, &card, kb_span(changed, len), &message))
                break;
        }
        if (bit < bits)
            continue;
        say(row, &card, kb_span(whole, len));
        assert_int_not_equal(answers.count, 0);
    }
}

static void a_cards_message_cut_is_dropped_and_with_a_bit_flipped_means_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!rows[i].is_servers)
            damage_message(&rows[i]);
}

static void a_servers_message_cut_is_dropped_and_with_a_bit_flipped_means_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].is_servers)
            damage_message(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
        TEST(a_packet_under_another_cipher_than_the_cards_counts_as_forged),
        TEST(each_packet_of_a_card_cut_or_with_a_bit_flipped_leaves_no_trace),
        TEST(a_cards_message_cut_is_dropped_and_with_a_bit_flipped_means_what_it_says),
        TEST(a_servers_message_cut_is_dropped_and_with_a_bit_flipped_means_what_it_says),
    };

    return cmocka_run_group_tests_name("as damage", tests, NULL, NULL);
}
