/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts of remote file management, run command by command. */
#include "card/ota/remote.h"

#include "card/card.h"
#include "card/channel.h"
#include "card/dispatch.h"
#include "card/gsm/gsm.h"
#include "wire/remote.h"

enum {
    CLA_GSM = 0xA0,
    INS_GET_RESPONSE = 0xC0,
    PROACTIVE_SESSION = 0x81, /* an immediate action: go on during one (clause 5.2.1.2) */
    SHORT_ALL = 256,          /* what Le 00 says, in each of its lengths */
    EXTENDED_ALL = 65536
};

/* The commands of clause 7.1, those that end a file's life (TS 102 222 clause 6), and those on
 * files and CHVs of a 2G card (3GPP TS 51.011). */
static const uint8_t allowed[][2] = {
    {0x00, 0xA4},    {0x00, 0xB0},    {0x00, 0xD6},    {0x00, 0xB2},    {0x00, 0xDC},
    {0x00, 0xA2},    {0x80, 0x32},    {0x00, 0x20},    {0x00, 0x24},    {0x00, 0x26},
    {0x00, 0x28},    {0x00, 0x2C},    {0x00, 0x04},    {0x00, 0x44},    {0x80, 0xCB},
    {0x80, 0xDB},    {0x00, 0xE0},    {0x00, 0xE4},    {0x80, 0xD4},    {0x00, 0xE6},
    {0x00, 0xE8},    {CLA_GSM, 0xA4}, {CLA_GSM, 0xB0}, {CLA_GSM, 0xD6}, {CLA_GSM, 0xB2},
    {CLA_GSM, 0xDC}, {CLA_GSM, 0xA2}, {CLA_GSM, 0x32}, {CLA_GSM, 0x20}, {CLA_GSM, 0x24},
    {CLA_GSM, 0x26}, {CLA_GSM, 0x28}, {CLA_GSM, 0x2C}, {CLA_GSM, 0x04}, {CLA_GSM, 0x44},
};

struct remote {
    struct kb_card *card;
    uint8_t grants;
    struct kb_remote_script script;
    struct kb_remote_answer answer;
    size_t pending; /* bytes behind 61XX, in the compact format */
};

static bool is_allowed(const struct kb_apdu *cmd)
{
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (allowed[i][0] == cmd->cla && allowed[i][1] == cmd->ins)
            return true;
    return false;
}

/* A warning does not end a script; what is cut does (clause 5.2.1.1). */
static bool is_well(uint16_t sw)
{
    return sw == KB_SW_OK || sw >> 8 == KB_SW_BYTES_REMAINING >> 8 ||
           sw >> 8 == KB_SW_GSM_BYTES >> 8 || (sw >> 8 == 0x62 && sw != KB_REMOTE_SW_TRUNCATED);
}

/* The answer to the command before still lies where that to this one goes. */
static uint16_t get_response(const struct remote *remote, const struct kb_apdu *cmd,
                             struct kb_writer *out)
{
    if (remote->script.format != KB_REMOTE_COMPACT || !remote->pending)
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    out->len = cmd->ne < remote->pending ? cmd->ne : remote->pending;
    return KB_SW_OK;
}

/* In class A0 all there is has to be asked for by its length. */
static enum kb_sw run_gsm(struct kb_card *card, struct kb_apdu *cmd, bool asks_all,
                          struct kb_writer *out)
{
    enum kb_sw sw = kb_gsm_run(card, cmd, out);

    if (asks_all && sw >> 8 == KB_SW_WRONG_LENGTH >> 8 && sw & 0xFF) {
        cmd->ne = sw & 0xFF;
        out->len = 0;
        sw = kb_gsm_run(card, cmd, out);
    }
    return sw >> 8 == KB_SW_GSM_BYTES >> 8 ? KB_SW_OK : sw;
}

static uint16_t run(struct remote *remote, struct kb_apdu *cmd, struct kb_writer *out)
{
    bool asks_all = cmd->has_le && (cmd->ne == SHORT_ALL || cmd->ne == EXTENDED_ALL);
    enum kb_sw sw = KB_SW_INS_NOT_SUPPORTED;

    if (asks_all)
        cmd->ne = (uint32_t)out->cap;
    if (cmd->ins == INS_GET_RESPONSE)
        return get_response(remote, cmd, out);
    remote->card->pins_verified |= remote->grants;
    if (is_allowed(cmd) && cmd->cla == CLA_GSM)
        sw = run_gsm(remote->card, cmd, asks_all, out);
    else if (is_allowed(cmd))
        kb_dispatch_run(remote->card, cmd, out, &sw);
    return (uint16_t)sw;
}

static uint16_t remaining(const struct kb_apdu *cmd, size_t len)
{
    unsigned sw = cmd->cla == CLA_GSM ? KB_SW_GSM_BYTES : KB_SW_BYTES_REMAINING;

    return (uint16_t)(sw | (len < 256 ? len : 0));
}

/* Answers nobody asked for wait for GET RESPONSE, or are dropped; of others as much as Le says. */
static uint16_t hand_over(struct remote *remote, const struct kb_apdu *cmd, struct kb_writer *out)
{
    size_t len = out->len;

    remote->pending = 0;
    if (cmd->has_le) {
        out->len = len < cmd->ne ? len : cmd->ne;
        return len > out->len ? remaining(cmd, len - out->len) : KB_SW_OK;
    }
    out->len = 0;
    if (remote->script.format != KB_REMOTE_COMPACT || !len)
        return KB_SW_OK;
    remote->pending = len;
    return remaining(cmd, len);
}

static bool do_command(struct remote *remote, struct kb_remote_item *item)
{
    struct kb_writer out = kb_remote_answer_open(&remote->answer);
    uint16_t sw = KB_SW_WRONG_LENGTH;
    bool goes_on;

    if (item->is_apdu)
        sw = run(remote, &item->apdu, &out);
    if (sw == KB_SW_OK)
        sw = hand_over(remote, &item->apdu, &out);
    else
        out.len = 0;
    goes_on = kb_remote_answer_close(&remote->answer, &out, sw, item->apdu.has_le);
    return goes_on && is_well(sw);
}

/* The card does nothing at once and knows no proactive commands of scripts, so an action can only
 * be one that asks for nothing. One for the case of an error is passed over. */
static bool do_item(struct remote *remote, struct kb_remote_item *item, bool is_first)
{
    uint8_t value = item->value.len == 1 ? item->value.data[0] : 0;

    if (item->tag == KB_REMOTE_IMMEDIATE_ACTION && value != PROACTIVE_SESSION) {
        kb_remote_answer_put(&remote->answer, item->tag, KB_REMOTE_SUSPENSION_ERROR);
        return false;
    }
    if (item->tag == KB_REMOTE_CHAINING && !is_first) {
        kb_remote_answer_put(&remote->answer, item->tag, KB_REMOTE_CANNOT_CHAIN);
        return false;
    }
    remote->answer.count++;
    return item->tag != KB_REMOTE_COMMAND || do_command(remote, item);
}

/* What stands wrong in the script is told where commands before it were done. */
static void tell_bad(struct remote *remote)
{
    struct kb_writer nothing;

    if (!remote->script.bad)
        return;
    kb_remote_answer_put(&remote->answer, KB_REMOTE_BAD_FORMAT, (uint8_t)remote->script.bad);
    if (remote->script.format != KB_REMOTE_COMPACT)
        return;
    nothing = kb_remote_answer_open(&remote->answer);
    kb_remote_answer_close(&remote->answer, &nothing, KB_SW_WRONG_LENGTH, true);
}

/* Everything as after a reset, but at the file of the TAR. */
static enum kb_packet_status begin(struct kb_card *card, uint16_t start)
{
    const uint8_t fid[] = {(uint8_t)(start >> 8), (uint8_t)start};
    const struct kb_apdu select = {
        .ins = 0xA4, .p1 = 0x08, .p2 = 0x0C, .data = kb_span(fid, sizeof(fid))};
    struct kb_writer none = kb_wr(NULL, 0);
    enum kb_sw sw = KB_SW_OK;

    kb_channel_clear(card, KB_CHANNEL_REMOTE);
    card->pins_verified = 0;
    if (start != KB_FID_MF)
        kb_dispatch_run(card, &select, &none, &sw);
    return sw == KB_SW_OK ? KB_STATUS_POR_OK : KB_STATUS_TAR_UNKNOWN;
}

/* What is wrong with the chaining that the script asks for, 0: nothing (clause 5.2.1.4). */
static uint8_t check_chaining(const struct remote *remote, uint8_t value, uint8_t self)
{
    if (value == KB_REMOTE_NEXT || value == KB_REMOTE_LAST)
        return remote->card->inbox.chain == self ? 0 : KB_REMOTE_NO_PREVIOUS;
    return value == KB_REMOTE_FIRST ? 0 : KB_REMOTE_CANNOT_CHAIN;
}

/* true: the script was run to its end. */
static bool run_items(struct remote *remote, struct kb_remote_item *item, bool has_item)
{
    for (bool is_first = true; has_item; is_first = false) {
        if (!do_item(remote, item, is_first))
            return false;
        has_item = kb_remote_script_next(&remote->script, item);
    }
    tell_bad(remote);
    return !remote->script.bad;
}

static enum kb_packet_status run_script(struct remote *remote, const struct kb_remote_set *set)
{
    uint8_t *chain = &remote->card->inbox.chain, self = (uint8_t)(set->index + 1), error = 0;
    struct kb_remote_item item;
    bool has_item = kb_remote_script_next(&remote->script, &item);
    bool is_chained = has_item && item.tag == KB_REMOTE_CHAINING;
    uint8_t link = is_chained && item.value.len == 1 ? item.value.data[0] : 0;
    enum kb_packet_status status = KB_STATUS_POR_OK;

    if (is_chained)
        error = check_chaining(remote, link, self);
    if (link != KB_REMOTE_NEXT && link != KB_REMOTE_LAST)
        status = begin(remote->card, set->start);
    *chain = 0;
    if (status)
        return status;
    if (error)
        kb_remote_answer_put(&remote->answer, KB_REMOTE_CHAINING, error);
    else if (run_items(remote, &item, has_item) && is_chained && link != KB_REMOTE_LAST)
        *chain = self;
    kb_remote_answer_end(&remote->answer);
    return status;
}

enum kb_packet_status kb_remote_run(struct kb_card *card, const struct kb_remote_set *set,
                                    struct kb_span data, struct kb_writer *answer, size_t limit)
{
    struct remote remote = {.card = card, .grants = set->grants};
    uint8_t was = card->channel, was_rehabilitated = card->gsm_rehabilitated;
    enum kb_packet_status status;

    kb_remote_script_open(&remote.script, data);
    kb_remote_answer_begin(&remote.answer, remote.script.format, answer, limit);
    kb_channel_use(card, KB_CHANNEL_REMOTE);
    status = run_script(&remote, set);
    kb_channel_use(card, was);
    card->gsm_rehabilitated = was_rehabilitated;
    if (!card->inbox.chain)
        kb_channel_clear(card, KB_CHANNEL_REMOTE);
    return status;
}
