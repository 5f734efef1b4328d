/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to reset (ISO/IEC 7816-3 clause 8, TS 102 221 clause 6.3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "card/transport/atr.h"
#include "tests/card/rig.h"
#include "wire/hex.h"

/* Answers of cards in the field, and what they say. */
static const struct example {
    const char *hex;
    uint16_t protocols;
    uint8_t speed, ifsc, waiting, clock;
    const char *historical;
} examples[] = {
    {"3B021450", 0x0001, 0x11, 32, 0x4D, 0, "1450"},
    {"3B6500002063CB6A00", 0x0001, 0x11, 32, 0x4D, 0, "2063CB6A00"},
    {"3B9F96801FC78031A073BE21136743200718000001A5", 0x8001, 0x96, 32, 0x4D, 0xC7,
     "8031A073BE21136743200718000001"},
    {"3BF81300008131FE454A434F5076323431B7", 0x0002, 0x13, 0xFE, 0x45, 0, "4A434F5076323431"},
    {"3BFC1300008131FE15597562696B65794E454F7233E1", 0x0002, 0x13, 0xFE, 0x15, 0,
     "597562696B65794E454F7233"},
};

static struct kb_span bytes_of(const char *hex, uint8_t out[64])
{
    size_t len;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), out, 64, &len), 0);
    return kb_span(out, len);
}

static void test_answers_of_the_field_are_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct example *example = &examples[i];
        uint8_t bytes[64];
        char historical[64];
        struct kb_atr atr;

        assert_int_equal(kb_atr_read(bytes_of(example->hex, bytes), &atr), KB_OK);
        assert_int_equal(atr.protocols, example->protocols);
        assert_int_equal(atr.first, atr.protocols == 2);
        assert_int_equal(atr.speed, example->speed);
        assert_int_equal(atr.ifsc, example->ifsc);
        assert_int_equal(atr.waiting, example->waiting);
        assert_int_equal(atr.clock, example->clock);
        assert_false(atr.is_specific);
        assert_false(atr.has_crc);
        kb_hex_encode(atr.historical, historical);
        assert_string_equal(historical, example->historical);
    }
}

static void test_an_answer_of_another_length_or_checksum_is_none(void **state)
{
    uint8_t bytes[64];
    struct kb_atr atr;

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct kb_span whole = bytes_of(examples[i].hex, bytes);

        for (size_t len = 0; len < whole.len; len++)
            assert_int_equal(kb_atr_read(kb_span(bytes, len), &atr), KB_ERR_MALFORMED);
        bytes[whole.len] = 0;
        assert_int_equal(kb_atr_read(kb_span(bytes, whole.len + 1), &atr), KB_ERR_MALFORMED);
        bytes[whole.len - 1] ^= 1;
        assert_int_equal(kb_atr_read(whole, &atr),
                         examples[i].protocols == 1 ? KB_OK : KB_ERR_INTEGRITY);
        bytes[0] = 0x3A;
        assert_int_equal(kb_atr_read(whole, &atr), KB_ERR_MALFORMED);
    }
}

/* TD says that there is another one, to the end and past it. */
static void test_interface_bytes_without_end_are_no_answer(void **state)
{
    uint8_t bytes[33] = {0x3B, 0x80};
    struct kb_atr atr;

    (void)state;
    memset(bytes + 2, 0x81, sizeof(bytes) - 2);
    assert_int_equal(kb_atr_read(kb_span(bytes, sizeof(bytes)), &atr), KB_ERR_MALFORMED);
}

static void expect_same(const struct kb_atr *a, const struct kb_atr *b)
{
    assert_int_equal(a->ts, b->ts);
    assert_int_equal(a->speed, b->speed);
    assert_int_equal(a->protocols, b->protocols);
    assert_int_equal(a->first, b->first);
    assert_int_equal(a->is_specific, b->is_specific);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->ifsc, b->ifsc);
    assert_int_equal(a->waiting, b->waiting);
    assert_int_equal(a->has_crc, b->has_crc);
    assert_int_equal(a->clock, b->clock);
    assert_int_equal(a->historical.len, b->historical.len);
    assert_memory_equal(a->historical.data, b->historical.data, b->historical.len);
}

static void test_what_is_written_is_read_again(void **state)
{
    static const uint8_t historical[] = {0x80, 0x31, 0xE0};

    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        static const uint16_t protocols[] = {1, 2, 3, 0x8001, 0x8002, 0x8003};
        struct kb_atr atr = {.ts = i & 1 ? KB_ATR_DIRECT : KB_ATR_INVERSE,
                             .speed = i & 2 ? 0x96 : KB_ATR_SPEED,
                             .protocols = protocols[i % 6],
                             .ifsc = KB_ATR_IFSC,
                             .waiting = KB_ATR_WAITING,
                             .historical = kb_span(historical, i % 4)};
        struct kb_atr again;
        uint8_t bytes[40];
        struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

        atr.first = !(atr.protocols & 1);
        atr.is_specific = i & 4;
        atr.mode = i & 4 ? 0x10 : 0;
        if (atr.protocols & 2) {
            atr.ifsc = i & 8 ? 0xFE : KB_ATR_IFSC;
            atr.waiting = i & 16 ? 0x45 : KB_ATR_WAITING;
            atr.has_crc = i & 32;
        }
        if (atr.protocols & KB_ATR_GLOBAL)
            atr.clock = 0xC7;
        kb_atr_write(&wr, &atr);
        assert_false(wr.is_bad);
        assert_int_equal(kb_atr_read(kb_wr_span(&wr), &again), KB_OK);
        expect_same(&again, &atr);
    }
}

static void test_more_than_15_historical_bytes_are_refused(void **state)
{
    uint8_t bytes[40];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_atr atr = {.ts = KB_ATR_DIRECT, .protocols = 1, .historical = {bytes, 16}};

    (void)state;
    kb_atr_write(&wr, &atr);
    assert_true(wr.is_bad);
}

/* TS 102 221 clause 6.3: historical bytes as compact TLV behind 80; ISO/IEC 7816-4 table of the
 * third software function byte: chaining, extended lengths, number and kind of channels. */
static void test_the_built_in_answer_says_what_the_card_can_do(void **state)
{
    static const uint8_t starts[] = {0x80, 0x31, 0xE0, 0x73, 0xFE, 0x21};
    struct rig *rig = malloc(sizeof(*rig));
    uint8_t bytes[KB_ATR_MAX];
    size_t len;
    struct kb_atr atr;
    uint8_t third;

    (void)state;
    assert_non_null(rig);
    rig_blank(rig);
    assert_int_equal(kb_card_reset(&rig->card, bytes, &len), 0);
    assert_int_equal(kb_atr_read(kb_span(bytes, len), &atr), KB_OK);
    assert_int_equal(atr.protocols, 0x8003);
    assert_int_equal(atr.first, 0);
    assert_int_equal(atr.ifsc, 254);
    assert_memory_equal(atr.historical.data, starts, sizeof(starts));
    third = atr.historical.data[sizeof(starts)];
    assert_true(third & 0x80);
    assert_true(third & 0x40);
    assert_int_equal((third & 0x07) + 1, KB_CHANNELS);
    /* Both ways of numbering a channel are there. */
    assert_true(third & 0x10);
    assert_true(third & 0x08);
    for (int channel = 1; channel < KB_CHANNELS; channel++)
        assert_int_equal(rig_send(rig, channel == 5 ? "00700005" : "00700000 01"), 0x9000);
    assert_int_equal(rig_send(rig, "00700000 01"), KB_SW_FUNCTION_NOT_SUPPORTED);
    free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_of_the_field_are_understood),
        cmocka_unit_test(test_an_answer_of_another_length_or_checksum_is_none),
        cmocka_unit_test(test_interface_bytes_without_end_are_no_answer),
        cmocka_unit_test(test_what_is_written_is_read_again),
        cmocka_unit_test(test_more_than_15_historical_bytes_are_refused),
        cmocka_unit_test(test_the_built_in_answer_says_what_the_card_can_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
