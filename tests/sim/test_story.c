/* SPDX-License-Identifier: Apache-2.0 */
/* One card, told step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/story.h"

struct heard {
    uint64_t messages[KB_LINKS], up, down;
    bool has_request, has_packet;
};

static void hear(void *ctx, const struct kb_sim_crossing *crossing)
{
    struct heard *heard = ctx;
    char words[KB_STORY_WORDS];

    kb_story_words(crossing, words);
    assert_true(strlen(words) > 0);
    assert_non_null(crossing->from);
    assert_non_null(crossing->to);
    heard->messages[crossing->link]++;
    heard->has_request |= strstr(words, "CREATE") != NULL;
    heard->has_packet |= strstr(words, "part 1 of 2") != NULL;
    if (crossing->link == KB_LINK_SMS)
        *(crossing->is_up ? &heard->up : &heard->down) += 1;
}

static void a_story_ends_with_equal_keys_that_were_never_sent(void **state)
{
    struct kb_world_config config = {
        .seed = 31, .suite = -1, .agreement = KB_SESSION_EDHOC, .front = KB_WORLD_USER};
    struct kb_report why = {KB_OK, ""};
    struct kb_story_end end;
    struct heard heard = {0};

    (void)state;
    assert_int_equal(kb_story_tell(&config, hear, &heard, &end, &why), KB_OK);
    assert_int_equal(end.result.personalized, 1);
    assert_true(end.has_keys);
    assert_memory_equal(end.card_fingerprint, end.register_fingerprint, KB_FINGERPRINT_SIZE);
    assert_false(end.was_found);
    assert_true(end.was_found_in_register);
    assert_string_not_equal(end.imsi_t, end.imsi_o);
    assert_int_equal(heard.up, 3);
    assert_int_equal(heard.down, 4);
    assert_true(heard.has_request);
    assert_true(heard.has_packet);
    assert_true(end.messages > heard.messages[KB_LINK_SMS]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_story_ends_with_equal_keys_that_were_never_sent),
    };

    return cmocka_run_group_tests_name("sim story", tests, NULL, NULL);
}
