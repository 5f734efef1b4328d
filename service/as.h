/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application server: knows every card by IdSC, its admin code and packet keys, and every
 * operator; tells a card that authenticates itself whom to agree with, relays what it cannot read,
 * and forgets the admin code when the card's success is seen. No public-key operation happens here.
 */
#ifndef KB_SERVICE_AS_H
#define KB_SERVICE_AS_H

#include "service/mail.h"
#include "service/store.h"
#include "wire/session.h"

struct kb_as;

struct kb_as_config {
    const char *path; /* as in struct kb_store_config, and so on */
    const struct kb_crypto *crypto;
    struct kb_random random;
    const uint8_t *key;
    int64_t (*now)(void *ctx);
    void *now_ctx;
    enum kb_err (*fault)(void *ctx, const char *where);
    void *fault_ctx;
    struct kb_span revoked; /* newest list of revoked operators, or empty; stays the caller's. Cards
                               verify it; one that does not fit into a COMMAND stays at home */
};

enum kb_err kb_as_open(const struct kb_as_config *config, struct kb_as **as, struct kb_report *why);
void kb_as_close(struct kb_as *as);

/* --- What it is told beforehand --- */
struct kb_as_card {
    struct kb_span id_sc;      /* digits */
    struct kb_span admin_code; /* digits */
    uint8_t kic[16], kid[16];
    bool has_old_keys;         /* its packets are under triple DES, not AES: as its plan says */
    struct kb_span credential; /* token; empty: edhoc is not possible */
    struct kb_span operator;   /* IdO meant for it when the card names none; may be empty */
    struct kb_span number;     /* to start it by; may be empty */
};
/* A step of its own. Again with the same values: nothing changes. KB_ERR_EXISTS: with others;
 * KB_ERR_MALFORMED: no digits, no admin code, or something too long. */
enum kb_err kb_as_add_card(struct kb_as *as, const struct kb_as_card *card);

struct kb_as_operator {
    struct kb_span id_o, name, code; /* code: what its users may type; may be empty */
    struct kb_span server;           /* name of its PS */
    bool has_contract;
};
/* Replaces what was known of it. KB_ERR_MALFORMED: no name, no server, or too long; KB_ERR_EXISTS:
 * the code is another's. */
enum kb_err kb_as_set_operator(struct kb_as *as, const struct kb_as_operator *op);

/* --- What it does --- */

/* One mail, one step. KB_OK also for what is dropped (forged, malformed, repeated): it may be
 * acknowledged once committed. Other errors: the store failed; deliver it again. */
enum kb_err kb_as_receive(struct kb_as *as, const struct kb_mail *mail, struct kb_report *why);
/* Asks a card to begin. KB_ERR_ABSENT: no such card, or no number of it; KB_ERR_RULE: it has been
 * personalized. */
enum kb_err kb_as_start(struct kb_as *as, struct kb_span id_sc);
enum kb_err kb_as_commit(struct kb_as *as);
enum kb_err kb_as_outbox(struct kb_as *as, uint64_t after, struct kb_mail *mail, uint8_t *room);
enum kb_err kb_as_sent(struct kb_as *as, uint64_t id);

/* --- Remote management (docs/ota.md) --- */

enum { KB_AS_SCRIPT_MAX = 600, KB_AS_ANSWER_MAX = 800 };

/* A script for a card, under its packet keys, which a key set of remote management in the card
 * names by a number of its own. */
struct kb_as_order {
    struct kb_span id_sc;
    uint8_t key_set; /* its number, 2 .. 15 */
    uint8_t tar[3], spi[2];
    struct kb_span script; /* as wire/remote.h writes it */
};
/* A step of its own: the packet goes into the outbox with the next counter of the card's key set.
 * KB_ERR_ABSENT: no such card, or no number of it; KB_ERR_USAGE: an SPI that makes no sense, or
 * wants its proof of receipt without a CC or elsewhere than by short message; KB_ERR_TOO_LONG. */
enum kb_err kb_as_queue(struct kb_as *as, const struct kb_as_order *order, uint64_t *id);

struct kb_as_script {
    uint64_t id;
    char id_sc[KB_ID_SC_MAX + 1];
    uint8_t key_set, tar[3], spi[2];
    uint64_t counter;
    int64_t queued, answered; /* POSIX seconds */
    bool is_answered;
    uint8_t status; /* enum kb_packet_status */
    size_t len;
    uint8_t answer[KB_AS_ANSWER_MAX]; /* additional response data; the caller wipes */
};
/* The first script after this number (0: of all). KB_ERR_ABSENT. */
enum kb_err kb_as_script(struct kb_as *as, uint64_t after, struct kb_as_script *script);

/* --- What it knows of a card --- */
enum kb_as_state {
    KB_AS_NEW = 0,
    KB_AS_COMMANDED = 1, /* a session is open */
    KB_AS_RELAYED = 2,   /* IDENTITY went to the card */
    KB_AS_FINISHED = 3,  /* success was seen; the admin code is forgotten */
    KB_AS_REFUSED = 4    /* the last session ended with reason */
};
struct kb_as_status {
    enum kb_as_state state;
    uint8_t reason; /* enum kb_session_reason */
    uint32_t session;
    char id_o[KB_ID_O_MAX + 1];
    bool has_admin_code;
};
enum kb_err kb_as_status(struct kb_as *as, struct kb_span id_sc, struct kb_as_status *status);

/* Mail that led to nothing, since the server was opened. */
struct kb_as_counts {
    uint64_t unknown;   /* packets of cards that are not known */
    uint64_t forged;    /* packets that are not authentic */
    uint64_t stale;     /* authentic ones with an old counter */
    uint64_t repeated;  /* the newest one again: its answer was given again */
    uint64_t malformed; /* no packet, or no message in it */
    uint64_t dropped;   /* messages that have no place where the session stands */
    uint64_t failed;    /* what could not be answered; the audit trail says why */
};
void kb_as_counts(const struct kb_as *as, struct kb_as_counts *counts);
struct kb_store *kb_as_store(struct kb_as *as);

#endif
