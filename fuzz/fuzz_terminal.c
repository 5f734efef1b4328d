/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal with a card that answers anything, and a world in which anything happens. An input is
 * one byte how the card begins, then events; what the card answers is taken from the same bytes as
 * it is asked. Whatever comes, the card hears well-formed responses and envelopes, the user sees
 * text, one event costs a bounded number of commands, and a card that is gone leaves the terminal
 * off. */
#include <string.h>

#include "device/terminal.h"
#include "device/text.h"
#include "fuzz/fuzz.h"
#include "wire/bcd.h"
#include "wire/sw.h"

enum {
    COMMANDS_OF_AN_EVENT = 70 * 40, /* each of the commands may be a reset that reads all again */
    EVENTS = 200,
    BEGINS_WELL = 0x01,
    HAS_PIN = 0x02,
    ANSWERS_AT_ONCE = 0x04
};

struct world {
    struct kb_reader reader; /* first */
    struct kb_cursor input;
    uint8_t how;
    uint16_t file;
    unsigned commands;
    bool is_gone;
    struct kb_terminal *terminal;
    struct kb_terminal_port port;
    int64_t now;
};

static uint8_t take(struct world *world)
{
    return kb_rd_left(&world->input) ? kb_rd_u8(&world->input) : 0;
}

static struct kb_span take_span(struct world *world)
{
    size_t len = take(world);

    if (len > kb_rd_left(&world->input))
        len = kb_rd_left(&world->input);
    return kb_rd_span(&world->input, len);
}

/* --- The card --- */

static enum kb_err wait_card(struct kb_reader *reader, bool present, int timeout_ms,
                             struct kb_report *why)
{
    (void)reader, (void)present, (void)timeout_ms, (void)why;
    return KB_OK;
}

static enum kb_err power_up(struct kb_reader *reader, uint8_t *atr, size_t *atr_len,
                            struct kb_report *why)
{
    struct world *world = (struct world *)reader;

    (void)why;
    if (world->is_gone)
        return KB_ERR_NO_CARD;
    atr[0] = 0x3B;
    *atr_len = 1;
    return KB_OK;
}

static void power_down(struct kb_reader *reader)
{
    (void)reader;
}

/* A file system that lets the terminal begin. */
static struct kb_span canned(struct world *world, const struct kb_apdu *apdu)
{
    static const uint8_t imsi[] = {8, 9, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98};
    static const uint8_t fcp[] = {0x62, 8, 0xC6, 6, 0x90, 1, 0x80, 0x83, 1, 1};
    static const uint8_t ust[] = {0xFF, 0xFF, 0xFF, 0xFF};

    if (apdu->ins == 0xA4 && apdu->data.len == 2)
        world->file = (uint16_t)(apdu->data.data[0] << 8 | apdu->data.data[1]);
    if (apdu->ins == 0xA4 && apdu->p1 == 4 && world->how & HAS_PIN)
        return kb_span(fcp, sizeof(fcp));
    if (apdu->ins == 0xB0 && world->file == 0x6F07)
        return kb_span(imsi, sizeof(imsi));
    if (apdu->ins == 0xB0 && world->file == 0x6F38)
        return kb_span(ust, sizeof(ust));
    return kb_span(imsi, 0);
}

static void check(const struct kb_apdu *apdu)
{
    struct kb_cat_response response;
    struct kb_cat_envelope envelope;

    if (apdu->ins == 0x14)
        kb_fuzz_insist(!kb_cat_response_read(apdu->data, &response), "a response is well formed");
    if (apdu->ins == 0xC2)
        kb_fuzz_insist(!kb_cat_envelope_read(apdu->data, &envelope), "an envelope is well formed");
}

static uint16_t answer(struct world *world, const struct kb_apdu *apdu, struct kb_span *data)
{
    uint8_t what;

    if (apdu->ins == 0x20 && !apdu->data.len)
        return KB_SW_VERIFY_FAILED | 3;
    if (world->how & BEGINS_WELL && (apdu->ins == 0xA4 || apdu->ins == 0xB0 || apdu->ins == 0xB2)) {
        *data = canned(world, apdu);
        return apdu->ins == 0xB2 ? KB_SW_RECORD_NOT_FOUND : KB_SW_OK;
    }
    if (apdu->ins == 0x12) {
        *data = take_span(world);
        return KB_SW_OK;
    }
    what = take(world);
    if (what % 8 == 7) {
        world->is_gone = true;
    } else if (what % 8 == 6) {
        *data = take_span(world);
        return (uint16_t)(take(world) << 8 | take(world));
    } else if (what % 8 >= 3) {
        return (uint16_t)(0x9100 | take(world));
    }
    return KB_SW_OK;
}

static enum kb_err transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp, size_t *len,
                            struct kb_report *why)
{
    struct world *world = (struct world *)reader;
    struct kb_writer out = kb_wr(rsp, KB_RESPONSE_MAX);
    struct kb_span data = kb_span(NULL, 0);
    struct kb_apdu apdu;
    uint16_t sw;

    (void)why;
    kb_fuzz_insist(++world->commands < COMMANDS_OF_AN_EVENT, "an event costs so many commands");
    kb_fuzz_insist(!kb_apdu_parse(cmd, &apdu), "a command is well formed");
    check(&apdu);
    sw = world->is_gone ? 0 : answer(world, &apdu, &data);
    if (world->is_gone)
        return KB_ERR_NO_CARD;
    kb_wr_copy(&out, data.data, data.len);
    kb_wr_u16(&out, sw);
    *len = out.len;
    return KB_OK;
}

/* --- The world --- */

static void check_text(const char *text, size_t cap)
{
    kb_fuzz_insist(strnlen(text, cap) < cap, "a text ends");
    kb_fuzz_insist(kb_terminal_text_count(text) != SIZE_MAX, "a text is UTF-8");
}

static void check_menu(const struct kb_terminal_menu *menu)
{
    kb_fuzz_insist(menu->count <= KB_TERMINAL_ITEMS, "a menu has so many items");
    check_text(menu->title, sizeof(menu->title));
    for (size_t i = 0; i < menu->count; i++)
        check_text(menu->items[i].text, sizeof(menu->items[i].text));
}

static void on_menu(void *ctx, const struct kb_terminal_menu *menu)
{
    (void)ctx;
    check_menu(menu);
}

static void on_show(void *ctx, const char *text)
{
    (void)ctx;
    check_text(text, KB_TERMINAL_TEXT);
}

static void reply(struct world *world)
{
    struct kb_terminal_reply reply = {.result = take(world) & 0x13, .item = take(world)};
    struct kb_span text = take_span(world);

    if (text.len)
        memcpy(reply.text, text.data,
               text.len < sizeof(reply.text) ? text.len : sizeof(reply.text));
    kb_terminal_answer(world->terminal, &reply);
}

static void on_ask(void *ctx, const struct kb_terminal_question *question)
{
    struct world *world = ctx;

    check_text(question->text, sizeof(question->text));
    check_text(question->proposal, sizeof(question->proposal));
    kb_fuzz_insist(question->kind == KB_ASK_SELECT || question->min <= question->max,
                   "a question can be answered");
    kb_fuzz_insist((question->kind == KB_ASK_SELECT) == (question->choice != NULL),
                   "a list has items");
    if (question->choice)
        check_menu(question->choice);
    if (world->how & ANSWERS_AT_ONCE)
        reply(world);
}

static void on_message(void *ctx, struct kb_span tpdu)
{
    (void)ctx, (void)tpdu;
}

static void attached(struct world *world)
{
    struct kb_terminal_attached result = {.service = (enum kb_cat_service)(take(world) % 3),
                                          .cause = take(world)};

    kb_terminal_attached(world->terminal, &result);
}

static void on_attach(void *ctx, const char *imsi)
{
    struct world *world = ctx;

    kb_fuzz_insist(strlen(imsi) >= KB_IMSI_MIN && strlen(imsi) <= KB_IMSI_MAX, "an IMSI attaches");
    if (world->how & ANSWERS_AT_ONCE)
        attached(world);
}

static void on_nothing(void *ctx)
{
    (void)ctx;
}

static void on_submit(void *ctx, struct kb_span tpdu, struct kb_span centre)
{
    struct world *world = ctx;

    (void)tpdu, (void)centre;
    if (world->how & ANSWERS_AT_ONCE)
        kb_terminal_submitted(world->terminal, take(world) & 1, take(world));
}

static void on_open(void *ctx, const char *apn, uint8_t protocol, struct kb_span address,
                    uint16_t port)
{
    struct world *world = ctx;

    (void)protocol, (void)address, (void)port;
    kb_fuzz_insist(strlen(apn) < 100, "a name ends");
    if (world->how & ANSWERS_AT_ONCE)
        kb_terminal_channel_opened(world->terminal, take(world) & 1);
}

static void on_send(void *ctx, struct kb_span data)
{
    (void)ctx;
    kb_fuzz_insist(data.len && data.len <= KB_TERMINAL_BUFFER, "a buffer holds so much");
}

static void on_timer(void *ctx, uint8_t timer, uint32_t seconds)
{
    (void)ctx;
    kb_fuzz_insist(timer < KB_TERMINAL_TIMERS && seconds < 100 * 3600, "there is such a timer");
}

static int64_t on_now(void *ctx)
{
    return ((struct world *)ctx)->now;
}

/* --- Events --- */

static void switch_on(struct world *world)
{
    world->is_gone = false;
    kb_terminal_on(world->terminal, NULL);
}

static void challenge(struct world *world)
{
    static const uint8_t block[16];
    struct kb_terminal_vector vector;

    kb_terminal_challenge(world->terminal, block, take(world) & 1 ? block : NULL, &vector);
    kb_fuzz_insist(vector.res_len <= sizeof(vector.res), "RES fits");
}

static void deliver(struct world *world)
{
    uint8_t room[KB_SMS_MAX];
    struct kb_writer report = kb_wr(room, sizeof(room));

    kb_terminal_deliver(world->terminal, take_span(world), &report);
    kb_fuzz_insist(!report.is_bad, "a report fits");
}

static void expire(struct world *world)
{
    world->now += take(world);
    kb_terminal_expired(world->terminal, take(world) % KB_TERMINAL_TIMERS);
}

static void receive(struct world *world)
{
    struct kb_span data = take_span(world);

    kb_fuzz_insist(kb_terminal_channel_received(world->terminal, data) <= data.len,
                   "no more is taken than came");
}

static void choose(struct world *world)
{
    kb_terminal_choose(world->terminal, take(world));
}

static void finish_sending(struct world *world)
{
    kb_terminal_submitted(world->terminal, take(world) & 1, take(world));
}

static void finish_opening(struct world *world)
{
    kb_terminal_channel_opened(world->terminal, take(world) & 1);
}

static void lose_channel(struct world *world)
{
    kb_terminal_channel_lost(world->terminal);
}

static void (*const events[])(struct world *world) = {
    expire,  reply,     attached,       choose,         deliver,      challenge,
    receive, switch_on, finish_sending, finish_opening, lose_channel,
};

static void check_state(const struct world *world)
{
    struct kb_terminal_menu menu;

    if (world->is_gone && world->commands)
        kb_fuzz_insist(!kb_terminal_is_on(world->terminal), "without a card it is off");
    if (kb_terminal_menu(world->terminal, &menu))
        check_menu(&menu);
    if (!kb_terminal_is_on(world->terminal))
        kb_fuzz_insist(!kb_terminal_is_asking(world->terminal) &&
                           !*kb_terminal_imsi(world->terminal),
                       "what is off knows and asks nothing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct kb_reader_ops ops = {wait_card, power_up, transmit, power_down, power_down};
    struct world world = {.reader = {.ops = &ops, .name = "fuzz"},
                          .input = kb_rd(kb_span(data, size)),
                          .now = 1700000000};
    void *memory = malloc(kb_terminal_size());

    kb_fuzz_insist(memory != NULL, "there is memory");
    world.port = (struct kb_terminal_port){.ctx = &world,
                                           .imei = "123456789012345",
                                           .menu = on_menu,
                                           .show = on_show,
                                           .ask = on_ask,
                                           .message = on_message,
                                           .attach = on_attach,
                                           .detach = on_nothing,
                                           .submit = on_submit,
                                           .open = on_open,
                                           .send = on_send,
                                           .room = on_nothing,
                                           .close = on_nothing,
                                           .timer = on_timer,
                                           .now = on_now};
    world.how = take(&world);
    world.terminal = kb_terminal_init(memory, &world.reader, &world.port);
    switch_on(&world);
    for (int i = 0; i < EVENTS && kb_rd_left(&world.input); i++) {
        world.commands = 0;
        events[take(&world) % (sizeof(events) / sizeof(events[0]))](&world);
        check_state(&world);
    }
    kb_terminal_off(world.terminal);
    free(memory);
    return 0;
}
