/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interpreter of the personalization algorithm: IDLE, READY, ALERT, PERSO, LOCKED, BLOCKED
 * (docs/apdu.md). Commands, items, places and limits come from the image in NVM; the rules that
 * protect the card are here as well, and hold even if an image lied: nothing is written before a
 * code was verified, nothing leaves LOCKED or BLOCKED, a try is counted before it is used.
 */
#ifndef KB_CARD_PERSO_PERSO_H
#define KB_CARD_PERSO_PERSO_H

#include "card/perso/image.h"

/* Session state; all of it is lost at reset. */
struct kb_perso {
    uint8_t state;      /* enum kb_perso_state or a plan's own */
    uint8_t field;      /* index in the image of the enabled field; meaningless while IDLE */
    bool is_verified;   /* a code was verified since ENABLE */
    bool is_secured;    /* by a secure channel, through which its commands have to come */
    bool has_challenge; /* challenge may be answered: a right code spends it */
    uint8_t challenge[16];
    uint16_t image_size; /* 0: no image loaded */
};

/* Reads what the session needs from NVM. */
enum kb_err kb_perso_reset(struct kb_card *card);

/* Tries the plan's commands on one command. false: not one of them. */
bool kb_perso_dispatch(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out,
                       enum kb_sw *sw);

/* Asked with the first link of a chain: KB_SW_OK when more may follow, KB_SW_CHAINING_NOT_SUPPORTED
 * for what is no long command of the plan, else what the whole command would get in this state. */
enum kb_sw kb_perso_begin_chain(struct kb_card *card, const struct kb_apdu *cmd);

/* --- A field that is verified by a secure channel (card/gp/gp.h) --- */

/* Whether a field is enabled that knows this method. */
bool kb_perso_takes_channel(struct kb_card *card);

/* The number of that field and its keys, made from its code (docs/apdu.md 3.1): 16 bytes each. */
enum kb_sw kb_perso_channel_keys(struct kb_card *card, uint8_t *field, uint8_t *enc, uint8_t *mac);

/* EXTERNAL AUTHENTICATE as that field's VERIFY: a try is counted, then kb_gp_accept asked. */
enum kb_sw kb_perso_verify_channel(struct kb_card *card, const struct kb_apdu *cmd);

/* The session of the enabled field is over. */
void kb_perso_end(struct kb_card *card);

/* LOAD ALGORITHM, 80 46 (docs/apdu.md 2.3): maker only, ADMINISTRATIVE only. */
enum kb_sw kb_perso_load(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);

/* Proves a whole image in NVM (blocks KB_OBJ_IMAGE ..., total bytes): lengths, checksum, signature,
 * rules of the state machine, every write's target inside a file or object that exists
 * (docs/loader.md). KB_ERR_INTEGRITY, KB_ERR_VERSION, KB_ERR_MALFORMED, KB_ERR_RANGE,
 * KB_ERR_TOO_LONG, KB_ERR_RULE, KB_ERR_ABSENT; errors of the memory. */
enum kb_err kb_perso_prove(struct kb_card *card, uint16_t total);

#endif
