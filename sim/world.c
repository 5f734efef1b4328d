/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "desk/progress.h"
#include "sim/dishonest.h"
#include "sim/inside.h"
#include "sim/maker.h"
#include "sim/memory.h"
#include "sim/script.h"
#include "sim/secrets.h"
#include "sim/servers.h"

enum {
    INTERVAL_MS = 400,
    LATER_MS = 1000,
    CALM_MS = 40 * 60 * 1000,          /* faults go on after the last card was switched on */
    DEADLINE_MS = 2 * 24 * 3600 * 1000 /* after that every card has to be settled */
};

int64_t kb_sim_posix(const struct kb_world *world)
{
    return KB_SIM_EPOCH + world->clock.now / 1000;
}

struct kb_sim_fate kb_sim_cross(struct kb_world *world, enum kb_sim_link link, bool is_up,
                                uint64_t card, const char *from, const char *to, const char *what,
                                struct kb_span bytes)
{
    struct kb_sim_crossing crossing = {.at = world->clock.now,
                                       .link = link,
                                       .is_up = is_up,
                                       .card = card,
                                       .from = from,
                                       .to = to,
                                       .what = what,
                                       .bytes = bytes};

    kb_sim_check_crossing(world, &crossing);
    return kb_sim_links_cross(&world->links, &crossing);
}

void kb_world_observe(struct kb_world *world, kb_sim_observe *observe, void *ctx)
{
    kb_sim_links_observe(&world->links, observe, ctx);
}

void kb_world_meddle(struct kb_world *world, kb_sim_meddle *meddle, void *ctx)
{
    world->links.meddle = meddle;
    world->links.meddle_ctx = ctx;
}

/* --- Cards come --- */

static void begin_card(void *ctx, const struct kb_sim_event *event)
{
    struct kb_world *world = ctx;
    struct kb_report why = {KB_OK, ""};
    enum kb_err err = kb_sim_phone_begin(world, event->card, &why);
    struct kb_sim_event next = {.run = begin_card, .ctx = ctx, .card = event->card};
    int64_t wait = LATER_MS;

    if (err && err != KB_ERR_TIMEOUT) {
        kb_sim_broken(world, KB_PROMISE_PARTY, event->card, "a card cannot be made: %s", why.text);
        return;
    }
    if (!err) {
        next.card++;
        world->begun = next.card;
        wait = kb_chance_between(&world->chance, 0, 2 * world->config.interval_ms);
    }
    if (next.card < world->config.cards)
        kb_sim_plan(&world->clock, wait, next);
    else
        world->last_on = world->clock.now;
}

/* --- Opening --- */

static enum kb_err check_config(const struct kb_world_config *config, struct kb_report *why)
{
    const double shares[] = {config->loss, config->duplicate, config->reorder, config->cut,
                             config->kill, config->refuse,    config->no,      config->stranger};

    if (!config->cards || config->cards > UINT32_MAX)
        return kb_report(why, KB_ERR_USAGE, "there must be cards, and not more than 4 billion");
    if (!config->operators || config->operators >= KB_SIM_OPERATORS)
        return kb_report(why, KB_ERR_USAGE, "there can be 1 to %d operators", KB_SIM_OPERATORS - 1);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
        if (!(shares[i] >= 0 && shares[i] <= 1))
            return kb_report(why, KB_ERR_USAGE, "a share is from 0 to 1");
    /* Of those that depend on each message: with all of them lost nothing ever ends. */
    if (config->loss > 0.9 || config->kill > 0.5)
        return kb_report(why, KB_ERR_USAGE, "loss is at most 0.9, kill at most 0.5");
    if (config->dishonest == KB_DISHONEST_OPERATOR && config->operators < 2)
        return kb_report(why, KB_ERR_USAGE, "who lies about operators needs two of them");
    return KB_OK;
}

static void name_operators(struct kb_world *world)
{
    for (unsigned i = 0; i < world->operator_count; i++) {
        struct kb_sim_operator *provider = &world->operators[i];

        snprintf(provider->plmn, sizeof(provider->plmn), "001%02u", i);
        snprintf(provider->id_o, sizeof(provider->id_o), "001-%02u", i);
        snprintf(provider->name, sizeof(provider->name), "Operator %u", i);
        snprintf(provider->code, sizeof(provider->code), "%u", 1000 + i);
        snprintf(provider->server, sizeof(provider->server), "PS %u", i);
        snprintf(provider->home, sizeof(provider->home), "register %u", i);
        provider->has_contract = !(world->config.stranger > 0 && i == world->operator_count - 1);
        kb_sim_subscribers_init(&provider->subscribers, world->crypto, world->config.seed, i);
        provider->subscribers.forgets = i && world->config.register_forgets;
        for (size_t n = 0; n < KB_SIM_NETWORKS; n++)
            world->agreements[n][i] = true;
        if (world->config.repeats_identity && i > 1)
            memcpy(provider->plmn, world->operators[1].plmn, sizeof(provider->plmn));
    }
}

static enum kb_err make_dir(struct kb_world *world, struct kb_report *why)
{
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");

    if (world->config.kill <= 0 && !world->config.has_files)
        return KB_OK;
    snprintf(world->dir, sizeof(world->dir), "%s/keyborn-sim-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(world->dir)) {
        world->dir[0] = '\0';
        return kb_report(why, KB_ERR_IO, "no directory for the databases");
    }
    return KB_OK;
}

static enum kb_err open_hosts(struct kb_world *world, struct kb_report *why)
{
    enum kb_err err = make_dir(world, why);

    world->hosts = kb_sim_allocate(world->operator_count, sizeof(*world->hosts));
    for (unsigned i = 0; i < world->operator_count && !err; i++) {
        struct kb_sim_host *host = &world->hosts[i];

        kb_sim_host_init(host, world, i);
        host->ops = i ? &kb_sim_ps_ops : &kb_sim_as_ops;
        snprintf(host->name, sizeof(host->name), "%s", i ? world->operators[i].server : "AS");
        if (world->dir[0])
            snprintf(host->path, sizeof(host->path), "%s/%u.db", world->dir, i);
        else
            snprintf(host->path, sizeof(host->path), ":memory:");
        err = kb_sim_host_open(host, why);
        if (err)
            kb_report_in(why, "%s", host->name);
    }
    return err;
}

static enum kb_err open_world(struct kb_world *world, struct kb_report *why)
{
    enum kb_err err = check_config(&world->config, why);

    if (err)
        return err;
    if (!world->config.interval_ms)
        world->config.interval_ms = INTERVAL_MS;
    world->crypto = kb_sim_crypto();
    world->operator_count = world->config.operators + 1;
    world->phones = kb_sim_allocate(world->config.cards, sizeof(struct kb_sim_phone *));
    world->records = kb_sim_allocate(world->config.cards, sizeof(*world->records));
    world->secrets = kb_sim_allocate(1, sizeof(*world->secrets));
    kb_chance_init(&world->chance, world->config.seed, KB_CHANCE_WORLD, 0);
    name_operators(world);
    err = kb_sim_links_start(&world->links, world->crypto);
    if (!err)
        err = kb_sim_scripts_open(world, why);
    if (!err)
        err = kb_sim_maker_open(world, why);
    if (!err)
        err = open_hosts(world, why);
    if (!err && world->config.dishonest) {
        world->dishonest = kb_sim_dishonest_new(world);
        if (!world->dishonest)
            err = kb_report(why, KB_ERR_CRYPTO, "the dishonest server has no credentials");
    }
    kb_sim_plan(&world->clock, 0, (struct kb_sim_event){.run = begin_card, .ctx = world});
    return err;
}

enum kb_err kb_world_open(const struct kb_world_config *config, struct kb_world **world,
                          struct kb_report *why)
{
    struct kb_world *fresh = kb_sim_allocate(1, sizeof(*fresh));
    enum kb_err err;

    fresh->config = *config;
    fresh->started = kb_clock();
    err = open_world(fresh, why);
    if (err)
        kb_world_close(fresh);
    *world = err ? NULL : fresh;
    return err;
}

/* --- Closing --- */

static void remove_files(struct kb_world *world)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    char path[128];

    if (!world->dir[0])
        return;
    for (unsigned i = 0; i < world->operator_count; i++)
        for (size_t e = 0; e < sizeof(endings) / sizeof(endings[0]); e++) {
            snprintf(path, sizeof(path), "%s/%u.db%s", world->dir, i, endings[e]);
            unlink(path);
        }
    rmdir(world->dir);
}

static void free_phones(struct kb_world *world)
{
    for (uint64_t i = 0; world->phones && i < world->config.cards; i++)
        if (world->phones[i])
            kb_sim_phone_free(world->phones[i]);
    while (world->spare) {
        struct kb_sim_phone *phone = world->spare;

        world->spare = phone->next_spare;
        kb_sim_phone_free(phone);
    }
}

void kb_world_close(struct kb_world *world)
{
    uint8_t digest[KB_SHA256_SIZE];

    if (!world)
        return;
    kb_sim_clock_end(&world->clock);
    free_phones(world);
    for (unsigned i = 0; world->hosts && i < world->operator_count; i++)
        if (world->hosts[i].ops)
            kb_sim_host_end(&world->hosts[i]);
    remove_files(world);
    kb_sim_dishonest_free(world->dishonest);
    kb_sim_maker_close(world);
    kb_sim_scripts_close(world);
    for (unsigned i = 0; i < world->operator_count; i++)
        kb_sim_subscribers_end(&world->operators[i].subscribers);
    if (world->secrets)
        kb_sim_secrets_end(world->secrets);
    if (world->links.crypto && !world->is_digested)
        kb_sim_links_finish(&world->links, digest);
    free(world->secrets);
    free(world->hosts);
    free(world->phones);
    free(world->records);
    free(world);
}

/* --- Running --- */

/* A dishonest server can always deny: then cards may be left in the middle. */
static void look_for_open_cards(struct kb_world *world)
{
    if (world->dishonest)
        return;
    for (uint64_t i = 0; i < world->config.cards; i++)
        if (world->records[i].outcome == KB_OUTCOME_OPEN) {
            kb_sim_broken(world, KB_PROMISE_END, i, "card %llu is in state %d",
                          (unsigned long long)i, world->phones[i] ? world->phones[i]->state : -1);
            return;
        }
}

bool kb_world_step(struct kb_world *world)
{
    if (world->broken)
        return false;
    if (!kb_sim_step(&world->clock)) {
        kb_sim_check_server(world);
        look_for_open_cards(world);
        kb_sim_scripts_check(world);
        return false;
    }
    if (world->begun == world->config.cards) {
        world->is_calm = world->clock.now > world->last_on + CALM_MS;
        if (world->clock.now > world->last_on + CALM_MS + DEADLINE_MS) {
            look_for_open_cards(world);
            kb_sim_scripts_check(world);
            return false;
        }
    }
    return !world->broken;
}

uint64_t kb_world_settled(const struct kb_world *world)
{
    return world->settled;
}

const struct kb_world_record *kb_world_record(const struct kb_world *world, uint64_t card)
{
    return &world->records[card];
}
