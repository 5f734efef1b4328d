/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribers kept for logins: what is kept of their numbers, and how their keys lie there. */
#include "tests/crypto/backends.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/subscribers.h"
#include "tests/service/files.h"

static const uint8_t store_key[KB_GCM_KEY] = "a key that nobody else has";
static const char k_text[] = "a subscriber key", top_text[] = "and an operator's";

struct world {
    char folder[64], path[96];
    struct kb_subscribers *subscribers;
};

static struct kb_span imsi(void)
{
    return kb_span("001010123456789", 15);
}

static void open_store(struct world *world)
{
    struct kb_report why = {0};

    if (kb_subscribers_open(world->path, store_key, &world->subscribers, &why))
        fail_msg("%s", why.text);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    strcpy(world->folder, "/tmp/keyborn-subscribers-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof(world->path), "%s/store", world->folder);
    open_store(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    kb_subscribers_close(world->subscribers);
    files_remove(world->folder);
    rmdir(world->folder);
    free(world);
    return 0;
}

static struct kb_eap_subscriber somebody(uint64_t seq)
{
    struct kb_eap_subscriber made = {
        .profile = {KB_AKA_MILENAGE, KB_GSM_CONVERTED, 8, 16, 16, 8, 1},
        .k_len = 16,
        .top_len = 16,
        .seq = seq,
    };

    memcpy(made.k, k_text, 16);
    memcpy(made.top, top_text, 16);
    return made;
}

static bool add(struct world *world, const struct kb_eap_subscriber *subscriber)
{
    bool is_new = false;

    assert_int_equal(kb_subscribers_add(world->subscribers, imsi(), subscriber, &is_new), KB_OK);
    assert_int_equal(kb_subscribers_commit(world->subscribers, "a test", 1), KB_OK);
    return is_new;
}

static struct kb_eap_subscriber found(struct world *world)
{
    struct kb_eap_subscriber subscriber = {0};

    assert_int_equal(kb_subscribers_find(world->subscribers, imsi(), &subscriber), KB_OK);
    return subscriber;
}

static void what_was_added_is_found_again(void **state)
{
    struct world *world = *state;
    struct kb_eap_subscriber subscriber = somebody(7), again;
    uint64_t count = 0;

    assert_int_equal(kb_subscribers_find(world->subscribers, imsi(), &again), KB_ERR_ABSENT);
    subscriber.profile.gsm = KB_GSM_COMP128_2;
    subscriber.is_gsm = true;
    assert_true(add(world, &subscriber));
    kb_subscribers_close(world->subscribers);
    open_store(world);
    again = found(world);
    assert_memory_equal(&again.profile, &subscriber.profile, sizeof(again.profile));
    assert_true(again.is_gsm);
    assert_memory_equal(again.k, k_text, 16);
    assert_memory_equal(again.top, top_text, 16);
    assert_int_equal(again.seq, 7);
    assert_int_equal(kb_subscribers_count(world->subscribers, &count), KB_OK);
    assert_int_equal(count, 1);
}

static void the_same_keys_once_more_take_no_number_back(void **state)
{
    struct world *world = *state;
    struct kb_eap_subscriber subscriber = somebody(7);

    add(world, &subscriber);
    assert_int_equal(kb_subscribers_keep_seq(world->subscribers, imsi(), 12), KB_OK);
    assert_false(add(world, &subscriber));
    assert_int_equal(found(world).seq, 12);
    subscriber.seq = 20;
    add(world, &subscriber);
    assert_int_equal(found(world).seq, 20);
}

static void other_keys_begin_with_the_number_they_come_with(void **state)
{
    struct world *world = *state;
    struct kb_eap_subscriber subscriber = somebody(100);

    add(world, &subscriber);
    subscriber.k[0] ^= 1;
    subscriber.seq = 3;
    assert_false(add(world, &subscriber));
    assert_int_equal(found(world).seq, 3);
    assert_int_equal(found(world).k[0], k_text[0] ^ 1);
}

/* A process that ends without a word after keep_seq said it was kept. */
static void a_number_that_was_kept_survives_its_process(void **state)
{
    struct world *world = *state;
    struct kb_eap_subscriber subscriber = somebody(7);
    int status = 0;
    pid_t child;

    add(world, &subscriber);
    kb_subscribers_close(world->subscribers);
    world->subscribers = NULL;
    child = fork();
    if (child == 0) {
        open_store(world);
        _exit(kb_subscribers_keep_seq(world->subscribers, imsi(), 8) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    open_store(world);
    assert_int_equal(found(world).seq, 8);
}

static void keys_lie_sealed(void **state)
{
    struct world *world = *state;
    struct kb_eap_subscriber subscriber = somebody(7);
    struct kb_subscribers *other = NULL;

    add(world, &subscriber);
    assert_int_equal(files_search(world->folder, kb_span(k_text, 16)), 0);
    assert_int_equal(files_search(world->folder, kb_span(top_text, 16)), 0);
    assert_int_not_equal(files_search(world->folder, imsi()), 0);
    kb_subscribers_close(world->subscribers);
    world->subscribers = NULL;
    assert_int_equal(kb_subscribers_open(world->path, (const uint8_t[KB_GCM_KEY]){0}, &other, NULL),
                     KB_ERR_INTEGRITY);
}

static void an_imsi_has_six_to_fifteen_digits(void **state)
{
    static const char *const wrong[] = {"", "00101", "0010101234567890", "00101012345678x"};
    struct world *world = *state;
    struct kb_eap_subscriber subscriber = somebody(0);
    bool is_new;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(kb_subscribers_add(world->subscribers, kb_span(wrong[i], strlen(wrong[i])),
                                            &subscriber, &is_new),
                         KB_ERR_RANGE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_added_is_found_again),
        CASE(the_same_keys_once_more_take_no_number_back),
        CASE(other_keys_begin_with_the_number_they_come_with),
        CASE(a_number_that_was_kept_survives_its_process),
        CASE(keys_lie_sealed),
        CASE(an_imsi_has_six_to_fifteen_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
