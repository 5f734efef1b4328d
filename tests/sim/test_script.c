/* SPDX-License-Identifier: Apache-2.0 */
/* The application server sends a script of remote file management to every card of a world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/runs.h"

static struct kb_script script;

static void add(const char *line)
{
    struct kb_report why = {KB_OK, ""};

    if (kb_script_add(&script, (unsigned)script.count + 1, kb_span(line, strlen(line)), &why))
        fail_msg("%s", why.text);
}

static void add_lines(const char *const *lines)
{
    script.count = 0;
    for (; *lines; lines++)
        add(*lines);
}

/* Changes EF.FPLMN and reads it back. */
static struct kb_world_config scripted(uint64_t seed)
{
    static const char *const lines[] = {"select 3F00/7FF0/6F7B", "update-binary 0 62F220",
                                        "read-binary", NULL};
    struct kb_world_config config = runs_config(seed);

    add_lines(lines);
    config.script = &script;
    return config;
}

static void add_faults(struct kb_world_config *config)
{
    config->loss = config->duplicate = config->reorder = 0.1;
    config->cut = 0.5;
    config->kill = 0.003;
    config->no = config->refuse = 0.1;
}

static void every_card_does_the_script_once_when_there_are_no_faults(void **state)
{
    struct kb_world_config config = scripted(51);
    struct kb_world_result result;

    (void)state;
    for (int transport = KB_WORLD_SMS; transport <= KB_WORLD_PACKET; transport++)
        for (int is_old = 0; is_old < 2; is_old++) {
            config.transport = (enum kb_world_transport)transport;
            config.has_old_keys = is_old;
            result = runs_well(&config);
            assert_int_equal(result.personalized, config.cards);
            assert_int_equal(result.scripts.cards, config.cards);
            assert_int_equal(result.scripts.done, config.cards);
            /* A card may change its number before a message comes to the old one. */
            assert_in_range(result.scripts.queued, config.cards, config.cards + 3);
        }
}

/* Promises are checked in the world: at most once, none lost, none answered that did not run. Who
 * was personalized can be reached and does it in the end. */
static void whatever_happens_no_script_runs_twice_and_none_fails(void **state)
{
    struct kb_world_config config = scripted(52);
    struct kb_world_result result;

    (void)state;
    add_faults(&config);
    for (int front = 0; front < KB_WORLD_FRONTS; front++)
        for (int is_old = 0; is_old < 2; is_old++) {
            config.front = (enum kb_world_front)front;
            config.has_old_keys = is_old;
            config.seed++;
            result = runs_well(&config);
            assert_int_equal(result.scripts.failed, 0);
            assert_int_equal(result.scripts.queued, result.scripts.done + result.scripts.open);
            assert_true(result.scripts.cards >= result.personalized * 9 / 10);
        }
}

/* When it is personalized nobody knows the number of a card that never sent a message. */
static void scripts_come_by_short_message_while_a_card_speaks_by_channel(void **state)
{
    struct kb_world_config config = scripted(53);
    struct kb_world_result result;

    (void)state;
    add_faults(&config);
    config.transport = KB_WORLD_PACKET;
    result = runs_well(&config);
    assert_int_equal(result.scripts.failed, 0);
    assert_true(result.scripts.cards > 0);
}

/* Its parts and those of the answer are on their way beside those of the personalization. */
static void a_script_in_several_messages_with_a_long_answer_is_as_good(void **state)
{
    static const char *const lines[] = {
        "select 3F00/7FF0/6F60",
        "update-binary 0 "
        "00F110400000F110808000F120008000F130400000F140400000F150400000F160400000F1704000",
        "read-binary",
        "select 3F00/7FF0/6F62",
        "update-binary 0 "
        "00F110400000F110808000F120008000F130400000F140400000F150400000F160400000F1704000",
        "read-binary",
        "select 3F00/7FF0/6F3C",
        "read-record 1",
        NULL};
    struct kb_world_config config = scripted(54);
    struct kb_world_result result;

    (void)state;
    add_lines(lines);
    result = runs_well(&config);
    assert_int_equal(result.scripts.done, config.cards);
    add_faults(&config);
    result = runs_well(&config);
    assert_int_equal(result.scripts.failed, 0);
    assert_true(result.scripts.cards >= result.personalized * 3 / 4);
}

static void a_command_that_a_card_refuses_is_told_and_not_tried_again(void **state)
{
    static const char *const lines[] = {"select 3F00/6FFF", "read-binary", NULL};
    struct kb_world_config config = scripted(55);
    struct kb_world_result result;

    (void)state;
    add_lines(lines);
    result = runs_well(&config);
    assert_int_equal(result.scripts.failed, config.cards);
    assert_int_equal(result.scripts.queued, config.cards);
    assert_int_equal(result.scripts.cards, 0);
}

static void equal_seeds_give_equal_runs_and_a_script_changes_no_other(void **state)
{
    struct kb_world_config config = scripted(56), without;
    struct kb_world_result first, again, other;

    (void)state;
    add_faults(&config);
    without = config;
    without.script = NULL;
    other = runs_well(&without);
    first = runs_well(&config);
    again = runs_well(&config);
    assert_memory_equal(first.digest, again.digest, sizeof(first.digest));
    assert_memory_not_equal(first.digest, other.digest, sizeof(first.digest));
    assert_int_equal(other.scripts.queued, 0);
    again = runs_well(&without);
    assert_memory_equal(other.digest, again.digest, sizeof(other.digest));
}

static void a_card_that_forgets_its_counter_is_noticed(void **state)
{
    struct kb_world_config config = scripted(57);
    struct kb_world_result result;

    (void)state;
    config.duplicate = 1;
    assert_int_equal(runs_world(&config).broken, KB_PROMISE_KEPT);
    config.card_forgets = true;
    result = runs_world(&config);
    assert_int_equal(result.broken, KB_PROMISE_SCRIPT);
    assert_non_null(strstr(result.broken_text, "twice"));
}

static void what_cannot_be_sent_is_refused_with_words(void **state)
{
    struct kb_world_config config = scripted(58);
    struct kb_report why = {KB_OK, ""};
    struct kb_world *world;

    (void)state;
    config.dishonest = KB_DISHONEST_REPLAY;
    assert_int_equal(kb_world_open(&config, &world, &why), KB_ERR_USAGE);
    config.dishonest = KB_WORLD_HONEST;
    while (script.count < 100)
        add("read-binary 0 1");
    assert_int_equal(kb_world_open(&config, &world, &why), KB_ERR_TOO_LONG);
    assert_non_null(strstr(why.text, "too long"));
    while (script.count < KB_SCRIPT_COMMANDS)
        add("read-binary 0 1");
    assert_int_equal(kb_world_open(&config, &world, &why), KB_ERR_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_card_does_the_script_once_when_there_are_no_faults),
        cmocka_unit_test(whatever_happens_no_script_runs_twice_and_none_fails),
        cmocka_unit_test(scripts_come_by_short_message_while_a_card_speaks_by_channel),
        cmocka_unit_test(a_script_in_several_messages_with_a_long_answer_is_as_good),
        cmocka_unit_test(a_command_that_a_card_refuses_is_told_and_not_tried_again),
        cmocka_unit_test(equal_seeds_give_equal_runs_and_a_script_changes_no_other),
        cmocka_unit_test(a_card_that_forgets_its_counter_is_noticed),
        cmocka_unit_test(what_cannot_be_sent_is_refused_with_words),
    };

    return cmocka_run_group_tests_name("sim script", tests, NULL, NULL);
}
