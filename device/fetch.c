/* SPDX-License-Identifier: Apache-2.0 */
/* The proactive session (ETSI TS 102 223 clauses 6.3 - 6.11, 3GPP TS 31.111 clause 6): FETCH,
 * perform, TERMINAL RESPONSE. */
#include <string.h>

#include "crypto/secret.h"
#include "device/inside.h"

enum { INS_FETCH = 0x12, INS_RESPONSE = 0x14, COMMAND_DETAILS = 0x01, COMPREHENSION = 0x80 };

/* In the order of types, TS 102 223 clause 9.4. */
#define NEEDS(object) (UINT32_C(1) << (object))
static const struct kb_terminal_row table[] = {
    /* type, what it needs, handlers                                     clause */
    {KB_CAT_REFRESH, 0, kb_terminal_perform_refresh, NULL},     /* 6.4.7 */
    {KB_CAT_MORE_TIME, 0, kb_terminal_perform_more_time, NULL}, /* 6.4.4 */
    {KB_CAT_POLL_INTERVAL, NEEDS(KB_CAT_DURATION),              /* 6.4.6 */
     kb_terminal_perform_poll_interval, NULL},
    {KB_CAT_POLLING_OFF, 0, kb_terminal_perform_polling_off, NULL}, /* 6.4.14 */
    {KB_CAT_SET_UP_EVENT_LIST, NEEDS(KB_CAT_EVENTS),                /* 6.4.16 */
     kb_terminal_perform_events, NULL},
    {KB_CAT_SEND_SHORT_MESSAGE, NEEDS(KB_CAT_TPDU), /* 6.4.10 */
     kb_terminal_perform_message, kb_terminal_finish_message},
    {KB_CAT_DISPLAY_TEXT, NEEDS(KB_CAT_TEXT), /* 6.4.1 */
     kb_terminal_perform_display, kb_terminal_finish_display},
    {KB_CAT_GET_INKEY, NEEDS(KB_CAT_TEXT), /* 6.4.2 */
     kb_terminal_perform_inkey, kb_terminal_finish_inkey},
    {KB_CAT_GET_INPUT, NEEDS(KB_CAT_TEXT) | NEEDS(KB_CAT_RESPONSE_LENGTH), /* 6.4.3 */
     kb_terminal_perform_input, kb_terminal_finish_input},
    {KB_CAT_SELECT_ITEM, 0, kb_terminal_perform_select, kb_terminal_finish_select}, /* 6.4.9 */
    {KB_CAT_SET_UP_MENU, 0, kb_terminal_perform_menu, NULL},                        /* 6.4.8 */
    {KB_CAT_PROVIDE_LOCAL_INFORMATION, 0, kb_terminal_perform_local, NULL},         /* 6.4.15 */
    {KB_CAT_TIMER_MANAGEMENT, NEEDS(KB_CAT_TIMER),                                  /* 6.4.21 */
     kb_terminal_perform_timer, NULL},
    {KB_CAT_OPEN_CHANNEL, NEEDS(KB_CAT_BEARER) | NEEDS(KB_CAT_BUFFER_SIZE), /* 6.4.27 */
     kb_terminal_perform_open, kb_terminal_finish_open},
    {KB_CAT_CLOSE_CHANNEL, 0, kb_terminal_perform_close, NULL}, /* 6.4.28 */
    {KB_CAT_RECEIVE_DATA, NEEDS(KB_CAT_CHANNEL_LENGTH),         /* 6.4.29 */
     kb_terminal_perform_receive, NULL},
    {KB_CAT_SEND_DATA, NEEDS(KB_CAT_CHANNEL_DATA), kb_terminal_perform_send, NULL}, /* 6.4.30 */
    {KB_CAT_GET_CHANNEL_STATUS, 0, kb_terminal_perform_status, NULL},               /* 6.4.31 */
};

const struct kb_terminal_row *kb_terminal_find_row(uint8_t type)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].type == type)
            return &table[i];
    return NULL;
}

enum kb_terminal_performed kb_terminal_result(struct kb_terminal_work *work, uint8_t result)
{
    work->response.result = result;
    return KB_PERFORMED;
}

enum kb_terminal_performed kb_terminal_result_with(struct kb_terminal_work *work, uint8_t result,
                                                   uint8_t additional)
{
    uint8_t *room = kb_wr_reserve(&work->scratch, 1);

    if (room) {
        *room = additional;
        work->response.additional = kb_span(room, 1);
    }
    return kb_terminal_result(work, result);
}

/* --- TERMINAL RESPONSE --- */

static void send_response(struct kb_terminal *terminal, const struct kb_cat_response *response)
{
    uint8_t bytes[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_apdu apdu = {.cla = 0x80, .ins = INS_RESPONSE};
    struct kb_answer answer = {.len = 0};

    kb_cat_response_write(&wr, response);
    if (wr.is_bad) { /* what it brings does not fit: the bare result does */
        struct kb_cat_response bare = *response;

        bare.with = (struct kb_cat_objects){0};
        bare.additional = kb_span(NULL, 0);
        bare.result = KB_CAT_BEYOND_CAPABILITIES;
        wr = kb_wr(bytes, sizeof(bytes));
        kb_cat_response_write(&wr, &bare);
    }
    terminal->is_waiting = false; /* until the card says so again */
    apdu.data = kb_wr_span(&wr);
    kb_terminal_talk(terminal, &apdu, &answer, NULL);
    kb_wipe(bytes, sizeof(bytes)); /* may hold what the user typed */
}

void kb_terminal_respond(struct kb_terminal *terminal)
{
    const struct kb_terminal_command *command = &terminal->command;
    const struct kb_terminal_row *row = kb_terminal_find_row(command->type);
    uint8_t room[KB_CAT_MAX];
    struct kb_terminal_work work = {.scratch = kb_wr(room, sizeof(room))};

    work.response.number = command->number;
    work.response.type = command->type;
    work.response.qualifier = command->qualifier;
    terminal->command.is_open = terminal->command.is_done = terminal->is_asking = false;
    row->finish(terminal, &work);
    kb_wipe(&terminal->reply, sizeof(terminal->reply));
    send_response(terminal, &work.response);
    kb_wipe(room, sizeof(room));
}

/* --- FETCH --- */

/* Command details of a command that is malformed elsewhere; zeros when they cannot be read either
 * (clause 6.8). */
static void read_details(struct kb_span bytes, struct kb_cat_command *command)
{
    struct kb_cursor rd = kb_rd(bytes);

    *command = (struct kb_cat_command){0};
    kb_rd_u8(&rd);
    if (kb_rd_peek(&rd) == 0x81)
        kb_rd_u8(&rd);
    kb_rd_u8(&rd);
    if ((kb_rd_u8(&rd) & ~COMPREHENSION) != COMMAND_DETAILS || kb_rd_u8(&rd) != 3)
        return;
    command->number = kb_rd_u8(&rd);
    command->type = kb_rd_u8(&rd);
    command->qualifier = kb_rd_u8(&rd);
    if (rd.is_bad)
        *command = (struct kb_cat_command){0};
}

/* Type before data objects, data objects before what is missing (clauses 6.10, 6.11, 8.12). */
static enum kb_terminal_performed perform(struct kb_terminal *terminal,
                                          struct kb_terminal_work *work, enum kb_err err)
{
    const struct kb_cat_command *command = work->command;
    const struct kb_terminal_row *row = kb_terminal_find_row(command->type);
    struct kb_terminal_command *kept = &terminal->command;
    enum kb_terminal_performed performed;

    if (!row && command->type)
        return kb_terminal_result(work, KB_CAT_TYPE_NOT_UNDERSTOOD);
    if (!row || err)
        return kb_terminal_result(work, KB_CAT_DATA_NOT_UNDERSTOOD);
    if ((command->with.has & row->needs) != row->needs)
        return kb_terminal_result(work, KB_CAT_VALUES_MISSING);
    *kept = (struct kb_terminal_command){.is_open = true,
                                         .number = command->number,
                                         .type = command->type,
                                         .qualifier = command->qualifier};
    performed = row->perform(terminal, work);
    if (performed == KB_PERFORMED)
        kept->is_open = false;
    return performed;
}

void kb_terminal_fetch(struct kb_terminal *terminal)
{
    struct kb_apdu apdu = {.cla = 0x80, .ins = INS_FETCH, .has_le = true};
    struct kb_answer answer = {.len = 0};
    uint8_t room[KB_CAT_MAX];
    struct kb_cat_command command;
    struct kb_terminal_work work = {.scratch = kb_wr(room, sizeof(room)), .command = &command};
    enum kb_err err;

    apdu.ne = terminal->waiting ? terminal->waiting : 256;
    terminal->is_waiting = false;
    err = kb_terminal_talk(terminal, &apdu, &answer, NULL);
    if (err || !kb_terminal_is_good(&answer) || !answer.len)
        return; /* the card has thought better of it */
    work.bytes = kb_span(answer.data, answer.len);
    err = kb_cat_command_read(work.bytes, &command);
    if (err == KB_ERR_MALFORMED)
        read_details(work.bytes, &command);
    work.response.number = command.number;
    work.response.type = command.type;
    work.response.qualifier = command.qualifier;
    if (perform(terminal, &work, err) == KB_PERFORMED && terminal->phase == KB_TERMINAL_READY)
        send_response(terminal, &work.response);
}

/* --- What to do next --- */

static bool step(struct kb_terminal *terminal)
{
    const struct kb_terminal_command *command = &terminal->command;

    if (terminal->phase == KB_TERMINAL_LOCKED) {
        if (!command->is_done)
            return false;
        kb_terminal_unlock(terminal);
    } else if (command->is_open && command->is_done) {
        kb_terminal_respond(terminal);
    } else if (!command->is_open && terminal->is_waiting && terminal->budget) {
        terminal->budget--;
        kb_terminal_fetch(terminal);
    } else if (terminal->wants_attach) {
        kb_terminal_attach(terminal);
    } else {
        return !command->is_open && kb_terminal_tell(terminal);
    }
    return true;
}

/* A card that is not done yet when its commands are used up, or that was too busy to hear what
 * happened, is looked at again with the next STATUS, which it cannot turn off then. */
void kb_terminal_run(struct kb_terminal *terminal)
{
    if (terminal->is_running)
        return;
    terminal->is_running = true;
    terminal->budget = KB_TERMINAL_COMMANDS;
    while (terminal->phase != KB_TERMINAL_OFF && step(terminal))
        ;
    terminal->is_running = false;
    if (terminal->phase == KB_TERMINAL_READY && (terminal->is_waiting || terminal->event_count) &&
        !terminal->command.is_open && !terminal->poll)
        terminal->port->timer(terminal->port->ctx, KB_TERMINAL_POLL, 30);
}
