/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All secrets of a world that a server's database must not hold in the open, by their first eight
 * bytes, and the search of a file for any of them at any place. What it finds stands there as it
 * is; a secret that is sealed, split, or could be computed from what stands there it does not see.
 */
#ifndef KB_SIM_SECRETS_H
#define KB_SIM_SECRETS_H

#include "wire/cursor.h"

struct kb_sim_secrets {
    uint64_t *table; /* 0: free */
    size_t room, count;
};

/* At least eight bytes. */
void kb_sim_secrets_add(struct kb_sim_secrets *secrets, struct kb_span secret);
bool kb_sim_secrets_show(const struct kb_sim_secrets *secrets, struct kb_span bytes);
/* True when one of them shows in the file; false also when there is none. */
bool kb_sim_secrets_show_in_file(const struct kb_sim_secrets *secrets, const char *path);
void kb_sim_secrets_end(struct kb_sim_secrets *secrets);

#endif
