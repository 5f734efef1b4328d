/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cpa/phone.h"

#include <stdio.h>

#include "crypto/milenage.h"
#include "wire/bcd.h"

enum { STEPS_MAX = 4000, RECEIVE_AT_ONCE = 150 };

/* --- The card --- */

static bool is_alive(struct phone *phone)
{
    if (phone->rig->fault.is_off)
        phone->is_lost = true;
    return !phone->is_lost;
}

static uint16_t send(struct phone *phone, struct kb_span command)
{
    if (!is_alive(phone))
        return 0;
    phone->sw = rig_send_bytes(phone->rig, command);
    is_alive(phone);
    return phone->sw;
}

static uint16_t apdu(struct phone *phone, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
                     struct kb_span data, bool has_le)
{
    uint8_t bytes[KB_APDU_SHORT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    kb_wr_u8(&wr, cla);
    kb_wr_u8(&wr, ins);
    kb_wr_u8(&wr, p1);
    kb_wr_u8(&wr, p2);
    if (data.len) {
        kb_wr_u8(&wr, (uint8_t)data.len);
        kb_wr_copy(&wr, data.data, data.len);
    }
    if (has_le)
        kb_wr_u8(&wr, 0);
    assert_false(wr.is_bad);
    return send(phone, kb_wr_span(&wr));
}

static void envelope(struct phone *phone, const struct kb_cat_envelope *it)
{
    uint8_t bytes[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));

    kb_cat_envelope_write(&wr, it);
    assert_false(wr.is_bad);
    apdu(phone, 0x80, 0xC2, 0, 0, kb_wr_span(&wr), true);
}

static void event(struct phone *phone, uint8_t which, struct kb_cat_objects *with)
{
    struct kb_cat_envelope it = {
        .tag = KB_CAT_EVENT_DOWNLOAD, .source = KB_CAT_TERMINAL, .destination = KB_CAT_UICC};

    it.with = *with;
    it.with.events = kb_span(&which, 1);
    kb_cat_add(&it.with, KB_CAT_EVENTS);
    envelope(phone, &it);
}

/* --- The network --- */

static const struct subscriber *find_subscriber(struct phone *phone, struct subscriber *fresh)
{
    const struct provider *provider = phone->provider;

    if (!strcmp(phone->imsi, phone->temporary.imsi))
        return &phone->temporary;
    memset(fresh, 0, sizeof(*fresh));
    memcpy(fresh->imsi, provider->gives.imsi.data, provider->gives.imsi.len);
    memcpy(fresh->k, provider->secrets.k, 16);
    memcpy(fresh->opc, provider->secrets.opc, 16);
    return phone->takes_new && provider->has_released && !strcmp(phone->imsi, fresh->imsi) ? fresh
                                                                                           : NULL;
}

static bool authenticate(struct phone *phone, const struct subscriber *who)
{
    static const uint8_t amf[2] = {0x80, 0x00};
    uint8_t command[2 + 32] = {16}, *autn = command + 18, *sqn = autn, ak[6], res[8];
    struct kb_milenage m;

    phone->sqn += 32;
    fill_from_seed(&phone->sqn, command + 1, 0);
    for (size_t i = 0; i < 16; i++)
        command[1 + i] = (uint8_t)(phone->sqn * 7 + i);
    command[17] = 16;
    for (size_t i = 0; i < 6; i++)
        sqn[i] = (uint8_t)(phone->sqn >> 8 * (5 - i));
    memcpy(autn + 6, amf, 2);
    kb_milenage_challenge(&m, &kb_crypto_openssl, who->k, who->opc, command + 1);
    kb_milenage_f1(&m, sqn, amf, autn + 8, NULL);
    kb_milenage_f2_f5(&m, res, ak);
    kb_milenage_end(&m);
    for (size_t i = 0; i < 6; i++)
        autn[i] ^= ak[i];
    apdu(phone, 0x00, 0xA4, 0x04, 0x0C, kb_span("\xA0\x00\x00\x00\x87\x10\x02", 7), false);
    apdu(phone, 0x00, 0x88, 0, 0x81, kb_span(command, sizeof(command)), true);
    return is_alive(phone) && (phone->sw == 0x9000 || phone->sw >> 8 == 0x91) &&
           phone->rig->response_len > 10 && !memcmp(phone->rig->response + 2, res, 8);
}

static bool read_imsi(struct phone *phone)
{
    size_t len;

    apdu(phone, 0x00, 0xA4, 0x04, 0x0C, kb_span("\xA0\x00\x00\x00\x87\x10\x02", 7), false);
    apdu(phone, 0x00, 0xA4, 0x00, 0x0C, kb_span("\x6F\x07", 2), false);
    apdu(phone, 0x00, 0xB0, 0, 0, kb_span(NULL, 0), true);
    if (!is_alive(phone))
        return false;
    assert_int_equal(phone->rig->response_len, 11);
    assert_int_equal(kb_imsi_decode(phone->rig->response, phone->imsi, &len), KB_OK);
    phone->imsi[len] = 0;
    return true;
}

void phone_tell_service(struct phone *phone, uint8_t service)
{
    struct kb_cat_objects with = {.location_status = service};

    phone->service = service;
    kb_cat_add(&with, KB_CAT_LOCATION_STATUS);
    event(phone, KB_CAT_EVENT_LOCATION_STATUS, &with);
}

static void attach(struct phone *phone)
{
    struct kb_cat_objects rejection = {.rejection_cause = 2};
    struct subscriber fresh;
    const struct subscriber *who;

    phone->must_attach = false;
    if (phone->has_no_identity)
        strcpy(phone->imsi, phone->temporary.imsi);
    else if (!read_imsi(phone))
        return;
    if (phone->is_nowhere && phone->resets) {
        phone_tell_service(phone, KB_CAT_NO_SERVICE);
        return;
    }
    who = find_subscriber(phone, &fresh);
    phone->attaches++;
    if (who && authenticate(phone, who)) {
        phone_tell_service(phone, KB_CAT_NORMAL_SERVICE);
        return;
    }
    if (!is_alive(phone))
        return;
    /* A key that is not the network's would be the worst of all. */
    assert_null(who);
    phone->refused_attaches++;
    kb_cat_add(&rejection, KB_CAT_REJECTION_CAUSE);
    if (!phone->has_no_rejections)
        event(phone, KB_CAT_EVENT_NETWORK_REJECTION, &rejection);
    phone_tell_service(phone, KB_CAT_LIMITED_SERVICE);
}

/* --- Commands of the card --- */

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
    if (phone->service == KB_CAT_NORMAL_SERVICE) {
        response->with.location = kb_span("\x00\xF1\x10\x00\x01\x00\x02", 7);
        kb_cat_add(&response->with, KB_CAT_LOCATION);
    } else {
        response->result = phone->service == KB_CAT_LIMITED_SERVICE ? 0x06 : KB_CAT_TERMINAL_BUSY;
    }
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

static void open_channel(struct phone *phone, const struct kb_cat_command *command,
                         struct kb_cat_response *response)
{
    assert_int_equal(command->with.transport_protocol, 2);
    assert_int_equal(command->with.transport_port, 7000);
    assert_int_equal(command->with.other_address.len, 5);
    assert_memory_equal(command->with.other_address.data, "\x21\x0A\x00\x00\x01", 5);
    assert_int_equal(command->with.network_name.len, 9);
    assert_memory_equal(command->with.network_name.data, "\x04kbas\x03mnc", 9);
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

    if (!phone->is_open) {
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

static void perform(struct phone *phone, const struct kb_cat_command *command,
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

/* --- What comes to the card --- */

void phone_deliver(struct phone *phone, struct kb_span packet)
{
    const struct kb_sms_split split = {
        .contents = packet, .packet = KB_SMS_COMMAND_PACKET, .reference = ++phone->down.reference};
    unsigned count = kb_sms_split_count(&split);

    for (unsigned i = 1; i <= count && is_alive(phone); i++) {
        uint8_t data[KB_SMS_USER_DATA], tpdu[KB_SMS_MAX];
        struct kb_writer user_data = kb_wr(data, sizeof(data)), wr = kb_wr(tpdu, sizeof(tpdu));
        struct kb_sms sms = {.kind = KB_SMS_DELIVER,
                             .flags = KB_SMS_HAS_HEADER | KB_SMS_NO_MORE,
                             .pid = KB_SMS_PID_USIM_DOWNLOAD,
                             .dcs = KB_SMS_DCS_USIM_8BIT};
        struct kb_cat_envelope it = {
            .tag = KB_CAT_SMS_PP_DOWNLOAD, .source = KB_CAT_NETWORK, .destination = KB_CAT_UICC};

        kb_sms_split_write(&split, i, &user_data);
        kb_sms_address_set(&sms.address, 0x91, kb_span("49170999", 8));
        sms.user_data = kb_wr_span(&user_data);
        kb_sms_write(&wr, &sms);
        assert_false(user_data.is_bad || wr.is_bad);
        it.with.tpdu = kb_wr_span(&wr);
        kb_cat_add(&it.with, KB_CAT_TPDU);
        phone->short_messages_down++;
        envelope(phone, &it);
    }
}

static void deliver_frame(struct phone *phone, struct kb_span packet)
{
    struct kb_writer wr = kb_wr(phone->channel_out, sizeof(phone->channel_out));
    struct kb_cat_objects with = {.channel_length = 0xFF};
    uint8_t sender[KB_SESSION_SENDER];

    if (!phone->is_open)
        return;
    wr.len = phone->out_len;
    kb_session_sender(kb_span(phone->provider->id_sc, strlen(phone->provider->id_sc)), sender);
    kb_wr_u16(&wr, (uint16_t)(packet.len + sizeof(sender)));
    kb_wr_copy(&wr, sender, sizeof(sender));
    kb_wr_copy(&wr, packet.data, packet.len);
    assert_false(wr.is_bad);
    phone->out_len = wr.len;
    kb_cat_add(&with, KB_CAT_CHANNEL_LENGTH);
    event(phone, KB_CAT_EVENT_DATA_AVAILABLE, &with);
}

static void deliver_answer(struct phone *phone)
{
    struct provider *provider = phone->provider;
    uint8_t packet[PROVIDER_PACKET];
    size_t len = provider->packet_len;

    memcpy(packet, provider->packet, len);
    provider->packet_len = 0;
    if (phone->loses_down)
        return;
    if (provider->bearer == KB_PACKET_SMS)
        phone_deliver(phone, kb_span(packet, len));
    else
        deliver_frame(phone, kb_span(packet, len));
}

/* --- Proactive commands --- */

/* What comes to the card while a command is under way. */
static void interrupt(struct phone *phone, const struct kb_cat_command *command)
{
    const struct kb_session_message refuse = {
        .kind = KB_SESSION_REFUSE, .session = phone->provider->session, .reason = KB_REASON_BUSY};
    bool is_question = command->type == KB_CAT_GET_INKEY || command->type == KB_CAT_SELECT_ITEM;

    if (is_question && phone->is_refused)
        provider_write(phone->provider, &refuse);
    if (phone->provider->packet_len && (phone->is_quick || (is_question && phone->is_refused)))
        deliver_answer(phone);
}

static void fetch(struct phone *phone)
{
    uint8_t fetched[KB_RESPONSE_MAX], bytes[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_cat_command command;
    struct kb_cat_response response = {0};
    uint8_t announced = (uint8_t)phone->sw;

    apdu(phone, 0x80, 0x12, 0, 0, kb_span(NULL, 0), true);
    if (!is_alive(phone))
        return;
    assert_int_equal(phone->rig->response_len, announced + 2u);
    memcpy(fetched, phone->rig->response, announced);
    assert_int_equal(kb_cat_command_read(kb_span(fetched, announced), &command), KB_OK);
    phone->commands[command.type]++;
    response.number = command.number;
    response.type = command.type;
    response.qualifier = command.qualifier;
    perform(phone, &command, &response);
    interrupt(phone, &command);
    if (!is_alive(phone))
        return;
    if (command.type == KB_CAT_REFRESH && response.result < 0x20) {
        assert_int_equal(command.qualifier, KB_CAT_REFRESH_RESET);
        phone->resets++;
        phone_on(phone);
        return;
    }
    kb_cat_response_write(&wr, &response);
    assert_false(wr.is_bad);
    apdu(phone, 0x80, 0x14, 0, 0, kb_wr_span(&wr), false);
}

/* --- What the user and others do --- */

void phone_expire(struct phone *phone)
{
    struct kb_cat_envelope it = {.tag = KB_CAT_TIMER_EXPIRATION,
                                 .source = KB_CAT_TERMINAL,
                                 .destination = KB_CAT_UICC,
                                 .with = {.timer = 1}};

    phone->is_timed = false;
    phone->expiries++;
    kb_cat_add(&it.with, KB_CAT_TIMER);
    kb_cat_add(&it.with, KB_CAT_TIMER_SECONDS);
    envelope(phone, &it);
}

void phone_menu(struct phone *phone)
{
    struct kb_cat_envelope it = {.tag = KB_CAT_MENU_SELECTION,
                                 .source = KB_CAT_KEYPAD,
                                 .destination = KB_CAT_UICC,
                                 .with = {.item = 1}};

    kb_cat_add(&it.with, KB_CAT_ITEM);
    envelope(phone, &it);
}

void phone_lose_channel(struct phone *phone)
{
    struct kb_cat_objects with = {.channel_status = {0x01, 0x05}};

    phone->is_open = false;
    kb_cat_add(&with, KB_CAT_CHANNEL_STATUS);
    event(phone, KB_CAT_EVENT_CHANNEL_STATUS, &with);
}

void phone_put_in_channel(struct phone *phone, struct kb_span bytes)
{
    struct kb_cat_objects with = {.channel_length = 0xFF};

    memcpy(phone->channel_out, bytes.data, bytes.len);
    phone->out_len = bytes.len;
    kb_cat_add(&with, KB_CAT_CHANNEL_LENGTH);
    event(phone, KB_CAT_EVENT_DATA_AVAILABLE, &with);
}

/* --- The whole --- */

void phone_start(struct phone *phone, struct rig *rig, struct provider *provider)
{
    memset(phone, 0, sizeof(*phone));
    phone->rig = rig;
    phone->provider = provider;
    phone->takes_new = phone->says_yes = true;
    phone->item = 1;
    phone->sqn = 32;
    phone->expiries_max = 60;
}

bool phone_on(struct phone *phone)
{
    phone->is_lost = false;
    phone->is_timed = phone->is_open = false;
    phone->service = KB_CAT_NO_SERVICE;
    phone->menu[0] = 0;
    assert_true(rig_power(phone->rig));
    apdu(phone, 0x80, 0x10, 0, 0, kb_span("\xFF\xFF\xFF\xFF", 4), false);
    phone->must_attach = true;
    return is_alive(phone);
}

bool phone_step(struct phone *phone)
{
    if (!is_alive(phone))
        return false;
    if (phone->sw >> 8 == 0x91)
        fetch(phone);
    else if (phone->must_attach)
        attach(phone);
    else if (phone->provider->packet_len && phone->holds &&
             phone->holds == phone->provider->answer_kind)
        return false;
    else if (phone->provider->packet_len)
        deliver_answer(phone);
    else if (phone->is_timed && phone->expiries < phone->expiries_max)
        phone_expire(phone);
    else
        return false;
    return true;
}

bool phone_run(struct phone *phone)
{
    for (unsigned i = 0; is_alive(phone) && phone_step(phone); i++)
        assert_true(i < STEPS_MAX);
    return is_alive(phone);
}

void phone_run_on(struct phone *phone)
{
    while (!phone_run(phone)) {
        kb_flash_fault_arm(&phone->rig->fault, KB_FLASH_NEVER, 0);
        phone_on(phone);
    }
}
