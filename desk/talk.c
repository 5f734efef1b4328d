/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to a card, with refusals told in words. */

#include "desk/talk.h"

static const struct {
    uint16_t sw, mask;
    const char *text;
} words[] = {
    {KB_SW_AUTHENTICATION_FAILED, 0xFFFF, "wrong keys"},
    {KB_SW_VERIFY_FAILED, 0xFFF0, "wrong code"},
    {KB_SW_MEMORY_PROBLEM, 0xFFFF, "the card's memory failed"},
    {KB_SW_WRONG_LENGTH, 0xFFFF, "wrong length"},
    {KB_SW_SECURITY_NOT_SATISFIED, 0xFFFF, "a code has to be given first"},
    {KB_SW_BLOCKED, 0xFFFF, "blocked"},
    {KB_SW_CONDITIONS_NOT_SATISFIED, 0xFFFF, "not allowed in this state"},
    {KB_SW_INCORRECT_DATA, 0xFFFF, "a value is refused"},
    {KB_SW_FUNCTION_NOT_SUPPORTED, 0xFFFF, "not supported"},
    {KB_SW_FILE_NOT_FOUND, 0xFFFF, "file or application not found"},
    {KB_SW_NOT_ENOUGH_MEMORY, 0xFFFF, "no room left in the card"},
    {KB_SW_REFERENCED_DATA_NOT_FOUND, 0xFFFF, "unknown item, field or object"},
    {KB_SW_FILE_EXISTS, 0xFFFF, "the file is there already"},
    {KB_SW_DF_NAME_EXISTS, 0xFFFF, "the application is there already"},
    {KB_SW_INS_NOT_SUPPORTED, 0xFFFF, "unknown command"},
    {KB_SW_CLA_NOT_SUPPORTED, 0xFFFF, "unknown class"},
    {KB_SW_AUTHENTICATION_MAC_INCORRECT, 0xFFFF, "the card has another key"},
};

const char *kb_sw_text(uint16_t sw)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if ((sw & words[i].mask) == words[i].sw)
            return words[i].text;
    return "no further reason";
}

enum kb_err kb_talk(struct kb_reader *reader, const uint8_t header[4], struct kb_span data,
                    bool wants_answer, struct kb_answer *answer, struct kb_report *why)
{
    struct kb_apdu cmd = {
        .cla = header[0],
        .ins = header[1],
        .p1 = header[2],
        .p2 = header[3],
        .data = data,
        .has_le = wants_answer,
        .ne = wants_answer ? 256 : 0,
    };

    return kb_exchange(reader, &cmd, answer, why);
}

enum kb_err kb_talk_refused(struct kb_report *why, const char *what, uint16_t sw)
{
    return kb_report(why, KB_ERR_CARD, "%s: refused with %04X (%s)", what, sw, kb_sw_text(sw));
}

enum kb_err kb_talk_ok(struct kb_reader *reader, const char *what, const uint8_t header[4],
                       struct kb_span data, bool wants_answer, struct kb_answer *answer,
                       struct kb_report *why)
{
    enum kb_err err = kb_talk(reader, header, data, wants_answer, answer, why);

    if (err) {
        kb_report_in(why, "%s", what);
        return err;
    }
    return answer->sw == KB_SW_OK ? KB_OK : kb_talk_refused(why, what, answer->sw);
}

enum kb_err kb_talk_power_up(struct kb_reader *reader, struct kb_report *why)
{
    uint8_t atr[33];
    size_t len = 0;

    return reader->ops->power_up(reader, atr, &len, why);
}
