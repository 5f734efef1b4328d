/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/device/fake.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/hex.h"
#include "wire/sw.h"

static void say(char *log, const char *format, ...)
{
    size_t len = strlen(log);
    va_list values;

    va_start(values, format);
    vsnprintf(log + len, FAKE_LOG - len, format, values);
    va_end(values);
}

void fake_bytes(const char *hex, uint8_t *out, size_t cap, size_t *len)
{
    assert_int_equal(kb_hex_decode(kb_span(hex, strlen(hex)), out, cap, len), KB_OK);
}

static void say_bytes(char *log, const char *name, struct kb_span bytes)
{
    char hex[2 * 300 + 1];

    kb_hex_encode(bytes, hex);
    say(log, "%s %s\n", name, hex);
}

bool fake_has(const char *log, const char *line)
{
    return strstr(log, line) != NULL;
}

/* --- The card --- */

static struct fake_card *card_of(struct kb_reader *reader)
{
    return (struct fake_card *)reader;
}

static enum kb_err wait_card(struct kb_reader *reader, bool present, int timeout_ms,
                             struct kb_report *why)
{
    (void)reader, (void)present, (void)timeout_ms, (void)why;
    return KB_OK;
}

static enum kb_err power_up(struct kb_reader *reader, uint8_t *atr, size_t *atr_len,
                            struct kb_report *why)
{
    struct fake_card *card = card_of(reader);

    if (card->is_gone)
        return kb_report(why, KB_ERR_NO_CARD, "no card");
    atr[0] = 0x3B;
    atr[1] = 0x00;
    *atr_len = 2;
    card->power_ups++;
    card->is_fetched = card->has_profile = card->is_verified = false;
    return KB_OK;
}

static const struct file {
    uint16_t id;
    bool is_record;
    const char *body; /* NULL: the card's IMSI */
} files[] = {
    {0x3F00, false, ""},
    {0x2FE2, false, "98880112000000001003"},
    {0x2F00, true, NULL},
    {0x6FAD, false, "00000002"},
    {0x6F07, false, NULL},
    {0x6F78, false, "0200"},
    {0x6F38, false, "0000000800"},
    {0x6F42, true, "FDFFFFFFFFFFFFFFFFFFFFFFFF069100214365F7FFFFFFFFFF000000"},
};

static const struct file *find_file(uint16_t id)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (files[i].id == id)
            return &files[i];
    return NULL;
}

/* An ISIM and a USIM. */
static const char *const directory[] = {
    "61124F10A0000000871004FFFFFFFF8907080000FFFFFFFF",
    "61124F10A0000000871002FFFFFFFF8907090000FFFFFFFF",
};

static uint16_t put_hex(const char *hex, struct kb_writer *out)
{
    uint8_t bytes[300];
    size_t len;

    fake_bytes(hex, bytes, sizeof(bytes), &len);
    kb_wr_copy(out, bytes, len);
    return KB_SW_OK;
}

static uint16_t do_select(struct fake_card *card, const struct kb_apdu *apdu, struct kb_writer *out)
{
    if (apdu->p1 == 0x04) {
        if (card->has_no_usim)
            return KB_SW_FILE_NOT_FOUND;
        card->is_selected_usim = true;
        kb_hex_encode(apdu->data, card->aid);
        if (card->fcp)
            return put_hex(card->fcp, out);
        return put_hex(card->pin ? "620BC609900180830101830181" : "620BC609900140830101830181",
                       out);
    }
    card->current = (uint16_t)(apdu->data.data[0] << 8 | apdu->data.data[1]);
    return find_file(card->current) ? KB_SW_OK : KB_SW_FILE_NOT_FOUND;
}

static uint16_t do_read(struct fake_card *card, const struct kb_apdu *apdu, struct kb_writer *out)
{
    const struct file *file = find_file(card->current);

    if (card->current == 0x2F00 && apdu->p1 <= 2 && !card->has_no_usim)
        return put_hex(directory[apdu->p1 - 1], out);
    if (!file || (file->is_record && apdu->p1 > 1) || card->current == 0x2F00)
        return KB_SW_RECORD_NOT_FOUND;
    if (card->current >= 0x6F00 && card->pin && !card->is_verified)
        return KB_SW_SECURITY_NOT_SATISFIED;
    if (card->current == 0x6F38 && card->has_no_download)
        return put_hex("0000000000", out);
    return put_hex(file->body ? file->body : card->imsi, out);
}

static uint16_t do_verify(struct fake_card *card, const struct kb_apdu *apdu)
{
    uint8_t right[8];

    if (!card->pin_tries)
        return apdu->data.len ? KB_SW_BLOCKED : KB_SW_VERIFY_FAILED;
    memset(right, 0xFF, sizeof(right));
    memcpy(right, card->pin, strlen(card->pin));
    if (apdu->data.len != 8 || memcmp(apdu->data.data, right, 8) != 0)
        return (uint16_t)(KB_SW_VERIFY_FAILED |
                          (apdu->data.len ? --card->pin_tries : card->pin_tries));
    card->is_verified = true;
    return KB_SW_OK;
}

static uint16_t do_fetch(struct fake_card *card, struct kb_writer *out)
{
    if (card->fetched >= card->queued)
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    card->is_fetched = true;
    put_hex(card->queue[card->fetched], out);
    if (!card->is_endless || card->fetched + 1 < card->queued)
        card->fetched++;
    return KB_SW_OK;
}

static uint16_t do_authenticate(struct fake_card *card, struct kb_writer *out)
{
    uint8_t sw[2];
    uint16_t status;

    put_hex(card->authenticate_answer, out);
    out->len -= 2;
    memcpy(sw, out->data + out->len, 2);
    status = (uint16_t)(sw[0] << 8 | sw[1]);
    return status;
}

static uint16_t do_envelope(struct fake_card *card, struct kb_writer *out)
{
    uint16_t sw = KB_SW_OK;

    if (card->envelope_answer) {
        put_hex(card->envelope_answer, out);
        out->len -= 2;
        sw = (uint16_t)(out->data[out->len] << 8 | out->data[out->len + 1]);
    }
    return sw;
}

static uint16_t answer(struct fake_card *card, const struct kb_apdu *apdu, struct kb_writer *out)
{
    switch (apdu->ins) {
    case 0xA4:
        return do_select(card, apdu, out);
    case 0xB0:
    case 0xB2:
        return do_read(card, apdu, out);
    case 0x20:
        return do_verify(card, apdu);
    case 0x10:
        card->has_profile = true;
        say_bytes(card->said, "PROFILE", apdu->data);
        return KB_SW_OK;
    case 0xF2:
        if (apdu->p1 == 0x02)
            card->ended++;
        return KB_SW_OK;
    case 0x12:
        return do_fetch(card, out);
    case 0x14:
        card->is_fetched = false;
        say_bytes(card->said, "RESPONSE", apdu->data);
        return KB_SW_OK;
    case 0xC2:
        say_bytes(card->said, "ENVELOPE", apdu->data);
        return do_envelope(card, out);
    case 0x88:
        return do_authenticate(card, out);
    default:
        return KB_SW_INS_NOT_SUPPORTED;
    }
}

static enum kb_err transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp, size_t *len,
                            struct kb_report *why)
{
    struct fake_card *card = card_of(reader);
    struct kb_writer out = kb_wr(rsp, KB_RESPONSE_MAX);
    struct kb_apdu apdu;
    uint16_t sw;

    card->commands++;
    if (card->fail_at && card->commands >= card->fail_at)
        card->is_gone = true;
    if (card->is_gone)
        return kb_report(why, KB_ERR_NO_CARD, "pulled out");
    assert_int_equal(kb_apdu_parse(cmd, &apdu), KB_OK);
    sw = answer(card, &apdu, &out);
    if (sw == KB_SW_OK && card->has_profile && !card->is_fetched && card->fetched < card->queued)
        sw = (uint16_t)(0x9100 | strlen(card->queue[card->fetched]) / 2);
    kb_wr_u16(&out, sw);
    *len = out.len;
    return KB_OK;
}

static void power_down(struct kb_reader *reader)
{
    (void)reader;
}

void fake_card_init(struct fake_card *card)
{
    static const struct kb_reader_ops ops = {wait_card, power_up, transmit, power_down, power_down};

    memset(card, 0, sizeof(*card));
    card->reader.ops = &ops;
    strcpy(card->reader.name, "fake");
    card->imsi = "080910101032547698";
    card->pin_tries = 3;
}

void fake_card_wants(struct fake_card *card, const char *command)
{
    assert_true(card->queued < FAKE_QUEUE);
    card->queue[card->queued++] = command;
}

/* --- The world --- */

static void on_menu(void *ctx, const struct kb_terminal_menu *menu)
{
    struct fake_world *world = ctx;

    say(world->log, "menu %s:", menu->count ? menu->title : "none");
    for (size_t i = 0; i < menu->count; i++)
        say(world->log, " %u=%s", menu->items[i].id, menu->items[i].text);
    say(world->log, "\n");
}

static void on_show(void *ctx, const char *text)
{
    say(((struct fake_world *)ctx)->log, "show %s\n", text);
}

static void on_ask(void *ctx, const struct kb_terminal_question *question)
{
    static const char *const kinds[] = {"show", "yes-no", "key", "input", "select"};
    struct fake_world *world = ctx;

    world->asked = *question;
    say(world->log, "ask %s %s %u-%u%s%s%s%s", kinds[question->kind], question->text, question->min,
        question->max, question->is_digits ? " digits" : "", question->is_hidden ? " hidden" : "",
        *question->proposal ? " proposal " : "", question->proposal);
    for (size_t i = 0; question->choice && i < question->choice->count; i++)
        say(world->log, " %u=%s", question->choice->items[i].id, question->choice->items[i].text);
    say(world->log, "\n");
    world->asked.choice = NULL;
    if (world->answers)
        kb_terminal_answer(world->terminal, &world->reply);
}

static void on_message(void *ctx, struct kb_span tpdu)
{
    say_bytes(((struct fake_world *)ctx)->log, "message", tpdu);
}

static void on_attach(void *ctx, const char *imsi)
{
    struct fake_world *world = ctx;

    say(world->log, "attach %s\n", imsi);
    if (world->attaches)
        kb_terminal_attached(world->terminal, &world->attached);
}

static void on_detach(void *ctx)
{
    say(((struct fake_world *)ctx)->log, "detach\n");
}

static void on_submit(void *ctx, struct kb_span tpdu, struct kb_span centre)
{
    struct fake_world *world = ctx;

    say_bytes(world->log, "submit", tpdu);
    say_bytes(world->log, "to", centre);
    if (world->answers)
        kb_terminal_submitted(world->terminal, true, 0);
}

static void on_open(void *ctx, const char *apn, uint8_t protocol, struct kb_span address,
                    uint16_t port)
{
    struct fake_world *world = ctx;

    say(world->log, "open %s protocol %u port %u ", apn, protocol, port);
    say_bytes(world->log, "address", address);
    if (world->answers)
        kb_terminal_channel_opened(world->terminal, true);
}

static void on_send(void *ctx, struct kb_span data)
{
    say_bytes(((struct fake_world *)ctx)->log, "send", data);
}

static void on_room(void *ctx)
{
    say(((struct fake_world *)ctx)->log, "room\n");
}

static void on_close(void *ctx)
{
    say(((struct fake_world *)ctx)->log, "close\n");
}

static void on_timer(void *ctx, uint8_t timer, uint32_t seconds)
{
    struct fake_world *world = ctx;

    assert_true(timer < KB_TERMINAL_TIMERS);
    world->timers[timer] = seconds;
}

static int64_t on_now(void *ctx)
{
    return ((struct fake_world *)ctx)->now;
}

void fake_world_init(struct fake_world *world)
{
    memset(world, 0, sizeof(*world));
    world->now = 1700000000;
    world->attaches = true;
    world->attached = (struct kb_terminal_attached){
        .service = KB_CAT_NORMAL_SERVICE, .plmn = {0x00, 0xF1, 0x10}, .area = 1, .cell = 1};
    world->port = (struct kb_terminal_port){.ctx = world,
                                            .imei = "123456789012345",
                                            .menu = on_menu,
                                            .show = on_show,
                                            .ask = on_ask,
                                            .message = on_message,
                                            .attach = on_attach,
                                            .detach = on_detach,
                                            .submit = on_submit,
                                            .open = on_open,
                                            .send = on_send,
                                            .room = on_room,
                                            .close = on_close,
                                            .timer = on_timer,
                                            .now = on_now};
}

struct kb_terminal *fake_terminal(struct fake_world *world, struct fake_card *card)
{
    void *memory = malloc(kb_terminal_size());

    assert_non_null(memory);
    world->terminal = kb_terminal_init(memory, &card->reader, &world->port);
    assert_int_equal(kb_terminal_on(world->terminal, NULL), KB_OK);
    return world->terminal;
}

void fake_clear(struct fake_world *world, struct fake_card *card)
{
    world->log[0] = 0;
    card->said[0] = 0;
}
