/* SPDX-License-Identifier: Apache-2.0 */
/* A field that is verified by its secure channel (docs/apdu.md 3.1): tries and states as with a
 * code, and everything ciphered from then on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/cmac.h"
#include "crypto/diversify.h"
#include "tests/gp/host.h"
#include "tests/perso/sample.h"

enum { VERSION = 0x38, READY = 1, ALERT = 2, PERSO = 3, LOCKED = 4, BLOCKED = 5 };

static const char mandatory[] = "800F323632303131323334353637383930"
                                "8110000102030405060708090A0B0C0D0E0F";

static struct rig rig, made;
static struct builder builder;
static struct host host;
static struct host_keys keys, others;

/* The first field hears its code by challenge and by its secure channel. */
static int make_card(void **state)
{
    static const uint8_t row[8] = {0x80, 0x42, 0x03, 0xFF, 0x00, 0xFF, 1, KB_VERIFY_SCP03};
    struct kb_span none = kb_span(NULL, 0);

    (void)state;
    sample_make_key();
    sample_plan(&builder);
    memcpy(builder.rows[BUILDER_COMMANDS][1], row, sizeof(row));
    sample_make(&made, &builder);
    keys.key_len = others.key_len = 16;
    assert_int_equal(
        kb_diversify(&kb_crypto_openssl, sample_code, 16, "scp03 enc", none, keys.keys[0], 16),
        KB_OK);
    assert_int_equal(
        kb_diversify(&kb_crypto_openssl, sample_code, 16, "scp03 mac", none, keys.keys[1], 16),
        KB_OK);
    return 0;
}

static void start(void)
{
    sample_start(&rig, &made);
    host = (struct host){.rig = &rig};
}

static void enable(void)
{
    assert_int_equal(rig_send(&rig, "8040000000"), 0x9000);
}

static void open(void)
{
    enable();
    assert_int_equal(host_open(&host, VERSION, &keys, 0x33), 0x9000);
    assert_int_equal(sample_state(&rig, 0).state, PERSO);
}

static uint16_t try_wrong(void)
{
    uint16_t sw = host_initialize(&host, VERSION, &keys, 8);

    if (sw != 0x9000)
        return sw;
    host.scp.chaining[0] ^= 1;
    return host_authenticate(&host, 0x33);
}

static void items_go_through_the_channel_and_no_other_way(void **state)
{
    (void)state;
    start();
    open();
    assert_int_equal(rig_send(&rig, "804800000A8308416C6963654D4E4F"), 0x6982);
    assert_int_equal(rig_send(&rig, "904800000A8308416C6963654D4E4F"), 0x6982);
    assert_int_equal(rig_send(&rig, "804A0000"), 0x6982);
    assert_int_equal(host_send(&host, 0x804A0000, NULL, 0), 0x6985); /* items are missing */
    assert_int_equal(host_send_hex(&host, 0x80480000, mandatory), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80480000, "8304416C69"), 0x6A80);
    assert_int_equal(host_send(&host, 0x804A0000, NULL, 0), 0x9000);
    assert_int_equal(sample_state(&rig, 0).state, LOCKED);
}

static void long_items_come_in_links_each_protected(void **state)
{
    uint8_t item[5 + 600] = {0x9F, 0x10, 0x82, 0x02, 0x58}, there[600];
    size_t at = 0;

    (void)state;
    for (size_t i = 5; i < sizeof(item); i++)
        item[i] = (uint8_t)(i * 7);
    for (size_t link = 100; link <= 239; link += 139) {
        start();
        open();
        for (at = 0; sizeof(item) - at > link; at += link)
            assert_int_equal(host_send_link(&host, 0x80480000, item + at, link, true), 0x9000);
        assert_int_equal(host_send(&host, 0x80480000, item + at, sizeof(item) - at), 0x9000);
        sample_read_file(&rig, 0x6F50, 0, there, sizeof(there));
        assert_memory_equal(there, item + 5, sizeof(there));
    }
}

/* A link in the clear must not get in between. */
static void a_chain_is_protected_from_its_first_link_to_its_last(void **state)
{
    static const uint8_t half[] = {0x83, 0x02, 'A'};

    (void)state;
    start();
    open();
    assert_int_equal(host_send_link(&host, 0x80480000, half, sizeof(half), true), 0x9000);
    assert_int_equal(rig_send(&rig, "804800000142"), 0x6883);
    start();
    open();
    assert_int_equal(host_send_link(&host, 0x80480000, half, sizeof(half), true), 0x9000);
    assert_int_equal(rig_send(&rig, "904800000142"), 0x6883);
    /* The chain is gone, the channel is not. */
    assert_int_equal(host_send_hex(&host, 0x80480000, "83024142"), 0x9000);
}

static void a_changed_command_ends_the_field_s_session(void **state)
{
    (void)state;
    start();
    open();
    host_protect(&host, 0x80480000, "\x83\x01", 2, false);
    host.command[9] ^= 1;
    assert_int_equal(rig_send_bytes(&rig, kb_span(host.command, host.command_len)), 0x6982);
    assert_int_equal(sample_state(&rig, 0).state, 0);
    assert_int_equal(rig_send(&rig, "8048000003830141"), 0x6985);
    open(); /* and may begin again */
}

static void nothing_but_ciphered_commands_will_do(void **state)
{
    static const uint8_t levels[] = {0x00, 0x01, 0x11};

    (void)state;
    start();
    for (size_t i = 0; i < sizeof(levels); i++) {
        assert_true(rig_power(&rig));
        enable();
        assert_int_equal(host_open(&host, VERSION, &keys, levels[i]), 0x6982);
        assert_int_equal(sample_state(&rig, 0).state, READY);
        assert_int_equal(sample_state(&rig, 0).tries, SAMPLE_TRIES);
    }
    assert_true(rig_power(&rig));
    enable();
    assert_int_equal(host_open(&host, 0x00, &keys, 0x03), 0x9000);
}

static void tries_and_states_are_those_of_a_code(void **state)
{
    (void)state;
    start();
    enable();
    assert_int_equal(try_wrong(), 0x63C2);
    assert_int_equal(sample_state(&rig, 0).state, ALERT);
    assert_int_equal(sample_state(&rig, 0).tries, 2);
    assert_int_equal(host_open(&host, VERSION, &keys, 0x33), 0x9000);
    assert_int_equal(sample_state(&rig, 0).tries, 3);
    assert_true(rig_power(&rig));
    for (uint16_t left = 2; left < 3; left--) {
        enable();
        assert_int_equal(try_wrong(), 0x63C0 | left);
        if (left)
            assert_true(rig_power(&rig));
    }
    assert_int_equal(sample_state(&rig, 0).state, BLOCKED);
    assert_int_equal(host_open(&host, VERSION, &keys, 0x33), 0x6983);
    assert_true(rig_power(&rig));
    assert_int_equal(rig_send(&rig, "8040000000"), 0x6983);
}

static void the_channel_opens_for_the_enabled_field_alone(void **state)
{
    (void)state;
    start();
    assert_int_equal(host_open(&host, VERSION, &keys, 0x33), 0x6D00); /* none is enabled */
    enable();
    assert_int_equal(host_open(&host, VERSION + 1, &keys, 0x33), 0x6A88);
    assert_int_equal(rig_send(&rig, "8042030000"), 0x6A86); /* the row itself is no command */
    assert_true(rig_power(&rig));
    assert_int_equal(rig_send(&rig, "8040020000"),
                     0x9000); /* the second field has no such method */
    assert_int_equal(host_open(&host, VERSION + 2, &keys, 0x33), 0x6D00);
}

static void another_enable_ends_the_channel(void **state)
{
    (void)state;
    start();
    open();
    assert_int_equal(rig_send(&rig, "8040000000"), 0x6985); /* from PERSO there is none */
    assert_int_equal(host_send_hex(&host, 0x80480000, mandatory), 0x9000);
    assert_true(rig_power(&rig));
    enable();
    assert_int_equal(host_send_hex(&host, 0x80480000, mandatory), 0x6882);
    assert_int_equal(host_open(&host, VERSION, &keys, 0x33), 0x9000);
    assert_int_equal(host_send(&host, 0x804A0000, NULL, 0), 0x9000);
}

/* Whoever has the code of a field is not the issuer: its channel opens nothing of the domain. */
static void a_field_s_channel_opens_nothing_of_the_domain(void **state)
{
    uint8_t data[2 + 2 + 98] = {0x42, 98, 0x01, 0x88}, put[160];
    static const struct host_keys dek = {32, {{0}, {0}, {0}}};
    size_t len = host_put_key_data(&dek, 0x01, &host_keys_128, put);

    (void)state;
    start();
    open();
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_send(&host, 0x80E28000, data, 2 + 98), 0x6982);
    assert_int_equal(host_send(&host, 0x80D80081, put, len), 0x6982);
    assert_int_equal(host_send_hex(&host, 0x80F28002, "4F00"), 0x6982);
    assert_int_equal(host_send(&host, 0x80F0807F, NULL, 0), 0x6982);
    assert_int_equal(rig.card.gp.life_cycle, KB_GP_SECURED);
    assert_int_equal(host_send_hex(&host, 0x80480000, mandatory), 0x9000);
}

/* --- Power cuts --- */

typedef void (*arming)(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed);

static const arming armings[] = {kb_flash_fault_arm, kb_flash_fault_arm_reads};

static unsigned cuts; /* that a test made */

static bool power_up(void)
{
    bool is_cut = rig.fault.is_off;

    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    cuts += is_cut;
    return is_cut;
}

/* A try was lost before this one. Returns whether the power went, and in sw what the card said. */
static bool authenticate_cut(arming arm, uint64_t cut, bool is_right, uint16_t *sw)
{
    start();
    enable();
    assert_int_equal(try_wrong(), 0x63C2);
    assert_true(rig_power(&rig));
    enable();
    assert_int_equal(host_initialize(&host, VERSION, &keys, 8), 0x9000);
    host.scp.chaining[0] ^= is_right ? 0 : 1;
    arm(&rig.fault, cut, cut);
    *sw = host_authenticate(&host, 0x33);
    return power_up();
}

static void a_try_of_the_channel_is_paid_wherever_the_power_goes(void **state)
{
    uint16_t sw;

    (void)state;
    cuts = 0;
    for (size_t i = 0; i < 2; i++)
        for (uint64_t cut = 1; authenticate_cut(armings[i], cut, false, &sw); cut++) {
            assert_in_range(sample_state(&rig, 0).tries, 1, sw == 0x63C1 ? 1 : 2);
            open();
            assert_int_equal(sample_state(&rig, 0).tries, SAMPLE_TRIES);
        }
    assert_true(cuts > 8);
}

static void tries_come_back_with_the_channel_or_not(void **state)
{
    uint16_t sw;

    (void)state;
    cuts = 0;
    for (size_t i = 0; i < 2; i++)
        for (uint64_t cut = 1; authenticate_cut(armings[i], cut, true, &sw); cut++) {
            assert_in_range(sample_state(&rig, 0).tries, sw == 0x9000 ? SAMPLE_TRIES : 1,
                            SAMPLE_TRIES);
            assert_int_equal(host_send_hex(&host, 0x80480000, mandatory), 0x6882);
            open();
        }
    assert_true(cuts > 8);
}

/* Protected: sent again through a channel of its own. */
static bool put_cut(arming arm, uint64_t cut, uint32_t header, const char *data)
{
    start();
    open();
    if (!data)
        assert_int_equal(host_send_hex(&host, 0x80480000, mandatory), 0x9000);
    arm(&rig.fault, cut, cut);
    data ? host_send_hex(&host, header, data) : host_send(&host, header, NULL, 0);
    return power_up();
}

static void a_protected_put_or_lock_is_done_or_not(void **state)
{
    uint8_t imsi[9];

    (void)state;
    cuts = 0;
    for (size_t i = 0; i < 2; i++) {
        for (uint64_t cut = 1; put_cut(armings[i], cut, 0x80480000, mandatory); cut++) {
            bool has_ki = kb_nvm_has(&rig.card.nvm, KB_OBJ_KI + 1);

            sample_read_file(&rig, 0x6F07, 0, imsi, sizeof(imsi));
            assert_int_equal(imsi[0], has_ki ? 0x08 : 0xFF);
            open();
            assert_int_equal(host_send_hex(&host, 0x80480000, mandatory), 0x9000);
        }
        for (uint64_t cut = 1; put_cut(armings[i], cut, 0x804A0000, NULL); cut++) {
            if (sample_state(&rig, 0).state == LOCKED)
                continue;
            open();
            assert_int_equal(host_send(&host, 0x804A0000, NULL, 0), 0x9000);
        }
    }
    assert_true(cuts > 8);
}

/* The code by the older way is worth as much as before, and asks for no protection. */
static void a_code_verified_by_challenge_asks_for_no_protection(void **state)
{
    uint8_t proof[32] = {0};
    struct kb_cmac cmac;

    (void)state;
    start();
    enable();
    assert_int_equal(kb_cmac_start(&cmac, &kb_crypto_openssl, sample_code, 16), KB_OK);
    kb_cmac_update(&cmac, kb_span(rig.response, 16));
    kb_cmac_update(&cmac, kb_span(proof, 16));
    assert_int_equal(kb_cmac_finish(&cmac, proof + 16), KB_OK);
    assert_int_equal(sample_send(&rig, 0x80420100, proof, sizeof(proof)), 0x9000);
    assert_int_equal(rig_send(&rig, "8048000004 83024142"), 0x9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_go_through_the_channel_and_no_other_way),
        cmocka_unit_test(long_items_come_in_links_each_protected),
        cmocka_unit_test(a_chain_is_protected_from_its_first_link_to_its_last),
        cmocka_unit_test(a_changed_command_ends_the_field_s_session),
        cmocka_unit_test(nothing_but_ciphered_commands_will_do),
        cmocka_unit_test(tries_and_states_are_those_of_a_code),
        cmocka_unit_test(the_channel_opens_for_the_enabled_field_alone),
        cmocka_unit_test(another_enable_ends_the_channel),
        cmocka_unit_test(a_field_s_channel_opens_nothing_of_the_domain),
        cmocka_unit_test(a_try_of_the_channel_is_paid_wherever_the_power_goes),
        cmocka_unit_test(tries_come_back_with_the_channel_or_not),
        cmocka_unit_test(a_protected_put_or_lock_is_done_or_not),
        cmocka_unit_test(a_code_verified_by_challenge_asks_for_no_protection),
    };

    return cmocka_run_group_tests(tests, make_card, NULL);
}
