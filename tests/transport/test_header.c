/* SPDX-License-Identifier: Apache-2.0 */
/* With T=0 a card knows from the header alone which way data go: of all commands it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "card/transport/header.h"
#include "tests/card/rig.h"

static struct rig rig;

static bool is_known(uint8_t cla, uint8_t ins, uint8_t p1, bool has_data)
{
    const uint8_t command[] = {cla, ins, p1, 0x00, 0x01, 0x00};
    uint16_t sw;

    rig_blank(&rig);
    sw = rig_send_bytes(&rig, kb_span(command, has_data ? 6 : 4));
    return sw != KB_SW_INS_NOT_SUPPORTED && sw != KB_SW_CLA_NOT_SUPPORTED &&
           sw != KB_SW_SECURE_MESSAGING_NOT_SUPPORTED;
}

static void test_every_command_of_the_card_is_among_them(void **state)
{
    static const uint8_t classes[] = {0x00, 0x80, 0xA0, 0x84};
    unsigned known = 0;

    (void)state;
    for (size_t c = 0; c < sizeof(classes); c++)
        for (unsigned ins = 0; ins < 256; ins++) {
            const uint8_t header[KB_HEADER] = {classes[c], (uint8_t)ins};

            if (!is_known(classes[c], (uint8_t)ins, 0, false) &&
                !is_known(classes[c], (uint8_t)ins, 0, true))
                continue;
            known++;
            if (!kb_header_way(&rig.card, header))
                print_message("%02X %02X\n", classes[c], ins);
            assert_int_not_equal(kb_header_way(&rig.card, header), KB_WAY_UNKNOWN);
        }
    assert_true(known > 40);
}

static const struct {
    uint8_t header[KB_HEADER];
    enum kb_way way;
} rows[] = {
    {{0x00, 0xB0, 0x00, 0x00, 0x09}, KB_WAY_OUT},
    {{0x47, 0xB0, 0x00, 0x00, 0x09}, KB_WAY_OUT},
    {{0x80, 0xF2, 0x00, 0x0C, 0x00}, KB_WAY_OUT},
    {{0xA0, 0xF2, 0x00, 0x00, 0x16}, KB_WAY_OUT},
    /* GET STATUS, GlobalPlatform 2.3.1 clause 11.4. */
    {{0x80, 0xF2, 0x80, 0x02, 0x02}, KB_WAY_IN},
    /* RETRIEVE DATA, TS 102 221 clause 11.3.1: first block by its tag, then the others. */
    {{0x80, 0xCB, 0x00, 0x80, 0x01}, KB_WAY_IN},
    {{0x80, 0xCB, 0x00, 0x00, 0x00}, KB_WAY_OUT},
    {{0x80, 0xCB, 0x00, 0xC0, 0x00}, KB_WAY_OUT},
    {{0x00, 0x70, 0x00, 0x00, 0x01}, KB_WAY_OUT_ONCE},
    {{0x00, 0x70, 0x80, 0x01, 0x00}, KB_WAY_IN},
    {{0x00, 0xA4, 0x04, 0x04, 0x07}, KB_WAY_IN},
    {{0x00, 0xA4, 0x03, 0x04, 0x00}, KB_WAY_OUT_ONCE},
    /* In a secure channel every command has data: its MAC at least. */
    {{0x80, 0xCA, 0x00, 0x66, 0x00}, KB_WAY_OUT},
    {{0x84, 0xCA, 0x00, 0x66, 0x08}, KB_WAY_IN},
    {{0xE0, 0xCA, 0x00, 0x66, 0x08}, KB_WAY_IN},
    {{0x20, 0xB0, 0x00, 0x00, 0x09}, KB_WAY_UNKNOWN},
    {{0xFF, 0xB0, 0x00, 0x00, 0x09}, KB_WAY_UNKNOWN},
    {{0x00, 0xFF, 0x00, 0x00, 0x09}, KB_WAY_UNKNOWN},
};

static void test_some_of_them_as_the_standards_say(void **state)
{
    (void)state;
    rig_blank(&rig);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(kb_header_way(&rig.card, rows[i].header), rows[i].way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_command_of_the_card_is_among_them),
        cmocka_unit_test(test_some_of_them_as_the_standards_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
