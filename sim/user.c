/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever sits in front of a terminal, and the terminal's port to the world. */
#include <stdio.h>
#include <string.h>

#include "sim/inside.h"
#include "sim/servers.h"

enum {
    READS_MS = 1500,
    THINKS_MS = 2000,
    THINKS_LONGEST_MS = 9000,
    BEGINS_MS = 5000,
    AGAIN_MS = 60000,
    AGAIN_LONGEST_MS = 240000,
    TRIES = 6
};

static struct kb_sim_phone *phone_of(void *ctx)
{
    return ctx;
}

static void plan(struct kb_sim_phone *phone, int64_t in_ms,
                 void (*run)(void *ctx, const struct kb_sim_event *event), uint32_t turn,
                 uint32_t what)
{
    kb_sim_plan(
        &phone->world->clock, in_ms,
        (struct kb_sim_event){
            .run = run, .ctx = phone->world, .card = phone->number, .turn = turn, .what = what});
}

/* --- Beginning --- */

/* There is a menu entry, or somebody at the service who does it instead. */
static bool can_begin(const struct kb_sim_phone *phone)
{
    return phone->user.has_menu || phone->world->config.front == KB_WORLD_AIR;
}

static void begins(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    if (!phone)
        return;
    phone->user.is_planned = false;
    if (phone->is_settled || !can_begin(phone))
        return;
    if (!phone->is_on || !phone->is_attached || kb_terminal_is_asking(phone->terminal)) {
        kb_sim_user_consider(phone);
        return;
    }
    if (phone->user.has_menu)
        kb_terminal_choose(phone->terminal, phone->user.item);
    else
        kb_sim_servers_start(phone->world, phone->id_sc);
    kb_sim_phone_look(phone);
    kb_sim_user_consider(phone);
}

void kb_sim_user_consider(struct kb_sim_phone *phone)
{
    struct kb_sim_user *user = &phone->user;
    int64_t wait = kb_chance_between(&phone->user_chance, AGAIN_MS, AGAIN_LONGEST_MS);

    if (phone->world->config.front == KB_WORLD_MACHINE || phone->world->config.never_begins ||
        user->is_planned || !can_begin(phone) || phone->is_settled || phone->state != KB_CPA_IDLE)
        return;
    if (!phone->was_active && user->tries_left == TRIES)
        wait = kb_chance_between(&phone->user_chance, BEGINS_MS, AGAIN_MS);
    user->is_planned = true;
    plan(phone, wait, begins, 0, 0);
}

void kb_sim_user_begin(struct kb_sim_phone *phone)
{
    const struct kb_world_config *config = &phone->world->config;

    phone->user = (struct kb_sim_user){.tries_left = TRIES};
    phone->user.provider = kb_sim_choose_operator(phone->world, &phone->user_chance);
    phone->user.says_no = kb_chance_is(&phone->user_chance, config->no);
}

/* --- What the terminal shows and asks --- */

static void on_menu(void *ctx, const struct kb_terminal_menu *menu)
{
    struct kb_sim_phone *phone = phone_of(ctx);

    phone->user.has_menu = menu->count > 0;
    phone->user.item = menu->items[0].id;
    kb_sim_user_consider(phone);
}

/* A text that tells why it is over. */
static void read_reason(struct kb_sim_phone *phone, const char *text)
{
    for (unsigned i = 1; i < KB_REASONS; i++)
        if (strstr(text, kb_session_reason_text((enum kb_session_reason)i)))
            phone->reason = (uint8_t)i;
}

static void on_show(void *ctx, const char *text)
{
    read_reason(phone_of(ctx), text);
}

static void answers(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    if (!phone || phone->user.asked != event->turn || !phone->is_on)
        return;
    kb_terminal_answer(phone->terminal, &phone->user.reply);
    kb_sim_phone_look(phone);
}

/* The operator they came for; when the card's list is too short for it, what stands last there:
 * by its code, where the card lets them type one. */
static void choose(struct kb_sim_phone *phone, const struct kb_terminal_menu *menu,
                   struct kb_terminal_reply *reply)
{
    const char *name = phone->world->operators[phone->user.provider].name;

    reply->item = menu->items[menu->count - 1].id;
    for (size_t i = 0; i < menu->count; i++)
        if (strcmp(menu->items[i].text, name) == 0)
            reply->item = menu->items[i].id;
}

static void on_ask(void *ctx, const struct kb_terminal_question *question)
{
    struct kb_sim_phone *phone = phone_of(ctx);
    struct kb_terminal_reply reply = {.result = KB_CAT_OK};
    int64_t wait = kb_chance_between(&phone->user_chance, THINKS_MS, THINKS_LONGEST_MS);

    switch (question->kind) {
    case KB_ASK_SHOW:
        read_reason(phone, question->text);
        wait = READS_MS;
        break;
    case KB_ASK_YES_NO:
        reply.text[0] = phone->user.says_no ? '-' : '+';
        break;
    case KB_ASK_SELECT:
        choose(phone, question->choice, &reply);
        break;
    default:
        snprintf(reply.text, sizeof(reply.text), "%s",
                 phone->world->operators[phone->user.provider].code);
        break;
    }
    phone->user.reply = reply;
    plan(phone, wait, answers, ++phone->user.asked, 0);
}

/* --- The other side --- */

static void on_attach(void *ctx, const char *imsi)
{
    kb_sim_visit_attach(phone_of(ctx), imsi);
}

static void on_detach(void *ctx)
{
    kb_sim_phone_detach(phone_of(ctx));
}

static void on_submit(void *ctx, struct kb_span tpdu, struct kb_span centre)
{
    (void)centre;
    kb_sim_centre_submit(phone_of(ctx), tpdu);
}

static void on_open(void *ctx, const char *apn, uint8_t protocol, struct kb_span address,
                    uint16_t port)
{
    (void)protocol;
    kb_sim_channel_open(phone_of(ctx), apn, address, port);
}

static void on_send(void *ctx, struct kb_span data)
{
    kb_sim_channel_send(phone_of(ctx), data);
}

static void offers(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    if (!phone || phone->connection.number != event->turn)
        return;
    kb_sim_channel_offer(phone);
    kb_sim_phone_look(phone);
}

/* Nothing may be offered from inside of the call. */
static void on_room(void *ctx)
{
    struct kb_sim_phone *phone = phone_of(ctx);

    if (phone->connection.down_len)
        plan(phone, 1, offers, phone->connection.number, 0);
}

static void on_close(void *ctx)
{
    kb_sim_channel_close(phone_of(ctx));
}

static void expires(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    if (!phone || phone->timer_turns[event->what] != event->turn || !phone->is_on)
        return;
    kb_terminal_expired(phone->terminal, (uint8_t)event->what);
    kb_sim_phone_look(phone);
}

static void on_timer(void *ctx, uint8_t timer, uint32_t seconds)
{
    struct kb_sim_phone *phone = phone_of(ctx);

    phone->timer_turns[timer]++;
    if (seconds)
        plan(phone, (int64_t)seconds * 1000, expires, phone->timer_turns[timer], timer);
}

static int64_t on_now(void *ctx)
{
    return kb_sim_posix(phone_of(ctx)->world);
}

enum { POLL_S = 240, RETRY_S = 15, RETRY_LONGEST_S = 240 };

void kb_sim_user_port(struct kb_sim_phone *phone, struct kb_terminal_port *port)
{
    *port = (struct kb_terminal_port){.ctx = phone,
                                      .poll = POLL_S,
                                      .retry_first = RETRY_S,
                                      .retry_last = RETRY_LONGEST_S,
                                      .menu = on_menu,
                                      .show = on_show,
                                      .ask = on_ask,
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
