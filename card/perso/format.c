/* SPDX-License-Identifier: Apache-2.0 */
/* What a value looks like when it is sent, and what is checked beside its look. */

#include "card/perso/encode.h"
#include "card/perso/plmn.h"
#include "card/perso/text.h"
#include "wire/bcd.h"

static bool is_bytes(struct kb_span value)
{
    (void)value;
    return true;
}

static bool is_dial(struct kb_span value)
{
    size_t plus = value.len > 0 && value.data[0] == '+' ? 1 : 0;

    return value.len > plus && kb_is_digits(kb_span(value.data + plus, value.len - plus));
}

static bool (*const formats[KB_ITEM_FORMATS])(struct kb_span value) = {
    [KB_FORMAT_BYTES] = is_bytes,       [KB_FORMAT_DIGITS] = kb_is_digits,
    [KB_FORMAT_TEXT] = kb_text_is_utf8, [KB_FORMAT_PLMNS] = kb_plmn_is_list,
    [KB_FORMAT_DIAL] = is_dial,
};

static bool ends_in_luhn_digit(struct kb_span value)
{
    return value.len > 1 && kb_is_digits(value) &&
           kb_luhn_digit(kb_span(value.data, value.len - 1)) == (char)value.data[value.len - 1];
}

/* The value may be a key: every byte is looked at, whatever the ones before were. */
static bool is_not_flat(struct kb_span value)
{
    uint8_t difference = 0;

    for (size_t i = 1; i < value.len; i++)
        difference |= (uint8_t)(value.data[0] ^ value.data[i]);
    return difference != 0;
}

static bool (*const checks[KB_ITEM_CHECKS])(struct kb_span value) = {
    [KB_CHECK_NONE] = is_bytes,
    [KB_CHECK_LUHN] = ends_in_luhn_digit,
    [KB_CHECK_NOT_FLAT] = is_not_flat,
};

bool kb_format_accepts(enum kb_item_format format, struct kb_span value)
{
    return (unsigned)format < KB_ITEM_FORMATS && formats[format](value);
}

bool kb_check_accepts(enum kb_item_check check, struct kb_span value)
{
    return (unsigned)check < KB_ITEM_CHECKS && checks[check](value);
}
