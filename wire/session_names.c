/* SPDX-License-Identifier: Apache-2.0 */
/* What people and networks see of a session: reasons in words, and whose a packet is. */
#include <string.h>

#include "wire/bcd.h"
#include "wire/session.h"
#include "wire/sms_parts.h"

_Static_assert((int)KB_SESSION_SENDER == (int)KB_SMS_SENDER_SIZE, "one sender in both bearers");

const char *kb_session_reason_text(enum kb_session_reason reason)
{
    static const char *const texts[KB_REASONS] = {
        [KB_REASON_NONE] = "nothing is wrong",
        [KB_REASON_UNKNOWN_CARD] = "the service does not know this card",
        [KB_REASON_NO_OPERATOR] = "there is no such operator",
        [KB_REASON_NO_CONTRACT] = "the operator has no contract with this service",
        [KB_REASON_NO_IDENTITY] = "the operator has no free number",
        [KB_REASON_ADMIN_CODE] = "the card did not accept the service",
        [KB_REASON_BLOCKED] = "the card is blocked for this service",
        [KB_REASON_AGREEMENT] = "no key could be agreed",
        [KB_REASON_CREDENTIAL] = "card and operator do not trust each other",
        [KB_REASON_USER] = "you said no",
        [KB_REASON_NOT_ATTACHED] = "the network did not accept the new identity",
        [KB_REASON_NO_ANSWER] = "the service does not answer",
        [KB_REASON_MALFORMED] = "a message was not understood",
        [KB_REASON_BUSY] = "the service is busy, try later",
        [KB_REASON_FINISHED] = "this card has its operator already",
        [KB_REASON_INTERNAL] = "something failed inside",
    };

    if ((unsigned)reason >= KB_REASONS || !texts[reason])
        return "the reason is not known";
    return texts[reason];
}

void kb_session_sender(struct kb_span id_sc, uint8_t sender[KB_SESSION_SENDER])
{
    if (kb_bcd_encode(id_sc, sender, KB_SESSION_SENDER))
        memset(sender, 0xFF, KB_SESSION_SENDER);
}

size_t kb_session_sender_digits(const uint8_t sender[KB_SESSION_SENDER], char id_sc[KB_ID_SC_MAX])
{
    size_t len;

    if (kb_bcd_decode(kb_span(sender, KB_SESSION_SENDER), id_sc, KB_ID_SC_MAX, &len))
        return 0;
    return len;
}
