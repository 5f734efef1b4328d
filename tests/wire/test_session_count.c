/* SPDX-License-Identifier: Apache-2.0 */
/* How many short messages a personalization takes: the numbers of docs/protocol.md, from the codecs
 * that send them and the sizes of agreements that docs/agree.md names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "card/ota/secured.h"
#include "tests/wire/session_examples.h"
#include "wire/sms_parts.h"

enum { TAG = KB_SEALED_TAG, STEPS = 6 };

/* In the order of sending: REQUEST, COMMAND, AGREE, IDENTITY, CONFIRM up, CONFIRM down. A packet is
 * 10 bytes and the whole blocks of 16 that hold 14 bytes and the message; in a channel one byte
 * more that announces it, one less for its length, and two more when that is above 127. */
static const struct agreement {
    const char *name;
    uint8_t kind;
    size_t message[3]; /* docs/agree.md */
    size_t bytes[STEPS], packet[STEPS];
    unsigned count[STEPS], sum;
} agreements[] = {
    {"edhoc 0",
     KB_SESSION_EDHOC,
     {37, 195, 19},
     {55, 227, 24, 63, 13, 3},
     {90, 266, 58, 90, 42, 42},
     {1, 2, 1, 1, 1, 1},
     7},
    {"edhoc 1",
     KB_SESSION_EDHOC,
     {37, 203, 36},
     {55, 235, 42, 63, 13, 3},
     {90, 266, 74, 90, 42, 42},
     {1, 2, 1, 1, 1, 1},
     7},
    {"edhoc 2",
     KB_SESSION_EDHOC,
     {37, 197, 19},
     {55, 229, 24, 63, 13, 3},
     {90, 266, 58, 90, 42, 42},
     {1, 2, 1, 1, 1, 1},
     7},
    {"edhoc 3",
     KB_SESSION_EDHOC,
     {37, 205, 36},
     {55, 237, 42, 63, 13, 3},
     {90, 266, 74, 90, 42, 42},
     {1, 2, 1, 1, 1, 1},
     7},
    {"dh ffdhe2048",
     KB_SESSION_DH,
     {262, 276, 17},
     {281, 309, 22, 63, 13, 3},
     {314, 346, 58, 90, 42, 42},
     {3, 3, 1, 1, 1, 1},
     10},
    {"dh ffdhe3072",
     KB_SESSION_DH,
     {390, 404, 17},
     {409, 437, 22, 63, 13, 3},
     {442, 474, 58, 90, 42, 42},
     {4, 4, 1, 1, 1, 1},
     12},
    {"dh ffdhe4096",
     KB_SESSION_DH,
     {518, 532, 17},
     {537, 565, 22, 63, 13, 3},
     {570, 602, 58, 90, 42, 42},
     {5, 5, 1, 1, 1, 1},
     14},
    {"dh P-256",
     KB_SESSION_DH,
     {35, 51, 17},
     {53, 83, 22, 63, 13, 3},
     {90, 122, 58, 90, 42, 42},
     {1, 1, 1, 1, 1, 1},
     6},
    {"dh X25519",
     KB_SESSION_DH,
     {36, 51, 17},
     {54, 83, 22, 63, 13, 3},
     {90, 122, 58, 90, 42, 42},
     {1, 1, 1, 1, 1, 1},
     6},
};

static const uint8_t filler[KB_SESSION_MAX];

static size_t sealed_identity(void)
{
    struct kb_identity identity = {.imsi = S("001010123456789"),
                                   .mnc_length = 2,
                                   .name = S("Operator One"),
                                   .centre = S("+491700000000")};
    uint8_t out[KB_SESSION_SEALED_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    kb_identity_write(&wr, &identity);
    assert_false(wr.is_bad);
    return wr.len + TAG;
}

static struct kb_session_message message_of(const struct agreement *of, unsigned step)
{
    struct kb_session_message steps[] = {
        {.kind = KB_SESSION_REQUEST,
         .id_o = S("001-01"),
         .agreement = of->kind,
         .agree = kb_span(filler, of->message[0]),
         .revoked_seen = 1},
        {.kind = KB_SESSION_COMMAND,
         .id_o = S("001-01"),
         .command = KB_COMMAND_PERSONALIZE,
         .agree = kb_span(filler, of->message[1]),
         .admin_code = S("12345678"),
         .time = 1700000000},
        {.kind = KB_SESSION_AGREE, .agree = kb_span(filler, of->message[2])},
        {.kind = KB_SESSION_IDENTITY, .sealed = kb_span(filler, sealed_identity())},
        {.kind = KB_SESSION_CONFIRM, .sealed = kb_span(filler, TAG)},
        {.kind = KB_SESSION_CONFIRM},
    };

    steps[step].session = 1;
    return steps[step];
}
/* Keys of the service: AES-128, a CC of 8 bytes, ciphered, counters that rise. */
static size_t packet_len(enum kb_packet_bearer bearer, struct kb_span data)
{
    const struct kb_ota_keys keys = {.number = 1,
                                     .cc_len = 8,
                                     .kic = {.algorithm = KB_ALGORITHM_AES, .len = 16},
                                     .kid = {.algorithm = KB_ALGORITHM_AES, .len = 16}};
    struct kb_ota_command command = {.bearer = bearer, .data = data};
    uint8_t out[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));

    kb_spi_set(command.spi, KB_SPI_CHECK, KB_CHECK_CC);
    kb_spi_set(command.spi, KB_SPI_CIPHERING, 1);
    kb_spi_set(command.spi, KB_SPI_COUNTER, KB_COUNTER_HIGHER);
    kb_ota_command_name_keys(&command, &keys);
    assert_int_equal(kb_ota_protect(&kb_crypto_openssl, &keys, &command, &wr), KB_OK);
    return wr.len;
}

static unsigned count_of(size_t packet, bool is_up)
{
    static const uint8_t sender[KB_SMS_SENDER_SIZE];
    struct kb_sms_split split = {.contents = kb_span(filler, packet),
                                 .packet = KB_SMS_COMMAND_PACKET,
                                 .sender = is_up ? sender : NULL};

    return kb_sms_split_count(&split);
}

static void assert_step(const struct agreement *of, unsigned step)
{
    struct kb_session_message message = message_of(of, step);
    uint8_t out[KB_SESSION_MAX];
    struct kb_writer wr = kb_wr(out, sizeof(out));
    size_t in_channel;

    kb_session_write(&wr, &message);
    assert_false(wr.is_bad);
    assert_int_equal(wr.len, of->bytes[step]);
    assert_int_equal(packet_len(KB_PACKET_SMS, kb_wr_span(&wr)), of->packet[step]);
    assert_int_equal(count_of(of->packet[step], step % 2 == 0), of->count[step]);
    in_channel = packet_len(KB_PACKET_CHANNEL, kb_wr_span(&wr));
    assert_int_equal(in_channel, of->packet[step] + (in_channel > 129 ? 2 : 0));
}

static void a_personalization_with_edhoc_takes_seven_short_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(agreements) / sizeof(agreements[0]); i++) {
        unsigned sum = 0;

        for (unsigned step = 0; step < STEPS; step++) {
            assert_step(&agreements[i], step);
            sum += agreements[i].count[step];
        }
        assert_int_equal(sum, agreements[i].sum);
        if (agreements[i].kind == KB_SESSION_EDHOC)
            assert_int_equal(sum, 7);
    }
}

/* With a sender or without: the cipher works in blocks, and 12 bytes do not make one. */
static void one_short_message_holds_98_bytes_and_two_hold_242(void **state)
{
    static const struct {
        size_t bytes;
        unsigned up, down;
    } cases[] = {{0, 1, 1},   {98, 1, 1},  {99, 2, 2}, {226, 2, 2},
                 {227, 3, 2}, {242, 3, 2}, {243, 3, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t packet = packet_len(KB_PACKET_SMS, kb_span(filler, cases[i].bytes));

        assert_int_equal(count_of(packet, true), cases[i].up);
        assert_int_equal(count_of(packet, false), cases[i].down);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_personalization_with_edhoc_takes_seven_short_messages),
        cmocka_unit_test(one_short_message_holds_98_bytes_and_two_hold_242),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
