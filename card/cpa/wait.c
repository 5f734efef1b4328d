/* SPDX-License-Identifier: Apache-2.0 */
/* What the card waits for: service, an answer, its turn; and a network that takes the new pair or
 * does not. */
#include "card/cpa/inside.h"

enum {
    TIMER = 1,
    DAY = 86399, /* 23:59:59: a terminal times no longer, and 24 is no hour */
    SHIFT_MAX = 16
};

/* --- The trial --- */

void kb_cpa_want_reset(struct kb_card *card)
{
    kb_cpa_set(card, KB_CPA_WANTS_RESET);
    kb_cpa_want(card, KB_CPA_BIT(REFRESH));
}

static void count_refusal(struct kb_card *card)
{
    struct kb_cpa_loaded loaded;
    struct kb_cpa_record record;
    const struct kb_cpa_change change = {
        .record = &record, .keeps_agreement = true, .keeps_pair = true};

    if (kb_cpa_plan_load(card, &loaded) || kb_cpa_record_load(card, &record))
        return;
    record.refusals++;
    if (record.refusals >= loaded.plan.refusals)
        kb_cpa_fail(card, KB_REASON_NOT_ATTACHED);
    else
        (void)kb_cpa_commit(card, &change);
}

void kb_cpa_rejected(struct kb_card *card)
{
    if (card->cpa.state != KB_CPA_TRIAL || kb_cpa_is(card, KB_CPA_WANTS_RESET))
        return;
    count_refusal(card);
    kb_cpa_set(card, KB_CPA_IS_REJECTED);
}

/* Time is over and the terminal said where it is: where there is no network at all, nobody refused
 * anything. */
static void judge(struct kb_card *card)
{
    bool is_counted = kb_cpa_is(card, KB_CPA_IS_REJECTED);

    kb_cpa_clear(card, KB_CPA_IS_JUDGING | KB_CPA_IS_REJECTED);
    if (card->cpa.state != KB_CPA_TRIAL)
        return;
    if (card->cpa.service == KB_CAT_NO_SERVICE) {
        kb_cpa_want(card, KB_CPA_BIT(TIMER));
        return;
    }
    if (!is_counted)
        count_refusal(card);
    kb_cpa_want_reset(card);
}

/* --- Service --- */

static void succeed(struct kb_card *card)
{
    uint8_t seal[KB_SEALED_TAG];
    struct kb_writer sealed = kb_wr(seal, sizeof(seal));
    struct kb_cpa_record record;
    struct kb_session_message confirm = {.kind = KB_SESSION_CONFIRM};
    const struct kb_cpa_change change = {
        .record = &record, .message = &confirm, .keeps_agreement = true};

    if (kb_cpa_record_load(card, &record) ||
        kb_cpa_seal(card, record.session, KB_SEALED_USED, 0, &sealed))
        return;
    confirm.session = record.session;
    confirm.sealed = kb_wr_span(&sealed);
    record.state = KB_CPA_REPORTING;
    record.failures = 0;
    (void)kb_cpa_commit(card, &change);
}

/* The first time at once; after a failure later, and without a timer once in a power-up. */
static void start_by_itself(struct kb_card *card)
{
    struct kb_cpa_record record;

    if (!(card->cpa.starts & KB_CPA_BY_ITSELF) || kb_cpa_record_load(card, &record))
        return;
    if (!record.failures)
        kb_cpa_begin_by_itself(card);
    else if (!kb_cpa_is(card, KB_CPA_HAS_TIMER | KB_CPA_HAS_NO_TIMERS))
        kb_cpa_want(card, KB_CPA_BIT(TIMER));
}

/* What could not leave for want of service, and is no resend. */
static void send_now(struct kb_card *card)
{
    kb_cpa_clear(card, KB_CPA_IS_UNSENT);
    card->cpa.part = 0;
    kb_cpa_want(card, KB_CPA_BIT(SEND));
}

void kb_cpa_serve(struct kb_card *card, uint8_t service)
{
    card->cpa.service = service;
    if (kb_cpa_is(card, KB_CPA_WANTS_RESET))
        return;
    if (service == KB_CAT_LIMITED_SERVICE && kb_cpa_is(card, KB_CPA_HAS_NO_TIMERS))
        judge(card);
    if (service != KB_CAT_NORMAL_SERVICE)
        return;
    if (card->cpa.state == KB_CPA_TRIAL)
        succeed(card);
    else if (card->cpa.state == KB_CPA_IDLE)
        start_by_itself(card);
    else if (kb_cpa_is(card, KB_CPA_IS_UNSENT))
        send_now(card);
    else if (kb_cpa_is(card, KB_CPA_HAS_NO_TIMERS))
        kb_cpa_expired(card);
}

static bool fill_locate(struct kb_card *card, struct kb_cat_command *command,
                        struct kb_writer *scratch)
{
    (void)card;
    (void)scratch;
    command->type = KB_CAT_PROVIDE_LOCAL_INFORMATION;
    command->qualifier = KB_CAT_LOCAL_LOCATION;
    command->destination = KB_CAT_TERMINAL;
    return true;
}

/* Additional information 04 (ETSI TS 102 223 clause 8.12.2): a terminal that tells no events says
 * it so. */
static bool has_no_service(const struct kb_cat_response *response)
{
    return response->result == KB_CAT_TERMINAL_BUSY && response->additional.len > 0 &&
           response->additional.data[0] == 0x04;
}

static void located(struct kb_card *card, const struct kb_cat_response *response)
{
    if (response->result == KB_CAT_OK && kb_cat_has(&response->with, KB_CAT_LOCATION))
        kb_cpa_serve(card, KB_CAT_NORMAL_SERVICE);
    else if (response->result == KB_CAT_LIMITED)
        card->cpa.service = KB_CAT_LIMITED_SERVICE;
    else if (has_no_service(response))
        card->cpa.service = KB_CAT_NO_SERVICE;
    if (kb_cpa_is(card, KB_CPA_IS_JUDGING))
        judge(card);
}

const struct kb_cpa_step_row kb_cpa_locate_row = {fill_locate, located, located};

static bool fill_refresh(struct kb_card *card, struct kb_cat_command *command,
                         struct kb_writer *scratch)
{
    (void)card;
    (void)scratch;
    command->type = KB_CAT_REFRESH;
    command->qualifier = KB_CAT_REFRESH_RESET;
    command->destination = KB_CAT_TERMINAL;
    return true;
}

/* What resets the card needs no response; where one comes, the card may have to ask again. */
static void not_reset(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)response;
    kb_cpa_want(card, KB_CPA_BIT(TIMER));
}

const struct kb_cpa_step_row kb_cpa_refresh_row = {fill_refresh, not_reset, not_reset};

/* --- Events --- */

static bool fill_events(struct kb_card *card, struct kb_cat_command *command,
                        struct kb_writer *scratch)
{
    static const uint8_t events[] = {KB_CAT_EVENT_LOCATION_STATUS, KB_CAT_EVENT_NETWORK_REJECTION,
                                     KB_CAT_EVENT_DATA_AVAILABLE, KB_CAT_EVENT_CHANNEL_STATUS};
    size_t count = kb_cpa_is(card, KB_CPA_IS_PACKET) ? 4 : 2;

    (void)scratch;
    if (kb_cpa_is(card, KB_CPA_HAS_FEWER_EVENTS))
        count = 1;
    command->type = KB_CAT_SET_UP_EVENT_LIST;
    command->destination = KB_CAT_TERMINAL;
    command->with.events = kb_span(events, count);
    kb_cat_add(&command->with, KB_CAT_EVENTS);
    return true;
}

static void has_events(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)card;
    (void)response;
}

/* A terminal need not know of rejections. */
static void has_no_events(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)response;
    if (kb_cpa_is(card, KB_CPA_HAS_FEWER_EVENTS))
        return;
    kb_cpa_set(card, KB_CPA_HAS_FEWER_EVENTS);
    kb_cpa_want(card, KB_CPA_BIT(EVENTS));
}

const struct kb_cpa_step_row kb_cpa_events_row = {fill_events, has_events, has_no_events};

/* --- Time --- */

/* How often the time was doubled. */
static unsigned doublings(const struct kb_card *card, const struct kb_cpa_record *record)
{
    if (kb_cpa_is(card, KB_CPA_WANTS_RESET))
        return 0;
    if (card->cpa.state == KB_CPA_IDLE)
        return record->failures;
    return card->cpa.state == KB_CPA_TRIAL ? record->refusals : card->cpa.resends;
}

static bool fill_timer(struct kb_card *card, struct kb_cat_command *command,
                       struct kb_writer *scratch)
{
    struct kb_cpa_loaded loaded;
    struct kb_cpa_record record;
    unsigned shift;

    (void)scratch;
    if (kb_cpa_plan_load(card, &loaded) || kb_cpa_record_load(card, &record))
        return false;
    shift = doublings(card, &record);
    command->with.timer_seconds = (uint32_t)loaded.plan.wait_s
                                  << (shift < SHIFT_MAX ? shift : SHIFT_MAX);
    if (command->with.timer_seconds > DAY)
        command->with.timer_seconds = DAY;
    command->type = KB_CAT_TIMER_MANAGEMENT;
    command->qualifier = KB_CAT_TIMER_START;
    command->destination = KB_CAT_TERMINAL;
    command->with.timer = TIMER;
    kb_cat_add(&command->with, KB_CAT_TIMER);
    kb_cat_add(&command->with, KB_CAT_TIMER_SECONDS);
    return true;
}

static void timer_runs(struct kb_card *card, const struct kb_cat_response *response)
{
    (void)response;
    kb_cpa_set(card, KB_CPA_HAS_TIMER);
}

/* Without timers: what would wait waits for the next event or power-up; but a card that would start
 * by itself does so once. */
static void timer_fails(struct kb_card *card, const struct kb_cat_response *response)
{
    bool is_first = !kb_cpa_is(card, KB_CPA_HAS_NO_TIMERS);

    (void)response;
    kb_cpa_set(card, KB_CPA_HAS_NO_TIMERS);
    if (is_first && card->cpa.state == KB_CPA_IDLE)
        kb_cpa_expired(card);
}

const struct kb_cpa_step_row kb_cpa_timer_row = {fill_timer, timer_runs, timer_fails};

static void give_up(struct kb_card *card)
{
    if (card->cpa.state == KB_CPA_CHOOSING || card->cpa.state == KB_CPA_ASKING)
        kb_cpa_fail(card, KB_REASON_USER);
    else if (card->cpa.state == KB_CPA_AGREED)
        kb_cpa_fail(card, KB_REASON_NO_ANSWER);
    else
        kb_cpa_end(card, KB_REASON_NO_ANSWER);
}

/* In a packet of its own: one answer is not given again for ever, least of all when others have had
 * the old packet and sent it again. */
static void report_anew(struct kb_card *card)
{
    const uint8_t resends = card->cpa.resends;

    succeed(card);
    card->cpa.resends = resends;
}

/* Once more what had no answer; a success is reported until it was heard. */
static void once_more(struct kb_card *card, uint16_t step)
{
    struct kb_cpa_loaded loaded;

    if (kb_cpa_plan_load(card, &loaded))
        return;
    if (card->cpa.resends >= loaded.plan.resends) {
        if (card->cpa.state != KB_CPA_REPORTING) {
            give_up(card);
            return;
        }
        report_anew(card);
    }
    if (card->cpa.resends < UINT8_MAX)
        card->cpa.resends++;
    card->cpa.part = 0;
    card->cpa.entered++; /* what is under way is no longer the answer to this */
    if (step == KB_CPA_BIT(SEND) && card->cpa.channel)
        kb_cpa_want(card, KB_CPA_BIT(CLOSE)); /* whoever lost a byte of it finds no frame again */
    kb_cpa_want(card, step);
}

/* What is done again in a state that waits for an answer. */
static const uint16_t again[KB_CPA_STATES] = {
    [KB_CPA_REQUESTED] = KB_CPA_BIT(SEND), [KB_CPA_CHOOSING] = KB_CPA_BIT(SELECT),
    [KB_CPA_AGREED] = KB_CPA_BIT(SEND),    [KB_CPA_ASKING] = KB_CPA_BIT(SURE),
    [KB_CPA_REPORTING] = KB_CPA_BIT(SEND), [KB_CPA_FAILING] = KB_CPA_BIT(SEND),
};

void kb_cpa_expired(struct kb_card *card)
{
    const struct kb_cpa *cpa = &card->cpa;

    kb_cpa_clear(card, KB_CPA_HAS_TIMER);
    if (kb_cpa_is(card, KB_CPA_WANTS_RESET)) {
        kb_cpa_want(card, KB_CPA_BIT(REFRESH));
    } else if (again[cpa->state]) {
        once_more(card, again[cpa->state]);
    } else if (cpa->state == KB_CPA_TRIAL) {
        kb_cpa_set(card, KB_CPA_IS_JUDGING);
        kb_cpa_want(card, KB_CPA_BIT(LOCATE));
    } else if (cpa->state == KB_CPA_IDLE && cpa->starts & KB_CPA_BY_ITSELF &&
               cpa->service == KB_CAT_NORMAL_SERVICE) {
        kb_cpa_begin_by_itself(card);
    }
}
