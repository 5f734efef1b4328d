/* SPDX-License-Identifier: Apache-2.0 */
/* T=1, the card's side (ISO/IEC 7816-3 clauses 11.3 and 11.6). */
#include "card/transport/t1.h"

#include <string.h>

#include "card/transport/header.h"
#include "crypto/secret.h"

enum {
    NAD,
    PCB,
    LEN,
    PROLOGUE,

    /* PCB (clause 11.3.2.2) */
    BLOCK_MASK = 0xC0,
    BLOCK_R = 0x80,
    BLOCK_S = 0xC0,
    I_MORE = 0x20,
    I_RESERVED = 0x1F,
    R_EDC = 0x01,
    R_OTHER = 0x02,
    R_RESERVED = 0x2C,
    S_RESPONSE = 0x20,

    LEN_INVALID = 0xFF
};

void kb_t1_begin(struct kb_t1 *t1, struct kb_card *card)
{
    memset(t1, 0, sizeof(*t1));
    t1->card = card;
    t1->ifsd = KB_T1_IFSD;
}

/* --- Blocks out --- */

static void send_block(struct kb_t1 *t1, uint8_t pcb, struct kb_span inf)
{
    t1->is_sending = true;
    t1->sent = 0;
    t1->sum_out = 0;
    t1->pcb = pcb;
    t1->inf = inf;
}

static void send_i(struct kb_t1 *t1, uint8_t number)
{
    bool has_more = t1->part < t1->answer.len;

    send_block(t1, (uint8_t)(number << 6 | (has_more ? I_MORE : 0)),
               kb_span(t1->answer.data, t1->part));
}

static void send_next_i(struct kb_t1 *t1)
{
    t1->part = (uint16_t)(t1->answer.len < t1->ifsd ? t1->answer.len : t1->ifsd);
    send_i(t1, t1->next_out);
    t1->next_out ^= 1;
}

/* N(R) is the number of the I-block expected next. */
static void send_r(struct kb_t1 *t1, uint8_t error)
{
    send_block(t1, (uint8_t)(BLOCK_R | t1->next_in << 4 | error), kb_span(NULL, 0));
}

/* An S-block repeats what the terminal's said, or asks for time. */
static void send_s(struct kb_t1 *t1, uint8_t pcb, uint8_t len)
{
    send_block(t1, pcb, kb_span(&t1->parameter, len));
}

static void ask_for_time(struct kb_t1 *t1)
{
    t1->parameter = t1->waiting;
    send_s(t1, BLOCK_S | 3, 1);
}

/* --- Commands --- */

static void forget_command(struct kb_t1 *t1)
{
    kb_wipe(t1->command, sizeof(t1->command));
    t1->len = 0;
    t1->is_too_long = false;
    t1->is_collecting = false;
    t1->is_ready = false;
    t1->wtx_tries = 0;
}

static void run(struct kb_t1 *t1)
{
    static const uint8_t too_long[] = {KB_SW_WRONG_LENGTH >> 8, KB_SW_WRONG_LENGTH & 0xFF};
    bool is_refused = t1->is_too_long;

    t1->answer = is_refused ? kb_span(too_long, sizeof(too_long))
                            : kb_card_transmit(t1->card, kb_span(t1->command, t1->len));
    forget_command(t1);
    send_next_i(t1);
}

static void command_came(struct kb_t1 *t1)
{
    bool is_slow = t1->waiting && t1->len > KB_HEADER_INS && kb_header_is_slow(t1->command);

    t1->is_ready = !is_slow;
    t1->wtx_tries = is_slow ? KB_T1_WTX_TRIES : 0;
    if (is_slow)
        ask_for_time(t1);
}

/* --- Blocks in --- */

/* Rules 7.1 to 7.3 of clause 11.6.3.2: a request of the card is repeated, else the block expected
 * is asked for. */
static void refuse_block(struct kb_t1 *t1, uint8_t error)
{
    if (!t1->wtx_tries)
        send_r(t1, error);
    else if (--t1->wtx_tries)
        ask_for_time(t1);
    else
        t1->is_ready = true;
}

/* Rules 2.1, 2.2 and 5. */
static void take_i(struct kb_t1 *t1)
{
    uint8_t pcb = t1->prologue[PCB];
    bool is_sending_chain = t1->part < t1->answer.len;

    if (pcb & I_RESERVED || pcb >> 6 != t1->next_in || is_sending_chain || t1->wtx_tries) {
        refuse_block(t1, R_OTHER);
        return;
    }
    t1->next_in ^= 1;
    t1->answer = kb_span(NULL, 0);
    t1->part = 0;
    if (t1->prologue[LEN] > sizeof(t1->command) - t1->len)
        t1->is_too_long = true;
    else
        t1->len = (uint16_t)(t1->len + t1->prologue[LEN]);
    t1->is_collecting = pcb & I_MORE;
    if (t1->is_collecting)
        send_r(t1, 0);
    else
        command_came(t1);
}

/* The I-block sent last is asked for again, or the next one of its chain; or the terminal did not
 * understand the R-block of the card. */
static void take_r(struct kb_t1 *t1)
{
    uint8_t number = t1->prologue[PCB] >> 4 & 1;

    if (t1->prologue[PCB] & R_RESERVED || t1->prologue[LEN] || t1->wtx_tries) {
        refuse_block(t1, R_OTHER);
    } else if (number != t1->next_out && t1->answer.len) {
        send_i(t1, number);
    } else if (number == t1->next_out && t1->part < t1->answer.len) {
        t1->answer = kb_span(t1->answer.data + t1->part, t1->answer.len - t1->part);
        send_next_i(t1);
    } else {
        send_r(t1, t1->is_collecting ? 0 : R_OTHER);
    }
}

/* Rule 6: as after the answer to reset. */
static void take_resynch(struct kb_t1 *t1)
{
    uint8_t waiting = t1->waiting;

    forget_command(t1);
    kb_t1_begin(t1, t1->card);
    t1->waiting = waiting;
}

static void take_ifs(struct kb_t1 *t1)
{
    t1->ifsd = t1->parameter;
}

/* Rule 9: neither chain goes on. */
static void take_abort(struct kb_t1 *t1)
{
    forget_command(t1);
    t1->answer = kb_span(NULL, 0);
    t1->part = 0;
}

static const struct request {
    uint8_t len;
    void (*take)(struct kb_t1 *t1);
} requests[] = {{0, take_resynch}, {1, take_ifs}, {0, take_abort}};

static void take_s(struct kb_t1 *t1)
{
    uint8_t pcb = t1->prologue[PCB], type = pcb & 0x1F, len = t1->prologue[LEN];
    bool is_parameter_bad = len == 1 && (!t1->parameter || t1->parameter == LEN_INVALID);

    if (t1->wtx_tries && pcb == (BLOCK_S | S_RESPONSE | 3) && len == 1 &&
        t1->parameter == t1->waiting) {
        t1->wtx_tries = 0;
        t1->is_ready = true;
    } else if (pcb & S_RESPONSE || type >= sizeof(requests) / sizeof(requests[0]) ||
               len != requests[type].len || is_parameter_bad) {
        refuse_block(t1, R_OTHER);
    } else {
        requests[type].take(t1);
        send_s(t1, pcb | S_RESPONSE, len);
    }
}

static void take_block(struct kb_t1 *t1)
{
    uint8_t block = t1->prologue[PCB] & BLOCK_MASK;

    t1->at = 0;
    if (t1->sum)
        refuse_block(t1, R_EDC);
    else if (t1->prologue[NAD] || t1->prologue[LEN] == LEN_INVALID)
        refuse_block(t1, R_OTHER);
    else if (block == BLOCK_S)
        take_s(t1);
    else if (block == BLOCK_R)
        take_r(t1);
    else
        take_i(t1);
}

/* INF of an I-block goes behind what came of the command; it counts once the block proves right. */
static void take_inf(struct kb_t1 *t1, size_t at, uint8_t byte)
{
    if (at == 0)
        t1->parameter = byte;
    if (!(t1->prologue[PCB] & BLOCK_R) && !t1->wtx_tries && at < sizeof(t1->command) - t1->len)
        t1->command[t1->len + at] = byte;
}

void kb_t1_receive(struct kb_t1 *t1, uint8_t byte)
{
    if (t1->is_sending || t1->is_ready)
        return;
    if (t1->at == 0)
        t1->sum = 0;
    t1->sum ^= byte;
    if (t1->at < PROLOGUE)
        t1->prologue[t1->at] = byte;
    else if (t1->at < PROLOGUE + t1->prologue[LEN])
        take_inf(t1, (size_t)t1->at - PROLOGUE, byte);
    t1->at++;
    if (t1->at > PROLOGUE && t1->at > PROLOGUE + t1->prologue[LEN])
        take_block(t1);
}

void kb_t1_silence(struct kb_t1 *t1)
{
    if (!t1->at)
        return;
    t1->at = 0;
    refuse_block(t1, R_OTHER);
}

static uint8_t byte_out(const struct kb_t1 *t1)
{
    const uint8_t prologue[PROLOGUE] = {0, t1->pcb, (uint8_t)t1->inf.len};

    if (t1->sent < PROLOGUE)
        return prologue[t1->sent];
    return t1->sent < PROLOGUE + t1->inf.len ? t1->inf.data[t1->sent - PROLOGUE] : t1->sum_out;
}

bool kb_t1_send(struct kb_t1 *t1, uint8_t *byte)
{
    if (t1->is_ready)
        run(t1);
    if (!t1->is_sending)
        return false;
    *byte = byte_out(t1);
    t1->sum_out ^= *byte;
    t1->is_sending = t1->sent++ < PROLOGUE + t1->inf.len;
    return true;
}
