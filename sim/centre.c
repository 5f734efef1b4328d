/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short message centre between terminals and the application server: stores and forwards (3GPP
 * TS 23.040 clause 3.2), tries again while a terminal is away, and does on the way what the seed
 * wants: loses, doubles, delays and reorders. A temporary subscriber reaches IdPS and nobody else.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/inside.h"

/* RP causes of 3GPP TS 24.011 clause 8.2.5.4. */
enum { CAUSE_OUT_OF_ORDER = 38, CAUSE_TEMPORARY = 41, CAUSE_NOT_SUBSCRIBED = 50 };

enum {
    ANSWER_MS = 250,
    WAY_MS = 300, /* at least */
    WAY_LONGEST_MS = 1200,
    DISORDER_MS = 60000,
    AGAIN_MS = 20000,
    TRIES = 400
};

static struct kb_sim_event event_of(struct kb_sim_phone *phone,
                                    void (*run)(void *, const struct kb_sim_event *))
{
    return (struct kb_sim_event){.run = run, .ctx = phone->world, .card = phone->number};
}

/* When the next one in this direction comes: behind the one before, unless it is overtaken. */
static int64_t delay(struct kb_sim_phone *phone, int64_t *last)
{
    struct kb_world *world = phone->world;
    int64_t way = kb_chance_between(&phone->network_chance, WAY_MS, WAY_LONGEST_MS);

    if (kb_sim_strikes(world, &phone->network_chance, world->config.reorder))
        return way + kb_chance_between(&phone->network_chance, AGAIN_MS / 10, DISORDER_MS);
    if (*last >= world->clock.now + way)
        way = *last - world->clock.now + 1;
    *last = world->clock.now + way;
    return way;
}

/* --- From the card --- */

static void tell_submitted(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    if (!phone || phone->submit_turn != event->turn)
        return;
    kb_terminal_submitted(phone->terminal, !event->what, (uint8_t)event->what);
    kb_sim_phone_look(phone);
}

static void answer(struct kb_sim_phone *phone, uint8_t cause)
{
    struct kb_sim_event event = event_of(phone, tell_submitted);

    event.turn = ++phone->submit_turn;
    event.what = cause;
    kb_sim_plan(&phone->world->clock, ANSWER_MS, event);
}

static void reached_centre(void *ctx, const struct kb_sim_event *event)
{
    /* Each copy goes on by itself, and is settled by itself. */
    struct kb_sim_letter *copy = kb_sim_letter_new(event->card, kb_sim_letter_span(event->letter));

    copy->kind = KB_MAIL_SMS;
    memcpy(copy->peer, event->letter->peer, sizeof(copy->peer));
    copy->from = KB_SIM_OUTSIDE;
    copy->to = 0;
    copy->link = KB_LINK_CENTRE;
    copy->is_up = true;
    copy->sender = "centre";
    copy->receiver = "AS";
    copy->what = "short message";
    kb_sim_post(ctx, copy, true);
}

static void send_to_centre(struct kb_sim_phone *phone, struct kb_span user_data, int64_t late)
{
    struct kb_world *world = phone->world;
    struct kb_sim_event event = event_of(phone, reached_centre);

    event.letter = kb_sim_letter_new(phone->number, user_data);
    kb_sim_number(phone->attached_as, phone->number, event.letter->peer);
    if (kb_sim_strikes(world, &phone->network_chance, world->config.duplicate)) {
        struct kb_sim_event twin = event;

        twin.letter = kb_sim_letter_hold(event.letter);
        kb_sim_plan(&world->clock, delay(phone, &phone->sms_up_at), twin);
    }
    kb_sim_plan(&world->clock, delay(phone, &phone->sms_up_at) + late, event);
}

static bool is_for_service(const struct kb_sms *sms)
{
    char digits[KB_SMS_ADDRESS_DIGITS];
    size_t len = kb_sms_address_digits(&sms->address, digits);

    return len == strlen(KB_SIM_SERVICE) && memcmp(digits, KB_SIM_SERVICE, len) == 0;
}

static void submit(struct kb_sim_phone *phone, struct kb_span tpdu, int64_t late)
{
    struct kb_world *world = phone->world;
    struct kb_sms sms;

    if (kb_sms_parse(tpdu, KB_SMS_SUBMIT, &sms) || !is_for_service(&sms)) {
        answer(phone, CAUSE_NOT_SUBSCRIBED);
        return;
    }
    if (!kb_sim_strikes(world, &phone->network_chance, world->config.loss)) {
        answer(phone, 0);
        send_to_centre(phone, sms.user_data, late);
        return;
    }
    /* Lost on the radio, and the terminal knows; or in the centre; or only its answer is lost. */
    switch (kb_chance_below(&phone->network_chance, 3)) {
    case 0:
        answer(phone, CAUSE_TEMPORARY);
        break;
    case 1:
        answer(phone, 0);
        break;
    default:
        answer(phone, CAUSE_TEMPORARY);
        send_to_centre(phone, sms.user_data, late);
        break;
    }
}

void kb_sim_centre_submit(struct kb_sim_phone *phone, struct kb_span tpdu)
{
    struct kb_world *world = phone->world;
    struct kb_sim_fate fate = kb_sim_cross(world, KB_LINK_SMS, true, phone->number, "terminal",
                                           "centre", "SMS-SUBMIT", tpdu);

    if (!phone->is_attached) {
        answer(phone, CAUSE_OUT_OF_ORDER);
        return;
    }
    if (!fate.count)
        answer(phone, 0);
    for (size_t i = 0; i < fate.count; i++)
        submit(phone, fate.goes[i].bytes, fate.goes[i].delay_ms);
}

/* --- To the card --- */

static uint8_t swapped(int value)
{
    return (uint8_t)(value % 10 << 4 | value / 10 % 10);
}

/* TP-SCTS, TS 23.040 clause 9.2.3.11. */
static void write_time(int64_t posix, uint8_t out[KB_SMS_TIME])
{
    time_t when = (time_t)posix;
    struct tm tm;

    gmtime_r(&when, &tm);
    out[0] = swapped(tm.tm_year % 100);
    out[1] = swapped(tm.tm_mon + 1);
    out[2] = swapped(tm.tm_mday);
    out[3] = swapped(tm.tm_hour);
    out[4] = swapped(tm.tm_min);
    out[5] = swapped(tm.tm_sec);
    out[6] = 0;
}

static bool is_reachable(const struct kb_sim_phone *phone, const char *number)
{
    uint64_t card;
    unsigned provider;

    return phone->is_attached && kb_terminal_is_on(phone->terminal) &&
           kb_sim_number_read(number, &provider, &card) && phone->attached_as == provider;
}

static void deliver(void *ctx, const struct kb_sim_event *event);

static bool hand_over(struct kb_sim_phone *phone, const struct kb_sim_letter *letter)
{
    uint8_t room[KB_SMS_MAX];
    struct kb_writer report = kb_wr(room, sizeof(room));
    bool is_taken = kb_terminal_deliver(phone->terminal, kb_sim_letter_span(letter), &report);

    kb_sim_phone_look(phone);
    return is_taken;
}

/* What somebody on the radio made of it. */
static bool hand_over_all(struct kb_sim_phone *phone, struct kb_sim_letter *letter,
                          const struct kb_sim_fate *fate)
{
    struct kb_sim_letter *goes[KB_SIM_GOES] = {NULL};
    bool is_taken = !fate->count;

    for (size_t i = 0; i < fate->count; i++)
        goes[i] = fate->goes[i].is_forged ? kb_sim_letter_forge(letter, fate->goes[i].bytes, 0)
                                          : kb_sim_letter_hold(letter);
    for (size_t i = 0; i < fate->count; i++) {
        if (fate->goes[i].delay_ms) {
            struct kb_sim_event later = event_of(phone, deliver);

            later.letter = kb_sim_letter_hold(goes[i]);
            kb_sim_plan(&phone->world->clock, fate->goes[i].delay_ms, later);
            is_taken = true;
        } else {
            is_taken = hand_over(phone, goes[i]) || is_taken;
        }
        kb_sim_letter_drop(goes[i]);
    }
    return is_taken;
}

static void deliver(void *ctx, const struct kb_sim_event *event)
{
    struct kb_world *world = ctx;
    struct kb_sim_phone *phone = kb_sim_phone(world, event->card);
    struct kb_sim_letter *letter = event->letter;
    bool is_taken = false;

    if (!phone)
        return;
    if (is_reachable(phone, letter->peer)) {
        struct kb_sim_fate fate =
            kb_sim_cross(world, KB_LINK_SMS, false, phone->number, "centre", "terminal",
                         "SMS-DELIVER", kb_sim_letter_span(letter));

        if (!kb_sim_strikes(world, &phone->network_chance, world->config.loss))
            is_taken = hand_over_all(phone, letter, &fate);
    }
    if (!is_taken && ++letter->tries < TRIES) {
        struct kb_sim_event again = event_of(phone, deliver);

        again.letter = kb_sim_letter_hold(letter);
        kb_sim_plan(&world->clock, AGAIN_MS, again);
    }
}

static struct kb_sim_letter *new_delivery(const struct kb_world *world, const struct kb_mail *mail,
                                          uint64_t card)
{
    struct kb_sms sms = {.kind = KB_SMS_DELIVER,
                         .flags = KB_SMS_HAS_HEADER | KB_SMS_NO_MORE,
                         .pid = KB_SMS_PID_USIM_DOWNLOAD,
                         .dcs = KB_SMS_DCS_USIM_8BIT,
                         .user_data = mail->body};
    uint8_t tpdu[KB_SMS_MAX];
    struct kb_writer wr = kb_wr(tpdu, sizeof(tpdu));
    struct kb_sim_letter *letter;

    kb_sms_address_set(&sms.address, 0x91, kb_span(KB_SIM_SERVICE, strlen(KB_SIM_SERVICE)));
    write_time(kb_sim_posix(world), sms.time);
    kb_sms_write(&wr, &sms);
    if (wr.is_bad)
        return NULL;
    letter = kb_sim_letter_new(card, kb_wr_span(&wr));
    memcpy(letter->peer, mail->peer, sizeof(letter->peer));
    return letter;
}

bool kb_sim_centre_take(struct kb_world *world, const struct kb_mail *mail)
{
    struct kb_sim_phone *phone = NULL;
    struct kb_sim_event event;
    uint64_t card;
    unsigned provider;

    if (kb_sim_number_read(mail->peer, &provider, &card))
        phone = kb_sim_phone(world, card);
    /* Lost in the centre, which has said that it has it. */
    if (!phone || kb_sim_strikes(world, &phone->network_chance, world->config.loss))
        return true;
    event = event_of(phone, deliver);
    event.letter = new_delivery(world, mail, card);
    if (!event.letter) {
        kb_sim_broken(world, KB_PROMISE_PARTY, card, "the AS sends what is no short message");
        return true;
    }
    if (kb_sim_strikes(world, &phone->network_chance, world->config.duplicate)) {
        struct kb_sim_event twin = event;

        twin.letter = kb_sim_letter_hold(event.letter);
        kb_sim_plan(&world->clock, delay(phone, &phone->sms_down_at), twin);
    }
    kb_sim_plan(&world->clock, delay(phone, &phone->sms_down_at), event);
    return true;
}
