/* SPDX-License-Identifier: Apache-2.0 */
/* The PS dies at every point where something becomes durable or leaves, and all that was not
 * acknowledged comes again; and mail comes twice, late, and in any order. Whatever happens: nobody
 * has another one's identity, none is lost, and what a card has its register has. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/service/ps_world.h"

#include "service/store.h"

enum { POOL = 3 };

static struct world world;
static char folder[64], path[96];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "%s/keyborn-ps-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/ps.db", folder);
    return 0;
}

static void remove_store(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char name[128];

        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
}

static int remove_folder(void **state)
{
    (void)state;
    remove_store();
    return rmdir(folder);
}

/* One card that stays, one whose attach fails and who begins again. */
static void two_cards(void)
{
    world.cards[0].mood = CARD_CONFIRMS;
    world.cards[1].mood = CARD_DROPS;
    world_start(&world, &world.cards[0]);
    world_start(&world, &world.cards[1]);
    world_run(&world);
    world_check(&world, POOL);
    world.cards[1].mood = CARD_CONFIRMS;
    world_start(&world, &world.cards[1]);
    world_run(&world);
}

static void two_cards_are_personalized(void)
{
    uint64_t line;

    world_check(&world, POOL);
    world_is_personalized(&world, &world.cards[0]);
    world_is_personalized(&world, &world.cards[1]);
    assert_int_equal(world_count(&world, KB_PS_USED), 2);
    assert_int_equal(world_count(&world, KB_PS_FREE), 1);
    assert_int_equal(kb_store_audit_check(kb_ps_store(world.ps), &line), KB_OK);
}

static void it_may_die_anywhere(void **state)
{
    size_t deaths = 0;

    (void)state;
    for (size_t at = 1;; at++, deaths++) {
        remove_store();
        world_open(&world, path, POOL);
        world.dies_at = at;
        two_cards();
        if (!world.has_died)
            break;
        two_cards_are_personalized();
        world_close(&world);
    }
    two_cards_are_personalized();
    world_close(&world);
    assert_in_range(deaths, 50, 10000);
}

static void all_mail_may_come_twice_and_in_another_mail_as_well(void **state)
{
    (void)state;
    world_open(&world, NULL, POOL);
    world.sends_all_twice = true;
    two_cards();
    two_cards_are_personalized();
    world_close(&world);
}

/* Old mail, with new numbers, after everything. */
static void nothing_that_was_said_before_changes_the_end(void **state)
{
    static struct world_letter history[WORLD_LETTERS];
    size_t count, to_register;

    (void)state;
    world_open(&world, NULL, POOL);
    two_cards();
    count = world.history_len;
    to_register = world.to_register;
    memcpy(history, world.history, sizeof(history));
    for (size_t i = count; i-- > 0;) {
        world.history_len = 0;
        world_send(&world, history[i].mail.kind, history[i].mail.peer,
                   kb_span(history[i].body, history[i].mail.body.len));
        world_run(&world);
        two_cards_are_personalized();
    }
    assert_int_equal(world.to_register, to_register);
    world_close(&world);
}

static void shuffle(uint64_t *seed)
{
    for (size_t i = world.inbox_len; i > 1; i--) {
        static struct world_letter other;
        uint32_t number;
        size_t with;

        fill_from_seed(seed, &number, sizeof(number));
        with = number % i;
        other = world.inbox[with];
        world.inbox[with] = world.inbox[i - 1];
        world.inbox[i - 1] = other;
        world.inbox[with].mail.body.data = world.inbox[with].body;
        world.inbox[i - 1].mail.body.data = world.inbox[i - 1].body;
    }
}

static void mail_may_come_in_any_order_mixed_with_old_one(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        uint64_t numbers = seed;

        world_open(&world, NULL, POOL);
        world.cards[1].mood = CARD_DROPS;
        for (size_t round = 0; round < 6; round++) {
            if (round < 3)
                world_start(&world, &world.cards[round % 2]);
            for (size_t i = 0; i < 3 && world.history_len + 8 < WORLD_LETTERS; i++) {
                uint32_t number;
                const struct world_letter *old;

                fill_from_seed(&numbers, &number, sizeof(number));
                old = &world.history[number % world.history_len];
                world_send(&world, old->mail.kind, old->mail.peer,
                           kb_span(old->body, old->mail.body.len));
            }
            shuffle(&numbers);
            world_run(&world);
            world_check(&world, POOL);
        }
        world_close(&world);
    }
}

static void another_message_3_is_not_taken_in_the_same_attempt(void **state)
{
    struct world_card *card = &world.cards[0];
    struct world_letter last;

    (void)state;
    world_open(&world, NULL, POOL);
    card->mood = CARD_IS_SILENT;
    world_start(&world, card);
    world_run(&world);
    last = world.history[1];
    last.body[last.mail.body.len - 1] ^= 1;
    world_send(&world, KB_MAIL_SERVER, "as", kb_span(last.body, last.mail.body.len));
    world_run(&world);
    assert_int_equal(card->refused, KB_REASON_NONE);
    assert_int_equal(card->identities, 1);
    assert_int_equal(world.to_register, 1);
    world_close(&world);
}

static void a_repeated_message_gets_the_same_answer(void **state)
{
    struct world_card *card = &world.cards[0];
    struct world_letter last;

    (void)state;
    world_open(&world, NULL, POOL);
    card->mood = CARD_IS_SILENT;
    world_start(&world, card);
    world_run(&world);
    last = world.history[1];
    for (size_t i = 2; i < 5; i++) {
        world_send(&world, KB_MAIL_SERVER, "as", kb_span(last.body, last.mail.body.len));
        world_run(&world);
        assert_int_equal(card->identities, i); /* each opened with the one key */
    }
    assert_int_equal(world.to_register, 1);
    world_close(&world);
}

static void an_attempt_with_a_lower_number_is_over(void **state)
{
    struct world_card *card = &world.cards[0];

    (void)state;
    world_open(&world, NULL, POOL);
    card->session = 7;
    card->mood = CARD_IS_SILENT;
    world_start(&world, card);
    world_run(&world);
    card->session = 5;
    world_start(&world, card);
    world_run(&world);
    assert_false(card->is_agreed);
    assert_int_equal(card->refused, KB_REASON_NONE);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_may_die_anywhere),
        cmocka_unit_test(all_mail_may_come_twice_and_in_another_mail_as_well),
        cmocka_unit_test(nothing_that_was_said_before_changes_the_end),
        cmocka_unit_test(mail_may_come_in_any_order_mixed_with_old_one),
        cmocka_unit_test(another_message_3_is_not_taken_in_the_same_attempt),
        cmocka_unit_test(a_repeated_message_gets_the_same_answer),
        cmocka_unit_test(an_attempt_with_a_lower_number_is_over),
    };

    return cmocka_run_group_tests_name("ps kills", tests, make_folder, remove_folder);
}
