/* SPDX-License-Identifier: Apache-2.0 */
/* Power cut, torn, at every program, erase and read of every command of the issuer security domain
 * that writes: no challenge comes twice, no try is given back, keys and data are the old or the new
 * ones altogether. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/gp/host.h"

enum { VERSION = 0x30, NEW_VERSION = 0x31, SEEDS = 3 };

static struct rig rig, made;
static struct host host;

/* A command, and what must hold whatever a cut left of it. */
struct scene {
    void (*prepare)(void); /* a session, as far as it is wanted */
    uint16_t (*command)(void);
    uint16_t sw;                /* when nothing is cut */
    void (*check)(bool is_cut); /* after power is back */
};

static void power_from(const struct rig *from)
{
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    memcpy(rig.memory, from->memory, sizeof(rig.memory));
    assert_true(rig_power(&rig));
    host = (struct host){.rig = &rig};
    assert_int_equal(host_select(&host), 0x9000);
}

typedef void (*arming)(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed);

static bool run_cut(arming arm, const struct scene *scene, uint64_t cut, uint64_t seed)
{
    bool is_cut;
    uint16_t sw;

    power_from(&made);
    scene->prepare();
    arm(&rig.fault, cut, seed);
    sw = scene->command();
    is_cut = rig.fault.is_off;
    if (!is_cut)
        assert_int_equal(sw, scene->sw);
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    assert_int_equal(host_select(&host), 0x9000);
    scene->check(is_cut);
    return is_cut;
}

static void run_scene(const struct scene *scene)
{
    uint64_t cut = 1;

    rig_blank(&rig);
    host_make_card(&made, VERSION, &host_keys_128);
    while (run_cut(kb_flash_fault_arm, scene, cut, 0)) {
        for (uint64_t seed = 1; seed < SEEDS; seed++)
            run_cut(kb_flash_fault_arm, scene, cut, seed);
        cut++;
    }
    assert_true(cut > 1);
    for (cut = 1; run_cut(kb_flash_fault_arm_reads, scene, cut, 0);)
        cut++;
}

static void nothing(void)
{
}

static void open(void)
{
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, 0x33), 0x9000);
}

/* --- Counter and tries --- */

static uint8_t counter_seen;

static uint16_t initialize(void)
{
    uint16_t sw = host_initialize(&host, VERSION, &host_keys_128, 8);

    counter_seen = sw == 0x9000 ? host.data[31] : 0;
    return sw;
}

static void check_counter(bool is_cut)
{
    uint8_t before = counter_seen;

    (void)is_cut;
    assert_int_equal(initialize(), 0x9000);
    assert_true(counter_seen > before);
}

static void a_challenge_that_was_told_never_comes_again(void **state)
{
    (void)state;
    run_scene(&(struct scene){nothing, initialize, 0x9000, check_counter});
}

static uint16_t answered; /* what the cut command said */

static uint16_t authenticate_wrong(void)
{
    host.scp.chaining[0] ^= 1;
    answered = host_authenticate(&host, 0x33);
    return answered;
}

static uint8_t wrong_tries(void)
{
    uint8_t memory[37];

    assert_int_equal(kb_nvm_read(&rig.card.nvm, KB_OBJ_GP, 0, memory, sizeof(memory)), KB_OK);
    return memory[4];
}

static void begin(void)
{
    assert_int_equal(host_initialize(&host, VERSION, &host_keys_128, 8), 0x9000);
}

static void check_try(bool is_cut)
{
    if (answered == 0x6300)
        assert_int_equal(wrong_tries(), 1);
    else
        assert_true(is_cut);
    open();
    assert_int_equal(wrong_tries(), 0);
}

static void whoever_learns_that_a_cryptogram_is_wrong_has_paid(void **state)
{
    (void)state;
    run_scene(&(struct scene){begin, authenticate_wrong, 0x6300, check_try});
}

static void fail_once(void)
{
    begin();
    assert_int_equal(authenticate_wrong(), 0x6300);
    begin();
}

static uint16_t authenticate_right(void)
{
    answered = host_authenticate(&host, 0x33);
    return answered;
}

static void check_tries_back(bool is_cut)
{
    (void)is_cut;
    assert_in_range(wrong_tries(), 0, answered == 0x9000 ? 0 : 2);
    open();
    assert_int_equal(wrong_tries(), 0);
}

static void who_has_proved_the_keys_gets_the_tries_back(void **state)
{
    (void)state;
    run_scene(&(struct scene){fail_once, authenticate_right, 0x9000, check_tries_back});
}

/* --- Keys, data, life cycle --- */

static uint16_t put_key(void)
{
    uint8_t data[160];
    size_t len = host_put_key_data(&host_keys_128, NEW_VERSION, &host_keys_256, data);

    return host_send(&host, 0x80D83081, data, len);
}

static void check_keys(bool is_cut)
{
    uint16_t old = host_open(&host, VERSION, &host_keys_128, 0x33);
    uint16_t new;

    assert_true(rig_power(&rig));
    assert_int_equal(host_select(&host), 0x9000);
    new = host_open(&host, NEW_VERSION, &host_keys_256, 0x33);
    assert_true((old == 0x9000 && new == 0x6A88) || (old == 0x6A88 && new == 0x9000));
    if (!is_cut)
        assert_int_equal(new, 0x9000);
}

static void put_key_replaces_all_three_keys_or_none(void **state)
{
    (void)state;
    run_scene(&(struct scene){open, put_key, 0x9000, check_keys});
}

static uint16_t store_blocks(void)
{
    uint16_t sw = host_send_hex(&host, 0x80E21000, "42031234564508FFEE");

    return sw == 0x9000 ? host_send_hex(&host, 0x80E29001, "DDCCBBAA9988") : sw;
}

static void check_data(bool is_cut)
{
    uint16_t issuer = rig_send(&rig, "80CA004200"), image = rig_send(&rig, "80CA004500");

    assert_true((issuer == 0x9000 && image == 0x9000) || (issuer == 0x6A88 && image == 0x6A88));
    if (!is_cut)
        assert_int_equal(image, 0x9000);
    open(); /* and again, from block 0 */
    assert_int_equal(store_blocks(), 0x9000);
}

static void store_data_keeps_everything_or_nothing(void **state)
{
    (void)state;
    run_scene(&(struct scene){open, store_blocks, 0x9000, check_data});
}

static uint16_t lock_card(void)
{
    return host_send(&host, 0x80F0807F, NULL, 0);
}

static void check_life_cycle(bool is_cut)
{
    uint8_t state;

    open();
    assert_int_equal(host_send_hex(&host, 0x80F28002, "4F00"), 0x9000);
    state = host.data[15];
    assert_true(state == 0x7F || (is_cut && state == 0x0F));
}

static void the_life_cycle_is_the_old_or_the_new_one(void **state)
{
    (void)state;
    run_scene(&(struct scene){open, lock_card, 0x9000, check_life_cycle});
}

static void commands_that_only_tell_write_nothing(void **state)
{
    uint64_t operations;

    (void)state;
    rig_blank(&rig);
    host_make_card(&made, VERSION, &host_keys_128);
    power_from(&made);
    open();
    operations = rig.fault.operations;
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80F28002, "4F00"), 0x9000);
    assert_int_equal(rig_send(&rig, "80CA00E000"), 0x9000);
    assert_int_equal(rig_send(&rig, "00CA00E000"), 0x9000);
    assert_int_equal(rig.fault.operations, operations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_challenge_that_was_told_never_comes_again),
        cmocka_unit_test(whoever_learns_that_a_cryptogram_is_wrong_has_paid),
        cmocka_unit_test(who_has_proved_the_keys_gets_the_tries_back),
        cmocka_unit_test(commands_that_only_tell_write_nothing),
        cmocka_unit_test(put_key_replaces_all_three_keys_or_none),
        cmocka_unit_test(store_data_keeps_everything_or_nothing),
        cmocka_unit_test(the_life_cycle_is_the_old_or_the_new_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
