/* SPDX-License-Identifier: Apache-2.0 */
/* SUSPEND UICC (TS 102 221 clause 11.1.22). */

#include <string.h>

#include "card/card.h"
#include "card/uicc/uicc.h"
#include "crypto/secret.h"

enum {
    CLA = 0x80,
    INS = 0x76,
    SUSPEND = 0x00, /* P1 */
    RESUME = 0x01,
    DURATION = 2 /* bytes: unit, number of them */
};

/* As it lies in KB_OBJ_SUSPENDED: nobody but this card reads it. */
struct kept {
    uint8_t token[KB_UICC_TOKEN];
    struct kb_channel channels[KB_CHANNELS];
    uint16_t channels_open;
    uint8_t gsm_rehabilitated;
    struct kb_toolkit toolkit;
    struct kb_cpa cpa;
};

void kb_uicc_reset(struct kb_card *card)
{
    card->suspension = kb_nvm_has(&card->nvm, KB_OBJ_SUSPENDED) ? KB_UICC_RESUMABLE : KB_UICC_AWAKE;
}

static enum kb_err forget(struct kb_card *card)
{
    enum kb_err err = kb_nvm_delete(&card->nvm, KB_OBJ_SUSPENDED);

    if (!err)
        card->suspension = KB_UICC_AWAKE;
    return err;
}

bool kb_uicc_hear(struct kb_card *card, const struct kb_apdu *cmd)
{
    if (card->suspension == KB_UICC_RESUMABLE && cmd->cla == CLA && cmd->ins == INS &&
        cmd->p1 == RESUME && !cmd->p2 && !cmd->channel)
        return true;
    return !forget(card);
}

/* Seconds; 0 for what is no duration (clause 11.1.22.2.1). */
static uint32_t seconds(struct kb_cursor *rd)
{
    static const uint32_t units[] = {1, 60, 3600, 86400, 864000};
    uint8_t unit = kb_rd_u8(rd), count = kb_rd_u8(rd);

    return unit < sizeof(units) / sizeof(units[0]) ? units[unit] * count : 0;
}

static bool is_joining(const struct kb_sms_join *join)
{
    return join->is_used && !join->is_whole;
}

/* Nothing may be under way that a power-down would break off; the security domain keeps nothing. */
static bool is_busy(const struct kb_card *card)
{
    const struct kb_inbox *inbox = &card->inbox;

    return card->toolkit.is_fetched || card->toolkit.waiting || inbox->is_stream ||
           is_joining(&inbox->join[0]) || is_joining(&inbox->join[1]) ||
           kb_inbox_has_report(card) || card->perso.state != KB_PERSO_IDLE ||
           card->gp.state != KB_GP_CLOSED || card->gp.selected;
}

/* The state of the basic channel is among the others' once another one is in use. */
static enum kb_err keep(struct kb_card *card, const uint8_t token[KB_UICC_TOKEN])
{
    struct kept kept;

    memset(&kept, 0, sizeof(kept));
    memcpy(kept.token, token, sizeof(kept.token));
    kb_channel_use(card, KB_CHANNEL_REMOTE);
    memcpy(kept.channels, card->channels, sizeof(kept.channels));
    kb_channel_use(card, 0);
    kept.channels_open = card->channels_open;
    kept.gsm_rehabilitated = card->gsm_rehabilitated;
    kept.toolkit = card->toolkit;
    kept.cpa = card->cpa;
    return kb_nvm_put(&card->nvm, KB_OBJ_SUSPENDED, &kept, sizeof(kept));
}

static void restore(struct kb_card *card, const struct kept *kept)
{
    kb_channel_use(card, KB_CHANNEL_REMOTE);
    memcpy(card->channels, kept->channels, sizeof(kept->channels));
    card->channels_open = kept->channels_open;
    kb_channel_use(card, 0);
    card->gsm_rehabilitated = kept->gsm_rehabilitated;
    card->toolkit = kept->toolkit;
    card->cpa = kept->cpa;
}

/* The card can sleep as long as the terminal likes: its greatest duration is the one agreed. */
static enum kb_sw suspend(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_cursor rd = kb_rd(cmd->data);
    uint32_t least = seconds(&rd), most = seconds(&rd);
    uint8_t *token;

    if (cmd->data.len != (size_t)2 * DURATION)
        return KB_SW_WRONG_LENGTH;
    if (!most || least > most)
        return KB_SW_INCORRECT_DATA;
    if (is_busy(card))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    kb_wr_copy(out, cmd->data.data + DURATION, DURATION);
    token = kb_wr_reserve(out, KB_UICC_TOKEN);
    if (!token || card->port->random(card->port->random_ctx, token, KB_UICC_TOKEN))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    if (keep(card, token))
        return KB_SW_MEMORY_PROBLEM;
    card->suspension = KB_UICC_SUSPENDED;
    return KB_SW_OK;
}

static enum kb_sw resume(struct kb_card *card, const struct kb_apdu *cmd)
{
    struct kept kept;
    enum kb_err err;
    bool is_right;

    if (card->suspension != KB_UICC_RESUMABLE)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    err = kb_nvm_read(&card->nvm, KB_OBJ_SUSPENDED, 0, &kept, sizeof(kept));
    if (forget(card))
        return KB_SW_MEMORY_PROBLEM;
    if (cmd->data.len != KB_UICC_TOKEN)
        return KB_SW_WRONG_LENGTH;
    is_right = !err && kb_is_equal(cmd->data.data, kept.token, KB_UICC_TOKEN);
    if (is_right)
        restore(card, &kept);
    kb_wipe(kept.token, sizeof(kept.token));
    return is_right ? KB_SW_OK : KB_SW_SECURITY_NOT_SATISFIED;
}

enum kb_sw kb_uicc_suspend(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    if (cmd->channel)
        return KB_SW_CHANNEL_NOT_SUPPORTED;
    if (cmd->p2 || cmd->p1 > RESUME)
        return KB_SW_INCORRECT_P1_P2;
    return cmd->p1 == SUSPEND ? suspend(card, cmd, out) : resume(card, cmd);
}
