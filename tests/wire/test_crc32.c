/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 against published values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/crc32.h"

static void the_check_value_is_cbf43926(void **state)
{
    (void)state;
    assert_int_equal(kb_crc32(0, "123456789", 9), 0xCBF43926);
}

static void nothing_gives_zero(void **state)
{
    (void)state;
    assert_int_equal(kb_crc32(0, NULL, 0), 0);
}

/* The values of zlib for 32 bytes 00, 32 bytes FF and 00 .. FF: every entry of the table is used.
 */
static void plain_patterns_agree_with_zlib(void **state)
{
    uint8_t bytes[256];

    (void)state;
    memset(bytes, 0x00, 32);
    assert_int_equal(kb_crc32(0, bytes, 32), 0x190A55AD);
    memset(bytes, 0xFF, 32);
    assert_int_equal(kb_crc32(0, bytes, 32), 0xFF6CAB0B);
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(kb_crc32(0, bytes, sizeof(bytes)), 0x29058C73);
}

static void it_may_be_fed_in_steps_of_any_size(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= 9; cut++)
        assert_int_equal(kb_crc32(kb_crc32(0, "123456789", cut), &"123456789"[cut], 9 - cut),
                         0xCBF43926);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_value_is_cbf43926),
        cmocka_unit_test(nothing_gives_zero),
        cmocka_unit_test(plain_patterns_agree_with_zlib),
        cmocka_unit_test(it_may_be_fed_in_steps_of_any_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
