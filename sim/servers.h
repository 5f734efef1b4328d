/* SPDX-License-Identifier: Apache-2.0 */
/* AS and PS as hosts run them, and what they are told beforehand. */
#ifndef KB_SIM_SERVERS_H
#define KB_SIM_SERVERS_H

#include "desk/air_maker.h"
#include "sim/host.h"

extern const struct kb_sim_host_ops kb_sim_as_ops, kb_sim_ps_ops;

/* The AS learns of a card. KB_ERR_TIMEOUT: it is away, later. */
enum kb_err kb_sim_servers_tell(struct kb_world *world, uint64_t number,
                                const struct kb_air_card *made);

/* Why the AS thinks that the card's last session ended; KB_REASON_NONE: it did not, or the AS is
 * away. */
enum kb_session_reason kb_sim_servers_reason(struct kb_world *world, const char *id_sc);
/* Has the AS ask the card to begin. */
void kb_sim_servers_start(struct kb_world *world, const char *id_sc);

/* Whom a card, or its user, wants; from 1. */
unsigned kb_sim_choose_operator(const struct kb_world *world, struct kb_chance *chance);

#endif
