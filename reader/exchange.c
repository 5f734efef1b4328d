/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/exchange.h"

#include "crypto/secret.h"

#include <string.h>

enum {
    CHAIN_BIT = 0x10,  /* ISO/IEC 7816-4 clause 5.3.3: not the last command of a chain */
    LINK_MAX = 255,    /* bytes in one link */
    LENGTH_RETRIES = 1 /* 6CXX names the right length: asking again once is enough */
};

/* GET RESPONSE goes over the channel of the command it belongs to (TS 102 221 clause 10.1.1,
 * tables 10.3 and 10.4a). */
static uint8_t get_response_class(uint8_t cla)
{
    return (uint8_t)(cla & 0x40 ? 0x40 | (cla & 0x0F) : cla & 0x03);
}

/* Sends one command and keeps its data at the end of the answer. */
static enum kb_err send_one(struct kb_reader *reader, const struct kb_apdu *cmd,
                            struct kb_answer *answer, struct kb_report *why)
{
    uint8_t bytes[KB_APDU_SHORT_MAX];
    uint8_t rsp[KB_RESPONSE_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    size_t len = 0;
    enum kb_err err;

    kb_apdu_write(&wr, cmd);
    if (wr.is_bad)
        return kb_report(why, KB_ERR_TOO_LONG, "%s: no short command holds so much", reader->name);
    err = reader->ops->transmit(reader, kb_wr_span(&wr), rsp, &len, why);
    if (!err && (len < 2 || len > sizeof(rsp)))
        err = kb_report(why, KB_ERR_READER, "%s: an answer without a status word", reader->name);
    if (!err && len - 2 > sizeof(answer->data) - answer->len)
        err = kb_report(why, KB_ERR_TOO_LONG, "%s: the card's answer has no end", reader->name);
    if (!err) {
        memcpy(answer->data + answer->len, rsp, len - 2);
        answer->len += len - 2;
        answer->sw = (uint16_t)(rsp[len - 2] << 8 | rsp[len - 1]);
    }
    kb_wipe(bytes, sizeof(bytes));
    kb_wipe(rsp, sizeof(rsp));
    return err;
}

static uint32_t length_in_sw(uint16_t sw)
{
    return sw & 0xFF ? sw & 0xFF : 256;
}

/* As send_one, and again with the length the card asks for. */
static enum kb_err send_sized(struct kb_reader *reader, const struct kb_apdu *cmd,
                              struct kb_answer *answer, struct kb_report *why)
{
    struct kb_apdu again = *cmd;
    enum kb_err err = send_one(reader, cmd, answer, why);

    for (int i = 0; i < LENGTH_RETRIES && !err && (answer->sw & 0xFF00) == KB_SW_CORRECT_LENGTH;
         i++) {
        again.has_le = true;
        again.ne = length_in_sw(answer->sw);
        err = send_one(reader, &again, answer, why);
    }
    return err;
}

static enum kb_err fetch_rest(struct kb_reader *reader, uint8_t cla, struct kb_answer *answer,
                              struct kb_report *why)
{
    struct kb_apdu get_response = {.cla = get_response_class(cla), .ins = 0xC0, .has_le = true};
    enum kb_err err = KB_OK;

    while (!err && (answer->sw & 0xFF00) == KB_SW_BYTES_REMAINING) {
        size_t before = answer->len;

        get_response.ne = length_in_sw(answer->sw);
        err = send_sized(reader, &get_response, answer, why);
        if (!err && answer->len == before && (answer->sw & 0xFF00) == KB_SW_BYTES_REMAINING)
            err = kb_report(why, KB_ERR_MALFORMED,
                            "%s: the card promises more data and never sends it", reader->name);
    }
    return err;
}

enum kb_err kb_exchange(struct kb_reader *reader, const struct kb_apdu *cmd,
                        struct kb_answer *answer, struct kb_report *why)
{
    struct kb_apdu link = *cmd;
    struct kb_cursor data = kb_rd(cmd->data);
    enum kb_err err = KB_OK;

    answer->len = 0;
    answer->sw = KB_SW_OK;
    link.is_extended = false;
    if (link.ne > 256)
        link.ne = 256;
    while (!err && answer->sw == KB_SW_OK && kb_rd_left(&data) > LINK_MAX) {
        link.cla = cmd->cla | CHAIN_BIT;
        link.data = kb_rd_span(&data, LINK_MAX);
        link.has_le = false;
        err = send_one(reader, &link, answer, why);
    }
    if (err || answer->sw != KB_SW_OK)
        return err;
    link.cla = cmd->cla;
    link.data = kb_rd_span(&data, kb_rd_left(&data));
    link.has_le = cmd->has_le;
    err = send_sized(reader, &link, answer, why);
    return err ? err : fetch_rest(reader, cmd->cla, answer, why);
}
