/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal reads when it starts up (3GPP TS 31.102 clause 5.1.1): EF.ICCID, EF.DIR, then of
 * the USIM EF.AD, EF.IMSI, EF.ACC, EF.UST and EF.SMSP. */
#include <string.h>

#include "device/inside.h"
#include "wire/tlv.h"

enum {
    EF_ICCID = 0x2FE2,
    EF_DIR = 0x2F00,
    DIR_RECORDS = 32, /* more than any card has applications */
    TAG_APPLICATION = 0x61,
    TAG_AID = 0x4F,
    USIM_RID = 7,
    ICCID_SIZE = 10
};

/* RID of 3GPP and the application code of the USIM, TS 101 220 annex E. */
static const uint8_t usim[USIM_RID] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};

static enum kb_err select_file(struct kb_terminal *terminal, uint16_t id, struct kb_answer *answer,
                               struct kb_report *why)
{
    uint8_t bytes[2] = {(uint8_t)(id >> 8), (uint8_t)id};
    struct kb_apdu apdu = {.ins = 0xA4, .p2 = 0x0C, .data = kb_span(bytes, 2)};

    return kb_terminal_talk(terminal, &apdu, answer, why);
}

/* Leaves the answer empty when there is no such file or it cannot be read. */
static enum kb_err read_binary(struct kb_terminal *terminal, uint16_t id, struct kb_answer *answer,
                               struct kb_report *why)
{
    struct kb_apdu apdu = {.ins = 0xB0, .has_le = true, .ne = 256};
    enum kb_err err = select_file(terminal, id, answer, why);

    if (!err && kb_terminal_is_good(answer))
        err = kb_terminal_talk(terminal, &apdu, answer, why);
    if (!kb_terminal_is_good(answer) && answer->sw != KB_SW_END_OF_FILE)
        answer->len = 0;
    return err;
}

static enum kb_err read_record(struct kb_terminal *terminal, uint8_t number,
                               struct kb_answer *answer, struct kb_report *why)
{
    struct kb_apdu apdu = {.ins = 0xB2, .p1 = number, .p2 = 0x04, .has_le = true, .ne = 256};
    enum kb_err err = kb_terminal_talk(terminal, &apdu, answer, why);

    if (!kb_terminal_is_good(answer))
        answer->len = 0;
    return err;
}

/* --- The USIM --- */

static bool take_aid(struct kb_terminal *terminal, const struct kb_answer *record)
{
    struct kb_span application, aid;

    if (!kb_tlv_find(kb_span(record->data, record->len), TAG_APPLICATION, &application) ||
        !kb_tlv_find(application, TAG_AID, &aid))
        return false;
    if (aid.len < USIM_RID || aid.len > KB_TERMINAL_AID || memcmp(aid.data, usim, USIM_RID) != 0)
        return false;
    memcpy(terminal->aid, aid.data, aid.len);
    terminal->aid_len = (uint8_t)aid.len;
    return true;
}

/* The first USIM of EF.DIR; one whose AID begins as that of every USIM when EF.DIR names none. */
static enum kb_err find_usim(struct kb_terminal *terminal, struct kb_answer *answer,
                             struct kb_report *why)
{
    enum kb_err err = select_file(terminal, EF_DIR, answer, why);
    bool is_found = false;

    for (uint8_t i = 1; !err && !is_found && kb_terminal_is_good(answer) && i <= DIR_RECORDS; i++) {
        err = read_record(terminal, i, answer, why);
        is_found = !err && take_aid(terminal, answer);
    }
    if (!is_found) {
        memcpy(terminal->aid, usim, USIM_RID);
        terminal->aid_len = USIM_RID;
    }
    return err;
}

static void take_iccid(struct kb_terminal *terminal, const struct kb_answer *answer)
{
    size_t len = 0;

    if (answer->len < ICCID_SIZE ||
        kb_bcd_decode(kb_span(answer->data, ICCID_SIZE), terminal->iccid, KB_ICCID_MAX, &len))
        len = 0;
    terminal->iccid[len] = 0;
}

enum kb_err kb_terminal_select_usim(struct kb_terminal *terminal, struct kb_answer *answer,
                                    struct kb_report *why)
{
    struct kb_apdu apdu = {.ins = 0xA4, .p1 = 0x04, .p2 = 0x04, .has_le = true, .ne = 256};
    enum kb_err err = select_file(terminal, 0x3F00, answer, why);

    if (!err)
        err = read_binary(terminal, EF_ICCID, answer, why);
    if (!err) {
        take_iccid(terminal, answer);
        err = find_usim(terminal, answer, why);
    }
    if (err)
        return err;
    apdu.data = kb_span(terminal->aid, terminal->aid_len);
    err = kb_terminal_talk(terminal, &apdu, answer, why);
    if (!err && !kb_terminal_is_good(answer))
        err = kb_report(why, KB_ERR_CARD, "%s: the card has no USIM", terminal->reader->name);
    return err;
}

/* --- Its files --- */

static void take_imsi(struct kb_terminal *terminal, struct kb_span body)
{
    size_t len = 0;

    if (body.len < 9 || kb_imsi_decode(body.data, terminal->imsi, &len))
        len = 0;
    terminal->imsi[len] = 0;
}

/* TS 31.102 clause 4.2.18: the fourth byte is the length of the MNC. */
static void take_administrative(struct kb_terminal *terminal, struct kb_span body)
{
    terminal->mnc_length = body.len >= 4 && (body.data[3] & 0x0F) == 3 ? 3 : 2;
}

static void take_classes(struct kb_terminal *terminal, struct kb_span body)
{
    if (body.len >= 2)
        memcpy(terminal->access_classes, body.data, 2);
}

static void take_services(struct kb_terminal *terminal, struct kb_span body)
{
    size_t bit = KB_TERMINAL_SERVICE_SMS_PP - 1;

    terminal->has_sms_download = body.len > bit / 8 && body.data[bit / 8] >> bit % 8 & 1;
}

static const struct {
    uint16_t id; /* clause of TS 31.102 */
    void (*take)(struct kb_terminal *terminal, struct kb_span body);
} files[] = {
    {0x6FAD, take_administrative}, /* EF.AD, 4.2.18 */
    {0x6F07, take_imsi},           /* EF.IMSI, 4.2.2 */
    {0x6F78, take_classes},        /* EF.ACC, 4.2.15 */
    {0x6F38, take_services},       /* EF.UST, 4.2.8 */
};

/* The last 28 bytes of a record: indicators (bit 2 clear: there is a centre), destination (12),
 * centre (12: length, type, digits), PID, DCS, validity. TS 31.102 clause 4.2.27. */
static void take_centre(struct kb_terminal *terminal, const struct kb_answer *record)
{
    enum { FIXED = 28, CENTRE = 13 };
    const uint8_t *fixed = record->data + record->len - FIXED;

    terminal->centre_len = 0;
    if (record->len < FIXED || fixed[0] & 0x02 || fixed[CENTRE] > KB_TERMINAL_CENTRE)
        return;
    terminal->centre_len = fixed[CENTRE];
    memcpy(terminal->centre, fixed + CENTRE + 1, terminal->centre_len);
}

enum kb_err kb_terminal_read_files(struct kb_terminal *terminal, struct kb_report *why)
{
    struct kb_answer answer = {.len = 0};
    enum kb_err err = KB_OK;

    for (size_t i = 0; !err && i < sizeof(files) / sizeof(files[0]); i++) {
        err = read_binary(terminal, files[i].id, &answer, why);
        if (!err)
            files[i].take(terminal, kb_span(answer.data, answer.len));
    }
    if (!err)
        err = select_file(terminal, 0x6F42, &answer, why);
    if (!err && kb_terminal_is_good(&answer))
        err = read_record(terminal, 1, &answer, why);
    if (!err)
        take_centre(terminal, &answer);
    return err;
}
