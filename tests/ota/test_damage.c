/* SPDX-License-Identifier: Apache-2.0 */
/* Packets cut, bent, swapped and taken apart under failures: nothing of them is accepted. */
#include "tests/ota/rig.h"

#include <stdlib.h>

#include "tests/crypto/failing.h"

enum { SIZE = 200, FULL = 0x16, POR_FULL = 0x19 };

static const uint8_t text[] = "a message of some length, for two blocks";

struct sealed {
    struct rig rig;
    struct kb_ota_command command;
    uint8_t command_packet[SIZE], response_packet[SIZE];
    size_t command_len, response_len;
};

static void seal(struct sealed *s, const struct kb_crypto *crypto, enum kb_packet_bearer bearer,
                 bool is_ciphered)
{
    struct kb_ota_response response = {KB_STATUS_POR_OK, {text, sizeof(text)}};
    struct kb_writer wr = kb_wr(s->response_packet, SIZE);
    uint8_t spi1 = is_ciphered ? FULL : FULL & ~0x04, spi2 = is_ciphered ? POR_FULL : 0x09;

    rig_start(&s->rig, crypto);
    s->command = rig_command(&s->rig, spi1, spi2, 9, kb_span(text, sizeof(text)));
    s->command.bearer = bearer;
    s->command_len = rig_protect(&s->rig, &s->command, s->command_packet, SIZE);
    assert_int_equal(kb_ota_respond(crypto, &s->command, &response, &wr), KB_OK);
    s->response_len = wr.len;
}

/* Opens a copy of exactly this size, so that a sanitizer sees what lies behind it. */
static void assert_silence(const struct sealed *s, const uint8_t *packet, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    struct kb_ota_command out;

    assert_non_null(copy);
    memcpy(copy, packet, len);
    assert_int_equal(kb_ota_open(&s->rig.receiver, s->command.bearer, copy, len, &out),
                     KB_OTA_SILENCE);
    assert_int_equal(out.data.len, 0);
    if (kb_spi_get(s->command.spi, KB_SPI_CIPHERING))
        assert_null(memmem(copy, len, text, 8));
    free(copy);
}

static void assert_no_response(const struct sealed *s, const uint8_t *packet, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    struct kb_ota_response out;

    assert_non_null(copy);
    memcpy(copy, packet, len);
    assert_int_not_equal(
        kb_ota_open_response(s->rig.crypto, &s->rig.keys, &s->command, copy, len, &out), KB_OK);
    assert_int_equal(out.data.len, 0);
    free(copy);
}

static const struct {
    enum kb_packet_bearer bearer;
    bool is_ciphered;
} ways[] = {{KB_PACKET_SMS, true}, {KB_PACKET_CHANNEL, true}, {KB_PACKET_SMS, false}};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static void a_packet_that_is_cut_or_longer_is_refused(void **state)
{
    for (size_t way = 0; way < WAYS; way++) {
        struct sealed s;

        memset(&s, 0, sizeof(s));
        seal(&s, backend_of(state), ways[way].bearer, ways[way].is_ciphered);
        for (size_t len = 0; len < SIZE; len++) {
            if (len != s.command_len)
                assert_silence(&s, s.command_packet, len);
            if (len != s.response_len)
                assert_no_response(&s, s.response_packet, len);
        }
        assert_int_equal(s.rig.memory.commits, 0);
    }
}

static void a_packet_with_any_bit_flipped_is_refused(void **state)
{
    for (size_t way = 0; way < WAYS; way++) {
        struct sealed s;

        seal(&s, backend_of(state), ways[way].bearer, ways[way].is_ciphered);
        for (size_t bit = 0; bit < 8 * s.command_len; bit++) {
            struct kb_ota_command out;
            uint8_t copy[SIZE];

            memcpy(copy, s.command_packet, s.command_len);
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            s.rig.target.minimum = 0x02;
            assert_int_equal(
                kb_ota_open(&s.rig.receiver, s.command.bearer, copy, s.command_len, &out),
                KB_OTA_SILENCE);
            assert_int_equal(out.data.len, 0);
        }
        for (size_t bit = 0; bit < 8 * s.response_len; bit++) {
            s.response_packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_no_response(&s, s.response_packet, s.response_len);
            s.response_packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(s.rig.memory.commits, 0);
    }
}

static void a_packet_under_another_key_is_refused(void **state)
{
    struct sealed s;
    uint8_t *const keys[] = {s.rig.keys.kic.value, s.rig.keys.kid.value};

    for (size_t which = 0; which < 2; which++) {
        for (size_t bit = 0; bit < 128; bit++) {
            seal(&s, backend_of(state), KB_PACKET_SMS, true);
            keys[which][bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_silence(&s, s.command_packet, s.command_len);
            assert_no_response(&s, s.response_packet, s.response_len);
        }
    }
}

/* A CC cut to the length that the attacker likes is not the key set's. */
static void a_cc_of_another_length_than_the_key_sets_is_refused(void **state)
{
    struct kb_ota_command command, out;
    uint8_t packet[SIZE];
    struct rig rig;
    size_t len;

    rig_start(&rig, backend_of(state));
    rig.keys.cc_len = 4;
    command = rig_command(&rig, FULL, POR_FULL, 1, kb_span(text, sizeof(text)));
    len = rig_protect(&rig, &command, packet, sizeof(packet));
    rig.keys.cc_len = 8;
    assert_int_equal(kb_ota_open(&rig.receiver, KB_PACKET_SMS, packet, len, &out), KB_OTA_SILENCE);
}

static void a_command_is_no_response_and_a_response_no_command(void **state)
{
    for (size_t way = 0; way < WAYS; way++) {
        struct sealed s;

        seal(&s, backend_of(state), ways[way].bearer, ways[way].is_ciphered);
        assert_no_response(&s, s.command_packet, s.command_len);
        assert_silence(&s, s.response_packet, s.response_len);
    }
}

static void a_packet_of_one_bearer_is_none_of_the_other(void **state)
{
    struct sealed s;

    seal(&s, backend_of(state), KB_PACKET_SMS, true);
    s.command.bearer = KB_PACKET_CHANNEL;
    assert_silence(&s, s.command_packet, s.command_len);
    assert_no_response(&s, s.response_packet, s.response_len);
}

/* Authentic, but with more padding than a block needs: from a sender that is broken. */
static void padding_beyond_a_block_or_the_data_is_a_ciphering_error(void **state)
{
    static const uint8_t counts[] = {16, 17, 48, 255};

    for (size_t i = 0; i < sizeof(counts); i++) {
        struct kb_ota_command command, out;
        uint8_t packet[SIZE], tag[KB_CHECK_MAX];
        struct kb_span spans[3];
        struct rig rig;
        size_t len;

        rig_start(&rig, backend_of(state));
        command = rig_command(&rig, FULL, POR_FULL, 1, kb_span(text, 18));
        len = rig_protect(&rig, &command, packet, sizeof(packet));
        kb_ota_cipher(rig.crypto, &rig.keys.kic, false, packet + 10, len - 10);
        packet[15] = counts[i];
        spans[0] = kb_span(packet, 10);
        spans[1] = kb_span(packet + 10, 6);
        spans[2] = kb_span(packet + 24, len - 24);
        kb_ota_check(rig.crypto, &rig.keys, KB_CHECK_CC, 0, spans, 3, tag);
        memcpy(packet + 16, tag, sizeof(tag));
        kb_ota_cipher(rig.crypto, &rig.keys.kic, true, packet + 10, len - 10);
        assert_int_equal(kb_ota_open(&rig.receiver, KB_PACKET_SMS, packet, len, &out),
                         KB_OTA_REFUSED);
        assert_int_equal(out.status, KB_STATUS_CIPHERING_ERROR);
        assert_int_equal(rig.memory.commits, 0);
    }
}

/* The AES of the port fails at each call in turn: nothing is written and nothing is accepted. */
static void a_port_that_fails_anywhere_gives_nothing_out(void **state)
{
    struct sealed s;
    unsigned calls = 0;

    (void)state;
    seal(&s, &kb_crypto_openssl, KB_PACKET_SMS, true);
    for (;; calls++) {
        struct kb_crypto port = failing_port(calls);
        uint8_t packet[SIZE];
        struct kb_writer wr = kb_wr(packet, sizeof(packet));

        if (!kb_ota_protect(&port, &s.rig.keys, &s.command, &wr))
            break;
        assert_int_equal(wr.len, 0);
        assert_null(memmem(packet, sizeof(packet), text, 8));
        port = failing_port(calls);
        s.rig.receiver.crypto = &port;
        s.rig.receiver.keys = &s.rig.keys;
        s.rig.receiver.targets = &s.rig.target;
        s.rig.receiver.counter = &s.rig.counter;
        assert_silence(&s, s.command_packet, s.command_len);
        s.rig.crypto = &port;
        port = failing_port(calls);
        assert_no_response(&s, s.response_packet, s.response_len);
    }
    assert_true(calls > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_packet_that_is_cut_or_longer_is_refused),
        BOTH(a_packet_with_any_bit_flipped_is_refused),
        BOTH(a_packet_under_another_key_is_refused),
        BOTH(a_cc_of_another_length_than_the_key_sets_is_refused),
        BOTH(a_command_is_no_response_and_a_response_no_command),
        BOTH(a_packet_of_one_bearer_is_none_of_the_other),
        BOTH(padding_beyond_a_block_or_the_data_is_a_ciphering_error),
        cmocka_unit_test(a_port_that_fails_anywhere_gives_nothing_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
