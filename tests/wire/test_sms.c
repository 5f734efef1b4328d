/* SPDX-License-Identifier: Apache-2.0 */
/* TPDUs of short messages against published ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/exact.h"
#include "wire/hex.h"
#include "wire/sms.h"

struct bytes {
    uint8_t data[256];
    size_t len;
};

static struct bytes unhex(const char *hex)
{
    struct bytes b;

    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), b.data, sizeof(b.data), &b.len),
                     KB_OK);
    return b;
}

/* Widely published: "How are you?" from +31641600986, "hellohello" to +46708251358; the rest is
 * put together by the tables of clause 9.2.2. */
static const struct {
    enum kb_sms_kind kind;
    const char *tpdu, *digits;
    uint8_t type, pid, dcs, length;
    size_t user_data;
} messages[] = {
    {KB_SMS_DELIVER, "040B911346610089F60000208062917314080CC8F71D14969741F977FD07", "31641600986",
     0x91, 0, 0, 12, 11},
    {KB_SMS_SUBMIT, "11000B916407281553F80000AA0AE8329BFD4697D9EC37", "46708251358", 0x91, 0, 0, 10,
     9},
    {KB_SMS_DELIVER, "400881214365877FF6227052000000000602700000AABB", "12345678", 0x81, 0x7F, 0xF6,
     6, 6},
    {KB_SMS_SUBMIT, "0107038121F37FF600", "123", 0x81, 0x7F, 0xF6, 0, 0},
    {KB_SMS_SUBMIT, "1900038121F30004112233445566770101", "123", 0x81, 0, 4, 1, 1},
    {KB_SMS_DELIVER_REPORT, "40077FF60402710000", "", 0, 0x7F, 0xF6, 4, 4},
    {KB_SMS_DELIVER_REPORT, "0000", "", 0, 0, 0, 0, 0},
    {KB_SMS_DELIVER_REPORT_ERROR, "40D506F60402710000", "", 0, 0, 0xF6, 4, 4},
    {KB_SMS_SUBMIT_REPORT, "010022705200000000", "", 0, 0, 0, 0, 0},
    {KB_SMS_SUBMIT_REPORT_ERROR, "01C001227052000000007F", "", 0, 0x7F, 0, 0, 0},
};

static void messages_are_read_as_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        char digits[KB_SMS_ADDRESS_DIGITS];
        struct bytes b = unhex(messages[i].tpdu);
        struct kb_sms sms;

        assert_int_equal(kb_sms_parse(kb_span(b.data, b.len), messages[i].kind, &sms), KB_OK);
        assert_int_equal(sms.address.type, messages[i].type);
        assert_int_equal(sms.pid, messages[i].pid);
        assert_int_equal(sms.dcs, messages[i].dcs);
        assert_int_equal(sms.length, messages[i].length);
        assert_int_equal(sms.user_data.len, messages[i].user_data);
        if (messages[i].digits[0]) {
            assert_int_equal(kb_sms_address_digits(&sms.address, digits),
                             strlen(messages[i].digits));
            assert_memory_equal(digits, messages[i].digits, strlen(messages[i].digits));
        }
    }
}

static void what_was_read_is_written_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        uint8_t out[KB_SMS_MAX];
        struct kb_writer wr = kb_wr(out, sizeof(out));
        struct bytes b = unhex(messages[i].tpdu);
        struct kb_sms sms;

        assert_int_equal(kb_sms_parse(kb_span(b.data, b.len), messages[i].kind, &sms), KB_OK);
        kb_sms_write(&wr, &sms);
        if (sms.length && kb_sms_counts_septets(sms.dcs)) {
            assert_true(wr.is_bad);
            continue;
        }
        assert_int_equal(wr.len, b.len);
        assert_memory_equal(out, b.data, b.len);
    }
}

static void a_message_that_is_cut_or_longer_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        struct bytes b = unhex(messages[i].tpdu);

        b.data[b.len] = 0;
        for (size_t len = 0; len <= b.len + 1; len++) {
            uint8_t *copy = exact_copy(b.data, len);
            struct kb_sms sms;

            assert_int_equal(kb_sms_parse(kb_span(copy, len), messages[i].kind, &sms),
                             len == b.len ? KB_OK : KB_ERR_MALFORMED);
            free(copy);
        }
    }
}

static void a_message_of_another_kind_is_malformed(void **state)
{
    struct bytes deliver = unhex("400881214365877FF6227052000000000602700000AABB");
    struct bytes submit = unhex("0107038121F37FF600");
    struct kb_sms sms;

    (void)state;
    assert_int_equal(kb_sms_parse(kb_span(deliver.data, deliver.len), KB_SMS_SUBMIT, &sms),
                     KB_ERR_MALFORMED);
    assert_int_equal(kb_sms_parse(kb_span(submit.data, submit.len), KB_SMS_DELIVER, &sms),
                     KB_ERR_MALFORMED);
}

static void more_digits_or_user_data_than_there_may_be_are_malformed(void **state)
{
    struct bytes b = unhex("0107158121436587092143658709214365877FF600");
    uint8_t long_one[4 + 2 + 150 + 4] = {0x01, 0x07, 0x03, 0x81, 0x21, 0xF3, 0x7F, 0xF6, 141};
    struct kb_sms sms;

    (void)state;
    assert_int_equal(kb_sms_parse(kb_span(b.data, b.len), KB_SMS_SUBMIT, &sms), KB_ERR_MALFORMED);
    assert_int_equal(kb_sms_parse(kb_span(long_one, 9 + 141), KB_SMS_SUBMIT, &sms),
                     KB_ERR_MALFORMED);
    long_one[8] = 140;
    assert_int_equal(kb_sms_parse(kb_span(long_one, 9 + 140), KB_SMS_SUBMIT, &sms), KB_OK);
}

static void an_address_is_written_in_semi_octets(void **state)
{
    static const uint8_t even[] = {0x21, 0x43}, odd[] = {0x21, 0xF3}, signs[] = {0xBA, 0xDC};
    struct kb_sms_address address, other;
    char digits[KB_SMS_ADDRESS_DIGITS];

    (void)state;
    assert_int_equal(kb_sms_address_set(&address, 0x81, kb_span("1234", 4)), KB_OK);
    assert_memory_equal(address.digits, even, 2);
    assert_int_equal(kb_sms_address_set(&other, 0x81, kb_span("123", 3)), KB_OK);
    assert_memory_equal(other.digits, odd, 2);
    assert_false(kb_sms_address_is_same(&address, &other));
    assert_int_equal(kb_sms_address_set(&address, 0x81, kb_span("*#ac", 4)), KB_OK);
    assert_int_equal(kb_sms_address_digits(&address, digits), 4);
    assert_memory_equal(digits, "*#ac", 4);
    assert_int_equal(kb_sms_address_set(&address, 0x81, kb_span("*#ab", 4)), KB_OK);
    assert_memory_equal(address.digits, signs, 2);
    assert_int_equal(kb_sms_address_set(&address, 0x81, kb_span("12x4", 4)), KB_ERR_MALFORMED);
    assert_int_equal(kb_sms_address_set(&address, 0x91, kb_span("123456789012345678901", 21)),
                     KB_ERR_TOO_LONG);
    assert_int_equal(kb_sms_address_set(&address, 0xD0, kb_span("1234", 4)), KB_OK);
    assert_int_equal(kb_sms_address_digits(&address, digits), 0);
}

/* TS 23.040 clause 9.1.2.3: 1111 fills up, wherever it stands. */
static void the_filler_ends_the_digits(void **state)
{
    struct kb_sms_address address = {.type = 0x81, .count = 6, .digits = {0x21, 0x4F, 0x65}};
    char digits[KB_SMS_ADDRESS_DIGITS];

    (void)state;
    assert_int_equal(kb_sms_address_digits(&address, digits), 2);
    assert_memory_equal(digits, "12", 2);
}

static void an_address_is_the_same_by_kind_length_and_digits(void **state)
{
    struct kb_sms_address address, other;

    (void)state;
    assert_int_equal(kb_sms_address_set(&address, 0x91, kb_span("1234", 4)), KB_OK);
    assert_int_equal(kb_sms_address_set(&other, 0x91, kb_span("1234", 4)), KB_OK);
    assert_true(kb_sms_address_is_same(&address, &other));
    other.digits[0] ^= 1;
    assert_false(kb_sms_address_is_same(&address, &other));
    assert_int_equal(kb_sms_address_set(&other, 0x81, kb_span("1234", 4)), KB_OK);
    assert_false(kb_sms_address_is_same(&address, &other));
}

static void what_has_no_room_in_a_message_is_not_written(void **state)
{
    static const uint8_t text[141];
    uint8_t out[200];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    struct kb_sms sms = {
        .kind = KB_SMS_SUBMIT, .dcs = 0xF6, .address = {.type = 0x81, .count = 21}};

    (void)state;
    kb_sms_write(&wr, &sms);
    assert_true(wr.is_bad);
    wr = kb_wr(out, sizeof(out));
    sms.address.count = 2;
    sms.user_data = kb_span(text, sizeof(text));
    kb_sms_write(&wr, &sms);
    assert_true(wr.is_bad);
    wr = kb_wr(out, sizeof(out));
    sms.user_data.len = 140;
    kb_sms_write(&wr, &sms);
    assert_false(wr.is_bad);
    sms.dcs = 0x00; /* septets, which this does not pack */
    kb_sms_write(&wr, &sms);
    assert_true(wr.is_bad);
}

/* TS 23.038 clause 4, a value or two of each group. */
static void tp_udl_counts_septets_for_the_default_alphabet_only(void **state)
{
    static const uint8_t septets[] = {0x00, 0x01, 0x10, 0x0C, 0x40, 0xC0, 0xD8, 0xF0, 0xF2, 0x80};
    static const uint8_t bytes[] = {0x04, 0x08, 0x15, 0x18, 0x20, 0x44, 0xE0, 0xF4, 0xF6};

    (void)state;
    for (size_t i = 0; i < sizeof(septets); i++)
        assert_true(kb_sms_counts_septets(septets[i]));
    for (size_t i = 0; i < sizeof(bytes); i++)
        assert_false(kb_sms_counts_septets(bytes[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_read_as_published),
        cmocka_unit_test(what_was_read_is_written_the_same),
        cmocka_unit_test(a_message_that_is_cut_or_longer_is_malformed),
        cmocka_unit_test(a_message_of_another_kind_is_malformed),
        cmocka_unit_test(more_digits_or_user_data_than_there_may_be_are_malformed),
        cmocka_unit_test(an_address_is_written_in_semi_octets),
        cmocka_unit_test(the_filler_ends_the_digits),
        cmocka_unit_test(an_address_is_the_same_by_kind_length_and_digits),
        cmocka_unit_test(what_has_no_room_in_a_message_is_not_written),
        cmocka_unit_test(tp_udl_counts_septets_for_the_default_alphabet_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
