/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/cpa/cpa.h"
#include "crypto/secret.h"
#include "sim/inside.h"
#include "sim/maker.h"
#include "sim/memory.h"
#include "sim/servers.h"

enum {
    DARK_MS = 5000, /* without power, at least */
    DARK_LONGEST_MS = 90000,
    CUT_WITHIN = 160, /* programs and erases after a power-up */
    LINGER_MS = 5000,
    ALONE_MS = 4 * 3600 * 1000
};

static void plan(struct kb_sim_phone *phone, int64_t in_ms,
                 void (*run)(void *ctx, const struct kb_sim_event *event))
{
    kb_sim_plan(&phone->world->clock, in_ms,
                (struct kb_sim_event){.run = run, .ctx = phone->world, .card = phone->number});
}

/* --- Power --- */

void kb_sim_phone_detach(struct kb_sim_phone *phone)
{
    phone->attach.turn++;
    phone->submit_turn++;
    phone->is_attached = false;
    kb_sim_channel_close(phone);
}

static void arm(struct kb_sim_phone *phone)
{
    struct kb_world *world = phone->world;
    uint64_t at = KB_FLASH_NEVER;

    if (kb_sim_strikes(world, &phone->power_chance, world->config.cut))
        at = 1 + kb_chance_below(&phone->power_chance, CUT_WITHIN);
    kb_flash_fault_arm(&phone->fault, at, kb_chance_u64(&phone->power_chance));
}

static void switch_on(struct kb_sim_phone *phone)
{
    struct kb_report why = {KB_OK, ""};

    arm(phone);
    phone->is_on = true;
    if (kb_terminal_on(phone->terminal, &why) && !phone->fault.is_off)
        kb_sim_broken(phone->world, KB_PROMISE_PARTY, phone->number,
                      "a card does not come up again: %s", why.text);
    kb_sim_phone_look(phone);
}

static void switch_on_again(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    if (phone && !phone->is_on && !phone->is_leaving)
        switch_on(phone);
}

static void lose_power(struct kb_sim_phone *phone)
{
    struct kb_world *world = phone->world;
    struct kb_world_record *record = &world->records[phone->number];

    phone->is_on = phone->is_powered = false;
    for (size_t i = 0; i < KB_TERMINAL_TIMERS; i++)
        phone->timer_turns[i]++;
    phone->user.asked++;
    kb_sim_phone_detach(phone);
    if (!phone->fault.is_off) {
        kb_sim_broken(world, KB_PROMISE_PARTY, phone->number, "a card went away by itself");
        return;
    }
    if (record->cuts < UINT8_MAX)
        record->cuts++;
    world->cuts++;
    plan(phone, kb_chance_between(&phone->power_chance, DARK_MS, DARK_LONGEST_MS), switch_on_again);
}

/* --- Making --- */

static struct kb_sim_phone *take_spare(struct kb_world *world)
{
    struct kb_sim_phone *phone = world->spare;
    struct kb_terminal *terminal;
    uint8_t *flash;

    if (phone) {
        world->spare = phone->next_spare;
    } else {
        phone = kb_sim_allocate(1, sizeof(*phone));
        phone->flash = kb_sim_allocate(1, world->maker->model_size);
        phone->terminal = kb_sim_allocate(1, kb_terminal_size());
    }
    flash = phone->flash;
    terminal = phone->terminal;
    memset(phone, 0, sizeof(*phone));
    phone->flash = flash;
    phone->terminal = terminal;
    return phone;
}

static void draw_chances(struct kb_sim_phone *phone, uint64_t seed)
{
    kb_chance_init(&phone->card_chance, seed, KB_CHANCE_CARD, phone->number);
    kb_chance_init(&phone->network_chance, seed, KB_CHANCE_NETWORK, phone->number);
    kb_chance_init(&phone->user_chance, seed, KB_CHANCE_USER, phone->number);
    kb_chance_init(&phone->power_chance, seed, KB_CHANCE_POWER, phone->number);
}

static void insert_card(struct kb_sim_phone *phone)
{
    const struct kb_sim_maker *maker = phone->world->maker;
    const struct kb_plan *plan = maker->plan;

    memcpy(phone->flash, maker->model, maker->model_size);
    kb_flash_ram_init(&phone->ram, &phone->below, phone->flash, plan->sector_size,
                      plan->sector_count, plan->program_size);
    kb_flash_fault_init(&phone->fault, &phone->device, &phone->below);
    phone->card_port =
        (struct kb_card_port){&phone->device,      phone->world->crypto, kb_chance_fill,
                              &phone->card_chance, KB_TRANSPORT_APDU,    NULL};
    phone->reader.ops = &kb_sim_reader_ops;
    snprintf(phone->reader.name, sizeof(phone->reader.name), "terminal %llu",
             (unsigned long long)phone->number);
}

static enum kb_err make_card(struct kb_sim_phone *phone, struct kb_air_card *made,
                             struct kb_report *why)
{
    uint8_t atr[KB_ATR_MAX];
    size_t atr_len;
    enum kb_err err = phone->reader.ops->power_up(&phone->reader, atr, &atr_len, why);

    if (!err)
        err = kb_sim_maker_card(phone->world, &phone->reader, phone->number, made, why);
    if (!err)
        err = kb_sim_servers_tell(phone->world, phone->number, made);
    phone->is_powered = false;
    if (err == KB_ERR_TIMEOUT)
        return err;
    return err && !why->err ? kb_report(why, err, "AS: %s", kb_err_text(err)) : err;
}

static void enter_world(struct kb_sim_phone *phone, const struct kb_air_card *made)
{
    struct kb_world *world = phone->world;
    struct kb_sim_subscriber *subscriber;
    const unsigned anywhere = 0;

    snprintf(phone->id_sc, sizeof(phone->id_sc), "%s", made->id_sc);
    subscriber = kb_sim_subscribers_put(&world->operators[0].subscribers,
                                        kb_sim_imsi(kb_span(made->imsi_t, strlen(made->imsi_t))),
                                        made->ak_t, made->opc_t);
    subscriber->card = phone->number;
    kb_sim_watch_add(&phone->watch, "admin code", anywhere,
                     kb_span(made->admin_code, strlen(made->admin_code)));
    kb_sim_watch_add(&phone->watch, "AK_t", anywhere, kb_span(made->ak_t, 16));
    kb_sim_watch_add(&phone->watch, "OPc of AK_t", anywhere, kb_span(made->opc_t, 16));
    kb_sim_watch_add(&phone->watch, "KIc", anywhere, kb_span(made->kic, 16));
    kb_sim_watch_add(&phone->watch, "KID", anywhere, kb_span(made->kid, 16));
    phone->network = (unsigned)kb_chance_below(&phone->network_chance, KB_SIM_NETWORKS);
    phone->is_refused = kb_chance_is(&phone->network_chance, world->config.refuse);
    kb_sim_user_begin(phone);
    kb_sim_user_port(phone, &phone->port);
    memset(phone->terminal, 0, kb_terminal_size());
    phone->terminal = kb_terminal_init(phone->terminal, &phone->reader, &phone->port);
    phone->on_at = world->clock.now;
    world->phones[phone->number] = phone;
    switch_on(phone);
    kb_sim_script_begin(phone);
}

enum kb_err kb_sim_phone_begin(struct kb_world *world, uint64_t number, struct kb_report *why)
{
    struct kb_sim_phone *phone = take_spare(world);
    struct kb_air_card made = {0};
    enum kb_err err;

    phone->world = world;
    phone->number = number;
    draw_chances(phone, world->config.seed);
    insert_card(phone);
    err = make_card(phone, &made, why);
    if (err) {
        phone->next_spare = world->spare;
        world->spare = phone;
    } else {
        enter_world(phone, &made);
    }
    kb_wipe(&made, sizeof(made));
    return err;
}

/* --- Its end --- */

static void retires(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    if (phone && !kb_sim_script_holds(phone))
        kb_sim_phone_retire(phone);
}

void kb_sim_phone_linger(struct kb_sim_phone *phone)
{
    const struct kb_world_config *config = &phone->world->config;
    bool has_faults = config->loss + config->duplicate + config->reorder > 0;

    plan(phone, has_faults ? KB_SIM_LONGEST_MS : LINGER_MS, retires);
}

void kb_sim_phone_retire(struct kb_sim_phone *phone)
{
    struct kb_world *world = phone->world;

    phone->is_leaving = true;
    kb_sim_check_retire(world, phone);
    kb_sim_script_collect(phone);
    if (phone->is_on)
        kb_terminal_off(phone->terminal);
    kb_sim_watch_end(&phone->watch);
    kb_wipe(&phone->card, sizeof(phone->card));
    world->phones[phone->number] = NULL;
    phone->next_spare = world->spare;
    world->spare = phone;
    world->retired++;
}

void kb_sim_phone_free(struct kb_sim_phone *phone)
{
    kb_sim_watch_end(&phone->watch);
    free(phone->flash);
    free(phone->terminal);
    free(phone);
}

static void settle(struct kb_sim_phone *phone, enum kb_world_outcome outcome)
{
    struct kb_world *world = phone->world;
    struct kb_world_record *record = &world->records[phone->number];

    phone->is_settled = true;
    record->outcome = (uint8_t)outcome;
    record->reason = outcome == KB_OUTCOME_REFUSED ? phone->reason : KB_REASON_NONE;
    record->latency_ms = (uint32_t)(world->clock.now - phone->on_at);
    world->settled++;
    if (outcome == KB_OUTCOME_REFUSED) {
        phone->is_leaving = true; /* its user switches it off for good */
        kb_terminal_off(phone->terminal);
        phone->is_on = false;
        kb_sim_phone_detach(phone);
    }
    kb_sim_phone_linger(phone);
}

/* --- Where it stands --- */

static void note_attempt(struct kb_sim_phone *phone, uint8_t before)
{
    struct kb_world_record *record = &phone->world->records[phone->number];

    if (phone->state == KB_CPA_REQUESTED && before != KB_CPA_CHOOSING) {
        phone->was_active = true;
        phone->reason = KB_REASON_NONE;
        if (record->attempts < UINT8_MAX)
            record->attempts++;
    }
}

/* A machine whose card has told why, and does not try anew by itself. */
static void is_left_alone(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    if (phone && !phone->is_settled && phone->state == KB_CPA_IDLE &&
        phone->reason != KB_REASON_NONE &&
        event->turn == phone->world->records[event->card].attempts)
        settle(phone, KB_OUTCOME_REFUSED);
}

static void give_time(struct kb_sim_phone *phone)
{
    kb_sim_plan(&phone->world->clock, ALONE_MS,
                (struct kb_sim_event){.run = is_left_alone,
                                      .ctx = phone->world,
                                      .card = phone->number,
                                      .turn = phone->world->records[phone->number].attempts});
}

/* An attempt is over without success. The reason is shown a moment later than the state. */
static void failed(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);

    if (!phone || phone->is_settled || phone->state != KB_CPA_IDLE || !phone->was_active)
        return;
    phone->was_active = false;
    if (phone->user.tries_left)
        phone->user.tries_left--;
    /* A machine has nobody to show it to; the AS was told. */
    if (phone->reason == KB_REASON_NONE && phone->world->config.front == KB_WORLD_MACHINE)
        phone->reason = (uint8_t)kb_sim_servers_reason(phone->world, phone->id_sc);
    if (phone->reason != KB_REASON_NONE &&
        (!phone->user.tries_left || phone->reason == KB_REASON_USER))
        settle(phone, KB_OUTCOME_REFUSED);
    else if (phone->world->config.front == KB_WORLD_MACHINE)
        give_time(phone);
    else
        kb_sim_user_consider(phone);
}

void kb_sim_phone_look(struct kb_sim_phone *phone)
{
    uint8_t before = phone->state;

    kb_sim_script_look(phone);
    if (phone->is_leaving)
        return;
    if (phone->is_on && !kb_terminal_is_on(phone->terminal))
        lose_power(phone);
    if (!phone->is_on || !phone->is_powered)
        return;
    phone->state = (uint8_t)kb_cpa_state(&phone->card);
    if (phone->state == before)
        return;
    note_attempt(phone, before);
    kb_sim_check_learn(phone->world, phone);
    if (phone->is_settled)
        return;
    if (phone->state == KB_CPA_DONE)
        settle(phone, KB_OUTCOME_PERSONALIZED);
    else if (phone->state == KB_CPA_BLOCKED)
        settle(phone, KB_OUTCOME_REFUSED);
    else if (phone->state == KB_CPA_IDLE && phone->was_active)
        plan(phone, LINGER_MS, failed);
    else
        kb_sim_user_consider(phone);
}
