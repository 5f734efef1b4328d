/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PS among cards, an AS that only relays, and a register, all of them as simple as can be: mail
 * goes to and fro until nobody has anything to say. Mail to the PS is forgotten once it was
 * committed, mail of the PS may come twice after it died.
 */
#ifndef KB_TESTS_SERVICE_PS_WORLD_H
#define KB_TESTS_SERVICE_PS_WORLD_H

#include "tests/agree/rig.h"

#include "service/ps.h"

enum {
    WORLD_CARDS = 4,
    WORLD_LETTERS = 64,
    WORLD_SUBSCRIBERS = 8,
    WORLD_DRAWS = 64,
    WORLD_KEY = 16
};

#define WORLD_FIRST "001010000000001"

/* What a card does with an identity that it got. */
enum card_mood { CARD_CONFIRMS, CARD_DROPS, CARD_IS_SILENT };

/* One initiator. It begins anew with world_start. */
struct world_card {
    struct rig rig;
    char id_sc[KB_ID_SC_MAX + 1];
    uint8_t binding[64];
    struct kb_span token; /* what the AS says is its credential */
    enum card_mood mood;
    enum kb_session_agreement agreement;
    uint32_t session;

    struct kb_agree agree;
    bool is_agreed, has_identity, is_confirmed;
    uint8_t k[WORLD_KEY], opc[WORLD_KEY], kic[WORLD_KEY], seal[WORLD_KEY];
    char imsi[16];
    enum kb_session_reason refused;
    size_t offers, identities; /* that it was sent; identities: in this attempt */
};

struct world_subscriber {
    char imsi[16];
    uint8_t k[WORLD_KEY], opc[WORLD_KEY];
    uint64_t request;
    bool is_there;
};

struct world_letter {
    struct kb_mail mail;
    uint8_t body[KB_MAIL_BODY_MAX];
};

struct world {
    struct rig operators;
    struct kb_ps_config config;
    struct kb_ps *ps;
    char path[64];
    int64_t now;
    uint64_t seed;
    uint8_t draws[WORLD_DRAWS][32]; /* every private key that the PS drew */
    size_t draw_count;

    struct world_card cards[WORLD_CARDS];
    struct world_subscriber subscribers[WORLD_SUBSCRIBERS];
    bool register_fails, register_is_silent, register_reports;

    struct world_letter inbox[WORLD_LETTERS];
    size_t inbox_len;
    struct world_letter history[WORLD_LETTERS]; /* all that was ever sent to the PS */
    size_t history_len;
    bool sends_all_twice;
    uint64_t next_id, seen_by_as;
    size_t sent_to_as, to_register;

    size_t steps, dies_at; /* 0: never */
    bool has_died;
};

/* Everybody stands ready; the pool has this many identities. With a path the store is a file. */
void world_open(struct world *world, const char *path, uint64_t identities);
void world_close(struct world *world);
void world_reopen(struct world *world);
/* As world_open, with what the test changed in the configuration afterwards. */
void world_offer_suite(struct world *world, int16_t suite);
void world_offer_group(struct world *world, int16_t group);

/* The card's first message goes on its way. */
void world_start(struct world *world, struct world_card *card);

/* Something else does. Returns what was put in. */
struct world_letter *world_send(struct world *world, enum kb_mail_kind kind, const char *peer,
                                struct kb_span body);
void world_send_message(struct world *world, const struct kb_session_message *message);
/* What the card says in the end, under its seal, or under a forged one. */
void world_say(struct world *world, struct world_card *card, enum kb_sealed_what what,
               bool is_forged);
void world_report_seen(struct world *world, const char *imsi, uint64_t request);

/* Until nobody has anything to say, over as many lives of the PS as it takes. */
void world_run(struct world *world);
/* One delivery of all that waits, without what follows from it. */
void world_deliver(struct world *world);

uint64_t world_count(struct world *world, enum kb_ps_identity state);
const struct world_subscriber *world_subscriber(const struct world *world, const char *imsi);

/* The promises that hold at any time: no identity is on two cards; what a card has, the register
 * has; none is lost. */
void world_check(struct world *world, uint64_t identities);

/* What the cards and the register do with mail of the PS. */
void world_as(struct world *world, const struct kb_mail *mail);
void world_register(struct world *world, const struct kb_mail *mail);
struct kb_session_message world_message(const struct world_card *card, enum kb_session_kind kind);

/* The card is a subscriber, and its keys are the register's. */
void world_is_personalized(struct world *world, const struct world_card *card);

#endif
