/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the state machine (docs/loader.md 3). */

#include "card/perso/prove.h"

/* Where each event may start and where it must end; ANY is no restriction. */
enum { ANY = 0xFF };

static const struct {
    uint8_t from;
    uint8_t to;
} bounds[KB_PERSO_EVENTS] = {
    [KB_EVENT_ENABLE] = {ANY, ANY},
    [KB_EVENT_ENABLE_ALERTED] = {ANY, ANY},
    [KB_EVENT_VERIFY_OK] = {ANY, ANY},
    [KB_EVENT_VERIFY_WRONG] = {ANY, ANY},
    [KB_EVENT_VERIFY_EXHAUSTED] = {ANY, KB_PERSO_BLOCKED},
    [KB_EVENT_PUT] = {KB_PERSO_PERSO, ANY},
    [KB_EVENT_LOCK] = {KB_PERSO_PERSO, KB_PERSO_LOCKED},
};

static bool is_in_range(const struct kb_image *image, const struct kb_image_transition *row)
{
    return row->from < image->states && row->to < image->states && row->event < KB_PERSO_EVENTS;
}

static bool is_final(uint8_t state)
{
    return state == KB_PERSO_LOCKED || state == KB_PERSO_BLOCKED;
}

/* Only these events end in the states that mean something. */
static bool may_enter(const struct kb_image_transition *row)
{
    if (row->to == KB_PERSO_PERSO)
        return row->event == KB_EVENT_VERIFY_OK || row->event == KB_EVENT_PUT;
    if (row->to == KB_PERSO_LOCKED)
        return row->event == KB_EVENT_LOCK;
    if (row->to == KB_PERSO_BLOCKED)
        return row->event == KB_EVENT_VERIFY_EXHAUSTED;
    return true;
}

static enum kb_err prove_transition(const struct kb_image *image,
                                    const struct kb_image_transition *row)
{
    if (!is_in_range(image, row))
        return KB_ERR_RANGE;
    if (is_final(row->from))
        return KB_ERR_RULE;
    if (bounds[row->event].from != ANY && bounds[row->event].from != row->from)
        return KB_ERR_RULE;
    if (bounds[row->event].to != ANY && bounds[row->event].to != row->to)
        return KB_ERR_RULE;
    return may_enter(row) ? KB_OK : KB_ERR_RULE;
}

/* A state that takes a command has a successor for each of its outcomes. */
static bool is_complete(uint16_t events)
{
    const uint16_t enable = 1 << KB_EVENT_ENABLE | 1 << KB_EVENT_ENABLE_ALERTED;
    const uint16_t verify =
        1 << KB_EVENT_VERIFY_OK | 1 << KB_EVENT_VERIFY_WRONG | 1 << KB_EVENT_VERIFY_EXHAUSTED;

    return ((events & enable) == 0 || (events & enable) == enable) &&
           ((events & verify) == 0 || (events & verify) == verify);
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
