/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a simulated world know of each other; private to sim/. */
#ifndef KB_SIM_INSIDE_H
#define KB_SIM_INSIDE_H

#include "sim/clock.h"
#include "sim/host.h"
#include "sim/phone.h"
#include "sim/subscribers.h"
#include "sim/world.h"

enum {
    KB_SIM_OPERATORS = 91, /* with number 0, whose are the temporary identities */
    KB_SIM_NETWORKS = 3,   /* visited ones */
    KB_SIM_PLMN = 5,
    KB_SIM_RADIO_MS = 60, /* one way */
    KB_SIM_SERVER_MS = 15,
    KB_SIM_ANSWER_MS = 15000,  /* T3410: after it nobody answers any more */
    KB_SIM_LONGEST_MS = 120000 /* that any message may be under way */
};

/* POSIX time at which every world begins: 2026-01-01. */
#define KB_SIM_EPOCH INT64_C(1767225600)

/* IdPS as a number, and as an access point with an address. */
#define KB_SIM_SERVICE "8829900"
#define KB_SIM_APN     "keyborn.service"
enum { KB_SIM_PORT = 7373 };

struct kb_sim_operator {
    char plmn[KB_SIM_PLMN + 1];
    char id_o[KB_ID_O_MAX + 1];
    char name[KB_OPERATOR_NAME_MAX + 1];
    char code[8];
    char server[16]; /* name of its PS */
    char home[16];   /* name of its register */
    bool has_contract;
    struct kb_sim_subscribers subscribers;
    uint64_t next_letter; /* numbers of what the register sends its PS */
};

struct kb_world {
    struct kb_world_config config;
    const struct kb_crypto *crypto;
    struct kb_sim_clock clock;
    struct kb_sim_links links;
    struct kb_chance chance;

    struct kb_sim_operator operators[KB_SIM_OPERATORS];
    unsigned operator_count; /* with number 0 */
    bool agreements[KB_SIM_NETWORKS][KB_SIM_OPERATORS];

    struct kb_sim_host *hosts; /* 0: the AS; n: the PS of operator n */
    char dir[64];              /* of the databases; "": they are in memory */
    struct kb_sim_maker *maker;
    struct kb_sim_dishonest *dishonest;
    struct kb_sim_scripts *scripts; /* NULL: there are none */
    struct kb_sim_secrets *secrets; /* to be searched for in the AS's files */

    struct kb_sim_phone **phones; /* by card; NULL: not yet made, or retired */
    struct kb_sim_phone *spare;   /* retired, for the next card */
    struct kb_world_record *records;
    uint64_t begun, settled, retired;
    bool is_calm;    /* no more faults */
    int64_t last_on; /* when the last card was switched on */
    bool is_digested;
    uint64_t kills, cuts, mismatched;

    enum kb_world_promise broken;
    uint64_t broken_event, broken_card;
    char broken_text[200];
    double started;
};

int64_t kb_sim_posix(const struct kb_world *world);

/* The fault, unless the world is calm by now. */
static inline bool kb_sim_strikes(const struct kb_world *world, struct kb_chance *chance,
                                  double share)
{
    return !world->is_calm && kb_chance_is(chance, share);
}

/* The card is in the world, or NULL. */
static inline struct kb_sim_phone *kb_sim_phone(const struct kb_world *world, uint64_t card)
{
    return card < world->config.cards ? world->phones[card] : NULL;
}

/* Notes the first broken promise; the run ends. */
void kb_sim_broken(struct kb_world *world, enum kb_world_promise promise, uint64_t card,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A message crosses a link, now. Returns what becomes of it there. */
struct kb_sim_fate kb_sim_cross(struct kb_world *world, enum kb_sim_link link, bool is_up,
                                uint64_t card, const char *from, const char *to, const char *what,
                                struct kb_span bytes);

/* --- visit.c: attaching --- */
void kb_sim_visit_attach(struct kb_sim_phone *phone, const char *imsi);

/* --- centre.c: short messages --- */
void kb_sim_centre_submit(struct kb_sim_phone *phone, struct kb_span tpdu);
/* From the AS: for the card of this number. True: taken. */
bool kb_sim_centre_take(struct kb_world *world, const struct kb_mail *mail);

/* --- channel.c: packets --- */
void kb_sim_channel_open(struct kb_sim_phone *phone, const char *apn, struct kb_span address,
                         uint16_t port);
void kb_sim_channel_send(struct kb_sim_phone *phone, struct kb_span data);
void kb_sim_channel_offer(struct kb_sim_phone *phone); /* what did not fit */
void kb_sim_channel_close(struct kb_sim_phone *phone);
/* From the AS, on a connection that may be gone. */
void kb_sim_channel_take(struct kb_world *world, const struct kb_mail *mail);
/* The server died: so did its connections. */
void kb_sim_channel_break_all(struct kb_world *world);

/* --- home.c: registers --- */
/* Number of the operator whose identity this is; -1: of none. */
int kb_sim_home_of(const struct kb_world *world, const char *imsi);
/* From a PS. True: taken; the answer is on its way. */
bool kb_sim_home_take(struct kb_world *world, unsigned provider, const struct kb_mail *mail);
/* A subscriber authenticated. */
void kb_sim_home_seen(struct kb_world *world, unsigned provider, uint64_t card, const char *imsi);

/* --- check.c: the promises --- */
void kb_sim_check_attach(struct kb_world *world, struct kb_sim_phone *phone, const char *imsi);
void kb_sim_check_retire(struct kb_world *world, struct kb_sim_phone *phone);
void kb_sim_check_crossing(struct kb_world *world, const struct kb_sim_crossing *crossing);
void kb_sim_check_learn(struct kb_world *world, struct kb_sim_phone *phone);
void kb_sim_check_server(struct kb_world *world);

/* Whose mail of a server this is, or KB_SIM_NOBODY. */
uint64_t kb_sim_mail_card(const struct kb_world *world, unsigned host, const struct kb_mail *mail);

/* --- numbers: of subscriptions, as terminals have them --- */
enum { KB_SIM_NUMBER = 16 };
void kb_sim_number(unsigned provider, uint64_t card, char number[KB_SIM_NUMBER]);
/* False: nobody has it. */
bool kb_sim_number_read(const char *number, unsigned *provider, uint64_t *card);

#endif
