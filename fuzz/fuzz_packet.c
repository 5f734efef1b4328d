/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages and secured packets from any bytes. An input is one byte what, one byte how, and
 * the rest. What was read is written the same; what was split comes back whatever the order; what
 * was protected is opened once and once only; and what nobody protected is never accepted. */

#include <string.h>

#include "card/ota/secured.h"
#include "fuzz/fuzz.h"
#include "wire/sms_parts.h"

enum { SIZE = 4096 + 64, PLACES = 2, ROOM = 600 };
enum what { WHAT_SMS, WHAT_JOIN, WHAT_SPLIT, WHAT_COMMAND, WHAT_RESPONSE, WHAT_ROUND, WHAT_COUNT };

static uint8_t work[SIZE], packet[SIZE];

static const struct kb_ota_keys keys = {
    .number = 2,
    .cc_len = 8,
    .kic = {.algorithm = KB_ALGORITHM_AES, .len = 16, .value = {1, 2, 3}},
    .kid = {.algorithm = KB_ALGORITHM_AES, .len = 16, .value = {4, 5, 6}},
};
static const struct kb_ota_target target = {{0xB0, 0x00, 0x11}, 0x16};
static uint64_t last;

static enum kb_err read_counter(void *self, uint64_t *value)
{
    (void)self;
    *value = last;
    return KB_OK;
}

static enum kb_err commit_counter(void *self, uint64_t value)
{
    (void)self;
    last = value;
    return KB_OK;
}

static const struct kb_ota_counter counter = {NULL, read_counter, commit_counter};
static const struct kb_ota_receiver receiver = {&kb_crypto_openssl, &keys, 1, &target, 1, &counter};

static void read_sms(unsigned how, struct kb_span input)
{
    struct kb_writer wr = kb_wr(work, sizeof(work));
    char digits[KB_SMS_ADDRESS_DIGITS];
    struct kb_sms first, second;

    if (kb_sms_parse(input, (enum kb_sms_kind)(how % 6), &first))
        return;
    kb_fuzz_insist(input.len <= KB_SMS_MAX + 255, "a TPDU has its longest length");
    kb_fuzz_insist(kb_sms_address_digits(&first.address, digits) <= sizeof(digits), "digits fit");
    kb_sms_write(&wr, &first);
    if (wr.is_bad)
        return;
    kb_fuzz_insist(!kb_sms_parse(kb_wr_span(&wr), first.kind, &second), "it can be read again");
    kb_fuzz_insist(second.user_data.len == first.user_data.len, "it is the same");
}

/* User data in a row, each behind its length, some from another sender. */
static void join(struct kb_span input)
{
    static uint8_t rooms[PLACES][ROOM + 1];
    struct kb_sms_join places[PLACES] = {{.room = rooms[0], .cap = ROOM},
                                         {.room = rooms[1], .cap = ROOM}};
    struct kb_cursor rd = kb_rd(input);

    rooms[0][ROOM] = rooms[1][ROOM] = 0xEE;
    while (kb_rd_left(&rd)) {
        struct kb_sms_address from = {.type = kb_rd_peek(&rd) >> 7};
        struct kb_span part = kb_rd_span(&rd, kb_rd_u8(&rd));
        struct kb_sms_join *whole;

        if (kb_sms_join(places, PLACES, &from, true, part, &whole) || !whole)
            continue;
        kb_fuzz_insist(whole->contents.len <= ROOM, "contents stay in their room");
        kb_sms_join_forget(whole);
    }
    kb_fuzz_insist(rooms[0][ROOM] == 0xEE && rooms[1][ROOM] == 0xEE, "nothing is written behind");
}

static void split(unsigned how, struct kb_span input)
{
    static const uint8_t sender[KB_SMS_SENDER_SIZE] = {0x98, 0x94, 0x10};
    struct kb_sms_split parts = {.contents = input,
                                 .packet = KB_SMS_RESPONSE_PACKET,
                                 .sender = how & 4 ? sender : NULL,
                                 .reference = (uint16_t)(how * 257),
                                 .is_wide = how & 1};
    unsigned count = kb_sms_split_count(&parts);
    struct kb_sms_join place = {.room = work, .cap = sizeof(work)}, *whole = NULL;
    struct kb_sms_address from = {0};

    kb_fuzz_insist(count > 0, "4096 bytes can be split");
    for (unsigned i = 0; i < count; i++) {
        unsigned number = how & 2 ? count - i : i + 1;
        uint8_t out[KB_SMS_USER_DATA];
        struct kb_writer wr = kb_wr(out, sizeof(out));

        kb_fuzz_insist(!whole, "it is whole with the last part");
        kb_sms_split_write(&parts, number, &wr);
        kb_fuzz_insist(!wr.is_bad, "a part fits a message");
        kb_fuzz_insist(!kb_sms_join(&place, 1, &from, true, kb_wr_span(&wr), &whole), "it joins");
    }
    kb_fuzz_insist(whole && whole->contents.len == input.len, "it comes back");
    kb_fuzz_insist(!input.len || !memcmp(whole->contents.data, input.data, input.len), "the same");
    kb_fuzz_insist(whole->header.has_sender == (parts.sender != NULL), "so does its sender");
}

static void open_command(unsigned how, struct kb_span input)
{
    struct kb_ota_command out;

    last = how;
    if (input.len)
        memcpy(work, input.data, input.len);
    kb_fuzz_insist(kb_ota_open(&receiver, (enum kb_packet_bearer)(how & 1), work, input.len,
                               &out) == KB_OTA_SILENCE,
                   "nobody without a key is heard");
    kb_fuzz_insist(last == how && !out.data.len, "and nothing of it stays");
}

static void open_response(unsigned how, struct kb_span input)
{
    struct kb_ota_command command = {
        .bearer = (enum kb_packet_bearer)(how & 1), .spi = {0x16, 0x19}, .tar = {0xB0, 0x00, 0x11}};
    struct kb_ota_response out;

    kb_ota_command_name_keys(&command, &keys);
    if (input.len)
        memcpy(work, input.data, input.len);
    kb_fuzz_insist(
        kb_ota_open_response(&kb_crypto_openssl, &keys, &command, work, input.len, &out) != KB_OK,
        "a response needs the key");
}

/* Protects the input, with the SPI that how says, and opens it twice. */
static void go_round(unsigned how, struct kb_span input)
{
    struct kb_ota_command command = {.bearer = (enum kb_packet_bearer)(how & 1),
                                     .spi = {how & 2 ? 0x16 : 0x1E, 0x19},
                                     .tar = {0xB0, 0x00, 0x11},
                                     .cntr = how + 1,
                                     .data = input},
                          out;
    struct kb_writer wr = kb_wr(packet, sizeof(packet));

    last = how;
    kb_ota_command_name_keys(&command, &keys);
    kb_fuzz_insist(!kb_ota_protect(&kb_crypto_openssl, &keys, &command, &wr), "it is protected");
    memcpy(work, packet, wr.len);
    kb_fuzz_insist(kb_ota_open(&receiver, command.bearer, work, wr.len, &out) == KB_OTA_ACCEPTED,
                   "it is opened");
    kb_fuzz_insist(out.data.len == input.len &&
                       (!input.len || !memcmp(out.data.data, input.data, input.len)),
                   "it is the same");
    kb_fuzz_insist(kb_ota_open(&receiver, command.bearer, packet, wr.len, &out) == KB_OTA_REFUSED &&
                       out.is_repeat,
                   "once only");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kb_cursor rd = kb_rd(kb_span(data, size));
    unsigned what = kb_rd_u8(&rd) % WHAT_COUNT, how = kb_rd_u8(&rd);
    struct kb_span rest = kb_rd_span(&rd, kb_rd_left(&rd));

    if (rd.is_bad || rest.len > 4000)
        return 0;
    if (what == WHAT_SMS)
        read_sms(how, rest);
    else if (what == WHAT_JOIN)
        join(rest);
    else if (what == WHAT_SPLIT)
        split(how, rest);
    else if (what == WHAT_COMMAND)
        open_command(how, rest);
    else if (what == WHAT_RESPONSE)
        open_response(how, rest);
    else
        go_round(how, rest);
    return 0;
}
