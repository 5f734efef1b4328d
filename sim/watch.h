/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watcher on one card's links: searches every message for the card's secrets, byte by byte, and
 * keeps the messages, so that a key that becomes known later is searched for in the earlier ones
 * too. It finds a secret that stands in the open; what is ciphered, or derived from a secret, it
 * does not see.
 */
#ifndef KB_SIM_WATCH_H
#define KB_SIM_WATCH_H

#include "sim/links.h"

enum { KB_WATCH_SECRETS = 48, KB_WATCH_SECRET_MAX = 32, KB_WATCH_SECRET_MIN = 8 };

struct kb_sim_watch {
    struct {
        const char *name;
        unsigned allowed; /* bit n: it may show on link n */
        uint8_t value[KB_WATCH_SECRET_MAX];
        size_t len;
    } secrets[KB_WATCH_SECRETS];
    size_t secret_count;
    uint8_t *log; /* link (1), length (4), bytes; and so on */
    size_t log_len, log_room;
};

/* From now on this must not show, except on the links in allowed. What is known already, is shorter
 * than KB_WATCH_SECRET_MIN, or is nothing but one byte repeated is passed over. Returns its name
 * when it did show earlier, else NULL. name: stays the caller's. */
const char *kb_sim_watch_add(struct kb_sim_watch *watch, const char *name, unsigned allowed,
                             struct kb_span secret);

/* Returns the name of a secret that shows in this message, or NULL; and keeps the message. */
const char *kb_sim_watch_message(struct kb_sim_watch *watch, enum kb_sim_link link,
                                 struct kb_span bytes);

/* Wipes and frees. */
void kb_sim_watch_end(struct kb_sim_watch *watch);

#endif
