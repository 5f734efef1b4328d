/* SPDX-License-Identifier: Apache-2.0 */
/* A card in a terminal, with whoever uses it: in memory only from the time it is switched on until
 * a while after it is settled. */
#ifndef KB_SIM_PHONE_H
#define KB_SIM_PHONE_H

#include "card/card.h"
#include "card/nvm/flash_fault.h"
#include "card/nvm/flash_ram.h"
#include "device/terminal.h"
#include "sim/clock.h"
#include "sim/random.h"
#include "sim/script.h"
#include "sim/subscribers.h"
#include "sim/watch.h"
#include "wire/bcd.h"
#include "wire/session.h"

struct kb_world;

enum { KB_SIM_STREAM = 2048 }; /* bytes of a connection that wait */

struct kb_sim_attach {
    uint32_t turn;
    char imsi[KB_IMSI_MAX + 1];
    unsigned provider;
    bool is_accepted;
    uint8_t cause;
    struct kb_sim_vector vector;
    struct kb_terminal_vector answer;
};

struct kb_sim_connection {
    uint32_t number;
    bool is_open;
    uint8_t up[KB_SIM_STREAM]; /* came to the server, not yet a whole frame */
    size_t up_len;
    uint8_t down[KB_SIM_STREAM]; /* waits for room in the terminal */
    size_t down_len;
};

struct kb_sim_user {
    bool has_menu;      /* of the card */
    uint8_t item;       /* its first entry */
    bool says_no;       /* when asked whether it is sure */
    bool is_planned;    /* it is about to pick the entry */
    uint8_t tries_left; /* before it gives up */
    unsigned provider;  /* that it wants */
    uint32_t asked;     /* turn of the question */
    struct kb_terminal_reply reply;
};

struct kb_sim_phone {
    struct kb_reader reader; /* first: a reader of ours is a phone */
    struct kb_world *world;
    struct kb_sim_phone *next_spare;
    uint64_t number;
    char id_sc[KB_ID_SC_MAX + 1];

    uint8_t *flash;
    size_t flash_size;
    struct kb_flash_ram ram;
    struct kb_nvm_device below, device;
    struct kb_flash_fault fault;
    struct kb_card_port card_port;
    struct kb_card card;
    bool is_powered;

    struct kb_terminal_port port;
    struct kb_terminal *terminal; /* in memory of its own, kept with the phone */
    bool is_on;                   /* as far as its user knows */
    uint32_t timer_turns[KB_TERMINAL_TIMERS];
    bool is_refused; /* the network will not have the new identity for a while */
    int64_t refused_until;

    unsigned network; /* where it is */
    bool is_attached;
    unsigned attached_as; /* operator */
    struct kb_sim_attach attach;
    struct kb_sim_connection connection;
    uint32_t submit_turn;
    int64_t sms_up_at, sms_down_at; /* the last one came then */
    struct kb_sim_user user;
    struct kb_sim_scripted scripted;

    struct kb_chance card_chance, network_chance, user_chance, power_chance;
    struct kb_sim_watch watch;
    uint64_t held; /* identity of an operator that it has; 0: none */
    unsigned held_of;
    uint8_t state;  /* of the card's application, when last looked at */
    uint8_t reason; /* it told last */
    bool was_active, is_settled, is_leaving, is_mismatched;
    int64_t on_at;
};

/* Makes card number and switches it on. KB_ERR_TIMEOUT: the AS is away, later. */
enum kb_err kb_sim_phone_begin(struct kb_world *world, uint64_t number, struct kb_report *why);
/* Goes when nothing can be on its way to it any more, unless it has to stay. */
void kb_sim_phone_linger(struct kb_sim_phone *phone);
void kb_sim_phone_retire(struct kb_sim_phone *phone);
void kb_sim_phone_detach(struct kb_sim_phone *phone);
void kb_sim_phone_free(struct kb_sim_phone *phone); /* with what it keeps for the next card */

/* After anything happened to it: is its power gone, where does its card stand, is it settled? */
void kb_sim_phone_look(struct kb_sim_phone *phone);

/* --- reader.c --- */
extern const struct kb_reader_ops kb_sim_reader_ops;

/* --- user.c --- */
void kb_sim_user_port(struct kb_sim_phone *phone, struct kb_terminal_port *port);
void kb_sim_user_begin(struct kb_sim_phone *phone);
/* It may want to begin (again). */
void kb_sim_user_consider(struct kb_sim_phone *phone);

#endif
