/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card personalization application: from temporary to subscriber's card (docs/protocol.md). It
 * starts from a menu, a typed code, by itself or when told over the air, agrees on keys with the
 * operator, asks its user, and puts the new pair in the place of the old one. It works on a SECURED
 * card with a plan (card/cpa/plan.h) alone. What it is doing stands in the card's memory, in one
 * transaction with what it says to others; so a card that lost its power goes on where it was.
 *
 * A refused attach, while the new pair is on trial, is one of these:
 *   - the terminal tells of a network rejection;
 *   - a time after power-up or the last refusal there is no normal service, though some network is
 *     there, and no rejection was told. The card asks for a reset then, so that the terminal
 *     attaches anew. The time is that of the plan, doubled with each refusal.
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
    KB_CPA_BLOCKED = 10,  /* for ever: no tries of the admin code are left */
    KB_CPA_STATES
};

/* Session state in RAM; all of it is lost at reset. Private to card/cpa. */
struct kb_cpa {
    uint8_t state;   /* enum kb_cpa_state, as in the memory */
    uint8_t step;    /* what the terminal was asked for last */
    uint8_t entered; /* counts states entered, */
    uint8_t asked;   /* as it stood when the terminal was asked */
    uint8_t part;    /* short message or channel data of the outgoing packet */
    uint8_t resends; /* of that packet, or questions that nobody answered */
    uint8_t tries;   /* of a command for which the terminal was too busy */
    uint8_t service; /* enum kb_cat_service, or none was told yet */
    uint8_t channel; /* 0: none is open */
    uint8_t piece;   /* bytes the channel takes at once */
    uint8_t starts;  /* of the plan */
    uint16_t due;    /* steps that wait, a bit for each */
    uint16_t flags;
};

extern const struct kb_application kb_cpa;

/* For tests and the simulation: where the card stands. */
enum kb_cpa_state kb_cpa_state(const struct kb_card *card);

#endif
