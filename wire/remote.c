/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts of remote management, read and written. */
#include "wire/remote.h"

#include <string.h>

#include "wire/tlv.h"

enum {
    DEFINITE_SCRIPT = 0xAA, /* TS 101 220 clause 7.2, table 7.18 */
    INDEFINITE_SCRIPT = 0xAE,
    INDEFINITE = 0x80, /* ISO/IEC 8825-1 clause 8.1.3.6 */
    INS_GET_RESPONSE = 0xC0,
    INS_RETRIEVE_DATA = 0xCB,
    P2_FIRST_BLOCK = 0x80 /* TS 102 221 clause 11.3.1 */
};

/* Takes the template off; what is wrong with it is told with the first item. */
static enum kb_remote_bad take_template(struct kb_remote_script *script, struct kb_span data)
{
    struct kb_cursor rd = kb_rd(data);
    struct kb_tlv tlv;

    if (data.len < 2)
        return KB_REMOTE_NO_LENGTH;
    if (data.data[0] == DEFINITE_SCRIPT) {
        if (!kb_tlv_next(&rd, &tlv) || !kb_rd_is_done(&rd))
            return KB_REMOTE_WRONG_LENGTH;
        script->rd = kb_rd(tlv.value);
        return KB_REMOTE_IS_WELL;
    }
    if (data.data[1] != INDEFINITE)
        return KB_REMOTE_WRONG_LENGTH;
    script->rd.at = 2;
    return KB_REMOTE_IS_WELL;
}

void kb_remote_script_open(struct kb_remote_script *script, struct kb_span data)
{
    *script = (struct kb_remote_script){.rd = kb_rd(data)};
    if (kb_rd_peek(&script->rd) == DEFINITE_SCRIPT)
        script->format = KB_REMOTE_DEFINITE;
    else if (kb_rd_peek(&script->rd) == INDEFINITE_SCRIPT)
        script->format = KB_REMOTE_INDEFINITE;
    if (script->format != KB_REMOTE_COMPACT)
        script->bad = take_template(script, data);
}

/* Whether P3 is the length of what the command asks for, and not of what it brings. */
static bool is_asking(const uint8_t head[4])
{
    static const uint8_t asking[] = {0xB0, 0xB2, INS_GET_RESPONSE, 0xF2};

    if (head[1] == INS_RETRIEVE_DATA)
        return !(head[3] & P2_FIRST_BLOCK);
    return memchr(asking, head[1], sizeof(asking)) != NULL;
}

/* Clause 5.1.1: CLA INS P1 P2 P3 and data. */
static bool next_compact(struct kb_remote_script *script, struct kb_remote_item *out)
{
    struct kb_cursor *rd = &script->rd;
    size_t from = rd->at;
    struct kb_apdu *apdu = &out->apdu;
    uint8_t head[4], p3;

    if (!kb_rd_left(rd))
        return false;
    kb_rd_copy(rd, head, sizeof(head));
    p3 = kb_rd_u8(rd);
    apdu->cla = head[0];
    apdu->ins = head[1];
    apdu->p1 = head[2];
    apdu->p2 = head[3];
    apdu->has_le = is_asking(head);
    if (apdu->has_le)
        apdu->ne = p3 ? p3 : 256;
    else
        apdu->data = kb_rd_span(rd, p3);
    if (rd->is_bad)
        script->bad = KB_REMOTE_WRONG_LENGTH;
    out->tag = KB_REMOTE_COMMAND;
    out->is_apdu = true;
    out->value = kb_span(rd->data + from, rd->at - from);
    return !rd->is_bad;
}

static bool is_end(const struct kb_remote_script *script)
{
    const struct kb_cursor *rd = &script->rd;

    if (script->format == KB_REMOTE_DEFINITE)
        return !kb_rd_left(rd);
    return kb_rd_left(rd) == 2 && !rd->data[rd->at] && !rd->data[rd->at + 1];
}

static enum kb_remote_bad next_tlv(struct kb_cursor *rd, struct kb_tlv *out)
{
    static const uint8_t tags[] = {KB_REMOTE_COMMAND, KB_REMOTE_IMMEDIATE_ACTION,
                                   KB_REMOTE_ERROR_ACTION, KB_REMOTE_CHAINING};

    if (!kb_rd_left(rd))
        return KB_REMOTE_WRONG_LENGTH;
    if (!memchr(tags, kb_rd_peek(rd), sizeof(tags)))
        return KB_REMOTE_UNKNOWN_TAG;
    if (kb_rd_left(rd) < 2)
        return KB_REMOTE_NO_LENGTH;
    return kb_tlv_next(rd, out) ? KB_REMOTE_IS_WELL : KB_REMOTE_WRONG_LENGTH;
}

bool kb_remote_script_next(struct kb_remote_script *script, struct kb_remote_item *out)
{
    struct kb_tlv tlv;

    memset(out, 0, sizeof(*out));
    if (script->bad)
        return false;
    if (script->format == KB_REMOTE_COMPACT)
        return next_compact(script, out);
    if (is_end(script))
        return false;
    script->bad = next_tlv(&script->rd, &tlv);
    if (script->bad)
        return false;
    out->tag = (enum kb_remote_tag)tlv.tag;
    out->value = tlv.value;
    if (out->tag == KB_REMOTE_COMMAND)
        out->is_apdu = !kb_apdu_parse(tlv.value, &out->apdu);
    if (!out->is_apdu)
        memset(&out->apdu, 0, sizeof(out->apdu));
    return true;
}

size_t kb_remote_script_begin(struct kb_writer *wr, enum kb_remote_format format)
{
    if (format == KB_REMOTE_DEFINITE)
        return kb_tlv_open(wr, DEFINITE_SCRIPT);
    if (format == KB_REMOTE_INDEFINITE)
        kb_wr_u16(wr, INDEFINITE_SCRIPT << 8 | INDEFINITE);
    return 0;
}

void kb_remote_script_end(struct kb_writer *wr, enum kb_remote_format format, size_t mark)
{
    if (format == KB_REMOTE_DEFINITE)
        kb_tlv_close(wr, mark);
    else if (format == KB_REMOTE_INDEFINITE)
        kb_wr_u16(wr, 0);
}

void kb_remote_script_put(struct kb_writer *wr, enum kb_remote_format format,
                          enum kb_remote_tag tag, uint8_t value)
{
    if (format == KB_REMOTE_COMPACT)
        wr->is_bad = true;
    kb_tlv_put_u8(wr, (uint32_t)tag, value);
}

static void put_compact(struct kb_writer *wr, const struct kb_apdu *command)
{
    uint8_t le = command->has_le ? (uint8_t)command->ne : 0;
    const uint8_t head[] = {command->cla, command->ins, command->p1, command->p2};

    if (command->data.len > 255 || (command->has_le && command->ne > 256) ||
        (is_asking(head) && command->data.len))
        wr->is_bad = true;
    kb_wr_copy(wr, head, sizeof(head));
    kb_wr_u8(wr, is_asking(head) ? le : (uint8_t)command->data.len);
    kb_wr_copy(wr, command->data.data, command->data.len);
    if (!is_asking(head) && command->has_le) {
        const uint8_t get_response[] = {command->cla == 0xA0 ? 0xA0 : 0x00, INS_GET_RESPONSE, 0, 0,
                                        le};

        kb_wr_copy(wr, get_response, sizeof(get_response));
    }
}

void kb_remote_script_put_command(struct kb_writer *wr, enum kb_remote_format format,
                                  const struct kb_apdu *command)
{
    size_t mark;

    if (format == KB_REMOTE_COMPACT) {
        put_compact(wr, command);
        return;
    }
    mark = kb_tlv_open(wr, KB_REMOTE_COMMAND);
    kb_apdu_write(wr, command);
    kb_tlv_close(wr, mark);
}
