/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a terminal: its state, and what its files ask of each other. */
#ifndef KB_DEVICE_INSIDE_H
#define KB_DEVICE_INSIDE_H

#include "device/terminal.h"
#include "reader/exchange.h"
#include "wire/bcd.h"

enum kb_terminal_phase {
    KB_TERMINAL_OFF,
    KB_TERMINAL_LOCKED, /* the card waits for its PIN, or is blocked */
    KB_TERMINAL_READY
};

/* General results and additional information that wire/cat.h does not name, TS 102 223
 * clause 8.12. */
enum {
    KB_TERMINAL_MODIFIED = 0x07,         /* performed, with modification */
    KB_TERMINAL_NO_CAUSE = 0x00,         /* clause 8.12.3, of KB_CAT_NETWORK_BUSY */
    KB_TERMINAL_NO_SERVICE = 0x04,       /* clause 8.12.2, of KB_CAT_TERMINAL_BUSY */
    KB_TERMINAL_NO_CHANNEL = 0x01,       /* clause 8.12.11, of KB_CAT_BEARER_INDEPENDENT_ERROR */
    KB_TERMINAL_CHANNEL_CLOSED = 0x02,   /* likewise */
    KB_TERMINAL_CHANNEL_INVALID = 0x03,  /* likewise */
    KB_TERMINAL_BUFFER_TOO_SMALL = 0x04, /* likewise */
    KB_TERMINAL_SERVICE_SMS_PP = 28      /* of EF.UST, TS 31.102 clause 4.2.8 */
};

enum { KB_TERMINAL_AID = 16, KB_TERMINAL_CENTRE = 11, KB_TERMINAL_BEARER = 10 };

/* Something the card has yet to hear of. */
struct kb_terminal_event {
    uint8_t tag;    /* enum kb_cat_envelope_tag */
    uint8_t event;  /* of KB_CAT_EVENT_DOWNLOAD */
    uint8_t detail; /* item, timer, location status, or cause */
};

/* The proactive command that is under way, when it waits for something outside. */
struct kb_terminal_command {
    bool is_open, is_done;
    uint8_t number, type, qualifier;
    uint8_t result, additional; /* of what came from the network */
    bool has_additional;
    bool is_digits;
    uint8_t min, max;
    uint8_t items[KB_TERMINAL_ITEMS], item_count; /* identifiers that may be chosen */
};

struct kb_terminal_running {
    uint32_t seconds; /* as it was set; 0: it does not run */
    int64_t end;
};

struct kb_terminal_channel {
    bool is_open, is_lost, is_short; /* is_short: something did not fit and may come again */
    uint8_t bearer[KB_TERMINAL_BEARER], bearer_len;
    uint16_t size; /* of each buffer, as granted */
    uint16_t in_len, out_len;
    uint8_t in[KB_TERMINAL_BUFFER], out[KB_TERMINAL_BUFFER];
};

struct kb_terminal {
    struct kb_reader *reader;
    const struct kb_terminal_port *port;

    uint8_t phase;     /* enum kb_terminal_phase */
    bool is_running;   /* kb_terminal_run is in its loop, or a public function talks to the card */
    bool wants_attach; /* as soon as nothing waits in the card */
    bool is_waiting;   /* the card has a command: 91XX */
    bool is_asking;    /* a question is with the user; its answer comes into reply */
    bool is_menu_new;
    uint8_t waiting; /* XX */
    uint8_t budget;  /* commands that may still be fetched for what happened */

    uint8_t aid[KB_TERMINAL_AID], aid_len;
    char iccid[KB_ICCID_MAX + 1], imsi[KB_IMSI_MAX + 1];
    uint8_t access_classes[2], mnc_length;
    bool has_sms_download;
    uint8_t centre[KB_TERMINAL_CENTRE], centre_len; /* of EF.SMSP */

    struct kb_terminal_attached where;
    uint32_t retry, poll;      /* seconds; poll 0: the card wants none */
    uint32_t events_wanted[2]; /* bit n: event n of the event list */
    struct kb_terminal_event events[KB_TERMINAL_EVENTS];
    uint8_t event_count;

    struct kb_terminal_command command;
    struct kb_terminal_reply reply;
    struct kb_terminal_running timers[8];
    struct kb_terminal_channel channel;
    uint8_t menu[KB_CAT_MAX], menu_len; /* SET UP MENU as it came */
};

/* A proactive command being performed, and the response to it. */
struct kb_terminal_work {
    struct kb_span bytes; /* the whole command */
    const struct kb_cat_command *command;
    struct kb_cat_response response;
    struct kb_writer scratch; /* for what the response points to */
};

enum kb_terminal_performed {
    KB_PERFORMED,  /* the response is ready */
    KB_PERFORMING, /* it waits for user or network */
    KB_SILENT      /* no response: the card was reset */
};

/* --- talk.c: one command to the card --- */

/* As kb_exchange, with note of 91XX. An error means that the card is lost and the terminal off. */
enum kb_err kb_terminal_talk(struct kb_terminal *terminal, const struct kb_apdu *apdu,
                             struct kb_answer *answer, struct kb_report *why);
/* Everything stops, as when the card was pulled. */
void kb_terminal_lose(struct kb_terminal *terminal);
bool kb_terminal_is_good(const struct kb_answer *answer); /* 9000 or 91XX */

/* --- startup.c --- */

/* Card activation up to the question for the PIN, or to the end. Leaves the terminal locked or
 * ready. */
enum kb_err kb_terminal_start(struct kb_terminal *terminal, struct kb_report *why);
/* The user answered the question for the PIN. */
void kb_terminal_unlock(struct kb_terminal *terminal);
/* Tells a card that is ready that its session ends (3GPP TS 31.102 clause 5.1.2). */
void kb_terminal_end_session(struct kb_terminal *terminal);
/* What belongs to one card session only. */
void kb_terminal_forget(struct kb_terminal *terminal);

/* --- files.c --- */

enum kb_err kb_terminal_select_usim(struct kb_terminal *terminal, struct kb_answer *answer,
                                    struct kb_report *why);
enum kb_err kb_terminal_read_files(struct kb_terminal *terminal, struct kb_report *why);

/* --- profile.c --- */

struct kb_span kb_terminal_profile(uint8_t out[32]);

/* --- fetch.c --- */

void kb_terminal_fetch(struct kb_terminal *terminal);
/* The command that was under way is finished. */
void kb_terminal_respond(struct kb_terminal *terminal);
/* One step after the other until nothing is left to do. */
void kb_terminal_run(struct kb_terminal *terminal);

/* --- commands: one handler each; finish fills in what an answer from outside brought --- */

struct kb_terminal_row {
    uint8_t type;
    uint32_t needs; /* data objects it cannot do without */
    enum kb_terminal_performed (*perform)(struct kb_terminal *, struct kb_terminal_work *);
    void (*finish)(struct kb_terminal *, struct kb_terminal_work *);
};
const struct kb_terminal_row *kb_terminal_find_row(uint8_t type); /* NULL: not understood */

#define KB_PERFORM(name)                                                                           \
    enum kb_terminal_performed kb_terminal_perform_##name(struct kb_terminal *terminal,            \
                                                          struct kb_terminal_work *work)
#define KB_FINISH(name)                                                                            \
    void kb_terminal_finish_##name(struct kb_terminal *terminal, struct kb_terminal_work *work)

KB_PERFORM(display);
KB_FINISH(display);
KB_PERFORM(inkey);
KB_FINISH(inkey);
KB_PERFORM(input);
KB_FINISH(input);
KB_PERFORM(select);
KB_FINISH(select);
KB_PERFORM(menu);
KB_PERFORM(message);
KB_FINISH(message);
KB_PERFORM(refresh);
KB_PERFORM(events);
KB_PERFORM(local);
KB_PERFORM(poll_interval);
KB_PERFORM(polling_off);
KB_PERFORM(timer);
KB_PERFORM(more_time);
KB_PERFORM(open);
KB_FINISH(open);
KB_PERFORM(close);
KB_PERFORM(send);
KB_PERFORM(receive);
KB_PERFORM(status);

/* Ends the command with a result; with additional information when it has some. */
enum kb_terminal_performed kb_terminal_result(struct kb_terminal_work *work, uint8_t result);
enum kb_terminal_performed kb_terminal_result_with(struct kb_terminal_work *work, uint8_t result,
                                                   uint8_t additional);

/* --- user.c --- */

/* The alpha identifier of a command that goes on in the background; none: nothing. */
void kb_terminal_tell_progress(const struct kb_terminal *terminal,
                               const struct kb_cat_objects *with);

/* --- menu.c --- */

bool kb_terminal_menu_read(struct kb_span command, struct kb_terminal_menu *menu);

/* --- events.c --- */

/* Keeps it for the card, when the card wants to hear of it. */
void kb_terminal_note(struct kb_terminal *terminal, uint8_t tag, uint8_t event, uint8_t detail);
/* What waits of this kind is over: a timer that was set anew, the menu or channel that it was
 * about. detail 0: any. */
void kb_terminal_unnote(struct kb_terminal *terminal, uint8_t tag, uint8_t event, uint8_t detail);
/* Sends the oldest one. false: there is none, or the card is busy and gets it later. */
bool kb_terminal_tell(struct kb_terminal *terminal);
enum kb_err kb_terminal_envelope(struct kb_terminal *terminal,
                                 const struct kb_cat_envelope *envelope, struct kb_answer *answer);
/* MCC, MNC, LAC and cell; empty without service. out: 7 bytes. */
struct kb_span kb_terminal_location(const struct kb_terminal *terminal, uint8_t out[7]);

/* --- network.c --- */

void kb_terminal_attach(struct kb_terminal *terminal);
void kb_terminal_detach(struct kb_terminal *terminal);
bool kb_terminal_has_service(const struct kb_terminal *terminal);

/* --- timers.c --- */

void kb_terminal_set_poll(struct kb_terminal *terminal, uint32_t seconds);
void kb_terminal_stop_timers(struct kb_terminal *terminal);

/* --- channel.c --- */

void kb_terminal_drop_channel(struct kb_terminal *terminal);
uint8_t kb_terminal_channel_state(const struct kb_terminal *terminal); /* first byte of status */
uint8_t kb_terminal_channel_waiting(const struct kb_terminal *terminal);

static inline void kb_terminal_tell_change(const struct kb_terminal *terminal)
{
    if (terminal->port->changed)
        terminal->port->changed(terminal->port->ctx);
}

#endif
