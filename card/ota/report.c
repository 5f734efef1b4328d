/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of receipt on their way out (3GPP TS 31.115 clause 4). */
#include "card/ota/report.h"

#include <string.h>

#include "card/card.h"
#include "crypto/secret.h"

enum {
    DATA_IN_ONE = 96,  /* bytes of data whose packet fits in one message, whatever its security */
    REFERENCES = 0x80, /* of the parts: the application counts its own from 0 */
    DATA_IN_ROOM = KB_INBOX_ROOM - 48 /* in the room; the rest is the packet's */
};

/* In the answer to the ENVELOPE, which the terminal puts into TP-User-Data of the report
 * (TS 31.111 clause 7.1.1.2): the header that announces a response packet, and the packet. */
static void deliver(struct kb_card *card, const struct kb_ota_command *command,
                    const struct kb_ota_response *response, struct kb_writer *out)
{
    struct kb_span head = kb_packet_announcement(KB_PACKET_SMS, KB_PACKET_RESPONSE);

    kb_wr_copy(out, head.data, head.len);
    if (kb_ota_respond(card->port->crypto, command, response, out))
        out->len -= head.len;
}

/* Keeps an SMS-SUBMIT until the terminal has fetched and sent it. */
static void write_submit(struct kb_inbox *inbox, const struct kb_sms_split *split, unsigned number,
                         const struct kb_sms_address *to)
{
    uint8_t user_data[KB_SMS_USER_DATA];
    struct kb_writer data_wr = kb_wr(user_data, sizeof(user_data));
    struct kb_writer wr = kb_wr(inbox->report, sizeof(inbox->report));
    struct kb_sms sms = {.kind = KB_SMS_SUBMIT,
                         .flags = KB_SMS_HAS_HEADER,
                         .address = *to,
                         .dcs = KB_SMS_DCS_USIM_8BIT};

    kb_sms_split_write(split, number, &data_wr);
    sms.user_data = kb_wr_span(&data_wr);
    kb_sms_write(&wr, &sms);
    inbox->report_len = wr.is_bad || data_wr.is_bad ? 0 : (uint8_t)wr.len;
}

static void free_room(struct kb_inbox *inbox)
{
    if (inbox->answer_len)
        kb_wipe(inbox->room, sizeof(inbox->room));
    inbox->answer_len = 0;
}

/* A packet that is longer than a message takes the room, and what waited there for its other parts
 * is forgotten; it is sent part by part (clause 4.4). */
static void submit(struct kb_card *card, const struct kb_ota_command *command,
                   const struct kb_ota_response *response, const struct kb_sms_address *to)
{
    struct kb_inbox *inbox = &card->inbox;
    uint8_t packet[KB_SMS_USER_DATA];
    struct kb_writer wr = kb_wr(packet, sizeof(packet));
    struct kb_sms_split split = {.packet = KB_SMS_RESPONSE_PACKET,
                                 .reference = (uint8_t)(command->cntr | REFERENCES)};
    enum kb_err err;

    free_room(inbox);
    inbox->report_len = 0;
    err = kb_ota_respond(card->port->crypto, command, response, &wr);
    split.contents = kb_wr_span(&wr);
    if (err == KB_ERR_TOO_LONG || (!err && kb_sms_split_count(&split) != 1)) {
        if (inbox->is_stream)
            return;
        memset(inbox->join, 0, sizeof(inbox->join));
        wr = kb_wr(inbox->room, sizeof(inbox->room));
        err = kb_ota_respond(card->port->crypto, command, response, &wr);
        split.contents = kb_wr_span(&wr);
        inbox->answer_len = err ? 0 : (uint16_t)wr.len;
    }
    if (!err)
        write_submit(inbox, &split, 1, to);
}

static bool goes_by_submit(const struct kb_ota_command *command)
{
    return kb_spi_get(command->spi, KB_SPI_POR_SUBMIT);
}

size_t kb_ota_report_room(const struct kb_card *card, const struct kb_ota_way *way,
                          const struct kb_ota_command *command)
{
    bool is_long = way->bearer != KB_PACKET_SMS || goes_by_submit(command) ||
                   !kb_ota_wants_response(command, KB_STATUS_POR_OK);

    return is_long && !card->inbox.is_stream ? DATA_IN_ROOM : DATA_IN_ONE;
}

/* A channel has no place for a proof of receipt: there the application answers by itself. */
void kb_ota_report(struct kb_card *card, const struct kb_ota_way *way,
                   const struct kb_ota_command *command, const struct kb_ota_response *response)
{
    if (way->bearer != KB_PACKET_SMS || !kb_ota_wants_response(command, response->status))
        return;
    if (goes_by_submit(command))
        submit(card, command, response, way->sender);
    else
        deliver(card, command, response, way->deliver_report);
}

bool kb_inbox_has_report(const struct kb_card *card)
{
    return card->inbox.report_len;
}

void kb_inbox_report(const struct kb_card *card, struct kb_cat_command *command)
{
    command->type = KB_CAT_SEND_SHORT_MESSAGE;
    command->destination = KB_CAT_NETWORK;
    command->with.tpdu = kb_span(card->inbox.report, card->inbox.report_len);
    kb_cat_add(&command->with, KB_CAT_TPDU);
}

/* The message that was sent says which one is next, and to whom it goes. */
static bool write_next(struct kb_inbox *inbox)
{
    struct kb_sms_split split = {.packet = KB_SMS_RESPONSE_PACKET};
    struct kb_sms_header header;
    struct kb_sms sms;
    struct kb_span rest;

    if (!inbox->answer_len ||
        kb_sms_parse(kb_span(inbox->report, inbox->report_len), KB_SMS_SUBMIT, &sms) ||
        kb_sms_header_parse(sms.user_data, &header, &rest) || header.number >= header.total)
        return false;
    split.contents = kb_span(inbox->room, inbox->answer_len);
    split.reference = header.reference;
    write_submit(inbox, &split, header.number + 1u, &sms.address);
    return true;
}

void kb_inbox_forget_report(struct kb_card *card)
{
    struct kb_inbox *inbox = &card->inbox;

    if (write_next(inbox))
        return;
    free_room(inbox);
    kb_wipe(inbox->report, sizeof(inbox->report));
    inbox->report_len = 0;
}
