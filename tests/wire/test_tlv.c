/* SPDX-License-Identifier: Apache-2.0 */
/* BER-TLV (ISO/IEC 8825-1, ISO/IEC 7816-4 clause 5.2.2) and data groupings (EMV CPS clause 2.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "wire/tlv.h"

struct sample {
    const char *why;
    uint8_t bytes[8];
    size_t len;
};

typedef bool next_function(struct kb_cursor *rd, struct kb_tlv *out);

static void assert_malformed(next_function *next, const struct sample *sample)
{
    uint8_t *data = exact_copy(sample->bytes, sample->len);
    struct kb_cursor rd = kb_rd(kb_span(data, sample->len));
    struct kb_tlv tlv;

    if (next(&rd, &tlv) || !rd.is_bad)
        fail_msg("read without complaint: %s", sample->why);
    assert_false(next(&rd, &tlv));
    free(data);
}

/* Objects as FCPs (TS 102 221 clause 11.1.1.4) and payment cards have them. */
static void tags_of_one_two_and_three_bytes_are_read_in_order(void **state)
{
    static const uint8_t input[] = {0x82, 0x02, 0x41, 0x21, 0x5F, 0x2D, 0x02, 0x65,
                                    0x6E, 0xDF, 0x81, 0x01, 0x01, 0x07, 0x88, 0x00};
    static const struct {
        uint32_t tag;
        size_t at, len;
    } expected[] = {{0x82, 2, 2}, {0x5F2D, 7, 2}, {0xDF8101, 13, 1}, {0x88, 16, 0}};
    struct kb_cursor rd = kb_rd(kb_span(input, sizeof(input)));
    struct kb_tlv tlv;

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_true(kb_tlv_next(&rd, &tlv));
        assert_int_equal(tlv.tag, expected[i].tag);
        assert_int_equal(tlv.value.len, expected[i].len);
        if (tlv.value.len)
            assert_ptr_equal(tlv.value.data, input + expected[i].at);
    }
    assert_false(kb_tlv_next(&rd, &tlv));
    assert_true(kb_rd_is_done(&rd));
}

static void malformed_data_objects_are_refused(void **state)
{
    static const struct sample samples[] = {
        {"tag 00", {0x00, 0x00}, 2},
        {"no length", {0x82}, 1},
        {"second tag byte missing", {0x5F}, 1},
        {"length behind a tag of two bytes missing", {0x5F, 0x2D}, 2},
        {"third tag byte missing", {0xDF, 0x81}, 2},
        {"tag of four bytes", {0xDF, 0x81, 0x81, 0x01, 0x00}, 5},
        {"tag number with a leading zero", {0xDF, 0x80, 0x01, 0x00}, 4},
        {"padding FF", {0xFF, 0xFF, 0xFF, 0xFF}, 4},
        {"indefinite length", {0x30, 0x80, 0x00, 0x00}, 4},
        {"length 81 cut", {0x82, 0x81}, 2},
        {"length 82 cut at once", {0x82, 0x82}, 2},
        {"length 82 cut", {0x82, 0x82, 0x00}, 3},
        {"length of three bytes", {0x82, 0x83, 0x00, 0x00, 0x01, 0xAA}, 6},
        {"length of four bytes", {0x82, 0x84, 0x00, 0x00, 0x00, 0x01, 0xAA}, 7},
        {"reserved length FF", {0x82, 0xFF, 0xAA}, 3},
        {"value cut by one", {0x82, 0x03, 0x01, 0x02}, 4},
        {"value absent", {0x82, 0x01}, 2},
        {"long value cut", {0x82, 0x82, 0x01, 0x00, 0xAA}, 5},
        {"greatest length and nothing behind", {0x82, 0x82, 0xFF, 0xFF}, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_malformed(kb_tlv_next, &samples[i]);
}

static void a_data_object_cut_anywhere_is_refused(void **state)
{
    static const uint8_t whole[] = {0xDF, 0x81, 0x01, 0x82, 0x00, 0x03, 0x0A, 0x0B, 0x0C};
    struct sample sample = {"cut", {0}, 0};

    (void)state;
    for (size_t len = 1; len < sizeof(whole); len++) {
        memcpy(sample.bytes, whole, len);
        sample.len = len;
        assert_malformed(kb_tlv_next, &sample);
    }
}

/* ISO/IEC 8825-1 clause 8.1.3.5 note 2: the shortest form is not required. */
static void long_forms_of_short_lengths_are_read(void **state)
{
    static const struct sample samples[] = {{"81", {0x82, 0x81, 0x01, 0x07}, 4},
                                            {"82", {0x82, 0x82, 0x00, 0x01, 0x07}, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct kb_cursor rd = kb_rd(kb_span(samples[i].bytes, samples[i].len));
        struct kb_tlv tlv;

        assert_true(kb_tlv_next(&rd, &tlv));
        assert_int_equal(tlv.value.len, 1);
        assert_int_equal(tlv.value.data[0], 0x07);
        assert_true(kb_rd_is_done(&rd));
    }
}

static void finding_takes_the_first_one_at_the_top_level(void **state)
{
    static const uint8_t input[] = {0xA5, 0x03, 0x83, 0x01, 0x99, 0x83, 0x01,
                                    0x01, 0x83, 0x01, 0x02, 0x80, 0x05};
    struct kb_span whole = kb_span(input, sizeof(input)), value;

    (void)state;
    assert_true(kb_tlv_find(whole, 0x83, &value));
    assert_ptr_equal(value.data, input + 7);
    assert_int_equal(value.len, 1);
    assert_false(kb_tlv_find(whole, 0x84, &value));
    /* The object itself is cut. */
    assert_false(kb_tlv_find(whole, 0x80, &value));
    assert_int_equal(value.len, 0);
    assert_false(kb_tlv_find(kb_span(NULL, 0), 0x83, &value));
}

/* Lengths of ISO/IEC 8825-1 clause 8.1.3.4 and 8.1.3.5, 201 being the example there. */
static void lengths_are_written_in_their_shortest_form(void **state)
{
    static const struct {
        size_t len;
        uint8_t header[5];
        size_t header_len;
    } cases[] = {
        {0, {0xE1, 0x00}, 2},
        {38, {0xE1, 0x26}, 2},
        {127, {0xE1, 0x7F}, 2},
        {128, {0xE1, 0x81, 0x80}, 3},
        {201, {0xE1, 0x81, 0xC9}, 3},
        {255, {0xE1, 0x81, 0xFF}, 3},
        {256, {0xE1, 0x82, 0x01, 0x00}, 4},
        {65535, {0xE1, 0x82, 0xFF, 0xFF}, 4},
    };
    static uint8_t value[65535], put[65540], opened[65540];

    (void)state;
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kb_writer direct = kb_wr(put, cases[i].header_len + cases[i].len);
        struct kb_writer later = kb_wr(opened, cases[i].header_len + cases[i].len);
        size_t mark;

        kb_tlv_put(&direct, 0xE1, kb_span(value, cases[i].len));
        assert_false(direct.is_bad);
        assert_memory_equal(put, cases[i].header, cases[i].header_len);
        assert_memory_equal(put + cases[i].header_len, value, cases[i].len);
        mark = kb_tlv_open(&later, 0xE1);
        kb_wr_copy(&later, value, cases[i].len);
        kb_tlv_close(&later, mark);
        assert_false(later.is_bad);
        assert_int_equal(later.len, direct.len);
        assert_memory_equal(opened, put, direct.len);
    }
}

static void what_does_not_fit_marks_the_writer_bad(void **state)
{
    static uint8_t value[65536], buffer[65550];
    struct kb_writer wr;
    size_t mark;

    (void)state;
    wr = kb_wr(buffer, sizeof(buffer));
    kb_tlv_put(&wr, 0xE1, kb_span(value, 65536));
    assert_true(wr.is_bad);
    wr = kb_wr(buffer, sizeof(buffer));
    kb_tlv_put(&wr, 0x01000000, kb_span(value, 0));
    assert_true(wr.is_bad);
    wr = kb_wr(buffer, sizeof(buffer));
    mark = kb_tlv_open(&wr, 0xE1);
    kb_wr_fill(&wr, 0, 65536);
    kb_tlv_close(&wr, mark);
    assert_true(wr.is_bad);
    wr = kb_wr(buffer, 2 + 128); /* no room for the second length byte */
    mark = kb_tlv_open(&wr, 0xE1);
    kb_wr_fill(&wr, 0, 128);
    assert_false(wr.is_bad);
    kb_tlv_close(&wr, mark);
    assert_true(wr.is_bad);
    wr = kb_wr(buffer, 1);
    mark = kb_tlv_open(&wr, 0xE1);
    kb_tlv_close(&wr, mark);
    assert_true(wr.is_bad);
}

static void objects_nest(void **state)
{
    static const uint8_t expected[] = {0x62, 0x0C, 0x82, 0x02, 0x41, 0x21, 0xA5,
                                       0x03, 0xC0, 0x01, 0x40, 0x88, 0x00, 0x99};
    uint8_t buffer[sizeof(expected)];
    struct kb_writer wr = kb_wr(buffer, sizeof(buffer));
    size_t outer, inner;

    (void)state;
    outer = kb_tlv_open(&wr, 0x62);
    kb_tlv_put_u16(&wr, 0x82, 0x4121);
    inner = kb_tlv_open(&wr, 0xA5);
    kb_tlv_put_u8(&wr, 0xC0, 0x40);
    kb_tlv_close(&wr, inner);
    kb_tlv_put(&wr, 0x88, kb_span(NULL, 0));
    kb_wr_u8(&wr, 0x99);
    kb_tlv_close(&wr, outer);
    assert_false(wr.is_bad);
    assert_int_equal(wr.len, sizeof(expected));
    assert_memory_equal(buffer, expected, sizeof(expected));
}

static void tags_are_written_as_they_are_given(void **state)
{
    static const uint8_t expected[] = {0x82, 0x00, 0x5F, 0x2D, 0x00, 0xDF, 0x81, 0x01, 0x00};
    uint8_t buffer[sizeof(expected)];
    struct kb_writer wr = kb_wr(buffer, sizeof(buffer));

    (void)state;
    kb_tlv_put(&wr, 0x82, kb_span(NULL, 0));
    kb_tlv_put(&wr, 0x5F2D, kb_span(NULL, 0));
    kb_tlv_put(&wr, 0xDF8101, kb_span(NULL, 0));
    assert_int_equal(wr.len, sizeof(expected));
    assert_memory_equal(buffer, expected, sizeof(expected));
}

static void data_groupings_take_lengths_of_one_or_three_bytes(void **state)
{
    static const size_t lengths[] = {0, 1, 0xFE, 0xFF, 0x100, 0xFFFF};
    static uint8_t value[65536], buffer[65550];

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct kb_writer wr = kb_wr(buffer, sizeof(buffer));
        struct kb_cursor rd;
        struct kb_tlv tlv;
        size_t header = lengths[i] < 0xFF ? 3 : 5;

        kb_dgi_put(&wr, 0x9102, kb_span(value, lengths[i]));
        assert_false(wr.is_bad);
        assert_int_equal(wr.len, header + lengths[i]);
        assert_memory_equal(buffer, "\x91\x02", 2);
        assert_int_equal(buffer[2], lengths[i] < 0xFF ? lengths[i] : 0xFF);
        rd = kb_rd(kb_wr_span(&wr));
        assert_true(kb_dgi_next(&rd, &tlv));
        assert_int_equal(tlv.tag, 0x9102);
        assert_int_equal(tlv.value.len, lengths[i]);
        assert_true(kb_rd_is_done(&rd));
        assert_false(kb_dgi_next(&rd, &tlv));
        assert_false(rd.is_bad);
    }
}

static void malformed_data_groupings_are_refused(void **state)
{
    static const struct sample samples[] = {
        {"half an identifier", {0x91}, 1},
        {"no length", {0x91, 0x02}, 2},
        {"value cut", {0x91, 0x02, 0x02, 0xAA}, 4},
        {"no long length", {0x91, 0x02, 0xFF}, 3},
        {"long length cut", {0x91, 0x02, 0xFF, 0x01}, 4},
        {"long value cut", {0x91, 0x02, 0xFF, 0x01, 0x00, 0xAA}, 6},
    };
    static uint8_t value[65536], buffer[65550];
    struct kb_writer wr = kb_wr(buffer, sizeof(buffer));

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_malformed(kb_dgi_next, &samples[i]);
    kb_dgi_put(&wr, 0x9102, kb_span(value, sizeof(value)));
    assert_true(wr.is_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_of_one_two_and_three_bytes_are_read_in_order),
        cmocka_unit_test(malformed_data_objects_are_refused),
        cmocka_unit_test(a_data_object_cut_anywhere_is_refused),
        cmocka_unit_test(long_forms_of_short_lengths_are_read),
        cmocka_unit_test(finding_takes_the_first_one_at_the_top_level),
        cmocka_unit_test(lengths_are_written_in_their_shortest_form),
        cmocka_unit_test(what_does_not_fit_marks_the_writer_bad),
        cmocka_unit_test(objects_nest),
        cmocka_unit_test(tags_are_written_as_they_are_given),
        cmocka_unit_test(data_groupings_take_lengths_of_one_or_three_bytes),
        cmocka_unit_test(malformed_data_groupings_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
