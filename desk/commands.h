/* SPDX-License-Identifier: Apache-2.0 */
/* A list of commands made once and sent to card after card. May hold secrets: freeing wipes. */
#ifndef KB_DESK_COMMANDS_H
#define KB_DESK_COMMANDS_H

#include "reader/reader.h"

struct kb_commands {
    uint8_t *data;
    size_t len, cap;
    bool is_bad; /* no memory: nothing may be sent */
};

/* what: static text for messages, at most 31 characters. */
void kb_commands_add(struct kb_commands *list, const char *what, const uint8_t header[4],
                     struct kb_span data);

/* Sends all of them; each has to be answered with 9000. */
enum kb_err kb_commands_send(const struct kb_commands *list, struct kb_reader *reader,
                             struct kb_report *why);
void kb_commands_clear(struct kb_commands *list);
void kb_commands_free(struct kb_commands *list);

#endif
