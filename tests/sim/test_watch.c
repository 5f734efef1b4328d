/* SPDX-License-Identifier: Apache-2.0 */
/* The watcher finds what shows, now or earlier, and lets pass what may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/watch.h"

static const uint8_t key[16] = {0x46, 0x5B, 0x5C, 0xE8, 0xB1, 0x99, 0xB4, 0x9F,
                                0xAA, 0x5F, 0x0A, 0x2E, 0xE2, 0x38, 0xA6, 0xBC};

static struct kb_span message_with_key(uint8_t room[64], size_t at)
{
    memset(room, 0x31, 64);
    memcpy(room + at, key, sizeof(key));
    return kb_span(room, 64);
}

static void a_known_secret_is_found_at_every_place(void **state)
{
    struct kb_sim_watch watch = {0};
    uint8_t room[64];

    (void)state;
    assert_null(kb_sim_watch_add(&watch, "K", 0, kb_span(key, sizeof(key))));
    for (size_t at = 0; at + sizeof(key) <= sizeof(room); at++)
        assert_string_equal(kb_sim_watch_message(&watch, KB_LINK_SMS, message_with_key(room, at)),
                            "K");
    room[40] ^= 1;
    memset(room + 48, 0, 16);
    assert_null(kb_sim_watch_message(&watch, KB_LINK_SMS, kb_span(room, 47)));
    kb_sim_watch_end(&watch);
}

static void a_secret_that_showed_before_it_was_known_is_found(void **state)
{
    struct kb_sim_watch watch = {0};
    uint8_t room[64];

    (void)state;
    assert_null(kb_sim_watch_message(&watch, KB_LINK_CARD, kb_span("hello", 5)));
    assert_null(kb_sim_watch_message(&watch, KB_LINK_CHANNEL, message_with_key(room, 9)));
    assert_null(kb_sim_watch_message(&watch, KB_LINK_CARD, kb_span("", 0)));
    assert_string_equal(kb_sim_watch_add(&watch, "K", 0, kb_span(key, sizeof(key))), "K");
    kb_sim_watch_end(&watch);
}

static void a_secret_may_show_where_it_may(void **state)
{
    const unsigned allowed = 1u << KB_LINK_REGISTER;
    struct kb_sim_watch watch = {0};
    uint8_t room[64];
    struct kb_span message = message_with_key(room, 20);

    (void)state;
    assert_null(kb_sim_watch_message(&watch, KB_LINK_REGISTER, message));
    assert_null(kb_sim_watch_add(&watch, "K", allowed, kb_span(key, sizeof(key))));
    assert_null(kb_sim_watch_message(&watch, KB_LINK_REGISTER, message));
    assert_non_null(kb_sim_watch_message(&watch, KB_LINK_SERVERS, message));
    kb_sim_watch_end(&watch);
}

/* Not as if they were secrets: they would show everywhere. */
static void short_and_flat_values_are_passed_over(void **state)
{
    static const uint8_t zeros[16] = {0};
    struct kb_sim_watch watch = {0};

    (void)state;
    assert_null(kb_sim_watch_add(&watch, "short", 0, kb_span(key, 7)));
    assert_null(kb_sim_watch_add(&watch, "flat", 0, kb_span(zeros, sizeof(zeros))));
    assert_null(kb_sim_watch_message(&watch, KB_LINK_SMS, kb_span(zeros, sizeof(zeros))));
    assert_int_equal(watch.secret_count, 0);
    kb_sim_watch_end(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_secret_is_found_at_every_place),
        cmocka_unit_test(a_secret_that_showed_before_it_was_known_is_found),
        cmocka_unit_test(a_secret_may_show_where_it_may),
        cmocka_unit_test(short_and_flat_values_are_passed_over),
    };

    return cmocka_run_group_tests_name("sim watch", tests, NULL, NULL);
}
