/* SPDX-License-Identifier: Apache-2.0 */
/* Key sets of remote management: which packets are taken, once and no more, and what gets silence
 * (ETSI TS 102 226 clause 6; docs/ota.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "card/ota/remote_keys.h"
#include "tests/crypto/refusing.h"
#include "tests/ota/remote_world.h"

static void must(const char *command)
{
    assert_int_equal(rig_send(&rig, command), 0x9000);
}

/* --- Key sets --- */

static void assert_silence(uint16_t sw)
{
    assert_int_equal(sw, 0x9000);
    assert_int_equal(rig.response_len, 2);
    assert_false(kb_inbox_has_report(&rig.card));
}

static void a_target_of_another_set_is_reached_by_one_that_names_none(void **state)
{
    (void)state;
    remote_use(GUEST, 0xB00001);
    remote_expect("00A4000C026F07", "019000");
    remote_use(GUEST, 0xB00002);
    assert_silence(remote_send("00A4000C026F07", POR_DELIVER));
}

/* The keys that the card made with its operator: silence until they are there, and a counter that
 * begins again when they are made again. */
static void the_operators_own_keys_are_a_set_once_they_are_made(void **state)
{
    struct sender first;

    (void)state;
    remote_use(MADE, 0xB00000);
    assert_silence(remote_send("00A4000C022F05", POR_DELIVER));
    remote_put_keys(KB_SECRETS_OF_PLANS);
    remote_expect("00A4000C022F11 00D60000021234", "029000");
    first = sender;
    assert_int_equal(sender_send(&first, &rig, 1), 0x9000);
    assert_report(&first, kb_span(rig.response, rig.response_len - 2), KB_STATUS_CNTR_LOW, "");
    assert_int_equal(kb_remote_restart(&rig.card), KB_OK);
    assert_int_equal(sender_send(&first, &rig, 1), 0x9000);
    assert_report(&first, kb_span(rig.response, rig.response_len - 2), KB_STATUS_POR_OK, "029000");
}

/* It is the KID that makes a packet authentic: where that stays, so does the counter. */
static void a_packet_is_not_good_again_because_another_kic_was_made(void **state)
{
    static const uint8_t set[] = {2, 0, 0x16, 2, KB_SECRETS_OF_PLANS, 9};
    struct sender first;

    (void)state;
    assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_REMOTE_KEYS + MADE, set, sizeof(set)), KB_OK);
    remote_use(MADE, 0xB00000);
    remote_put_keys(KB_SECRETS_OF_PLANS);
    remote_expect("00A4000C022F11 00D60000021234", "029000");
    first = sender;
    assert_int_equal(kb_remote_restart(&rig.card), KB_OK);
    assert_int_equal(sender_send(&first, &rig, 1), 0x9000);
    assert_report(&first, kb_span(rig.response, rig.response_len - 2), KB_STATUS_CNTR_LOW, "");
}

static void key_sets_have_counters_of_their_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        remote_expect("00A4000C022F05", "019000");
    remote_use(GUEST, 0xB00000);
    remote_expect("00A4000C022F05", "019000");
    assert_int_equal(sender.command.cntr, 1);
}

static void a_set_without_a_counter_takes_nothing(void **state)
{
    (void)state;
    assert_int_equal(kb_nvm_delete(&rig.card.nvm, KB_OBJ_REMOTE_CNTR + OPERATOR), KB_OK);
    assert_int_equal(remote_send("00A4000C022F12 00DC000302AAAA", POR_DELIVER), 0x9000);
    assert_report(&sender, kb_span(rig.response, rig.response_len - 2), KB_STATUS_SECURITY_ERROR,
                  "");
}

/* Packet of pySim's tests with a CC and without a counter: authentic, and not enough. */
static void a_packet_without_a_counter_is_refused(void **state)
{
    (void)state;
    remote_use(OPERATOR, 0xB00000);
    for (unsigned i = 0; i < 2; i++) {
        sender_make(&sender, i ? CC | HIGHER : CC | CIPHERED, POR_DELIVER, kb_span("\x00", 0));
        sender.command.tar[2] = 0;
        sender_seal(&sender);
        assert_int_equal(sender_send(&sender, &rig, 1), 0x9000);
        assert_report(&sender, kb_span(rig.response, rig.response_len - 2),
                      KB_STATUS_INSUFFICIENT_SECURITY, "");
    }
}

static void a_key_set_that_allows_too_much_is_not_taken_from_the_maker(void **state)
{
    static const char *const wrong[] = {
        "0000160208 09 B000003F00", "1000160208 09 B000003F00",
        "0300060208 09 B000003F00", "0300140208 09 B000003F00",
        "0304160208 09 B000003F00", "0300360208 09 B000003F00",
        "0300160220 09 B000003F00", "0300160208 20 B000003F00",
        "0300160208 09 B000003F",   "0300160208",
    };

    (void)state;
    rig_blank(&rig);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char command[128];

        snprintf(command, sizeof(command), "8044%04X (%s)", KB_OBJ_REMOTE_KEYS, wrong[i]);
        assert_int_equal(rig_send(&rig, command), 0x6A80);
        snprintf(command, sizeof(command), "8044%04X (0000000001)", KB_OBJ_REMOTE_CNTR);
        assert_int_equal(rig_send(&rig, command), 0x6A80);
    }
}

static unsigned added(void)
{
    unsigned count = 0;

    must("00A4000C (2F12)");
    for (unsigned record = 1; record <= 4; record++) {
        char read[16];

        snprintf(read, sizeof(read), "00B2%02X0402", record);
        assert_int_equal(rig_send(&rig, read), 0x9000);
        count += rig.response[0] == 0xAA;
    }
    return count;
}

/* --- Silence (Nohl 2013; Simjacker) --- */

/* One message with a packet that nobody sealed: SPI, KIc, KID and TAR as told, then noise. */
static void send_forged(uint8_t spi1, uint8_t spi2, uint8_t key, uint32_t tar)
{
    uint8_t user_data[KB_SMS_USER_DATA];
    struct kb_writer wr = kb_wr(user_data, sizeof(user_data));

    kb_wr_copy(&wr, "\x02\x70\x00\x00\x35\x15", 6);
    kb_wr_u8(&wr, spi1);
    kb_wr_u8(&wr, spi2);
    kb_wr_u8(&wr, key);
    kb_wr_u8(&wr, key);
    kb_wr_u8(&wr, (uint8_t)(tar >> 16));
    kb_wr_u16(&wr, (uint16_t)tar);
    kb_wr_copy(&wr, "\xFF\xFF\xFF\xFF\xF0\x00", 6);
    kb_wr_fill(&wr, 0xA5, 8);
    kb_wr_copy(&wr, "\x00\xA4\x00\x0C\x02\x2F\x12\x00\xDC\x00\x03\x02\xAA\xAA", 14);
    kb_wr_fill(&wr, 0, 12);
    assert_silence(sender_send_user_data(&rig, kb_wr_span(&wr), 0x7F, 0xF6));
}

/* Every SPI, to targets that are there, under the numbers of the key sets. */
static void no_spi_does_anything_without_a_key(void **state)
{
    static uint8_t memory[sizeof(rig.memory)];

    (void)state;
    memcpy(memory, rig.memory, sizeof(memory));
    for (unsigned spi1 = 0; spi1 < 0x100; spi1++)
        for (unsigned spi2 = 0; spi2 < 0x40; spi2++)
            send_forged((uint8_t)spi1, (uint8_t)spi2, spi2 & 1 ? 0x32 : 0x42,
                        0xB00000 + (spi1 + spi2) % 2);
    assert_memory_equal(memory, rig.memory, sizeof(memory));
    assert_int_equal(added(), 0);
}

/* Every TAR of the ranges that TS 101 220 annex D gives to remote management and card managers,
 * and some of each other. */
static void no_tar_does_anything_without_a_key(void **state)
{
    static const uint8_t spis[] = {0x00, 0x01, 0x10, 0x11, 0x02, 0x12, 0x16};
    uint32_t tar = 0;

    (void)state;
    for (unsigned i = 0; i < 0x400; i++)
        send_forged(spis[i % sizeof(spis)], 0x21 - (i & 0x20), 0x32, 0xB00000 + i);
    for (unsigned i = 0; i < 0x1000; i++, tar += 0x0FF1)
        send_forged(spis[i % sizeof(spis)], 0x01, (uint8_t)(i << 4 | 2), tar);
    assert_int_equal(added(), 0);
}

/* With an RC, or with neither, anybody can seal: the packet is right in every other way. */
static void what_anybody_can_seal_is_not_answered(void **state)
{
    (void)state;
    for (unsigned spi1 = 0; spi1 < 0x20; spi1++) {
        for (unsigned spi2 = 0; spi2 < 0x40; spi2++) {
            struct kb_writer wr = kb_wr(sender.packet, sizeof(sender.packet));

            if ((spi1 & 0x03) >= CC)
                continue;
            sender.command = (struct kb_ota_command){.spi = {(uint8_t)spi1, (uint8_t)spi2},
                                                     .tar = {0xB0},
                                                     .cntr = 9,
                                                     .keys = &sender.keys,
                                                     .data = kb_span("\x00\xA4\x00\x00\x00", 5)};
            kb_ota_command_name_keys(&sender.command, &sender.keys);
            if (kb_ota_protect(&kb_crypto_mbedtls, &sender.keys, &sender.command, &wr))
                continue;
            sender.len = wr.len;
            assert_silence(sender_send(&sender, &rig, 1));
        }
    }
}

static void a_script_with_one_bit_wrong_is_not_run(void **state)
{
    struct sender right;

    (void)state;
    remote_send("00A4000C022F12 00DC000302AAAA", POR_DELIVER);
    right = sender;
    for (size_t bit = 0; bit < 8 * right.len; bit++) {
        sender = right;
        sender.packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_silence(sender_send(&sender, &rig, 1));
    }
    assert_int_equal(added(), 1);
}

/* Nothing of the packet, of its answer and of its keys is left in the card's RAM. */
static void nothing_of_a_script_is_left_in_the_card(void **state)
{
    static const uint8_t traces[][6] = {{0xC0, 0xFF, 0xEE, 0xC0, 0xFF, 0xEE},
                                        {'r', 'e', 'm', 'o', 't', 'e'}};

    (void)state;
    remote_expect("00A4000C022F10 00D6000006C0FFEEC0FFEE 00B0000006", "039000C0FFEEC0FFEE");
    must("00A4000C (2F05)");
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i + sizeof(traces[k]) <= sizeof(rig.card); i++)
            if (!memcmp((const uint8_t *)&rig.card + i, traces[k], sizeof(traces[k])))
                fail_msg("trace %zu at %zu", k, i);
}

/* --- Once, and no more --- */

static void a_repeated_script_is_not_run_again(void **state)
{
    (void)state;
    remote_expect("00A4000C022F12 00DC000302AAAA", "029000");
    assert_int_equal(added(), 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(sender_send(&sender, &rig, 1), 0x9000);
        assert_report(&sender, kb_span(rig.response, rig.response_len - 2), KB_STATUS_CNTR_LOW, "");
        assert_true(rig_power(&rig));
        must("80100000 (FF)");
    }
    assert_int_equal(added(), 1);
}

typedef void (*arming)(struct kb_flash_fault *fault, uint64_t cut_at, uint64_t seed);

static uint8_t memory[sizeof(rig.memory)]; /* of the card that gets it */

/* Sends the script with power cut at the operation; false when it ran to its end. */
static bool send_cut(arming arm, uint64_t cut)
{
    memcpy(rig.memory, memory, sizeof(rig.memory));
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    arm(&rig.fault, cut, cut);
    sender_send(&sender, &rig, 1);
    return rig.fault.is_off;
}

/* What was done before the cut stays, and the packet is never run a second time. */
static void a_cut_script_is_done_as_far_as_it_came(void **state)
{
    bool was_new = false, was_half = false;

    (void)state;
    memcpy(memory, rig.memory, sizeof(memory));
    remote_send("00A4000C022F12 00DC000302AAAA 00DC000302AAAA 00DC000302AAAA", POR_NEVER);
    for (uint64_t cut = 1; send_cut(kb_flash_fault_arm, cut); cut++) {
        unsigned before, after;

        kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
        assert_true(rig_power(&rig));
        before = added();
        sender_send(&sender, &rig, 1);
        after = added();
        assert_true(after == before || (before == 0 && after == 3));
        was_new |= after != before;
        was_half |= after == 1 || after == 2;
    }
    assert_true(was_new && was_half);
    assert_int_equal(added(), 3);
}

enum { POR_PLAIN = 0x09 }; /* always, with a CC, in the deliver report */

static uint8_t tries_of_pin1(void)
{
    uint8_t tries;

    assert_int_equal(kb_nvm_read(&rig.card.nvm, KB_OBJ_PIN_TRIES + PIN1, 0, &tries, 1), KB_OK);
    return tries;
}

/* A PIN that a script guesses costs a try, and the same packet is no second guess. */
static void a_cut_script_guesses_once(void **state)
{
    static const arming armings[] = {kb_flash_fault_arm, kb_flash_fault_arm_reads};
    unsigned cuts = 0;

    (void)state;
    memcpy(memory, rig.memory, sizeof(memory));
    remote_send("00200001 (39393939FFFFFFFF)", POR_PLAIN);
    assert_non_null(memmem(rig.response, rig.response_len, "\x63\xC2", 2));
    assert_int_equal(tries_of_pin1(), 2);
    for (size_t i = 0; i < 2; i++)
        for (uint64_t cut = 1; send_cut(armings[i], cut); cut++, cuts++) {
            bool is_told = memmem(rig.response, rig.response_len, "\x63\xC2", 2);

            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            assert_true(rig_power(&rig));
            assert_in_range(tries_of_pin1(), 2, is_told ? 2 : 3);
            sender_send(&sender, &rig, 1);
            sender_send(&sender, &rig, 1);
            assert_in_range(tries_of_pin1(), 2, 3);
        }
    assert_true(cuts > 8);
}

/* False when nothing was refused, or every read was answered. */
static bool send_failing(uint64_t at, bool is_crypto)
{
    bool has_failed;

    memcpy(rig.memory, memory, sizeof(rig.memory));
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    if (is_crypto)
        refusing_arm(at);
    else
        kb_flash_fault_arm_reads(&rig.fault, at, 0);
    sender_send(&sender, &rig, 1);
    has_failed = is_crypto ? refusing_is_over() : rig.fault.is_off;
    refusing_arm(0);
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    return has_failed;
}

/* Over a library that refuses a call, and a memory that fails at a read, a script is run once or
 * not at all. */
static void a_script_that_fails_anywhere_is_not_run_twice(void **state)
{
    const struct kb_crypto *before = rig.port.crypto;
    unsigned failures = 0;

    (void)state;
    rig.port.crypto = refusing_over(before);
    memcpy(memory, rig.memory, sizeof(memory));
    for (unsigned way = 0; way < 4; way++) {
        sender.cntr = 0;
        remote_send("00A4000C022F12 00DC000302AAAA 00B2010402", way & 1 ? POR_SUBMIT : POR_DELIVER);
        for (uint64_t at = 1; send_failing(at, way & 2); at++, failures++) {
            unsigned after = added();

            sender_send(&sender, &rig, 1);
            assert_in_range(added(), after, 1);
        }
        assert_int_equal(added(), 1);
    }
    rig.port.crypto = before;
    assert_true(failures > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_target_of_another_set_is_reached_by_one_that_names_none,
                               remote_start),
        cmocka_unit_test_setup(the_operators_own_keys_are_a_set_once_they_are_made, remote_start),
        cmocka_unit_test_setup(a_packet_is_not_good_again_because_another_kic_was_made,
                               remote_start),
        cmocka_unit_test_setup(key_sets_have_counters_of_their_own, remote_start),
        cmocka_unit_test_setup(a_set_without_a_counter_takes_nothing, remote_start),
        cmocka_unit_test_setup(a_packet_without_a_counter_is_refused, remote_start),
        cmocka_unit_test_setup(a_key_set_that_allows_too_much_is_not_taken_from_the_maker,
                               remote_start),
        cmocka_unit_test_setup(no_spi_does_anything_without_a_key, remote_start),
        cmocka_unit_test_setup(no_tar_does_anything_without_a_key, remote_start),
        cmocka_unit_test_setup(what_anybody_can_seal_is_not_answered, remote_start),
        cmocka_unit_test_setup(a_script_with_one_bit_wrong_is_not_run, remote_start),
        cmocka_unit_test_setup(nothing_of_a_script_is_left_in_the_card, remote_start),
        cmocka_unit_test_setup(a_repeated_script_is_not_run_again, remote_start),
        cmocka_unit_test_setup(a_cut_script_is_done_as_far_as_it_came, remote_start),
        cmocka_unit_test_setup(a_cut_script_guesses_once, remote_start),
        cmocka_unit_test_setup(a_script_that_fails_anywhere_is_not_run_twice, remote_start),
    };

    return cmocka_run_group_tests_name("remote keys", tests, NULL, NULL);
}
