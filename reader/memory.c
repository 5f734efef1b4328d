/* SPDX-License-Identifier: Apache-2.0 */
/* A reader without a reader, over a card that somebody else keeps. */
#include "reader/memory.h"

#include <stdio.h>
#include <string.h>

static struct kb_memory_reader *memory_of(struct kb_reader *reader)
{
    return (struct kb_memory_reader *)reader;
}

static enum kb_err memory_wait(struct kb_reader *reader, bool present, int timeout_ms,
                               struct kb_report *why)
{
    (void)timeout_ms;
    return present ? KB_OK : kb_report(why, KB_ERR_TIMEOUT, "%s: the card stays in", reader->name);
}

static enum kb_err memory_power_up(struct kb_reader *reader, uint8_t *atr, size_t *atr_len,
                                   struct kb_report *why)
{
    struct kb_memory_reader *memory = memory_of(reader);
    enum kb_err err = kb_card_power_up(memory->card, memory->port, atr, atr_len);

    return err ? kb_report(why, err, "%s: the card does not come up: %s", reader->name,
                           kb_err_text(err))
               : KB_OK;
}

static enum kb_err memory_transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp,
                                   size_t *len, struct kb_report *why)
{
    struct kb_span answer = kb_card_transmit(memory_of(reader)->card, cmd);

    (void)why;
    memcpy(rsp, answer.data, answer.len);
    *len = answer.len;
    return KB_OK;
}

/* The owner does with the card's RAM what is right. */
static void memory_leave(struct kb_reader *reader)
{
    (void)reader;
}

void kb_memory_reader_init(struct kb_memory_reader *memory, struct kb_card *card,
                           const struct kb_card_port *port)
{
    static const struct kb_reader_ops ops = {memory_wait, memory_power_up, memory_transmit,
                                             memory_leave, memory_leave};

    *memory = (struct kb_memory_reader){.card = card, .port = port};
    memory->reader.ops = &ops;
    snprintf(memory->reader.name, sizeof memory->reader.name, "memory");
}
