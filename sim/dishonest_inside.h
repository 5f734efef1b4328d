/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the dishonest application server know of each other. */
#ifndef KB_SIM_DISHONEST_INSIDE_H
#define KB_SIM_DISHONEST_INSIDE_H

#include "agree/agree.h"
#include "card/ota/secured.h"
#include "sim/dishonest.h"
#include "sim/inside.h"
#include "sim/maker.h"
#include "wire/sms_parts.h"

enum { KB_LIAR_PACKET = 1400, KB_LIAR_KEY = 16 };

enum kb_liar_thing {
    KB_LIAR_FIRST,
    KB_LIAR_SECOND,
    KB_LIAR_THIRD,
    KB_LIAR_SEALED,
    KB_LIAR_TOKEN,
    KB_LIAR_SEEN
};

/* One side of an agreement that the server in the middle holds itself. */
struct kb_liar_side {
    struct kb_agree agree;
    struct kb_dh_config dh;
    struct kb_edhoc_config edhoc;
    uint8_t binding[KB_ID_SC_MAX + 1 + KB_ID_O_MAX];
    char id_sc[KB_ID_SC_MAX + 1], id_o[KB_ID_O_MAX + 1];
    uint8_t answer[KB_AGREE_MESSAGE_MAX]; /* its own next message */
    size_t answer_len;
    bool is_running;
};

/* What it keeps of an old message, to send it again. */
struct kb_liar_memory {
    uint8_t bytes[KB_SESSION_AGREE_MAX];
    size_t len;
};

struct kb_liar_card {
    char id_sc[KB_ID_SC_MAX + 1];
    struct kb_ota_keys keys;
    struct kb_liar_memory credential;
    bool has_lied;    /* what is told once has been told */
    unsigned claimed; /* the operator it was told */

    struct kb_liar_side towards_card, towards_server;
    uint8_t k[KB_LIAR_KEY], opc[KB_LIAR_KEY]; /* of the pair that the register has */
    char imsi[KB_IMSI_MAX + 1];
    bool knows_pair;

    uint8_t packet[KB_LIAR_PACKET]; /* parts of a short message on their way to the card */
    size_t packet_len;
    uint64_t first_id;
};

struct kb_sim_dishonest {
    struct kb_world *world;
    struct kb_chance chance;
    struct kb_random random;
    struct kb_liar_card **cards;
    uint64_t lies;
    uint64_t next_id; /* of mail that it makes up */

    /* What it saw of other cards: messages 1 to 3, a sealed identity, a token. */
    struct kb_liar_memory seen[KB_LIAR_SEEN];

    struct kb_sim_credentials forged; /* an operator's, under a root of its own */
};

struct kb_liar_card *kb_liar_card(struct kb_sim_dishonest *liar, uint64_t number);

/* The letter with another message in it. */
struct kb_sim_letter *kb_liar_rewrite(struct kb_sim_dishonest *liar, struct kb_sim_letter *letter,
                                      const struct kb_session_message *message);

/* --- dishonest_middle.c: agrees with each side itself --- */
enum kb_err kb_liar_forge(struct kb_sim_dishonest *liar);
/* Puts its own messages in place of what goes to the server, and of what comes from it. */
void kb_liar_middle_up(struct kb_sim_dishonest *liar, struct kb_liar_card *card,
                       struct kb_session_message *message);
void kb_liar_middle_down(struct kb_sim_dishonest *liar, struct kb_liar_card *card,
                         struct kb_session_message *message);

/* --- dishonest_packet.c: what goes to the card in its secured packets --- */
typedef bool kb_liar_change(struct kb_sim_dishonest *liar, uint64_t card,
                            struct kb_session_message *message);
/* Opens the packet (when all parts of it are there), lets change it, and closes it again. */
struct kb_sim_letter *kb_liar_repack(struct kb_sim_dishonest *liar, struct kb_sim_letter *letter,
                                     kb_liar_change *change);

/* --- dishonest_fields.c: each field of each message --- */
enum kb_liar_way { KB_LIAR_TO_SERVER, KB_LIAR_FROM_SERVER, KB_LIAR_TO_CARD };
size_t kb_liar_field_count(void);
/* True when this is the message that the lie of this number is about, and it was changed. room:
 * for the changed value. */
bool kb_liar_change_field(size_t lie, enum kb_liar_way way, struct kb_session_message *message,
                          uint8_t room[KB_SESSION_AGREE_MAX]);

#endif
