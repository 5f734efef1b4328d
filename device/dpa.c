/* SPDX-License-Identifier: Apache-2.0 */
#include "device/dpa.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "device/text.h"

struct kb_dpa {
    struct kb_dpa_settings settings;
    struct kb_terminal_port port;
    struct kb_terminal *terminal;
    int64_t now;                 /* milliseconds */
    int64_t ends[KB_DPA_TIMERS]; /* 0: it does not run */
    struct kb_terminal_question question;
    struct kb_terminal_menu choice, menu;
};

static void tell(const struct kb_dpa *dpa, enum kb_dpa_what what, const char *text,
                 const char *sender)
{
    const struct kb_dpa_news news = {.what = what, .text = text, .sender = sender};

    dpa->settings.tell(dpa->settings.ctx, dpa, &news);
}

/* --- From the terminal --- */

static void on_menu(void *ctx, const struct kb_terminal_menu *menu)
{
    struct kb_dpa *dpa = ctx;

    dpa->menu = *menu;
    tell(dpa, KB_DPA_MENU, "", "");
}

static void on_show(void *ctx, const char *text)
{
    tell(ctx, KB_DPA_SHOW, text, "");
}

static void on_ask(void *ctx, const struct kb_terminal_question *question)
{
    struct kb_dpa *dpa = ctx;

    dpa->question = *question;
    if (question->choice)
        dpa->choice = *question->choice;
    dpa->question.choice = question->choice ? &dpa->choice : NULL;
    tell(dpa, KB_DPA_ASK, dpa->question.text, "");
}

/* Only what can be read is shown: text of the GSM alphabet or UCS2, of a message in one part. */
static void on_message(void *ctx, struct kb_span tpdu)
{
    char sender[KB_SMS_ADDRESS_DIGITS + 2] = "+", text[KB_TERMINAL_TEXT];
    struct kb_cat_text coded;
    struct kb_sms sms;
    size_t len, at;

    if (kb_sms_parse(tpdu, KB_SMS_DELIVER, &sms))
        return;
    at = sms.address.type == 0x91 ? 1 : 0;
    len = kb_sms_address_digits(&sms.address, sender + at);
    sender[at + len] = 0;
    coded.dcs = sms.dcs & 0x0C;
    coded.bytes = sms.user_data;
    if (sms.flags & KB_SMS_HAS_HEADER || coded.dcs == KB_CAT_DCS_8BIT) {
        tell(ctx, KB_DPA_MESSAGE, "(data)", sender);
        return;
    }
    kb_terminal_text_decode(&coded, text, sizeof(text));
    tell(ctx, KB_DPA_MESSAGE, text, sender);
}

static void on_changed(void *ctx)
{
    tell(ctx, KB_DPA_STATE, "", "");
}

static void on_timer(void *ctx, uint8_t timer, uint32_t seconds)
{
    struct kb_dpa *dpa = ctx;

    dpa->ends[timer] = seconds ? dpa->now + 1000 * (int64_t)seconds : 0;
}

static int64_t on_now(void *ctx)
{
    return ((struct kb_dpa *)ctx)->now / 1000;
}

static void on_trace(void *ctx, struct kb_span command, struct kb_span answer)
{
    const struct kb_dpa *dpa = ctx;

    dpa->settings.trace(dpa->settings.ctx, command, answer);
}

/* --- To the radio side, which has a context of its own --- */

static const struct kb_dpa_radio *radio(void *ctx)
{
    return &((struct kb_dpa *)ctx)->settings.radio;
}

static void to_attach(void *ctx, const char *imsi)
{
    radio(ctx)->attach(radio(ctx)->ctx, imsi);
}

static void to_detach(void *ctx)
{
    radio(ctx)->detach(radio(ctx)->ctx);
}

static void to_submit(void *ctx, struct kb_span tpdu, struct kb_span centre)
{
    radio(ctx)->submit(radio(ctx)->ctx, tpdu, centre);
}

static void to_open(void *ctx, const char *apn, uint8_t protocol, struct kb_span address,
                    uint16_t port)
{
    radio(ctx)->open(radio(ctx)->ctx, apn, protocol, address, port);
}

static void to_send(void *ctx, struct kb_span data)
{
    radio(ctx)->send(radio(ctx)->ctx, data);
}

static void to_room(void *ctx)
{
    if (radio(ctx)->room)
        radio(ctx)->room(radio(ctx)->ctx);
}

static void to_close(void *ctx)
{
    radio(ctx)->close(radio(ctx)->ctx);
}

/* --- Life --- */

static const struct kb_terminal_port port = {.menu = on_menu,
                                             .show = on_show,
                                             .ask = on_ask,
                                             .message = on_message,
                                             .attach = to_attach,
                                             .detach = to_detach,
                                             .submit = to_submit,
                                             .open = to_open,
                                             .send = to_send,
                                             .room = to_room,
                                             .close = to_close,
                                             .timer = on_timer,
                                             .now = on_now,
                                             .changed = on_changed};

struct kb_dpa *kb_dpa_new(const struct kb_dpa_settings *settings)
{
    struct kb_dpa *dpa = calloc(1, sizeof(*dpa));
    void *memory = malloc(kb_terminal_size());

    if (!dpa || !memory) {
        free(dpa);
        free(memory);
        return NULL;
    }
    dpa->settings = *settings;
    dpa->now = settings->now;
    dpa->port = port;
    dpa->port.ctx = dpa;
    dpa->port.imei = settings->imei;
    if (settings->trace)
        dpa->port.trace = on_trace;
    dpa->terminal = kb_terminal_init(memory, settings->reader, &dpa->port);
    dpa->settings.radio.begin(dpa->settings.radio.ctx, dpa->terminal);
    return dpa;
}

void kb_dpa_free(struct kb_dpa *dpa)
{
    if (!dpa)
        return;
    kb_terminal_off(dpa->terminal);
    kb_wipe(dpa->terminal, kb_terminal_size());
    free(dpa->terminal);
    free(dpa);
}

enum kb_err kb_dpa_on(struct kb_dpa *dpa, struct kb_report *why)
{
    return kb_terminal_on(dpa->terminal, why);
}

void kb_dpa_off(struct kb_dpa *dpa)
{
    kb_terminal_off(dpa->terminal);
}

struct kb_terminal *kb_dpa_terminal(const struct kb_dpa *dpa)
{
    return dpa->terminal;
}

/* --- The user --- */

const struct kb_terminal_question *kb_dpa_question(const struct kb_dpa *dpa)
{
    return kb_terminal_is_asking(dpa->terminal) ? &dpa->question : NULL;
}

const struct kb_terminal_menu *kb_dpa_menu(const struct kb_dpa *dpa)
{
    return dpa->menu.count ? &dpa->menu : NULL;
}

static bool has_item(const struct kb_terminal_menu *menu, uint8_t item)
{
    for (size_t i = 0; i < menu->count; i++)
        if (menu->items[i].id == item)
            return true;
    return false;
}

static const char *refusal(const struct kb_terminal_question *question,
                           const struct kb_terminal_reply *reply)
{
    size_t count = kb_terminal_text_count(reply->text);

    switch (question->kind) {
    case KB_ASK_SHOW:
        return NULL;
    case KB_ASK_YES_NO:
        return strcmp(reply->text, "+") && strcmp(reply->text, "-") ? "yes or no" : NULL;
    case KB_ASK_SELECT:
        return has_item(question->choice, reply->item) ? NULL : "there is no such item";
    case KB_ASK_KEY:
    case KB_ASK_INPUT:
        break;
    }
    if (count == SIZE_MAX)
        return "this is no text";
    if (question->is_digits && reply->text[strspn(reply->text, "0123456789*#+")])
        return "digits only";
    if (count < question->min)
        return "too short";
    return count > question->max ? "too long" : NULL;
}

const char *kb_dpa_answer(struct kb_dpa *dpa, const struct kb_terminal_reply *reply)
{
    const char *refused = NULL;

    if (!kb_dpa_question(dpa))
        return "nothing was asked";
    if (reply->result < KB_CAT_SESSION_TERMINATED_BY_USER)
        refused = refusal(&dpa->question, reply);
    if (!refused)
        kb_terminal_answer(dpa->terminal, reply);
    return refused;
}

bool kb_dpa_choose(struct kb_dpa *dpa, size_t n)
{
    if (kb_dpa_question(dpa) || n < 1 || n > dpa->menu.count)
        return false;
    kb_terminal_choose(dpa->terminal, dpa->menu.items[n - 1].id);
    return true;
}

/* --- Time --- */

/* The timer that is due first; KB_DPA_TIMERS: none runs. */
static uint8_t first_timer(const struct kb_dpa *dpa)
{
    uint8_t first = KB_DPA_TIMERS;

    for (uint8_t i = 0; i < KB_DPA_TIMERS; i++)
        if (dpa->ends[i] && (first == KB_DPA_TIMERS || dpa->ends[i] < dpa->ends[first]))
            first = i;
    return first;
}

static int64_t radio_next(const struct kb_dpa *dpa)
{
    return dpa->settings.radio.next ? dpa->settings.radio.next(dpa->settings.radio.ctx)
                                    : KB_DPA_NEVER;
}

int64_t kb_dpa_next(const struct kb_dpa *dpa)
{
    uint8_t timer = first_timer(dpa);
    int64_t at = timer < KB_DPA_TIMERS ? dpa->ends[timer] : KB_DPA_NEVER;

    return radio_next(dpa) < at ? radio_next(dpa) : at;
}

void kb_dpa_pass(struct kb_dpa *dpa, int64_t now)
{
    int64_t at;

    while ((at = kb_dpa_next(dpa)) <= now) {
        uint8_t timer = first_timer(dpa);

        if (at > dpa->now)
            dpa->now = at;
        if (radio_next(dpa) <= at) {
            dpa->settings.radio.step(dpa->settings.radio.ctx, at);
        } else {
            dpa->ends[timer] = 0;
            kb_terminal_expired(dpa->terminal, timer);
        }
    }
    if (now > dpa->now)
        dpa->now = now;
}

/* --- No network --- */

static void nowhere_begin(void *ctx, struct kb_terminal *terminal)
{
    ((struct kb_dpa_nowhere *)ctx)->terminal = terminal;
}

static void nowhere_attach(void *ctx, const char *imsi)
{
    const struct kb_terminal_attached none = {.service = KB_CAT_NO_SERVICE};

    (void)imsi;
    kb_terminal_attached(((struct kb_dpa_nowhere *)ctx)->terminal, &none);
}

static void nowhere_stop(void *ctx)
{
    (void)ctx;
}

/* Without service the terminal submits and opens nothing; these end what it should not begin. */
static void nowhere_submit(void *ctx, struct kb_span tpdu, struct kb_span centre)
{
    (void)tpdu, (void)centre;
    kb_terminal_submitted(((struct kb_dpa_nowhere *)ctx)->terminal, false, 0);
}

static void nowhere_open(void *ctx, const char *apn, uint8_t protocol, struct kb_span address,
                         uint16_t port_number)
{
    (void)apn, (void)protocol, (void)address, (void)port_number;
    kb_terminal_channel_opened(((struct kb_dpa_nowhere *)ctx)->terminal, false);
}

static void nowhere_send(void *ctx, struct kb_span data)
{
    (void)ctx, (void)data;
}

struct kb_dpa_radio kb_dpa_no_network(struct kb_dpa_nowhere *nowhere)
{
    return (struct kb_dpa_radio){.ctx = nowhere,
                                 .name = "no network",
                                 .begin = nowhere_begin,
                                 .attach = nowhere_attach,
                                 .detach = nowhere_stop,
                                 .submit = nowhere_submit,
                                 .open = nowhere_open,
                                 .send = nowhere_send,
                                 .close = nowhere_stop};
}
