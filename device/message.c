/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages: SEND SHORT MESSAGE (ETSI TS 102 223 clause 6.4.10), and those that arrive, for
 * the card (3GPP TS 31.111 clause 7.1.1) or for the user. */
#include "device/inside.h"
#include "device/text.h"

/* TP-FCS, 3GPP TS 23.040 clause 9.2.3.22. */
enum {
    STORAGE_FULL = 0xD0,
    TOOLKIT_BUSY = 0xD4,
    DOWNLOAD_ERROR = 0xD5,
    UNSPECIFIED = 0xFF,
    PACKING_REQUIRED = 0x01,
    DCS_ALPHABET = 0x0C /* TS 23.038 clause 4 */
};

/* --- Out --- */

/* TS 23.040 clause 9.2.3.12. */
static size_t validity_size(const struct kb_sms *sms)
{
    uint8_t format = sms->flags & KB_SMS_VALIDITY;

    return !format ? 0 : format == KB_SMS_VALIDITY_RELATIVE ? 1 : KB_SMS_TIME;
}

/* The text, one character a byte, is packed by the terminal (clauses 6.4.10 and 8.6): TP-DCS says
 * 7-bit then, and TP-UDL counts the same characters. Empty: that cannot be. */
static struct kb_span pack(struct kb_span tpdu, struct kb_writer *room)
{
    char text[KB_TERMINAL_TEXT];
    struct kb_cat_text coded;
    struct kb_sms sms;
    size_t start = room->len, head;

    if (kb_sms_parse(tpdu, KB_SMS_SUBMIT, &sms) || sms.flags & KB_SMS_HAS_HEADER ||
        (sms.dcs & DCS_ALPHABET) != KB_CAT_DCS_8BIT)
        return kb_span(NULL, 0);
    head = tpdu.len - sms.user_data.len - 1;
    kb_wr_copy(room, tpdu.data, head);
    if (!room->is_bad)
        room->data[start + head - 1 - validity_size(&sms)] = sms.dcs & (uint8_t)~DCS_ALPHABET;
    kb_wr_u8(room, (uint8_t)sms.user_data.len);
    coded = (struct kb_cat_text){.dcs = KB_CAT_DCS_8BIT, .bytes = sms.user_data};
    kb_terminal_text_decode(&coded, text, sizeof(text));
    if (kb_terminal_text_encode(KB_CAT_DCS_GSM7_PACKED, text, room) || room->is_bad)
        return kb_span(NULL, 0);
    return kb_span(room->data + start, room->len - start);
}

KB_PERFORM(message)
{
    const struct kb_cat_objects *with = &work->command->with;
    struct kb_span centre = kb_span(terminal->centre, terminal->centre_len), tpdu = with->tpdu;

    if (work->command->qualifier & PACKING_REQUIRED)
        tpdu = pack(tpdu, &work->scratch);
    if (!tpdu.len)
        return kb_terminal_result(work, KB_CAT_DATA_NOT_UNDERSTOOD);
    if (!kb_terminal_has_service(terminal))
        return kb_terminal_result_with(work, KB_CAT_TERMINAL_BUSY, KB_TERMINAL_NO_SERVICE);
    if (kb_cat_has(with, KB_CAT_ADDRESS))
        centre = with->address;
    kb_terminal_tell_progress(terminal, with);
    terminal->port->submit(terminal->port->ctx, tpdu, centre);
    return KB_PERFORMING;
}

KB_FINISH(message)
{
    if (terminal->command.has_additional)
        kb_terminal_result_with(work, terminal->command.result, terminal->command.additional);
    else
        kb_terminal_result(work, terminal->command.result);
}

void kb_terminal_submitted(struct kb_terminal *terminal, bool is_accepted, uint8_t cause)
{
    struct kb_terminal_command *command = &terminal->command;

    if (!command->is_open || command->is_done || command->type != KB_CAT_SEND_SHORT_MESSAGE)
        return;
    command->is_done = true;
    command->result = is_accepted ? KB_CAT_OK : KB_CAT_SMS_RP_ERROR;
    command->has_additional = !is_accepted;
    command->additional = cause;
    kb_terminal_run(terminal);
}

/* --- In --- */

/* TS 23.038 clause 4: of class 2 for certain, whatever else the coding group says. */
static bool is_class_2(uint8_t dcs)
{
    bool has_class = (dcs & 0xF0) == 0xF0 || (dcs & 0x90) == 0x10;

    return has_class && (dcs & 0x03) == 2;
}

static bool is_for_card(const struct kb_sms *sms)
{
    return sms->pid == KB_SMS_PID_USIM_DOWNLOAD && is_class_2(sms->dcs);
}

/* fcs 0: RP-ACK. What the card answered goes along. */
static bool put_report(struct kb_writer *wr, const struct kb_sms *sms, uint8_t fcs,
                       struct kb_span data)
{
    struct kb_sms report = {.kind = fcs ? KB_SMS_DELIVER_REPORT_ERROR : KB_SMS_DELIVER_REPORT,
                            .cause = fcs,
                            .pid = sms->pid,
                            .dcs = sms->dcs,
                            .user_data = data};

    if (data.len && data.len <= KB_SMS_USER_DATA - 12 && !kb_sms_counts_septets(sms->dcs))
        report.present = KB_SMS_HAS_PID | KB_SMS_HAS_DCS | KB_SMS_HAS_USER_DATA;
    kb_sms_write(wr, &report);
    return !fcs;
}

/* What the card's status word means for the network, TS 31.111 clause 7.1.1.1. */
static uint8_t cause_of(const struct kb_answer *answer)
{
    if (kb_terminal_is_good(answer))
        return 0;
    return answer->sw == KB_SW_TOOLKIT_BUSY ? TOOLKIT_BUSY : DOWNLOAD_ERROR;
}

static bool hand_to_card(struct kb_terminal *terminal, struct kb_span tpdu,
                         const struct kb_sms *sms, struct kb_writer *report)
{
    struct kb_cat_envelope envelope = {.tag = KB_CAT_SMS_PP_DOWNLOAD,
                                       .source = KB_CAT_NETWORK,
                                       .destination = KB_CAT_UICC,
                                       .with = {.tpdu = tpdu}};
    struct kb_answer answer;
    enum kb_err err;

    if (!terminal->has_sms_download)
        return put_report(report, sms, STORAGE_FULL, kb_span(NULL, 0));
    kb_cat_add(&envelope.with, KB_CAT_TPDU);
    err = kb_terminal_envelope(terminal, &envelope, &answer);
    if (err)
        return false;
    return put_report(report, sms, cause_of(&answer), kb_span(answer.data, answer.len));
}

bool kb_terminal_deliver(struct kb_terminal *terminal, struct kb_span tpdu,
                         struct kb_writer *report)
{
    struct kb_sms sms;
    bool is_taken;

    if (terminal->phase != KB_TERMINAL_READY)
        return false;
    if (kb_sms_parse(tpdu, KB_SMS_DELIVER, &sms)) {
        sms = (struct kb_sms){0};
        return put_report(report, &sms, UNSPECIFIED, kb_span(NULL, 0));
    }
    if (is_for_card(&sms)) {
        is_taken = hand_to_card(terminal, tpdu, &sms, report);
    } else {
        if (terminal->port->message)
            terminal->port->message(terminal->port->ctx, tpdu);
        is_taken =
            put_report(report, &sms, terminal->port->message ? 0 : STORAGE_FULL, kb_span(NULL, 0));
    }
    kb_terminal_run(terminal);
    return is_taken;
}
