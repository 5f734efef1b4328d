/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine (docs/apdu.md 3): every command in every state, LOCK, other tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/perso/sample.h"

static struct rig rig, made;
static struct builder builder;
static const uint8_t wrong_code[16] = {0xBA, 0xD0};

static int make_card(void **state)
{
    (void)state;
    sample_begin(&made, &builder);
    return 0;
}

/* A fresh card of the sample plan. */
static void start(void)
{
    sample_start(&rig, &made);
}

static uint16_t enable(void)
{
    return sample_send(&rig, 0x80400000, NULL, 0);
}

static uint16_t verify(const uint8_t code[16])
{
    return sample_send(&rig, 0x80420000, code, 16);
}

static uint16_t put_opc(void)
{
    return sample_send_hex(&rig, 0x80480000, "8210 0F0E0D0C0B0A09080706050403020100");
}

static uint16_t lock(void)
{
    return sample_send(&rig, 0x804A0000, NULL, 0);
}

static void expect_state(uint8_t expected, uint8_t tries)
{
    struct sample_state state = sample_state(&rig, 0);

    assert_int_equal(state.state, expected);
    assert_int_equal(state.tries, tries);
}

/* --- every state, every command --- */

static void go_idle(void)
{
    start();
}

static void go_ready(void)
{
    start();
    assert_int_equal(enable(), 0x6110);
}

static void go_alert(void)
{
    go_ready();
    assert_int_equal(verify(wrong_code), 0x63C2);
}

static void go_perso(void)
{
    start();
    sample_open(&rig);
}

static void go_locked(void)
{
    go_perso();
    sample_put_mandatory(&rig);
    assert_int_equal(lock(), 0x9000);
}

static void go_blocked(void)
{
    go_alert();
    assert_int_equal(verify(wrong_code), 0x63C1);
    assert_int_equal(verify(wrong_code), 0x63C0);
}

static void go_idle_locked(void)
{
    go_locked();
    assert_true(rig_power(&rig));
}

static void go_idle_blocked(void)
{
    go_blocked();
    assert_true(rig_power(&rig));
}

static uint16_t right_code(void)
{
    return verify(sample_code);
}

static uint16_t bad_code(void)
{
    return verify(wrong_code);
}

static uint16_t enable_other(void)
{
    return sample_send(&rig, 0x80400200, NULL, 0);
}

static uint16_t enable_unknown(void)
{
    return sample_send(&rig, 0x80400100, NULL, 0);
}

static uint16_t unknown_method(void)
{
    return sample_send(&rig, 0x80420200, sample_code, 16);
}

/* A command that only the second field has. */
static uint16_t put_of_other(void)
{
    return sample_send_hex(&rig, 0x80520000, "01");
}

static const struct {
    void (*go)(void);
    uint8_t state;
    uint16_t enable, right_code, bad_code, put, lock, enable_other, put_of_other;
} table[] = {
    {go_idle, 0, 0x6110, 0x6985, 0x6985, 0x6985, 0x6985, 0x6110, 0x6985},
    {go_ready, 1, 0x6985, 0x9000, 0x63C2, 0x6985, 0x6985, 0x6985, 0x6D00},
    {go_alert, 2, 0x6985, 0x9000, 0x63C1, 0x6985, 0x6985, 0x6985, 0x6D00},
    {go_perso, 3, 0x6985, 0x6985, 0x6985, 0x9000, 0x6985, 0x6985, 0x6D00},
    {go_locked, 4, 0x6985, 0x6985, 0x6985, 0x6985, 0x6985, 0x6985, 0x6D00},
    {go_blocked, 5, 0x6983, 0x6983, 0x6983, 0x6983, 0x6983, 0x6985, 0x6D00},
    {go_idle_locked, 4, 0x6985, 0x6985, 0x6985, 0x6985, 0x6985, 0x6110, 0x6985},
    {go_idle_blocked, 5, 0x6983, 0x6985, 0x6985, 0x6985, 0x6985, 0x6110, 0x6985},
};

static void check_in_state(size_t row, uint16_t (*command)(void), uint16_t expected)
{
    uint16_t sw;

    table[row].go();
    assert_int_equal(sample_state(&rig, 0).state, table[row].state);
    sw = command();
    if (sw != expected)
        fail_msg("row %zu: %04X, should be %04X", row, sw, expected);
}

static void every_command_in_every_state_gets_its_status(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof table / sizeof *table; row++) {
        check_in_state(row, enable, table[row].enable);
        check_in_state(row, right_code, table[row].right_code);
        check_in_state(row, bad_code, table[row].bad_code);
        check_in_state(row, put_opc, table[row].put);
        check_in_state(row, lock, table[row].lock);
        check_in_state(row, enable_other, table[row].enable_other);
        check_in_state(row, put_of_other, table[row].put_of_other);
        check_in_state(row, enable_unknown, 0x6A88);
        check_in_state(row, unknown_method, 0x6A86);
    }
}

/* --- LOCK --- */

static void lock_waits_for_every_mandatory_item(void **state)
{
    (void)state;
    go_perso();
    assert_int_equal(lock(), 0x6985);
    assert_int_equal(sample_send_hex(&rig, 0x80480000, "8006 303031303130"), 0x9000);
    assert_int_equal(lock(), 0x6985);
    expect_state(3, 3);
    sample_put_mandatory(&rig);
    assert_int_equal(sample_send_hex(&rig, 0x804A0000, "00"), 0x6700);
    assert_int_equal(lock(), 0x9000);
    expect_state(4, 3);
}

static void nothing_is_written_after_lock(void **state)
{
    uint8_t before[9], after[9];

    (void)state;
    go_locked();
    sample_read_file(&rig, 0x6F07, 0, before, 9);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(enable(), 0x6985);
        assert_int_equal(verify(sample_code), 0x6985);
        assert_int_equal(sample_send_hex(&rig, 0x80480000, "8006 303031303130"), 0x6985);
        assert_int_equal(lock(), 0x6985);
        sample_read_file(&rig, 0x6F07, 0, after, 9);
        assert_memory_equal(before, after, 9);
        assert_true(rig_power(&rig));
    }
    sample_open_second(&rig);
    assert_int_equal(sample_send_hex(&rig, 0x80480000, "8006 303031303130"), 0x6D00);
}

static void the_maker_has_no_key_to_a_secured_card(void **state)
{
    (void)state;
    go_blocked();
    assert_int_equal(sample_send_hex(&rig, 0x80440008, "0300"), 0x6985);
    assert_int_equal(sample_send(&rig, 0x80440010, wrong_code, 16), 0x6985);
}

/* --- other tables --- */

/* A state of the plan's own between READY and PERSO, and a way back to READY from PERSO. */
static void another_table_makes_another_machine(void **state)
{
    static const uint8_t own[][3] = {{6, 2, 3}, {6, 3, 0}, {6, 4, 5}, {3, 0, 1}, {3, 1, 2}};

    (void)state;
    sample_plan(&builder);
    builder.states = 7;
    builder.rows[BUILDER_TRANSITIONS][3][2] = 6; /* READY, wrong */
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        builder_add(&builder, BUILDER_TRANSITIONS, own[i]);
    sample_make(&rig, &builder);
    sample_enable(&rig);
    assert_int_equal(verify(wrong_code), 0x63C2);
    expect_state(6, 2);
    assert_int_equal(put_opc(), 0x6985);
    assert_int_equal(lock(), 0x6985);
    assert_int_equal(enable(), 0x6985);
    assert_int_equal(verify(wrong_code), 0x63C1);
    expect_state(0, 1); /* the session is over */
    assert_int_equal(verify(sample_code), 0x6985);
    sample_open(&rig);
    assert_int_equal(put_opc(), 0x9000);
    sample_enable(&rig); /* from PERSO: what was verified is forgotten */
    assert_false(rig.card.perso.is_verified);
    expect_state(1, 3);
    assert_int_equal(put_opc(), 0x6985);
    assert_int_equal(lock(), 0x6985);
}

static void a_field_without_a_code_cannot_be_enabled(void **state)
{
    (void)state;
    start();
    assert_int_equal(kb_nvm_delete(&rig.card.nvm, KB_OBJ_PERSO_CODE), KB_OK);
    assert_int_equal(enable(), 0x6985);
    expect_state(0, 3);
}

static void a_warm_reset_ends_the_session(void **state)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;

    (void)state;
    go_perso();
    assert_int_equal(kb_card_reset(&rig.card, atr, &atr_len), KB_OK);
    assert_int_equal(put_opc(), 0x6985);
    assert_false(rig.card.perso.is_verified);
    assert_false(rig.card.perso.has_challenge);
    expect_state(0, 3);
    sample_open(&rig);
}

/* --- whatever a table says: what the loader would never let in is put behind its back --- */

static void tell_transition(size_t row, const char *from_event_to)
{
    assert_int_equal(
        kb_nvm_patch(&rig.card.nvm, KB_OBJ_IMAGE, BUILDER_HEADER + 3 * row, from_event_to, 3),
        KB_OK);
}

static void no_table_leads_past_the_code(void **state)
{
    (void)state;
    start();
    tell_transition(0, "\0\0\3"); /* IDLE, ENABLE, PERSO */
    assert_int_equal(enable(), 0x6110);
    assert_int_equal(put_opc(), 0x6985);
    assert_int_equal(lock(), 0x6985);
    expect_state(0, 3);
}

static void no_table_leads_out_of_a_final_state(void **state)
{
    (void)state;
    go_locked();
    tell_transition(0, "\4\0\1"); /* LOCKED, ENABLE, READY */
    assert_int_equal(enable_other(), 0x6985);
    go_blocked();
    tell_transition(0, "\5\0\1"); /* BLOCKED, ENABLE, READY */
    assert_int_equal(enable_other(), 0x6985);
}

/* State and verification are asked for one by one. */
static void data_needs_the_state_and_the_code(void **state)
{
    (void)state;
    go_ready();
    tell_transition(8, "\1\5\3"); /* READY, PUT, PERSO */
    tell_transition(9, "\1\6\4"); /* READY, LOCK, LOCKED */
    assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_PERSO_PRESENT, "\xFF\1\0\0\0\0\0", 8), KB_OK);
    rig.card.perso.is_verified = true;
    assert_int_equal(put_opc(), 0x6985);
    assert_int_equal(lock(), 0x6985);
    go_ready();
    assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_PERSO_PRESENT, "\xFF\1\0\0\0\0\0", 8), KB_OK);
    rig.card.perso.state = KB_PERSO_PERSO;
    assert_int_equal(put_opc(), 0x6985);
    assert_int_equal(lock(), 0x6985);
    rig.card.perso.is_verified = true; /* both: this is what was missing */
    assert_int_equal(put_opc(), 0x9000);
    assert_int_equal(lock(), 0x9000);
    assert_false(rig.card.perso.is_verified);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_in_every_state_gets_its_status),
        cmocka_unit_test(lock_waits_for_every_mandatory_item),
        cmocka_unit_test(nothing_is_written_after_lock),
        cmocka_unit_test(the_maker_has_no_key_to_a_secured_card),
        cmocka_unit_test(another_table_makes_another_machine),
        cmocka_unit_test(a_field_without_a_code_cannot_be_enabled),
        cmocka_unit_test(a_warm_reset_ends_the_session),
        cmocka_unit_test(no_table_leads_past_the_code),
        cmocka_unit_test(no_table_leads_out_of_a_final_state),
        cmocka_unit_test(data_needs_the_state_and_the_code),
    };

    return cmocka_run_group_tests(tests, make_card, NULL);
}
