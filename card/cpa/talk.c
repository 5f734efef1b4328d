/* SPDX-License-Identifier: Apache-2.0 */
/* The outgoing packet on its way: in short messages, or in a channel; and what a channel brings.
 * What cannot be sent now counts as lost: the timer sends it again. */
#include <string.h>

#include "card/cpa/inside.h"
#include "crypto/secret.h"
#include "wire/sms_parts.h"

enum {
    CHANNEL_BUFFER = 512,
    CHANNEL_NUMBER = 0x07, /* of the first byte of a channel status, clause 8.56 */
    LINK_ESTABLISHED = 0x80,
    DEFAULT_BEARER = 0x03, /* clause 8.52 */
    TCP_CLIENT = 0x02,     /* clause 8.59 */
    ADDRESS_IPV4 = 0x21,   /* clause 8.58 */
    ADDRESS_IPV6 = 0x57,
    TON_UNKNOWN = 0x81,
    TON_INTERNATIONAL = 0x91,
    FIRST_CHANNEL = KB_CAT_CHANNEL_1 - 1
};

static size_t packet_len(struct kb_card *card)
{
    return kb_nvm_size(&card->nvm, KB_OBJ_CPA_OUT);
}

static enum kb_err load_sender(struct kb_card *card, uint8_t sender[KB_SESSION_SENDER])
{
    uint8_t digits[KB_ID_SC_MAX];
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_SERIAL);
    enum kb_err err = size <= sizeof(digits) ? KB_OK : KB_ERR_TOO_LONG;

    if (!err)
        err = kb_nvm_read(&card->nvm, KB_OBJ_SERIAL, 0, digits, size);
    if (!err)
        kb_session_sender(kb_span(digits, size), sender);
    return err;
}

static void wait_for_answer(struct kb_card *card)
{
    card->cpa.due &= (uint16_t)~KB_CPA_BIT(SEND);
    kb_cpa_want(card, KB_CPA_BIT(TIMER));
}

/* --- Short messages --- */

/* TP-DA, and for the centre the same with its length in another unit (clause 8.1). */
static enum kb_err number(struct kb_span digits, struct kb_sms_address *address)
{
    bool is_international = digits.len && digits.data[0] == '+';

    if (is_international)
        digits = kb_span(digits.data + 1, digits.len - 1);
    return kb_sms_address_set(address, is_international ? TON_INTERNATIONAL : TON_UNKNOWN, digits);
}

static void put_centre(struct kb_cat_objects *with, struct kb_span digits,
                       struct kb_writer *scratch)
{
    struct kb_sms_address centre;
    size_t start = scratch->len;

    if (!digits.len || number(digits, &centre))
        return;
    kb_wr_u8(scratch, centre.type);
    kb_wr_copy(scratch, centre.digits, (centre.count + 1u) / 2);
    with->address = kb_span(scratch->data + start, scratch->len - start);
    kb_cat_add(with, KB_CAT_ADDRESS);
}

/* Its own frame: the packet is as long as a long message. */
static bool put_user_data(struct kb_card *card, uint8_t reference, struct kb_writer *user_data)
{
    uint8_t packet[KB_CPA_PACKET_MAX], sender[KB_SESSION_SENDER];
    const struct kb_sms_split split = {.contents = kb_span(packet, packet_len(card)),
                                       .packet = KB_SMS_COMMAND_PACKET,
                                       .sender = sender,
                                       .reference = reference};

    if (split.contents.len > sizeof(packet) || load_sender(card, sender) ||
        kb_nvm_read(&card->nvm, KB_OBJ_CPA_OUT, 0, packet, split.contents.len))
        return false;
    kb_sms_split_write(&split, card->cpa.part + 1u, user_data);
    return !user_data->is_bad;
}

static bool fill_short_message(struct kb_card *card, const struct kb_cpa_plan *plan,
                               struct kb_cat_command *command, struct kb_writer *scratch)
{
    uint8_t bytes[KB_SMS_USER_DATA];
    struct kb_writer user_data = kb_wr(bytes, sizeof(bytes));
    struct kb_cpa_record record;
    struct kb_sms sms = {
        .kind = KB_SMS_SUBMIT, .flags = KB_SMS_HAS_HEADER, .dcs = KB_SMS_DCS_USIM_8BIT};
    size_t start;

    if (kb_cpa_record_load(card, &record) || !put_user_data(card, record.reference, &user_data) ||
        number(plan->service, &sms.address))
        return false;
    sms.user_data = kb_wr_span(&user_data);
    put_centre(&command->with, plan->centre, scratch);
    start = scratch->len;
    kb_sms_write(scratch, &sms);
    command->with.tpdu = kb_span(scratch->data + start, scratch->len - start);
    kb_cat_add(&command->with, KB_CAT_TPDU);
    kb_cat_add(&command->with, KB_CAT_ALPHA); /* empty: nothing is shown (clause 6.4.10) */
    command->type = KB_CAT_SEND_SHORT_MESSAGE;
    command->destination = KB_CAT_NETWORK;
    return !scratch->is_bad;
}

static unsigned count_short_messages(struct kb_card *card)
{
    static const uint8_t any[KB_SESSION_SENDER];
    const struct kb_sms_split split = {
        .contents = kb_span(any, packet_len(card)), .packet = KB_SMS_COMMAND_PACKET, .sender = any};

    return kb_sms_split_count(&split);
}

/* --- A channel --- */

/* The access point's name as labels with their lengths (3GPP TS 23.003 clause 9.1). */
static struct kb_span put_labels(struct kb_span apn, struct kb_writer *scratch)
{
    size_t start = scratch->len, label = 0;

    for (size_t i = 0; i <= apn.len; i++) {
        if (i < apn.len && apn.data[i] != '.')
            continue;
        kb_wr_u8(scratch, (uint8_t)(i - label));
        kb_wr_copy(scratch, apn.data + label, i - label);
        label = i + 1;
    }
    return kb_span(scratch->data + start, scratch->len - start);
}

static bool fill_open(const struct kb_cpa_plan *plan, struct kb_cat_command *command,
                      struct kb_writer *scratch)
{
    static const uint8_t bearer[] = {DEFAULT_BEARER};
    struct kb_cat_objects *with = &command->with;
    size_t start = scratch->len;

    command->type = KB_CAT_OPEN_CHANNEL;
    command->qualifier = KB_CAT_SEND_IMMEDIATELY;
    command->destination = KB_CAT_TERMINAL;
    kb_wr_u8(scratch, plan->address.len == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6);
    kb_wr_copy(scratch, plan->address.data, plan->address.len);
    with->other_address = kb_span(scratch->data + start, scratch->len - start);
    with->bearer = kb_span(bearer, sizeof(bearer));
    with->buffer_size = CHANNEL_BUFFER;
    with->transport_protocol = TCP_CLIENT;
    with->transport_port = plan->port;
    kb_cat_add(with, KB_CAT_ALPHA);
    kb_cat_add(with, KB_CAT_BEARER);
    kb_cat_add(with, KB_CAT_BUFFER_SIZE);
    kb_cat_add(with, KB_CAT_TRANSPORT);
    kb_cat_add(with, KB_CAT_OTHER_ADDRESS);
    if (plan->apn.len) {
        with->network_name = put_labels(plan->apn, scratch);
        kb_cat_add(with, KB_CAT_NETWORK_NAME);
    }
    return !scratch->is_bad;
}

/* The frame is cut in pieces of KB_CAT_DATA_MAX bytes, or as many as the terminal granted. */
static size_t frame_len(struct kb_card *card)
{
    return KB_SESSION_FRAME_HEAD + packet_len(card);
}

static bool fill_data(struct kb_card *card, struct kb_cat_command *command,
                      struct kb_writer *scratch)
{
    size_t at = (size_t)card->cpa.part * card->cpa.piece, left = frame_len(card) - at;
    size_t room = card->cpa.piece, start = scratch->len;
    uint8_t sender[KB_SESSION_SENDER], *rest;

    if (!at) {
        if (load_sender(card, sender))
            return false;
        kb_wr_u16(scratch, (uint16_t)(left - 2));
        kb_wr_copy(scratch, sender, sizeof(sender));
        room -= KB_SESSION_FRAME_HEAD;
        left -= KB_SESSION_FRAME_HEAD;
    } else {
        at -= KB_SESSION_FRAME_HEAD;
    }
    left = left < room ? left : room;
    rest = kb_wr_reserve(scratch, left);
    if (!rest || kb_nvm_read(&card->nvm, KB_OBJ_CPA_OUT, at, rest, left))
        return false;
    command->type = KB_CAT_SEND_DATA;
    command->qualifier = KB_CAT_SEND_IMMEDIATELY;
    command->destination = (uint8_t)(FIRST_CHANNEL + card->cpa.channel);
    command->with.channel_data = kb_span(scratch->data + start, scratch->len - start);
    kb_cat_add(&command->with, KB_CAT_CHANNEL_DATA);
    return true;
}

/* A buffer that may be smaller than the one that was asked for (clause 6.4.27). One that does not
 * even take the head of a frame will not do, and the first SEND DATA says so. */
static uint8_t granted(const struct kb_cat_objects *with)
{
    uint16_t size = kb_cat_has(with, KB_CAT_BUFFER_SIZE) ? with->buffer_size : CHANNEL_BUFFER;

    if (size < KB_SESSION_FRAME_HEAD || size > KB_CAT_DATA_MAX)
        return KB_CAT_DATA_MAX;
    return (uint8_t)size;
}

static void opened(struct kb_card *card, const struct kb_cat_response *response)
{
    const uint8_t status = response->with.channel_status[0];

    if (!kb_cat_has(&response->with, KB_CAT_CHANNEL_STATUS) || !(status & CHANNEL_NUMBER)) {
        wait_for_answer(card);
        return;
    }
    card->cpa.channel = status & CHANNEL_NUMBER;
    card->cpa.part = 0;
    card->cpa.piece = granted(&response->with);
    kb_inbox_stream(card, true);
    kb_cpa_want(card, KB_CPA_BIT(SEND));
}

static void channel_lost(struct kb_card *card)
{
    if (card->cpa.channel)
        kb_inbox_stream(card, false);
    card->cpa.channel = 0;
    card->cpa.part = 0;
    card->cpa.due &= (uint16_t) ~(KB_CPA_BIT(CLOSE) | KB_CPA_BIT(RECEIVE));
}

void kb_cpa_channel_status(struct kb_card *card, const struct kb_cat_objects *with)
{
    if (card->cpa.channel && kb_cat_has(with, KB_CAT_CHANNEL_STATUS) &&
        (with->channel_status[0] & CHANNEL_NUMBER) == card->cpa.channel &&
        !(with->channel_status[0] & LINK_ESTABLISHED))
        channel_lost(card);
}

/* --- Sending, either way --- */

static bool fill_send(struct kb_card *card, struct kb_cat_command *command,
                      struct kb_writer *scratch)
{
    struct kb_cpa_loaded loaded;

    if (kb_cpa_plan_load(card, &loaded))
        return false;
    if (!kb_cpa_is(card, KB_CPA_IS_PACKET))
        return fill_short_message(card, &loaded.plan, command, scratch);
    return card->cpa.channel ? fill_data(card, command, scratch)
                             : fill_open(&loaded.plan, command, scratch);
}

static size_t count_parts(struct kb_card *card)
{
    if (!kb_cpa_is(card, KB_CPA_IS_PACKET))
        return count_short_messages(card);
    return (frame_len(card) + card->cpa.piece - 1) / card->cpa.piece;
}

static void sent(struct kb_card *card, const struct kb_cat_response *response)
{
    if (kb_cpa_is(card, KB_CPA_IS_PACKET) && !card->cpa.channel) {
        opened(card, response);
        return;
    }
    card->cpa.part++;
    kb_cpa_clear(card, KB_CPA_IS_UNSENT);
    if (card->cpa.part < count_parts(card))
        kb_cpa_want(card, KB_CPA_BIT(SEND));
    else
        wait_for_answer(card);
}

/* A channel that does not take data is closed; the next time there is a new one. */
static void not_sent(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)response;
    if (card->cpa.channel)
        kb_cpa_want(card, KB_CPA_BIT(CLOSE));
    kb_cpa_set(card, KB_CPA_IS_UNSENT);
    wait_for_answer(card);
}

const struct kb_cpa_step_row kb_cpa_send_row = {fill_send, sent, not_sent};

/* --- Receiving --- */

static bool fill_receive(struct kb_card *card, struct kb_cat_command *command,
                         struct kb_writer *scratch)
{
    (void)scratch;
    command->type = KB_CAT_RECEIVE_DATA;
    command->destination = (uint8_t)(FIRST_CHANNEL + card->cpa.channel);
    command->with.channel_length = KB_CAT_DATA_MAX;
    kb_cat_add(&command->with, KB_CAT_CHANNEL_LENGTH);
    return true;
}

static bool is_for_this_card(struct kb_card *card, const uint8_t *frame)
{
    uint8_t sender[KB_SESSION_SENDER];

    return !load_sender(card, sender) && !memcmp(frame + 2, sender, sizeof(sender));
}

/* The first frame of what lies in the room, if it is whole: handed on and taken out. */
static bool take_frame(struct kb_card *card)
{
    struct kb_inbox *inbox = &card->inbox;
    size_t len;

    if (inbox->received < KB_SESSION_FRAME_HEAD)
        return false;
    len = 2 + ((size_t)inbox->room[0] << 8 | inbox->room[1]);
    if (len < KB_SESSION_FRAME_HEAD || len > sizeof(inbox->room)) {
        kb_cpa_want(card, KB_CPA_BIT(CLOSE)); /* no place in this stream can be found again */
        return false;
    }
    if (inbox->received < len)
        return false;
    if (is_for_this_card(card, inbox->room))
        kb_inbox_packet(card, inbox->room + KB_SESSION_FRAME_HEAD, len - KB_SESSION_FRAME_HEAD);
    inbox->received = (uint16_t)(inbox->received - len);
    memmove(inbox->room, inbox->room + len, inbox->received);
    return true;
}

static void received(struct kb_card *card, const struct kb_cat_response *response)
{
    struct kb_inbox *inbox = &card->inbox;
    const struct kb_span data = response->with.channel_data;

    if (!card->cpa.channel || !inbox->is_stream)
        return;
    if (data.len > sizeof(inbox->room) - inbox->received) {
        kb_cpa_want(card, KB_CPA_BIT(CLOSE));
        return;
    }
    if (data.len)
        memcpy(inbox->room + inbox->received, data.data, data.len);
    inbox->received = (uint16_t)(inbox->received + data.len);
    if (data.len && response->with.channel_length)
        kb_cpa_want(card, KB_CPA_BIT(RECEIVE));
    while (take_frame(card))
        ;
}

static void not_received(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)card;
    (void)response;
}

const struct kb_cpa_step_row kb_cpa_receive_row = {fill_receive, received, not_received};

/* --- Closing --- */

static bool fill_close(struct kb_card *card, struct kb_cat_command *command,
                       struct kb_writer *scratch)
{
    (void)scratch;
    command->type = KB_CAT_CLOSE_CHANNEL;
    command->destination = (uint8_t)(FIRST_CHANNEL + card->cpa.channel);
    return true;
}

static void closed(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)response;
    channel_lost(card);
}

const struct kb_cpa_step_row kb_cpa_close_row = {fill_close, closed, closed};
