/* SPDX-License-Identifier: Apache-2.0 */
/* Time: the card's eight timers (ETSI TS 102 223 clause 6.4.21), STATUS polls (clause 6.4.6, TS 102
 * 221 clause 14.5.2) and attaching anew. */
#include "device/inside.h"

enum { TIMERS = 8 };

static const struct kb_terminal_port *port(const struct kb_terminal *terminal)
{
    return terminal->port;
}

/* --- TIMER MANAGEMENT --- */

static bool is_active(const struct kb_terminal_running *timer)
{
    return timer->seconds && timer->end;
}

static void put_timer(struct kb_terminal_work *work, uint8_t number)
{
    work->response.with.timer = number;
    kb_cat_add(&work->response.with, KB_CAT_TIMER);
}

static void put_left(const struct kb_terminal *terminal, struct kb_terminal_work *work,
                     const struct kb_terminal_running *timer)
{
    int64_t left = timer->end - port(terminal)->now(port(terminal)->ctx);

    if (left < 0)
        left = 0;
    if (left > timer->seconds)
        left = timer->seconds;
    work->response.with.timer_seconds = (uint32_t)left;
    kb_cat_add(&work->response.with, KB_CAT_TIMER_SECONDS);
}

static enum kb_terminal_performed start(struct kb_terminal *terminal, struct kb_terminal_work *work,
                                        uint8_t number)
{
    const struct kb_cat_objects *with = &work->command->with;
    struct kb_terminal_running *timer = &terminal->timers[number - 1];

    if (!kb_cat_has(with, KB_CAT_TIMER_SECONDS))
        return kb_terminal_result(work, KB_CAT_VALUES_MISSING);
    if (!with->timer_seconds)
        return kb_terminal_result(work, KB_CAT_DATA_NOT_UNDERSTOOD);
    kb_terminal_unnote(terminal, KB_CAT_TIMER_EXPIRATION, 0, number);
    timer->seconds = with->timer_seconds;
    timer->end = port(terminal)->now(port(terminal)->ctx) + with->timer_seconds;
    port(terminal)->timer(port(terminal)->ctx, number, timer->seconds);
    put_timer(work, number);
    return kb_terminal_result(work, KB_CAT_OK);
}

KB_PERFORM(timer)
{
    uint8_t number = work->command->with.timer;
    struct kb_terminal_running *timer = &terminal->timers[number - 1];

    if (work->command->qualifier == KB_CAT_TIMER_START)
        return start(terminal, work, number);
    if (work->command->qualifier > KB_CAT_TIMER_VALUE)
        return kb_terminal_result(work, KB_CAT_DATA_NOT_UNDERSTOOD);
    put_timer(work, number);
    if (work->command->qualifier == KB_CAT_TIMER_DEACTIVATE)
        kb_terminal_unnote(terminal, KB_CAT_TIMER_EXPIRATION, 0, number);
    if (!is_active(timer))
        return kb_terminal_result(work, KB_CAT_TIMER_CONTRADICTION);
    put_left(terminal, work, timer);
    if (work->command->qualifier == KB_CAT_TIMER_DEACTIVATE) {
        timer->end = 0;
        port(terminal)->timer(port(terminal)->ctx, number, 0);
    }
    return kb_terminal_result(work, KB_CAT_OK);
}

/* --- POLL INTERVAL, POLLING OFF, MORE TIME --- */

void kb_terminal_set_poll(struct kb_terminal *terminal, uint32_t seconds)
{
    terminal->poll = seconds;
    port(terminal)->timer(port(terminal)->ctx, KB_TERMINAL_POLL, seconds);
}

/* Whole seconds, the next greater one of tenths; the response names what was taken. */
KB_PERFORM(poll_interval)
{
    enum { MINUTES, SECONDS, TENTHS };
    const struct kb_cat_objects *with = &work->command->with;
    struct kb_cat_objects *taken = &work->response.with;
    uint32_t seconds = with->duration;

    if (with->duration_unit == MINUTES)
        seconds *= 60;
    else if (with->duration_unit == TENTHS)
        seconds = (seconds + 9) / 10;
    kb_terminal_set_poll(terminal, seconds);
    taken->duration_unit = with->duration_unit == MINUTES ? MINUTES : SECONDS;
    taken->duration = with->duration_unit == TENTHS ? (uint8_t)seconds : with->duration;
    kb_cat_add(taken, KB_CAT_DURATION);
    return kb_terminal_result(work, KB_CAT_OK);
}

KB_PERFORM(polling_off)
{
    kb_terminal_set_poll(terminal, 0);
    return kb_terminal_result(work, KB_CAT_OK);
}

/* The card wanted a pause; now it has had one. */
KB_PERFORM(more_time)
{
    (void)terminal;
    return kb_terminal_result(work, KB_CAT_OK);
}

/* --- Expiry --- */

static void poll_card(struct kb_terminal *terminal)
{
    struct kb_apdu status = {.cla = 0x80, .ins = 0xF2, .p2 = 0x0C};
    struct kb_answer answer = {.len = 0};

    if (!kb_terminal_talk(terminal, &status, &answer, NULL) && terminal->poll)
        port(terminal)->timer(port(terminal)->ctx, KB_TERMINAL_POLL, terminal->poll);
}

void kb_terminal_expired(struct kb_terminal *terminal, uint8_t timer)
{
    if (terminal->phase != KB_TERMINAL_READY)
        return;
    if (timer == KB_TERMINAL_POLL) {
        poll_card(terminal);
    } else if (timer == KB_TERMINAL_RETRY) {
        terminal->wants_attach = !kb_terminal_has_service(terminal);
    } else if (timer <= TIMERS && is_active(&terminal->timers[timer - 1])) {
        terminal->timers[timer - 1].end = 0;
        kb_terminal_note(terminal, KB_CAT_TIMER_EXPIRATION, 0, timer);
    }
    kb_terminal_run(terminal);
}

void kb_terminal_stop_timers(struct kb_terminal *terminal)
{
    for (uint8_t i = 1; i <= TIMERS; i++) {
        struct kb_terminal_running *timer = &terminal->timers[i - 1];

        if (is_active(timer))
            port(terminal)->timer(port(terminal)->ctx, i, 0);
        timer->seconds = 0;
        timer->end = 0;
    }
    terminal->poll = 0;
    port(terminal)->timer(port(terminal)->ctx, KB_TERMINAL_POLL, 0);
}
