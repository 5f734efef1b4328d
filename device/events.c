/* SPDX-License-Identifier: Apache-2.0 */
/* What the card has to hear of (ETSI TS 102 223 clause 7, 3GPP TS 31.111 clause 7), kept in order
 * while a proactive command is under way. */
#include <string.h>

#include "device/inside.h"

enum {
    INS_ENVELOPE = 0xC2,
    EVENT_BITS = 64,
    IMSI_ATTACH = 0x02 /* 3GPP TS 31.111 clause 8.92 */
};

/* --- SET UP EVENT LIST --- */

/* The whole list: what is not in it is wanted no longer (TS 102 223 clause 6.4.16). */
KB_PERFORM(events)
{
    const struct kb_span *list = &work->command->with.events;

    memset(terminal->events_wanted, 0, sizeof(terminal->events_wanted));
    for (size_t i = 0; i < list->len; i++) {
        uint8_t event = list->data[i];

        if (event < EVENT_BITS)
            terminal->events_wanted[event / 32] |= UINT32_C(1) << event % 32;
    }
    return kb_terminal_result(work, KB_CAT_OK);
}

static bool is_wanted(const struct kb_terminal *terminal, uint8_t event)
{
    return terminal->events_wanted[event / 32] >> event % 32 & 1;
}

/* --- The queue --- */

static void drop(struct kb_terminal *terminal, uint8_t at)
{
    terminal->event_count--;
    memmove(&terminal->events[at], &terminal->events[at + 1],
            (size_t)(terminal->event_count - at) * sizeof(terminal->events[0]));
}

/* News of the network may come any number of times; of everything else one is enough. */
static bool is_news(const struct kb_terminal_event *event)
{
    return event->tag == KB_CAT_EVENT_DOWNLOAD && (event->event == KB_CAT_EVENT_LOCATION_STATUS ||
                                                   event->event == KB_CAT_EVENT_NETWORK_REJECTION);
}

static bool is_same(const struct kb_terminal_event *a, const struct kb_terminal_event *b)
{
    return a->tag == b->tag && a->event == b->event && a->detail == b->detail;
}

/* There are fewer than KB_TERMINAL_EVENTS different ones that are no news: eight timers, two of the
 * channel, and one choice of the menu. */
static void make_room(struct kb_terminal *terminal, const struct kb_terminal_event *event)
{
    for (uint8_t i = 0; !is_news(event) && i < terminal->event_count; i++)
        if (is_same(&terminal->events[i], event) ||
            (event->tag == KB_CAT_MENU_SELECTION && terminal->events[i].tag == event->tag)) {
            drop(terminal, i);
            return;
        }
    for (uint8_t i = 0; terminal->event_count == KB_TERMINAL_EVENTS; i++)
        if (is_news(&terminal->events[i]))
            drop(terminal, i);
}

void kb_terminal_note(struct kb_terminal *terminal, uint8_t tag, uint8_t event, uint8_t detail)
{
    struct kb_terminal_event new = {tag, event, detail};

    if (terminal->phase != KB_TERMINAL_READY ||
        (tag == KB_CAT_EVENT_DOWNLOAD && !is_wanted(terminal, event)))
        return;
    make_room(terminal, &new);
    terminal->events[terminal->event_count++] = new;
}

void kb_terminal_unnote(struct kb_terminal *terminal, uint8_t tag, uint8_t event, uint8_t detail)
{
    for (uint8_t i = terminal->event_count; i-- > 0;) {
        const struct kb_terminal_event *kept = &terminal->events[i];

        if (kept->tag == tag && kept->event == event && (!detail || kept->detail == detail))
            drop(terminal, i);
    }
}

/* --- Envelopes --- */

enum kb_err kb_terminal_envelope(struct kb_terminal *terminal,
                                 const struct kb_cat_envelope *envelope, struct kb_answer *answer)
{
    uint8_t bytes[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_apdu apdu = {.cla = 0x80, .ins = INS_ENVELOPE};

    answer->len = 0;
    kb_cat_envelope_write(&wr, envelope);
    if (wr.is_bad)
        return KB_ERR_TOO_LONG;
    apdu.data = kb_wr_span(&wr);
    apdu.has_le = envelope->tag == KB_CAT_SMS_PP_DOWNLOAD;
    apdu.ne = 256;
    return kb_terminal_talk(terminal, &apdu, answer, NULL);
}

struct kb_span kb_terminal_location(const struct kb_terminal *terminal, uint8_t out[7])
{
    struct kb_writer wr = kb_wr(out, 7);

    if (terminal->where.service == KB_CAT_NO_SERVICE)
        return kb_span(out, 0);
    kb_wr_copy(&wr, terminal->where.plmn, sizeof(terminal->where.plmn));
    kb_wr_u16(&wr, terminal->where.area);
    kb_wr_u16(&wr, terminal->where.cell);
    return kb_wr_span(&wr);
}

static void put_location(const struct kb_terminal *terminal, struct kb_cat_objects *with,
                         uint8_t room[7])
{
    with->location = kb_terminal_location(terminal, room);
    if (with->location.len)
        kb_cat_add(with, KB_CAT_LOCATION);
}

/* The only thing this terminal asks of a network that can be refused is an attach. */
static void put_rejection(const struct kb_terminal *terminal, uint8_t cause,
                          struct kb_cat_envelope *envelope)
{
    struct kb_cat_objects *with = &envelope->with;

    envelope->source = KB_CAT_NETWORK;
    with->technology = kb_span(&terminal->where.technology, 1);
    with->update_type = IMSI_ATTACH;
    with->rejection_cause = cause;
    kb_cat_add(with, KB_CAT_TECHNOLOGY);
    kb_cat_add(with, KB_CAT_UPDATE_TYPE);
    kb_cat_add(with, KB_CAT_REJECTION_CAUSE);
}

/* Data objects of the events, TS 102 223 clause 7.5 and TS 31.111 clause 7.5. */
static void fill_event(const struct kb_terminal *terminal, const struct kb_terminal_event *event,
                       struct kb_cat_envelope *envelope, uint8_t room[7])
{
    struct kb_cat_objects *with = &envelope->with;

    with->events = kb_span(&event->event, 1);
    kb_cat_add(with, KB_CAT_EVENTS);
    if (event->event == KB_CAT_EVENT_LOCATION_STATUS) {
        with->location_status = event->detail;
        kb_cat_add(with, KB_CAT_LOCATION_STATUS);
        if (event->detail == KB_CAT_NORMAL_SERVICE)
            put_location(terminal, with, room);
    } else if (event->event == KB_CAT_EVENT_NETWORK_REJECTION) {
        put_location(terminal, with, room);
        put_rejection(terminal, event->detail, envelope);
    } else {
        with->channel_status[0] = kb_terminal_channel_state(terminal);
        with->channel_status[1] = event->detail;
        kb_cat_add(with, KB_CAT_CHANNEL_STATUS);
    }
    if (event->event == KB_CAT_EVENT_DATA_AVAILABLE) {
        with->channel_length = kb_terminal_channel_waiting(terminal);
        kb_cat_add(with, KB_CAT_CHANNEL_LENGTH);
    }
}

static void fill(const struct kb_terminal *terminal, const struct kb_terminal_event *event,
                 struct kb_cat_envelope *envelope, uint8_t room[7])
{
    *envelope = (struct kb_cat_envelope){
        .tag = event->tag, .source = KB_CAT_TERMINAL, .destination = KB_CAT_UICC};
    if (event->tag == KB_CAT_MENU_SELECTION) {
        envelope->source = KB_CAT_KEYPAD;
        envelope->with.item = event->detail;
        kb_cat_add(&envelope->with, KB_CAT_ITEM);
    } else if (event->tag == KB_CAT_TIMER_EXPIRATION) {
        envelope->with.timer = event->detail;
        envelope->with.timer_seconds = terminal->timers[event->detail - 1].seconds;
        kb_cat_add(&envelope->with, KB_CAT_TIMER);
        kb_cat_add(&envelope->with, KB_CAT_TIMER_SECONDS);
    } else {
        fill_event(terminal, event, envelope, room);
    }
}

/* A card that is busy is told again, but for what the user chose, who may do so again (3GPP TS
 * 31.111 clause 7.5, ETSI TS 102 223 clauses 7.2.1 and 7.4.1). */
static bool is_to_be_told_again(const struct kb_terminal_event *event,
                                const struct kb_answer *answer)
{
    return answer->sw == KB_SW_TOOLKIT_BUSY && event->tag != KB_CAT_MENU_SELECTION;
}

static void put_back(struct kb_terminal *terminal, const struct kb_terminal_event *event)
{
    memmove(&terminal->events[1], &terminal->events[0],
            terminal->event_count * sizeof(terminal->events[0]));
    terminal->events[0] = *event;
    terminal->event_count++;
}

bool kb_terminal_tell(struct kb_terminal *terminal)
{
    struct kb_terminal_event event = terminal->events[0];
    struct kb_cat_envelope envelope;
    struct kb_answer answer;
    uint8_t room[7];

    if (!terminal->event_count)
        return false;
    drop(terminal, 0);
    fill(terminal, &event, &envelope, room);
    if (kb_terminal_envelope(terminal, &envelope, &answer) || !is_to_be_told_again(&event, &answer))
        return true;
    put_back(terminal, &event);
    return false;
}
