/* SPDX-License-Identifier: Apache-2.0 */
/* Small worlds for tests. */
#ifndef KB_TESTS_SIM_RUNS_H
#define KB_TESTS_SIM_RUNS_H

#include "sim/world.h"

/* Some cards, two operators, users, short messages, edhoc, no faults. */
struct kb_world_config runs_config(uint64_t seed);

/* Runs it; fails the test when it does not open. */
struct kb_world_result runs_world(const struct kb_world_config *config);

/* Runs it; fails the test unless every promise was kept and every card settled. */
struct kb_world_result runs_well(const struct kb_world_config *config);

/* The same for both transports, both agreements and both fronts. */
void runs_well_everywhere(const struct kb_world_config *config);

#endif
