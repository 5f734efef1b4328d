/* SPDX-License-Identifier: Apache-2.0 */
/* USIM authentication: AUTHENTICATE in the 3G and GSM contexts (TS 31.102 clause 7.1) with the
 * sequence number array of TS 33.102 annex C: IND of 5 bits, per-IND highest SEQ, jump limit 2^28.
 * The operator's key is used when present, else the temporary one. */
#ifndef KB_CARD_SIM_SIM_H
#define KB_CARD_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/apdu.h"
#include "wire/err.h"
#include "wire/sw.h"

struct kb_card;

/* RAM copy of what every authentication needs; filled at the first one after power-up. */
struct kb_sim {
    bool is_loaded;
    uint16_t ust;         /* object number of EF.UST, 0 when there is none */
    uint8_t subscription; /* the one in use */
    uint64_t highest;     /* SQN_MS: the highest SQN accepted, any IND */
};

void kb_sim_reset(struct kb_card *card);

/* 00 88 00 80|81 */
enum kb_sw kb_sim_authenticate(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out);

/* Forgets all sequence numbers of a subscription, in the caller's transaction; for whoever writes
 * its key. */
enum kb_err kb_sim_restart_sqn(struct kb_card *card, uint8_t subscription);

#endif
