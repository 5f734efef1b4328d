/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logical channels (ISO/IEC 7816-4 clause 5.4.1, TS 102 221 clauses 8.7, 11.1.17): each has its own
 * current DF, EF, application and record, and its own security status. Those of the channel in use
 * stand unpacked in struct kb_card; what is here are the others', as numbers of objects, and read
 * again when their channel is used.
 */
#ifndef KB_CARD_CHANNEL_H
#define KB_CARD_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/apdu.h"
#include "wire/sw.h"

struct kb_card;

enum {
    KB_CHANNELS = 8, /* 0 is the basic one, always open */
    /* Remote management works in a place of its own, which no class byte names. */
    KB_CHANNEL_REMOTE = KB_CHANNELS
};

struct kb_channel {
    uint16_t df, ef, adf; /* object numbers, 0: none */
    uint8_t record;
    uint8_t pins_verified; /* bit n: PIN object n */
};

/* All but the basic channel are closed; at reset, after the files. */
void kb_channel_reset(struct kb_card *card);

static inline bool kb_channel_is_open(uint16_t channels_open, uint8_t channel)
{
    return channel < KB_CHANNELS && channels_open & 1u << channel;
}

/* Makes the channel the one in use. What it had current and is no more there is not current. */
void kb_channel_use(struct kb_card *card, uint8_t channel);

/* The state of a channel as after a reset, with the PINs that count on every channel. */
void kb_channel_clear(struct kb_card *card, uint8_t channel);

/* Sets or clears the security status of a PIN on the channel in use, and on all channels when
 * on_all. */
void kb_channel_set_verified(struct kb_card *card, uint8_t pin, bool is_verified, bool on_all);

/* A file is gone, or is not what it was: no channel has it current any more, and one whose DF it
 * was is at the MF. With an application its local PINs are verified no more. */
void kb_channel_forget(struct kb_card *card, uint16_t object);

/* An EF has another size: where it is current it stays so, without a current record. */
void kb_channel_rewind(struct kb_card *card, uint16_t object);

/* MANAGE CHANNEL, 00 70 (TS 102 221 clause 11.1.17). */
enum kb_sw kb_channel_manage(struct kb_card *card, const struct kb_apdu *cmd,
                             struct kb_writer *out);

#endif
