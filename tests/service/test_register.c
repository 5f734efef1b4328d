/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between a PS and its register. Expected bytes were encoded by hand after RFC 8949. */
#include "tests/crypto/backends.h"

#include "service/register.h"

#define K    "000102030405060708090A0B0C0D0E0F"
#define OPC  "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"
#define IMSI "6F303031303130303030303030303031"

static struct kb_span imsi(void)
{
    return kb_span("001010000000001", 15);
}

static void a_create_holds_identity_and_keys(void **state)
{
    uint8_t k[32], opc[32], out[KB_REGISTER_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    struct kb_register_message message = {.what = KB_REGISTER_CREATE, .request = 500};

    (void)state;
    message.imsi = imsi();
    message.k = kb_span(k, unhex(K, k, sizeof(k)));
    message.opc = kb_span(opc, unhex(OPC, opc, sizeof(opc)));
    kb_register_write(&wr, &message);
    assert_false(wr.is_bad);
    assert_hex(out, wr.len,
               "01"
               "1901F4"
               "A3"
               "01" IMSI "0250" K "0350" OPC);
    memset(&message, 0, sizeof(message));
    assert_int_equal(kb_register_read(kb_wr_span(&wr), &message), KB_OK);
    assert_int_equal(message.request, 500);
    assert_memory_equal(message.k.data, k, 16);
    assert_memory_equal(message.opc.data, opc, 16);
}

static enum kb_err read_hex(const char *hex, struct kb_register_message *message)
{
    static uint8_t bytes[256];

    return kb_register_read(kb_span(bytes, unhex(hex, bytes, sizeof(bytes))), message);
}

static void an_answer_repeats_the_number_of_its_request(void **state)
{
    struct kb_register_message message;

    (void)state;
    assert_int_equal(read_hex("031901F4A101" IMSI, &message), KB_OK);
    assert_int_equal(message.what, KB_REGISTER_DONE);
    assert_int_equal(message.request, 500);
    assert_int_equal(message.imsi.len, 15);
    assert_memory_equal(message.imsi.data, "001010000000001", 15);
}

static void who_was_seen_need_not_say_with_which_keys(void **state)
{
    struct kb_register_message message;

    (void)state;
    assert_int_equal(read_hex("0500A101" IMSI, &message), KB_OK);
    assert_int_equal(message.what, KB_REGISTER_SEEN);
    assert_int_equal(read_hex("0300A101" IMSI, &message), KB_ERR_MALFORMED);
}

static void what_is_no_message_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "0301",
        "0001A101" IMSI,                              /* no such thing */
        "0601A101" IMSI,                              /* no such thing */
        "0301A101" IMSI "00",                         /* something behind it */
        "031801A101" IMSI,                            /* a number in a longer form */
        "0101A101" IMSI,                              /* a subscriber without keys */
        "0101A201" IMSI "0250" K,                     /* without OPc */
        "0101A301" IMSI "0250" K "034101",            /* OPc of one byte */
        "0101A301" IMSI "025101" K "0350" OPC,        /* K of 17 bytes */
        "0301A201" IMSI "0250" K,                     /* keys where none belong */
        "0301A1016D30303130313030303030303030",       /* 13 digits */
        "0301A1017030303130313030303030303030303132", /* 16 digits */
        "0301A1016F30303130313030303030303030304100", /* no digit */
        "031BFFFFFFFFFFFFFFFFA101" IMSI,              /* a number that no store takes */
    };
    struct kb_register_message message;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (read_hex(bad[i], &message) != KB_ERR_MALFORMED)
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(message.imsi.len, 0);
    }
}

static void what_is_no_message_is_not_written(void **state)
{
    uint8_t out[KB_REGISTER_MAX];
    struct kb_register_message message = {.what = KB_REGISTER_DONE, .request = 1, .imsi = imsi()};
    struct kb_writer wr = kb_wr(out, 5);

    (void)state;
    kb_register_write(&wr, &message);
    assert_true(wr.is_bad);
    message.k = kb_span("0123456789ABCDEF", 16);
    wr = kb_wr(out, sizeof(out));
    kb_register_write(&wr, &message);
    assert_true(wr.is_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_create_holds_identity_and_keys),
        cmocka_unit_test(an_answer_repeats_the_number_of_its_request),
        cmocka_unit_test(who_was_seen_need_not_say_with_which_keys),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(what_is_no_message_is_not_written),
    };

    return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
