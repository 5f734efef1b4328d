/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the application server share, and nobody else sees. */
#ifndef KB_SERVICE_AS_INSIDE_H
#define KB_SERVICE_AS_INSIDE_H

#include "card/ota/secured.h"
#include "service/as.h"
#include "service/as_session.h"
#include "wire/sms_parts.h"

enum {
    KB_AS_SPI = 0x16,    /* of packets both ways: CC, ciphered, counter higher than the last one */
    KB_AS_CACHED = 2048, /* cards whose keys are at hand */
    KB_AS_PEER_PARTS = 16,    /* parts kept of one number */
    KB_AS_PACKET_PARTS = 10,  /* of one packet */
    KB_AS_ALL_PARTS = 100000, /* of all numbers */
    KB_AS_PARTS_S = 3600,     /* how long parts wait for others */
    KB_AS_SCRIPTS = 0x80,     /* in references of short messages: a part of a script */
    KB_AS_REPEATS = 64,       /* times that one answer is given again */
    KB_AS_FORGED_S = 60       /* between two lines on packets that were not authentic */
};

enum kb_as_sql {
    AS_ADD_CARD,
    AS_ADD_SESSION,
    AS_CARD,
    AS_KEYS,
    AS_CODE,
    AS_FORGET_CODE,
    AS_SESSION,
    AS_SAVE,
    AS_SAVE_ANSWER,
    AS_ANSWER,
    AS_SET_OPERATOR,
    AS_OPERATOR_BY_ID,
    AS_OPERATOR_BY_CODE,
    AS_OFFERS,
    AS_ADD_PART,
    AS_COUNT_PARTS,
    AS_PARTS,
    AS_FORGET_PARTS,
    AS_FORGET_PEER,
    AS_FORGET_OLD,
    AS_ALL_PARTS,
    AS_LAST_SCRIPT,
    AS_LAST_CNTR,
    AS_ADD_SCRIPT,
    AS_WAITING,
    AS_ANSWER_SCRIPT,
    AS_SCRIPT,
    AS_STATEMENTS
};

enum { KB_AS_UPGRADES = 1 }; /* versions of the schema before this one */

extern const char kb_as_schema[];
extern const struct kb_store_upgrade kb_as_upgrades[KB_AS_UPGRADES];
extern const char *const kb_as_statements[AS_STATEMENTS];

struct kb_as_digits {
    size_t len;
    char digits[KB_ID_SC_MAX];
};

static inline struct kb_span kb_as_digits(const struct kb_as_digits *id_sc)
{
    return kb_span(id_sc->digits, id_sc->len);
}

/* Keys of a card that is known. */
struct kb_as_known {
    struct kb_as_digits id_sc; /* len 0: nobody's place */
    struct kb_ota_keys keys;
};

/* Where a card can be reached. */
struct kb_as_place {
    enum kb_mail_kind kind; /* 0: nowhere yet */
    char peer[KB_MAIL_PEER];
};

/* All that changes about a card. */
struct kb_as_row {
    int64_t turn; /* goes up with every change: who saves names the one that was loaded */
    struct kb_as_session session;
    uint64_t cntr_in, cntr_out;
    uint32_t repeats; /* of the last answer */
    struct kb_as_place place;
};

struct kb_as {
    struct kb_store *store;
    const struct kb_crypto *crypto;
    int64_t (*now)(void *ctx);
    void *now_ctx;
    struct kb_span revoked;
    uint64_t revoked_number;
    struct kb_as_counts counts;
    uint64_t forged_told; /* counts.forged, when the last line on it was written */
    int64_t forged_at;
    int64_t parts; /* kept, at most */
    struct kb_as_known known[KB_AS_CACHED];
};

int64_t kb_as_now(const struct kb_as *as);

/* --- as_rows.c: the store --- */

enum kb_err kb_as_insert(struct kb_as *as, const struct kb_as_card *card);
/* KB_ERR_ABSENT: no such card. An admin code that is forgotten is as any. */
enum kb_err kb_as_compare(struct kb_as *as, const struct kb_as_card *card, bool *is_same);

/* KB_ERR_ABSENT: no card can have this name. */
enum kb_err kb_as_digits_from(struct kb_span text, struct kb_as_digits *id_sc);

/* KB_ERR_ABSENT: no such card. What it points to is gone when another card is looked for. */
enum kb_err kb_as_find(struct kb_as *as, const struct kb_as_digits *id_sc,
                       const struct kb_as_known **known);
enum kb_err kb_as_load(struct kb_as *as, struct kb_span id_sc, struct kb_as_row *row);
/* answer: what is said again when it is asked for, NULL to leave that as it is. KB_ERR_RULE:
 * somebody else was faster. */
enum kb_err kb_as_save(struct kb_as *as, struct kb_span id_sc, const struct kb_as_row *row,
                       const struct kb_span *answer);

/* The message that was the last answer, up to cap bytes, to be wiped. KB_ERR_ABSENT: none. */
enum kb_err kb_as_answer(struct kb_as *as, struct kb_span id_sc, uint8_t *answer, size_t cap,
                         size_t *len);

/* code: KB_ADMIN_CODE_MAX bytes, to be wiped. KB_ERR_ABSENT: it is forgotten. */
enum kb_err kb_as_code(struct kb_as *as, struct kb_span id_sc, uint8_t code[KB_ADMIN_CODE_MAX],
                       size_t *len);
enum kb_err kb_as_has_code(struct kb_as *as, struct kb_span id_sc, bool *has_code);
enum kb_err kb_as_forget(struct kb_as *as, struct kb_span id_sc);

/* --- as_facts.c: what the AS knows when a message comes; room holds what facts points to --- */
struct kb_as_room {
    uint8_t credential[KB_SESSION_CREDENTIAL_MAX];
    uint8_t offers[KB_SESSION_MAX];
    uint8_t id_o[KB_ID_O_MAX], server[KB_MAIL_PEER];
};
enum kb_err kb_as_facts(struct kb_as *as, struct kb_span id_sc,
                        const struct kb_session_message *message, struct kb_as_room *room,
                        struct kb_as_facts *facts);

/* --- as_parts.c: packets in several short messages --- */

/* Keeps a part. *whole: the packet that it completes (in room), or an empty span. */
enum kb_err kb_as_join(struct kb_as *as, const struct kb_mail *mail, struct kb_sms_header *header,
                       struct kb_span part, struct kb_writer *room, bool *is_whole);
enum kb_err kb_as_count_parts(struct kb_as *as);

/* --- as_air.c: packets --- */

/* Where a packet came from, and what it is. */
struct kb_as_packet {
    enum kb_packet_bearer bearer;
    bool is_response; /* to a script: who sent it is not said, and nothing else counts */
    struct kb_as_digits id_sc;
    struct kb_writer bytes; /* room is the caller's: it is deciphered there */
};

/* What mail from the air holds. KB_ERR_ABSENT: no packet (yet). */
enum kb_err kb_as_unpack(struct kb_as *as, const struct kb_mail *mail, struct kb_as_packet *packet);

/* Posts a packet in as many short messages as it takes, to mail's peer. reference: its low byte
 * tells the parts of this packet from those of others. It follows the counter, and scripts, which
 * have counters of their own, have the upper half (KB_AS_SCRIPTS). */
enum kb_err kb_as_post_sms(struct kb_as *as, struct kb_mail *mail, struct kb_span packet,
                           uint64_t reference);

/* Protects a message for a card and posts it to its place, with the next counter. */
enum kb_err kb_as_send(struct kb_as *as, const struct kb_as_known *known, struct kb_as_row *row,
                       struct kb_span message);

/* --- as_script.c: remote management --- */

/* Whether a script's answer may come from this number. */
enum kb_err kb_as_awaits(struct kb_as *as, const struct kb_mail *mail, bool *awaits);

/* A response packet, in its own buffer: a step if it belongs to a script. KB_ERR_ABSENT: it does
 * not. */
enum kb_err kb_as_take_response(struct kb_as *as, const struct kb_mail *mail,
                                const struct kb_writer *bytes);

/* --- as_follow.c: what follows from a step --- */

/* A card whose message, or message about whom, is being taken. */
struct kb_as_turn {
    struct kb_as *as;
    const struct kb_as_known *known;
    struct kb_as_row row;
    enum kb_err err; /* of the store, while a packet was opened */
};

static inline struct kb_span kb_as_id(const struct kb_as_turn *turn)
{
    return kb_as_digits(&turn->known->id_sc);
}

/* Where a card has its short messages from: the number that the maker knew, unless the card was
 * heard of since. KB_ERR_ABSENT: nowhere. (as_start.c) */
enum kb_err kb_as_find_place(struct kb_as_turn *turn);

enum kb_err kb_as_audit(const struct kb_as_turn *turn, const char *what, const char *result);

/* Writes a message for the card, with the admin code where it has its place. A list of revoked
 * operators that does not fit stays behind. The caller wipes. */
enum kb_err kb_as_write(const struct kb_as_turn *turn, struct kb_session_message *message,
                        struct kb_writer *wr);

/* Does what the effects say and saves the row. before: the step in which the message came. */
enum kb_err kb_as_follow(struct kb_as_turn *turn, uint8_t before, struct kb_as_effects *effects);

/* Gives the last answer again, if there is one. */
enum kb_err kb_as_repeat(struct kb_as_turn *turn);

#endif
