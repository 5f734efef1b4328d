/* SPDX-License-Identifier: Apache-2.0 */
/* GET CHALLENGE and TERMINAL CAPABILITY (TS 102 221 clauses 11.1.18 and 11.1.19). */

#include "card/card.h"
#include "card/uicc/uicc.h"
#include "wire/tlv.h"

enum {
    CHALLENGE_MAX = 256,
    TAG_CAPABILITIES = 0xA9,
    TAG_POWER = 0x80,
    TAG_CHANNELS = 0x81,
    TAG_INTERFACES = 0x82
};

enum kb_sw kb_uicc_challenge(struct kb_card *card, const struct kb_apdu *cmd, struct kb_writer *out)
{
    uint8_t *room;

    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (cmd->data.len || !cmd->has_le || cmd->ne > CHALLENGE_MAX)
        return KB_SW_WRONG_LENGTH;
    room = kb_wr_reserve(out, cmd->ne);
    if (!room || card->port->random(card->port->random_ctx, room, cmd->ne))
        return KB_SW_NO_PRECISE_DIAGNOSIS;
    return KB_SW_OK;
}

/* Clauses 11.1.19.2.1 to 11.1.19.2.3; what later releases added is the eUICC's and passed over. */
static bool is_capability(const struct kb_tlv *object)
{
    switch (object->tag) {
    case TAG_POWER:
        return object->value.len == 3;
    case TAG_CHANNELS:
        return object->value.len == 0;
    case TAG_INTERFACES:
        return object->value.len == 1;
    default:
        return true;
    }
}

/* The card draws no more current than any terminal gives, has channels for all, and no interface
 * but this one: it has nothing to keep. */
enum kb_sw kb_uicc_capability(struct kb_card *card, const struct kb_apdu *cmd,
                              struct kb_writer *out)
{
    struct kb_cursor rd = kb_rd(cmd->data);
    struct kb_tlv object;

    (void)card, (void)out;
    if (kb_apdu_p1p2(cmd))
        return KB_SW_INCORRECT_P1_P2;
    if (!cmd->data.len)
        return KB_SW_WRONG_LENGTH;
    if (!kb_tlv_next(&rd, &object) || object.tag != TAG_CAPABILITIES || kb_rd_left(&rd))
        return KB_SW_INCORRECT_DATA;
    rd = kb_rd(object.value);
    while (kb_tlv_next(&rd, &object))
        if (!is_capability(&object))
            return KB_SW_INCORRECT_DATA;
    return kb_rd_is_done(&rd) ? KB_SW_OK : KB_SW_INCORRECT_DATA;
}
