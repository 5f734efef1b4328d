/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a card between two resets: commands in, chains put together, answers out (TS 102 221
 * clauses 7.3.1 and 10). */

#include "card/card.h"

#include <string.h>

#include "card/dispatch.h"
#include "card/files/access.h"
#include "card/files/commands.h"
#include "card/gsm/gsm.h"
#include "card/maker.h"
#include "card/uicc/uicc.h"
#include "crypto/secret.h"

enum { INS_GET_RESPONSE = 0xC0 };

/* TS 102 221 clause 6.3: TS, T0, TA1 (F 512, D 32), TD1 (T=0), TD2 (T=1), TA3 (IFSC 254), TD3
 * (T=15), TA4 (clock stop, classes A-C), 15 historical bytes: card service data 31, capabilities 73
 * (selection by every means; chaining, extended lengths, eight channels or more, whose numbers card
 * or terminal choose), issuer's data 57, then TCK. */
static const uint8_t default_atr[] = {0x3B, 0x9F, 0x96, 0x80, 0x91, 0xFE, 0x1F, 0xC7,
                                      0x80, 0x31, 0xE0, 0x73, 0xFE, 0x21, 0xDF, 0x57,
                                      'K',  'E',  'Y',  'B',  'O',  'R',  'N',  0x0D};

static enum kb_err read_atr(struct kb_card *card, uint8_t *atr, size_t *atr_len)
{
    uint16_t size = kb_nvm_size(&card->nvm, KB_OBJ_ATR);

    if (size && size <= KB_ATR_MAX) {
        *atr_len = size;
        return kb_nvm_read(&card->nvm, KB_OBJ_ATR, 0, atr, size);
    }
    *atr_len = sizeof(default_atr);
    memcpy(atr, default_atr, sizeof(default_atr));
    return KB_OK;
}

enum kb_err kb_card_format(struct kb_card *card, const struct kb_card_port *port)
{
    const uint8_t administrative = KB_LIFE_ADMINISTRATIVE;
    enum kb_err err;

    memset(card, 0, sizeof(*card));
    card->port = port;
    kb_channel_reset(card);
    err = kb_nvm_format(&card->nvm, port->device);
    return err ? err : kb_nvm_put(&card->nvm, KB_OBJ_LIFE_CYCLE, &administrative, 1);
}

enum kb_err kb_card_power_up(struct kb_card *card, const struct kb_card_port *port, uint8_t *atr,
                             size_t *atr_len)
{
    enum kb_err err;

    memset(card, 0, sizeof(*card));
    card->port = port;
    err = kb_nvm_mount(&card->nvm, port->device);
    return err ? err : kb_card_reset(card, atr, atr_len);
}

enum kb_err kb_card_reset(struct kb_card *card, uint8_t *atr, size_t *atr_len)
{
    enum kb_err err = kb_nvm_read(&card->nvm, KB_OBJ_LIFE_CYCLE, 0, &card->life_cycle, 1);

    kb_wipe(card->buffer, sizeof(card->buffer));
    card->is_chaining = false;
    card->chain_len = 0;
    card->pending_len = 0;
    card->used = 0;
    kb_sim_reset(card);
    kb_gsm_reset(card);
    kb_toolkit_reset(card);
    kb_inbox_reset(card);
    kb_uicc_reset(card);
    if (!err)
        err = kb_files_reset(card);
    kb_channel_reset(card);
    if (!err)
        err = kb_gp_reset(card);
    if (!err)
        err = kb_pin_reset(card);
    if (!err)
        err = kb_perso_reset(card);
    if (!err)
        err = kb_card_application(card)->reset(card);
    return err ? err : read_atr(card, atr, atr_len);
}

static enum kb_sw bytes_remaining(const struct kb_card *card)
{
    return (enum kb_sw)(KB_SW_BYTES_REMAINING | (card->pending_len < 256 ? card->pending_len : 0));
}

/* Keeps what stands behind the first len bytes of the answer for GET RESPONSE, the last part of
 * which ends with sw. */
static enum kb_sw keep_pending(struct kb_card *card, struct kb_writer *out, size_t len,
                               enum kb_sw sw)
{
    card->pending_sw = (uint16_t)sw;
    card->pending_at = (uint16_t)(out->data + len - card->buffer);
    card->pending_len = (uint16_t)(out->len - len);
    out->len = len;
    return bytes_remaining(card);
}

/* GET RESPONSE (TS 102 221 clause 12.1.1): out of sequence it is a technical problem. In class A0 a
 * wrong length is 67XX, and what is not asked for is gone (TS 51.011 clause 9.2.18). */
static enum kb_sw get_response(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    size_t len = cmd->has_le ? cmd->ne : 256;
    bool is_gsm = cmd->cla == KB_CLA_GSM;

    if (kb_apdu_p1p2(cmd))
        return is_gsm ? KB_SW_WRONG_P1_P2 : KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (!card->pending_len)
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    if (len > card->pending_len && is_gsm)
        return (enum kb_sw)(KB_SW_WRONG_LENGTH | card->pending_len);
    if (len > card->pending_len && (len < 256 || card->port->transport == KB_TRANSPORT_T0))
        return (enum kb_sw)(KB_SW_CORRECT_LENGTH | card->pending_len);
    if (len > card->pending_len)
        len = card->pending_len;
    kb_wipe(card->buffer + card->chain_len, (size_t)card->pending_at - card->chain_len);
    *out = kb_wr(card->buffer + card->pending_at, len);
    out->len = len;
    card->pending_at = (uint16_t)(card->pending_at + len);
    card->pending_len = is_gsm ? 0 : (uint16_t)(card->pending_len - len);
    return card->pending_len ? bytes_remaining(card) : (enum kb_sw)card->pending_sw;
}

static void drop_answer(struct kb_writer *out)
{
    kb_wipe(out->data, out->len);
    out->len = 0;
}

/* Success, and warnings that say something of data that are given all the same. */
static bool has_answer(enum kb_sw sw)
{
    return sw == KB_SW_OK || (sw & 0xFF00) == KB_SW_WARNING;
}

/* Gives the answer the form the transport asks for: at once, behind 61XX, or again with the right
 * Le. */
static enum kb_sw hand_over(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out,
                            enum kb_sw sw)
{
    size_t wanted = cmd->has_le ? cmd->ne : 0, len = out->len;
    bool is_t0 = card->port->transport == KB_TRANSPORT_T0;

    if (!len)
        return sw;
    if (is_t0 && cmd->data.len)
        wanted = 0;
    if (is_t0 && cmd->has_le && !cmd->data.len && len < 256 && cmd->ne != len) {
        drop_answer(out);
        return (enum kb_sw)(KB_SW_CORRECT_LENGTH | len);
    }
    if (len <= wanted)
        return sw;
    if (card->port->transport == KB_TRANSPORT_T1 && !cmd->has_le) {
        drop_answer(out);
        return sw;
    }
    return keep_pending(card, out, wanted, sw);
}

static void drop_chain(struct kb_card *card)
{
    kb_wipe(card->buffer, card->chain_len);
    card->is_chaining = false;
    card->chain_len = 0;
}

static enum kb_sw may_chain(struct kb_card *card, const struct kb_apdu *cmd)
{
    if (cmd->channel)
        return KB_SW_CHAINING_NOT_SUPPORTED;
    return kb_maker_may_chain(card, cmd) ? KB_SW_OK : kb_perso_begin_chain(card, cmd);
}

/* With or without protection, which has to be the same for all links. */
static uint8_t class_of_chain(const struct kb_card *card, const struct kb_apdu *cmd)
{
    return card->gp.is_secured ? cmd->cla | KB_CLA_SECURED : cmd->cla;
}

/* Collects the links of a chain (ISO/IEC 7816-4 clause 5.3.3). true: cmd is now the whole command;
 * false: *sw answers this link. */
static bool collect(struct kb_card *card, struct kb_apdu *cmd, enum kb_sw *sw)
{
    if (!card->is_chaining) {
        *sw = may_chain(card, cmd);
        if (*sw != KB_SW_OK)
            return false;
        card->chain.cla = class_of_chain(card, cmd);
        card->chain.ins = cmd->ins;
        card->chain.p1 = cmd->p1;
        card->chain.p2 = cmd->p2;
        card->chain.channel = cmd->channel;
        card->is_chaining = true;
    }
    *sw = KB_SW_WRONG_LENGTH;
    if (cmd->data.len > (size_t)(KB_CARD_CHAIN_MAX - card->chain_len)) {
        drop_chain(card);
        return false;
    }
    if (cmd->data.len && cmd->data.data != card->buffer + card->chain_len)
        memcpy(card->buffer + card->chain_len, cmd->data.data, cmd->data.len);
    card->chain_len = (uint16_t)(card->chain_len + cmd->data.len);
    cmd->data = kb_span(card->buffer, card->chain_len);
    *sw = KB_SW_OK;
    return !cmd->has_more;
}

static bool continues_chain(const struct kb_card *card, const struct kb_apdu *cmd)
{
    return class_of_chain(card, cmd) == card->chain.cla && cmd->channel == card->chain.channel &&
           cmd->ins == card->chain.ins && cmd->p1 == card->chain.p1 && cmd->p2 == card->chain.p2;
}

/* The class is that of the command whose answer waits: some terminals repeat it, others always say
 * 00. */
static bool is_get_response(const struct kb_apdu *cmd)
{
    return cmd->ins == INS_GET_RESPONSE && !cmd->has_more &&
           (cmd->cla == KB_CLA_INTERINDUSTRY || cmd->cla == KB_CLA_PROPRIETARY ||
            cmd->cla == KB_CLA_GSM);
}

/* Where the answer goes: behind the data of a chain, which the command still reads, and not over
 * what waits for GET RESPONSE. */
static struct kb_writer answer_room(struct kb_card *card)
{
    size_t at = card->pending_len ? card->pending_at : card->chain_len;

    return kb_wr(card->buffer + at, KB_RESPONSE_DATA_MAX - at);
}

static enum kb_sw process_gsm(struct kb_card *card, const struct kb_apdu *cmd,
                              struct kb_writer *out)
{
    enum kb_sw sw = kb_gsm_run(card, cmd, out);

    if ((sw & 0xFF00) == KB_SW_GSM_BYTES)
        keep_pending(card, out, 0, KB_SW_OK);
    return sw;
}

/* Takes off protection, and puts chains together. true: cmd is now the whole command, plain;
 * false: *sw answers it. */
static bool gather(struct kb_card *card, struct kb_apdu *cmd, enum kb_sw *sw)
{
    bool is_secured = kb_gp_expects(card, cmd);

    *sw = KB_SW_LAST_OF_CHAIN_EXPECTED;
    if (!card->is_chaining || continues_chain(card, cmd))
        *sw = is_secured ? kb_gp_unwrap(card, cmd) : KB_SW_OK;
    if (*sw != KB_SW_OK) {
        drop_chain(card);
        return false;
    }
    if (card->is_chaining || cmd->has_more)
        return collect(card, cmd, sw);
    if (is_secured)
        card->chain_len = (uint16_t)cmd->data.len;
    return true;
}

/* A command that is no GET RESPONSE. */
static enum kb_sw process(struct kb_card *card, struct kb_apdu *cmd, struct kb_writer *out)
{
    bool is_ready;
    enum kb_sw sw;

    card->pending_len = 0;
    kb_channel_use(card, cmd->channel);
    is_ready = gather(card, cmd, &sw);
    if (sw != KB_SW_OK) /* also what was deciphered and not taken */
        kb_wipe(card->buffer, sizeof(card->buffer));
    *out = answer_room(card);
    if (is_ready && cmd->cla == KB_CLA_GSM)
        return process_gsm(card, cmd, out);
    if (is_ready)
        sw = kb_dispatch(card, cmd, out);
    if (card->gp.is_secured)
        sw = kb_gp_wrap(card, sw, out);
    if (is_ready)
        drop_chain(card);
    return has_answer(sw) && !out->is_bad ? hand_over(card, cmd, out, sw) : sw;
}

static enum kb_sw receive(struct kb_card *card, struct kb_apdu *cmd, struct kb_writer *out)
{
    if (!kb_apdu_read_class(cmd) ||
        (cmd->cla == KB_CLA_GSM && card->gp.life_cycle >= KB_GP_CARD_LOCKED))
        return KB_SW_CLA_NOT_SUPPORTED;
    if (card->suspension && !kb_uicc_hear(card, cmd))
        return KB_SW_MEMORY_PROBLEM;
    if (!kb_channel_is_open(card->channels_open, cmd->channel))
        return KB_SW_CHANNEL_NOT_SUPPORTED;
    if (card->life_cycle == KB_LIFE_TERMINATED)
        return KB_SW_CONDITIONS_NOT_SATISFIED;
    if (!is_get_response(cmd) || (card->is_chaining && !card->pending_len))
        return process(card, cmd, out);
    if (cmd->channel != card->channel)
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    return get_response(card, cmd, out);
}

/* Puts SW behind the answer, and wipes what earlier commands left behind both. Bytes that wait for
 * GET RESPONSE begin where SW goes and are kept beside. */
static struct kb_span finish(struct kb_card *card, struct kb_writer *out, enum kb_sw sw)
{
    size_t end = (size_t)(out->data - card->buffer) + out->len;
    size_t used = end + (card->pending_len > 2 ? card->pending_len : 2);

    if (card->pending_len)
        memcpy(card->covered, card->buffer + end, sizeof(card->covered));
    card->buffer[end] = (uint8_t)(sw >> 8);
    card->buffer[end + 1] = (uint8_t)sw;
    if (card->used > used)
        kb_wipe(card->buffer + used, card->used - used);
    card->used = (uint16_t)used;
    return kb_span(out->data, out->len + 2);
}

struct kb_span kb_card_transmit(struct kb_card *card, struct kb_span command)
{
    struct kb_writer out;
    struct kb_apdu cmd;
    enum kb_sw sw = KB_SW_WRONG_LENGTH;

    if (card->pending_len)
        memcpy(card->buffer + card->pending_at, card->covered, sizeof(card->covered));
    out = answer_room(card);
    if (!kb_apdu_parse(command, &cmd))
        sw = receive(card, &cmd, &out);
    if (out.is_bad)
        sw = KB_SW_NO_PRECISE_DIAGNOSIS;
    /* Success, warnings and what remains of either come with data, and the MAC of an error. */
    if (!has_answer(sw) && (sw & 0xFF00) != KB_SW_BYTES_REMAINING && !card->gp.is_secured)
        drop_answer(&out);
    if (!card->is_chaining && !card->gp.is_secured)
        sw = kb_toolkit_announce(card, sw);
    return finish(card, &out, sw);
}
