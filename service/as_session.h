/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of the application server, and nothing but it: where a card's attempt stands, what is
 * known, a message that is authentic; and what follows. No store, no keys, no time. The admin code
 * is not here either: who sends a COMMAND puts it in at the last moment.
 */
#ifndef KB_SERVICE_AS_SESSION_H
#define KB_SERVICE_AS_SESSION_H

#include "service/mail.h"
#include "wire/session.h"

/* What the AS waits for. Numbers are stored. */
enum kb_as_step {
    KB_AS_STEP_IDLE = 0,      /* a first REQUEST */
    KB_AS_STEP_OFFERED = 1,   /* a list of operators went out; the REQUEST that follows */
    KB_AS_STEP_ASKED = 2,     /* the first AGREE went to the PS; its answer */
    KB_AS_STEP_COMMANDED = 3, /* COMMAND went out; AGREE of the card */
    KB_AS_STEP_AGREED = 4,    /* that went to the PS; IDENTITY */
    KB_AS_STEP_RELAYED = 5,   /* that went to the card; its last word */
    KB_AS_STEP_CONFIRMED = 6, /* CONFIRM went to the PS; its CONFIRM */
    KB_AS_STEP_FINISHED = 7,
    KB_AS_STEP_REFUSED = 8,
    KB_AS_STEPS
};

struct kb_as_session {
    uint8_t step;
    uint8_t reason; /* enum kb_session_reason of the last attempt, if it was refused */
    uint32_t number;
    uint64_t revoked_seen;
    char id_o[KB_ID_O_MAX + 1];
    char server[KB_MAIL_PEER]; /* of that operator */
};

/* What the AS knows beside the session. Spans point to where the caller has it. */
struct kb_as_facts {
    struct kb_span id_sc;
    struct kb_span credential; /* the card's token; may be empty */
    struct kb_span id_o;       /* of the operator that the REQUEST means; empty: there is none */
    struct kb_span server;     /* of that operator */
    bool has_contract;
    struct kb_span offers; /* list of the operators with a contract; empty: none */
    uint64_t time;
    struct kb_span revoked; /* newest list of revoked operators; may be empty */
    uint64_t revoked_number;
};

/* Kind 0: no message. */
struct kb_as_effects {
    bool is_taken; /* otherwise the message is dropped, and nothing else is said here */
    bool repeats;  /* the answer that was given last goes to the card again, if there is one */
    bool forgets;  /* the admin code is not needed any more */
    struct kb_session_message to_card;
    struct kb_session_message to_server; /* goes to session->server */
};

void kb_as_card_says(const struct kb_as_facts *facts, const struct kb_session_message *message,
                     struct kb_as_session *session, struct kb_as_effects *effects);

/* From the server whose name is peer. */
void kb_as_server_says(const struct kb_as_facts *facts, const char *peer,
                       const struct kb_session_message *message, struct kb_as_session *session,
                       struct kb_as_effects *effects);

#endif
