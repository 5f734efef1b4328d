/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence numbers with an array of IND (TS 33.102 annex C). */
#include "card/card.h"
#include "card/sim/inside.h"

enum { SQN_SIZE = 6 };

static uint64_t number_of(const uint8_t sqn[SQN_SIZE])
{
    uint64_t number = 0;

    for (size_t i = 0; i < SQN_SIZE; i++)
        number = number << 8 | sqn[i];
    return number;
}

static uint16_t slot_object(uint8_t subscription, unsigned ind)
{
    return (uint16_t)(KB_OBJ_SQN + (unsigned)KB_SQN_SLOTS * subscription + ind);
}

static unsigned ind_of(const struct kb_sim_options *options, uint64_t number)
{
    return (unsigned)number & ((1u << options->ind_bits) - 1);
}

/* The highest SQN accepted with this IND, 0 when there was none. */
static enum kb_err slot_read(struct kb_card *card, unsigned ind, uint64_t *number)
{
    uint16_t object = slot_object(card->sim.subscription, ind);
    uint8_t sqn[SQN_SIZE];
    enum kb_err err;

    *number = 0;
    if (!kb_nvm_has(&card->nvm, object))
        return KB_OK;
    err = kb_nvm_read(&card->nvm, object, 0, sqn, sizeof(sqn));
    *number = err ? 0 : number_of(sqn);
    return err;
}

enum kb_err kb_sim_sequence_load(struct kb_card *card)
{
    enum kb_err err = KB_OK;
    uint64_t number;

    card->sim.highest = 0;
    for (unsigned ind = 0; ind < KB_SQN_SLOTS && !err; ind++) {
        err = slot_read(card, ind, &number);
        if (number > card->sim.highest)
            card->sim.highest = number;
    }
    return err;
}

static enum kb_err drop(struct kb_card *card, uint16_t object)
{
    return kb_nvm_has(&card->nvm, object) ? kb_nvm_delete(&card->nvm, object) : KB_OK;
}

enum kb_err kb_sim_restart_sqn(struct kb_card *card, uint8_t subscription)
{
    enum kb_err err = KB_OK;

    kb_sim_reset(card);
    for (unsigned ind = 0; ind < KB_SQN_SLOTS && !err; ind++)
        err = drop(card, slot_object(subscription, ind));
    return err ? err : drop(card, KB_OBJ_GBA);
}

enum kb_err kb_sim_is_fresh(struct kb_card *card, const struct kb_sim_options *options,
                            const uint8_t sqn[SQN_SIZE], bool *fresh)
{
    uint64_t number = number_of(sqn), seen;
    uint64_t seq = number >> options->ind_bits, highest = card->sim.highest >> options->ind_bits;
    enum kb_err err = slot_read(card, ind_of(options, number), &seen);
    bool is_jump = seq > highest && seq - highest > options->jump_limit;
    bool is_old = highest > seq && highest - seq > options->age_limit;

    *fresh = !err && seq > seen >> options->ind_bits && !is_jump && !is_old;
    return err;
}

enum kb_err kb_sim_accept(struct kb_card *card, const struct kb_sim_options *options,
                          const uint8_t sqn[SQN_SIZE])
{
    uint64_t number = number_of(sqn);
    uint16_t object = slot_object(card->sim.subscription, ind_of(options, number));
    enum kb_err err = kb_nvm_put(&card->nvm, object, sqn, SQN_SIZE);

    if (!err && number > card->sim.highest)
        card->sim.highest = number;
    return err;
}

void kb_sim_highest(const struct kb_card *card, uint8_t sqn[SQN_SIZE])
{
    uint64_t number = card->sim.highest;

    for (size_t i = SQN_SIZE; i-- > 0; number >>= 8)
        sqn[i] = (uint8_t)number;
}
