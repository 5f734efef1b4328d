/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application server dies at every point at which it can, once each, and is started again. Who
 * sent it mail that was not acknowledged sends that again; the card sends its packet again when it
 * hears nothing. In the end each party has heard everything once.
 */
#include "tests/service/as_rig.h"

#include <string.h>

#include "service/as_inside.h"

/* What card and server have seen of a way of three exchanges. */
struct world {
    struct as_rig rig;
    struct fake_card card;
    struct letters packet;    /* the card's, until it is answered */
    struct letters to_as;     /* the server's, not acknowledged yet */
    struct letters delivered; /* out of the outbox, for the card */
    uint64_t seen[16];        /* numbers of the AS's mail that the server took */
    size_t seen_count;
    unsigned stage;   /* exchanges that the card has behind it */
    unsigned answers; /* that the server gave */
    unsigned deaths, rounds;
};

static struct world world;

static void write_packet(void)
{
    static const uint8_t kinds[] = {KB_SESSION_REQUEST, KB_SESSION_AGREE, KB_SESSION_CONFIRM};
    enum kb_session_kind kind = (enum kb_session_kind)kinds[world.stage];
    struct kb_session_message message = world.stage ? message_of(kind, 1) : request_of(1, "001-01");

    world.packet.count = 0;
    card_writes(&world.card, &message, &world.packet);
}

/* The process is gone with all that it did not commit; a new one opens what is on the disk. */
static void begin_anew(void)
{
    world.deaths++;
    rig_close(&world.rig);
    world.rig.dies_at = 0;
    assert_int_equal(rig_open(&world.rig), KB_OK);
}

/* Delivers until it is acknowledged. */
static void give(const struct kb_mail *mail)
{
    while (rig_give(&world.rig, mail))
        begin_anew();
}

static bool is_seen(uint64_t id)
{
    for (size_t i = 0; i < world.seen_count; i++) {
        if (world.seen[i] == id)
            return true;
    }
    return false;
}

/* The server takes each mail once, by its number, and answers it. */
static void server_takes(const struct kb_mail *mail)
{
    static const uint8_t kinds[] = {KB_SESSION_AGREE, KB_SESSION_IDENTITY, KB_SESSION_CONFIRM};
    struct kb_session_message heard, message;

    assert_string_equal(mail->peer, "ps-one");
    if (is_seen(mail->id))
        return;
    world.seen[world.seen_count++] = mail->id;
    assert_int_equal(kb_session_read(mail->body, &heard), KB_OK);
    assert_in_range(world.answers, 0, 2);
    message = server_message_of((enum kb_session_kind)kinds[world.answers], 1, &world.card);
    world.answers++;
    server_writes("ps-one", world.answers, &message, &world.to_as);
}

static void hand_out(const struct letters *out)
{
    uint8_t room[RIG_MESSAGE];
    struct kb_session_message message;

    for (size_t i = 0; i < out->count; i++) {
        if (out->at[i].mail.kind == KB_MAIL_SERVER)
            server_takes(&out->at[i].mail);
    }
    if (world.stage < 3 && card_reads(&world.card, out, room, &message))
        world.stage++;
}

/* Sends what is in the outbox: what was sent and not noted as sent goes out again. */
static void drain(void)
{
    static struct letters out;
    enum kb_err err;

    do {
        out.count = 0;
        err = rig_collect(&world.rig, &out);
        hand_out(&out);
        if (err)
            begin_anew();
    } while (err);
}

/* Everybody does what is left to do; the card repeats itself until it is answered. */
static void go_the_way(void)
{
    unsigned written = 0;

    while (world.stage < 3) {
        assert_in_range(world.rounds++, 0, 40);
        if (written == world.stage) {
            write_packet();
            written++;
        }
        for (size_t i = 0; i < world.packet.count; i++)
            give(&world.packet.at[i].mail);
        drain();
        for (size_t i = 0; i < world.to_as.count; i++)
            give(&world.to_as.at[i].mail);
        world.to_as.count = 0;
        drain();
    }
}

static void assert_whole(void)
{
    uint64_t line;
    struct kb_as_status status = rig_status(&world.rig, &world.card);

    assert_int_equal(world.answers, 3);
    assert_int_equal(status.state, KB_AS_FINISHED);
    assert_false(status.has_admin_code);
    assert_int_equal(kb_store_audit_check(kb_as_store(world.rig.as), &line), KB_OK);
    assert_int_equal(line, 3 + 1 + 2); /* operators, card, attempt and end: nothing twice */
    rig_close(&world.rig);
    assert_int_equal(rig_search(&world.rig, kb_span(world.card.code, strlen(world.card.code))), 0);
    assert_int_equal(rig_open(&world.rig), KB_OK);
}

static void a_server_killed_anywhere_loses_nothing_and_does_nothing_twice(void **state)
{
    unsigned points = 1;

    (void)state;
    for (unsigned at = 0; at <= points; at++) {
        memset(&world, 0, sizeof(world));
        rig_enter(&world.rig);
        rig_card(&world.rig, 1, &world.card);
        rig_close(&world.rig);
        assert_int_equal(rig_open(&world.rig), KB_OK);
        world.rig.dies_at = at;
        go_the_way();
        assert_whole();
        if (at == 0)
            points = 80; /* more than there are: the last runs die nowhere */
        if (at && !world.deaths)
            points = at;
        else
            assert_int_equal(world.deaths, at ? 1 : 0);
        rig_leave(&world.rig);
    }
    assert_in_range(points, 30, 79);
}

static void parts_that_were_acknowledged_before_a_kill_are_kept(void **state)
{
    struct kb_session_message message = request_of(1, "001-01");
    uint8_t share[300];

    (void)state;
    memset(share, 0x3C, sizeof(share));
    message.agree = kb_span(share, sizeof(share));
    for (unsigned at = 1; at < 30; at++) {
        static struct letters out;

        memset(&world, 0, sizeof(world));
        rig_enter(&world.rig);
        rig_card(&world.rig, 1, &world.card);
        rig_close(&world.rig);
        assert_int_equal(rig_open(&world.rig), KB_OK);
        world.rig.dies_at = at;
        card_writes(&world.card, &message, &world.packet);
        for (size_t i = 0; i < world.packet.count; i++)
            give(&world.packet.at[i].mail);
        out.count = 0;
        if (rig_collect(&world.rig, &out)) {
            begin_anew();
            rig_collect(&world.rig, &out);
        }
        assert_in_range(out.count, 1, 2); /* twice with the same number, when it died in between */
        assert_int_equal(out.at[0].mail.id, out.at[out.count - 1].mail.id);
        rig_leave(&world.rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_killed_anywhere_loses_nothing_and_does_nothing_twice),
        cmocka_unit_test(parts_that_were_acknowledged_before_a_kill_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
