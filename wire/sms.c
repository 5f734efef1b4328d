/* SPDX-License-Identifier: Apache-2.0 */
/* TPDUs of short messages. */
#include "wire/sms.h"

#include <string.h>

enum {
    MTI = 0x03,
    ADDRESS_LETTERS = 0x50, /* type of number, clause 9.1.2.5 */
    ADDRESS_TYPE_MASK = 0x70,
    PRESENT_EXTENDED = 0x80, /* another TP-PI follows, clause 9.2.3.27 */
    DCS_COMPRESSED = 0x20
};

/* Parts of a TPDU in their order. */
enum part {
    PART_REFERENCE = 0x01,
    PART_ADDRESS = 0x02,
    PART_CAUSE = 0x04,
    PART_PRESENT = 0x08, /* and with it, what follows it is there if it says so */
    PART_TIME_EARLY = 0x10,
    PART_TIME_LATE = 0x20, /* behind PID and DCS */
    PART_VALIDITY = 0x40
};

/* Clauses 9.2.2.1 to 9.2.2.2a. */
static const struct {
    uint8_t mti, parts, most;
} kinds[] = {
    [KB_SMS_DELIVER] = {0, PART_ADDRESS | PART_TIME_LATE, KB_SMS_USER_DATA},
    [KB_SMS_SUBMIT] = {1, PART_REFERENCE | PART_ADDRESS | PART_VALIDITY, KB_SMS_USER_DATA},
    [KB_SMS_DELIVER_REPORT] = {0, PART_PRESENT, 159},
    [KB_SMS_DELIVER_REPORT_ERROR] = {0, PART_CAUSE | PART_PRESENT, 158},
    [KB_SMS_SUBMIT_REPORT] = {1, PART_PRESENT | PART_TIME_EARLY, 152},
    [KB_SMS_SUBMIT_REPORT_ERROR] = {1, PART_CAUSE | PART_PRESENT | PART_TIME_EARLY, 151},
};

static const char semi_octets[] = "0123456789*#abc"; /* clause 9.1.2.3 */

/* TP-VPF: none, enhanced, relative, absolute (clause 9.2.3.3). */
static const uint8_t validity_sizes[] = {0, KB_SMS_TIME, 1, KB_SMS_TIME};

static size_t validity_size(const struct kb_sms *sms)
{
    return validity_sizes[(sms->flags & KB_SMS_VALIDITY) >> 3];
}

static bool has_part(const struct kb_sms *sms, enum part part)
{
    return kinds[sms->kind].parts & part;
}

/* Everything outside of reports, and in them what TP-PI names. */
static bool has_field(const struct kb_sms *sms, enum kb_sms_present field)
{
    return !has_part(sms, PART_PRESENT) || (sms->present & field);
}

bool kb_sms_counts_septets(uint8_t dcs)
{
    unsigned group = dcs >> 4;

    if (group < 0x8) /* general, and marked for deletion: bits 4 and 3 are the alphabet */
        return !(dcs & DCS_COMPRESSED) && (dcs >> 2 & 0x3) != 1 && (dcs >> 2 & 0x3) != 2;
    if (group == 0xE) /* message waiting, UCS2 */
        return false;
    if (group == 0xF)
        return !(dcs & 0x04);
    return true; /* message waiting; reserved groups are taken as the default alphabet */
}

/* The semi-octet that stands for this character; the number of them when none does. */
static unsigned semi_octet_of(uint8_t character)
{
    unsigned value = 0;

    while (value < sizeof(semi_octets) - 1 && semi_octets[value] != (char)character)
        value++;
    return value;
}

enum kb_err kb_sms_address_set(struct kb_sms_address *address, uint8_t type, struct kb_span digits)
{
    memset(address, 0, sizeof(*address));
    if (digits.len > KB_SMS_ADDRESS_DIGITS)
        return KB_ERR_TOO_LONG;
    memset(address->digits, 0xFF, (digits.len + 1) / 2);
    for (size_t i = 0; i < digits.len; i++) {
        unsigned value = semi_octet_of(digits.data[i]), shift = i % 2 * 4;

        if (value == sizeof(semi_octets) - 1)
            return KB_ERR_MALFORMED;
        address->digits[i / 2] =
            (uint8_t)((address->digits[i / 2] & ~(0xFu << shift)) | value << shift);
    }
    address->type = type;
    address->count = (uint8_t)digits.len;
    return KB_OK;
}

size_t kb_sms_address_digits(const struct kb_sms_address *address, char out[KB_SMS_ADDRESS_DIGITS])
{
    size_t len = 0;

    if ((address->type & ADDRESS_TYPE_MASK) == ADDRESS_LETTERS)
        return 0;
    while (len < address->count && len < KB_SMS_ADDRESS_DIGITS) {
        unsigned value = (unsigned)address->digits[len / 2] >> len % 2 * 4 & 0xF;

        if (value >= sizeof(semi_octets) - 1)
            break;
        out[len++] = semi_octets[value];
    }
    return len;
}

bool kb_sms_address_is_same(const struct kb_sms_address *a, const struct kb_sms_address *b)
{
    return a->type == b->type && a->count == b->count &&
           memcmp(a->digits, b->digits, sizeof(a->digits)) == 0;
}

static void read_address(struct kb_cursor *rd, struct kb_sms_address *address)
{
    address->count = kb_rd_u8(rd);
    address->type = kb_rd_u8(rd);
    if (address->count > KB_SMS_ADDRESS_DIGITS) {
        rd->is_bad = true;
        address->count = 0;
    }
    kb_rd_copy(rd, address->digits, (address->count + 1u) / 2);
}

static void read_present(struct kb_cursor *rd, struct kb_sms *sms)
{
    uint8_t more;

    sms->present = more = kb_rd_u8(rd);
    while (more & PRESENT_EXTENDED)
        more = kb_rd_u8(rd);
    sms->present &= (uint8_t)~PRESENT_EXTENDED;
}

static void read_user_data(struct kb_cursor *rd, struct kb_sms *sms)
{
    size_t len = sms->length = kb_rd_u8(rd);

    if (kb_sms_counts_septets(sms->dcs))
        len = (len * 7 + 7) / 8;
    if (len > kinds[sms->kind].most)
        rd->is_bad = true;
    sms->user_data = kb_rd_span(rd, len);
}

enum kb_err kb_sms_parse(struct kb_span tpdu, enum kb_sms_kind kind, struct kb_sms *out)
{
    struct kb_cursor rd = kb_rd(tpdu);
    uint8_t first = kb_rd_u8(&rd);

    memset(out, 0, sizeof(*out));
    out->kind = kind;
    out->flags = (uint8_t)(first & ~MTI);
    out->user_data = kb_span(tpdu.data, 0);
    if ((first & MTI) != kinds[kind].mti)
        return KB_ERR_MALFORMED;
    if (has_part(out, PART_REFERENCE))
        out->reference = kb_rd_u8(&rd);
    if (has_part(out, PART_ADDRESS))
        read_address(&rd, &out->address);
    if (has_part(out, PART_CAUSE))
        out->cause = kb_rd_u8(&rd);
    if (has_part(out, PART_PRESENT))
        read_present(&rd, out);
    if (has_part(out, PART_TIME_EARLY))
        kb_rd_copy(&rd, out->time, KB_SMS_TIME);
    if (has_field(out, KB_SMS_HAS_PID))
        out->pid = kb_rd_u8(&rd);
    if (has_field(out, KB_SMS_HAS_DCS))
        out->dcs = kb_rd_u8(&rd);
    if (has_part(out, PART_TIME_LATE))
        kb_rd_copy(&rd, out->time, KB_SMS_TIME);
    if (has_part(out, PART_VALIDITY))
        kb_rd_copy(&rd, out->validity, validity_size(out));
    if (has_field(out, KB_SMS_HAS_USER_DATA))
        read_user_data(&rd, out);
    return kb_rd_is_done(&rd) ? KB_OK : KB_ERR_MALFORMED;
}

static void write_address(struct kb_writer *wr, const struct kb_sms_address *address)
{
    if (address->count > KB_SMS_ADDRESS_DIGITS) {
        wr->is_bad = true;
        return;
    }
    kb_wr_u8(wr, address->count);
    kb_wr_u8(wr, address->type);
    kb_wr_copy(wr, address->digits, (address->count + 1u) / 2);
}

static void write_user_data(struct kb_writer *wr, const struct kb_sms *sms)
{
    if (kb_sms_counts_septets(sms->dcs) || sms->user_data.len > kinds[sms->kind].most) {
        wr->is_bad = true;
        return;
    }
    kb_wr_u8(wr, (uint8_t)sms->user_data.len);
    kb_wr_copy(wr, sms->user_data.data, sms->user_data.len);
}

void kb_sms_write(struct kb_writer *wr, const struct kb_sms *sms)
{
    kb_wr_u8(wr, (uint8_t)((sms->flags & ~MTI) | kinds[sms->kind].mti));
    if (has_part(sms, PART_REFERENCE))
        kb_wr_u8(wr, sms->reference);
    if (has_part(sms, PART_ADDRESS))
        write_address(wr, &sms->address);
    if (has_part(sms, PART_CAUSE))
        kb_wr_u8(wr, sms->cause);
    if (has_part(sms, PART_PRESENT))
        kb_wr_u8(wr, (uint8_t)(sms->present & ~PRESENT_EXTENDED));
    if (has_part(sms, PART_TIME_EARLY))
        kb_wr_copy(wr, sms->time, KB_SMS_TIME);
    if (has_field(sms, KB_SMS_HAS_PID))
        kb_wr_u8(wr, sms->pid);
    if (has_field(sms, KB_SMS_HAS_DCS))
        kb_wr_u8(wr, sms->dcs);
    if (has_part(sms, PART_TIME_LATE))
        kb_wr_copy(wr, sms->time, KB_SMS_TIME);
    if (has_part(sms, PART_VALIDITY))
        kb_wr_copy(wr, sms->validity, validity_size(sms));
    if (has_field(sms, KB_SMS_HAS_USER_DATA))
        write_user_data(wr, sms);
}
