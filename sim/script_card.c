/* SPDX-License-Identifier: Apache-2.0 */
/* What cards have for scripts, and what they tell of them in the end. */
#include <string.h>

#include "card/ota/remote_keys.h"
#include "desk/commands.h"
#include "sim/maker.h"
#include "sim/script_inside.h"

enum { ALL_PINS = 0xFF };

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
    /* EF.ARR 2F8E, linear fixed, one record: READ and UPDATE, always. */
    static const uint8_t rules[] = {0x62, 0x10, 0x82, 0x05, 0x42, 0x21, 0x00, 0x05, 0x01,
                                    0x83, 0x02, 0x2F, 0x8E, 0x88, 0x00, 0x8A, 0x01, 0x05};
    static const uint8_t rule[] = {0x80, 0x01, 0x03, 0x90, 0x00};
    /* 2F8F (KB_SIM_LOG), cyclic, under that rule. */
    static const uint8_t log[] = {
        0x62, 0x15, 0x82, 0x05, 0x46, 0x21, 0x00, KB_SIM_MARKED, KB_SIM_LOG_RECORDS,
        0x83, 0x02, 0x2F, 0x8F, 0x88, 0x00, 0x8A, 0x01,          0x05,
        0x8B, 0x03, 0x2F, 0x8E, 0x01};

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
    uint8_t flags = world->config.has_old_keys ? KB_REMOTE_OLD : 0;
    const uint8_t set[] = {KB_SIM_KEY_SET,  flags, KB_SIM_MINIMUM, ALL_PINS, KB_SECRET_KIC,
                           KB_SECRET_KID,   0xB0,  0x00,           0x00,     KB_FID_MF >> 8,
                           KB_FID_MF & 0xFF};
    static const uint8_t zeros[KB_CNTR_SIZE];
    uint32_t at = (uint32_t)plan->remote_count;
    struct kb_commands list = {0};
    enum kb_err err;

    if (!world->scripts)
        return KB_OK;
    if (at >= KB_REMOTE_SETS || has_number(plan, KB_SIM_KEY_SET))
        return kb_report(why, KB_ERR_RULE,
                         "the plan has no place for key set %d of remote management",
                         KB_SIM_KEY_SET);
    add_files(&list);
    add_command(&list, "PUT OBJECT", 0x80440000 | (KB_OBJ_REMOTE_KEYS + at), set, sizeof(set));
    add_command(&list, "PUT OBJECT", 0x80440000 | (KB_OBJ_REMOTE_CNTR + at), zeros, sizeof(zeros));
    err = kb_commands_send(&list, reader, why);
    kb_commands_free(&list);
    return err;
}

/* --- What came of it --- */

void kb_sim_script_look(struct kb_sim_phone *phone)
{
    static const uint8_t zeros[KB_CNTR_SIZE];
    uint16_t object = (uint16_t)(KB_OBJ_REMOTE_CNTR + phone->world->maker->plan->remote_count);

    if (phone->world->scripts && phone->world->config.card_forgets && phone->is_powered)
        kb_nvm_put(&phone->card.nvm, object, zeros, sizeof(zeros));
}

static void take_record(struct kb_sim_phone *phone, const uint8_t record[KB_SIM_MARKED])
{
    struct kb_world *world = phone->world;
    uint8_t mark = record[KB_SIM_MARK];
    struct kb_sim_order *order = NULL;
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
    is_there = record[KB_SIM_PHASE] == KB_SIM_BEGUN ? &order->is_begun : &order->is_ended;
    if (*is_there)
        kb_sim_broken(world, KB_PROMISE_SCRIPT, phone->number, "card %llu ran script %llu twice",
                      (unsigned long long)phone->number,
                      (unsigned long long)phone->scripted.ids[mark - 1]);
    *is_there = true;
}

/* Its memory is read as it would be found after power-up. */
void kb_sim_script_collect(struct kb_sim_phone *phone)
{
    static const struct kb_path path = {1, {KB_SIM_LOG}};
    struct kb_sim_scripts *scripts = phone->world->scripts;
    uint8_t log[KB_SIM_LOG_RECORDS][KB_SIM_MARKED];
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
    for (size_t i = 0; i < KB_SIM_LOG_RECORDS; i++)
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
    const struct kb_sim_order *order =
        script->id < scripts->room ? &scripts->orders[script->id] : &(struct kb_sim_order){0};
    bool is_whole = kb_sim_script_has_answer(script) && is_done(world, script);

    scripts->done += is_whole;
    scripts->failed += kb_sim_script_has_answer(script) && !is_whole;
    scripts->open += !kb_sim_script_has_answer(script);
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

    if (!scripts || world->broken || !kb_sim_script_server(world))
        return;
    for (uint64_t i = 0; i < world->config.cards; i++)
        if (world->phones[i])
            kb_sim_script_collect(world->phones[i]);
    for (; !kb_as_script(kb_sim_script_server(world), script.id, &script); found++)
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
