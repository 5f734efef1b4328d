/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script of remote file management (docs/ota.md) for every card: the application server queues
 * it while the card is being personalized, and again, as an order of its own, until one has an
 * answer. Each order stands between two commands that write its number into a file of the world's
 * in the card, so the card tells afterwards which orders began there, ended there, and how often.
 */
#ifndef KB_SIM_SCRIPT_H
#define KB_SIM_SCRIPT_H

#include "reader/reader.h"
#include "sim/random.h"
#include "sim/world.h"

struct kb_sim_phone;

enum { KB_SIM_ORDERS = 6 }; /* for one card, at most */

/* Of one card. */
struct kb_sim_scripted {
    struct kb_chance chance;
    uint64_t ids[KB_SIM_ORDERS]; /* of its orders in the AS's store */
    uint8_t count;
    uint64_t unsure; /* the AS died while it was queued: its number, if it is there; or 0 */
    bool is_over;    /* answered, or given up */
};

/* world->scripts, when there is a script. KB_ERR_USAGE, KB_ERR_TOO_LONG with words. */
enum kb_err kb_sim_scripts_open(struct kb_world *world, struct kb_report *why);
void kb_sim_scripts_close(struct kb_world *world);

/* What every card has for it: a key set that names the AS's keys, and the file of the world. */
enum kb_err kb_sim_scripts_model(struct kb_world *world, struct kb_reader *reader,
                                 struct kb_report *why);

/* Of a card: it comes into the world; something happened to it; it goes. All do nothing in a world
 * without a script. */
void kb_sim_script_begin(struct kb_sim_phone *phone);
void kb_sim_script_look(struct kb_sim_phone *phone);
void kb_sim_script_collect(struct kb_sim_phone *phone);
/* It has to stay for its script. */
bool kb_sim_script_holds(const struct kb_sim_phone *phone);

/* At the end: does what the AS shows agree with what the cards have? */
void kb_sim_scripts_check(struct kb_world *world);
void kb_sim_scripts_count(const struct kb_world *world, struct kb_world_result *result);

#endif
