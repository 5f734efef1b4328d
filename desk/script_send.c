/* SPDX-License-Identifier: Apache-2.0 */
/* A script on its way to a card in a reader, and back. */
#include <string.h>

#include "crypto/secret.h"
#include "desk/script.h"
#include "desk/talk.h"
#include "wire/cat.h"
#include "wire/sms_parts.h"

enum { FETCHES = 64, SENDER_DIGITS = 8 };

struct sending {
    const struct kb_script_order *order;
    struct kb_script_receipt *receipt;
    struct kb_report *why;
    struct kb_ota_command command;
    uint8_t packet[KB_SCRIPT_PACKET]; /* of the command; then of the response */
    struct kb_sms_join join;
    uint8_t room[KB_SCRIPT_PACKET];
    struct kb_answer answer;
};

/* --- The proof of receipt --- */

/* One that does not belong to the packet is not worth a word: anybody may have sent it. */
static void take_packet(struct sending *sending, struct kb_span packet)
{
    struct kb_script_receipt *receipt = sending->receipt;
    struct kb_ota_response response;
    struct kb_writer wr = kb_wr(sending->packet, sizeof(sending->packet));

    kb_wr_copy(&wr, packet.data, packet.len);
    if (wr.is_bad || kb_ota_open_response(&kb_crypto_openssl, sending->order->keys,
                                          &sending->command, wr.data, wr.len, &response))
        return;
    if (response.data.len > sizeof(receipt->data))
        return;
    receipt->is_there = true;
    receipt->status = response.status;
    receipt->len = response.data.len;
    if (response.data.len)
        memcpy(receipt->data, response.data.data, response.data.len);
}

/* In the answer to an ENVELOPE: user data of a deliver report. */
static void take_deliver_report(struct sending *sending)
{
    struct kb_sms_header header;
    struct kb_span rest;

    if (!kb_sms_header_parse(kb_span(sending->answer.data, sending->answer.len), &header, &rest) &&
        header.packet == KB_SMS_RESPONSE_PACKET)
        take_packet(sending, rest);
}

/* In a message that the card sends; false: it is another one. */
static bool take_submit(struct sending *sending, const struct kb_cat_command *command)
{
    struct kb_sms_join *whole = NULL;
    struct kb_sms_header header;
    struct kb_span rest;
    struct kb_sms sms;

    if (command->type != KB_CAT_SEND_SHORT_MESSAGE || !kb_cat_has(&command->with, KB_CAT_TPDU) ||
        kb_sms_parse(command->with.tpdu, KB_SMS_SUBMIT, &sms) || !(sms.flags & KB_SMS_HAS_HEADER) ||
        kb_sms_header_parse(sms.user_data, &header, &rest))
        return false;
    if (header.packet != KB_SMS_RESPONSE_PACKET && !sending->join.is_used)
        return false;
    if (!header.is_part)
        take_packet(sending, rest);
    else if (kb_sms_join(&sending->join, 1, &sms.address, true, sms.user_data, &whole))
        return false;
    if (whole) {
        take_packet(sending, whole->contents);
        kb_sms_join_forget(whole);
    }
    return true;
}

/* --- Commands --- */

static enum kb_err talk(struct sending *sending, const char *what, uint8_t ins, struct kb_span data,
                        uint32_t ne)
{
    const struct kb_apdu cmd = {.cla = 0x80, .ins = ins, .data = data, .has_le = ne != 0, .ne = ne};
    enum kb_err err = kb_exchange(sending->order->reader, &cmd, &sending->answer, sending->why);
    uint16_t sw = sending->answer.sw;

    if (!err && sw != KB_SW_OK && sw >> 8 != KB_SW_PROACTIVE_COMMAND >> 8)
        err = kb_talk_refused(sending->why, what, sw);
    return err;
}

/* TERMINAL PROFILE of a terminal that hands over short messages and sends them (TS 102 223 clause
 * 5.2), and nothing else. */
static enum kb_err tell_profile(struct sending *sending)
{
    static const uint8_t profile[] = {0x13, 0x00, 0x00, 0x02};

    return talk(sending, "TERMINAL PROFILE", 0x10, kb_span(profile, sizeof(profile)), 0);
}

/* SMS-PP DOWNLOAD (3GPP TS 31.111 clause 7.1.1). */
static enum kb_err hand_over(struct sending *sending, struct kb_span user_data)
{
    struct kb_sms sms = {.kind = KB_SMS_DELIVER,
                         .flags = KB_SMS_HAS_HEADER | KB_SMS_NO_MORE,
                         .pid = KB_SMS_PID_USIM_DOWNLOAD,
                         .dcs = KB_SMS_DCS_USIM_8BIT,
                         .user_data = user_data};
    struct kb_cat_envelope envelope = {
        .tag = KB_CAT_SMS_PP_DOWNLOAD, .source = KB_CAT_NETWORK, .destination = KB_CAT_UICC};
    uint8_t tpdu[KB_SMS_MAX], bytes[KB_CAT_MAX];
    struct kb_writer tpdu_wr = kb_wr(tpdu, sizeof(tpdu)), wr = kb_wr(bytes, sizeof(bytes));
    enum kb_err err;

    kb_sms_address_set(&sms.address, 0x81, kb_span("00000000", SENDER_DIGITS));
    kb_sms_write(&tpdu_wr, &sms);
    envelope.with.tpdu = kb_wr_span(&tpdu_wr);
    kb_cat_add(&envelope.with, KB_CAT_TPDU);
    kb_cat_envelope_write(&wr, &envelope);
    err = talk(sending, "ENVELOPE", 0xC2, kb_wr_span(&wr), 256);
    if (!err)
        sending->receipt->messages++;
    return err;
}

static enum kb_err respond(struct sending *sending, const struct kb_cat_command *command,
                           enum kb_cat_result result)
{
    const struct kb_cat_response response = {.number = command->number,
                                             .type = command->type,
                                             .qualifier = command->qualifier,
                                             .result = (uint8_t)result};
    uint8_t bytes[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    kb_cat_response_write(&wr, &response);
    return talk(sending, "TERMINAL RESPONSE", 0x14, kb_wr_span(&wr), 0);
}

/* Fetches what waits until the proof is there or nothing waits any more. */
static enum kb_err fetch(struct sending *sending)
{
    enum kb_err err = KB_OK;

    for (unsigned i = 0; i < FETCHES && !err && !sending->receipt->is_there &&
                         sending->answer.sw >> 8 == KB_SW_PROACTIVE_COMMAND >> 8;
         i++) {
        struct kb_cat_command command;
        uint32_t length = sending->answer.sw & 0xFF;
        bool is_ours;

        err = talk(sending, "FETCH", 0x12, kb_span(NULL, 0), length ? length : 256);
        if (err)
            break;
        if (kb_cat_command_read(kb_span(sending->answer.data, sending->answer.len), &command) ==
            KB_ERR_MALFORMED)
            return kb_report(sending->why, KB_ERR_MALFORMED,
                             "the card's proactive command cannot be read");
        is_ours = take_submit(sending, &command);
        err = respond(sending, &command, is_ours ? KB_CAT_OK : KB_CAT_TERMINAL_BUSY);
    }
    return err;
}

/* --- All of it --- */

static enum kb_err send_parts(struct sending *sending, size_t len)
{
    struct kb_sms_split split = {.contents = kb_span(sending->packet, len),
                                 .packet = KB_SMS_COMMAND_PACKET,
                                 .reference = (uint8_t)sending->order->counter};
    uint8_t messages[KB_SMS_PARTS_MAX][KB_SMS_USER_DATA];
    size_t lengths[KB_SMS_PARTS_MAX];
    unsigned count = kb_sms_split_count(&split);
    enum kb_err err = KB_OK;

    if (!count || count > KB_SMS_PARTS_MAX)
        return kb_report(sending->why, KB_ERR_TOO_LONG, "the packet takes too many messages");
    for (unsigned i = 0; i < count; i++) {
        struct kb_writer wr = kb_wr(messages[i], sizeof(messages[i]));

        kb_sms_split_write(&split, i + 1, &wr);
        lengths[i] = wr.len;
    }
    for (unsigned i = 0; i < count && !err; i++) {
        err = hand_over(sending, kb_span(messages[i], lengths[i]));
        if (!err)
            take_deliver_report(sending);
        if (!err)
            err = fetch(sending);
    }
    return err;
}

static enum kb_err seal(struct sending *sending, struct kb_span script, size_t *len)
{
    const struct kb_script_order *order = sending->order;
    struct kb_writer wr = kb_wr(sending->packet, sizeof(sending->packet));
    enum kb_err err;

    sending->command = (struct kb_ota_command){.bearer = KB_PACKET_SMS,
                                               .spi = {order->spi[0], order->spi[1]},
                                               .cntr = order->counter,
                                               .data = script,
                                               .keys = order->keys};
    memcpy(sending->command.tar, order->tar, KB_TAR_SIZE);
    kb_ota_command_name_keys(&sending->command, order->keys);
    err = kb_ota_protect(&kb_crypto_openssl, order->keys, &sending->command, &wr);
    *len = wr.len;
    if (err == KB_ERR_USAGE)
        return kb_report(sending->why, err, "the SPI asks for what there is not");
    return err ? kb_report(sending->why, err, "the packet: %s", kb_err_text(err)) : KB_OK;
}

enum kb_err kb_script_send(const struct kb_script_order *order, struct kb_span script,
                           struct kb_script_receipt *receipt, struct kb_report *why)
{
    struct sending sending = {.order = order, .receipt = receipt, .why = why};
    size_t len;
    enum kb_err err;

    memset(receipt, 0, sizeof(*receipt));
    sending.join.room = sending.room;
    sending.join.cap = sizeof(sending.room);
    err = tell_profile(&sending);
    if (!err)
        err = fetch(&sending);
    if (!err)
        err = seal(&sending, script, &len);
    if (!err)
        err = send_parts(&sending, len);
    kb_wipe(&sending, sizeof(sending));
    return err;
}

const char *kb_script_status_text(enum kb_packet_status status)
{
    static const char *const texts[] = {
        [KB_STATUS_POR_OK] = "taken",
        [KB_STATUS_CHECK_FAILED] = "the checksum is wrong",
        [KB_STATUS_CNTR_LOW] = "the counter was there before",
        [KB_STATUS_CNTR_HIGH] = "the counter is too high",
        [KB_STATUS_CNTR_BLOCKED] = "the counter is used up",
        [KB_STATUS_CIPHERING_ERROR] = "the ciphering is wrong",
        [KB_STATUS_SECURITY_ERROR] = "the security is wrong, or a counter is missing",
        [KB_STATUS_NO_MEMORY] = "no memory for the message",
        [KB_STATUS_MORE_TIME] = "the card needs more time",
        [KB_STATUS_TAR_UNKNOWN] = "no such TAR",
        [KB_STATUS_INSUFFICIENT_SECURITY] = "the security level is too low",
        [KB_STATUS_ANSWER_BY_SUBMIT] = "the answer follows by short message",
        [KB_STATUS_ANSWER_BY_USSD] = "the answer follows by USSD",
    };

    return (size_t)status < sizeof(texts) / sizeof(texts[0]) && texts[status] ? texts[status]
                                                                              : "unknown status";
}
