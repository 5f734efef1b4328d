/* SPDX-License-Identifier: Apache-2.0 */
/* Counters (TS 102 225 clause 5.1.4): low, high, blocked, repeated, out of order, not written. */
#include "tests/ota/sending.h"

static void a_counter_that_is_not_higher_is_low_and_the_last_one_is_a_repeat(void **state)
{
    static const uint8_t rules[] = {CC | HIGHER, CC | NEXT, FULL};
    struct kb_ota_command out;

    for (size_t i = 0; i < sizeof(rules); i++) {
        struct rig rig;

        rig_start(&rig, backend_of(state));
        rig.memory.last = 7;
        assert_int_equal(send_counted(&rig, rules[i], POR_FULL, 8, &out), KB_OTA_ACCEPTED);
        assert_int_equal(rig.memory.last, 8);
        for (uint64_t cntr = 0; cntr <= 8; cntr++) {
            assert_int_equal(send_counted(&rig, rules[i], POR_FULL, cntr, &out), KB_OTA_REFUSED);
            assert_int_equal(out.status, KB_STATUS_CNTR_LOW);
            assert_int_equal(out.is_repeat, cntr == 8);
            assert_int_equal(out.cntr, cntr);
        }
        assert_int_equal(rig.memory.commits, 1);
    }
}

static void a_counter_may_jump_unless_it_has_to_be_the_next(void **state)
{
    struct kb_ota_command out;
    struct rig rig;

    rig_start(&rig, backend_of(state));
    assert_int_equal(send_counted(&rig, CC | NEXT, POR, 2, &out), KB_OTA_REFUSED);
    assert_int_equal(out.status, KB_STATUS_CNTR_HIGH);
    assert_int_equal(send_counted(&rig, CC | HIGHER, POR, 1000, &out), KB_OTA_ACCEPTED);
    assert_int_equal(send_counted(&rig, CC | NEXT, POR, 1001, &out), KB_OTA_ACCEPTED);
    assert_int_equal(rig.memory.last, 1001);
}

static void at_its_highest_value_the_counter_is_blocked(void **state)
{
    struct kb_ota_command out;
    struct rig rig;

    rig_start(&rig, backend_of(state));
    rig.memory.last = KB_CNTR_MAX - 1;
    assert_int_equal(send_counted(&rig, CC | NEXT, POR, KB_CNTR_MAX, &out), KB_OTA_ACCEPTED);
    assert_int_equal(send_counted(&rig, CC | HIGHER, POR, KB_CNTR_MAX, &out), KB_OTA_REFUSED);
    assert_int_equal(out.status, KB_STATUS_CNTR_BLOCKED);
    assert_true(out.is_repeat);
}

/* Packets that arrive in another order: those behind the highest are lost, nothing runs twice. */
static void packets_out_of_order_run_at_most_once_each(void **state)
{
    static const uint8_t order[] = {2, 1, 3, 3, 2, 6, 4, 5, 7, 7};
    unsigned accepted = 0, seen = 0;
    struct kb_ota_command out;
    struct rig rig;

    rig_start(&rig, backend_of(state));
    for (size_t i = 0; i < sizeof(order); i++) {
        if (send_counted(&rig, FULL, POR, order[i], &out) != KB_OTA_ACCEPTED)
            continue;
        assert_false(seen >> order[i] & 1);
        seen |= 1u << order[i];
        accepted++;
    }
    assert_int_equal(accepted, 4);
    assert_int_equal(rig.memory.last, 7);
}

static void a_counter_without_a_cc_is_compared_but_never_used_up(void **state)
{
    struct kb_ota_command out;
    struct rig rig;

    rig_start(&rig, backend_of(state));
    rig.memory.last = 3;
    assert_int_equal(send_counted(&rig, CIPHERED | HIGHER, 0, KB_CNTR_MAX, &out), KB_OTA_ACCEPTED);
    assert_int_equal(rig.memory.last, 3);
    assert_int_equal(send_counted(&rig, CIPHERED | HIGHER, POR, 3, &out), KB_OTA_SILENCE);
    assert_false(out.is_repeat);
}

/* Power goes while the counter is written: the packet has not been taken, and may come again. */
static void a_command_counts_only_when_its_counter_is_safe(void **state)
{
    struct kb_ota_command out;
    struct rig rig;

    rig_start(&rig, backend_of(state));
    rig.memory.commit_err = KB_ERR_NVM;
    assert_int_equal(send_counted(&rig, FULL, POR, 1, &out), KB_OTA_REFUSED);
    assert_int_equal(out.data.len, 0);
    rig.memory.commit_err = KB_OK;
    rig.memory.read_err = KB_ERR_NVM;
    assert_int_equal(send_counted(&rig, FULL, POR, 1, &out), KB_OTA_REFUSED);
    rig.memory.read_err = KB_OK;
    assert_int_equal(send_counted(&rig, FULL, POR, 1, &out), KB_OTA_ACCEPTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_counter_that_is_not_higher_is_low_and_the_last_one_is_a_repeat),
        BOTH(a_counter_may_jump_unless_it_has_to_be_the_next),
        BOTH(at_its_highest_value_the_counter_is_blocked),
        BOTH(packets_out_of_order_run_at_most_once_each),
        BOTH(a_counter_without_a_cc_is_compared_but_never_used_up),
        BOTH(a_command_counts_only_when_its_counter_is_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
