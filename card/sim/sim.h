/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication of a subscriber: AUTHENTICATE of the USIM (TS 31.102 clause 7.1) and of the ISIM
 * (TS 31.103 clause 7.1) in the 3G, GSM and GBA contexts, with the sequence numbers of TS 33.102
 * annex C; GET IDENTITY (TS 31.102 clause 7.5). The operator's subscription is used when its keys
 * are there, else the temporary one.
 *
 * KB_OBJ_AKA says how a subscription authenticates; without it: Milenage, RES of 8 bytes, IND of 5
 * bits, no jump of more than 2^28, no age limit. Its 21 bytes:
 *
 *    0     algorithm: 0 Milenage, 1 TUAK, 2 XOR
 *    1     for GSM: 0 by conversion, 1-3 COMP128 version 1-3, 4 XOR
 *    2-5   bytes of RES, CK, IK and MAC (crypto/aka.h tells what each algorithm has)
 *    6     iterations of Keccak
 *    7     bits of IND: 0-5
 *    8     bit 1: jumps are limited by delta; bit 2: age is limited by L
 *    9-14  delta (TS 33.102 annex C.2.1), a difference of SEQ
 *    15-20 age limit L, likewise
 *
 * KB_OBJ_KI holds K, 16 or 32 bytes; KB_OBJ_OPC holds OPc or, of 32 bytes, TOPc. A subscription
 * without the latter is one of 2G alone when it has an algorithm of its own for GSM.
 */
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
    uint8_t subscription; /* the one in use */
    uint16_t services;    /* object number of the last EF.UST or EF.IST read, 0 when none was */
    uint64_t highest;     /* SQN_MS: the highest SQN accepted, any IND */
};

void kb_sim_reset(struct kb_card *card);

/* 00 88 00 80|81|84 */
enum kb_sw kb_sim_authenticate(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out);

/* 80 78 00 01 */
enum kb_sw kb_sim_identity(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);

/* A3 and A8 of the subscription in use, for RUN GSM ALGORITHM (TS 51.011 clause 9.2.16), which
 * looks after its access conditions. KB_SW_CONDITIONS_NOT_SATISFIED: there are no keys. */
enum kb_sw kb_sim_gsm(struct kb_card *card, const uint8_t rand[16], uint8_t sres[4], uint8_t kc[8]);

/* KB_ERR_RANGE: not a value of KB_OBJ_AKA. */
enum kb_err kb_sim_check_aka(struct kb_span value);

/* A subscription whose keys are those of Milenage from now on, in the caller's transaction. How its
 * sequence numbers are taken stays. */
enum kb_err kb_sim_set_milenage(struct kb_card *card, uint8_t subscription);

/* Forgets all sequence numbers of a subscription and what was bootstrapped, in the caller's
 * transaction; for whoever writes its key. */
enum kb_err kb_sim_restart_sqn(struct kb_card *card, uint8_t subscription);

#endif
