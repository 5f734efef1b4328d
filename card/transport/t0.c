/* SPDX-License-Identifier: Apache-2.0 */
/* T=0, the card's side (ISO/IEC 7816-3 clause 10.3). */
#include "card/transport/t0.h"

#include <string.h>

#include "card/transport/header.h"
#include "crypto/secret.h"

enum { PROCEDURE_NULL = 0x60, INS_GET_RESPONSE = 0xC0 };

enum stage {
    STAGE_HEADER, /* the terminal speaks */
    STAGE_ASK,    /* the card owes a procedure byte for data */
    STAGE_DATA,   /* the terminal speaks */
    STAGE_RUN,
    STAGE_ANSWER,
    STAGE_STATUS_1,
    STAGE_STATUS_2
};

void kb_t0_begin(struct kb_t0 *t0, struct kb_card *card)
{
    memset(t0, 0, sizeof(*t0));
    t0->card = card;
}

static uint16_t length_of_command(const struct kb_t0 *t0)
{
    return (uint16_t)(KB_HEADER + t0->command[KB_HEADER_P3]);
}

static void read_header(struct kb_t0 *t0)
{
    bool has_data;

    t0->way = (uint8_t)kb_header_way(t0->card, t0->command);
    has_data = t0->way == KB_WAY_IN && t0->command[KB_HEADER_P3];
    t0->has_waited = !kb_header_is_slow(t0->command);
    t0->stage = has_data ? STAGE_ASK : STAGE_RUN;
}

void kb_t0_receive(struct kb_t0 *t0, uint8_t byte)
{
    if (t0->stage != STAGE_HEADER && t0->stage != STAGE_DATA)
        return;
    t0->command[t0->len++] = byte;
    if (t0->stage == STAGE_HEADER) {
        if (t0->len == KB_HEADER)
            read_header(t0);
        return;
    }
    if (t0->len == length_of_command(t0))
        t0->stage = STAGE_RUN;
    else if (t0->is_bytewise)
        t0->stage = STAGE_ASK;
}

/* The APDU behind the command (ISO/IEC 7816-3 clause 12.2): without P3 when it is neither Lc nor
 * Le. */
static size_t length_of_apdu(const struct kb_t0 *t0)
{
    if (t0->way == KB_WAY_OUT || (t0->way == KB_WAY_IN && t0->command[KB_HEADER_P3]))
        return t0->len;
    return KB_HEADER_P3;
}

static void transmit(struct kb_t0 *t0, size_t len)
{
    t0->answer = kb_card_transmit(t0->card, kb_span(t0->command, len));
    t0->answer.len -= sizeof(t0->status);
    memcpy(t0->status, t0->answer.data + t0->answer.len, sizeof(t0->status));
}

static void run(struct kb_t0 *t0)
{
    uint8_t ins = t0->command[KB_HEADER_INS], p3 = t0->command[KB_HEADER_P3];

    transmit(t0, length_of_apdu(t0));
    if (t0->way == KB_WAY_OUT_ONCE && t0->status[0] == KB_SW_BYTES_REMAINING >> 8 &&
        t0->status[1] == p3) {
        memcpy(t0->command + KB_HEADER_INS, (uint8_t[]){INS_GET_RESPONSE, 0, 0}, 3);
        transmit(t0, KB_HEADER);
    }
    /* The terminal counts on as many bytes as it asked for. */
    if (t0->way == KB_WAY_IN || t0->answer.len != (p3 ? p3 : 256u))
        t0->answer.len = 0;
    t0->stage = t0->answer.len ? STAGE_ANSWER : STAGE_STATUS_1;
    t0->has_asked = false;
    kb_wipe(t0->command, t0->len);
    t0->command[KB_HEADER_INS] = ins;
    t0->len = 0;
}

/* INS lets all bytes that remain follow, its complement the next one only (clause 10.3.3). */
static uint8_t acknowledge(const struct kb_t0 *t0)
{
    uint8_t ins = t0->command[KB_HEADER_INS];

    return t0->is_bytewise ? (uint8_t)~ins : ins;
}

static uint8_t send_answer(struct kb_t0 *t0)
{
    uint8_t byte;

    if (!t0->has_asked) {
        t0->has_asked = true;
        return acknowledge(t0);
    }
    byte = t0->answer.data[0];
    t0->answer = kb_span(t0->answer.data + 1, t0->answer.len - 1);
    t0->has_asked = !t0->is_bytewise;
    if (!t0->answer.len)
        t0->stage = STAGE_STATUS_1;
    return byte;
}

bool kb_t0_send(struct kb_t0 *t0, uint8_t *byte)
{
    if (t0->stage == STAGE_RUN && t0->has_waited)
        run(t0);
    switch ((enum stage)t0->stage) {
    case STAGE_ASK:
        t0->stage = STAGE_DATA;
        *byte = acknowledge(t0);
        return true;
    case STAGE_RUN:
        t0->has_waited = true;
        *byte = PROCEDURE_NULL;
        return true;
    case STAGE_ANSWER:
        *byte = send_answer(t0);
        return true;
    case STAGE_STATUS_1:
        t0->stage = STAGE_STATUS_2;
        *byte = t0->status[0];
        return true;
    case STAGE_STATUS_2:
        t0->stage = STAGE_HEADER;
        *byte = t0->status[1];
        return true;
    default:
        return false;
    }
}
