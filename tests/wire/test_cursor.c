/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: what is read and written, and that an error sticks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "wire/cursor.h"

static const uint8_t seven[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07};

static void numbers_are_big_endian(void **state)
{
    struct kb_cursor rd = kb_rd(kb_span(seven, sizeof(seven)));

    (void)state;
    assert_int_equal(kb_rd_peek(&rd), 0x01);
    assert_int_equal(kb_rd_u8(&rd), 0x01);
    assert_int_equal(kb_rd_u16(&rd), 0x0203);
    assert_int_equal(kb_rd_left(&rd), 4);
    assert_false(kb_rd_is_done(&rd));
    assert_int_equal(kb_rd_u32(&rd), 0x04050607);
    assert_true(kb_rd_is_done(&rd));
}

static void peeking_at_the_end_is_no_error(void **state)
{
    struct kb_cursor rd = kb_rd(kb_span(NULL, 0));

    (void)state;
    assert_int_equal(kb_rd_peek(&rd), 0);
    assert_true(kb_rd_is_done(&rd));
}

static void empty_reads_and_writes_need_no_memory(void **state)
{
    struct kb_cursor rd = kb_rd(kb_span(NULL, 0));
    struct kb_writer wr = kb_wr(NULL, 0);

    (void)state;
    assert_int_equal(kb_rd_span(&rd, 0).len, 0);
    kb_rd_copy(&rd, NULL, 0);
    assert_true(kb_rd_is_done(&rd));
    kb_wr_copy(&wr, NULL, 0);
    kb_wr_fill(&wr, 0xFF, 0);
    assert_false(wr.is_bad);
    assert_int_equal(kb_wr_span(&wr).len, 0);
}

static void read_u8(struct kb_cursor *rd)
{
    assert_int_equal(kb_rd_u8(rd), 0);
}

static void read_u16(struct kb_cursor *rd)
{
    assert_int_equal(kb_rd_u16(rd), 0);
}

static void read_u32(struct kb_cursor *rd)
{
    assert_int_equal(kb_rd_u32(rd), 0);
}

static void read_span(struct kb_cursor *rd)
{
    assert_int_equal(kb_rd_span(rd, 8).len, 0);
}

static void read_endless_span(struct kb_cursor *rd)
{
    assert_int_equal(kb_rd_span(rd, SIZE_MAX).len, 0);
}

static void read_copy(struct kb_cursor *rd)
{
    static const uint8_t zeros[8];
    uint8_t out[8];

    memset(out, 0xAA, sizeof(out));
    kb_rd_copy(rd, out, sizeof(out));
    assert_memory_equal(out, zeros, sizeof(zeros));
}

static void a_read_past_the_end_gives_zeros_and_the_error_sticks(void **state)
{
    static const struct {
        void (*read)(struct kb_cursor *rd);
        size_t need;
    } reads[] = {{read_u8, 1},   {read_u16, 2},  {read_u32, 4},
                 {read_span, 8}, {read_copy, 8}, {read_endless_span, 8}};

    (void)state;
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        for (size_t len = 0; len < reads[i].need; len++) {
            uint8_t *data = exact_copy(seven, len);
            struct kb_cursor rd = kb_rd(kb_span(data, len));

            reads[i].read(&rd);
            assert_true(rd.is_bad);
            /* What would have fitted is refused as well from now on. */
            assert_int_equal(kb_rd_left(&rd), 0);
            assert_int_equal(kb_rd_u8(&rd), 0);
            assert_int_equal(kb_rd_peek(&rd), 0);
            assert_false(kb_rd_is_done(&rd));
            free(data);
        }
    }
}

static void a_span_points_into_the_input(void **state)
{
    struct kb_cursor rd = kb_rd(kb_span(seven, sizeof(seven)));
    struct kb_span span;

    (void)state;
    kb_rd_u8(&rd);
    span = kb_rd_span(&rd, 3);
    assert_ptr_equal(span.data, seven + 1);
    assert_int_equal(span.len, 3);
    assert_int_equal(kb_rd_left(&rd), 3);
}

static void what_is_written_is_big_endian_and_in_order(void **state)
{
    static const uint8_t expected[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
                                       0x07, 0xFF, 0xFF, 0x61, 0x62, 0x63};
    uint8_t buffer[sizeof(expected)];
    struct kb_writer wr = kb_wr(buffer, sizeof(buffer));
    uint8_t *room;

    (void)state;
    kb_wr_u8(&wr, 0x01);
    kb_wr_u16(&wr, 0x0203);
    kb_wr_u32(&wr, 0x04050607);
    kb_wr_fill(&wr, 0xFF, 2);
    kb_wr_copy(&wr, "ab", 2);
    room = kb_wr_reserve(&wr, 1);
    assert_non_null(room);
    *room = 'c';
    assert_false(wr.is_bad);
    assert_int_equal(kb_wr_span(&wr).len, sizeof(expected));
    assert_memory_equal(kb_wr_span(&wr).data, expected, sizeof(expected));
}

static void write_u8(struct kb_writer *wr)
{
    kb_wr_u8(wr, 0xAA);
}

static void write_u16(struct kb_writer *wr)
{
    kb_wr_u16(wr, 0xAAAA);
}

static void write_u32(struct kb_writer *wr)
{
    kb_wr_u32(wr, 0xAAAAAAAA);
}

static void write_copy(struct kb_writer *wr)
{
    kb_wr_copy(wr, "\xAA\xAA\xAA\xAA\xAA", 5);
}

static void write_fill(struct kb_writer *wr)
{
    kb_wr_fill(wr, 0xAA, 5);
}

static void write_endless_fill(struct kb_writer *wr)
{
    kb_wr_fill(wr, 0xAA, SIZE_MAX);
}

static void write_reserve(struct kb_writer *wr)
{
    assert_null(kb_wr_reserve(wr, 5));
}

static void a_write_that_does_not_fit_goes_nowhere_and_the_error_sticks(void **state)
{
    static const struct {
        void (*write)(struct kb_writer *wr);
        size_t need;
    } writes[] = {{write_u8, 1},   {write_u16, 2},     {write_u32, 4},         {write_copy, 5},
                  {write_fill, 5}, {write_reserve, 5}, {write_endless_fill, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        for (size_t cap = 0; cap < writes[i].need; cap++) {
            uint8_t *data = exact_copy(seven, cap);
            struct kb_writer wr = kb_wr(data, cap);

            writes[i].write(&wr);
            assert_true(wr.is_bad);
            kb_wr_copy(&wr, NULL, 0);
            assert_null(kb_wr_reserve(&wr, 0));
            assert_true(wr.is_bad);
            assert_int_equal(wr.len, 0);
            assert_memory_equal(data, seven, cap);
            free(data);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(peeking_at_the_end_is_no_error),
        cmocka_unit_test(empty_reads_and_writes_need_no_memory),
        cmocka_unit_test(a_read_past_the_end_gives_zeros_and_the_error_sticks),
        cmocka_unit_test(a_span_points_into_the_input),
        cmocka_unit_test(what_is_written_is_big_endian_and_in_order),
        cmocka_unit_test(a_write_that_does_not_fit_goes_nowhere_and_the_error_sticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
