/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the application server share: a server in a folder of its own, cards that speak
 * through real packets and short messages but agree on nothing, and a personalization server that
 * answers by rote. To the AS, agreements are bytes; here they are bytes as well.
 */
#ifndef KB_TESTS_SERVICE_AS_RIG_H
#define KB_TESTS_SERVICE_AS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card/ota/secured.h"
#include "service/as.h"

enum { RIG_LETTERS = 64, RIG_MESSAGE = 1000 };

struct letter {
    struct kb_mail mail; /* its body points to body below */
    uint8_t body[KB_MAIL_BODY_MAX];
};

/* Mail on its way, in the order in which it was sent. */
struct letters {
    struct letter at[RIG_LETTERS];
    size_t count;
};

struct as_rig {
    char folder[64], path[96];
    uint8_t key[KB_GCM_KEY];
    int64_t now;
    struct kb_span revoked; /* of the next opening */
    struct kb_as *as;
    unsigned points;  /* where the server could have died, since it was opened */
    unsigned dies_at; /* the point where it does; 0: nowhere */
    const char *died; /* name of that point */
};

/* A card as the AS knows one, and the counters of its packets. */
struct fake_card {
    char id_sc[KB_ID_SC_MAX + 1], number[16], code[KB_ADMIN_CODE_MAX + 1];
    struct kb_ota_keys keys;
    uint64_t sent, taken;
    enum kb_mail_kind bearer;
    uint16_t reference;
};

/* Makes a folder, opens the server in it, and knows two operators, "001-01" (code 4711, server
 * "ps-one") and "001-02" (server "ps-two"), and one without a contract, "001-03". */
void rig_enter(struct as_rig *rig);
/* The same in memory, for what needs many commits and no files. */
void rig_enter_memory(struct as_rig *rig);
void rig_leave(struct as_rig *rig);
enum kb_err rig_open(struct as_rig *rig);
void rig_close(struct as_rig *rig);

/* Card number n, known to the AS and to nobody else. */
void rig_card(struct as_rig *rig, unsigned n, struct fake_card *card);
/* The same with packets under triple DES. */
void rig_old_card(struct as_rig *rig, unsigned n, struct fake_card *card);
/* From here on the card's packets are under the other cipher, with the same keys. */
void card_changes_cipher(struct fake_card *card);

/* The AS takes mail and commits; KB_OK or what it died of. */
enum kb_err rig_give(struct as_rig *rig, const struct kb_mail *mail);
/* Takes everything out of the outbox and appends it. */
enum kb_err rig_collect(struct as_rig *rig, struct letters *letters);

/* Protects a message with the card's next counter, and appends what carries it. */
void card_writes(struct fake_card *card, const struct kb_session_message *message,
                 struct letters *letters);
/* The same with any bytes in the place of a message. */
void card_writes_bytes(struct fake_card *card, struct kb_span bytes, struct letters *letters);
/* Joins and opens what came for the card, and reads the message in room (RIG_MESSAGE bytes). False:
 * nothing of it was authentic and new. */
bool card_reads(struct fake_card *card, const struct letters *letters, uint8_t *room,
                struct kb_session_message *message);
void server_writes(const char *name, uint64_t id, const struct kb_session_message *message,
                   struct letters *letters);

/* --- Messages of the way of a personalization (docs/protocol.md) --- */

extern const struct kb_span share_1, share_2, share_3, sealed_identity, sealed_used;

struct kb_session_message request_of(uint32_t session, const char *id_o);
struct kb_session_message message_of(enum kb_session_kind kind, uint32_t session);
struct kb_session_message server_message_of(enum kb_session_kind kind, uint32_t session,
                                            const struct fake_card *card);

/* Gives each letter of a list. */
void rig_deliver(struct as_rig *rig, const struct letters *letters);

/* One message of the card, and what the AS sends because of it. */
void card_says(struct as_rig *rig, struct fake_card *card, const struct kb_session_message *message,
               struct letters *answers);
void server_says(struct as_rig *rig, const char *name, const struct kb_session_message *message,
                 struct letters *answers);

/* The whole way for a card, up to and with a step of service/as_session.h. */
void rig_go(struct as_rig *rig, struct fake_card *card, uint32_t session, unsigned step);

struct kb_as_status rig_status(struct as_rig *rig, const struct fake_card *card);

/* How often these bytes stand in the files of the store. */
unsigned rig_search(const struct as_rig *rig, struct kb_span bytes);

#endif
