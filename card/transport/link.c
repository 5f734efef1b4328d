/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to a protocol (ISO/IEC 7816-3 clause 6.3). */
#include "card/transport/link.h"

#include <string.h>

enum stage {
    STAGE_ATR,      /* the card speaks */
    STAGE_CHOICE,   /* the terminal asks for a protocol or begins with the first one */
    STAGE_REQUEST,  /* PPS request comes in */
    STAGE_RESPONSE, /* PPS response goes out */
    STAGE_PROTOCOL
};

static void begin_protocol(struct kb_link *link)
{
    uint8_t waiting = link->waiting;

    link->stage = STAGE_PROTOCOL;
    link->port.transport = link->protocol ? KB_TRANSPORT_T1 : KB_TRANSPORT_T0;
    if (!link->protocol) {
        kb_t0_begin(&link->in.t0, link->card);
        return;
    }
    kb_t1_begin(&link->in.t1, link->card);
    link->in.t1.waiting = waiting;
}

static enum kb_err begin(struct kb_link *link, enum kb_err err, size_t atr_len)
{
    struct kb_link_answer *answer = &link->in.answer;
    struct kb_atr atr;

    answer->len = (uint8_t)atr_len;
    answer->sent = 0;
    if (!err)
        err = kb_atr_read(kb_span(answer->bytes, atr_len), &atr);
    if (err)
        return err;
    if (atr.first > 1)
        return KB_ERR_USAGE;
    link->stage = STAGE_ATR;
    link->is_specific = atr.is_specific;
    link->protocol = atr.first;
    link->protocols = atr.protocols & 3;
    link->offered = atr.speed;
    link->speed = atr.is_specific ? atr.speed : KB_ATR_SPEED;
    return KB_OK;
}

enum kb_err kb_link_power_up(struct kb_link *link, struct kb_card *card,
                             const struct kb_card_port *port)
{
    size_t atr_len = 0;
    enum kb_err err;

    memset(link, 0, sizeof(*link));
    link->card = card;
    link->port = *port;
    err = kb_card_power_up(card, &link->port, link->in.answer.bytes, &atr_len);
    return begin(link, err, atr_len);
}

enum kb_err kb_link_reset(struct kb_link *link)
{
    size_t atr_len = 0;
    enum kb_err err;

    memset(&link->in, 0, sizeof(link->in));
    err = kb_card_reset(link->card, link->in.answer.bytes, &atr_len);
    return begin(link, err, atr_len);
}

static bool send_answer(struct kb_link *link, uint8_t *byte)
{
    struct kb_link_answer *answer = &link->in.answer;

    *byte = answer->bytes[answer->sent++];
    if (answer->sent == answer->len) {
        link->stage = STAGE_CHOICE;
        if (link->is_specific)
            begin_protocol(link);
    }
    return true;
}

/* The new speed counts behind the whole response. */
static bool send_response(struct kb_link *link, uint8_t *byte)
{
    struct kb_pps *pps = &link->in.pps;

    *byte = pps->bytes[pps->sent++];
    if (pps->sent == pps->len) {
        link->speed = pps->speed;
        link->protocol = pps->protocol;
        begin_protocol(link);
    }
    return true;
}

bool kb_link_send(struct kb_link *link, uint8_t *byte)
{
    if (link->stage == STAGE_ATR)
        return send_answer(link, byte);
    if (link->stage == STAGE_RESPONSE)
        return send_response(link, byte);
    if (link->stage != STAGE_PROTOCOL)
        return false;
    return link->protocol ? kb_t1_send(&link->in.t1, byte) : kb_t0_send(&link->in.t0, byte);
}

/* A request that is refused gets no answer; the terminal may ask again or begin (clause 9.2). */
static void receive_request(struct kb_link *link, uint8_t byte)
{
    static const uint8_t next[] = {[KB_PPS_MORE] = STAGE_REQUEST,
                                   [KB_PPS_AGREED] = STAGE_RESPONSE,
                                   [KB_PPS_REFUSED] = STAGE_CHOICE};

    link->stage = next[kb_pps_receive(&link->in.pps, byte)];
}

void kb_link_receive(struct kb_link *link, uint8_t byte)
{
    if (link->stage == STAGE_CHOICE && byte == KB_PPS_INITIAL) {
        kb_pps_begin(&link->in.pps, link->protocols, link->offered);
        link->stage = STAGE_REQUEST;
    }
    if (link->stage == STAGE_REQUEST) {
        receive_request(link, byte);
        return;
    }
    if (link->stage == STAGE_CHOICE)
        begin_protocol(link);
    if (link->stage != STAGE_PROTOCOL)
        return;
    if (link->protocol)
        kb_t1_receive(&link->in.t1, byte);
    else
        kb_t0_receive(&link->in.t0, byte);
}

void kb_link_silence(struct kb_link *link)
{
    if (link->stage == STAGE_PROTOCOL && link->protocol)
        kb_t1_silence(&link->in.t1);
}
