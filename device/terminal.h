/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal with a card in it (ETSI TS 102 221 and 102 223, 3GPP TS 31.102 and 31.111): powers the
 * card up, tells it what it can (TERMINAL PROFILE), reads who it is, attaches, fetches and performs
 * proactive commands, hands on what comes from user and network. A state machine: its two sides are
 * the callbacks below and the kb_terminal_... functions; it waits for nothing, has no thread and no
 * clock of its own, and no memory but what its caller gives.
 *
 * One proactive command is under way at a time. What happens outside meanwhile waits (at most
 * KB_TERMINAL_EVENTS of them; of more the oldest news of the network is dropped) and is handed to
 * the card afterwards, in order. A card that always has another command is asked for at most
 * KB_TERMINAL_COMMANDS of them for each thing that happens, then at the next one.
 *
 * An attach that was refused or not answered is tried again, forever: after retry_first seconds,
 * then after twice as many and so on up to retry_last. Each refusal is an event for a card that
 * wants to know of it (network rejection), so a card can count. A new IMSI, switching on and a
 * successful attach begin anew with retry_first. The card is not told to be invalid by any cause:
 * it may have another subscription to fall back to.
 */
#ifndef KB_DEVICE_TERMINAL_H
#define KB_DEVICE_TERMINAL_H

#include "reader/reader.h"
#include "wire/cat.h"
#include "wire/sms.h"

enum {
    KB_TERMINAL_ITEMS = 16,
    KB_TERMINAL_LABEL = 80,
    KB_TERMINAL_TEXT = 2 * KB_CAT_TEXT_MAX + 1, /* UTF-8 */
    KB_TERMINAL_INPUT_MAX = 64,                 /* bytes of UTF-8 */
    KB_TERMINAL_EVENTS = 16,
    KB_TERMINAL_COMMANDS = 64,
    KB_TERMINAL_BUFFER = 512 /* bytes of a channel in either direction */
};

/* Timers of the port beside the card's own, 1 .. 8. */
enum { KB_TERMINAL_POLL = 0, KB_TERMINAL_RETRY = 9, KB_TERMINAL_TIMERS = 10 };

struct kb_terminal_item {
    uint8_t id;
    char text[KB_TERMINAL_LABEL]; /* UTF-8, cut off when it is longer */
};

struct kb_terminal_menu {
    char title[KB_TERMINAL_LABEL];
    struct kb_terminal_item items[KB_TERMINAL_ITEMS];
    size_t count; /* 0: no menu */
};

/* A question to the user. */
enum kb_terminal_ask {
    KB_ASK_SHOW,   /* DISPLAY TEXT that waits for the user: answered when it was read */
    KB_ASK_YES_NO, /* GET INKEY: answer "+" or "-" in text[0] */
    KB_ASK_KEY,    /* GET INKEY: one character */
    KB_ASK_INPUT,  /* GET INPUT, and the PIN at power-up */
    KB_ASK_SELECT  /* SELECT ITEM */
};

struct kb_terminal_question {
    enum kb_terminal_ask kind;
    char text[KB_TERMINAL_TEXT];
    bool is_digits, is_hidden;
    uint8_t min, max; /* characters of the answer */
    char proposal[KB_TERMINAL_INPUT_MAX + 1];
    const struct kb_terminal_menu *choice; /* of KB_ASK_SELECT */
};

/* An answer the question does not allow (too short, no such item) counts as
 * KB_CAT_NO_RESPONSE_FROM_USER: front ends ask again themselves. */
struct kb_terminal_reply {
    uint8_t result; /* enum kb_cat_result: KB_CAT_OK, or how the user left */
    char text[KB_TERMINAL_INPUT_MAX + 1];
    uint8_t item;
};

/* What the network says to an attach, or later of its own accord (service lost, found again). */
struct kb_terminal_attached {
    enum kb_cat_service service;
    uint8_t cause; /* why not: 3GPP TS 24.008 clause 10.5.3.6; 0: nobody answered */
    /* Where the device is, when the service is normal or limited. */
    uint8_t plmn[3]; /* as in 3GPP TS 24.008 clause 10.5.1.3 */
    uint16_t area, cell;
    uint8_t technology; /* 0: GSM; as in ETSI TS 102 223 clause 8.61 */
};

/* What lies outside. Callbacks may call nothing of the terminal but kb_terminal_answer,
 * kb_terminal_attached, kb_terminal_submitted, kb_terminal_channel_opened, kb_terminal_challenge
 * (from attach only) and those at the end of this header. What they are handed lasts as long as the
 * call. Those marked with a star may be NULL. */
struct kb_terminal_port {
    void *ctx;

    /* --- what the device is; 0 and NULL: as said here --- */
    const char *imei;                 /* 15 or 16 digits; NULL: it has none to tell */
    uint32_t poll;                    /* seconds between STATUS until the card says; 0: 30 */
    uint32_t retry_first, retry_last; /* seconds; 0: 15 and 720 */

    /* --- the user --- */
    void (*menu)(void *ctx, const struct kb_terminal_menu *menu); /* stays until the next one */
    void (*show)(void *ctx, const char *text); /* DISPLAY TEXT that does not wait; progress */
    /* Ends with kb_terminal_answer, in the call or later. Void when the terminal went off or the
     * card was reset: see changed. */
    void (*ask)(void *ctx, const struct kb_terminal_question *question);
    void (*message)(void *ctx, struct kb_span tpdu); /* * SMS-DELIVER for the user */

    /* --- the radio side --- */
    /* Ends with kb_terminal_attached; in between the network challenges by kb_terminal_challenge.
     * Called again before an answer it replaces the attach before. */
    void (*attach)(void *ctx, const char *imsi);
    void (*detach)(void *ctx); /* whatever was under way is void; also when nothing was */
    /* Ends with kb_terminal_submitted. */
    void (*submit)(void *ctx, struct kb_span tpdu, struct kb_span centre);
    /* Ends with kb_terminal_channel_opened. apn: dotted, may be empty. */
    void (*open)(void *ctx, const char *apn, uint8_t protocol, struct kb_span address,
                 uint16_t port);
    void (*send)(void *ctx, struct kb_span data);
    void (*room)(void *ctx); /* * what did not fit a channel may be offered again */
    void (*close)(void *ctx);

    /* --- time --- */
    /* kb_terminal_expired after so many seconds, replacing what was set; 0: no more. timer: 1 .. 8,
     * KB_TERMINAL_POLL or KB_TERMINAL_RETRY. */
    void (*timer)(void *ctx, uint8_t timer, uint32_t seconds);
    int64_t (*now)(void *ctx); /* POSIX seconds */

    /* --- for whoever watches --- */
    void (*changed)(void *ctx); /* * on or off, IMSI, service, or a question that is void */
    /* * Every command and its answer with SW, as they were asked for in one piece. PINs and what
     * AUTHENTICATE answers are left out. */
    void (*trace)(void *ctx, struct kb_span command, struct kb_span answer);
};

struct kb_terminal; /* some 2 KB: see kb_terminal_size; no pointer leaves it */

/* Bytes of a struct kb_terminal, for callers that keep thousands. */
size_t kb_terminal_size(void);

/* In the caller's memory of kb_terminal_size bytes, aligned as malloc does. reader and port have to
 * outlive it. */
struct kb_terminal *kb_terminal_init(void *memory, struct kb_reader *reader,
                                     const struct kb_terminal_port *port);

/*
 * Powers the card up and attaches. Also to switch on again after off, or when the card was away. A
 * card with an enabled PIN asks its user first and attaches then; without the PIN there is no
 * service. KB_ERR_NO_CARD, KB_ERR_READER, KB_ERR_CARD: a card that is no USIM. Then it is off.
 */
enum kb_err kb_terminal_on(struct kb_terminal *terminal, struct kb_report *why);
void kb_terminal_off(struct kb_terminal *terminal);
bool kb_terminal_is_on(const struct kb_terminal *terminal); /* false once the card was lost */

/* --- The user --- */

/* Passed over when nothing was asked. */
void kb_terminal_answer(struct kb_terminal *terminal, const struct kb_terminal_reply *reply);
void kb_terminal_choose(struct kb_terminal *terminal, uint8_t item); /* of the menu */

/* --- The network --- */

/* AUTHENTICATE. autn NULL: GSM context. The caller wipes out. */
struct kb_terminal_vector {
    bool is_auts;             /* the card wants to synchronize: only auts is there */
    uint8_t res[16], res_len; /* RES, or SRES */
    uint8_t ck[16], ik[16];   /* in GSM context Kc in the first 8 bytes of ck */
    uint8_t auts[14];
};
/* KB_ERR_INTEGRITY: the card says that the network is not genuine. KB_ERR_CARD: another refusal.
 * KB_ERR_NO_CARD, KB_ERR_READER: the terminal is off now. */
enum kb_err kb_terminal_challenge(struct kb_terminal *terminal, const uint8_t rand[16],
                                  const uint8_t *autn, struct kb_terminal_vector *out);
void kb_terminal_attached(struct kb_terminal *terminal, const struct kb_terminal_attached *result);
/* cause: of RP-ERROR, 3GPP TS 24.011 clause 8.2.5.4. */
void kb_terminal_submitted(struct kb_terminal *terminal, bool is_accepted, uint8_t cause);

/* A short message (SMS-DELIVER) for the device. report: the SMS-DELIVER-REPORT that answers it, a
 * whole TPDU (at most KB_SMS_MAX bytes), of RP-ACK when true, of RP-ERROR when false; nothing is
 * written when the card was away. The network keeps a message that was not taken. It is handed to
 * the card at once, also while a proactive command is under way. */
bool kb_terminal_deliver(struct kb_terminal *terminal, struct kb_span tpdu,
                         struct kb_writer *report);

void kb_terminal_channel_opened(struct kb_terminal *terminal, bool is_open);
/* Returns how many bytes found room; the rest is to be offered again after room. */
size_t kb_terminal_channel_received(struct kb_terminal *terminal, struct kb_span data);
void kb_terminal_channel_lost(struct kb_terminal *terminal);
void kb_terminal_expired(struct kb_terminal *terminal, uint8_t timer);

/* --- What the device knows, for its display --- */
const char *kb_terminal_imsi(const struct kb_terminal *terminal);  /* "" when none */
const char *kb_terminal_iccid(const struct kb_terminal *terminal); /* "" when none */
enum kb_cat_service kb_terminal_service(const struct kb_terminal *terminal);
bool kb_terminal_menu(const struct kb_terminal *terminal, struct kb_terminal_menu *menu);
bool kb_terminal_is_asking(const struct kb_terminal *terminal); /* a question waits for its user */

#endif
