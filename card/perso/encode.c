/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders: one row each, with the clause of the file it fills. */

#include "card/perso/encode.h"

#include "card/perso/profile.h"
#include "card/perso/plmn.h"
#include "card/perso/text.h"
#include "wire/bcd.h"

enum {
    SMSP_SIZE = 28,
    SMSP_ONLY_SERVICE_CENTRE = 0xFD, /* bit 2 clear: the service centre address is present */
    SMSP_DESTINATION = 12,
    SMSP_SERVICE_CENTRE = 12,
    SMSP_REST = 3, /* protocol identifier, coding scheme, validity period */
    ADDRESS_DIGITS = SMSP_SERVICE_CENTRE - 2,
    TON_UNKNOWN = 0x81,
    TON_INTERNATIONAL = 0x91,
    PIN_MIN = 4,
    FILLER = 0xFF
};

static void copy(uint8_t *out, size_t size, struct kb_span value)
{
    struct kb_writer wr = kb_wr(out, size);

    kb_wr_copy(&wr, value.data, value.len);
    kb_wr_fill(&wr, FILLER, size - value.len);
}

static enum kb_err encode_raw(uint8_t argument, struct kb_span value, uint8_t *out, size_t size)
{
    (void)argument;
    if (value.len > size)
        return KB_ERR_TOO_LONG;
    copy(out, size, value);
    return KB_OK;
}

static enum kb_err encode_bcd(uint8_t argument, struct kb_span value, uint8_t *out, size_t size)
{
    (void)argument;
    return kb_bcd_encode(value, out, size);
}

static enum kb_err encode_imsi(uint8_t argument, struct kb_span value, uint8_t *out, size_t size)
{
    (void)argument;
    (void)size;
    return kb_imsi_encode(value, out);
}

static enum kb_err encode_iccid(uint8_t argument, struct kb_span value, uint8_t *out, size_t size)
{
    enum kb_err err = kb_iccid_check(value);

    (void)argument;
    return err ? err : kb_bcd_encode(value, out, size);
}

static enum kb_err encode_acc(uint8_t argument, struct kb_span value, uint8_t *out, size_t size)
{
    (void)argument;
    (void)size;
    return kb_acc_from_imsi(value, out);
}

static enum kb_err encode_plmn(uint8_t argument, struct kb_span value, uint8_t *out, size_t size)
{
    (void)argument;
    return kb_plmn_encode(value, false, out, size);
}

static enum kb_err encode_plmn_act(uint8_t argument, struct kb_span value, uint8_t *out,
                                   size_t size)
{
    (void)argument;
    return kb_plmn_encode(value, true, out, size);
}

static enum kb_err encode_spn(uint8_t argument, struct kb_span value, uint8_t *out, size_t size)
{
    out[0] = argument;
    return kb_text_encode(value, out + 1, size - 1);
}

/* TS 24.011 clause 8.2.5.1: length of what follows, type of number, digits. */
static enum kb_err put_address(struct kb_writer *wr, struct kb_span number)
{
    bool is_international = number.len > 0 && number.data[0] == '+';
    struct kb_span digits = is_international ? kb_span(number.data + 1, number.len - 1) : number;
    uint8_t *bcd;

    if (digits.len == 0)
        return KB_ERR_MALFORMED;
    if (digits.len > 2 * ADDRESS_DIGITS)
        return KB_ERR_TOO_LONG;
    kb_wr_u8(wr, (uint8_t)(1 + (digits.len + 1) / 2));
    kb_wr_u8(wr, is_international ? TON_INTERNATIONAL : TON_UNKNOWN);
    bcd = kb_wr_reserve(wr, ADDRESS_DIGITS);
    return bcd ? kb_bcd_encode(digits, bcd, ADDRESS_DIGITS) : KB_ERR_TOO_LONG;
}

static enum kb_err encode_smsp(uint8_t argument, struct kb_span value, uint8_t *out, size_t size)
{
    struct kb_writer wr = kb_wr(out, size);
    enum kb_err err;

    (void)argument;
    kb_wr_u8(&wr, SMSP_ONLY_SERVICE_CENTRE);
    kb_wr_fill(&wr, FILLER, SMSP_DESTINATION);
    err = put_address(&wr, value);
    kb_wr_fill(&wr, FILLER, SMSP_REST);
    return err;
}

/* TS 102 221 clause 9.5.1: digits as ASCII, the rest FF. */
static enum kb_err encode_pin(uint8_t argument, struct kb_span value, uint8_t *out, size_t size)
{
    (void)argument;
    if (!kb_is_digits(value))
        return KB_ERR_MALFORMED;
    if (value.len < PIN_MIN)
        return KB_ERR_RANGE;
    return encode_raw(argument, value, out, size);
}

static enum kb_err encode_mnc_length(uint8_t argument, struct kb_span value, uint8_t *out,
                                     size_t size)
{
    (void)argument;
    (void)size;
    if (value.len != 1 || !kb_is_digits(value))
        return KB_ERR_MALFORMED;
    if (value.data[0] != '2' && value.data[0] != '3')
        return KB_ERR_RANGE;
    out[0] = (uint8_t)(value.data[0] - '0');
    return KB_OK;
}

static const struct {
    enum kb_err (*encode)(uint8_t argument, struct kb_span value, uint8_t *out, size_t size);
    size_t size;  /* the only one, or 0 */
    size_t entry; /* bytes of one entry of a list */
} encoders[KB_ENCODERS] = {
    [KB_ENCODE_RAW] = {encode_raw, 0, 1},
    [KB_ENCODE_BCD] = {encode_bcd, 0, 1},                          /* TS 102 221 13.2 */
    [KB_ENCODE_IMSI] = {encode_imsi, 9, 1},                        /* TS 31.102 4.2.2 */
    [KB_ENCODE_ICCID] = {encode_iccid, 10, 1},                     /* TS 102 221 13.2 */
    [KB_ENCODE_ACC] = {encode_acc, 2, 1},                          /* TS 31.102 4.2.15 */
    [KB_ENCODE_PLMN] = {encode_plmn, 0, KB_PLMN_SIZE},             /* TS 31.102 4.2.16 */
    [KB_ENCODE_PLMN_ACT] = {encode_plmn_act, 0, KB_PLMN_ACT_SIZE}, /* TS 31.102 4.2.5 */
    [KB_ENCODE_SPN] = {encode_spn, 17, 1},                         /* TS 31.102 4.2.12 */
    [KB_ENCODE_SMSP] = {encode_smsp, SMSP_SIZE, 1},                /* TS 31.102 4.2.27 */
    [KB_ENCODE_PIN] = {encode_pin, 8, 1},                          /* TS 102 221 9.5.1 */
    [KB_ENCODE_MNC_LENGTH] = {encode_mnc_length, 1, 1},            /* TS 31.102 4.2.18 */
    [KB_ENCODE_AKA] = {kb_profile_encode, 0, 1},                   /* TS 33.102, TS 35.231 */
};

size_t kb_encoder_size(enum kb_encoder encoder)
{
    return (unsigned)encoder < KB_ENCODERS ? encoders[encoder].size : 0;
}

bool kb_encoder_fills(enum kb_encoder encoder, size_t size)
{
    if ((unsigned)encoder >= KB_ENCODERS || size == 0)
        return false;
    if (encoders[encoder].size)
        return size == encoders[encoder].size;
    return size % encoders[encoder].entry == 0;
}

enum kb_err kb_encode(enum kb_encoder encoder, uint8_t argument, struct kb_span value, uint8_t *out,
                      size_t size)
{
    if (!kb_encoder_fills(encoder, size))
        return KB_ERR_USAGE;
    return encoders[encoder].encode(argument, value, out, size);
}
