/* SPDX-License-Identifier: Apache-2.0 */
/* The two tables of the PS: what an attempt goes through, and what an identity does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/ps_pool.h"
#include "service/ps_session.h"

typedef bool rule(enum kb_ps_state state, enum kb_ps_event event, struct kb_ps_step step);

static void holds_everywhere(rule *holds)
{
    for (unsigned state = 0; state < KB_PS_STATES; state++) {
        for (unsigned event = 0; event < KB_PS_EVENTS; event++) {
            struct kb_ps_step step = kb_ps_step((enum kb_ps_state)state, (enum kb_ps_event)event);

            if (!holds((enum kb_ps_state)state, (enum kb_ps_event)event, step))
                fail_msg("state %u, event %u: effect %u, then %u", state, event,
                         (unsigned)step.effect, (unsigned)step.next);
        }
    }
}

static bool release_rule(enum kb_ps_state state, enum kb_ps_event event, struct kb_ps_step step)
{
    return (step.effect == KB_PS_RELEASE) == (state == KB_PS_PROVISIONING && event == KB_PS_DONE);
}

static void identity_leaves_when_the_register_has_it_and_never_else(void **state)
{
    (void)state;
    holds_everywhere(release_rule);
}

static bool finished_rule(enum kb_ps_state state, enum kb_ps_event event, struct kb_ps_step step)
{
    (void)event;
    return state != KB_PS_FINISHED || step.next == KB_PS_FINISHED;
}

static void a_finished_card_stays_finished(void **state)
{
    (void)state;
    holds_everywhere(finished_rule);
}

static bool success_rule(enum kb_ps_state state, enum kb_ps_event event, struct kb_ps_step step)
{
    if (step.next != KB_PS_FINISHED)
        return true;
    return state == KB_PS_FINISHED || event == KB_PS_CONFIRMED;
}

static void only_the_card_says_that_it_worked(void **state)
{
    (void)state;
    holds_everywhere(success_rule);
}

static bool agree_rule(enum kb_ps_state state, enum kb_ps_event event, struct kb_ps_step step)
{
    (void)event;
    return step.effect != KB_PS_COMPLETE ||
           (state == KB_PS_AGREEING && step.next == KB_PS_PROVISIONING);
}

static void an_agreement_is_completed_once(void **state)
{
    (void)state;
    holds_everywhere(agree_rule);
}

static bool issued_rule(enum kb_ps_state state, enum kb_ps_event event, struct kb_ps_step step)
{
    return state != KB_PS_ISSUED || event != KB_PS_GAVE_UP || step.effect == KB_PS_IGNORE;
}

static void an_unsealed_refusal_takes_no_identity_from_a_card(void **state)
{
    (void)state;
    holds_everywhere(issued_rule);
}

static bool ignore_rule(enum kb_ps_state state, enum kb_ps_event event, struct kb_ps_step step)
{
    (void)event;
    return step.effect != KB_PS_IGNORE || step.next == state;
}

static void what_is_ignored_changes_nothing(void **state)
{
    (void)state;
    holds_everywhere(ignore_rule);
}

static void a_used_identity_stays_used(void **state)
{
    enum kb_ps_identity next;

    (void)state;
    for (unsigned use = 0; use < KB_PS_USES; use++) {
        if (kb_ps_pool_next(KB_PS_USED, (enum kb_ps_use)use, &next))
            assert_int_equal(next, KB_PS_USED);
    }
}

/* FREE again only by way of RETURNING, and RETURNING only by the card's own word. */
static void an_identity_comes_back_only_when_dropped_and_removed(void **state)
{
    enum kb_ps_identity next;

    (void)state;
    for (unsigned from = KB_PS_FREE; from <= KB_PS_RETURNING; from++) {
        for (unsigned use = 0; use < KB_PS_USES; use++) {
            if (!kb_ps_pool_next((enum kb_ps_identity)from, (enum kb_ps_use)use, &next))
                continue;
            if (next == KB_PS_FREE)
                assert_true(from == KB_PS_RETURNING && use == KB_PS_USE_REMOVED);
            if (next == KB_PS_RETURNING)
                assert_true(from == KB_PS_RELEASED && use == KB_PS_USE_DROP);
        }
    }
}

static void what_was_seen_is_used_whatever_it_was(void **state)
{
    enum kb_ps_identity next;

    (void)state;
    for (unsigned from = KB_PS_FREE; from <= KB_PS_RETURNING; from++) {
        assert_true(kb_ps_pool_next((enum kb_ps_identity)from, KB_PS_USE_SEE, &next));
        assert_int_equal(next, KB_PS_USED);
    }
}

static void what_never_left_cannot_be_confirmed_or_dropped(void **state)
{
    enum kb_ps_identity next;

    (void)state;
    assert_false(kb_ps_pool_next(KB_PS_TAKEN, KB_PS_USE_CONFIRM, &next));
    assert_false(kb_ps_pool_next(KB_PS_TAKEN, KB_PS_USE_DROP, &next));
    assert_false(kb_ps_pool_next(KB_PS_FREE, KB_PS_USE_RELEASE, &next));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_leaves_when_the_register_has_it_and_never_else),
        cmocka_unit_test(a_finished_card_stays_finished),
        cmocka_unit_test(only_the_card_says_that_it_worked),
        cmocka_unit_test(an_agreement_is_completed_once),
        cmocka_unit_test(an_unsealed_refusal_takes_no_identity_from_a_card),
        cmocka_unit_test(what_is_ignored_changes_nothing),
        cmocka_unit_test(a_used_identity_stays_used),
        cmocka_unit_test(an_identity_comes_back_only_when_dropped_and_removed),
        cmocka_unit_test(what_was_seen_is_used_whatever_it_was),
        cmocka_unit_test(what_never_left_cannot_be_confirmed_or_dropped),
    };

    return cmocka_run_group_tests_name("ps tables", tests, NULL, NULL);
}
