/* SPDX-License-Identifier: Apache-2.0 */
/* Digits on cards. */
#include "wire/bcd.h"

#include <string.h>

enum {
    FILLER = 0xF,
    IMSI_TYPE = 0x1,      /* type of identity, TS 24.008 table 10.5.4 */
    IMSI_TYPE_MASK = 0x7, /* bits 1-3 */
    IMSI_ODD = 0x8        /* bit 4: odd number of digits */
};

bool kb_is_digits(struct kb_span digits)
{
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
    }
    return true;
}

static unsigned nibble_at(struct kb_span digits, size_t index)
{
    return index < digits.len ? (unsigned)(digits.data[index] - '0') : FILLER;
}

enum kb_err kb_bcd_encode(struct kb_span digits, uint8_t *out, size_t size)
{
    if (!kb_is_digits(digits))
        return KB_ERR_MALFORMED;
    if (digits.len > 2 * size)
        return KB_ERR_TOO_LONG;
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(nibble_at(digits, 2 * i + 1) << 4 | nibble_at(digits, 2 * i));
    return KB_OK;
}

enum kb_err kb_bcd_decode(struct kb_span bcd, char *out, size_t cap, size_t *len)
{
    bool is_ended = false;

    *len = 0;
    for (size_t i = 0; i < 2 * bcd.len; i++) {
        unsigned nibble = (unsigned)bcd.data[i / 2] >> (i % 2 * 4) & 0xF;

        if (nibble == FILLER) {
            is_ended = true;
            continue;
        }
        if (nibble > 9 || is_ended)
            return KB_ERR_MALFORMED;
        if (*len == cap)
            return KB_ERR_TOO_LONG;
        out[(*len)++] = (char)('0' + nibble);
    }
    return KB_OK;
}

static enum kb_err check_imsi(struct kb_span digits)
{
    if (digits.len < KB_IMSI_MIN || digits.len > KB_IMSI_MAX)
        return KB_ERR_RANGE;
    return kb_is_digits(digits) ? KB_OK : KB_ERR_MALFORMED;
}

enum kb_err kb_imsi_encode(struct kb_span digits, uint8_t out[9])
{
    enum kb_err err = check_imsi(digits);

    if (err)
        return err;
    out[0] = (uint8_t)(digits.len / 2 + 1);
    out[1] = (uint8_t)(nibble_at(digits, 0) << 4 | (digits.len % 2 ? IMSI_ODD : 0u) | IMSI_TYPE);
    return kb_bcd_encode(kb_span(digits.data + 1, digits.len - 1), out + 2, 7);
}

enum kb_err kb_imsi_decode(const uint8_t in[9], char out[KB_IMSI_MAX], size_t *len)
{
    enum kb_err err;
    bool is_odd = in[1] & IMSI_ODD;

    *len = 0;
    if (in[0] < 1 || in[0] > 8 || (in[1] & IMSI_TYPE_MASK) != IMSI_TYPE || in[1] >> 4 > 9)
        return KB_ERR_MALFORMED;
    err = kb_bcd_decode(kb_span(in + 2, in[0] - 1u), out + 1, KB_IMSI_MAX - 1, len);
    if (err)
        return err;
    out[0] = (char)('0' + (in[1] >> 4));
    *len += 1;
    if (*len / 2 + 1 != in[0] || (*len % 2 == 1) != is_odd || *len < KB_IMSI_MIN)
        return KB_ERR_MALFORMED;
    return KB_OK;
}

char kb_luhn_digit(struct kb_span digits)
{
    unsigned sum = 0;

    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = nibble_at(digits, digits.len - 1 - i);

        if (i % 2 == 0)
            digit = digit < 5 ? 2 * digit : 2 * digit - 9;
        sum += digit;
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

enum kb_err kb_iccid_check(struct kb_span digits)
{
    if (digits.len < KB_ICCID_MIN || digits.len > KB_ICCID_MAX)
        return KB_ERR_RANGE;
    if (!kb_is_digits(digits))
        return KB_ERR_MALFORMED;
    if ((uint8_t)kb_luhn_digit(kb_span(digits.data, digits.len - 1)) != digits.data[digits.len - 1])
        return KB_ERR_CHECK_DIGIT;
    return KB_OK;
}

enum kb_err kb_acc_from_imsi(struct kb_span digits, uint8_t out[2])
{
    enum kb_err err = check_imsi(digits);
    unsigned bit;

    if (err)
        return err;
    bit = 1u << nibble_at(digits, digits.len - 1);
    out[0] = (uint8_t)(bit >> 8);
    out[1] = (uint8_t)bit;
    return KB_OK;
}
