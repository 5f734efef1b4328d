/* SPDX-License-Identifier: Apache-2.0 */
/* Promises that are broken on purpose are noticed, each as what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/secrets.h"
#include "tests/sim/runs.h"

static void a_register_that_keeps_another_key_is_noticed(void **state)
{
    struct kb_world_config config = runs_config(21);
    struct kb_world_result result;

    (void)state;
    config.register_forgets = true;
    result = runs_world(&config);
    assert_int_equal(result.broken, KB_PROMISE_PAIR);
    assert_true(result.broken_event > 0);
    assert_int_equal(result.mismatched, 1);
}

static void one_identity_on_two_cards_is_noticed(void **state)
{
    struct kb_world_config config = runs_config(22);

    (void)state;
    config.repeats_identity = true;
    config.interval_ms = 300000; /* one after the other */
    assert_int_equal(runs_world(&config).broken, KB_PROMISE_IDENTITY);
}

static void a_key_on_a_link_is_noticed(void **state)
{
    struct kb_world_config config = runs_config(23);
    struct kb_world_result result;

    (void)state;
    config.leaks_key = true;
    result = runs_world(&config);
    assert_int_equal(result.broken, KB_PROMISE_SECRET);
    assert_non_null(strstr(result.broken_text, "SMS"));
}

static void a_card_that_never_ends_is_noticed(void **state)
{
    struct kb_world_config config = runs_config(24);

    (void)state;
    config.cards = 2;
    config.never_begins = true;
    assert_int_equal(runs_world(&config).broken, KB_PROMISE_END);
}

static void a_broken_promise_comes_at_the_same_event_again(void **state)
{
    struct kb_world_config config = runs_config(25);
    struct kb_world_result first, again;

    (void)state;
    config.loss = 0.2;
    config.leaks_key = true;
    first = runs_world(&config);
    again = runs_world(&config);
    assert_int_equal(first.broken, KB_PROMISE_SECRET);
    assert_int_equal(first.broken_event, again.broken_event);
    assert_string_equal(first.broken_text, again.broken_text);
}

static void a_key_in_a_servers_file_is_found_wherever_it_lies(void **state)
{
    uint8_t bytes[600], secret[16];
    struct kb_sim_secrets secrets = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    memset(secret, 0xA5, sizeof(secret));
    secret[3] = 0x11;
    assert_false(kb_sim_secrets_show(&secrets, kb_span(bytes, sizeof(bytes))));
    kb_sim_secrets_add(&secrets, kb_span(secret, sizeof(secret)));
    assert_false(kb_sim_secrets_show(&secrets, kb_span(bytes, sizeof(bytes))));
    for (size_t at = 0; at + sizeof(secret) <= sizeof(bytes); at += 37) {
        uint8_t planted[sizeof(bytes)];

        memcpy(planted, bytes, sizeof(bytes));
        memcpy(planted + at, secret, sizeof(secret));
        assert_true(kb_sim_secrets_show(&secrets, kb_span(planted, sizeof(planted))));
    }
    kb_sim_secrets_end(&secrets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_register_that_keeps_another_key_is_noticed),
        cmocka_unit_test(one_identity_on_two_cards_is_noticed),
        cmocka_unit_test(a_key_on_a_link_is_noticed),
        cmocka_unit_test(a_card_that_never_ends_is_noticed),
        cmocka_unit_test(a_broken_promise_comes_at_the_same_event_again),
        cmocka_unit_test(a_key_in_a_servers_file_is_found_wherever_it_lies),
    };

    return cmocka_run_group_tests_name("sim broken", tests, NULL, NULL);
}
