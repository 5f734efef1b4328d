/* SPDX-License-Identifier: Apache-2.0 */
/* User data headers; long contents split over short messages and joined again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "wire/sms_parts.h"

enum { MOST = 1200, ROOM = 1400, PLACES = 3 };

static uint8_t contents[MOST];
static uint8_t rooms[PLACES][ROOM];
static struct kb_sms_join places[PLACES];
static struct kb_sms_address sender, other_sender;

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < MOST; i++)
        contents[i] = (uint8_t)(i * 7 + i / 256);
    memset(places, 0, sizeof(places));
    for (size_t i = 0; i < PLACES; i++) {
        places[i].room = rooms[i];
        places[i].cap = ROOM;
    }
    kb_sms_address_set(&sender, 0x91, kb_span("491700000001", 12));
    kb_sms_address_set(&other_sender, 0x91, kb_span("491700000002", 12));
    return 0;
}

static struct kb_sms_split split_of(size_t len, uint16_t reference)
{
    return (struct kb_sms_split){
        .contents = {contents, len}, .packet = KB_SMS_COMMAND_PACKET, .reference = reference};
}

/* TS 31.115 clause 4: the packet's element in the first message only. */
static void headers_are_those_of_ts_31_115(void **state)
{
    static const uint8_t only[] = {0x02, 0x70, 0x00};
    static const uint8_t first[] = {0x07, 0x00, 0x03, 0x2A, 0x02, 0x01, 0x70, 0x00};
    static const uint8_t second[] = {0x05, 0x00, 0x03, 0x2A, 0x02, 0x02};
    static const uint8_t wide[] = {0x08, 0x08, 0x04, 0x01, 0x2A, 0x02, 0x01, 0x70, 0x00};
    struct kb_sms_split split = split_of(137, 0x2A);
    uint8_t out[KB_SMS_USER_DATA];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    (void)state;
    assert_int_equal(kb_sms_split_count(&split), 1);
    kb_sms_split_write(&split, 1, &wr);
    assert_int_equal(wr.len, 140);
    assert_memory_equal(out, only, sizeof(only));
    split.contents.len = 138;
    assert_int_equal(kb_sms_split_count(&split), 2);
    wr = kb_wr(out, sizeof(out));
    kb_sms_split_write(&split, 1, &wr);
    assert_int_equal(wr.len, 140);
    assert_memory_equal(out, first, sizeof(first));
    wr = kb_wr(out, sizeof(out));
    kb_sms_split_write(&split, 2, &wr);
    assert_int_equal(wr.len, 6 + 138 - 132);
    assert_memory_equal(out, second, sizeof(second));
    split.is_wide = true;
    split.reference = 0x012A;
    wr = kb_wr(out, sizeof(out));
    kb_sms_split_write(&split, 1, &wr);
    assert_memory_equal(out, wide, sizeof(wide));
    kb_sms_split_write(&split, 3, &wr);
    assert_true(wr.is_bad);
}

/* 98 bytes of data with a counter (5), the number of padding bytes (1) and a CC (8) are seven
 * blocks of AES; behind CPL, CHL, SPI, KIc, KID and TAR (10) they make a packet of 122 bytes. */
static void the_sender_stands_in_the_first_message_only(void **state)
{
    static const uint8_t iccid[] = {0x98, 0x94, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0xF4};
    static const uint8_t only[] = {0x0E, 0x70, 0x00, 0x80, 0x0A, 0x98, 0x94, 0x10,
                                   0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0xF4};
    static const uint8_t first[] = {0x13, 0x00, 0x03, 0x2A, 0x02, 0x01, 0x70, 0x00, 0x80, 0x0A,
                                    0x98, 0x94, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0xF4};
    static const uint8_t second[] = {0x05, 0x00, 0x03, 0x2A, 0x02, 0x02};
    struct kb_sms_split split = split_of(125, 0x2A);
    uint8_t out[KB_SMS_USER_DATA];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    (void)state;
    assert_true(10 + (5 + 1 + 8 + 98) <= 125 && (5 + 1 + 8 + 98) % 16 == 0);
    split.sender = iccid;
    assert_int_equal(kb_sms_split_count(&split), 1);
    kb_sms_split_write(&split, 1, &wr);
    assert_int_equal(wr.len, 140);
    assert_memory_equal(out, only, sizeof(only));
    split.contents.len = 126;
    assert_int_equal(kb_sms_split_count(&split), 2);
    wr = kb_wr(out, sizeof(out));
    kb_sms_split_write(&split, 1, &wr);
    assert_int_equal(wr.len, 140);
    assert_memory_equal(out, first, sizeof(first));
    wr = kb_wr(out, sizeof(out));
    kb_sms_split_write(&split, 2, &wr);
    assert_int_equal(wr.len, 6 + 126 - 120);
    assert_memory_equal(out, second, sizeof(second));
}

static void the_number_of_messages_follows_from_the_room_in_each(void **state)
{
    static const struct {
        size_t len;
        unsigned count;
    } cases[] = {{0, 1},
                 {137, 1},
                 {138, 2},
                 {132 + 134, 2},
                 {132 + 134 + 1, 3},
                 {132 + 2 * 134, 3},
                 {132 + 254 * 134, 255},
                 {132 + 254 * 134 + 1, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kb_sms_split split = split_of(cases[i].len, 1);

        assert_int_equal(kb_sms_split_count(&split), cases[i].count);
    }
}

/* Hands over one message of the split in memory of exactly its size. */
static struct kb_sms_join *send(const struct kb_sms_split *split, unsigned number,
                                const struct kb_sms_address *from)
{
    uint8_t out[KB_SMS_USER_DATA], *copy;
    struct kb_writer wr = kb_wr(out, sizeof(out));
    struct kb_sms_join *whole;

    kb_sms_split_write(split, number, &wr);
    assert_false(wr.is_bad);
    copy = exact_copy(out, wr.len);
    assert_int_equal(kb_sms_join(places, PLACES, from, true, kb_span(copy, wr.len), &whole), KB_OK);
    free(copy);
    return whole;
}

static void assert_whole(struct kb_sms_join *whole, const struct kb_sms_split *split)
{
    assert_non_null(whole);
    assert_int_equal(whole->contents.len, split->contents.len);
    assert_memory_equal(whole->contents.data, split->contents.data, split->contents.len);
    assert_int_equal(whole->header.packet, split->packet);
    kb_sms_join_forget(whole);
}

static void contents_of_every_length_come_back(void **state)
{
    (void)state;
    for (size_t len = 0; len <= MOST; len++) {
        struct kb_sms_split split = split_of(len, (uint16_t)len);
        struct kb_sms_join *whole = NULL;

        split.is_wide = len % 2;
        for (unsigned number = 1; number <= kb_sms_split_count(&split); number++) {
            assert_null(whole);
            whole = send(&split, number, &sender);
        }
        assert_whole(whole, &split);
    }
}

static void a_sender_is_kept_whichever_part_comes_first(void **state)
{
    static const uint8_t iccid[KB_SMS_SENDER_SIZE] = {0x98, 0x94, 0x10, 0x32, 0x54,
                                                      0x76, 0x98, 0x10, 0x32, 0xF4};
    struct kb_sms_split split = split_of(300, 4);

    (void)state;
    split.sender = iccid;
    assert_int_equal(kb_sms_split_count(&split), 3);
    for (unsigned first = 1; first <= 3; first++) {
        struct kb_sms_join *whole = NULL;

        for (unsigned i = 0; i < 3; i++) {
            assert_null(whole);
            whole = send(&split, (first + i - 1) % 3 + 1, &sender);
        }
        assert_non_null(whole);
        assert_true(whole->header.has_sender);
        assert_memory_equal(whole->header.sender, iccid, sizeof(iccid));
        assert_whole(whole, &split);
    }
    split.sender = NULL;
    for (unsigned number = 1; number <= 2; number++)
        assert_null(send(&split, number, &sender));
    assert_false(places[0].header.has_sender);
}

static void a_sender_of_another_length_is_none(void **state)
{
    uint8_t header[2 + 2 + KB_SMS_SENDER_SIZE + 1] = {0, KB_SMS_SENDER};

    (void)state;
    for (uint8_t len = 0; len <= KB_SMS_SENDER_SIZE + 1; len++) {
        struct kb_sms_header parsed;
        struct kb_span rest;

        header[0] = (uint8_t)(2 + len);
        header[2] = len;
        assert_int_equal(kb_sms_header_parse(kb_span(header, 3u + len), &parsed, &rest), KB_OK);
        assert_int_equal(parsed.has_sender, len == KB_SMS_SENDER_SIZE);
    }
}

/* All 24 orders of four messages, each sent twice. */
static void any_order_and_repeats_give_the_same_contents(void **state)
{
    struct kb_sms_split split = split_of(500, 3);

    (void)state;
    assert_int_equal(kb_sms_split_count(&split), 4);
    for (unsigned code = 0; code < 256; code++) {
        unsigned order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
        struct kb_sms_join *whole = NULL;

        if (((1u << order[0]) | (1u << order[1]) | (1u << order[2]) | (1u << order[3])) != 15)
            continue;
        for (unsigned i = 0; i < 4; i++) {
            whole = send(&split, order[i] + 1, &sender);
            if (i < 3)
                assert_null(send(&split, order[i] + 1, &sender));
        }
        assert_whole(whole, &split);
    }
}

static void contents_of_several_references_and_senders_do_not_mix(void **state)
{
    struct kb_sms_split a = split_of(300, 5), b = split_of(290, 6), c = split_of(280, 5);

    (void)state;
    b.contents.data += 11;
    c.contents.data += 23;
    for (unsigned number = 3; number > 1; number--) {
        assert_null(send(&a, number, &sender));
        assert_null(send(&b, number, &sender));
        assert_null(send(&c, number, &other_sender));
    }
    assert_whole(send(&b, 1, &sender), &b);
    assert_whole(send(&c, 1, &other_sender), &c);
    assert_whole(send(&a, 1, &sender), &a);
}

static void who_waited_longest_makes_room(void **state)
{
    struct kb_sms_split splits[PLACES + 1];

    (void)state;
    for (unsigned i = 0; i <= PLACES; i++) {
        splits[i] = split_of(200, (uint16_t)(10 + i));
        assert_null(send(&splits[i], 1, &sender));
    }
    for (unsigned i = PLACES; i > 0; i--)
        assert_whole(send(&splits[i], 2, &sender), &splits[i]);
    assert_null(send(&splits[0], 2, &sender));
}

static void contents_larger_than_the_room_are_forgotten(void **state)
{
    struct kb_sms_split split = split_of(400, 1);
    uint8_t out[KB_SMS_USER_DATA];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    struct kb_sms_join *whole;

    (void)state;
    places[0].cap = 300;
    memset(rooms, 0xEE, sizeof(rooms));
    assert_int_equal(kb_sms_split_count(&split), 3);
    for (unsigned number = 1; number <= 3; number++) {
        wr = kb_wr(out, sizeof(out));
        kb_sms_split_write(&split, number, &wr);
        assert_int_equal(kb_sms_join(places, 1, &sender, true, kb_wr_span(&wr), &whole),
                         number == 3 ? KB_ERR_TOO_LONG : KB_OK);
        assert_null(whole);
    }
    assert_false(places[0].is_used);
    assert_int_equal(rooms[0][299], 0);
    assert_int_equal(rooms[0][300], 0xEE);
    assert_int_equal(kb_sms_join(places, 0, &sender, false, kb_wr_span(&wr), &whole),
                     KB_ERR_TOO_LONG);
}

static void more_parts_than_anybody_keeps_are_refused(void **state)
{
    uint8_t part[] = {0x05, 0x00, 0x03, 0x01, KB_SMS_PARTS_MAX + 1, 0x01, 0xAA};
    struct kb_sms_join *whole;

    (void)state;
    assert_int_equal(
        kb_sms_join(places, PLACES, &sender, true, kb_span(part, sizeof(part)), &whole),
        KB_ERR_TOO_LONG);
    part[4] = KB_SMS_PARTS_MAX;
    for (uint8_t number = 1; number <= KB_SMS_PARTS_MAX; number++) {
        part[5] = number;
        assert_int_equal(
            kb_sms_join(places, PLACES, &sender, true, kb_span(part, sizeof(part)), &whole), KB_OK);
        assert_int_equal(whole != NULL, number == KB_SMS_PARTS_MAX);
    }
    assert_int_equal(whole->contents.len, KB_SMS_PARTS_MAX);
}

/* TS 23.040 clause 9.2.3.24 and 9.2.3.24.1. */
static void elements_without_sense_are_skipped_and_the_last_of_two_counts(void **state)
{
    static const struct {
        uint8_t header[16];
        bool is_part;
        uint8_t packet;
        uint16_t reference;
    } cases[] = {
        {{0x05, 0x00, 0x03, 0x07, 0x02, 0x00}, false, 0, 0},
        {{0x05, 0x00, 0x03, 0x07, 0x02, 0x03}, false, 0, 0},
        {{0x04, 0x00, 0x02, 0x07, 0x02}, false, 0, 0},
        {{0x09, 0x05, 0x02, 0xAA, 0xBB, 0x00, 0x03, 0x07, 0x02, 0x01}, true, 0, 7},
        {{0x0A, 0x00, 0x03, 0x07, 0x02, 0x01, 0x00, 0x03, 0x09, 0x02, 0x01}, true, 0, 9},
        {{0x08, 0x08, 0x04, 0x01, 0x02, 0x02, 0x01, 0x71, 0x00}, true, 0x71, 0x0102},
        {{0x00}, false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kb_sms_header header;
        struct kb_span rest;

        assert_int_equal(
            kb_sms_header_parse(kb_span(cases[i].header, cases[i].header[0] + 1u), &header, &rest),
            KB_OK);
        assert_int_equal(header.is_part, cases[i].is_part);
        assert_int_equal(header.packet, cases[i].packet);
        assert_int_equal(header.reference, cases[i].reference);
        assert_int_equal(rest.len, 0);
    }
}

static void a_header_that_leaves_its_place_is_malformed(void **state)
{
    static const uint8_t longer_element[] = {0x03, 0x70, 0x02, 0xAA, 0xBB};
    static const uint8_t longer_header[] = {0x05, 0x70, 0x00};
    static const uint8_t half_element[] = {0x01, 0x70};
    const struct kb_span bad[] = {
        {longer_element, sizeof(longer_element)},
        {longer_header, sizeof(longer_header)},
        {half_element, sizeof(half_element)},
        {half_element, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t *copy = exact_copy(bad[i].data, bad[i].len);
        struct kb_sms_header header;
        struct kb_sms_join *whole;
        struct kb_span rest;

        assert_int_equal(kb_sms_header_parse(kb_span(copy, bad[i].len), &header, &rest),
                         KB_ERR_MALFORMED);
        assert_int_equal(
            kb_sms_join(places, PLACES, &sender, true, kb_span(copy, bad[i].len), &whole),
            KB_ERR_MALFORMED);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(headers_are_those_of_ts_31_115, setup),
        cmocka_unit_test_setup(the_sender_stands_in_the_first_message_only, setup),
        cmocka_unit_test_setup(a_sender_is_kept_whichever_part_comes_first, setup),
        cmocka_unit_test_setup(a_sender_of_another_length_is_none, setup),
        cmocka_unit_test_setup(the_number_of_messages_follows_from_the_room_in_each, setup),
        cmocka_unit_test_setup(contents_of_every_length_come_back, setup),
        cmocka_unit_test_setup(any_order_and_repeats_give_the_same_contents, setup),
        cmocka_unit_test_setup(contents_of_several_references_and_senders_do_not_mix, setup),
        cmocka_unit_test_setup(who_waited_longest_makes_room, setup),
        cmocka_unit_test_setup(contents_larger_than_the_room_are_forgotten, setup),
        cmocka_unit_test_setup(more_parts_than_anybody_keeps_are_refused, setup),
        cmocka_unit_test_setup(elements_without_sense_are_skipped_and_the_last_of_two_counts,
                               setup),
        cmocka_unit_test_setup(a_header_that_leaves_its_place_is_malformed, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
