/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"
#include "sim/script_inside.h"

enum { AS_AWAY_MS = 1000 };

/* When a card gets its first order at the latest, and another one. A card that speaks by channel
 * can be reached by the number that its maker knew, and so only until it is personalized. */
static const struct way {
    int64_t first_ms, look_ms;
    bool is_after;
} ways[] = {
    [KB_WORLD_SMS] = {120000, 240000, true},
    [KB_WORLD_PACKET] = {20000, 30000, false},
};

/* --- The script --- */

/* A line of ours; numbers of lines are the user's file's. */
static enum kb_err add(struct kb_script *script, const char *text, struct kb_report *why)
{
    return kb_script_add(script, 0, kb_span(text, strlen(text)), why);
}

/* Records of a cyclic file are written by mode PREVIOUS, a new one each time. */
static enum kb_err add_mark(struct kb_script *script, uint8_t mark, uint8_t phase,
                            struct kb_report *why)
{
    char select[24], update[24];
    enum kb_err err;

    snprintf(select, sizeof(select), "select 3F00/%04X", KB_SIM_LOG);
    snprintf(update, sizeof(update), "00DC0003%02X%02X%02X", KB_SIM_MARKED, mark, phase);
    err = add(script, select, why);
    return err ? err : add(script, update, why);
}

static enum kb_err write_script(struct kb_world *world, uint8_t mark, struct kb_writer *wr,
                                struct kb_report *why)
{
    const struct kb_script *own = world->config.script;
    struct kb_script *framed = &world->scripts->framed;
    enum kb_err err;

    framed->count = 0;
    err = add_mark(framed, mark, KB_SIM_BEGUN, why);
    for (size_t i = 0; i < own->count && !err; i++) {
        if (framed->count == KB_SCRIPT_COMMANDS)
            return kb_report(why, KB_ERR_TOO_LONG, "the script has too many commands");
        framed->commands[framed->count++] = own->commands[i];
    }
    if (!err)
        err = add_mark(framed, mark, KB_SIM_ENDED, why);
    return err ? err : kb_script_write(framed, KB_REMOTE_DEFINITE, wr, why);
}

enum kb_err kb_sim_scripts_open(struct kb_world *world, struct kb_report *why)
{
    uint8_t bytes[KB_AS_SCRIPT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    enum kb_err err;

    if (!world->config.script)
        return KB_OK;
    if (world->config.dishonest)
        return kb_report(why, KB_ERR_USAGE, "scripts are for worlds with an honest server");
    world->scripts = kb_sim_allocate(1, sizeof(*world->scripts));
    err = write_script(world, 1, &wr, why);
    return err == KB_ERR_TOO_LONG
               ? kb_report(why, err, "the script is too long: %d bytes at most", KB_AS_SCRIPT_MAX)
               : err;
}

void kb_sim_scripts_close(struct kb_world *world)
{
    if (world->scripts)
        free(world->scripts->orders);
    free(world->scripts);
    world->scripts = NULL;
}

/* --- Queueing --- */

static void note_order(struct kb_sim_phone *phone, uint64_t id)
{
    struct kb_sim_scripts *scripts = phone->world->scripts;
    struct kb_sim_scripted *scripted = &phone->scripted;

    while (scripts->room <= id)
        scripts->orders = kb_sim_grow(scripts->orders, &scripts->room, sizeof(struct kb_sim_order));
    scripted->ids[scripted->count++] = id;
    scripts->orders[id] =
        (struct kb_sim_order){.is_there = true, .card = phone->number, .mark = scripted->count};
    scripts->count++;
}

static bool read_order(const struct kb_sim_phone *phone, uint64_t id, struct kb_as_script *script)
{
    return !kb_as_script(kb_sim_script_server(phone->world), id - 1, script) && script->id == id &&
           strcmp(script->id_sc, phone->id_sc) == 0;
}

/* Whether it was committed when the AS died. */
static void look_for_unsure(struct kb_sim_phone *phone)
{
    struct kb_as_script script;

    if (phone->scripted.unsure && read_order(phone, phone->scripted.unsure, &script))
        note_order(phone, phone->scripted.unsure);
    phone->scripted.unsure = 0;
}

static bool is_answered(const struct kb_sim_phone *phone)
{
    struct kb_as_script script;

    for (size_t i = 0; i < phone->scripted.count; i++)
        if (read_order(phone, phone->scripted.ids[i], &script) && kb_sim_script_has_answer(&script))
            return true;
    return false;
}

static void queue(struct kb_sim_phone *phone)
{
    struct kb_sim_host *host = &phone->world->hosts[0];
    struct kb_report why = {KB_OK, ""};
    struct kb_as_order order = {.id_sc = kb_span(phone->id_sc, strlen(phone->id_sc)),
                                .key_set = KB_SIM_KEY_SET,
                                .tar = {0xB0, 0x00, 0x00},
                                .spi = {KB_SIM_MINIMUM, 0x39}};
    uint8_t bytes[KB_AS_SCRIPT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    uint64_t id = 0;
    enum kb_err err = write_script(phone->world, (uint8_t)(phone->scripted.count + 1), &wr, &why);

    order.script = kb_wr_span(&wr);
    if (!err)
        err = kb_as_queue(host->server, &order, &id);
    if (!err)
        err = kb_as_commit(host->server);
    if (!err) {
        note_order(phone, id);
        kb_sim_host_stir(host);
    } else if (host->is_armed) {
        phone->scripted.unsure = id;
        kb_sim_host_die(host);
    } else {
        kb_sim_broken(phone->world, KB_PROMISE_PARTY, phone->number, "the AS takes no script: %s",
                      kb_err_text(err));
    }
}

static const struct way *way_of(const struct kb_world *world)
{
    return &ways[world->config.transport];
}

/* While a card can be reached later one order is enough. */
static bool wants_order(const struct kb_sim_phone *phone)
{
    return !phone->scripted.count || phone->is_settled == way_of(phone->world)->is_after;
}

/* Answered, given up, or out of reach. */
static bool is_over(const struct kb_sim_phone *phone)
{
    return phone->is_leaving || phone->scripted.count == KB_SIM_ORDERS || is_answered(phone) ||
           (phone->is_settled && !way_of(phone->world)->is_after);
}

static int64_t take_turn(struct kb_sim_phone *phone)
{
    struct kb_sim_scripted *scripted = &phone->scripted;

    if (!kb_sim_script_server(phone->world))
        return AS_AWAY_MS;
    look_for_unsure(phone);
    scripted->is_over = is_over(phone);
    if (!scripted->is_over && wants_order(phone))
        queue(phone);
    return scripted->unsure || !kb_sim_script_server(phone->world) ? AS_AWAY_MS
                                                                   : way_of(phone->world)->look_ms;
}

static void turn(void *ctx, const struct kb_sim_event *event)
{
    struct kb_sim_phone *phone = kb_sim_phone(ctx, event->card);
    int64_t wait;

    if (!phone || phone->scripted.is_over)
        return;
    wait = take_turn(phone);
    if (!phone->scripted.is_over)
        kb_sim_plan(&phone->world->clock, wait,
                    (struct kb_sim_event){.run = turn, .ctx = ctx, .card = event->card});
    else if (phone->is_settled)
        kb_sim_phone_linger(phone);
}

void kb_sim_script_begin(struct kb_sim_phone *phone)
{
    struct kb_world *world = phone->world;

    if (!world->scripts)
        return;
    kb_chance_init(&phone->scripted.chance, world->config.seed, KB_CHANCE_SCRIPT, phone->number);
    kb_sim_plan(&world->clock,
                kb_chance_between(&phone->scripted.chance, 0, way_of(world)->first_ms),
                (struct kb_sim_event){.run = turn, .ctx = world, .card = phone->number});
}

bool kb_sim_script_holds(const struct kb_sim_phone *phone)
{
    return phone->world->scripts && !phone->scripted.is_over;
}
