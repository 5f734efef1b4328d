/* SPDX-License-Identifier: Apache-2.0 */
/* The application as the toolkit sees it: what waits is a set of steps, and each step has a row. */
#include "card/cpa/cpa.h"

#include <string.h>

#include "card/cpa/inside.h"

enum { TRIES = 3, RETRY = 0x20, RETRY_END = 0x30 };

static const struct kb_cpa_step_row *const steps[KB_CPA_STEPS] = {
    [KB_CPA_STEP_REFRESH] = &kb_cpa_refresh_row, [KB_CPA_STEP_MENU] = &kb_cpa_menu_row,
    [KB_CPA_STEP_EVENTS] = &kb_cpa_events_row,   [KB_CPA_STEP_LOCATE] = &kb_cpa_locate_row,
    [KB_CPA_STEP_CLOSE] = &kb_cpa_close_row,     [KB_CPA_STEP_RECEIVE] = &kb_cpa_receive_row,
    [KB_CPA_STEP_SEND] = &kb_cpa_send_row,       [KB_CPA_STEP_TIMER] = &kb_cpa_timer_row,
    [KB_CPA_STEP_SELECT] = &kb_cpa_select_row,   [KB_CPA_STEP_INPUT] = &kb_cpa_input_row,
    [KB_CPA_STEP_SURE] = &kb_cpa_sure_row,       [KB_CPA_STEP_SHOW] = &kb_cpa_show_row,
};

enum kb_cpa_state kb_cpa_state(const struct kb_card *card)
{
    return (enum kb_cpa_state)card->cpa.state;
}

enum kb_err kb_cpa_plan_load(struct kb_card *card, struct kb_cpa_loaded *loaded)
{
    size_t size = kb_nvm_size(&card->nvm, KB_OBJ_CPA_PLAN);
    enum kb_err err = size <= sizeof(loaded->bytes) ? KB_OK : KB_ERR_TOO_LONG;

    if (!err)
        err = kb_nvm_read(&card->nvm, KB_OBJ_CPA_PLAN, 0, loaded->bytes, size);
    return err ? err : kb_cpa_plan_read(kb_span(loaded->bytes, size), &loaded->plan);
}

/* --- Power-up --- */

/* A plan or a record that cannot be read leaves a card that offers nothing and is otherwise whole;
 * so does an operator's key that came another way. */
static enum kb_err reset(struct kb_card *card)
{
    struct kb_cpa_loaded loaded;
    struct kb_cpa_record record;

    memset(&card->cpa, 0, sizeof(card->cpa));
    card->cpa.service = KB_CPA_SERVICE_UNKNOWN;
    if (card->life_cycle != KB_LIFE_SECURED || !kb_nvm_has(&card->nvm, KB_OBJ_CPA_PLAN) ||
        kb_cpa_plan_load(card, &loaded) || kb_cpa_record_load(card, &record))
        return KB_OK;
    if (record.state == KB_CPA_IDLE && kb_cpa_has_operator(card))
        return KB_OK;
    card->cpa.state = record.state;
    card->cpa.starts = loaded.plan.starts;
    if (loaded.plan.asks_user)
        kb_cpa_set(card, KB_CPA_ASKS_USER);
    if (loaded.plan.asks_user || loaded.plan.starts & (KB_CPA_BY_MENU | KB_CPA_BY_CODE))
        kb_cpa_set(card, KB_CPA_HAS_USER);
    if (loaded.plan.bearer == KB_CPA_PACKET)
        kb_cpa_set(card, KB_CPA_IS_PACKET);
    return KB_OK;
}

static void profile(struct kb_card *card, struct kb_span bytes)
{
    struct kb_cpa_record record;

    (void)bytes;
    if (card->cpa.state == KB_CPA_NONE || kb_cpa_record_load(card, &record))
        return;
    if (record.state != KB_CPA_DONE && record.state != KB_CPA_BLOCKED)
        kb_cpa_want(card, KB_CPA_BIT(EVENTS) | KB_CPA_BIT(LOCATE));
    kb_cpa_enter(card, &record);
    if (record.state == KB_CPA_ASKING && !kb_cpa_is(card, KB_CPA_ASKS_USER))
        kb_cpa_swap(card);
}

/* --- Commands --- */

/* What has to wait, though it is to do. */
static uint16_t blocked(const struct kb_card *card)
{
    if (kb_cpa_is(card, KB_CPA_WANTS_RESET))
        return (uint16_t) ~(KB_CPA_BIT(REFRESH) | KB_CPA_BIT(TIMER));
    if (card->cpa.service == KB_CAT_LIMITED_SERVICE || card->cpa.service == KB_CAT_NO_SERVICE)
        return KB_CPA_BIT(SEND);
    return 0;
}

static bool next(struct kb_card *card, struct kb_cat_command *command, struct kb_writer *scratch)
{
    uint16_t due = (uint16_t)(card->cpa.due & ~blocked(card));
    uint8_t step = 0;

    if (!due)
        return false;
    while (!(due >> step & 1))
        step++;
    card->cpa.step = step;
    card->cpa.asked = card->cpa.entered;
    return steps[step]->fill(card, command, scratch);
}

/* A short message may come while a command is under way, and change what the card wants. */
static bool is_stale(const struct kb_card *card)
{
    return card->cpa.asked != card->cpa.entered && !(KB_CPA_LASTING >> card->cpa.step & 1);
}

/* A terminal that is busy is asked again, a few times. */
static void done(struct kb_card *card, const struct kb_cat_response *response)
{
    const struct kb_cpa_step_row *row = steps[card->cpa.step];
    bool is_performed = response->result < RETRY;

    if (is_stale(card))
        return;
    if (!is_performed && response->result < RETRY_END && ++card->cpa.tries < TRIES)
        return;
    card->cpa.tries = 0;
    card->cpa.due &= (uint16_t) ~(1u << card->cpa.step);
    if (is_performed)
        row->performed(card, response);
    else
        row->refused(card, response);
}

/* --- Events --- */

static void event(struct kb_card *card, uint8_t which, const struct kb_cat_objects *with)
{
    if (which == KB_CAT_EVENT_LOCATION_STATUS && kb_cat_has(with, KB_CAT_LOCATION_STATUS))
        kb_cpa_serve(card, with->location_status);
    else if (which == KB_CAT_EVENT_NETWORK_REJECTION)
        kb_cpa_rejected(card);
    else if (which == KB_CAT_EVENT_DATA_AVAILABLE && card->cpa.channel)
        kb_cpa_want(card, KB_CPA_BIT(RECEIVE));
    else if (which == KB_CAT_EVENT_CHANNEL_STATUS)
        kb_cpa_channel_status(card, with);
}

static void envelope(struct kb_card *card, const struct kb_cat_envelope *it)
{
    const struct kb_cat_objects *with = &it->with;

    if (card->cpa.state == KB_CPA_NONE)
        return;
    if (it->tag == KB_CAT_MENU_SELECTION)
        kb_cpa_entry(card, with->item);
    else if (it->tag == KB_CAT_TIMER_EXPIRATION && kb_cpa_is(card, KB_CPA_HAS_TIMER))
        kb_cpa_expired(card);
    else if (it->tag == KB_CAT_EVENT_DOWNLOAD && with->events.len)
        event(card, with->events.data[0], with);
}

const struct kb_application kb_cpa = {
    .target = {KB_TAR_CPA, 0x16}, /* ciphered, with a CC, counter higher than the last */
    .reset = reset,
    .profile = profile,
    .next = next,
    .done = done,
    .event = envelope,
    .packet = kb_cpa_packet,
};
