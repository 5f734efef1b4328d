/* SPDX-License-Identifier: Apache-2.0 */
/* A reader whose card is in this process's memory, wherever its owner keeps it. */
#ifndef KB_READER_MEMORY_H
#define KB_READER_MEMORY_H

#include "card/card.h"
#include "reader/reader.h"

struct kb_memory_reader {
    struct kb_reader reader; /* first; hand this one on. Its close does nothing */
    struct kb_card *card;
    const struct kb_card_port *port;
};

/* card and port stay the caller's, and outlive the reader. Power-up mounts the card's memory
 * (kb_card_power_up); a card that has been powered already need not be again. */
void kb_memory_reader_init(struct kb_memory_reader *memory, struct kb_card *card,
                           const struct kb_card_port *port);

#endif
