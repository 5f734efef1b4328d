/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal with a card in it (ETSI TS 102 221 and 102 223): powers the card up, tells it what it
 * can (TERMINAL PROFILE), reads who it is, attaches, fetches and performs proactive commands, hands
 * on what comes from user and network. A state machine: its two sides are the callbacks below and
 * the kb_terminal_... functions; it waits for nothing, has no thread and no clock of its own.
 */
#ifndef KB_DEVICE_TERMINAL_H
#define KB_DEVICE_TERMINAL_H

#include "reader/reader.h"
#include "wire/cat.h"
#include "wire/sms.h"

enum {
    KB_TERMINAL_ITEMS = 16,
    KB_TERMINAL_TEXT = 2 * KB_CAT_TEXT_MAX + 1, /* UTF-8 */
    KB_TERMINAL_INPUT_MAX = 64
};

struct kb_terminal_item {
    uint8_t id;
    char text[80];
};

struct kb_terminal_menu {
    char title[80];
    struct kb_terminal_item items[KB_TERMINAL_ITEMS];
    size_t count; /* 0: no menu */
};

/* A question to the user. */
enum kb_terminal_ask {
    KB_ASK_SHOW,   /* DISPLAY TEXT that waits for the user: answered when it was read */
    KB_ASK_YES_NO, /* GET INKEY: answer "+" or "-" in text[0] */
    KB_ASK_KEY,    /* GET INKEY */
    KB_ASK_INPUT,  /* GET INPUT */
    KB_ASK_SELECT  /* SELECT ITEM */
};

struct kb_terminal_question {
    enum kb_terminal_ask kind;
    char text[KB_TERMINAL_TEXT];
    bool is_digits, is_hidden;
    uint8_t min, max;
    char proposal[KB_TERMINAL_INPUT_MAX + 1];
    const struct kb_terminal_menu *choice; /* of KB_ASK_SELECT */
};

struct kb_terminal_reply {
    uint8_t result; /* enum kb_cat_result: KB_CAT_OK, or how the user left */
    char text[KB_TERMINAL_INPUT_MAX + 1];
    uint8_t item;
};

/* What the network says to an attach. */
struct kb_terminal_attached {
    enum kb_cat_service service;
    uint8_t cause; /* why not: 3GPP TS 24.008 clause 10.5.3.6; 0: nobody answered */
};

/* What lies outside. All callbacks may call nothing of the terminal but kb_terminal_answer,
 * kb_terminal_attached and kb_terminal_submitted. */
struct kb_terminal_port {
    void *ctx;

    /* --- the user --- */
    void (*menu)(void *ctx, const struct kb_terminal_menu *menu); /* stays until the next one */
    void (*show)(void *ctx, const char *text); /* DISPLAY TEXT that does not wait */
    /* Ends with kb_terminal_answer, in the call or later. */
    void (*ask)(void *ctx, const struct kb_terminal_question *question);

    /* --- the radio side --- */
    /* Ends with kb_terminal_attached; in between the network challenges by kb_terminal_challenge.
     */
    void (*attach)(void *ctx, const char *imsi);
    void (*detach)(void *ctx);
    /* Ends with kb_terminal_submitted. */
    void (*submit)(void *ctx, struct kb_span tpdu, struct kb_span centre);
    /* Ends with kb_terminal_channel_opened. apn: dotted, may be empty. */
    void (*open)(void *ctx, const char *apn, uint8_t protocol, struct kb_span address,
                 uint16_t port);
    void (*send)(void *ctx, struct kb_span data);
    void (*close)(void *ctx);

    /* --- time --- */
    /* kb_terminal_expired after so many seconds; 0: no more. timer: 1 .. 8, or 0 for STATUS polls.
     */
    void (*timer)(void *ctx, uint8_t timer, uint32_t seconds);
    int64_t (*now)(void *ctx); /* POSIX seconds */

    /* --- for whoever watches: every APDU and its answer, every state; may be NULL --- */
    void (*trace)(void *ctx, struct kb_span command, struct kb_span answer);
};

struct kb_terminal; /* some KB: see kb_terminal_size; no pointer leaves it */

/* Bytes of a struct kb_terminal, for callers that keep thousands. */
size_t kb_terminal_size(void);

/* In the caller's memory of kb_terminal_size bytes. reader and port have to outlive it. */
struct kb_terminal *kb_terminal_init(void *memory, struct kb_reader *reader,
                                     const struct kb_terminal_port *port);

/* Powers the card up and attaches. Also to switch on again after off, or when the card was away.
 * KB_ERR_NO_CARD, KB_ERR_READER, KB_ERR_CARD: a card that is no USIM. */
enum kb_err kb_terminal_on(struct kb_terminal *terminal, struct kb_report *why);
void kb_terminal_off(struct kb_terminal *terminal);
bool kb_terminal_is_on(const struct kb_terminal *terminal); /* false once the card was lost */

/* --- The user --- */
void kb_terminal_answer(struct kb_terminal *terminal, const struct kb_terminal_reply *reply);
void kb_terminal_choose(struct kb_terminal *terminal, uint8_t item); /* of the menu */

/* --- The network --- */

/* AUTHENTICATE. autn NULL: GSM context. out: RES (or SRES, Kc), or AUTS. */
struct kb_terminal_vector {
    bool is_auts;
    uint8_t res[16], res_len, ck[16], ik[16], auts[14];
};
enum kb_err kb_terminal_challenge(struct kb_terminal *terminal, const uint8_t rand[16],
                                  const uint8_t *autn, struct kb_terminal_vector *out);
void kb_terminal_attached(struct kb_terminal *terminal, const struct kb_terminal_attached *result);
void kb_terminal_submitted(struct kb_terminal *terminal, bool is_accepted, uint8_t cause);

/* A short message for the device. report: TP-User-Data of the deliver report, with its length;
 * false when the card was away: the network keeps the message. */
bool kb_terminal_deliver(struct kb_terminal *terminal, struct kb_span tpdu,
                         struct kb_writer *report);
void kb_terminal_channel_opened(struct kb_terminal *terminal, bool is_open);
void kb_terminal_channel_received(struct kb_terminal *terminal, struct kb_span data);
void kb_terminal_channel_lost(struct kb_terminal *terminal);
void kb_terminal_expired(struct kb_terminal *terminal, uint8_t timer);

/* --- What the device knows, for its display --- */
const char *kb_terminal_imsi(const struct kb_terminal *terminal); /* "" when none */
enum kb_cat_service kb_terminal_service(const struct kb_terminal *terminal);
const struct kb_terminal_menu *kb_terminal_menu(const struct kb_terminal *terminal);

#endif
