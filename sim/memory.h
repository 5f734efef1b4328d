/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a simulation. Without it there is nothing to simulate: the program says so and ends. */
#ifndef KB_SIM_MEMORY_H
#define KB_SIM_MEMORY_H

#include <stddef.h>

/* Zeroed. Never NULL. */
void *kb_sim_allocate(size_t count, size_t size);
/* Twice the room, or the first one; what is new is zeroed. */
void *kb_sim_grow(void *old, size_t *count, size_t size);

#endif
