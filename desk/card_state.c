/* SPDX-License-Identifier: Apache-2.0 */
/* GET PERSO STATE and its answer E1. */

#include "desk/card_state.h"

#include <string.h>

#include "desk/talk.h"
#include "wire/tlv.h"

enum {
    TAG_STATE = 0xE1,
    TAG_ID = 0x5A,
    TAG_LIFE_CYCLE = 0x80,
    TAG_FIELD = 0xA1,
    TAG_NUMBER = 0x80,
    TAG_FIELD_STATE = 0x81,
    TAG_TRIES = 0x82,
    TAG_PRESENT = 0xA3,
    TAG_MISSING = 0xA4,
    TAG_MANDATORY = 0x8D
};

static uint8_t byte_of(struct kb_span input, uint32_t tag)
{
    struct kb_span value;

    return kb_tlv_find(input, tag, &value) && value.len == 1 ? value.data[0] : 0xFF;
}

static void take_field(struct kb_card_state *state, struct kb_span field)
{
    state->has_field = true;
    state->state = byte_of(field, TAG_FIELD_STATE);
    state->tries = byte_of(field, TAG_TRIES);
    if (!kb_tlv_find(field, TAG_PRESENT, &state->present))
        state->present = kb_span(NULL, 0);
    if (!kb_tlv_find(field, TAG_MISSING, &state->missing))
        state->missing = kb_span(NULL, 0);
}

static bool parse(struct kb_card_state *state, uint8_t number)
{
    struct kb_span whole, value;
    struct kb_cursor rd;
    struct kb_tlv tlv;

    if (!kb_tlv_find(kb_span(state->answer.data, state->answer.len), TAG_STATE, &whole))
        return false;
    if (kb_tlv_find(whole, TAG_ID, &value) && value.len < sizeof state->id && value.len > 0)
        memcpy(state->id, value.data, value.len);
    state->life_cycle = byte_of(whole, TAG_LIFE_CYCLE);
    for (rd = kb_rd(whole); kb_tlv_next(&rd, &tlv);)
        if (tlv.tag == TAG_FIELD && byte_of(tlv.value, TAG_NUMBER) == number)
            take_field(state, tlv.value);
    return kb_rd_is_done(&rd);
}

enum kb_err kb_card_state_get(struct kb_reader *reader, const struct kb_entity_field *field,
                              struct kb_card_state *state, struct kb_report *why)
{
    static const char what[] = "GET PERSO STATE";
    enum kb_err err;

    memset(state, 0, sizeof *state);
    err = kb_talk_ok(reader, what, field->state, kb_span(NULL, 0), true, &state->answer, why);
    if (!err && !parse(state, field->number))
        err = kb_report(why, KB_ERR_CARD, "%s: the answer is malformed", what);
    return err;
}

static bool is_listed(struct kb_span list, struct kb_span name)
{
    struct kb_cursor rd = kb_rd(list);
    struct kb_tlv tlv;

    while (kb_tlv_next(&rd, &tlv))
        if (tlv.value.len == name.len && memcmp(tlv.value.data, name.data, name.len) == 0)
            return true;
    return false;
}

bool kb_card_state_has(const struct kb_card_state *state, const struct kb_record *record)
{
    struct kb_record_value value;
    struct kb_span mandatory;

    for (size_t at = 0; kb_record_next(record, &at, &value);)
        if (value.name.len && !is_listed(state->present, value.name))
            return false;
    return !kb_tlv_find(state->missing, TAG_MANDATORY, &mandatory);
}
