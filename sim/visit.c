/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A visited network and its roaming entity: whose identity it is, is there an agreement with that
 * operator; then its register is asked for a vector, the card is challenged (3GPP TS 33.102 clause
 * 6.3), once more after it asked to synchronize, and served or refused. The signalling carries the
 * values in words of our own; only loss touches it, for the radio repeats what is out of order.
 */
#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "sim/inside.h"

/* Causes of 3GPP TS 24.008 clause 10.5.3.6. */
enum {
    CAUSE_UNKNOWN = 2, /* in the register */
    CAUSE_NOT_ALLOWED = 11,
    CAUSE_MAC_FAILURE = 20,
    CAUSE_CONGESTION = 22
};

enum { REFUSES_MS = 10 * 60 * 1000 };

static const char *const networks[KB_SIM_NETWORKS] = {"network 1", "network 2", "network 3"};
static const char *const accept_text = "accept", *const reject_text = "reject";

/* What goes over a link lies in one letter or none, so it is written as it is. */
static void cross(struct kb_sim_phone *phone, enum kb_sim_link link, bool is_up, const char *what,
                  struct kb_span bytes)
{
    const char *network = networks[phone->network];
    const char *lower = link == KB_LINK_RADIO ? "terminal" : network;
    const char *upper = link == KB_LINK_RADIO ? network : "register";

    kb_sim_cross(phone->world, link, is_up, phone->number, is_up ? lower : upper,
                 is_up ? upper : lower, what, bytes);
}

static void plan(struct kb_sim_phone *phone, int64_t in_ms,
                 void (*run)(void *ctx, const struct kb_sim_event *event))
{
    kb_sim_plan(
        &phone->world->clock, in_ms,
        (struct kb_sim_event){
            .run = run, .ctx = phone->world, .card = phone->number, .turn = phone->attach.turn});
}

/* The phone, when the attach of the event is still under way. */
static struct kb_sim_phone *attaching(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    return phone && phone->attach.turn == event->turn ? phone : NULL;
}

/* --- The end --- */

static void tell(struct kb_sim_phone *phone, enum kb_cat_service service, uint8_t cause)
{
    struct kb_terminal_attached result = {.service = service, .cause = cause};

    result.plmn[0] = 0x32; /* 234-0x, in the manner of TS 24.008 clause 10.5.1.3 */
    result.plmn[1] = 0xF4;
    result.plmn[2] = (uint8_t)(phone->network + 1);
    result.area = (uint16_t)(phone->number % 1000 + 1);
    result.cell = (uint16_t)(phone->number % 100 + 1);
    kb_terminal_attached(phone->terminal, &result);
    kb_sim_phone_look(phone);
}

static void nobody_answers(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = attaching(ctx, event);

    if (!phone)
        return;
    phone->attach.turn++;
    tell(phone, KB_CAT_NO_SERVICE, 0);
}

/* The radio lost one of the messages. */
static bool is_lost(struct kb_sim_phone *phone)
{
    if (!kb_sim_strikes(phone->world, &phone->network_chance, phone->world->config.loss))
        return false;
    plan(phone, KB_SIM_ANSWER_MS, nobody_answers);
    return true;
}

static void hear_result(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = attaching(ctx, event);
    struct kb_sim_attach *attach;

    if (!phone)
        return;
    attach = &phone->attach;
    attach->turn++;
    phone->is_attached = attach->is_accepted;
    phone->attached_as = attach->provider;
    tell(phone, attach->is_accepted ? KB_CAT_NORMAL_SERVICE : KB_CAT_LIMITED_SERVICE,
         attach->is_accepted ? 0 : attach->cause);
}

static void conclude(struct kb_sim_phone *phone, uint8_t cause)
{
    const char *what = cause ? reject_text : accept_text;

    phone->attach.is_accepted = !cause;
    phone->attach.cause = cause;
    cross(phone, KB_LINK_RADIO, false, what, kb_span(&cause, cause ? 1 : 0));
    if (!is_lost(phone))
        plan(phone, KB_SIM_RADIO_MS, hear_result);
}

/* --- Authentication --- */

static void judge_answer(void *ctx, const struct kb_sim_event *event);

static void challenge(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = attaching(ctx, event);
    struct kb_sim_attach *attach;
    enum kb_err err;

    if (!phone)
        return;
    attach = &phone->attach;
    err = kb_terminal_challenge(phone->terminal, attach->vector.rand, attach->vector.autn,
                                &attach->answer);
    if (err == KB_ERR_NO_CARD || err == KB_ERR_READER || !kb_terminal_is_on(phone->terminal)) {
        kb_sim_phone_look(phone);
        return;
    }
    if (err) {
        attach->answer.is_auts = false;
        attach->answer.res_len = 0;
    }
    if (attach->answer.is_auts)
        cross(phone, KB_LINK_RADIO, true, "synchronisation failure",
              kb_span(attach->answer.auts, sizeof(attach->answer.auts)));
    else
        cross(phone, KB_LINK_RADIO, true, err ? "MAC failure" : "authentication response",
              kb_span(attach->answer.res, attach->answer.res_len));
    if (!is_lost(phone))
        plan(phone, KB_SIM_RADIO_MS, judge_answer);
}

static struct kb_sim_subscriber *subscriber_of(const struct kb_sim_phone *phone)
{
    const struct kb_sim_attach *attach = &phone->attach;

    return kb_sim_subscribers_find(&phone->world->operators[attach->provider].subscribers,
                                   kb_sim_imsi(kb_span(attach->imsi, strlen(attach->imsi))));
}

static void send_challenge(struct kb_sim_phone *phone)
{
    struct kb_sim_attach *attach = &phone->attach;
    struct kb_sim_subscriber *subscriber = subscriber_of(phone);
    struct kb_sim_subscribers *home = &phone->world->operators[attach->provider].subscribers;
    uint8_t both[32];

    if (!subscriber || kb_sim_subscribers_vector(home, subscriber, &attach->vector)) {
        conclude(phone, CAUSE_UNKNOWN);
        return;
    }
    cross(phone, KB_LINK_ROAMING, false, "authentication vector",
          kb_span(&attach->vector, sizeof(attach->vector)));
    memcpy(both, attach->vector.rand, 16);
    memcpy(both + 16, attach->vector.autn, 16);
    cross(phone, KB_LINK_RADIO, false, "authentication request", kb_span(both, sizeof(both)));
    if (!is_lost(phone))
        plan(phone, 2 * KB_SIM_SERVER_MS + KB_SIM_RADIO_MS, challenge);
}

static void synchronize(struct kb_sim_phone *phone)
{
    struct kb_sim_attach *attach = &phone->attach;
    struct kb_sim_subscriber *subscriber = subscriber_of(phone);
    struct kb_sim_subscribers *home = &phone->world->operators[attach->provider].subscribers;

    cross(phone, KB_LINK_ROAMING, true, "resynchronisation",
          kb_span(attach->answer.auts, sizeof(attach->answer.auts)));
    if (!subscriber || kb_sim_subscribers_resynchronise(home, subscriber, attach->vector.rand,
                                                        attach->answer.auts))
        conclude(phone, CAUSE_MAC_FAILURE);
    else
        send_challenge(phone);
}

static void judge_answer(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = attaching(ctx, event);
    struct kb_sim_attach *attach;

    if (!phone)
        return;
    attach = &phone->attach;
    if (attach->answer.is_auts) {
        synchronize(phone);
    } else if (attach->answer.res_len == sizeof(attach->vector.xres) &&
               kb_is_equal(attach->answer.res, attach->vector.xres, sizeof(attach->vector.xres))) {
        cross(phone, KB_LINK_ROAMING, true, "update location",
              kb_span(attach->imsi, strlen(attach->imsi)));
        kb_sim_home_seen(phone->world, attach->provider, phone->number, attach->imsi);
        conclude(phone, 0);
    } else {
        conclude(phone, CAUSE_MAC_FAILURE);
    }
    kb_wipe(&attach->answer, sizeof(attach->answer));
}

/* --- The beginning --- */

/* Some networks will not have some subscribers for a while, for reasons of their own. */
static bool is_refused_for_now(struct kb_sim_phone *phone)
{
    if (!phone->is_refused || phone->attach.provider == 0)
        return false;
    if (!phone->refused_until)
        phone->refused_until = phone->world->clock.now + REFUSES_MS;
    return phone->world->clock.now < phone->refused_until && !phone->world->is_calm;
}

static void look_at_identity(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = attaching(ctx, event);
    int home;

    if (!phone)
        return;
    home = kb_sim_home_of(phone->world, phone->attach.imsi);
    if (home < 0 || !phone->world->agreements[phone->network][home]) {
        conclude(phone, CAUSE_NOT_ALLOWED);
        return;
    }
    phone->attach.provider = (unsigned)home;
    if (is_refused_for_now(phone)) {
        conclude(phone, CAUSE_CONGESTION);
        return;
    }
    cross(phone, KB_LINK_ROAMING, true, "vector wanted",
          kb_span(phone->attach.imsi, strlen(phone->attach.imsi)));
    send_challenge(phone);
}

void kb_sim_visit_attach(struct kb_sim_phone *phone, const char *imsi)
{
    phone->attach.turn++;
    phone->is_attached = false;
    snprintf(phone->attach.imsi, sizeof(phone->attach.imsi), "%s", imsi);
    kb_sim_check_attach(phone->world, phone, phone->attach.imsi);
    cross(phone, KB_LINK_RADIO, true, "attach", kb_span(imsi, strlen(imsi)));
    if (!is_lost(phone))
        plan(phone, KB_SIM_RADIO_MS, look_at_identity);
}
