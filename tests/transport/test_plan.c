/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's commands, whose instructions only its image knows, byte by byte with T=0 and with the
 * card's own answer to reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/perso/sample.h"
#include "tests/transport/line.h"
#include "wire/hex.h"

static struct rig made;
static struct builder builder;
static struct line line;

static int make_card(void **state)
{
    (void)state;
    sample_begin(&made, &builder);
    return 0;
}

static int start(void **state)
{
    (void)state;
    sample_start(&line.rig, &made);
    assert_int_equal(kb_link_power_up(&line.link, &line.rig.card, &line.rig.port), 0);
    line_say(&line, kb_span(NULL, 0));
    return 0;
}

static void verify(void)
{
    char script[128], code[33];

    kb_hex_encode(kb_span(sample_code, 16), code);
    snprintf(script, sizeof(script), "> 8042000010\n< 42\n> %s\n< 9000\n", code);
    line_play(&line, script);
}

static void test_enable_runs_once_whatever_le_says(void **state)
{
    (void)state;
    line_play(&line, "> 8040000010\n< 40 ................................ 9000\n");
    verify();
    start(NULL);
    line_play(&line, "> 8040000000\n< 6110\n"
                     "> 80C0000010\n< C0 ................................ 9000\n");
    verify();
    start(NULL);
    line_play(&line, "> 8040000008\n< 6110\n"
                     "> 00C0000010\n< C0 ................................ 9000\n");
    verify();
}

static void test_a_field_is_personalized_and_locked(void **state)
{
    (void)state;
    line_play(&line, "> 8040000010\n< 40 ................................ 9000\n");
    verify();
    line_play(&line, "> 8048000012\n< 48\n> 82100F0E0D0C0B0A09080706050403020100\n< 9000\n"
                     "> 904800000A\n< 48\n> 82100F0E0D0C0B0A0908\n< 9000\n"
                     "> 8048000008\n< 48\n> 0706050403020100\n< 9000\n"
                     "> 804A000000\n< 6985\n");
    line_play(&line, "> 804C000000");
    assert_int_equal(line.out_len, 2);
    assert_int_equal(line.out[0], 0x6C);
}

static void test_an_instruction_of_no_field_is_refused_without_data(void **state)
{
    (void)state;
    line_play(&line, "> 8041000010\n< 6D00\n> 9044000010\n< 44\n"
                     "> 00000000000000000000000000000000\n< 6884\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_enable_runs_once_whatever_le_says, start),
        cmocka_unit_test_setup(test_a_field_is_personalized_and_locked, start),
        cmocka_unit_test_setup(test_an_instruction_of_no_field_is_refused_without_data, start),
    };

    return cmocka_run_group_tests(tests, make_card, NULL);
}
