/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal's way to its card: everything crosses a link, and a card whose power was cut is
 * gone. */
#include <string.h>

#include "crypto/secret.h"
#include "sim/inside.h"

static struct kb_sim_phone *phone_of(struct kb_reader *reader)
{
    return (struct kb_sim_phone *)reader;
}

static enum kb_err wait_card(struct kb_reader *reader, bool present, int timeout_ms,
                             struct kb_report *why)
{
    (void)reader, (void)timeout_ms;
    return present ? KB_OK : kb_report(why, KB_ERR_TIMEOUT, "the card stays in");
}

static enum kb_err power_up(struct kb_reader *reader, uint8_t *atr, size_t *atr_len,
                            struct kb_report *why)
{
    struct kb_sim_phone *phone = phone_of(reader);
    enum kb_err err = phone->fault.is_off
                          ? KB_ERR_NO_CARD
                          : kb_card_power_up(&phone->card, &phone->card_port, atr, atr_len);

    phone->is_powered = !err;
    if (err)
        return kb_report(why, err, "the card does not come up: %s", kb_err_text(err));
    return KB_OK;
}

static enum kb_err transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp, size_t *len,
                            struct kb_report *why)
{
    struct kb_sim_phone *phone = phone_of(reader);
    struct kb_span answer;

    if (!phone->is_powered)
        return kb_report(why, KB_ERR_NO_CARD, "the card has no power");
    if (phone->is_on)
        kb_sim_cross(phone->world, KB_LINK_CARD, false, phone->number, "terminal", "card",
                     "command", cmd);
    answer = kb_card_transmit(&phone->card, cmd);
    if (phone->fault.is_off) {
        phone->is_powered = false;
        return kb_report(why, KB_ERR_NO_CARD, "the card lost power");
    }
    memcpy(rsp, answer.data, answer.len);
    *len = answer.len;
    if (phone->is_on)
        kb_sim_cross(phone->world, KB_LINK_CARD, true, phone->number, "card", "terminal", "answer",
                     kb_span(rsp, *len));
    return KB_OK;
}

static void power_down(struct kb_reader *reader)
{
    phone_of(reader)->is_powered = false;
}

const struct kb_reader_ops kb_sim_reader_ops = {wait_card, power_up, transmit, power_down,
                                                power_down};
