/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching, challenges, and what to do without service. */
#include <string.h>

#include "crypto/secret.h"
#include "device/inside.h"
#include "wire/tlv.h"

enum {
    RETRY_FIRST = 15, /* T3211, 3GPP TS 24.008 clause 11.2.1 */
    RETRY_LAST = 720, /* T3302's default, clause 11.2.2 */
    INS_AUTHENTICATE = 0x88,
    CONTEXT_GSM = 0x80,
    CONTEXT_3G = 0x81,
    CHALLENGE = 16,
    TAG_SUCCESS = 0xDB, /* 3GPP TS 31.102 clause 7.1.2.1 */
    TAG_SYNCHRONIZE = 0xDC
};

static uint32_t first_retry(const struct kb_terminal *terminal)
{
    return terminal->port->retry_first ? terminal->port->retry_first : RETRY_FIRST;
}

static uint32_t next_retry(const struct kb_terminal *terminal, uint32_t seconds)
{
    uint32_t last = terminal->port->retry_last ? terminal->port->retry_last : RETRY_LAST;

    return seconds < last / 2 ? 2 * seconds : last;
}

bool kb_terminal_has_service(const struct kb_terminal *terminal)
{
    return terminal->where.service == KB_CAT_NORMAL_SERVICE;
}

void kb_terminal_attach(struct kb_terminal *terminal)
{
    terminal->wants_attach = false;
    if (terminal->imsi[0])
        terminal->port->attach(terminal->port->ctx, terminal->imsi);
}

void kb_terminal_detach(struct kb_terminal *terminal)
{
    terminal->wants_attach = false;
    terminal->retry = 0;
    terminal->port->timer(terminal->port->ctx, KB_TERMINAL_RETRY, 0);
    terminal->where = (struct kb_terminal_attached){.service = KB_CAT_NO_SERVICE};
    terminal->port->detach(terminal->port->ctx);
}

static void plan_retry(struct kb_terminal *terminal)
{
    uint32_t seconds = terminal->retry ? terminal->retry : first_retry(terminal);

    terminal->retry = next_retry(terminal, seconds);
    terminal->port->timer(terminal->port->ctx, KB_TERMINAL_RETRY, seconds);
}

void kb_terminal_attached(struct kb_terminal *terminal, const struct kb_terminal_attached *result)
{
    bool is_new = result->service != terminal->where.service;

    if (terminal->phase != KB_TERMINAL_READY)
        return;
    terminal->where = *result;
    if (result->service == KB_CAT_NORMAL_SERVICE) {
        if (terminal->retry)
            terminal->port->timer(terminal->port->ctx, KB_TERMINAL_RETRY, 0);
        terminal->retry = 0;
    } else {
        plan_retry(terminal);
        if (result->cause)
            kb_terminal_note(terminal, KB_CAT_EVENT_DOWNLOAD, KB_CAT_EVENT_NETWORK_REJECTION,
                             result->cause);
    }
    if (is_new) {
        kb_terminal_note(terminal, KB_CAT_EVENT_DOWNLOAD, KB_CAT_EVENT_LOCATION_STATUS,
                         (uint8_t)result->service);
        kb_terminal_tell_change(terminal);
    }
    kb_terminal_run(terminal);
}

/* --- AUTHENTICATE --- */

static void put_block(struct kb_writer *wr, const uint8_t block[CHALLENGE])
{
    kb_wr_u8(wr, CHALLENGE);
    kb_wr_copy(wr, block, CHALLENGE);
}

/* One value behind its length into room bytes. */
static uint8_t take_value(struct kb_cursor *rd, uint8_t *out, size_t room)
{
    uint8_t len = kb_rd_u8(rd);
    struct kb_span value = kb_rd_span(rd, len);

    if (len > room) {
        rd->is_bad = true;
        return 0;
    }
    if (value.len)
        memcpy(out, value.data, value.len);
    return len;
}

static enum kb_err take_vector(struct kb_span data, bool is_gsm, struct kb_terminal_vector *out)
{
    struct kb_cursor rd = kb_rd(data);
    uint8_t tag = is_gsm ? TAG_SUCCESS : kb_rd_u8(&rd);

    if (tag == TAG_SUCCESS) {
        out->res_len = take_value(&rd, out->res, sizeof(out->res));
        rd.is_bad |= take_value(&rd, out->ck, sizeof(out->ck)) != (is_gsm ? 8 : sizeof(out->ck));
        if (!is_gsm)
            rd.is_bad |= take_value(&rd, out->ik, sizeof(out->ik)) != sizeof(out->ik);
    } else {
        out->is_auts = true;
        rd.is_bad |= tag != TAG_SYNCHRONIZE ||
                     take_value(&rd, out->auts, sizeof(out->auts)) != sizeof(out->auts);
    }
    if (!rd.is_bad)
        return KB_OK;
    kb_wipe(out, sizeof(*out));
    return KB_ERR_CARD;
}

enum kb_err kb_terminal_challenge(struct kb_terminal *terminal, const uint8_t rand[16],
                                  const uint8_t *autn, struct kb_terminal_vector *out)
{
    uint8_t data[2 * (1 + CHALLENGE)];
    struct kb_writer wr = kb_wr(data, sizeof(data));
    struct kb_apdu apdu = {
        .ins = INS_AUTHENTICATE, .p2 = autn ? CONTEXT_3G : CONTEXT_GSM, .has_le = true, .ne = 256};
    struct kb_answer answer = {.len = 0};
    enum kb_err err;

    memset(out, 0, sizeof(*out));
    if (terminal->phase != KB_TERMINAL_READY)
        return KB_ERR_NO_CARD;
    put_block(&wr, rand);
    if (autn)
        put_block(&wr, autn);
    apdu.data = kb_wr_span(&wr);
    err = kb_terminal_talk(terminal, &apdu, &answer, NULL);
    if (!err && answer.sw == KB_SW_AUTHENTICATION_MAC_INCORRECT)
        err = KB_ERR_INTEGRITY;
    else if (!err && !kb_terminal_is_good(&answer))
        err = KB_ERR_CARD;
    if (!err)
        err = take_vector(kb_span(answer.data, answer.len), !autn, out);
    kb_wipe(answer.data, answer.len);
    kb_terminal_run(terminal);
    return err;
}
