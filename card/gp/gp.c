/* SPDX-License-Identifier: Apache-2.0 */
/* Which commands are the issuer security domain's, and SELECT of it (GlobalPlatform Card
 * Specification clauses 6.3, 11.9). */
#include "card/gp/gp.h"

#include <string.h>

#include "card/files/commands.h"
#include "card/gp/inside.h"
#include "crypto/secret.h"
#include "wire/tlv.h"

enum {
    INS_SELECT = 0xA4,
    INS_STATUS = 0xF2,
    BY_NAME = 0x04,
    P2_ANSWER = 0x0C, /* FCP for FCI, or none: bits of TS 102 221 table 11.2 */
    FCI = 0x6F,
    FCI_PROPRIETARY = 0xA5,
    MAXIMUM_LENGTH = 0x9F65,
    BLOCK_MAX = 0xFF
};

const uint8_t kb_gp_aid[8] = {0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00};

/* Where a command is heard. */
enum { LOCKED = 0x01, TERMINATED = 0x02, UNSECURED = 0x04, FIELDS = 0x08 };

static const struct {
    uint8_t cla, ins;
    uint8_t flags; /* also in these life cycles, without protection, for a field's secure channel */
    enum kb_sw (*run)(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out);
} commands[] = {
    /* CLA  INS                                                              clause */
    {0x80, 0x50, UNSECURED | LOCKED | FIELDS, kb_gp_initialize_update}, /* Amendment D 7.1.1 */
    {0x84, 0x82, UNSECURED | LOCKED | FIELDS, kb_gp_authenticate},      /* Amendment D 7.1.2 */
    {0x80, 0xCA, UNSECURED | LOCKED | TERMINATED, kb_gp_get_data},      /* 11.3 */
    {0x00, 0xCA, UNSECURED | LOCKED | TERMINATED, kb_gp_get_data},      /* 11.3 */
    {0x80, INS_STATUS, LOCKED, kb_gp_get_status},                       /* 11.4 */
    {0x80, 0xF0, LOCKED, kb_gp_set_status},                             /* 11.10 */
    {0x80, 0xD8, 0, kb_gp_put_key},                                     /* 11.8 */
    {0x80, 0xE2, 0, kb_gp_store_data},                                  /* 11.11 */
};

enum kb_err kb_gp_reset(struct kb_card *card)
{
    struct kb_gp_memory memory;
    enum kb_err err = kb_gp_memory_read(card, &memory);

    kb_wipe(&card->gp, sizeof(card->gp));
    card->gp.life_cycle = memory.life_cycle;
    return err;
}

static bool is_current(const struct kb_card *card)
{
    return card->channel < KB_CHANNELS && card->gp.selected & 1u << card->channel;
}

/* The answer of the command at hand still needs the keys. */
static void end(struct kb_gp *gp)
{
    gp->state = KB_GP_CLOSED;
    gp->next_block = 0;
    if (!gp->is_secured)
        kb_wipe(&gp->scp, sizeof(gp->scp));
}

void kb_gp_close(struct kb_card *card)
{
    bool ends_field = card->gp.state == KB_GP_OPEN && card->gp.slot == KB_GP_SLOT_FIELD;

    end(&card->gp);
    if (ends_field)
        kb_perso_end(card);
}

void kb_gp_end_field(struct kb_card *card)
{
    if (card->gp.state != KB_GP_CLOSED && card->gp.slot == KB_GP_SLOT_FIELD)
        end(&card->gp);
}

void kb_gp_leave(struct kb_card *card, uint8_t channel)
{
    struct kb_gp *gp = &card->gp;

    gp->selected &= (uint8_t) ~(1u << channel);
    if (gp->state != KB_GP_CLOSED && gp->slot != KB_GP_SLOT_FIELD && gp->channel == channel)
        kb_gp_close(card);
}

/* --- SELECT --- */

/* By its name or the beginning of it, the RID at least, or by no name at all: what stands first is
 * the domain (clause 6.4.2). */
static bool names_domain(const struct kb_apdu *cmd)
{
    size_t len = cmd->data.len;

    if (cmd->p1 != BY_NAME || cmd->p2 & ~P2_ANSWER)
        return false;
    return !len ||
           (len >= 5 && len <= sizeof(kb_gp_aid) && !memcmp(cmd->data.data, kb_gp_aid, len));
}

static void describe(struct kb_writer *out)
{
    size_t fci = kb_tlv_open(out, FCI), proprietary;

    kb_tlv_put(out, 0x84, kb_span(kb_gp_aid, sizeof(kb_gp_aid)));
    proprietary = kb_tlv_open(out, FCI_PROPRIETARY);
    kb_tlv_put_u8(out, MAXIMUM_LENGTH, BLOCK_MAX);
    kb_tlv_close(out, proprietary);
    kb_tlv_close(out, fci);
}

/* Another application or file is looked for where files are; once it is found, the domain is not
 * current any more. */
static enum kb_sw select(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    enum kb_sw sw;

    if (names_domain(cmd)) {
        card->gp.selected |= (uint8_t)(1u << card->channel);
        if ((cmd->p2 & P2_ANSWER) != P2_ANSWER)
            describe(out);
        return KB_SW_OK;
    }
    sw = kb_files_select(card, cmd, out);
    if (sw == KB_SW_OK || (sw & 0xFF00) == KB_SW_WARNING)
        kb_gp_leave(card, card->channel);
    return sw;
}

/* --- Dispatch --- */

/* Nothing is current, enabled or locked that could have a command here. */
static bool is_idle(const struct kb_card *card)
{
    return !card->gp.selected && card->perso.state == KB_PERSO_IDLE &&
           card->gp.life_cycle < KB_GP_CARD_LOCKED;
}

/* A locked card has its domain only, a terminated one what may be read of it (clause 5.1.1). */
static bool is_dead(const struct kb_card *card)
{
    return card->gp.life_cycle >= KB_GP_CARD_LOCKED;
}

/* Protected by the issuer's keys: whoever has those of a field is not the issuer. */
static bool is_issuers(const struct kb_gp *gp)
{
    return gp->is_secured && gp->slot != KB_GP_SLOT_FIELD;
}

static enum kb_sw run(struct kb_card *card, size_t row, const struct kb_apdu *cmd,
                      struct kb_writer *out)
{
    uint8_t needed = card->gp.life_cycle == KB_GP_TERMINATED ? TERMINATED : LOCKED;

    if (is_dead(card) && !(commands[row].flags & needed))
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (!is_issuers(&card->gp) && !(commands[row].flags & UNSECURED))
        return KB_SW_SECURITY_NOT_SATISFIED;
    return commands[row].run(card, cmd, out);
}

/* STATUS of the files has P1 00 to 02, GET STATUS a bit of the upper half; the maker promotes his
 * card with SET STATUS in the clear, whatever is current. */
static bool is_files(const struct kb_card *card, const struct kb_apdu *cmd)
{
    if (cmd->ins == INS_STATUS)
        return cmd->p1 < 0x10;
    return cmd->ins == 0xF0 && card->life_cycle == KB_LIFE_ADMINISTRATIVE && !card->gp.is_secured;
}

/* An ENABLE of the plan's may look like INITIALIZE UPDATE, but has no data. */
static bool is_for_field(struct kb_card *card, const struct kb_apdu *cmd)
{
    return cmd->data.len && (cmd->cla == KB_CLA_PROPRIETARY || card->gp.state == KB_GP_INITIATED) &&
           kb_perso_takes_channel(card);
}

bool kb_gp_dispatch(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out,
                    enum kb_sw *sw)
{
    bool is_domains = is_current(card);

    if (is_idle(card) && cmd->ins != INS_SELECT)
        return false;
    if (cmd->ins == INS_SELECT && cmd->cla == KB_CLA_INTERINDUSTRY) {
        *sw = is_dead(card) && !names_domain(cmd) ? KB_SW_CONDITIONS_NOT_SATISFIED
                                                  : select(card, cmd, out);
        return true;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (commands[i].ins != cmd->ins || commands[i].cla != cmd->cla || is_files(card, cmd))
            continue;
        if (!is_domains && !(commands[i].flags & FIELDS && is_for_field(card, cmd)))
            continue;
        *sw = run(card, i, cmd, out);
        return true;
    }
    *sw = KB_SW_CONDITIONS_NOT_SATISFIED;
    return is_dead(card);
}
