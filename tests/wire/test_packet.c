/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of secured packets as bytes. What they protect is tested in tests/ota. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "wire/packet.h"

/* Every field of clause 5.1.1: its byte, its lowest bit, its size. */
static void the_fields_of_the_spi_lie_where_clause_5_1_1_puts_them(void **state)
{
    static const struct {
        enum kb_spi_field field;
        unsigned byte, low, bits;
    } fields[] = {
        {KB_SPI_CHECK, 0, 0, 2},      {KB_SPI_CIPHERING, 0, 2, 1}, {KB_SPI_COUNTER, 0, 3, 2},
        {KB_SPI_POR, 1, 0, 2},        {KB_SPI_POR_CHECK, 1, 2, 2}, {KB_SPI_POR_CIPHERING, 1, 4, 1},
        {KB_SPI_POR_SUBMIT, 1, 5, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        for (unsigned value = 0; value < 1u << fields[i].bits; value++) {
            uint8_t spi[2] = {0, 0}, full[2] = {0xFF, 0xFF};

            kb_spi_set(spi, fields[i].field, value);
            assert_int_equal(spi[fields[i].byte], value << fields[i].low);
            assert_int_equal(spi[1 - fields[i].byte], 0);
            assert_int_equal(kb_spi_get(spi, fields[i].field), value);
            kb_spi_set(full, fields[i].field, value);
            assert_int_equal(kb_spi_get(full, fields[i].field), value);
            assert_int_equal(full[1 - fields[i].byte], 0xFF);
        }
    }
}

static const struct {
    enum kb_packet_bearer bearer;
    enum kb_packet_kind kind;
    size_t check_len, body_len;
    uint8_t head[KB_PACKET_HEAD_MAX];
    size_t head_len;
} heads[] = {
    /* TS 31.115 clause 4.2: CPL of two bytes, CHL of one. */
    {KB_PACKET_SMS,
     KB_PACKET_COMMAND,
     8,
     30,
     {0x00, 0x26, 0x15, 0x16, 0x21, 0x22, 0x22, 0xB0, 0x00, 0x11},
     10},
    {KB_PACKET_SMS, KB_PACKET_RESPONSE, 0, 20, {0x00, 0x18, 0x0A, 0xB0, 0x00, 0x11}, 6},
    /* TS 102 225 clause 7: CPI 01 or RPI 02, lengths as in BER. */
    {KB_PACKET_CHANNEL,
     KB_PACKET_COMMAND,
     8,
     30,
     {0x01, 0x26, 0x15, 0x16, 0x21, 0x22, 0x22, 0xB0, 0x00, 0x11},
     10},
    {KB_PACKET_CHANNEL,
     KB_PACKET_COMMAND,
     4,
     120,
     {0x01, 0x81, 0x80, 0x11, 0x16, 0x21, 0x22, 0x22, 0xB0, 0x00, 0x11},
     11},
    {KB_PACKET_CHANNEL,
     KB_PACKET_RESPONSE,
     8,
     252,
     {0x02, 0x82, 0x01, 0x00, 0x12, 0xB0, 0x00, 0x11},
     8},
};

static void heads_are_written_and_read_as_their_bearer_wants_them(void **state)
{
    uint8_t bytes[300] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct kb_packet packet = {.bearer = heads[i].bearer,
                                   .kind = heads[i].kind,
                                   .spi = {0x16, 0x21},
                                   .kic = 0x22,
                                   .kid = 0x22,
                                   .tar = {0xB0, 0x00, 0x11},
                                   .check_len = heads[i].check_len},
                         again;
        struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

        kb_packet_write_head(&wr, &packet, heads[i].body_len);
        assert_int_equal(wr.len, heads[i].head_len);
        assert_memory_equal(bytes, heads[i].head, heads[i].head_len);
        assert_int_equal(kb_packet_parse(kb_span(bytes, wr.len + heads[i].body_len),
                                         heads[i].bearer, heads[i].kind, &again),
                         KB_OK);
        assert_int_equal(again.check_len, heads[i].check_len);
        assert_int_equal(again.head.len, heads[i].head_len);
        assert_int_equal(again.body.len, heads[i].body_len);
        assert_memory_equal(again.tar, packet.tar, KB_TAR_SIZE);
        assert_int_equal(again.spi[0], packet.kind == KB_PACKET_COMMAND ? 0x16 : 0);
    }
}

static void a_packet_of_any_other_length_than_it_says_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        size_t whole = heads[i].head_len + heads[i].body_len;

        for (size_t len = 0; len < whole + 4; len++) {
            uint8_t *copy = calloc(1, len + KB_PACKET_HEAD_MAX);
            struct kb_packet packet;
            uint8_t *exact;

            assert_non_null(copy);
            memcpy(copy, heads[i].head, heads[i].head_len);
            exact = exact_copy(copy, len);
            assert_int_equal(
                kb_packet_parse(kb_span(exact, len), heads[i].bearer, heads[i].kind, &packet),
                len == whole ? KB_OK : KB_ERR_MALFORMED);
            free(exact);
            free(copy);
        }
    }
}

static enum kb_err parse(const uint8_t *bytes, size_t len, enum kb_packet_bearer bearer)
{
    struct kb_packet packet;

    return kb_packet_parse(kb_span(bytes, len), bearer, KB_PACKET_COMMAND, &packet);
}

static void a_header_length_that_cannot_be_is_malformed(void **state)
{
    uint8_t bytes[60] = {0x00, 58};

    (void)state;
    for (unsigned chl = 0; chl <= 255; chl++) {
        bytes[2] = (uint8_t)chl;
        assert_int_equal(parse(bytes, sizeof(bytes), KB_PACKET_SMS),
                         chl >= 13 && chl <= 21 ? KB_OK : KB_ERR_MALFORMED);
    }
    bytes[1] = 14 + 7; /* a body shorter than its RC/CC */
    bytes[2] = 21;
    assert_int_equal(parse(bytes, 23, KB_PACKET_SMS), KB_ERR_MALFORMED);
    bytes[1] = 22;
    assert_int_equal(parse(bytes, 24, KB_PACKET_SMS), KB_OK);
}

static void a_length_in_a_channel_has_one_form(void **state)
{
    static const uint8_t forms[][4] = {{0x01, 0x81, 0x1A}, {0x01, 0x82, 0x00, 0x1A},
                                       {0x01, 0x80},       {0x01, 0x83, 0x00, 0x00},
                                       {0x02, 0x1A},       {0x00, 0x1A}};

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        uint8_t bytes[64] = {0};

        memcpy(bytes, forms[i], sizeof(forms[i]));
        for (size_t len = 0; len <= sizeof(bytes); len++)
            assert_int_equal(parse(bytes, len, KB_PACKET_CHANNEL), KB_ERR_MALFORMED);
    }
}

static void a_body_holds_counter_padding_status_check_and_data(void **state)
{
    static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0xCC, 0xCC, 0xDD};
    struct kb_packet_body body;
    uint8_t again[7];
    struct kb_writer wr = kb_wr(again, sizeof(again));

    (void)state;
    assert_int_equal(
        kb_packet_parse_body(kb_span(bytes, sizeof(bytes)), KB_PACKET_RESPONSE, 2, &body), KB_OK);
    assert_true(body.cntr == UINT64_C(0x0102030405));
    assert_int_equal(body.pcntr, 6);
    assert_int_equal(body.status, KB_STATUS_INSUFFICIENT_SECURITY);
    assert_int_equal(body.check.len, 2);
    assert_int_equal(body.data.data[0], 0xDD);
    kb_packet_write_front(&wr, KB_PACKET_RESPONSE, &body);
    assert_memory_equal(again, bytes, sizeof(again));
    assert_int_equal(
        kb_packet_parse_body(kb_span(bytes, sizeof(bytes)), KB_PACKET_COMMAND, 2, &body), KB_OK);
    assert_int_equal(body.data.len, 2);
    for (size_t len = 0; len < 9; len++)
        assert_int_equal(kb_packet_parse_body(kb_span(bytes, len), KB_PACKET_RESPONSE, 2, &body),
                         KB_ERR_MALFORMED);
}

static void what_no_length_can_say_is_not_written(void **state)
{
    static uint8_t room[70000];
    struct kb_packet packet = {.bearer = KB_PACKET_CHANNEL};
    struct kb_writer wr = kb_wr(room, sizeof(room));

    (void)state;
    kb_packet_write_head(&wr, &packet, KB_PACKET_MAX - 8);
    assert_false(wr.is_bad);
    kb_packet_write_head(&wr, &packet, KB_PACKET_MAX - 7);
    assert_true(wr.is_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fields_of_the_spi_lie_where_clause_5_1_1_puts_them),
        cmocka_unit_test(heads_are_written_and_read_as_their_bearer_wants_them),
        cmocka_unit_test(a_packet_of_any_other_length_than_it_says_is_malformed),
        cmocka_unit_test(a_header_length_that_cannot_be_is_malformed),
        cmocka_unit_test(a_length_in_a_channel_has_one_form),
        cmocka_unit_test(a_body_holds_counter_padding_status_check_and_data),
        cmocka_unit_test(what_no_length_can_say_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
