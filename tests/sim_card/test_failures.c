/* SPDX-License-Identifier: Apache-2.0 */
/* AUTHENTICATE and GET IDENTITY over a library that refuses a call and a memory that fails at a
 * read: an error, and the same command works afterwards. Challenge of TS 35.208 clause 4.3, test
 * set 1; MAC* (TS 33.220 clause 5.3.2) with SHA-1 of its IK by Python's hashlib. */
#include "tests/card/cut.h"
#include "tests/crypto/refusing.h"
#include "tests/sim_card/subscriber.h"

#define SELECT_USIM "00A4040C07A0000000871002"
#define RAND        "10 23553CBE9637A89D218AE64DAE47BF35"
#define CHALLENGE   "00880081 (" RAND " 10 55F328B43577 B9B9 4A9FFAC354DFAFB3) 00"
#define BOOTSTRAP   "00880084 (DD" RAND " 10 55F328B43577 B9B9 8C7F3F0D723FB244) 00"
#define DERIVE      "00880084 (DE 03 6E6166 02 6D65) 00"
#define KEY_A       "5A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650"
#define KEY_B       "0272DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1"
#define SCHEMES(of)                                                                                \
    "00A4090C (5FC04F07)", "00D60000 (A0 (" of ") A1 (80(1B) 81(" KEY_B ") 80(1E) 81(" KEY_A ")))"

static const char *const making[] = {
    "00E00000 (62(82(4121) 83(6F07) 8A(05) 80(0009)))",
    "00D60000 (08 09 10 10 10 32 54 76 98)",
    "00E00000 (62(82(4121) 83(6FAD) 8A(05) 80(0004)))",
    "00D60000 (00 00 00 02)",
    "00E00000 (62(82(7821) 83(5FC0) 8A(05)))",
    "00E00000 (62(82(4121) 83(4F07) 8A(05) 80(00C8)))",
    "00E00000 (62(82(4121) 83(4F0A) 8A(05) 80(0004)))",
    "00D60000 (71 FF FF FF)",
    "00E00000 (62(82(4121) 83(4F09) 8A(05) 80(0020)))",
    "00D60000 (80 (757365724072))",
    SELECT_USIM,
    "00A4000C (6F38)",
    "00D60000 (FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF 00)",
    "80440030 (465B5CE8B199B49FAA5F0A2EE238A6BC)",
    "80440032 (CD63CB71954A9F4E48A5994E37A02BAF)",
};

/* Services 129 to 136, 130 among them: the identity is an NAI. */
#define AS_NAI SELECT_USIM, "00A4000C (6F38)", "00D60010 (FF)"

/* A command, what comes before it, and the first byte of its answer. */
static const struct {
    const char *before[6], *command;
    uint8_t first;
} rows[] = {
    {{NULL}, CHALLENGE, 0xDB},
    {{CHALLENGE}, CHALLENGE, 0xDC},
    {{NULL}, "00880080 (" RAND ") 00", 0x04},
    {{NULL}, BOOTSTRAP, 0xDB},
    {{BOOTSTRAP}, DERIVE, 0xDB},
    {{SCHEMES("0000"), SELECT_USIM}, "8078000100", 0xA1},
    {{SCHEMES("0102"), SELECT_USIM}, "8078000100", 0xA1},
    {{SCHEMES("0201"), SELECT_USIM}, "8078000100", 0xA1},
    {{SCHEMES("0102"), AS_NAI}, "8078000100", 0xA1},
};

static struct rig rig;

static int make_card(void **state)
{
    struct options options = usual_options;

    (void)state;
    options.flags = 0; /* the number of the challenge is far from 0 */
    make_applications(&rig);
    assert_int_equal(put_options(&rig, &options), 0x9000);
    for (size_t i = 0; i < sizeof(making) / sizeof(making[0]); i++)
        assert_int_equal(rig_send(&rig, making[i]), 0x9000);
    cut_save(&rig);
    return 0;
}

/* The row's command works after power-up, if only to say that its number is used. */
static void check_afterwards(size_t row)
{
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    select_usim(&rig);
    assert_int_equal(rig_send(&rig, rows[row].command), 0x9000);
    assert_true(rig.response[0] == rows[row].first || rig.response[0] == 0xDC);
}

static void prepare(size_t row)
{
    const struct cut_scene none = {"", SELECT_USIM, {NULL}, {NULL}};

    cut_run(&rig, kb_flash_fault_arm, &none, KB_FLASH_NEVER, 0);
    for (size_t i = 0; i < 6 && rows[row].before[i]; i++)
        assert_int_equal(rig_send(&rig, rows[row].before[i]), 0x9000);
    select_usim(&rig);
}

/* False when the command ran to its end. */
static bool is_refused(size_t row, uint64_t at)
{
    bool is_over;
    uint16_t sw;

    prepare(row);
    refusing_arm(at);
    sw = rig_send(&rig, rows[row].command);
    is_over = refusing_is_over();
    refusing_arm(0);
    assert_int_equal(sw == 0x9000, !is_over);
    check_afterwards(row);
    return is_over;
}

static void a_library_that_refuses_authenticates_nobody(void **state)
{
    unsigned refused = 0;

    (void)state;
    rig.port.crypto = refusing_over(&kb_crypto_mbedtls);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
        for (uint64_t at = 1; is_refused(row, at); at++)
            refused++;
    rig.port.crypto = &kb_crypto_mbedtls;
    assert_true(refused > 50);
}

/* Kc is told by a service, which is looked for once the number is stored. */
enum { WITHOUT_KC = 1 + 9 + 17 + 17 + 2 };

static bool is_failed(size_t row, uint64_t at)
{
    bool is_off;

    prepare(row);
    kb_flash_fault_arm_reads(&rig.fault, at, 0);
    rig_send(&rig, rows[row].command);
    is_off = rig.fault.is_off;
    if (is_off)
        assert_true(rig.response_len == 2 || (row == 0 && rig.response_len == WITHOUT_KC));
    check_afterwards(row);
    return is_off;
}

static void a_memory_that_fails_authenticates_nobody(void **state)
{
    unsigned failed = 0;

    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
        for (uint64_t at = 1; is_failed(row, at); at++)
            failed++;
    assert_true(failed > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_library_that_refuses_authenticates_nobody, make_card),
        cmocka_unit_test_setup(a_memory_that_fails_authenticates_nobody, make_card),
    };

    return cmocka_run_group_tests_name("AUTHENTICATE under failures", tests, NULL, NULL);
}
