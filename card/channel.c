/* SPDX-License-Identifier: Apache-2.0 */
/* Logical channels: opened, closed, and changed for one another. */
#include "card/channel.h"

#include "card/card.h"
#include "card/files/commands.h"
#include "card/files/tree.h"

enum { OPEN = 0x00, CLOSE = 0x80 }; /* P1 of MANAGE CHANNEL */

static uint16_t number_of(const struct kb_file *file)
{
    return file->kind == KB_FILE_NONE ? 0 : file->object;
}

static void load(struct kb_card *card, uint16_t object, struct kb_file *file)
{
    if (!object || kb_tree_load(card, object, file))
        file->kind = KB_FILE_NONE;
}

static void pack(struct kb_card *card)
{
    card->channels[card->channel] = (struct kb_channel){
        .df = number_of(&card->df),
        .ef = number_of(&card->ef),
        .adf = number_of(&card->adf),
        .record = card->record,
        .pins_verified = card->pins_verified,
    };
}

static void unpack(struct kb_card *card)
{
    const struct kb_channel *channel = &card->channels[card->channel];

    load(card, channel->df, &card->df);
    if (card->df.kind == KB_FILE_NONE)
        load(card, KB_OBJ_MF, &card->df);
    load(card, channel->ef, &card->ef);
    load(card, channel->adf, &card->adf);
    card->record = channel->record;
    card->pins_verified = channel->pins_verified;
}

void kb_channel_use(struct kb_card *card, uint8_t channel)
{
    if (channel == card->channel)
        return;
    pack(card);
    card->channel = channel;
    unpack(card);
}

void kb_channel_reset(struct kb_card *card)
{
    card->channel = 0;
    card->channels_open = 1;
}

void kb_channel_clear(struct kb_card *card, uint8_t channel)
{
    uint8_t shared = card->pins_verified & card->pins_shared;

    card->channels[channel] = (struct kb_channel){.df = KB_OBJ_MF, .pins_verified = shared};
    if (channel == card->channel)
        unpack(card);
}

static void set_bit(uint8_t *bits, uint8_t index, bool value)
{
    *bits = (uint8_t)((*bits & ~(1u << index)) | (unsigned)value << index);
}

void kb_channel_set_verified(struct kb_card *card, uint8_t pin, bool is_verified, bool on_all)
{
    set_bit(&card->pins_verified, pin, is_verified);
    /* What remote management verifies the terminal did not (TS 102 226 clause 6.2). */
    if (is_verified && card->channel == KB_CHANNEL_REMOTE)
        return;
    for (uint8_t i = 0; on_all && i < KB_CHANNELS; i++)
        set_bit(&card->channels[i].pins_verified, pin, is_verified);
}

void kb_channel_forget(struct kb_card *card, uint16_t object)
{
    uint8_t local = kb_pin_local(card);

    pack(card);
    for (size_t i = 0; i <= KB_CHANNELS; i++) {
        struct kb_channel *channel = &card->channels[i];

        if (channel->df == object)
            *channel = (struct kb_channel){
                .df = KB_OBJ_MF, .adf = channel->adf, .pins_verified = channel->pins_verified};
        if (channel->adf == object) {
            channel->adf = 0;
            channel->pins_verified &= (uint8_t)~local;
        }
        if (channel->ef == object)
            channel->ef = 0;
    }
    unpack(card);
}

void kb_channel_rewind(struct kb_card *card, uint16_t object)
{
    pack(card);
    for (size_t i = 0; i <= KB_CHANNELS; i++)
        if (card->channels[i].ef == object)
            card->channels[i].record = 0;
    unpack(card);
}

/* A channel opened from the basic one begins as after a reset, one opened from another as that one
 * is (ISO/IEC 7816-4 clause 11.1.2). */
static void open_channel(struct kb_card *card, uint8_t channel)
{
    pack(card);
    if (card->channel == 0)
        kb_channel_clear(card, channel);
    else
        card->channels[channel] = card->channels[card->channel];
    card->channels[channel].ef = 0;
    card->channels[channel].record = 0;
    card->channels_open |= (uint16_t)(1u << channel);
}

/* P2 00: the card chooses and answers the number; otherwise the terminal chose. */
static enum kb_sw manage_open(struct kb_card *card, const struct kb_apdu *cmd,
                              struct kb_writer *out)
{
    uint8_t channel = cmd->p2;

    if (channel >= KB_CHANNELS)
        return KB_SW_INCORRECT_P1_P2;
    for (; !cmd->p2 && kb_channel_is_open(card->channels_open, channel); channel++)
        ;
    if (channel >= KB_CHANNELS || kb_channel_is_open(card->channels_open, channel))
        return KB_SW_FUNCTION_NOT_SUPPORTED;
    open_channel(card, channel);
    if (!cmd->p2)
        kb_wr_u8(out, channel);
    return KB_SW_OK;
}

/* P2 00: the channel the command came on. */
static enum kb_sw manage_close(struct kb_card *card, const struct kb_apdu *cmd)
{
    uint8_t channel = cmd->p2 ? cmd->p2 : cmd->channel;

    if (!channel || channel >= KB_CHANNELS)
        return KB_SW_INCORRECT_P1_P2;
    if (!kb_channel_is_open(card->channels_open, channel))
        return KB_SW_CHANNEL_CLOSED;
    if (channel == card->channel)
        kb_channel_use(card, 0);
    kb_gp_leave(card, channel);
    card->channels[channel] = (struct kb_channel){0};
    card->channels_open &= (uint16_t) ~(1u << channel);
    return KB_SW_OK;
}

enum kb_sw kb_channel_manage(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (cmd->p1 == OPEN)
        return manage_open(card, cmd, out);
    return cmd->p1 == CLOSE ? manage_close(card, cmd) : KB_SW_INCORRECT_P1_P2;
}
