/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of secured packets in the card's memory: the last that was taken from a sender, and the
 * last that was sent. Each is an object of KB_CNTR_SIZE bytes, which the maker writes as zeros: a
 * counter that is not there is an error and not a zero, lest old packets count again. */
#ifndef KB_CARD_OTA_COUNTER_H
#define KB_CARD_OTA_COUNTER_H

#include "card/nvm/nvm.h"
#include "card/ota/secured.h"

struct kb_ota_stored {
    struct kb_nvm *nvm;
    uint16_t id;
};

/* The callbacks for kb_ota_open over a stored counter, which stays the caller's. A commit inside of
 * a transaction is refused (KB_ERR_USAGE): it could be rolled back after the command ran. */
struct kb_ota_counter kb_ota_counter(struct kb_ota_stored *stored);

/* A counter for the next packet to be sent. It is safe against a loss of power before the caller
 * has it, so no two packets bear the same. KB_ERR_RANGE: all are used up; errors of the memory. */
enum kb_err kb_ota_counter_next(struct kb_ota_stored *stored, uint64_t *value);

#endif
