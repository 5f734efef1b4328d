/* SPDX-License-Identifier: Apache-2.0 */
/* One command to the card, and what its status word says beside the answer. */
#include <string.h>

#include "crypto/secret.h"
#include "device/inside.h"

enum {
    INS_VERIFY = 0x20,
    INS_AUTHENTICATE = 0x88,
    SW_PROACTIVE = 0x91 /* normal ending, a proactive command waits: TS 102 221 clause 10.2.1.1 */
};

bool kb_terminal_is_good(const struct kb_answer *answer)
{
    return answer->sw == KB_SW_OK || answer->sw >> 8 == SW_PROACTIVE;
}

/* The data of VERIFY and the answer of AUTHENTICATE are nobody's business. */
static void trace(const struct kb_terminal *terminal, const struct kb_apdu *apdu,
                  const struct kb_answer *answer)
{
    uint8_t command[KB_APDU_SHORT_MAX], response[KB_RESPONSE_MAX];
    struct kb_writer sent = kb_wr(command, sizeof(command));
    struct kb_writer came = kb_wr(response, sizeof(response));
    struct kb_apdu shown = *apdu;

    if (!terminal->port->trace)
        return;
    if (apdu->ins == INS_VERIFY)
        shown.data.len = 0;
    kb_apdu_write(&sent, &shown);
    if (apdu->ins != INS_AUTHENTICATE && answer->len <= KB_RESPONSE_DATA_MAX)
        kb_wr_copy(&came, answer->data, answer->len);
    kb_wr_u16(&came, answer->sw);
    terminal->port->trace(terminal->port->ctx, kb_wr_span(&sent), kb_wr_span(&came));
}

enum kb_err kb_terminal_talk(struct kb_terminal *terminal, const struct kb_apdu *apdu,
                             struct kb_answer *answer, struct kb_report *why)
{
    enum kb_err err = kb_exchange(terminal->reader, apdu, answer, why);

    if (err) {
        kb_terminal_lose(terminal);
        return err == KB_ERR_NO_CARD ? err : KB_ERR_READER;
    }
    trace(terminal, apdu, answer);
    if (answer->sw >> 8 == SW_PROACTIVE) {
        terminal->is_waiting = true;
        terminal->waiting = (uint8_t)answer->sw;
    } else if (answer->sw == KB_SW_OK) {
        terminal->is_waiting = false;
    }
    return KB_OK;
}

void kb_terminal_lose(struct kb_terminal *terminal)
{
    if (terminal->phase == KB_TERMINAL_OFF)
        return;
    kb_terminal_forget(terminal);
    kb_terminal_detach(terminal);
    terminal->phase = KB_TERMINAL_OFF;
    terminal->imsi[0] = terminal->iccid[0] = 0;
    kb_terminal_tell_change(terminal);
}
