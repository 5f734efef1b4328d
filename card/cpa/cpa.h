/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card personalization application: from temporary to subscriber's card (docs/protocol.md). It
 * lives on the toolkit and on secured packets; where it stands is in the card's memory, so it goes
 * on after any loss of power. Its only right is over the pair of identity and key.
 */
#ifndef KB_CARD_CPA_CPA_H
#define KB_CARD_CPA_CPA_H

#include "card/application.h"

#define KB_TAR_CPA                                                                                 \
    {                                                                                              \
        0x4B, 0x42, 0x01                                                                           \
    }

/* Where an attempt stands, kept in KB_OBJ_CPA_SESSION. */
enum kb_cpa_state {
    KB_CPA_NONE = 0,      /* no plan: nothing is ever offered */
    KB_CPA_IDLE = 1,      /* waits for a start */
    KB_CPA_REQUESTED = 2, /* REQUEST is out, COMMAND awaited */
    KB_CPA_CHOOSING = 3,  /* a list of operators came */
    KB_CPA_AGREED = 4,    /* the last AGREE is out, IDENTITY awaited */
    KB_CPA_ASKING = 5,    /* the pair is there; "are you sure" */
    KB_CPA_TRIAL = 6,     /* swapped in; the network has not taken it yet */
    KB_CPA_REPORTING = 7, /* it worked; CONFIRM is out */
    KB_CPA_DONE = 8,      /* for ever */
    KB_CPA_FAILING = 9,   /* it failed; REFUSE is out; then IDLE */
    KB_CPA_BLOCKED = 10   /* for ever: no tries of the admin code are left */
};

/* Session state in RAM; all of it is lost at reset. */
struct kb_cpa {
    uint8_t state; /* enum kb_cpa_state, as in the memory */
    uint8_t step;  /* what the terminal is asked to do next, private to card/cpa */
    uint8_t part;  /* short message of the outgoing packet, or what is open of the channel */
    uint8_t resends;
    uint8_t refusals;
    uint8_t reason; /* enum kb_session_reason that waits to be shown */
    uint8_t chosen; /* operator in the list, 0: none */
    uint8_t channel;
    bool has_service; /* the terminal said "normal service" */
    bool is_timer_due;
    uint32_t flags; /* private */
};

extern const struct kb_application kb_cpa;

/* For tests and the simulation: where the card stands. */
enum kb_cpa_state kb_cpa_state(const struct kb_card *card);

#endif
