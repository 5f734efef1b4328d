/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the state machine (docs/loader.md 3). */

#include "card/perso/prove.h"

enum {
    ANY = 0xFF,      /* any state that may be left */
    HARMLESS = 0xFE, /* any state but PERSO, LOCKED and BLOCKED */
    VERIFIED = 1 << KB_EVENT_VERIFY_OK | 1 << KB_EVENT_VERIFY_WRONG | 1 << KB_EVENT_VERIFY_EXHAUSTED
};

/* Where each event may start and where it must end. */
static const struct {
    uint8_t from;
    uint8_t to;
} bounds[KB_PERSO_EVENTS] = {
    [KB_EVENT_ENABLE] = {ANY, HARMLESS},
    [KB_EVENT_ENABLE_ALERTED] = {ANY, HARMLESS},
    [KB_EVENT_VERIFY_OK] = {ANY, KB_PERSO_PERSO},
    [KB_EVENT_VERIFY_WRONG] = {ANY, HARMLESS},
    [KB_EVENT_VERIFY_EXHAUSTED] = {ANY, KB_PERSO_BLOCKED},
    [KB_EVENT_PUT] = {KB_PERSO_PERSO, KB_PERSO_PERSO},
    [KB_EVENT_LOCK] = {KB_PERSO_PERSO, KB_PERSO_LOCKED},
};

static bool is_final(uint8_t state)
{
    return state == KB_PERSO_LOCKED || state == KB_PERSO_BLOCKED;
}

static bool may_start(const struct kb_image_transition *row)
{
    bool is_enable = row->event == KB_EVENT_ENABLE || row->event == KB_EVENT_ENABLE_ALERTED;

    if (is_final(row->from) || (row->from == KB_PERSO_IDLE && !is_enable))
        return false;
    return bounds[row->event].from == ANY || bounds[row->event].from == row->from;
}

static bool may_end(const struct kb_image_transition *row)
{
    if (bounds[row->event].to == HARMLESS)
        return row->to != KB_PERSO_PERSO && !is_final(row->to);
    return bounds[row->event].to == row->to;
}

static enum kb_err prove_transition(const struct kb_image *image,
                                    const struct kb_image_transition *row)
{
    if (row->from >= image->states || row->to >= image->states || row->event >= KB_PERSO_EVENTS)
        return KB_ERR_RANGE;
    return may_start(row) && may_end(row) ? KB_OK : KB_ERR_RULE;
}

/* A state that takes a code has a successor for each outcome. */
static bool is_complete(uint16_t events)
{
    return (events & VERIFIED) == 0 || (events & VERIFIED) == VERIFIED;
}

enum kb_err kb_prove_transitions(struct kb_card *card, const struct kb_image *image)
{
    uint16_t events[KB_IMAGE_STATES] = {0}; /* of each state, a bit each */

    (void)card;
    for (uint8_t i = 0; i < image->transitions; i++) {
        struct kb_image_transition row;
        enum kb_err err = kb_image_transition(image, i, &row);

        if (!err)
            err = prove_transition(image, &row);
        if (err)
            return err;
        if (events[row.from] & 1 << row.event)
            return KB_ERR_RULE;
        events[row.from] |= (uint16_t)(1 << row.event);
    }
    for (uint8_t state = 0; state < image->states; state++) {
        if (!is_complete(events[state]))
            return KB_ERR_RULE;
    }
    return KB_OK;
}
