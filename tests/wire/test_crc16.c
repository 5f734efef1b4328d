/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-16 against published values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/crc16.h"

static void the_check_value_is_906e(void **state)
{
    (void)state;
    assert_int_equal(kb_crc16(0, "123456789", 9), 0x906E);
}

static void the_example_of_ts_102_225_gives_22ec(void **state)
{
    static const uint8_t message[] = {1, 2, 3, 4, 5};

    (void)state;
    assert_int_equal(kb_crc16(0, message, sizeof(message)), 0x22EC);
}

static void it_may_be_fed_in_steps_of_any_size(void **state)
{
    (void)state;
    assert_int_equal(kb_crc16(0, NULL, 0), 0);
    for (size_t cut = 0; cut <= 9; cut++)
        assert_int_equal(kb_crc16(kb_crc16(0, "123456789", cut), &"123456789"[cut], 9 - cut),
                         0x906E);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_value_is_906e),
        cmocka_unit_test(the_example_of_ts_102_225_gives_22ec),
        cmocka_unit_test(it_may_be_fed_in_steps_of_any_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
