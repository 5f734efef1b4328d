/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/rig_reader.h"

#include <string.h>

static struct rig *rig_of(struct kb_reader *reader)
{
    return ((struct rig_reader *)reader)->rig;
}

static enum kb_err wait_card(struct kb_reader *reader, bool present, int timeout_ms,
                             struct kb_report *why)
{
    (void)reader, (void)timeout_ms;
    return present ? KB_OK : kb_report(why, KB_ERR_TIMEOUT, "the card stays");
}

static enum kb_err power_up(struct kb_reader *reader, uint8_t *atr, size_t *atr_len,
                            struct kb_report *why)
{
    struct rig *rig = rig_of(reader);

    if (kb_card_power_up(&rig->card, &rig->port, atr, atr_len))
        return kb_report(why, KB_ERR_NO_CARD, "the card does not come up");
    return KB_OK;
}

static enum kb_err transmit(struct kb_reader *reader, struct kb_span cmd, uint8_t *rsp, size_t *len,
                            struct kb_report *why)
{
    struct rig *rig = rig_of(reader);

    rig_send_bytes(rig, cmd);
    memcpy(rsp, rig->response, rig->response_len);
    *len = rig->response_len;
    /* A card without power answers nothing at all. */
    if (rig->fault.is_off)
        return kb_report(why, KB_ERR_NO_CARD, "the card lost power");
    return KB_OK;
}

static void power_down(struct kb_reader *reader)
{
    (void)reader;
}

static const struct kb_reader_ops ops = {wait_card, power_up, transmit, power_down, power_down};

void rig_reader_init(struct rig_reader *reader, struct rig *rig)
{
    *reader = (struct rig_reader){.reader = {.ops = &ops, .name = "rig"}, .rig = rig};
}
