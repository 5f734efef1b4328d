/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer security domain over a library that refuses a call and a memory that fails at a read,
 * and with data that are none: nothing is opened, nothing changed, and it works again afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/crypto/refusing.h"
#include "tests/gp/host.h"

enum { VERSION = 0x30, NEW_VERSION = 0x31 };

static struct rig rig, made;
static struct host host;

/* What is done in a session of its own, and after it: SW 9000. */
static uint16_t nothing_more(void)
{
    return 0x9000;
}

static uint16_t put_key(void)
{
    uint8_t data[160];
    size_t len = host_put_key_data(&host_keys_128, NEW_VERSION, &host_keys_192, data);

    return host_send(&host, 0x80D80081, data, len);
}

static uint16_t store_data(void)
{
    return host_send_hex(&host, 0x80E28000, "42031234564508FFEEDDCCBBAA9988");
}

static uint16_t get_status(void)
{
    return host_send_hex(&host, 0x80F28002, "4F00");
}

static uint16_t get_data(void)
{
    return host_send(&host, 0x80CA00E0, NULL, 0);
}

static uint16_t lock(void)
{
    return host_send(&host, 0x80F0807F, NULL, 0);
}

static uint16_t (*const commands[])(void) = {nothing_more, put_key,  store_data,
                                             get_status,   get_data, lock};

static int make_card(void **state)
{
    (void)state;
    rig_blank(&rig);
    host_make_card(&made, VERSION, &host_keys_128);
    return 0;
}

static void start(void)
{
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    memcpy(rig.memory, made.memory, sizeof(rig.memory));
    assert_true(rig_power(&rig));
    host = (struct host){.rig = &rig};
    assert_int_equal(host_select(&host), 0x9000);
}

/* A channel with everything that there is, and the command through it. */
static uint16_t run(uint16_t (*command)(void))
{
    uint16_t sw = host_open(&host, VERSION, &host_keys_128, 0x33);

    return sw == 0x9000 ? command() : sw;
}

/* Keys and data are those before, or those the command brought; the channel opens again. */
static void check_afterwards(void)
{
    assert_true(rig_power(&rig));
    assert_int_equal(host_select(&host), 0x9000);
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, 0x33), 0x9000);
}

static void a_library_that_refuses_opens_nothing(void **state)
{
    unsigned refused = 0;

    (void)state;
    rig.port.crypto = refusing_over(&kb_crypto_mbedtls);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        for (uint64_t at = 1;; at++) {
            uint16_t sw;
            bool is_over;

            start();
            refusing_arm(at);
            sw = run(commands[i]);
            is_over = refusing_is_over();
            refusing_arm(0);
            check_afterwards();
            if (!is_over) {
                assert_int_equal(sw, 0x9000);
                break;
            }
            assert_int_not_equal(sw, 0x9000);
            refused++;
        }
    rig.port.crypto = &kb_crypto_mbedtls;
    assert_true(refused > 50);
}

static void a_memory_that_fails_tells_nothing(void **state)
{
    unsigned failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        for (uint64_t at = 1;; at++) {
            bool is_off;

            start();
            kb_flash_fault_arm_reads(&rig.fault, at, 0);
            run(commands[i]);
            is_off = rig.fault.is_off;
            kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
            check_afterwards();
            if (!is_off)
                break;
            failed++;
        }
    assert_true(failed > 30);
}

/* --- PUT KEY (Card Specification clause 11.8.2.3; Amendment D clause 7.2) --- */

/* The first key's field begins at 1: kind, length, length of the key, key, length of the check
 * value, check value. */
static void keys_that_are_none_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        uint16_t sw;
    } wrong[] = {
        {0, 0x00, 0x6A80},           /* no version */
        {0, 0x38, 0x6A80},           /* the version of a field */
        {0, VERSION, 0x6A80},        /* another set has it */
        {1, 0x80, 0x9484},           /* triple DES */
        {2, 0x00, 0x6A80},           /* no key */
        {2, 0x10, 0x6A80},           /* not the length of the blocks and one */
        {2, 0x21, 0x6A80},           /* the field goes on into the check value */
        {3, 0x0F, 0x6A80},           /* a key of 15 bytes */
        {3, 0x11, 0x6A80},           /* more than is there */
        {3, 0x00, 0x6A80},           /* */
        {20, 0x02, 0x6A80},          /* a check value of two bytes */
        {21, 0xFF, 0x9485},          /* a wrong one */
        {24 + 2, 0x08, 0x6A80},      /* the second key: half a block */
        {24 + 23 + 22, 0x00, 0x9485} /* the last byte */
    };
    uint8_t data[160];
    size_t len;

    (void)state;
    start();
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, 0x33), 0x9000);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint16_t sw;

        len = host_put_key_data(&host_keys_128, NEW_VERSION, &host_keys_128, data);
        data[wrong[i].at] = data[wrong[i].at] == wrong[i].value ? 0x5A : wrong[i].value;
        sw = host_send(&host, 0x80D80081, data, len);
        if (sw != wrong[i].sw)
            fail_msg("row %u: %04X", (unsigned)i, sw);
    }
    len = host_put_key_data(&host_keys_128, NEW_VERSION, &host_keys_128, data);
    assert_int_equal(host_send(&host, 0x80D80081, data, len - 1), 0x6A80);
    data[len] = 0;
    assert_int_equal(host_send(&host, 0x80D80081, data, len + 1), 0x6A80);
    assert_int_equal(host_send(&host, 0x80D80001, data, len), 0x6A86);
    assert_int_equal(host_send(&host, 0x80D88081, data, len), 0x6A86);
    assert_int_equal(host_send(&host, 0x80D83281, data, len), 0x6A88);
    assert_int_equal(host_send(&host, 0x80D80081, data, len), 0x9000);
}

/* --- SET STATUS (Card Specification clause 5.1.1, figure 5-1) --- */

static void the_life_cycle_goes_forward_only(void **state)
{
    static const struct {
        uint8_t to;
        uint16_t sw;
    } steps[] = {
        {0x01, 0x6985}, {0x07, 0x6985}, {0x0F, 0x6985}, {0x55, 0x6985}, {0x7F, 0x9000},
        {0x7F, 0x6985}, {0x07, 0x6985}, {0x0F, 0x9000}, {0x7F, 0x9000}, {0xFF, 0x9000},
    };

    (void)state;
    start();
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, 0x33), 0x9000);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        assert_int_equal(host_send(&host, 0x80F08000u | steps[i].to, NULL, 0), steps[i].sw);
}

/* --- Lists (Card Specification clause 11.4) --- */

static void a_list_is_asked_for_by_a_name(void **state)
{
    (void)state;
    start();
    assert_int_equal(host_open(&host, VERSION, &host_keys_128, 0x33), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80F28102, "4F00"), 0x6A86);
    assert_int_equal(host_send_hex(&host, 0x80F28004, "4F00"), 0x6A86);
    assert_int_equal(host_send_hex(&host, 0x80F28002, "5C00"), 0x6A80);
    assert_int_equal(host_send(&host, 0x80F28002, NULL, 0), 0x6A80);
    assert_int_equal(host_send_hex(&host, 0x80F28003, "4F00"), 0x6985);
    assert_int_equal(host_send_hex(&host, 0x80F28002, "4F05A000000152"), 0x6A88);
    assert_int_equal(host_send_hex(&host, 0x80F28002, "4F05A000000151"), 0x9000);
    assert_int_equal(host_send_hex(&host, 0x80F28002, "4F09A00000015100000000"), 0x6A88);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_that_refuses_opens_nothing),
        cmocka_unit_test(a_memory_that_fails_tells_nothing),
        cmocka_unit_test(keys_that_are_none_are_refused),
        cmocka_unit_test(the_life_cycle_goes_forward_only),
        cmocka_unit_test(a_list_is_asked_for_by_a_name),
    };

    return cmocka_run_group_tests(tests, make_card, NULL);
}
