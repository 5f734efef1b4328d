/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The issuer security domain (GlobalPlatform Card Specification 2.3.1) and its secure channel
 * (SCP03, Amendment D). The domain is no file: SELECT asks here first, and each logical channel has
 * it as its current application or not. One secure channel is open at a time, on the logical
 * channel that opened it. What the domain keeps, and under which object numbers, is told in
 * card/gp/inside.h.
 */
#ifndef KB_CARD_GP_GP_H
#define KB_CARD_GP_GP_H

#include "crypto/scp03.h"
#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_card;

/* Session state; all of it is lost at reset. */
struct kb_gp {
    struct kb_scp03 scp;
    uint8_t state;       /* enum kb_gp_state */
    uint8_t channel;     /* that has the secure channel */
    uint8_t key_version; /* its keys' */
    uint8_t slot;        /* where they lie: inside.h */
    uint8_t selected;    /* bit n: the domain is the current application of channel n */
    uint8_t life_cycle;  /* enum kb_gp_life_cycle */
    uint8_t next_block;  /* of STORE DATA */
    bool is_answering;   /* the command at hand came secured: so does its answer */
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

/* A logical channel was closed or opened: the domain is not its current application. */
void kb_gp_leave_channel(struct kb_card *card, uint8_t channel);

/* Asked first by every SELECT. true: it was the domain's, *sw and out are the answer. A SELECT
 * that is not leaves the domain's selection to kb_gp_leave_channel. */
bool kb_gp_select(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out,
                  enum kb_sw *sw);

/* Whether the card's life cycle lets this command through; asked before every command. */
bool kb_gp_allows(const struct kb_card *card, const struct kb_apdu *cmd);

/* A command with secure messaging, before it runs: MAC checked, data deciphered. cmd->data is the
 * plain data at the start of card->buffer, card->chain_len its length. The last command of a chain
 * is protected as a whole. KB_SW_SECURITY_NOT_SATISFIED: no secure channel, or a wrong MAC, which
 * closes it. */
enum kb_sw kb_gp_unwrap(struct kb_card *card, struct kb_apdu *cmd);

/* The answer to such a command, protected as the session's level says. Returns sw, or
 * KB_SW_NO_PRECISE_DIAGNOSIS. The status must not be changed afterwards: it is in the MAC. */
enum kb_sw kb_gp_wrap(struct kb_card *card, enum kb_sw sw, struct kb_writer *out);

/* Commands. */
enum kb_sw kb_gp_initialize_update(struct kb_card *card, const struct kb_apdu *cmd,
                                   struct kb_writer *out);
enum kb_sw kb_gp_authenticate(struct kb_card *card, const struct kb_apdu *cmd,
                              struct kb_writer *out);
enum kb_sw kb_gp_get_data(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gp_get_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gp_set_status(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gp_put_key(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
enum kb_sw kb_gp_store_data(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);

#endif
