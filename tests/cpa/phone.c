/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cpa/phone.h"

#include "crypto/milenage.h"
#include "wire/bcd.h"

enum { STEPS_MAX = 4000 };

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
    if (phone->tells_nothing)
        return;
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
    if (phone->sw == 0x6F00 && phone->failed_attaches++ < 3) { /* says nothing of keys: once more */
        phone->must_attach = true;
        return;
    }
    /* A key that is not the network's would be the worst of all. */
    assert_null(who);
    phone->refused_attaches++;
    kb_cat_add(&rejection, KB_CAT_REJECTION_CAUSE);
    if (!phone->has_no_rejections)
        event(phone, KB_CAT_EVENT_NETWORK_REJECTION, &rejection);
    phone_tell_service(phone, KB_CAT_LIMITED_SERVICE);
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
    if (!phone->commands[command.type]++) {
        memcpy(phone->firsts[command.type], fetched, announced);
        phone->first_lens[command.type] = announced;
    }
    response.number = command.number;
    response.type = command.type;
    response.qualifier = command.qualifier;
    phone_perform(phone, &command, &response);
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
    if (!rig_power(phone->rig)) {
        assert_true(phone->rig->fault.is_off);
        return false;
    }
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
