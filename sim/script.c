/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card/ota/remote_keys.h"
#include "desk/commands.h"
#include "sim/inside.h"
#include "sim/maker.h"
#include "sim/memory.h"

enum {
    KEY_SET = 5, /* number of the AS's keys in remote management */
    MINIMUM = 0x16,
    ALL_PINS = 0xFF,
    RULES = 0x2F8E, /* FIDs of the world */
    LOG = 0x2F8F,
    FIRST_MS = 120000,       /* the first order comes by then; a card that is known by channel */
    FIRST_PACKET_MS = 20000, /* has no number any more when it is personalized */
    LOOK_MS = 240000,
    AS_AWAY_MS = 1000
};

/* A record of the log. */
enum { MARK, PHASE, MARKED, BEGUN = 0xB0, ENDED = 0xE0, LOG_RECORDS = 2 * KB_SIM_ORDERS + 2 };

struct order {
    bool is_there;
    uint64_t card;
    uint8_t mark; /* which of its card's */
    bool is_begun, is_ended;
};

struct kb_sim_scripts {
    struct kb_script framed;
    struct kb_card card;  /* to look into the memory of cards */
    struct order *orders; /* by their number in the AS's store, from 1 */
    size_t room;
    uint64_t count, done, failed, open, cards;
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

    snprintf(select, sizeof(select), "select 3F00/%04X", LOG);
    snprintf(update, sizeof(update), "00DC0003%02X%02X%02X", MARKED, mark, phase);
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
    err = add_mark(framed, mark, BEGUN, why);
    for (size_t i = 0; i < own->count && !err; i++) {
        if (framed->count == KB_SCRIPT_COMMANDS)
            return kb_report(why, KB_ERR_TOO_LONG, "the script has too many commands");
        framed->commands[framed->count++] = own->commands[i];
    }
    if (!err)
        err = add_mark(framed, mark, ENDED, why);
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

/* --- What cards have --- */

static bool has_number(const struct kb_plan *plan, uint8_t number)
{
    for (size_t i = 0; i < plan->object_count; i++)
        if (plan->objects[i].object >= KB_OBJ_REMOTE_KEYS &&
            plan->objects[i].object < KB_OBJ_REMOTE_CNTR && plan->objects[i].bytes[0] == number)
            return true;
    return false;
}

static void add_command(struct kb_commands *list, const char *what, uint32_t header,
                        const void *data, size_t len)
{
    const uint8_t bytes[] = {(uint8_t)(header >> 24), (uint8_t)(header >> 16),
                             (uint8_t)(header >> 8), (uint8_t)header};

    kb_commands_add(list, what, bytes, kb_span(data, len));
}

static void add_files(struct kb_commands *list)
{
    static const uint8_t mf[] = {0x3F, 0x00};
    static const uint8_t rules[] = {0x62, 0x10, 0x82, 0x05, 0x42, 0x21, 0x00, 0x05, 0x01,
                                    0x83, 0x02, 0x2F, 0x8E, 0x88, 0x00, 0x8A, 0x01, 0x05};
    /* READ and UPDATE: always. */
    static const uint8_t rule[] = {0x80, 0x01, 0x03, 0x90, 0x00};
    static const uint8_t log[] = {0x62,        0x15, 0x82, 0x05, 0x46, 0x21, 0x00, MARKED,
                                  LOG_RECORDS, 0x83, 0x02, 0x2F, 0x8F, 0x88, 0x00, 0x8A,
                                  0x01,        0x05, 0x8B, 0x03, 0x2F, 0x8E, 0x01};

    add_command(list, "SELECT", 0x00A4000C, mf, sizeof(mf));
    add_command(list, "CREATE FILE", 0x00E00000, rules, sizeof(rules));
    add_command(list, "UPDATE RECORD", 0x00DC0104, rule, sizeof(rule));
    add_command(list, "SELECT", 0x00A4000C, mf, sizeof(mf));
    add_command(list, "CREATE FILE", 0x00E00000, log, sizeof(log));
}

enum kb_err kb_sim_scripts_model(struct kb_world *world, struct kb_reader *reader,
                                 struct kb_report *why)
{
    const struct kb_plan *plan = world->maker->plan;
    const uint8_t set[] = {KEY_SET,
                           world->config.has_old_keys ? KB_REMOTE_OLD : 0,
                           MINIMUM,
                           ALL_PINS,
                           KB_SECRET_KIC,
                           KB_SECRET_KID,
                           0xB0,
                           0x00,
                           0x00,
                           KB_FID_MF >> 8,
                           KB_FID_MF & 0xFF};
    static const uint8_t zeros[KB_CNTR_SIZE];
    uint32_t at = (uint32_t)plan->remote_count;
    struct kb_commands list = {0};
    enum kb_err err;

    if (!world->scripts)
        return KB_OK;
    if (at >= KB_REMOTE_SETS || has_number(plan, KEY_SET))
        return kb_report(why, KB_ERR_RULE,
                         "the plan has no place for key set %d of remote management", KEY_SET);
    add_files(&list);
    add_command(&list, "PUT OBJECT", 0x80440000 | (KB_OBJ_REMOTE_KEYS + at), set, sizeof(set));
    add_command(&list, "PUT OBJECT", 0x80440000 | (KB_OBJ_REMOTE_CNTR + at), zeros, sizeof(zeros));
    err = kb_commands_send(&list, reader, why);
    kb_commands_free(&list);
    return err;
}

/* --- Queueing --- */

static struct kb_as *server_of(const struct kb_world *world)
{
    return world->hosts[0].server;
}

static void note_order(struct kb_sim_phone *phone, uint64_t id)
{
    struct kb_sim_scripts *scripts = phone->world->scripts;
    struct kb_sim_scripted *scripted = &phone->scripted;

    while (scripts->room <= id)
        scripts->orders = kb_sim_grow(scripts->orders, &scripts->room, sizeof(struct order));
    scripted->ids[scripted->count++] = id;
    scripts->orders[id] =
        (struct order){.is_there = true, .card = phone->number, .mark = scripted->count};
    scripts->count++;
}

static bool read_order(const struct kb_sim_phone *phone, uint64_t id, struct kb_as_script *script)
{
    return !kb_as_script(server_of(phone->world), id - 1, script) && script->id == id &&
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

/* That the packet came twice is no answer to it. */
static bool has_answer(const struct kb_as_script *script)
{
    return script->is_answered && script->status != KB_STATUS_CNTR_LOW;
}

static bool is_answered(const struct kb_sim_phone *phone)
{
    struct kb_as_script script;

    for (size_t i = 0; i < phone->scripted.count; i++)
        if (read_order(phone, phone->scripted.ids[i], &script) && has_answer(&script))
            return true;
    return false;
}

static void queue(struct kb_sim_phone *phone)
{
    struct kb_sim_host *host = &phone->world->hosts[0];
    struct kb_report why = {KB_OK, ""};
    struct kb_as_order order = {.id_sc = kb_span(phone->id_sc, strlen(phone->id_sc)),
                                .key_set = KEY_SET,
                                .tar = {0xB0, 0x00, 0x00},
                                .spi = {MINIMUM, 0x39}};
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

/* While a card is being personalized one order is enough. */
static bool wants_order(const struct kb_sim_phone *phone)
{
    return !phone->scripted.count || phone->is_settled;
}

static int64_t take_turn(struct kb_sim_phone *phone)
{
    struct kb_sim_scripted *scripted = &phone->scripted;

    if (!server_of(phone->world))
        return AS_AWAY_MS;
    look_for_unsure(phone);
    scripted->is_over = phone->is_leaving || scripted->count == KB_SIM_ORDERS || is_answered(phone);
    if (!scripted->is_over && wants_order(phone))
        queue(phone);
    return scripted->unsure || !server_of(phone->world) ? AS_AWAY_MS : LOOK_MS;
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
    int64_t by = world->config.transport == KB_WORLD_PACKET ? FIRST_PACKET_MS : FIRST_MS;

    if (!world->scripts)
        return;
    kb_chance_init(&phone->scripted.chance, world->config.seed, KB_CHANCE_SCRIPT, phone->number);
    kb_sim_plan(&world->clock, kb_chance_between(&phone->scripted.chance, 0, by),
                (struct kb_sim_event){.run = turn, .ctx = world, .card = phone->number});
}

bool kb_sim_script_holds(const struct kb_sim_phone *phone)
{
    return phone->world->scripts && !phone->scripted.is_over;
}

/* --- What came of it --- */

void kb_sim_script_look(struct kb_sim_phone *phone)
{
    static const uint8_t zeros[KB_CNTR_SIZE];
    uint16_t object = (uint16_t)(KB_OBJ_REMOTE_CNTR + phone->world->maker->plan->remote_count);

    if (phone->world->scripts && phone->world->config.card_forgets && phone->is_powered)
        kb_nvm_put(&phone->card.nvm, object, zeros, sizeof(zeros));
}

static void take_record(struct kb_sim_phone *phone, const uint8_t record[MARKED])
{
    struct kb_world *world = phone->world;
    uint8_t mark = record[MARK];
    struct order *order = NULL;
    bool *is_there;

    if (mark == 0xFF)
        return;
    if (mark && mark <= phone->scripted.count)
        order = &world->scripts->orders[phone->scripted.ids[mark - 1]];
    if (!order) {
        kb_sim_broken(world, KB_PROMISE_SCRIPT, phone->number,
                      "card %llu ran a script that the AS does not have",
                      (unsigned long long)phone->number);
        return;
    }
    is_there = record[PHASE] == BEGUN ? &order->is_begun : &order->is_ended;
    if (*is_there)
        kb_sim_broken(world, KB_PROMISE_SCRIPT, phone->number, "card %llu ran script %llu twice",
                      (unsigned long long)phone->number,
                      (unsigned long long)phone->scripted.ids[mark - 1]);
    *is_there = true;
}

/* Its memory is read as it would be found after power-up. */
void kb_sim_script_collect(struct kb_sim_phone *phone)
{
    static const struct kb_path path = {1, {LOG}};
    struct kb_sim_scripts *scripts = phone->world->scripts;
    uint8_t log[LOG_RECORDS][MARKED];
    struct kb_file file;

    if (!scripts)
        return;
    memset(&scripts->card, 0, sizeof(scripts->card));
    if (kb_nvm_mount(&scripts->card.nvm, &phone->below) ||
        kb_files_open(&scripts->card, &path, &file) ||
        kb_files_read(&scripts->card, &file, 0, log, sizeof(log))) {
        kb_sim_broken(phone->world, KB_PROMISE_PARTY, phone->number,
                      "the memory of card %llu cannot be read", (unsigned long long)phone->number);
        return;
    }
    for (size_t i = 0; i < LOG_RECORDS; i++)
        take_record(phone, log[i]);
}

/* --- The end --- */

/* The card took the script and did every command of it. */
static bool is_done(const struct kb_world *world, const struct kb_as_script *script)
{
    struct kb_remote_response response;
    struct kb_remote_result result;
    uint16_t last = 0;

    if (script->status != KB_STATUS_POR_OK ||
        kb_remote_response_open(&response, kb_span(script->answer, script->len), true) ||
        !response.has_count || response.count != world->scripts->framed.count)
        return false;
    while (kb_remote_response_next(&response, &result)) {
        if (result.tag != KB_REMOTE_RESULT)
            return false;
        last = result.sw;
    }
    return !response.rd.is_bad && last == KB_SW_OK;
}

static void judge(struct kb_world *world, const struct kb_as_script *script)
{
    struct kb_sim_scripts *scripts = world->scripts;
    const struct order *order =
        script->id < scripts->room ? &scripts->orders[script->id] : &(struct order){0};
    bool is_whole = has_answer(script) && is_done(world, script);

    scripts->done += is_whole;
    scripts->failed += has_answer(script) && !is_whole;
    scripts->open += !has_answer(script);
    if (!order->is_there)
        kb_sim_broken(world, KB_PROMISE_SCRIPT, KB_SIM_NOBODY,
                      "the AS has script %llu, which nobody queued",
                      (unsigned long long)script->id);
    else if ((script->is_answered && script->status == KB_STATUS_POR_OK && !order->is_begun) ||
             (is_whole && !order->is_ended))
        kb_sim_broken(world, KB_PROMISE_SCRIPT, order->card,
                      "script %llu has an answer, and card %llu did not run it",
                      (unsigned long long)script->id, (unsigned long long)order->card);
    if (is_whole && order->is_there)
        world->records[order->card].is_scripted = true;
}

void kb_sim_scripts_check(struct kb_world *world)
{
    struct kb_sim_scripts *scripts = world->scripts;
    struct kb_as_script script = {.id = 0};
    uint64_t found = 0;

    if (!scripts || world->broken || !server_of(world))
        return;
    for (uint64_t i = 0; i < world->config.cards; i++)
        if (world->phones[i])
            kb_sim_script_collect(world->phones[i]);
    for (; !kb_as_script(server_of(world), script.id, &script); found++)
        judge(world, &script);
    if (found != scripts->count)
        kb_sim_broken(world, KB_PROMISE_SCRIPT, KB_SIM_NOBODY,
                      "the AS has %llu scripts, and %llu were queued", (unsigned long long)found,
                      (unsigned long long)scripts->count);
    for (uint64_t i = 0; i < world->config.cards; i++)
        scripts->cards += world->records[i].is_scripted;
}

void kb_sim_scripts_count(const struct kb_world *world, struct kb_world_result *result)
{
    const struct kb_sim_scripts *scripts = world->scripts;

    if (!scripts)
        return;
    result->scripts.queued = scripts->count;
    result->scripts.done = scripts->done;
    result->scripts.failed = scripts->failed;
    result->scripts.open = scripts->open;
    result->scripts.cards = scripts->cards;
}
