/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to scripts of remote management, written and read. */
#include "wire/remote.h"

#include <string.h>

#include "wire/tlv.h"

enum {
    DEFINITE_ANSWER = 0xAB, /* TS 101 220 clause 7.2, table 7.18 */
    INDEFINITE_ANSWER = 0xAF,
    INDEFINITE = 0x80, /* ISO/IEC 8825-1 clause 8.1.3.6 */
    COMPACT_HEAD = 3,
    SW_OF_NOTHING = 0x9000, /* when there was no command */
    RESULT_HEAD = 6,        /* tag, three bytes of length, SW */
    DEFINITE_FRAME = 8      /* tag, three bytes of length, and a count of two bytes */
};

/* --- Answers, written --- */

void kb_remote_answer_begin(struct kb_remote_answer *answer, enum kb_remote_format format,
                            struct kb_writer *wr, size_t limit)
{
    *answer = (struct kb_remote_answer){.format = format, .wr = wr, .mark = wr->len};
    answer->limit = limit;
    if (format == KB_REMOTE_COMPACT) {
        kb_wr_u8(wr, 0);
        kb_wr_u16(wr, SW_OF_NOTHING);
    } else if (format == KB_REMOTE_INDEFINITE) {
        kb_wr_u16(wr, INDEFINITE_ANSWER << 8 | INDEFINITE);
    }
    answer->at = wr->len;
}

/* Bytes that results may still have, with their heads. */
static size_t room(const struct kb_remote_answer *answer)
{
    size_t frame = answer->format == KB_REMOTE_COMPACT ? 0 : KB_REMOTE_FRAME;
    size_t used = answer->at - answer->mark + frame;

    return used < answer->limit ? answer->limit - used : 0;
}

struct kb_writer kb_remote_answer_open(struct kb_remote_answer *answer)
{
    struct kb_writer *wr = answer->wr;
    size_t head = answer->format == KB_REMOTE_COMPACT ? 0 : RESULT_HEAD;
    size_t start = answer->at + (head ? 2 : 0);

    wr->len = answer->at;
    if (wr->is_bad || answer->at + head + KB_REMOTE_FRAME > wr->cap)
        return kb_wr(wr->data, 0);
    return kb_wr(wr->data + start, wr->cap - answer->at - head - KB_REMOTE_FRAME);
}

/* The data lie where the result's value goes. */
static void close_expanded(struct kb_remote_answer *answer, size_t len, uint16_t sw)
{
    size_t mark = kb_tlv_open(answer->wr, KB_REMOTE_RESULT);

    kb_wr_reserve(answer->wr, len);
    kb_wr_u16(answer->wr, sw);
    kb_tlv_close(answer->wr, mark);
}

bool kb_remote_answer_close(struct kb_remote_answer *answer, const struct kb_writer *data,
                            uint16_t sw, bool is_asked)
{
    bool is_compact = answer->format == KB_REMOTE_COMPACT;
    size_t head = is_compact ? 0 : RESULT_HEAD, left = room(answer);
    size_t len = data->is_bad ? 0 : data->len, most = left > head ? left - head : 0;
    bool is_cut = data->is_bad || len > most;

    if (is_cut) {
        len = len > most ? most : len;
        sw = KB_REMOTE_SW_TRUNCATED;
    }
    if (is_compact) {
        answer->wr->len = answer->mark + 1;
        kb_wr_u16(answer->wr, sw);
        kb_wr_reserve(answer->wr, len);
        return !is_cut;
    }
    close_expanded(answer, len, sw);
    if (is_asked || answer->format == KB_REMOTE_INDEFINITE)
        answer->at = answer->wr->len;
    return !is_cut && room(answer) >= RESULT_HEAD;
}

void kb_remote_answer_put(struct kb_remote_answer *answer, enum kb_remote_tag tag, uint8_t value)
{
    if (answer->format != KB_REMOTE_COMPACT)
        kb_tlv_put_u8(answer->wr, (uint32_t)tag, value);
}

/* An integer of ISO/IEC 8825-1 clause 8.3, in its shortest form. */
static void put_count(struct kb_writer *wr, uint16_t count)
{
    if (count > 0x7F)
        kb_tlv_put_u16(wr, KB_REMOTE_COUNT, count);
    else
        kb_tlv_put_u8(wr, KB_REMOTE_COUNT, (uint8_t)count);
}

/* Template and count stand in front of results whose length nobody knew before. */
static void put_in_front(struct kb_remote_answer *answer)
{
    struct kb_writer *wr = answer->wr;
    size_t len = wr->len - answer->mark, mark;
    uint8_t frame[DEFINITE_FRAME];
    struct kb_writer front = kb_wr(frame, sizeof(frame)), all;

    put_count(&front, answer->count);
    if (!kb_wr_reserve(wr, KB_REMOTE_FRAME) || front.is_bad)
        return;
    memmove(wr->data + answer->mark + 2 + front.len, wr->data + answer->mark, len);
    all = kb_wr(wr->data + answer->mark, wr->len - answer->mark);
    mark = kb_tlv_open(&all, DEFINITE_ANSWER);
    kb_wr_copy(&all, front.data, front.len);
    kb_wr_reserve(&all, len);
    kb_tlv_close(&all, mark);
    wr->len = answer->mark + all.len;
}

void kb_remote_answer_end(struct kb_remote_answer *answer)
{
    if (answer->wr->is_bad)
        return;
    if (answer->format == KB_REMOTE_COMPACT)
        answer->wr->data[answer->mark] = (uint8_t)(answer->count > 0xFF ? 0xFF : answer->count);
    else if (answer->format == KB_REMOTE_DEFINITE)
        put_in_front(answer);
    else
        kb_wr_u16(answer->wr, 0);
}

/* --- Answers, read --- */

static enum kb_err open_compact(struct kb_remote_response *response, struct kb_span data)
{
    response->rd = kb_rd(data);
    response->has_count = true;
    response->count = kb_rd_u8(&response->rd);
    return data.len >= COMPACT_HEAD ? KB_OK : KB_ERR_MALFORMED;
}

/* An integer of ISO/IEC 8825-1 clause 8.3, not below zero. */
static bool take_count(struct kb_remote_response *response)
{
    struct kb_tlv tlv;

    if (!kb_tlv_next(&response->rd, &tlv) || tlv.tag != KB_REMOTE_COUNT || tlv.value.len < 1 ||
        tlv.value.len > 3)
        return false;
    for (size_t i = 0; i < tlv.value.len; i++)
        response->count = response->count << 8 | tlv.value.data[i];
    response->has_count = true;
    return true;
}

enum kb_err kb_remote_response_open(struct kb_remote_response *response, struct kb_span data,
                                    bool is_expanded)
{
    struct kb_cursor rd = kb_rd(data);
    struct kb_tlv tlv;

    *response = (struct kb_remote_response){.format = KB_REMOTE_COMPACT};
    if (!is_expanded)
        return open_compact(response, data);
    if (kb_rd_peek(&rd) == DEFINITE_ANSWER) {
        response->format = KB_REMOTE_DEFINITE;
        if (!kb_tlv_next(&rd, &tlv) || !kb_rd_is_done(&rd))
            return KB_ERR_MALFORMED;
        response->rd = kb_rd(tlv.value);
        return take_count(response) ? KB_OK : KB_ERR_MALFORMED;
    }
    response->format = KB_REMOTE_INDEFINITE;
    if (data.len < 4 || kb_rd_u16(&rd) != (INDEFINITE_ANSWER << 8 | INDEFINITE) ||
        data.data[data.len - 1] || data.data[data.len - 2])
        return KB_ERR_MALFORMED;
    response->rd = kb_rd(kb_rd_span(&rd, data.len - 4));
    return KB_OK;
}

static bool next_expanded(struct kb_cursor *rd, struct kb_remote_result *out)
{
    struct kb_tlv tlv;

    if (!kb_tlv_next(rd, &tlv))
        return false;
    out->tag = (enum kb_remote_tag)tlv.tag;
    out->data = tlv.value;
    if (tlv.tag == KB_REMOTE_RESULT && tlv.value.len >= 2) {
        out->data.len -= 2;
        out->sw =
            (uint16_t)(tlv.value.data[out->data.len] << 8 | tlv.value.data[out->data.len + 1]);
        return true;
    }
    rd->is_bad = tlv.tag == KB_REMOTE_RESULT || tlv.value.len != 1;
    out->reason = rd->is_bad ? 0 : tlv.value.data[0];
    return !rd->is_bad;
}

bool kb_remote_response_next(struct kb_remote_response *response, struct kb_remote_result *out)
{
    struct kb_cursor *rd = &response->rd;

    *out = (struct kb_remote_result){0};
    if (!kb_rd_left(rd))
        return false;
    if (response->format != KB_REMOTE_COMPACT)
        return next_expanded(rd, out);
    out->tag = KB_REMOTE_RESULT;
    out->sw = kb_rd_u16(rd);
    out->data = kb_rd_span(rd, kb_rd_left(rd));
    return true;
}
