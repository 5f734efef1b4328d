/* SPDX-License-Identifier: Apache-2.0 */
/* From a card without power to one that is ready (ETSI TS 102 221 clause 14, 3GPP TS 31.102
 * clause 5.1): reset, USIM, PIN, TERMINAL PROFILE, files. */
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "device/inside.h"
#include "wire/tlv.h"

enum {
    PIN1 = 0x01,
    PIN_SIZE = 8,
    PIN_MIN = 4,
    ATR_ROOM = 64,
    TAG_FCP = 0x62,
    TAG_PIN_STATUS = 0xC6, /* TS 102 221 clause 11.1.1.4.10 */
    TAG_PIN_ENABLED = 0x90,
    TAG_KEY_REFERENCE = 0x83,
    STATUS_APPLICATION_STARTED = 0x01, /* TS 102 221 clause 11.1.2 */
    STATUS_APPLICATION_ENDS = 0x02
};

void kb_terminal_forget(struct kb_terminal *terminal)
{
    const struct kb_terminal_menu none = {.count = 0};

    kb_terminal_stop_timers(terminal);
    kb_terminal_drop_channel(terminal);
    kb_wipe(&terminal->reply, sizeof(terminal->reply));
    memset(&terminal->command, 0, sizeof(terminal->command));
    memset(terminal->events_wanted, 0, sizeof(terminal->events_wanted));
    terminal->event_count = 0;
    terminal->is_waiting = terminal->is_asking = false;
    if (terminal->menu_len)
        terminal->port->menu(terminal->port->ctx, &none);
    terminal->menu_len = 0;
}

/* --- PIN --- */

/* The bits stand for the key references in their order. */
static bool is_pin_enabled(struct kb_span status)
{
    struct kb_cursor rd = kb_rd(status);
    struct kb_span bits = {NULL, 0};
    struct kb_tlv object;
    size_t n = 0;

    while (kb_tlv_next(&rd, &object)) {
        if (object.tag == TAG_PIN_ENABLED)
            bits = object.value;
        if (object.tag != TAG_KEY_REFERENCE)
            continue;
        if (object.value.len == 1 && object.value.data[0] == PIN1)
            return n / 8 < bits.len && bits.data[n / 8] >> (7 - n % 8) & 1;
        n++;
    }
    return false;
}

static bool wants_pin(const struct kb_answer *selected)
{
    struct kb_span fcp, status;

    return kb_tlv_find(kb_span(selected->data, selected->len), TAG_FCP, &fcp) &&
           kb_tlv_find(fcp, TAG_PIN_STATUS, &status) && is_pin_enabled(status);
}

static enum kb_err verify(struct kb_terminal *terminal, struct kb_span pin,
                          struct kb_answer *answer, struct kb_report *why)
{
    uint8_t padded[PIN_SIZE];
    struct kb_apdu apdu = {.ins = 0x20, .p2 = PIN1};
    enum kb_err err;

    memset(padded, 0xFF, sizeof(padded));
    if (pin.len)
        memcpy(padded, pin.data, pin.len);
    if (pin.len)
        apdu.data = kb_span(padded, sizeof(padded));
    err = kb_terminal_talk(terminal, &apdu, answer, why);
    kb_wipe(padded, sizeof(padded));
    return err;
}

static void ask_pin(struct kb_terminal *terminal, uint16_t sw)
{
    struct kb_terminal_question question = {.kind = KB_ASK_INPUT,
                                            .is_digits = true,
                                            .is_hidden = true,
                                            .min = PIN_MIN,
                                            .max = PIN_SIZE};

    if ((sw & 0xFFF0) != KB_SW_VERIFY_FAILED || !(sw & 0x0F)) {
        terminal->port->show(terminal->port->ctx, "The PIN is blocked");
        return;
    }
    snprintf(question.text, sizeof(question.text), "PIN (%d tries left)", sw & 0x0F);
    terminal->command.min = PIN_MIN;
    terminal->command.max = PIN_SIZE;
    terminal->command.is_digits = true;
    terminal->is_asking = true;
    terminal->port->ask(terminal->port->ctx, &question);
}

/* --- The two halves, and the end --- */

static enum kb_err tell_status(struct kb_terminal *terminal, uint8_t what, struct kb_report *why)
{
    struct kb_apdu apdu = {.cla = 0x80, .ins = 0xF2, .p1 = what, .p2 = 0x0C};
    struct kb_answer answer = {.len = 0};

    return kb_terminal_talk(terminal, &apdu, &answer, why);
}

void kb_terminal_end_session(struct kb_terminal *terminal)
{
    if (terminal->phase == KB_TERMINAL_READY)
        tell_status(terminal, STATUS_APPLICATION_ENDS, NULL);
}

static enum kb_err finish_start(struct kb_terminal *terminal, struct kb_report *why)
{
    struct kb_answer answer = {.len = 0};
    uint8_t profile[32];
    struct kb_apdu apdu = {.cla = 0x80, .ins = 0x10, .data = kb_terminal_profile(profile)};
    enum kb_err err = kb_terminal_talk(terminal, &apdu, &answer, why);

    if (!err)
        err = kb_terminal_read_files(terminal, why);
    if (!err)
        err = tell_status(terminal, STATUS_APPLICATION_STARTED, why);
    if (err)
        return err;
    terminal->phase = KB_TERMINAL_READY;
    terminal->wants_attach = terminal->imsi[0];
    kb_terminal_set_poll(terminal, terminal->port->poll ? terminal->port->poll : 30);
    kb_terminal_tell_change(terminal);
    return KB_OK;
}

/* An error before the terminal was on leaves nothing to be lost. */
enum kb_err kb_terminal_start(struct kb_terminal *terminal, struct kb_report *why)
{
    struct kb_answer answer = {.len = 0};
    uint8_t atr[ATR_ROOM];
    size_t atr_len = 0;
    enum kb_err err;

    terminal->imsi[0] = terminal->iccid[0] = 0;
    terminal->wants_attach = false;
    err = terminal->reader->ops->power_up(terminal->reader, atr, &atr_len, why);
    if (err) {
        kb_terminal_lose(terminal);
        return err;
    }
    terminal->phase = KB_TERMINAL_LOCKED;
    err = kb_terminal_select_usim(terminal, &answer, why);
    if (err)
        return err;
    if (!wants_pin(&answer))
        return finish_start(terminal, why);
    err = verify(terminal, kb_span(NULL, 0), &answer, why);
    if (!err && kb_terminal_is_good(&answer))
        return finish_start(terminal, why);
    if (!err)
        ask_pin(terminal, answer.sw);
    return err;
}

void kb_terminal_unlock(struct kb_terminal *terminal)
{
    struct kb_answer answer = {.len = 0};
    enum kb_err err;

    terminal->is_asking = false;
    terminal->command.is_done = false;
    if (terminal->reply.result != KB_CAT_OK) {
        terminal->port->show(terminal->port->ctx, "No service without the PIN");
        return;
    }
    err = verify(terminal, kb_span(terminal->reply.text, strlen(terminal->reply.text)), &answer,
                 NULL);
    kb_wipe(&terminal->reply, sizeof(terminal->reply));
    if (err)
        return;
    if (kb_terminal_is_good(&answer))
        finish_start(terminal, NULL);
    else
        ask_pin(terminal, answer.sw);
}
