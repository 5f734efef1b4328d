/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The issuer security domain (GlobalPlatform Card Specification 2.3.1) and its secure channel
 * (SCP03, Amendment D). The domain is no file: each logical channel has it as its current
 * application or not, and where it is, its commands come before all others. One secure channel is
 * open at a time, on the logical channel that opened it; a field of the card's algorithm may have
 * one as well, in place of a code (docs/apdu.md 3.1). A wrong MAC closes it, and a reset.
 */
#ifndef KB_CARD_GP_GP_H
#define KB_CARD_GP_GP_H

#include "crypto/scp03.h"
#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_card;

enum {
    KB_GP_SETS = 8,  /* key sets of the domain, slots 0 .. 7 */
    KB_GP_KEYS = 3,  /* of a set: ENC, MAC, DEK */
    KB_GP_CPLC = 42, /* bytes of card production life cycle data */
    KB_GP_DATA = 3   /* objects of what STORE DATA keeps: 42, 45, 66 */
};

/* Session state; all of it is lost at reset. */
struct kb_gp {
    struct kb_scp03 scp;
    uint8_t state;      /* enum kb_gp_state */
    uint8_t channel;    /* that has the secure channel */
    uint8_t slot;       /* where its keys lie: card/gp/inside.h */
    uint8_t selected;   /* bit n: the domain is the current application of channel n */
    uint8_t life_cycle; /* enum kb_gp_life_cycle */
    uint8_t next_block; /* of STORE DATA */
    bool is_secured;    /* the command at hand came through the secure channel, and so goes its
                           answer */
};

enum kb_gp_state { KB_GP_CLOSED, KB_GP_INITIATED, KB_GP_OPEN };

/* Card life cycle (table 11-6). */
enum kb_gp_life_cycle {
    KB_GP_OP_READY = 0x01,
    KB_GP_INITIALIZED = 0x07,
    KB_GP_SECURED = 0x0F,
    KB_GP_CARD_LOCKED = 0x7F,
    KB_GP_TERMINATED = 0xFF
};

/* Closes the secure channel and reads the card's life cycle. */
enum kb_err kb_gp_reset(struct kb_card *card);

/* The domain is no more the current application of a logical channel. */
void kb_gp_leave(struct kb_card *card, uint8_t channel);

/* Ends the secure channel: its keys are gone once the command at hand is answered. */
void kb_gp_close(struct kb_card *card);

/* Whether the command is for the secure channel: its class says so and the channel is open. Such a
 * command has to be unwrapped, its answer wrapped. Said of the command at hand until the next. */
bool kb_gp_expects(struct kb_card *card, const struct kb_apdu *cmd);

/* Checks the MAC and deciphers; the plain data then lie in card->buffer behind card->chain_len, and
 * cmd->cla is a plain one. Every link of a chain is protected by itself.
 * KB_SW_SECURITY_NOT_SATISFIED: the secure channel is closed now. */
enum kb_sw kb_gp_unwrap(struct kb_card *card, struct kb_apdu *cmd);

/* Protects the answer as the level says. Returns sw, or KB_SW_NO_PRECISE_DIAGNOSIS. The status must
 * not change any more: it is in the MAC. */
enum kb_sw kb_gp_wrap(struct kb_card *card, enum kb_sw sw, struct kb_writer *out);

/* Whether PUT OBJECT may write this as a key set: version (none of a field's), kind, three keys. */
bool kb_gp_is_set(struct kb_span object);

/* The field's session is over, and the secure channel with it where it was the field's. */
void kb_gp_end_field(struct kb_card *card);

/* Compares cryptogram and MAC of EXTERNAL AUTHENTICATE: the secure channel is open then, or closed.
 * Whoever asks has counted the try. */
enum kb_err kb_gp_accept(struct kb_card *card, const struct kb_apdu *cmd);

/* Asked before every other room. false: not the domain's command. */
bool kb_gp_dispatch(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out,
                    enum kb_sw *sw);

#endif
