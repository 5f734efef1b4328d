/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secure channel: INITIALIZE UPDATE, EXTERNAL AUTHENTICATE, and the protection of what comes
 * through it (Amendment D clauses 5 to 7). The challenge is made from a counter that is durable
 * before the answer leaves, and a wrong cryptogram is counted before it is compared.
 */
#include <string.h>

#include "card/gp/inside.h"
#include "crypto/secret.h"
#include "wire/bcd.h"

enum {
    PROTOCOL = 0x03,
    CAN = KB_SCP03_I_PSEUDO_RANDOM | KB_SCP03_I_R_MAC | KB_SCP03_I_R_ENC,
    DIVERSIFICATION = 10,
    SERIAL_MAX = 20,
    CHAIN_BIT = 0x10,
    /* Room for the MAC of an answer behind the data of the command. */
    PLAIN_MAX = KB_RESPONSE_DATA_MAX - KB_SCP03_S16
};

/* --- INITIALIZE UPDATE --- */

/* Counts up, durably. */
static enum kb_err next_counter(struct kb_card *card, uint8_t slot,
                                uint8_t counter[KB_SCP03_COUNTER])
{
    struct kb_gp_memory memory;
    enum kb_err err = kb_gp_memory_read(card, &memory);
    uint8_t *bytes = memory.slots[slot].counter;
    size_t i = KB_SCP03_COUNTER;

    while (i > 0 && ++bytes[i - 1] == 0)
        i--;
    if (!err && i == 0)
        err = KB_ERR_RANGE; /* no challenge is left that was not used */
    if (!err)
        err = kb_gp_memory_write(card, &memory);
    memcpy(counter, bytes, KB_SCP03_COUNTER);
    return err;
}

/* From the digits of the card's identifier: whoever has the masters of its keys can tell which
 * card's they are. */
static void put_diversification(struct kb_card *card, struct kb_writer *out)
{
    uint16_t size = kb_nvm_size(&card->nvm, KB_OBJ_SERIAL);
    uint8_t digits[SERIAL_MAX], *to = kb_wr_reserve(out, DIVERSIFICATION);

    if (!to)
        return;
    memset(to, 0xFF, DIVERSIFICATION);
    if (size <= sizeof(digits) && !kb_nvm_read(&card->nvm, KB_OBJ_SERIAL, 0, digits, size))
        kb_bcd_encode(kb_span(digits, size), to, DIVERSIFICATION);
}

static enum kb_err begin(struct kb_card *card, const struct kb_gp_set *set, struct kb_span host,
                         struct kb_writer *out)
{
    struct kb_gp *gp = &card->gp;
    uint8_t mode = (uint8_t)host.len, counter[KB_SCP03_COUNTER];
    uint8_t challenge[KB_SCP03_S16], cryptogram[KB_SCP03_S16];
    const struct kb_scp03_start start = {.enc = set->keys[0],
                                         .mac = set->keys[1],
                                         .key_len = set->key_len,
                                         .mode = mode,
                                         .host_challenge = host.data,
                                         .card_challenge = challenge};
    enum kb_err err = next_counter(card, gp->slot, counter);

    if (!err)
        err = kb_scp03_challenge(card->port->crypto, set->keys[0], set->key_len, mode, counter,
                                 kb_span(kb_gp_aid, sizeof(kb_gp_aid)), challenge);
    if (!err)
        err = kb_scp03_begin(&gp->scp, card->port->crypto, &start, cryptogram);
    if (err)
        return err;
    put_diversification(card, out);
    kb_wr_u8(out, set->version);
    kb_wr_u8(out, PROTOCOL);
    kb_wr_u8(out, mode == KB_SCP03_S16 ? CAN | KB_SCP03_I_S16 : CAN);
    kb_wr_copy(out, challenge, mode);
    kb_wr_copy(out, cryptogram, mode);
    kb_wr_copy(out, counter, sizeof(counter));
    gp->channel = card->channel;
    gp->state = KB_GP_INITIATED;
    return KB_OK;
}

static enum kb_sw field_keys(struct kb_card *card, uint8_t version, struct kb_gp_set *set)
{
    uint8_t field;
    enum kb_sw sw = kb_perso_channel_keys(card, &field, set->keys[0], set->keys[1]);

    set->version = (uint8_t)(KB_GP_FIRST_FIELD + field);
    set->key_len = KB_AES_BLOCK;
    card->gp.slot = KB_GP_SLOT_FIELD;
    if (sw == KB_SW_OK && version && version != set->version)
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    return sw;
}

/* The keys of the domain where that is current, else those of the enabled field. */
static enum kb_sw find_keys(struct kb_card *card, uint8_t version, struct kb_gp_set *set)
{
    struct kb_gp_memory memory;
    uint8_t slot;

    if (!(card->gp.selected & 1u << card->channel))
        return field_keys(card, version, set);
    slot = kb_gp_set_find(card, version);
    if (slot == KB_GP_SLOT_NONE)
        return KB_SW_REFERENCED_DATA_NOT_FOUND;
    if (kb_gp_set_read(card, slot, set) || kb_gp_memory_read(card, &memory))
        return KB_SW_MEMORY_PROBLEM;
    card->gp.slot = slot;
    return memory.slots[slot].wrong < KB_GP_TRIES ? KB_SW_OK : KB_SW_BLOCKED;
}

enum kb_sw kb_gp_initialize_update(struct kb_card *card, const struct kb_apdu *cmd,
                                   struct kb_writer *out)
{
    struct kb_gp_set set;
    enum kb_sw sw;

    if (cmd->p2)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len != KB_SCP03_S8 && cmd->data.len != KB_SCP03_S16)
        return KB_SW_WRONG_LENGTH;
    if (card->gp.is_secured)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (card->gp.state != KB_GP_CLOSED)
        kb_gp_close(card);
    sw = find_keys(card, cmd->p1, &set);
    if (sw == KB_SW_OK && begin(card, &set, cmd->data, out))
        sw = KB_SW_MEMORY_PROBLEM;
    kb_wipe(&set, sizeof(set));
    return sw;
}

/* --- EXTERNAL AUTHENTICATE --- */

/* Table 7-4: what protects more also does what protects less. */
static bool is_level(uint8_t level)
{
    static const uint8_t levels[] = {0x00, 0x01, 0x03, 0x11, 0x13, 0x33};

    for (size_t i = 0; i < sizeof(levels); i++)
        if (levels[i] == level)
            return true;
    return false;
}

enum kb_err kb_gp_accept(struct kb_card *card, const struct kb_apdu *cmd)
{
    const uint8_t header[4] = {cmd->cla, cmd->ins, cmd->p1, cmd->p2};
    enum kb_err err = kb_scp03_accept(&card->gp.scp, card->port->crypto, header, cmd->data);

    if (err)
        kb_gp_close(card);
    else
        card->gp.state = KB_GP_OPEN;
    return err;
}

/* With the domain's own keys. */
static enum kb_sw authenticate(struct kb_card *card, const struct kb_apdu *cmd)
{
    uint8_t slot = card->gp.slot;
    struct kb_gp_memory memory;

    if (kb_gp_memory_read(card, &memory))
        return KB_SW_MEMORY_PROBLEM;
    if (memory.slots[slot].wrong >= KB_GP_TRIES)
        return KB_SW_BLOCKED;
    memory.slots[slot].wrong++;
    if (kb_gp_memory_write(card, &memory))
        return KB_SW_MEMORY_PROBLEM;
    if (kb_gp_accept(card, cmd))
        return KB_SW_AUTHENTICATION_FAILED;
    memory.slots[slot].wrong = 0;
    if (!kb_gp_memory_write(card, &memory))
        return KB_SW_OK;
    kb_gp_close(card);
    return KB_SW_MEMORY_PROBLEM;
}

enum kb_sw kb_gp_authenticate(struct kb_card *card, const struct kb_apdu *cmd,
                              struct kb_writer *out)
{
    struct kb_gp *gp = &card->gp;

    (void)out;
    if (gp->state != KB_GP_INITIATED || gp->channel != card->channel)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (!is_level(cmd->p1) || cmd->p2)
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len != 2u * gp->scp.mode)
        return KB_SW_WRONG_LENGTH;
    return gp->slot == KB_GP_SLOT_FIELD ? kb_perso_verify_channel(card, cmd)
                                        : authenticate(card, cmd);
}

/* --- Protection --- */

bool kb_gp_expects(struct kb_card *card, const struct kb_apdu *cmd)
{
    struct kb_gp *gp = &card->gp;

    gp->is_secured = cmd->cla & KB_CLA_SECURED && gp->state == KB_GP_OPEN &&
                     gp->channel == cmd->channel && gp->scp.level & KB_SCP03_C_MAC;
    return gp->is_secured;
}

enum kb_sw kb_gp_unwrap(struct kb_card *card, struct kb_apdu *cmd)
{
    struct kb_gp *gp = &card->gp;
    const uint8_t header[4] = {(uint8_t)(cmd->cla | (cmd->has_more ? CHAIN_BIT : 0)), cmd->ins,
                               cmd->p1, cmd->p2};
    struct kb_writer room =
        kb_wr(card->buffer + card->chain_len, sizeof(card->buffer) - card->chain_len);
    struct kb_cursor rd = kb_rd(cmd->data);
    struct kb_span data = kb_rd_span(&rd, cmd->data.len - gp->scp.mode);
    struct kb_span mac = kb_rd_span(&rd, gp->scp.mode);
    size_t len = data.len;

    kb_wr_copy(&room, data.data, data.len);
    if (rd.is_bad || room.is_bad ||
        kb_scp03_open_command(&gp->scp, card->port->crypto, header, room.data, &len, mac.data)) {
        kb_wipe(room.data, room.len);
        gp->is_secured = false;
        kb_gp_close(card);
        return KB_SW_SECURITY_NOT_SATISFIED;
    }
    kb_wipe(room.data + len, room.len - len);
    cmd->cla &= (uint8_t)~KB_CLA_SECURED;
    cmd->data = kb_span(room.data, len);
    if (card->chain_len + len <= PLAIN_MAX)
        return KB_SW_OK;
    kb_wipe(room.data, len);
    return KB_SW_WRONG_LENGTH;
}

enum kb_sw kb_gp_wrap(struct kb_card *card, enum kb_sw sw, struct kb_writer *out)
{
    struct kb_gp *gp = &card->gp;

    bool has_answer = sw == KB_SW_OK || (sw & 0xFF00) == KB_SW_WARNING;

    if (!has_answer || out->is_bad) {
        kb_wipe(out->data, out->len);
        out->len = 0;
    }
    if (!out->is_bad && kb_scp03_seal_response(&gp->scp, card->port->crypto, (uint16_t)sw, out))
        sw = KB_SW_NO_PRECISE_DIAGNOSIS;
    if (gp->state == KB_GP_CLOSED)
        kb_wipe(&gp->scp, sizeof(gp->scp));
    return sw;
}
