/* SPDX-License-Identifier: Apache-2.0 */
/* KB_OBJ_AKA: how a subscription authenticates. */
#include "card/card.h"
#include "card/perso/profile.h"
#include "card/sim/inside.h"

enum { HAS_DELTA = 0x01, HAS_AGE_LIMIT = 0x02, IND_BITS_MAX = 5, OF_ALGORITHMS = 7 /* bytes */ };

static uint64_t limit(struct kb_cursor *rd, bool is_checked)
{
    uint64_t high = kb_rd_u16(rd);
    uint64_t number = high << 32 | kb_rd_u32(rd);

    return is_checked ? number : UINT64_MAX;
}

enum kb_err kb_sim_options_parse(struct kb_span value, struct kb_sim_options *options)
{
    struct kb_cursor rd = kb_rd(value);
    uint8_t flags;

    options->profile.algorithm = kb_rd_u8(&rd);
    options->profile.gsm = kb_rd_u8(&rd);
    options->profile.res_len = kb_rd_u8(&rd);
    options->profile.ck_len = kb_rd_u8(&rd);
    options->profile.ik_len = kb_rd_u8(&rd);
    options->profile.mac_len = kb_rd_u8(&rd);
    options->profile.iterations = kb_rd_u8(&rd);
    options->ind_bits = kb_rd_u8(&rd);
    flags = kb_rd_u8(&rd);
    options->jump_limit = limit(&rd, flags & HAS_DELTA);
    options->age_limit = limit(&rd, flags & HAS_AGE_LIMIT);
    if (!kb_rd_is_done(&rd) || options->ind_bits > IND_BITS_MAX ||
        flags & ~(HAS_DELTA | HAS_AGE_LIMIT))
        return KB_ERR_RANGE;
    return kb_aka_check(&options->profile);
}

enum kb_err kb_sim_options_read(struct kb_card *card, uint8_t subscription,
                                struct kb_sim_options *options)
{
    uint16_t object = (uint16_t)(KB_OBJ_AKA + subscription);
    uint8_t bytes[KB_PROFILE_SIZE];
    enum kb_err err;

    if (!kb_nvm_has(&card->nvm, object))
        return kb_sim_options_parse(kb_span(kb_profile_usual, KB_PROFILE_SIZE), options);
    err = kb_nvm_read(&card->nvm, object, 0, bytes, sizeof(bytes));
    return err ? err : kb_sim_options_parse(kb_span(bytes, sizeof(bytes)), options);
}

enum kb_err kb_sim_check_aka(struct kb_span value)
{
    struct kb_sim_options options;

    return kb_sim_options_parse(value, &options);
}

enum kb_err kb_sim_set_milenage(struct kb_card *card, uint8_t subscription)
{
    uint16_t object = (uint16_t)(KB_OBJ_AKA + subscription);

    if (!kb_nvm_has(&card->nvm, object))
        return KB_OK;
    return kb_nvm_patch(&card->nvm, object, 0, kb_profile_usual, OF_ALGORITHMS);
}
