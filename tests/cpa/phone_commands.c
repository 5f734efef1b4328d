/* SPDX-License-Identifier: Apache-2.0 */
/* What a phone does when its card asks for something. */
#include <stdio.h>

#include "tests/cpa/phone.h"

enum { RECEIVE_AT_ONCE = 150 };

static void note(char to[PHONE_TEXT], struct kb_span text)
{
    snprintf(to, PHONE_TEXT, "%.*s", (int)text.len, (const char *)text.data);
}

static void set_up_menu(struct phone *phone, const struct kb_cat_command *command,
                        struct kb_cat_response *response)
{
    struct kb_cursor rd = kb_rd(command->with.items);
    struct kb_span text;
    uint8_t id;

    (void)response;
    phone->menu[0] = 0;
    if (kb_cat_next_item(&rd, &id, &text) && id)
        note(phone->menu, text);
}

static void select_item(struct phone *phone, const struct kb_cat_command *command,
                        struct kb_cat_response *response)
{
    struct kb_cursor rd = kb_rd(command->with.items);
    struct kb_span text;
    uint8_t id;

    memset(phone->items, 0, sizeof(phone->items));
    for (phone->item_count = 0; kb_cat_next_item(&rd, &id, &text); phone->item_count++)
        note(phone->items[id], text);
    response->with.item = phone->item;
    kb_cat_add(&response->with, KB_CAT_ITEM);
    if (!phone->item)
        response->result = KB_CAT_SESSION_TERMINATED_BY_USER;
}

static void get_input(struct phone *phone, const struct kb_cat_command *command,
                      struct kb_cat_response *response)
{
    note(phone->question, command->with.text.bytes);
    if (!phone->code) {
        response->result = KB_CAT_BACKWARD_MOVE;
        return;
    }
    response->with.text.dcs = KB_CAT_DCS_8BIT;
    response->with.text.bytes = kb_span(phone->code, strlen(phone->code));
    kb_cat_add(&response->with, KB_CAT_TEXT);
}

static void get_inkey(struct phone *phone, const struct kb_cat_command *command,
                      struct kb_cat_response *response)
{
    assert_int_equal(command->qualifier, KB_CAT_INKEY_YES_NO);
    note(phone->question, command->with.text.bytes);
    phone->question_dcs = command->with.text.dcs;
    phone->question_len = command->with.text.bytes.len;
    memcpy(phone->question_bytes, command->with.text.bytes.data, phone->question_len);
    response->with.text.dcs = KB_CAT_DCS_8BIT;
    response->with.text.bytes = kb_span(phone->says_yes ? "\x01" : "\x00", 1);
    kb_cat_add(&response->with, KB_CAT_TEXT);
}

static void display_text(struct phone *phone, const struct kb_cat_command *command,
                         struct kb_cat_response *response)
{
    (void)response;
    if (phone->text_count < 8)
        note(phone->texts[phone->text_count++], command->with.text.bytes);
}

static void provide_local_information(struct phone *phone, const struct kb_cat_command *command,
                                      struct kb_cat_response *response)
{
    (void)command;
    if (phone->service == KB_CAT_NO_SERVICE) {
        response->result = KB_CAT_TERMINAL_BUSY;
        response->additional = kb_span("\x04", 1);
        return;
    }
    response->with.location = kb_span("\x00\xF1\x10\x00\x01\x00\x02", 7);
    kb_cat_add(&response->with, KB_CAT_LOCATION);
    if (phone->service == KB_CAT_LIMITED_SERVICE)
        response->result = KB_CAT_LIMITED;
}

static void send_short_message(struct phone *phone, const struct kb_cat_command *command,
                               struct kb_cat_response *response)
{
    if (phone->service != KB_CAT_NORMAL_SERVICE) {
        response->result = KB_CAT_NETWORK_BUSY;
        return;
    }
    phone->short_messages_up++;
    if (!phone->loses_up)
        provider_take_short_message(phone->provider, command->with.tpdu);
}

static void timer_management(struct phone *phone, const struct kb_cat_command *command,
                             struct kb_cat_response *response)
{
    (void)response;
    assert_int_equal(command->qualifier, KB_CAT_TIMER_START);
    phone->is_timed = true;
    phone->seconds = command->with.timer_seconds;
    if (phone->seconds > phone->longest)
        phone->longest = phone->seconds;
}

/* Where it leads: test_commands.c. */
static void open_channel(struct phone *phone, const struct kb_cat_command *command,
                         struct kb_cat_response *response)
{
    response->with.buffer_size = command->with.buffer_size;
    if (phone->buffer && phone->buffer < command->with.buffer_size) {
        response->with.buffer_size = phone->buffer;
        response->result = 0x07; /* performed with modification */
    }
    kb_cat_add(&response->with, KB_CAT_BUFFER_SIZE);
    phone->is_open = true;
    phone->in_len = phone->out_len = 0;
    response->with.channel_status[0] = 0x81;
    kb_cat_add(&response->with, KB_CAT_CHANNEL_STATUS);
}

/* Frames of the card, as many as are whole. */
static void take_frames(struct phone *phone)
{
    size_t len;

    while (phone->in_len >= 2 &&
           phone->in_len >=
               (len = 2u + (unsigned)(phone->channel_in[0] << 8) + phone->channel_in[1])) {
        uint8_t sender[KB_SESSION_SENDER];

        kb_session_sender(kb_span(phone->provider->id_sc, strlen(phone->provider->id_sc)), sender);
        assert_memory_equal(phone->channel_in + 2, sender, sizeof(sender));
        if (!phone->loses_up)
            provider_take_packet(phone->provider, phone->channel_in + KB_SESSION_FRAME_HEAD,
                                 len - KB_SESSION_FRAME_HEAD);
        phone->in_len -= len;
        memmove(phone->channel_in, phone->channel_in + len, phone->in_len);
    }
}

static void send_data(struct phone *phone, const struct kb_cat_command *command,
                      struct kb_cat_response *response)
{
    const struct kb_span data = command->with.channel_data;

    if (!phone->is_open || (phone->buffer && data.len > phone->buffer)) {
        response->result = KB_CAT_BEARER_INDEPENDENT_ERROR;
        return;
    }
    assert_int_equal(command->destination, KB_CAT_CHANNEL_1);
    assert_true(phone->in_len + data.len <= sizeof(phone->channel_in));
    memcpy(phone->channel_in + phone->in_len, data.data, data.len);
    phone->in_len += data.len;
    take_frames(phone);
    response->with.channel_length = 0xFF;
    kb_cat_add(&response->with, KB_CAT_CHANNEL_LENGTH);
}

static void receive_data(struct phone *phone, const struct kb_cat_command *command,
                         struct kb_cat_response *response)
{
    static uint8_t data[RECEIVE_AT_ONCE];
    size_t len = command->with.channel_length, left;

    if (len > sizeof(data))
        len = sizeof(data);
    if (len > phone->out_len)
        len = phone->out_len;
    memcpy(data, phone->channel_out, len);
    phone->out_len -= len;
    memmove(phone->channel_out, phone->channel_out + len, phone->out_len);
    left = phone->out_len;
    response->with.channel_data = kb_span(data, len);
    response->with.channel_length = (uint8_t)(left < 0xFF ? left : 0xFF);
    kb_cat_add(&response->with, KB_CAT_CHANNEL_DATA);
    kb_cat_add(&response->with, KB_CAT_CHANNEL_LENGTH);
}

static void close_channel(struct phone *phone, const struct kb_cat_command *command,
                          struct kb_cat_response *response)
{
    (void)command;
    (void)response;
    phone->is_open = false;
}

static void nothing(struct phone *phone, const struct kb_cat_command *command,
                    struct kb_cat_response *response)
{
    (void)phone;
    (void)command;
    (void)response;
}

static const struct {
    uint8_t type;
    void (*perform)(struct phone *phone, const struct kb_cat_command *command,
                    struct kb_cat_response *response);
} performers[] = {
    {KB_CAT_REFRESH, nothing},
    {KB_CAT_SET_UP_EVENT_LIST, nothing},
    {KB_CAT_SEND_SHORT_MESSAGE, send_short_message},
    {KB_CAT_DISPLAY_TEXT, display_text},
    {KB_CAT_GET_INKEY, get_inkey},
    {KB_CAT_GET_INPUT, get_input},
    {KB_CAT_SELECT_ITEM, select_item},
    {KB_CAT_SET_UP_MENU, set_up_menu},
    {KB_CAT_PROVIDE_LOCAL_INFORMATION, provide_local_information},
    {KB_CAT_TIMER_MANAGEMENT, timer_management},
    {KB_CAT_OPEN_CHANNEL, open_channel},
    {KB_CAT_CLOSE_CHANNEL, close_channel},
    {KB_CAT_RECEIVE_DATA, receive_data},
    {KB_CAT_SEND_DATA, send_data},
};

void phone_perform(struct phone *phone, const struct kb_cat_command *command,
                   struct kb_cat_response *response)
{
    if (phone->times[command->type]) {
        phone->times[command->type] -= phone->times[command->type] != PHONE_AGAIN;
        response->result = phone->result[command->type];
        return;
    }
    for (size_t i = 0; i < sizeof(performers) / sizeof(performers[0]); i++) {
        if (performers[i].type != command->type)
            continue;
        performers[i].perform(phone, command, response);
        return;
    }
    fail_msg("the card asks for %02X", command->type);
}
