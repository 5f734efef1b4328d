/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that only tell write nothing: there is no operation at which power could be cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/card/rig.h"

#define RAND "23553CBE9637A89D218AE64DAE47BF35"

/* An EF of each structure; the USIM of 001 01 0123456789, whose SUCI is not concealed. */
static const char *const making[] = {
    "00E00000 (62(82(7821) 83(3F00) 8A(05)))",
    "00E00000 (62(82(4121) 83(2F00) 8A(05) 80(0008) 88(38)))",
    "00E00000 (62(82(4221000403) 83(2F01) 8A(05) 80(000C) 88(40)))",
    "00DC0144 (01020304)",
    "00E00000 (62(82(7921) 83(4F47) 8A(05) 80(0080) 88(58) A5(86(0800))))",
    "80DB0080 (80 03 010203)",
    "00E00000 (62(82(7821) 83(7FF0) 84(A0000000871002) 8A(05)))",
    "00E00000 (62(82(4121) 83(6F07) 8A(05) 80(0009)))",
    "00D60000 (08 09 10 10 10 32 54 76 98)",
    "00E00000 (62(82(4121) 83(6FAD) 8A(05) 80(0004)))",
    "00D60000 (00 00 00 02)",
    "00E00000 (62(82(4121) 83(6F38) 8A(05) 80(0011)))",
    "00D60000 (00000000 20000000 00000000 000000 18 00)",
    "00E00000 (62(82(7821) 83(5FC0) 8A(05)))",
    "00E00000 (62(82(4121) 83(4F07) 8A(05) 80(0004)))",
    "00D60000 (A0 (0000))",
    "00E00000 (62(82(4121) 83(4F0A) 8A(05) 80(0004)))",
    "00D60000 (71 FF FF FF)",
    "00A4000C 02 3F00",
    "00E00000 (62(82(7821) 83(7F20) 8A(05)))",
    "80440030 (000102030405060708090A0B0C0D0E0F)",
    "80440032 (000102030405060708090A0B0C0D0E0F)",
};

/* Each with the status word of success; the basic channel goes from the MF to the USIM. */
static const struct {
    const char *command;
    uint16_t sw;
} quiet[] = {
    {"00A4000402 2F00 00", 0x9000},            /* SELECT */
    {"00B0000000", 0x9000},                    /* READ BINARY */
    {"00B2014400", 0x9000},                    /* READ RECORD */
    {"00A20144 (02) 00", 0x9000},              /* SEARCH RECORD */
    {"80CB008B (80) 00", 0x9000},              /* RETRIEVE DATA */
    {"80F2000000", 0x9000},                    /* STATUS */
    {"0070000001", 0x9000},                    /* MANAGE CHANNEL: open, close */
    {"00708001", 0x9000},                      /* */
    {"0084000008", 0x9000},                    /* GET CHALLENGE */
    {"80AA0000 (A9 (8100))", 0x9000},          /* TERMINAL CAPABILITY */
    {"80100000 (FF)", 0x9000},                 /* TERMINAL PROFILE */
    {"80120000 00", 0x6F00},                   /* FETCH: nothing waits */
    {"80140000 (810301010082028281)", 0x6F00}, /* TERMINAL RESPONSE to none */
    {"00A4040C (A0000000871002)", 0x9000},     /* SELECT by name */
    {"00880080 (10" RAND ") 00", 0x9000},      /* AUTHENTICATE, GSM context */
    {"8078000100", 0x9000},                    /* GET IDENTITY */
    {"A0A40000023F00", 0x9F16},                /* class A0: SELECT */
    {"A0F2000016", 0x9000},                    /* STATUS */
    {"A0A40000022F01", 0x9F0F},
    {"A0B2010404", 0x9000},    /* READ RECORD */
    {"A0A2000001 01", 0x9000}, /* SEEK */
    {"A0A40000022F00", 0x9F0F},
    {"A0B0000008", 0x9000}, /* READ BINARY */
    {"A0A40000027F20", 0x9F16},
    {"A088000010" RAND, 0x9F0C}, /* RUN GSM ALGORITHM */
    {"A0FA000000", 0x9000},      /* SLEEP */
};

static struct rig rig;

static void make_card(void)
{
    rig_blank(&rig);
    for (size_t i = 0; i < sizeof(making) / sizeof(making[0]); i++)
        assert_int_equal(rig_send(&rig, making[i]), 0x9000);
    assert_true(rig_power(&rig));
}

static void commands_that_only_tell_write_nothing(void **state)
{
    (void)state;
    make_card();
    for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
        uint64_t operations = rig.fault.operations;
        uint16_t sw = rig_send(&rig, quiet[i].command);

        if (sw != quiet[i].sw || rig.fault.operations != operations)
            fail_msg("%s: %04X, %u operations", quiet[i].command, sw,
                     (unsigned)(rig.fault.operations - operations));
    }
}

/* Runs the commands up to this one, which has power cut at a read; false when it ran to its end. */
static bool is_cut_at(size_t command, uint64_t read, uint16_t *sw)
{
    kb_flash_fault_arm(&rig.fault, KB_FLASH_NEVER, 0);
    assert_true(rig_power(&rig));
    for (size_t i = 0; i < command; i++)
        assert_int_equal(rig_send(&rig, quiet[i].command), quiet[i].sw);
    kb_flash_fault_arm_reads(&rig.fault, read, 0);
    *sw = rig_send(&rig, quiet[command].command);
    return rig.fault.is_off;
}

/* SELECT and STATUS: what they tell of a file has what could be read of it. */
static bool only_describes(const char *command)
{
    return !memcmp(command + 2, "A4", 2) || !memcmp(command + 2, "F2", 2);
}

static void what_could_not_be_read_is_not_answered(void **state)
{
    unsigned cuts = 0;
    uint16_t sw;

    (void)state;
    make_card();
    for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
        for (uint64_t read = 1; is_cut_at(i, read, &sw); read++, cuts++)
            if (sw == quiet[i].sw && !only_describes(quiet[i].command))
                fail_msg("%s, read %u fails: %04X", quiet[i].command, (unsigned)read, sw);
    assert_true(cuts > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_that_only_tell_write_nothing),
        cmocka_unit_test(what_could_not_be_read_is_not_answered),
    };

    return cmocka_run_group_tests_name("quiet commands", tests, NULL, NULL);
}
