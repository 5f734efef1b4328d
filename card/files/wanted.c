/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the template 62 of CREATE FILE and RESIZE FILE. */

#include "card/files/wanted.h"

#include <string.h>

#include "card/files/bertlv.h"
#include "card/files/tree.h"
#include "wire/tlv.h"

enum {
    LCS_ANY = 0x02,         /* a bit of an operational life cycle status that means nothing */
    SPECIAL_READABLE = 0x40 /* read and updated also while deactivated */
};

static const struct {
    uint8_t descriptor; /* with the shareable bit masked out */
    uint8_t kind;
    uint8_t len; /* of the value of DO 82 */
} descriptors[] = {
    {0x38, KB_FILE_DF, 2},     {0x01, KB_FILE_TRANSPARENT, 2}, {0x02, KB_FILE_LINEAR_FIXED, 0},
    {0x06, KB_FILE_CYCLIC, 0}, {0x39, KB_FILE_BER_TLV, 2},
};

static bool take_descriptor(struct kb_wanted *want, struct kb_span value)
{
    struct kb_cursor rd = kb_rd(value);
    uint8_t descriptor = kb_rd_u8(&rd) & 0xBF;
    uint16_t record_size;

    kb_rd_u8(&rd); /* data coding byte: 21 is the only one there is */
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
        if (descriptor == descriptors[i].descriptor)
            want->file.kind = descriptors[i].kind;
    if (!want->file.kind)
        return false;
    if (!kb_file_has_records(&want->file))
        return kb_rd_is_done(&rd);
    record_size = kb_rd_u16(&rd);
    want->file.record_size = (uint8_t)record_size;
    /* The number of records may be left to the size of the file. */
    if (kb_rd_left(&rd))
        want->file.record_count = kb_rd_u8(&rd);
    return kb_rd_is_done(&rd) && record_size >= 1 && record_size <= 255;
}

static bool take_u16(struct kb_span value, uint16_t *out)
{
    struct kb_cursor rd = kb_rd(value);

    *out = kb_rd_u16(&rd);
    return kb_rd_is_done(&rd);
}

static bool take_fid(struct kb_wanted *want, struct kb_span value)
{
    uint16_t fid;

    if (!take_u16(value, &fid) || fid == KB_FID_CURRENT_ADF || fid == 0xFFFF || fid == 0)
        return false;
    want->file.fid = fid;
    return true;
}

static bool take_aid(struct kb_wanted *want, struct kb_span value)
{
    want->aid = value;
    return value.len >= 5 && value.len <= KB_AID_MAX; /* RID at least: TS 101 220 clause 4 */
}

/* Creation, initialisation and activated: the card has no use for a difference. */
static bool take_life_cycle(struct kb_wanted *want, struct kb_span value)
{
    struct kb_cursor rd = kb_rd(value);
    uint8_t lcs = kb_rd_u8(&rd);

    want->file.lcs = (lcs & ~LCS_ANY) == KB_LCS_DEACTIVATED ? KB_LCS_DEACTIVATED : KB_LCS_ACTIVATED;
    return kb_rd_is_done(&rd) && (lcs == KB_LCS_CREATION || lcs == KB_LCS_INITIALISATION ||
                                  (lcs & ~(LCS_ANY | 1)) == KB_LCS_DEACTIVATED);
}

static bool take_rule(struct kb_wanted *want, struct kb_span value)
{
    struct kb_cursor rd = kb_rd(value);

    want->file.arr_file = kb_rd_u16(&rd);
    want->file.arr_record = kb_rd_u8(&rd);
    return kb_rd_is_done(&rd) && want->file.arr_file && want->file.arr_record;
}

static bool take_size(struct kb_wanted *want, struct kb_span value)
{
    want->has_size = true;
    return take_u16(value, &want->file.size);
}

static bool take_sfi(struct kb_wanted *want, struct kb_span value)
{
    want->has_sfi = true;
    if (!value.len)
        return true;
    want->file.sfi = value.data[0] >> 3;
    return value.len == 1 && !(value.data[0] & 7) && want->file.sfi >= 1 && want->file.sfi <= 30;
}

static bool take_special(struct kb_wanted *want, struct kb_span value)
{
    if (value.len == 1 && value.data[0] & SPECIAL_READABLE)
        want->file.flags = KB_FILE_READABLE;
    return value.len == 1;
}

static bool take_fill(struct kb_wanted *want, struct kb_span value)
{
    want->pattern.fill = value;
    return !want->pattern.repeat.len;
}

static bool take_repeat(struct kb_wanted *want, struct kb_span value)
{
    want->pattern.repeat = value;
    return !want->pattern.fill.len;
}

static bool take_link(struct kb_wanted *want, struct kb_span value)
{
    want->link = value;
    return value.len && value.len % 2 == 0 && value.len <= 2 * KB_FILE_DEPTH;
}

static bool take_max_size(struct kb_wanted *want, struct kb_span value)
{
    return take_u16(value, &want->max_size) && want->max_size;
}

static bool take_and_forget(struct kb_wanted *want, struct kb_span value)
{
    (void)want, (void)value;
    return true;
}

typedef bool (*take)(struct kb_wanted *want, struct kb_span value);

struct part {
    uint8_t tag;
    take take;
};

static bool take_proprietary(struct kb_wanted *want, struct kb_span value);

/* The data objects of the template (table 4). PIN status and total size say what this card knows by
 * itself. */
static const struct part parts[] = {
    {0x82, take_descriptor}, {0x83, take_fid},  {0x84, take_aid},
    {0x8A, take_life_cycle}, {0x8B, take_rule}, {0x80, take_size},
    {0x81, take_and_forget}, {0x88, take_sfi},  {0xA5, take_proprietary},
    {0xC6, take_and_forget},
};

/* Those in the template A5, where others are passed over: C0 is special file information (table 5),
 * C1 and C2 patterns (table 4a), C7 this card's own way to ask for a link. */
static const struct part proprietary[] = {
    {0x86, take_max_size}, {0xC0, take_special}, {0xC1, take_fill},
    {0xC2, take_repeat},   {0xC7, take_link},
};

static bool take_all(struct kb_wanted *want, struct kb_span value, const struct part *table,
                     size_t count, bool is_strict)
{
    struct kb_cursor rd = kb_rd(value);
    struct kb_tlv tlv;

    while (kb_tlv_next(&rd, &tlv)) {
        size_t i = 0;

        while (i < count && table[i].tag != tlv.tag)
            i++;
        if (i < count ? !table[i].take(want, tlv.value) : is_strict)
            return false;
    }
    return kb_rd_is_done(&rd);
}

static bool take_proprietary(struct kb_wanted *want, struct kb_span value)
{
    return take_all(want, value, proprietary, sizeof(proprietary) / sizeof(proprietary[0]), false);
}

enum kb_sw kb_wanted_parse(struct kb_span data, struct kb_wanted *want)
{
    struct kb_cursor rd = kb_rd(data);
    struct kb_tlv tlv;

    memset(want, 0, sizeof(*want));
    want->file.lcs = KB_LCS_ACTIVATED;
    if (!kb_tlv_next(&rd, &tlv) || tlv.tag != 0x62 || !kb_rd_is_done(&rd) ||
        !take_all(want, tlv.value, parts, sizeof(parts) / sizeof(parts[0]), true))
        return KB_SW_INCORRECT_DATA;
    return KB_SW_OK;
}
