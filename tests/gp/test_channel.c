/* SPDX-License-Identifier: Apache-2.0 */
/* The secure channel of the issuer security domain under attack and under every transport: what is
 * replayed, reordered, cut or changed closes it; tries, counters, logical channels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/gp/host.h"

enum { VERSION = 0x30, TRIES = 64 };

static const uint8_t levels[] = {0x01, 0x03, 0x11, 0x13, 0x33};
static const uint8_t status_of_domain[] = {0x4F, 0x00};

static struct rig rig;
static struct host host;

static void make(const struct host_keys *keys)
{
    host_make_card(&rig, VERSION, keys);
    host = (struct host){.rig = &rig};
    assert_int_equal(host_select(&host), 0x9000);
}

static void start(uint8_t level)
{
    make(&host_keys_128);
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, level), 0x9000);
}

static uint16_t get_status(void)
{
    return host_send(&host, 0x80F28002, status_of_domain, sizeof(status_of_domain));
}

/* Not even what was right before works any more. */
static void assert_closed(void)
{
    assert_int_equal(rig_send_bytes(&rig, kb_span(host.command, host.command_len)), 0x6882);
}

/* --- Keys, modes and levels --- */

static void every_key_length_mode_and_level_works(void **state)
{
    static const struct host_keys *const all[] = {&host_keys_128, &host_keys_192, &host_keys_256};

    (void)state;
    for (size_t k = 0; k < 3; k++)
        for (uint8_t mode = 8; mode <= 16; mode += 8)
            for (size_t l = 0; l < sizeof(levels); l++)
                for (size_t t = 0; t < 2; t++) {
                    make(all[k]);
                    assert_int_equal(host_initialize(&host, 0x00, all[k], mode), 0x9000);
                    assert_int_equal(host_authenticate(&host, levels[l]), 0x9000);
                    rig.port.transport = t ? KB_TRANSPORT_T1 : KB_TRANSPORT_APDU;
                    assert_int_equal(get_status(), 0x9000);
                    assert_int_equal(host.len, 21);
                    assert_int_equal(host_send(&host, 0x80CA0066, NULL, 0), 0x9000);
                    assert_int_equal(host_send(&host, 0x80CA0042, NULL, 0), 0x6A88);
                    assert_int_equal(get_status(), 0x9000);
                }
}

static void a_protected_answer_waits_for_get_response(void **state)
{
    uint8_t whole[64];
    uint16_t sw;
    size_t len;

    (void)state;
    start(0x33);
    rig.port.transport = KB_TRANSPORT_T0;
    host_protect(&host, 0x80F28002, status_of_domain, sizeof(status_of_domain), false);
    sw = rig_send_bytes(&rig, kb_span(host.command, host.command_len - 1));
    assert_int_equal(sw, 0x6100 | 40);
    assert_int_equal(rig_send(&rig, "00C0000028"), 0x9000);
    len = rig.response_len - 2;
    memcpy(whole, rig.response, len);
    assert_int_equal(kb_scp03_open_response(&host.scp, &kb_crypto_openssl, 0x9000, whole, &len),
                     KB_OK);
    assert_int_equal(len, 21);
}

static void the_key_set_can_be_named_or_left_to_the_card(void **state)
{
    (void)state;
    make(&host_keys_128);
    assert_int_equal(host_initialize(&host, VERSION, &host_keys_128, 8), 0x9000);
    assert_int_equal(host_initialize(&host, 0x00, &host_keys_128, 8), 0x9000);
    assert_int_equal(host.data[10], VERSION);
    assert_int_equal(host_initialize(&host, 0x31, &host_keys_128, 8), 0x6A88);
    /* Diversification data: the digits of the card's identifier. */
    assert_int_equal(host_initialize(&host, 0x00, &host_keys_128, 8), 0x9000);
    assert_memory_equal(host.data, "\x98\x88\x12\x91\x09\x00\x00\x00\x00\xF5", 10);
}

static void a_card_without_keys_has_none_to_offer(void **state)
{
    (void)state;
    rig_blank(&rig);
    rig_secure(&rig);
    host = (struct host){.rig = &rig};
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_initialize(&host, 0x00, &host_keys_128, 8), 0x6A88);
    assert_int_equal(rig_send(&rig, "80CA00C100"), 0x6A88);
}

static void levels_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    for (unsigned level = 0; level < 256; level++) {
        bool exists = level == 0 || memchr(levels, (int)level, sizeof(levels));

        make(&host_keys_128);
        assert_int_equal(host_open(&host, VERSION, &host_keys_128, (uint8_t)level),
                         exists ? 0x9000 : 0x6A86);
    }
}

/* --- The counter --- */

static void every_challenge_is_another_also_after_power_off(void **state)
{
    uint8_t seen[20][8];

    (void)state;
    make(&host_keys_128);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(host_initialize(&host, 0x00, &host_keys_128, 8), 0x9000);
        memcpy(seen[i], host.data + 13, 8);
        assert_int_equal(host.data[31], i + 1);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(seen[i], seen[j], 8);
        assert_true(rig_power(&rig));
        assert_int_equal(host_select(&host), 0x9000);
    }
    assert_int_equal(rig_send(&rig, "80CA00C100"), 0x9000);
    assert_memory_equal(rig.response, "\xC1\x03\x00\x00\x14", 5);
}

static void a_counter_at_its_end_does_not_start_again(void **state)
{
    uint8_t memory[37] = {0, 0xFF, 0xFF, 0xFE};

    (void)state;
    make(&host_keys_128);
    assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_GP, memory, sizeof(memory)), KB_OK);
    assert_int_equal(host_initialize(&host, 0x00, &host_keys_128, 8), 0x9000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(host_initialize(&host, 0x00, &host_keys_128, 8), 0x6581);
}

/* --- Tries --- */

static uint16_t try_wrong(void)
{
    assert_int_equal(host_initialize(&host, VERSION, &host_keys_128, 8), 0x9000);
    host.scp.chaining[0] ^= 1; /* the cryptogram that is sent */
    return host_authenticate(&host, 0x01);
}

static void wrong_cryptograms_block_a_key_set_and_right_ones_give_all_tries_back(void **state)
{
    (void)state;
    make(&host_keys_128);
    for (int i = 1; i < TRIES; i++)
        assert_int_equal(try_wrong(), 0x6300);
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, 0x01), 0x9000);
    for (int i = 0; i < TRIES; i++) {
        if (i % 8 == 0)
            assert_true(rig_power(&rig));
        assert_int_equal(host_select(&host), 0x9000);
        assert_int_equal(try_wrong(), 0x6300);
    }
    assert_int_equal(host_initialize(&host, VERSION, &host_keys_128, 8), 0x6983);
    assert_true(rig_power(&rig));
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_initialize(&host, VERSION, &host_keys_128, 8), 0x6983);
}

static void external_authenticate_answers_one_initialize_update(void **state)
{
    (void)state;
    make(&host_keys_128);
    assert_int_equal(rig_send(&rig, "84820100(00112233445566778899AABBCCDDEEFF)"), 0x6985);
    assert_int_equal(try_wrong(), 0x6300);
    assert_int_equal(rig_send_bytes(&rig, kb_span(host.command, host.command_len)), 0x6985);
    assert_int_equal(host_initialize(&host, VERSION, &host_keys_128, 8), 0x9000);
    assert_int_equal(rig_send(&rig, "84820100(0011223344556677)"), 0x6700);
    assert_int_equal(host_authenticate(&host, 0x01), 0x9000);
    assert_int_equal(rig_send(&rig, "808201000011"), 0x6700); /* in the clear it is no command */
}

/* --- Attacks on an open channel --- */

static void a_command_with_any_bit_changed_closes_the_channel(void **state)
{
    (void)state;
    for (size_t l = 0; l < sizeof(levels); l++)
        for (size_t bit = 8; bit < 8 * 29; bit += l == 4 ? 1 : 7) {
            start(levels[l]);
            host_protect(&host, 0x80F28002, status_of_domain, sizeof(status_of_domain), false);
            if (bit / 8 == 4 || bit / 8 >= host.command_len - 1)
                continue; /* a length that does not fit is another test's */
            host.command[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(rig_send_bytes(&rig, kb_span(host.command, host.command_len)), 0x6982);
            host.command[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_closed();
        }
}

static void a_command_cut_anywhere_closes_the_channel(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 24; cut++) {
        start(0x33);
        host_protect(&host, 0x80F28002, status_of_domain, sizeof(status_of_domain), false);
        host.command[4] = (uint8_t)cut;
        assert_int_equal(rig_send_bytes(&rig, kb_span(host.command, cut ? 5 + cut : 4)), 0x6982);
        host.command[4] = 24;
        assert_closed();
    }
}

static void a_replay_closes_the_channel(void **state)
{
    (void)state;
    for (size_t l = 0; l < sizeof(levels); l++) {
        start(levels[l]);
        assert_int_equal(get_status(), 0x9000);
        assert_int_equal(rig_send_bytes(&rig, kb_span(host.command, host.command_len)), 0x6982);
        assert_closed();
    }
}

static void commands_in_another_order_close_the_channel(void **state)
{
    struct host first;

    (void)state;
    start(0x33);
    host_protect(&host, 0x80F28002, status_of_domain, sizeof(status_of_domain), false);
    first = host;
    host_protect(&host, 0x80CA0066, NULL, 0, false);
    assert_int_equal(rig_send_bytes(&rig, kb_span(host.command, host.command_len)), 0x6982);
    assert_int_equal(rig_send_bytes(&rig, kb_span(first.command, first.command_len)), 0x6882);
}

static void a_session_recorded_before_does_not_open_a_channel(void **state)
{
    uint8_t recorded[64];
    size_t len;

    (void)state;
    start(0x33);
    len = host.command_len;
    memcpy(recorded, host.command, len);
    assert_true(rig_power(&rig));
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_initialize(&host, VERSION, &host_keys_128, 8), 0x9000);
    assert_int_equal(rig_send_bytes(&rig, kb_span(recorded, len)), 0x6300);
}

/* --- What else ends it --- */

static void what_ends_the_channel(void **state)
{
    static const char *const ends[] = {
        "00A4000C023F00",               /* another file is current */
        "00A4000C022F10",               /* also one that is deactivated */
        "8050300008B13E5F938FC108C400", /* a new session begins */
        "8050310008B13E5F938FC108C400", /* and if it is refused */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        start(0x33);
        assert_int_equal(kb_nvm_put(&rig.card.nvm, KB_OBJ_LIFE_CYCLE, "\1", 1), KB_OK);
        assert_true(rig_power(&rig));
        if (!kb_nvm_has(&rig.card.nvm, KB_OBJ_FILES)) {
            assert_int_equal(rig_send(&rig, "00E00000(62(82(7821)83(3F00)8A(05)8B(2F0601)))"),
                             0x9000);
            assert_int_equal(
                rig_send(&rig, "00E00000(62(82(4121)83(2F10)8A(04)80(0001)8B(2F0601)))"), 0x9000);
        }
        assert_int_equal(host_select(&host), 0x9000);
        assert_int_equal(host_open(&host, VERSION, &host_keys_128, 0x33), 0x9000);
        assert_int_equal(get_status(), 0x9000);
        rig_send(&rig, ends[i]);
        assert_int_equal(get_status(), 0x6882);
    }
    start(0x33);
    assert_int_equal(get_status(), 0x9000);
    assert_true(rig_power(&rig));
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(get_status(), 0x6882);
}

static void a_select_of_what_is_not_there_leaves_the_channel_open(void **state)
{
    (void)state;
    start(0x33);
    assert_int_equal(rig_send(&rig, "00A4040C07A0000000871002"), 0x6A82);
    assert_int_equal(get_status(), 0x9000);
    /* The domain itself may be selected again. */
    assert_int_equal(rig_send(&rig, "00A4040C05A000000151"), 0x9000);
    assert_int_equal(get_status(), 0x9000);
}

/* --- Logical channels --- */

static void the_channel_is_bound_to_its_logical_channel(void **state)
{
    struct host other;

    (void)state;
    make(&host_keys_128);
    assert_int_equal(rig_send(&rig, "0070000001"), 0x9000);
    host.channel = 1;
    assert_int_equal(host_initialize(&host, VERSION, &host_keys_128, 8), 0x6D00); /* not current */
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, 0x33), 0x9000);
    assert_int_equal(get_status(), 0x9000);
    /* On the basic channel the same bytes are those of nobody. */
    other = host;
    host_protect(&other, 0x80F28002, status_of_domain, sizeof(status_of_domain), false);
    other.command[0] = 0x84;
    assert_int_equal(rig_send_bytes(&rig, kb_span(other.command, other.command_len)), 0x6882);
    assert_int_equal(get_status(), 0x9000);
    /* It ends with its logical channel. */
    assert_int_equal(rig_send(&rig, "00708001"), 0x9000);
    assert_int_equal(rig_send(&rig, "0070000001"), 0x9000);
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(get_status(), 0x6882);
}

static void file_commands_come_through_it_as_well(void **state)
{
    (void)state;
    start(0x33);
    assert_int_equal(host_send(&host, 0x80F20000, NULL, 0), 0x6985); /* STATUS: there is no MF */
    assert_int_equal(host_send(&host, 0x80AA0000, "\xA9", 2), 0x9000);
    assert_int_equal(get_status(), 0x9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_length_mode_and_level_works),
        cmocka_unit_test(a_protected_answer_waits_for_get_response),
        cmocka_unit_test(the_key_set_can_be_named_or_left_to_the_card),
        cmocka_unit_test(a_card_without_keys_has_none_to_offer),
        cmocka_unit_test(levels_that_do_not_exist_are_refused),
        cmocka_unit_test(every_challenge_is_another_also_after_power_off),
        cmocka_unit_test(a_counter_at_its_end_does_not_start_again),
        cmocka_unit_test(wrong_cryptograms_block_a_key_set_and_right_ones_give_all_tries_back),
        cmocka_unit_test(external_authenticate_answers_one_initialize_update),
        cmocka_unit_test(a_command_with_any_bit_changed_closes_the_channel),
        cmocka_unit_test(a_command_cut_anywhere_closes_the_channel),
        cmocka_unit_test(a_replay_closes_the_channel),
        cmocka_unit_test(commands_in_another_order_close_the_channel),
        cmocka_unit_test(a_session_recorded_before_does_not_open_a_channel),
        cmocka_unit_test(what_ends_the_channel),
        cmocka_unit_test(a_select_of_what_is_not_there_leaves_the_channel_open),
        cmocka_unit_test(the_channel_is_bound_to_its_logical_channel),
        cmocka_unit_test(file_commands_come_through_it_as_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
