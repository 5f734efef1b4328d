/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole world in one process: cards in terminals, visited networks, registers, a short message
 * centre, a packet path, the application server, a personalization server for each operator. The
 * parties are the real ones; time, network and faults are simulated, and everything comes from one
 * seed, so a run can be repeated exactly (docs/sim.md).
 *
 * After every event the world checks its promises (enum kb_world_promise). The first one that is
 * broken ends the run.
 */
#ifndef KB_SIM_WORLD_H
#define KB_SIM_WORLD_H

#include "desk/script.h"
#include "sim/crypto.h"
#include "sim/links.h"
#include "wire/report.h"
#include "wire/session.h"

struct kb_world;

enum kb_world_transport { KB_WORLD_SMS, KB_WORLD_PACKET };

/* How a card begins and who sits in front of it. */
enum kb_world_front {
    KB_WORLD_MACHINE, /* the card begins by itself, and nobody is asked */
    KB_WORLD_USER,    /* a user picks the menu entry, an operator, and says yes or no */
    KB_WORLD_CODE,    /* types the code of an operator instead */
    KB_WORLD_LIST,    /* picks an operator from a list that the service sends */
    KB_WORLD_AIR,     /* does nothing until the service has asked the card to begin */
    KB_WORLD_FRONTS
};

/* What the dishonest application server does (sim/dishonest.h); 0: it is honest. */
enum kb_world_dishonest {
    KB_WORLD_HONEST = 0,
    KB_DISHONEST_SHARES,      /* agrees with each side itself, with keys of its own */
    KB_DISHONEST_CREDENTIALS, /* gives the PS the token of another card */
    KB_DISHONEST_REPLAY,      /* gives both sides what it saw in an earlier agreement */
    KB_DISHONEST_REORDER,     /* gives each message once before its time and once after */
    KB_DISHONEST_OPERATOR,    /* tells the card one operator, and takes it to another */
    KB_DISHONEST_FIELDS,      /* changes one field of one message for each card: each one once */
    KB_DISHONEST_COUNT
};

struct kb_world_config {
    uint64_t cards;
    unsigned operators; /* 1 .. 90 */
    uint64_t seed;
    double loss, duplicate, reorder; /* shares of messages, for each link */
    double cut;                      /* share of power-ups that end in a cut while writing */
    double kill;                     /* share of store and send operations a server dies at */
    double refuse;   /* share of cards whose new identity the network refuses for a while */
    double no;       /* share of users who say no */
    double stranger; /* share of cards that want an operator without a contract */
    enum kb_world_transport transport;
    enum kb_session_agreement agreement;
    int16_t suite;     /* of edhoc, or group of dh; negative: the usual ones */
    bool has_old_keys; /* packets under triple DES */
    enum kb_world_front front;
    const char *plan; /* the maker's; NULL: the built-in one */
    enum kb_world_dishonest dishonest;
    const struct kb_script *script; /* the AS sends it to every card; NULL: none */

    int64_t interval_ms; /* between two cards, on average; 0: chosen */
    uint64_t pool;       /* identities of an operator; 0: enough */
    bool has_files;      /* databases are files even when no server is killed */
    bool is_measured;    /* processor time by party */

    /* To see that a broken promise is noticed: */
    bool register_forgets; /* a register keeps another key than it was given */
    bool repeats_identity; /* two operators' registers share their identities */
    bool leaks_key;        /* a card's key shows on a link */
    bool never_begins;     /* users never pick the menu entry */
    bool card_forgets;     /* a card forgets the counter of the scripts that it ran */
};

enum kb_world_promise {
    KB_PROMISE_KEPT = 0,
    KB_PROMISE_IDENTITY, /* no IMSI on two cards */
    KB_PROMISE_PAIR,     /* no card uses a pair that its register lacks */
    KB_PROMISE_END,      /* every card ends personalized or with a reason */
    KB_PROMISE_SECRET,   /* no secret on a link outside of its seal */
    KB_PROMISE_SERVER,   /* the application server's database holds no key */
    KB_PROMISE_SCRIPT,   /* no script runs twice, none is lost, and none has an answer unrun */
    KB_PROMISE_PARTY     /* a party answers as its header says */
};

enum kb_world_outcome {
    KB_OUTCOME_OPEN = 0,
    KB_OUTCOME_PERSONALIZED,
    KB_OUTCOME_REFUSED /* with a reason */
};

/* What is left of a card. */
struct kb_world_record {
    uint8_t outcome;  /* enum kb_world_outcome */
    uint8_t reason;   /* enum kb_session_reason */
    uint8_t provider; /* number, from 1; 0: none */
    uint8_t attempts, cuts;
    bool is_scripted;    /* a script was done, and its answer came back */
    uint16_t messages;   /* short messages between terminal and centre, or frames of a channel */
    uint32_t bytes;      /* in them: TPDUs, or what went through the channel */
    uint32_t latency_ms; /* from switched on to settled */
};

struct kb_world_result {
    uint64_t personalized, refused, open;
    uint64_t mismatched; /* cards that hold another key than their register */
    uint64_t reasons[KB_REASONS];
    uint64_t median_ms, slow_ms; /* latency of personalized cards: median and 95 % */
    double messages, bytes;      /* for each personalized card, on average */
    struct kb_sim_count links[KB_LINKS];
    uint64_t events, cuts, kills;
    int64_t simulated_ms;
    uint8_t digest[KB_SHA256_SIZE]; /* over everything that crossed a link */
    struct kb_sim_work as, ps;      /* when measured */
    uint64_t lies;                  /* of the dishonest server */
    uint64_t known;                 /* subscribers whose key in the register it knows */
    double wall_s;
    struct {
        uint64_t queued;
        uint64_t done;   /* with an answer, every command done */
        uint64_t failed; /* with an answer that tells of something else */
        uint64_t open;   /* without an answer, or with none but that they came twice */
        uint64_t cards;  /* that have done one */
    } scripts;

    enum kb_world_promise broken;
    uint64_t broken_event, broken_card;
    char broken_text[200];
};

/* KB_ERR_USAGE and others with words. */
enum kb_err kb_world_open(const struct kb_world_config *config, struct kb_world **world,
                          struct kb_report *why);
void kb_world_close(struct kb_world *world);

/* Sees everything that crosses a link. Before the first step. */
void kb_world_observe(struct kb_world *world, kb_sim_observe *observe, void *ctx);

/* Decides what becomes of each message. One at most; before the first step. */
void kb_world_meddle(struct kb_world *world, kb_sim_meddle *meddle, void *ctx);

/* One event. False: the run is over. */
bool kb_world_step(struct kb_world *world);
/* Cards that are settled so far. */
uint64_t kb_world_settled(const struct kb_world *world);

/* Of a run that is over. */
void kb_world_result(struct kb_world *world, struct kb_world_result *result);
/* All of it: opens, steps to the end, closes. For measuring, with is_measured. */
enum kb_err kb_world_run(const struct kb_world_config *config, struct kb_world_result *result,
                         struct kb_report *why);
const struct kb_world_record *kb_world_record(const struct kb_world *world, uint64_t card);
const char *kb_world_promise_text(enum kb_world_promise promise);

#endif
