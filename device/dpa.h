/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device personalization application: a terminal, its timers, and the question or menu that
 * stands before its user. It tells what is to be seen and keeps what is to be answered; a front end
 * (dpa_front.h, dpa_script.h) looks at it and answers. It waits for nothing: whoever runs it passes
 * the time and brings what the user and the radio side have to say.
 */
#ifndef KB_DEVICE_DPA_H
#define KB_DEVICE_DPA_H

#include "device/terminal.h"

/*
 * A radio side. begin names the terminal to answer to; the others are those of struct
 * kb_terminal_port, with the same duties. next says when step wants to be called (in milliseconds
 * of the same clock as kb_dpa_pass; KB_DPA_NEVER: not before something is asked of it). Those
 * marked with a star may be NULL.
 */
struct kb_dpa_radio {
    void *ctx;
    const char *name; /* "no network" */
    void (*begin)(void *ctx, struct kb_terminal *terminal);
    void (*attach)(void *ctx, const char *imsi);
    void (*detach)(void *ctx);
    void (*submit)(void *ctx, struct kb_span tpdu, struct kb_span centre);
    void (*open)(void *ctx, const char *apn, uint8_t protocol, struct kb_span address,
                 uint16_t port);
    void (*send)(void *ctx, struct kb_span data);
    void (*room)(void *ctx); /* * */
    void (*close)(void *ctx);
    int64_t (*next)(void *ctx);           /* * */
    void (*step)(void *ctx, int64_t now); /* * */
};

/* No network at all: an attach is answered by nobody. ctx: a struct kb_dpa_nowhere of the caller.
 */
struct kb_dpa_nowhere {
    struct kb_terminal *terminal;
};
struct kb_dpa_radio kb_dpa_no_network(struct kb_dpa_nowhere *nowhere);

enum kb_dpa_what {
    KB_DPA_SHOW,    /* text */
    KB_DPA_MENU,    /* the new menu, or none */
    KB_DPA_ASK,     /* the question */
    KB_DPA_MESSAGE, /* text of a short message for the user, and its sender */
    KB_DPA_STATE    /* on or off, IMSI, service */
};

struct kb_dpa;

/* What a user would see or hear. */
struct kb_dpa_news {
    enum kb_dpa_what what;
    const char *text, *sender;
};

struct kb_dpa_settings {
    struct kb_reader *reader;
    struct kb_dpa_radio radio;
    const char *imei; /* may be NULL */
    int64_t now;      /* POSIX milliseconds */
    /* Tells the user. May look at the dpa, but not answer. */
    void (*tell)(void *ctx, const struct kb_dpa *dpa, const struct kb_dpa_news *news);
    void (*trace)(void *ctx, struct kb_span command, struct kb_span answer); /* NULL: nobody */
    void *ctx;
};

enum { KB_DPA_TIMERS = KB_TERMINAL_TIMERS };
#define KB_DPA_NEVER INT64_MAX

/* Allocates; NULL: out of memory. The reader stays the caller's. */
struct kb_dpa *kb_dpa_new(const struct kb_dpa_settings *settings);
void kb_dpa_free(struct kb_dpa *dpa); /* switches off first; NULL is passed over */

/* As kb_terminal_on. */
enum kb_err kb_dpa_on(struct kb_dpa *dpa, struct kb_report *why);
void kb_dpa_off(struct kb_dpa *dpa);

struct kb_terminal *kb_dpa_terminal(const struct kb_dpa *dpa);

/* What stands before the user: NULL when there is none. */
const struct kb_terminal_question *kb_dpa_question(const struct kb_dpa *dpa);
const struct kb_terminal_menu *kb_dpa_menu(const struct kb_dpa *dpa);

/* The user's reply to the question. NULL when it is taken, else why it cannot be one: then the
 * question still stands. */
const char *kb_dpa_answer(struct kb_dpa *dpa, const struct kb_terminal_reply *reply);
/* The n-th item of the menu, counted from 1. false: there is none, or a question stands before it.
 */
bool kb_dpa_choose(struct kb_dpa *dpa, size_t n);

/* When something is due, KB_DPA_NEVER: nothing; and doing all that is due until now. */
int64_t kb_dpa_next(const struct kb_dpa *dpa);
void kb_dpa_pass(struct kb_dpa *dpa, int64_t now);

#endif
