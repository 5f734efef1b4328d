/* SPDX-License-Identifier: Apache-2.0 */
/* Proactive commands announced, fetched and answered; envelopes sorted (ETSI TS 102 221 clauses
 * 7.4.2 and 11.2, TS 102 223 clauses 6 and 7). */
#include "card/toolkit/toolkit.h"

#include <string.h>

#include "card/card.h"

enum { NUMBER_MAX = 254 }; /* TS 102 223 clause 8.6: 1 .. 254 */

void kb_toolkit_reset(struct kb_card *card)
{
    memset(&card->toolkit, 0, sizeof(card->toolkit));
}

/* Writes the command that waits, or once more the one that was fetched. false: there is none. */
static bool write_waiting(struct kb_card *card, struct kb_cat_command *command,
                          struct kb_writer *wr)
{
    const struct kb_toolkit *toolkit = &card->toolkit;
    bool is_report = toolkit->is_fetched ? toolkit->is_report : kb_inbox_has_report(card);
    uint8_t bytes[KB_CAT_MAX];
    struct kb_writer scratch = kb_wr(bytes, sizeof(bytes));

    memset(command, 0, sizeof(*command));
    if (is_report)
        kb_inbox_report(card, command);
    else if (!kb_card_application(card)->next(card, command, &scratch) || scratch.is_bad)
        return false;
    command->number =
        toolkit->is_fetched ? toolkit->number : (uint8_t)(toolkit->number % NUMBER_MAX + 1);
    kb_cat_command_write(wr, command);
    return !wr->is_bad;
}

/* Between two blocks of a transfer the status word has room to say that a command waits, but not
 * how long it is: 62F2 for 62F1, 63F2 for 63F1 (TS 102 221 clause 10.2.1). */
static bool is_between_blocks(enum kb_sw sw)
{
    return sw == KB_SW_MORE_DATA_AVAILABLE || sw == KB_SW_MORE_DATA_EXPECTED;
}

enum kb_sw kb_toolkit_announce(struct kb_card *card, enum kb_sw sw)
{
    struct kb_toolkit *toolkit = &card->toolkit;
    uint8_t bytes[KB_CAT_MAX];
    struct kb_writer wr = kb_wr(bytes, sizeof(bytes));
    struct kb_cat_command command;

    if (sw != KB_SW_OK && !is_between_blocks(sw))
        return sw;
    toolkit->waiting = 0;
    if (!toolkit->has_profile || toolkit->is_fetched)
        return sw;
    if (!write_waiting(card, &command, &wr))
        return sw;
    toolkit->waiting = (uint8_t)wr.len;
    if (sw != KB_SW_OK)
        return (enum kb_sw)(sw + 1);
    return (enum kb_sw)(KB_SW_PROACTIVE_COMMAND | wr.len);
}

enum kb_sw kb_toolkit_profile(struct kb_card *card, const struct kb_apdu *cmd,
                              struct kb_writer *out)
{
    (void)out;
    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (!cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    card->toolkit.has_profile = true;
    kb_card_application(card)->profile(card, cmd->data);
    return KB_SW_OK;
}

/* Out of sequence it is a technical problem, as GET RESPONSE is. A terminal that lost the answer
 * may ask again until it has responded. */
enum kb_sw kb_toolkit_fetch(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    struct kb_toolkit *toolkit = &card->toolkit;
    struct kb_cat_command command;

    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (!toolkit->has_profile || !write_waiting(card, &command, out))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    if (cmd->has_le && cmd->ne < 256 && cmd->ne != out->len)
        return (enum kb_sw)(KB_SW_CORRECT_LENGTH | out->len);
    if (!toolkit->is_fetched)
        toolkit->is_report = kb_inbox_has_report(card);
    toolkit->is_fetched = true;
    toolkit->number = command.number;
    toolkit->type = command.type;
    return KB_SW_OK;
}

/* A response to another command than the one that was fetched changes nothing: the terminal still
 * owes the right one. Data objects that the card does not know are passed over. */
enum kb_sw kb_toolkit_response(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    struct kb_toolkit *toolkit = &card->toolkit;
    struct kb_cat_response response;

    (void)out;
    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (!toolkit->is_fetched)
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    if (kb_cat_response_read(cmd->data, &response) == KB_ERR_MALFORMED ||
        response.number != toolkit->number || response.type != toolkit->type)
        return KB_SW_INCORRECT_DATA;
    toolkit->is_fetched = false;
    if (toolkit->is_report)
        kb_inbox_forget_report(card);
    else
        kb_card_application(card)->done(card, &response);
    return KB_SW_OK;
}

/* The envelopes this card takes, and the object without which each says nothing. */
static const struct {
    uint8_t tag;
    uint8_t needs; /* enum kb_cat_object */
} envelopes[] = {
    {KB_CAT_SMS_PP_DOWNLOAD, KB_CAT_TPDU},   /* TS 31.111 7.1.1.2 */
    {KB_CAT_MENU_SELECTION, KB_CAT_ITEM},    /* TS 102 223 7.2.2 */
    {KB_CAT_EVENT_DOWNLOAD, KB_CAT_EVENTS},  /* TS 102 223 7.5 */
    {KB_CAT_TIMER_EXPIRATION, KB_CAT_TIMER}, /* TS 102 223 7.4.2 */
};

static bool is_complete(const struct kb_cat_envelope *envelope)
{
    for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++)
        if (envelopes[i].tag == envelope->tag)
            return kb_cat_has(&envelope->with, envelopes[i].needs);
    return false;
}

enum kb_sw kb_toolkit_envelope(struct kb_card *card, const struct kb_apdu *cmd,
                               struct kb_writer *out)
{
    struct kb_cat_envelope envelope;

    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (kb_cat_envelope_read(cmd->data, &envelope) == KB_ERR_MALFORMED || !is_complete(&envelope))
        return KB_SW_INCORRECT_DATA;
    if (envelope.tag == KB_CAT_SMS_PP_DOWNLOAD)
        return kb_inbox_short_message(card, &envelope, out);
    kb_card_application(card)->event(card, &envelope);
    return KB_SW_OK;
}
